"""What days are counted from: recorded with its real time, corrected with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import AnchorNotPossible, ReasonRequired
from epro.models import Anchor, Participant, Site
from epro.services import journal, planning, reminders
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.replanning import Changes
from questionnaires.schedule import AnchorEvent

# A ward's clock and the server's differ a little; what has just begun may be entered.
CLOCK_TOLERANCE = timedelta(minutes=5)
# A slip of the keyboard; further on the calendar itself ends.
FARTHEST = timedelta(days=3_653)
HAPPENED = frozenset({AnchorEvent.ENR, AnchorEvent.INF1, AnchorEvent.INF2})


@dataclass(frozen=True, slots=True)
class RecordedAnchor:
    """The anchor now in force and what it changed; nothing when it was on record already."""

    anchor: Anchor
    changes: Changes[UUID]


NOTHING: Changes[UUID] = Changes(create=(), move=(), cancel=(), revive=(), keep=())


def record(
    session: Session,
    actor: Actor,
    participant: Participant,
    event: AnchorEvent,
    *,
    occurred_at: datetime,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> RecordedAnchor:
    """Record when an anchor event happened, or correct it, and re-plan by difference.

    `occurred_at` is an aware instant. The same instant again changes nothing. Raises
    AnchorNotPossible for an event that would lie in the future (only a planned one may) or out of
    order, and ReasonRequired for a correction without a reason.
    """
    participant = planning.lock_participant(session, participant.id)
    standing = _standing(session, participant, event)
    if standing is not None and standing.occurred_at == occurred_at:
        return RecordedAnchor(standing, NOTHING)
    _check(session, participant, event, occurred_at, now=now)
    if standing is not None and not (reason and reason.strip()):
        raise ReasonRequired(details={"place": "reason"})
    anchor = _supersede(session, participant, event, standing, occurred_at, reason, now=now)
    _put_on_record(session, actor, participant, anchor, standing, now=now)
    changes = planning.replan(
        session, actor, participant, catalogue=catalogue, reason=reason, now=now
    )
    reminders.cancel_for(session, changes.cancel, reason="cancelled", now=now)
    return RecordedAnchor(anchor, changes)


def history(session: Session, participant: Participant) -> Sequence[Anchor]:
    """Return every anchor ever recorded, superseded ones included, in the order of recording."""
    return session.scalars(
        select(Anchor)
        .where(Anchor.participant_id == participant.id)
        .order_by(Anchor.recorded_at, Anchor.version)
    ).all()


def _standing(session: Session, participant: Participant, event: AnchorEvent) -> Anchor | None:
    return session.scalars(
        select(Anchor).where(
            Anchor.participant_id == participant.id,
            Anchor.event == event,
            Anchor.superseded_at.is_(None),
        )
    ).first()


def _check(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    occurred_at: datetime,
    *,
    now: datetime,
) -> None:
    """Refuse what cannot have happened; the message names the fact that stands against it."""
    if abs(occurred_at - now) > FARTHEST:
        raise AnchorNotPossible(f"{event} cannot lie more than ten years away.")
    if event in HAPPENED and occurred_at > now + CLOCK_TOLERANCE:
        raise AnchorNotPossible(f"{event} cannot lie in the future.")
    known = planning.standing_anchors(session, participant.id) | {event: occurred_at}
    zone = ZoneInfo(participant.zone)
    order = (AnchorEvent.ENR, AnchorEvent.INF1, AnchorEvent.INF2, AnchorEvent.END)
    recorded = [(earlier, known[earlier]) for earlier in order if earlier in known]
    if (planned := known.get(AnchorEvent.INF1_PLANNED)) and event is AnchorEvent.INF1_PLANNED:
        if AnchorEvent.INF1 in known:
            raise AnchorNotPossible("The first infusion is recorded; it can no longer be planned.")
        recorded = [(AnchorEvent.ENR, known[AnchorEvent.ENR]), (event, planned)]
    for (first, first_at), (second, second_at) in pairwise(recorded):
        # By local day: a visit may be entered with a rounded hour.
        if second_at.astimezone(zone).date() < first_at.astimezone(zone).date():
            raise AnchorNotPossible(f"{second} cannot lie before {first}.")


def _supersede(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    standing: Anchor | None,
    occurred_at: datetime,
    reason: str | None,
    *,
    now: datetime,
) -> Anchor:
    if standing is not None:
        standing.superseded_at = now
        session.flush()
    offset = occurred_at.astimezone(ZoneInfo(participant.zone)).utcoffset() or timedelta()
    anchor = Anchor(
        participant_id=participant.id,
        event=event,
        version=standing.version + 1 if standing else 1,
        occurred_at=occurred_at,
        zone=participant.zone,
        utc_offset_minutes=int(offset.total_seconds() // 60),
        reason=reason,
        recorded_at=now,
    )
    session.add(anchor)
    session.flush()
    return anchor


def _put_on_record(
    session: Session,
    actor: Actor,
    participant: Participant,
    anchor: Anchor,
    standing: Anchor | None,
    *,
    now: datetime,
) -> None:
    site = session.get_one(Site, participant.site_id)
    local = anchor.occurred_at.astimezone(ZoneInfo(participant.zone))
    journal.record(
        session,
        actor,
        "anchor.recorded" if standing is None else "anchor.corrected",
        # One entity per event, so that its history reads in one list.
        Subject(
            entity_type="anchor",
            entity_id=f"{participant.code}:{anchor.event}",
            version=anchor.version,
            participant_code=participant.code,
            site_code=site.code,
            site_id=site.id,
        ),
        after={"event": anchor.event, "occurred_at": local, "zone": anchor.zone},
        before={"occurred_at": standing.occurred_at.astimezone(local.tzinfo)} if standing else None,
        reason=anchor.reason,
        occurred_at=local,
        now=now,
    )
