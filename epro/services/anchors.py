"""What days are counted from: recorded with its real time, corrected with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import AnchorNotPossible, ReasonRequired, SecondInfusionNotSettled
from epro.models import Anchor, Participant, Site
from epro.services import baseline, journal, noticing, planning, record_locks, reminders
from epro.services.journal import Subject
from epro.services.planning import Proposal
from questionnaires.catalogue import Catalogue
from questionnaires.replanning import Changes
from questionnaires.schedule import AnchorEvent

# A ward's clock and the server's differ a little; what has just begun may be entered.
CLOCK_TOLERANCE = timedelta(minutes=5)
# A slip of the keyboard; further on the calendar itself ends.
FARTHEST = timedelta(days=3_653)
# Enrolment has its anchor from the start. An END comes with completion or withdrawal, too.
RECORDED_BY_SITE = tuple(one for one in AnchorEvent if one is not AnchorEvent.ENR)
HAPPENED = frozenset({AnchorEvent.ENR, AnchorEvent.INF1, AnchorEvent.INF2})
INFUSIONS = frozenset({AnchorEvent.INF1_PLANNED, AnchorEvent.INF1, AnchorEvent.INF2})


@dataclass(frozen=True, slots=True)
class RecordedAnchor:
    """The anchor now in force and what it changed; nothing when it was on record already."""

    anchor: Anchor
    changes: Changes[UUID]


NOTHING: Changes[UUID] = Changes(create=(), move=(), cancel=(), revive=(), keep=())


def record(  # noqa: PLR0913  what an anchor is recorded with
    session: Session,
    actor: Actor,
    participant: Participant,
    event: AnchorEvent,
    *,
    occurred_at: datetime,
    reason: str | None,
    is_leaving: bool = False,
    catalogue: Catalogue,
    now: datetime,
) -> RecordedAnchor:
    """Record when an anchor event happened, or correct it, and re-plan by difference.

    `occurred_at` is an aware instant. The same instant again changes nothing. Raises
    AnchorNotPossible for an event that would lie in the future (only a planned one and the end may)
    or out of order, SecondInfusionNotSettled, and ReasonRequired for a correction without a reason.
    A locked record raises RecordLocked, but not for whoever is leaving her diary (`is_leaving`).
    """
    participant = planning.lock_participant(session, participant.id)
    standing = _standing(session, participant, event)
    if standing is not None and standing.occurred_at == occurred_at:
        return RecordedAnchor(standing, NOTHING)
    if not is_leaving:
        record_locks.refuse_locked(session, participant.id)
    refuse_impossible(session, participant, event, occurred_at, catalogue=catalogue, now=now)
    if standing is not None:
        _refuse_without_reason(reason)
    anchor = _supersede(session, participant, event, standing, occurred_at, reason, now=now)
    _put_on_record(session, actor, participant, anchor, standing, now=now)
    changes = planning.replan(
        session, actor, participant, catalogue=catalogue, reason=reason, now=now
    )
    reminders.cancel_for(session, changes.cancel, reason="cancelled", now=now)
    if event in HAPPENED & INFUSIONS:
        noticing.watch_anew(session, participant, catalogue=catalogue, now=now)
    baseline.look(session, actor, participant, catalogue=catalogue, now=now)
    return RecordedAnchor(anchor, changes)


def preview(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    *,
    occurred_at: datetime,
    catalogue: Catalogue,
    now: datetime,
) -> Proposal:
    """Return what recording or correcting an anchor would change; nothing is written.

    Raises what `record` raises, but asks for no reason.
    """
    record_locks.refuse_locked(session, participant.id)
    refuse_impossible(session, participant, event, occurred_at, catalogue=catalogue, now=now)
    known = planning.standing_anchors(session, participant.id) | {event: occurred_at}
    return planning.propose(session, participant, anchors=known, catalogue=catalogue, now=now)


def withdraw(
    session: Session,
    actor: Actor,
    participant: Participant,
    event: AnchorEvent,
    *,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> RecordedAnchor:
    """Take back an anchor that was recorded by mistake, and re-plan by difference.

    Raises RecordLocked, ReasonRequired, and AnchorNotPossible where none stands, for the
    enrolment, and for a first infusion while a second one stands.
    """
    participant = planning.lock_participant(session, participant.id)
    standing = _standing(session, participant, event)
    if standing is None:
        raise AnchorNotPossible(f"{event} is not recorded.")
    record_locks.refuse_locked(session, participant.id)
    _refuse_without_reason(reason)
    known = planning.standing_anchors(session, participant.id)
    if event is AnchorEvent.ENR:
        raise AnchorNotPossible("The enrolment cannot be taken back.")
    if event is AnchorEvent.INF1 and AnchorEvent.INF2 in known:
        raise AnchorNotPossible("INF2 needs INF1. Take INF2 back first.")
    standing.superseded_at = now
    session.flush()
    facts = _facts(standing)
    journal.record(
        session, actor, "anchor.withdrawn",
        _subject(session, participant, event, version=standing.version + 1),
        after=facts | {"withdrawn_at": now}, before={"withdrawn_at": None}, reason=reason, now=now,
    )  # fmt: skip
    changes = planning.replan(
        session, actor, participant, catalogue=catalogue, reason=reason, now=now
    )
    reminders.cancel_for(session, changes.cancel, reason="cancelled", now=now)
    return RecordedAnchor(standing, changes)


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


def refuse_impossible(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    occurred_at: datetime,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    """Refuse what cannot have happened; the message names the fact that stands against it."""
    if abs(occurred_at - now) > FARTHEST:
        raise AnchorNotPossible(f"{event} cannot lie more than ten years away.")
    if event in HAPPENED and occurred_at > now + CLOCK_TOLERANCE:
        raise AnchorNotPossible(f"{event} cannot lie in the future.")
    standing = planning.standing_anchors(session, participant.id)
    known = standing | {event: occurred_at}
    if event in INFUSIONS and event not in standing:
        _refuse_infusion(session, participant, event, standing, catalogue=catalogue, now=now)
    # By local day where the visits take place: one may be entered with a rounded hour.
    zone = ZoneInfo(session.get_one(Site, participant.site_id).zone)
    order = (AnchorEvent.ENR, AnchorEvent.INF1, AnchorEvent.INF2, AnchorEvent.END)
    recorded = [(earlier, known[earlier]) for earlier in order if earlier in known]
    if (planned := known.get(AnchorEvent.INF1_PLANNED)) and event is AnchorEvent.INF1_PLANNED:
        if AnchorEvent.INF1 in known:
            raise AnchorNotPossible("The first infusion is recorded; it can no longer be planned.")
        recorded = [(AnchorEvent.ENR, known[AnchorEvent.ENR]), (event, planned)]
    for (first, first_at), (second, second_at) in pairwise(recorded):
        if second_at.astimezone(zone).date() < first_at.astimezone(zone).date():
            raise AnchorNotPossible(f"{second} cannot lie before {first}.")


def _refuse_infusion(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    standing: Mapping[AnchorEvent, datetime],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    if not (participant.is_reminded or participant.is_paused):
        raise AnchorNotPossible(
            f"{participant.code} has left the infusions ({participant.life_cycle})."
        )
    if event is not AnchorEvent.INF2:
        return
    if AnchorEvent.INF1 not in standing:
        raise AnchorNotPossible("INF2 needs INF1. Record the first infusion first.")
    _id, package = planning.version_today(session, participant, catalogue=catalogue, now=now)
    if package.second_infusion is None:
        raise SecondInfusionNotSettled


def _refuse_without_reason(reason: str | None) -> None:
    if not (reason and reason.strip()):
        raise ReasonRequired(details={"place": "reason"})


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
    zone = session.get_one(Site, participant.site_id).zone
    offset = occurred_at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    anchor = Anchor(
        participant_id=participant.id,
        event=event,
        version=standing.version + 1 if standing else _next_version(session, participant, event),
        occurred_at=occurred_at,
        zone=zone,
        utc_offset_minutes=int(offset.total_seconds() // 60),
        reason=reason,
        recorded_at=now,
    )
    session.add(anchor)
    session.flush()
    return anchor


def _next_version(session: Session, participant: Participant, event: AnchorEvent) -> int:
    """Return the version of an event where none stands; taking one back was a version, too."""
    last = session.scalar(
        select(func.max(Anchor.version)).where(
            Anchor.participant_id == participant.id, Anchor.event == event
        )
    )
    return 1 if last is None else last + 2


def _put_on_record(
    session: Session,
    actor: Actor,
    participant: Participant,
    anchor: Anchor,
    standing: Anchor | None,
    *,
    now: datetime,
) -> None:
    facts = _facts(anchor)
    local = facts["occurred_at"]
    journal.record(
        session,
        actor,
        "anchor.recorded" if standing is None else "anchor.corrected",
        _subject(session, participant, anchor.event, version=anchor.version),
        after=facts,
        before={"occurred_at": standing.occurred_at.astimezone(local.tzinfo)} if standing else None,
        reason=anchor.reason,
        occurred_at=local,
        now=now,
    )


def _facts(anchor: Anchor) -> dict[str, Any]:
    """Return what is kept of an anchor; its offset is the site's, where its day is counted."""
    local = anchor.occurred_at.astimezone(ZoneInfo(anchor.zone))
    return {"event": anchor.event, "occurred_at": local, "zone": anchor.zone}


def _subject(
    session: Session, participant: Participant, event: AnchorEvent, *, version: int
) -> Subject:
    site = session.get_one(Site, participant.site_id)
    return Subject(
        entity_type="anchor",
        entity_id=f"{participant.code}:{event}",  # one per event: its history reads in one list
        version=version,
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )
