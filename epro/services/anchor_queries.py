"""Anchors that the clinical database gives: taken when there is none, else a question to the site.

What the site has recorded is never replaced from outside; the site says which one is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound, ReasonRequired
from epro.errors_of_record import AlreadyDecided
from epro.models import Anchor, AnchorQuery, Participant, Site, WorkKind
from epro.services import anchors, journal, planning, record_locks, work_list
from epro.services.anchors import RecordedAnchor
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of an anchor that was given: recorded, or a query; one of the two is empty."""

    recorded: RecordedAnchor | None
    query: AnchorQuery | None


def propose(
    session: Session,
    actor: Actor,
    participant: Participant,
    event: AnchorEvent,
    *,
    occurred_at: datetime,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> Proposed:
    """Record an anchor that nobody has recorded; open a query where the site has another instant.

    `occurred_at` is aware. The same again gives the same. Raises AnchorNotPossible, RecordLocked.
    """
    participant = planning.lock_participant(session, participant.id)
    standing = session.scalars(
        select(Anchor).where(
            Anchor.participant_id == participant.id,
            Anchor.event == event,
            Anchor.superseded_at.is_(None),
        )
    ).first()
    if standing is None or standing.occurred_at == occurred_at:
        recorded = anchors.record(
            session, actor, participant, event, occurred_at=occurred_at, reason=reason,
            catalogue=catalogue, now=now,
        )  # fmt: skip
        return Proposed(recorded, None)
    record_locks.refuse_locked(session, participant.id)
    query = ask(
        session, actor, participant, standing, occurred_at=occurred_at, reason=reason,
        catalogue=catalogue, now=now,
    )  # fmt: skip
    return Proposed(None, query)


def ask(
    session: Session,
    actor: Actor,
    participant: Participant,
    standing: Anchor,
    *,
    occurred_at: datetime,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> AnchorQuery:
    """Ask the site which of two instants is right; the same question is asked once.

    Raises AnchorNotPossible for what could not have happened: nobody is asked about that.
    """
    event = standing.event
    known = session.scalars(
        select(AnchorQuery).where(
            AnchorQuery.participant_id == participant.id,
            AnchorQuery.event == event,
            AnchorQuery.proposed_at == occurred_at,
            AnchorQuery.standing_version == standing.version,
        )
    ).first()
    if known is not None:
        return known
    anchors.refuse_impossible(
        session, participant, event, occurred_at, catalogue=catalogue, now=now
    )
    query = AnchorQuery(
        participant_id=participant.id, site_id=participant.site_id, client_id=actor.id,
        event=event, standing_version=standing.version, proposed_at=occurred_at, reason=reason,
        opened_at=now,
    )  # fmt: skip
    session.add(query)
    session.flush()
    _record(session, actor, "anchor_query.opened", query, reason=reason, now=now)
    work_list.add(
        session, actor, WorkKind.ANCHOR_DIFFERS, about=str(query.id),
        site_id=participant.site_id, participant_id=participant.id, now=now,
    )  # fmt: skip
    return query


def decide(
    session: Session,
    actor: Actor,
    query_id: UUID,
    *,
    is_accepted: bool,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AnchorQuery:
    """Say which instant is right: the proposed one, which corrects the anchor, or the site's own.

    The same decision again changes nothing. Raises NotFound for a query of another site,
    ReasonRequired, AlreadyDecided for a different decision, AnchorNotPossible.
    """
    query = session.scalars(
        select(AnchorQuery)
        .where(AnchorQuery.id == query_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if query is None or not actor.may_at(Permission.RECORD_ANCHOR, query.site_id):
        raise NotFound
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    if query.decided_at is not None:
        if query.is_accepted is is_accepted:
            return query
        raise AlreadyDecided(
            details={"is_accepted": query.is_accepted, "at": query.decided_at.isoformat()}
        )
    if is_accepted:
        anchors.record(
            session, actor, session.get_one(Participant, query.participant_id), query.event,
            occurred_at=query.proposed_at, reason=reason, catalogue=catalogue, now=now,
        )  # fmt: skip
    query.decided_at, query.decided_by_id = now, actor.id
    query.is_accepted, query.decision_reason = is_accepted, reason
    query.version += 1
    session.flush()
    _record(session, actor, "anchor_query.decided", query, reason=reason, now=now)
    work_list.settle(session, actor, WorkKind.ANCHOR_DIFFERS, about=str(query.id), now=now)
    return query


def list_for(
    session: Session,
    actor: Actor,
    permission: Permission,
    *,
    is_open: bool | None,
    after: UUID | None = None,
    limit: int,
) -> Sequence[tuple[AnchorQuery, Participant]]:
    """Return queries at the actor's sites, the oldest first; open ones, decided ones, or all.

    Only those that follow the query `after`; none where that is unknown.
    """
    query = (
        select(AnchorQuery, Participant)
        .join(Participant, Participant.id == AnchorQuery.participant_id)
        .order_by(AnchorQuery.opened_at, AnchorQuery.id)
        .limit(limit)
    )
    if after is not None:
        last = session.get(AnchorQuery, after)
        if last is None:
            return []
        place = tuple_(AnchorQuery.opened_at, AnchorQuery.id)
        query = query.where(place > tuple_(last.opened_at, last.id))
    if is_open is not None:
        is_decided = AnchorQuery.decided_at.is_not(None)
        query = query.where(~is_decided if is_open else is_decided)
    site_ids = actor.sites_for(permission)
    if site_ids is not None:
        query = query.where(AnchorQuery.site_id.in_(site_ids))
    return [(found, participant) for found, participant in session.execute(query)]


def open_of(session: Session, actor: Actor, participant: Participant) -> Sequence[AnchorQuery]:
    """Return the open queries about one participant, the oldest first, to who may decide them."""
    if not actor.may_at(Permission.RECORD_ANCHOR, participant.site_id):
        return []
    return session.scalars(
        select(AnchorQuery)
        .where(AnchorQuery.participant_id == participant.id, AnchorQuery.decided_at.is_(None))
        .order_by(AnchorQuery.opened_at, AnchorQuery.id)
    ).all()


def standing_at(session: Session, query: AnchorQuery) -> datetime | None:
    """Return when the event happened according to the site, as it stands now."""
    return planning.standing_anchors(session, query.participant_id).get(query.event)


def _record(
    session: Session,
    actor: Actor,
    verb: str,
    query: AnchorQuery,
    *,
    reason: str | None,
    now: datetime,
) -> None:
    participant = session.get_one(Participant, query.participant_id)
    site = session.get_one(Site, query.site_id)
    facts: dict[str, Any] = {
        "event": query.event,
        "standing_version": query.standing_version,
        "proposed_at": query.proposed_at,
        "decided_at": query.decided_at,
        "is_accepted": query.is_accepted,
    }
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="anchor_query", entity_id=str(query.id), version=query.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after=facts, before={"decided_at": None} if query.decided_at else None, reason=reason,
        now=now,
    )  # fmt: skip
