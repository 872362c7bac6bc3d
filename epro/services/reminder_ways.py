"""By which way a reminder goes: the channel she chose if it reaches her, else the policy's next."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.models import Participant, ReminderChannel
from epro.services import addresses
from notifications import outbox
from notifications.messages import ChannelName
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.reminding import ReminderPolicy, text_key_on
from questionnaires.tiers import Channel

PURPOSE = "reminder"
# A reminder that could not leave for so long is not worth waking anybody's phone for.
LIFE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class NewReminder:
    """A step's template, on a channel, from a study version; nobody wants it from `until` on.

    `about` tells one that takes a lost one's place from all others.
    """

    template: str
    channel: Channel
    edition: int
    until: datetime
    about: str = PURPOSE


def ways_to(participant: Participant, policy: ReminderPolicy) -> tuple[Channel, ...]:
    """Return the channels to try, the one she chose first; none when she wants none."""
    if participant.reminder_channel is ReminderChannel.NONE:
        return ()
    chosen = participant.reminder_channel
    return tuple(sorted(policy.channels, key=lambda channel: channel.value != chosen))


def first_to(
    participant: Participant, policy: ReminderPolicy, reached_by: Collection[Channel]
) -> Channel | None:
    """Return the first channel that reaches her; where none does, the first: its failure is told.

    None when she wants no reminders.
    """
    ways = ways_to(participant, policy)
    return next((way for way in ways if way in reached_by), ways[0] if ways else None)


def next_to(
    session: Session,
    participant: Participant,
    policy: ReminderPolicy,
    *,
    failed: Channel,
    catalogue: Catalogue,
    now: datetime,
) -> Channel | None:
    """Return the channel to try after one that failed; never one that was tried before it."""
    ways = ways_to(participant, policy)
    later = ways[ways.index(failed) + 1 :] if failed in ways else ()
    return next(
        (way for way in later if reaches(session, participant, way, catalogue, now=now)), None
    )


def reaches(
    session: Session, participant: Participant, way: Channel, catalogue: Catalogue, *, now: datetime
) -> bool:
    """Tell whether she has an address there, agreed to it and has not opted out."""
    found = reached_by(session, [participant], catalogue=catalogue, now=now)
    return way in found[participant.id]


def reached_by(
    session: Session, participants: Sequence[Participant], *, catalogue: Catalogue, now: datetime
) -> Mapping[UUID, frozenset[Channel]]:
    """Return for each participant the channels that reach her, by a few queries for all."""
    against = addresses.reasons_against(session, participants, catalogue=catalogue, now=now)
    return {
        one.id: frozenset(
            way for way in Channel if against[one.id, ChannelName(way.value)] is None
        )
        for one in participants
    }  # fmt: skip


def wanted_until(
    policy: ReminderPolicy, late_until: Iterable[datetime], *, zone: ZoneInfo, now: datetime
) -> datetime:
    """Return until when a reminder may leave of what can be answered until these instants.

    Never in the quiet hours of `zone`, where she is: what was held up rings no phone in the night.
    """
    quiet_from = policy.quiet_hours.next_begin(now, zone)
    ends = [now + LIFE, max(late_until), *([quiet_from] if quiet_from else [])]
    return min(ends)


def recipient_ref(participant_id: UUID) -> str:
    """Return the name under which the outbox knows a participant."""
    return f"participant:{participant_id}"


def enqueue(
    session: Session,
    participant: Participant,
    new: NewReminder,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> UUID:
    """Write one message for her; return its id."""
    (id_,) = enqueue_all(session, [(participant, new)], catalogue=catalogue, now=now)
    return id_


def enqueue_all(
    session: Session,
    new: Iterable[tuple[Participant, NewReminder]],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Sequence[UUID]:
    """Write one message for each of these participants; return their ids in the same order."""
    messages = [_message(participant, one, catalogue) for participant, one in new]
    return outbox.enqueue_all(session, messages, now=now)


def _message(participant: Participant, new: NewReminder, catalogue: Catalogue) -> NewMessage:
    text = catalogue.package(new.edition).text(new.template)
    if text is None:
        raise LookupError(f"Published without its text {new.template}.")
    return NewMessage(
        purpose=PURPOSE,
        channel=ChannelName(new.channel.value),
        template=text_key_on(new.channel, new.template, text.channel),
        template_version=str(new.edition),
        language=participant.language.value,
        recipient_ref=recipient_ref(participant.id),
        about=new.about,
        not_after=new.until,
    )
