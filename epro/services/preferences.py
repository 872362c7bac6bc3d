"""What a participant chooses for herself: her language, when she is reminded, and by which way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import InvalidInput
from epro.models import Participant, ReminderChannel, Site
from epro.services import journal, planning, reminder_ways, reminders, studies
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language
from questionnaires.reminding import OwnTime, ReminderPolicy
from questionnaires.schedule import ClockTime

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Her choices, and between what she may choose; an empty one leaves it to the study.

    Times are of her own day, both ends included; without them the study sets the time.
    `channels` are those that would reach her now.
    """

    language: Language
    reminder_time: str | None
    reminder_channel: ReminderChannel | None
    earliest: str | None
    latest: str | None
    channels: tuple[ReminderChannel, ...]


def read(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> Preferences:
    """Return the signed-in participant's choices. Raises NoActiveStudyVersion."""
    participant = session.get_one(Participant, actor.id)
    policy = _policy(session, participant, catalogue, now=now)
    span = policy.own_time
    reached = [
        ReminderChannel(way.value)
        for way in policy.channels
        if reminder_ways.reaches(session, participant, way, catalogue, now=now)
    ]
    return Preferences(
        language=participant.language,
        reminder_time=participant.reminder_time,
        reminder_channel=participant.reminder_channel,
        earliest=_written(span.earliest) if span else None,
        latest=_written(span.latest) if span else None,
        channels=(*reached, ReminderChannel.NONE),
    )


def change(
    session: Session,
    actor: Actor,
    wishes: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Preferences:
    """Store what she wishes otherwise, and let her reminders follow; the same again is harmless.

    `wishes` holds any of language, reminder_time and reminder_channel. Raises InvalidInput naming
    what cannot be chosen, NoActiveStudyVersion.
    """
    participant = planning.lock_participant(session, session.get_one(Participant, actor.id).id)
    policy = _policy(session, participant, catalogue, now=now)
    _refuse(session, participant, policy, wishes, catalogue=catalogue, now=now)
    before = {name: getattr(participant, name) for name in wishes}
    before = {name: value for name, value in before.items() if value != wishes[name]}
    if before:
        for name in before:
            setattr(participant, name, wishes[name])
        participant.version += 1
        session.flush()
        site = session.get_one(Site, participant.site_id)
        journal.record(
            session, actor, "participant.preferences_changed",
            Subject(
                entity_type="participant", entity_id=participant.code,
                version=participant.version, participant_code=participant.code,
                site_code=site.code, site_id=site.id,
            ),
            after={**participant.facts, "site": site.code}, before=before, now=now,
        )  # fmt: skip
        reminders.look_again(session, participant, catalogue=catalogue, now=now)
        if participant.reminder_channel is ReminderChannel.NONE:
            reminders.cancel_all(session, participant, reason="opted_out", now=now)
    return read(session, actor, catalogue=catalogue, now=now)


def _refuse(
    session: Session,
    participant: Participant,
    policy: ReminderPolicy,
    wishes: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    problems = {}
    if (at := wishes.get("reminder_time")) is not None:
        span = policy.own_time
        if span is None:
            problems["reminder_time"] = "In this study the time of reminders cannot be chosen."
        elif not _lies_in(span, at):
            earliest, latest = _written(span.earliest), _written(span.latest)
            problems["reminder_time"] = f"Choose a time from {earliest} to {latest}, as 18:30."
    chosen = wishes.get("reminder_channel")
    if chosen not in {None, ReminderChannel.NONE}:
        way = next((one for one in policy.channels if one.value == chosen), None)
        if way is None or not reminder_ways.reaches(session, participant, way, catalogue, now=now):
            problems["reminder_channel"] = (
                "This way does not reach you: the site knows no address for it, or you have not "
                "agreed to it."
            )
    if problems:
        found = [{"place": place, "message": message} for place, message in problems.items()]
        raise InvalidInput(details={"problems": found})


def _policy(
    session: Session, participant: Participant, catalogue: Catalogue, *, now: datetime
) -> ReminderPolicy:
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    return catalogue.package(studies.version_in_force(session, site, on=today)).reminders


def _lies_in(span: OwnTime, at: str) -> bool:
    match = CLOCK.fullmatch(at)
    if match is None:
        return False
    minute = int(match[1]) * 60 + int(match[2])
    return span.earliest.minute <= minute <= span.latest.minute


def _written(at: ClockTime) -> str:
    return f"{at.minute // 60:02d}:{at.minute % 60:02d}"
