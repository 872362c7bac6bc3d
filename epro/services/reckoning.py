"""Candidates for adverse events as they are kept for lists over everybody, and kept true.

What is kept of a participant holds as long as nothing it follows from has changed: the database
counts that itself (`CandidateReckoning`). Whoever reads it reckons anew, without storing, what does
not hold at that moment, so that a list is right whether or not the worker has come round.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from epro.models import (
    AdverseEvent,
    CandidateDecision,
    CandidateReckoning,
    CandidateState,
    Participant,
    StandingCandidate,
)
from epro.services import candidate_record, candidate_sources, candidates, planning
from epro.services.candidates import Belonging, Candidate
from questionnaires import (
    adverse_events,
    branching,
    definition,
    episodes,
    event_tables,
    reading,
    schedule,
)
from questionnaires.catalogue import Catalogue

# Conditions on participants.
Conditions = Collection[ColumnElement[bool]]
logger = logging.getLogger(__name__)

# So many in one transaction: a diary of half a year takes some milliseconds each.
MOST_AT_ONCE = 50
# However little changes: after so long it is reckoned anew and compared with what was kept.
LOOKED_AT_EVERY = timedelta(days=1)
# Which modules say what follows from a record, and what a published study says of it.
RULES = (
    candidate_record, candidate_sources, candidates, planning, adverse_events, branching,
    definition, episodes, event_tables, reading, schedule,
)  # fmt: skip


def reckoned_anew(
    session: Session, whose: Conditions, *, catalogue: Catalogue, now: datetime
) -> Mapping[UUID, Sequence[Candidate]]:
    """Return the candidates of those of these participants of whom what is kept does not hold."""
    found = _follow(session, [*whose, ~_holds(now)], catalogue=catalogue, now=now)
    return {id_: hers for id_, (_, hers) in found.items()}


def candidates_of_all(
    session: Session,
    whose: Conditions,
    *,
    only_undecided: bool,
    catalogue: Catalogue,
    now: datetime,
) -> Iterator[Candidate]:
    """Yield the candidates of these participants whole, as they follow at this moment.

    What each is about is not kept. Nobody is reckoned, though, of whom what is kept says that there
    is none.
    """
    has_any = exists().where(StandingCandidate.participant_id == Participant.id)
    if only_undecided:
        has_any = has_any.where(StandingCandidate.state != CandidateState.DECIDED)
    asked = [*whose, or_(~_holds(now), has_any)]
    for _, hers in _follow(session, asked, catalogue=catalogue, now=now).values():
        for one in hers:
            if not only_undecided or one.state is not CandidateState.DECIDED:
                yield one


def count_waiting(
    session: Session,
    whose: Conditions = (),
    *,
    only_in_window: bool = False,
    catalogue: Catalogue,
    now: datetime,
) -> int:
    """Count what waits of these participants, or of all; if asked, what began on day 1 to 28."""
    anew = reckoned_anew(session, whose, catalogue=catalogue, now=now)
    kept = (
        select(func.count())
        .select_from(StandingCandidate)
        .join(Participant, Participant.id == StandingCandidate.participant_id)
        .where(
            *whose, StandingCandidate.state != CandidateState.DECIDED, Participant.id.not_in(anew)
        )
    )
    if only_in_window:
        kept = kept.where(StandingCandidate.is_in_window)
    return (session.scalar(kept) or 0) + sum(
        one.state is not CandidateState.DECIDED and (one.is_in_window or not only_in_window)
        for hers in anew.values()
        for one in hers
    )


def belonging_to(
    session: Session, participant_ids: Collection[UUID], *, catalogue: Catalogue, now: datetime
) -> Iterator[Belonging]:
    """Yield which candidates of these participants were decided to belong to which event."""
    whose = [Participant.id.in_(participant_ids)]
    anew = reckoned_anew(session, whose, catalogue=catalogue, now=now)
    kept, made = StandingCandidate, CandidateDecision
    rows = session.execute(
        select(kept.source, kept.source_key, kept.state, made.number, made.disposition,
               AdverseEvent.id)
        .join(made, made.number == kept.decision_number)
        .join(AdverseEvent, AdverseEvent.id == made.event_id)
        .where(kept.participant_id.in_(set(participant_ids) - set(anew)))
    )  # fmt: skip
    for source, key, state, number, disposition, event_id in rows:
        yield Belonging(
            event_id=event_id, source=source, key=key, decision=number, disposition=disposition,
            is_as_decided=state is CandidateState.DECIDED,
        )  # fmt: skip
    for hers in anew.values():
        yield from candidates.belonging_among(hers)


def reckon(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Keep the candidates of some participants anew; return of how many what was kept had passed.

    Those that do not hold come first, then those that nobody has looked at for a day: of these
    what was kept has to come out again, and it is logged as an error if it does not.
    Nothing is waited for: a record that is being written just now is left for the next time.
    """
    rows = session.execute(
        select(CandidateReckoning.participant_id, CandidateReckoning.facts_version, _holds(now))
        .where(or_(~_holds(now), CandidateReckoning.reckoned_at <= now - LOOKED_AT_EVERY))
        .order_by(_holds(now), CandidateReckoning.reckoned_at, CandidateReckoning.participant_id)
        .limit(MOST_AT_ONCE)
    ).all()
    # The version was read first: what is stored from here on makes it another one.
    versions = {id_: version for id_, version, _ in rows}
    found = _follow(session, [Participant.id.in_(versions)], catalogue=catalogue, now=now)
    free = {  # noqa: C416  rows are no tuples
        id_: facts_version
        for id_, facts_version in session.execute(
            select(CandidateReckoning.participant_id, CandidateReckoning.facts_version)
            .where(CandidateReckoning.participant_id.in_(versions))
            .with_for_update(skip_locked=True)
        )
    }
    for id_, version, held in rows:
        if id_ not in free:
            continue
        until, hers = found[id_]
        # Something that was stored since the version was read is no fault of what was kept.
        is_same = held and free[id_] == version
        if is_same and _kept(session, id_) != {_as_kept(one) for one in hers}:
            logger.error("The candidates kept of participant %s were not those that follow.", id_)
        _keep(session, id_, hers)
        session.execute(
            update(CandidateReckoning)
            .where(CandidateReckoning.participant_id == id_)
            .values(
                reckoned_version=version, reckoned_with=edition(), reckoned_at=now,
                holds_until=until,
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    return sum(not held for *_, held in rows)


@cache
def edition() -> str:
    """Return what tells these rules from those of another release: what it kept is passed over."""
    written = (Path(module.__file__ or "").read_bytes() for module in RULES)
    return sha256(b"".join(written)).hexdigest()[:16]


def _holds(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which what is kept of a participant is what follows."""
    row = CandidateReckoning
    return case(
        (
            and_(
                row.reckoned_version == row.facts_version,
                row.reckoned_with == edition(),
                or_(row.holds_until.is_(None), row.holds_until > now),
            ),
            True,
        ),
        else_=False,
    )


def _follow(
    session: Session, whose: Conditions, *, catalogue: Catalogue, now: datetime
) -> dict[UUID, tuple[datetime | None, list[Candidate]]]:
    """Return the candidates of participants as they follow now, and until when they hold."""
    query = (
        select(Participant)
        .outerjoin(CandidateReckoning, CandidateReckoning.participant_id == Participant.id)
        .where(*whose)
        .order_by(Participant.code)
    )
    return {
        record.participant.id: (
            candidate_sources.next_change(record, now=now),
            candidates.follow_from(record, catalogue=catalogue, now=now),
        )
        for record in candidates.records_of(
            session, session.scalars(query).all(), catalogue=catalogue
        )
    }


KEPT: Mapping[str, Callable[[Candidate], Any]] = {
    "source": lambda one: one.source,
    "source_key": lambda one: one.key,
    "began_on": lambda one: one.began_on,
    "study_day": lambda one: one.study_day,
    "is_in_window": lambda one: one.is_in_window,
    "state": lambda one: one.state,
    "decision_number": lambda one: one.decision.number if one.decision else None,
}


def _as_kept(candidate: Candidate) -> tuple[Any, ...]:
    return tuple(value_of(candidate) for value_of in KEPT.values())


def _kept(session: Session, participant_id: UUID) -> set[tuple[Any, ...]]:
    """Return the rows that are kept of a participant."""
    columns = (getattr(StandingCandidate, name) for name in KEPT)
    rows = session.execute(
        select(*columns).where(StandingCandidate.participant_id == participant_id)
    )
    return {tuple(row) for row in rows}


def _keep(session: Session, participant_id: UUID, hers: Sequence[Candidate]) -> None:
    session.execute(
        delete(StandingCandidate)
        .where(StandingCandidate.participant_id == participant_id)
        .execution_options(synchronize_session=False)
    )
    if hers:
        rows = [
            dict(zip(KEPT, _as_kept(one), strict=True)) | {"participant_id": participant_id}
            for one in hers
        ]
        session.execute(insert(StandingCandidate), rows)
