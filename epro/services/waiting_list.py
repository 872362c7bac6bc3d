"""What waits for a physician's decision, page by page, of everybody at the actor's sites."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.db import by_code_point
from epro.models import CandidateState, EventSource, Participant, StandingCandidate
from epro.services import candidates, event_lines, reckoning
from epro.services.candidates import Candidate
from questionnaires.catalogue import Catalogue

PAGE = 20


class WaitingColumn(StrEnum):
    """What the list can be sorted by."""

    BEGAN = "began"
    PARTICIPANT = "participant"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which candidates that wait, in which order; pages count from 1, or the one with `around`."""

    code: str | None = None
    source: EventSource | None = None
    only_in_window: bool = False
    column: WaitingColumn = WaitingColumn.BEGAN
    is_descending: bool = False
    page: int = 1
    around: UUID | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate that nobody has decided about, or no longer stands as decided, on one line."""

    participant_id: UUID
    site_id: UUID
    code: str
    source: EventSource
    key: str
    began_on: date
    study_day: str | None
    is_in_window: bool

    @property
    def id(self) -> UUID:
        """The id under which it is decided."""
        return candidates.id_of(self.participant_id, self.source, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """One page of what waits; `found` of it is what was asked for, `total` is all that waits."""

    lines: Sequence[Waiting]
    page: int
    found: int
    total: int


# The database and what was reckoned anew are put in one order: by these, then by all the rest.
PLACES: Mapping[WaitingColumn, Callable[[Waiting], Any]] = {
    WaitingColumn.BEGAN: lambda one: one.began_on,
    WaitingColumn.PARTICIPANT: lambda one: one.code,
    WaitingColumn.SOURCE: lambda one: one.source.value,
}
IN_ORDER: Mapping[WaitingColumn, tuple[WaitingColumn, ...]] = {
    first: (first, *(one for one in WaitingColumn if one is not first)) for first in WaitingColumn
}


def list_page(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue, now: datetime
) -> WaitingPage:
    """Return a page of what waits for a decision at the actor's sites."""
    whose = event_lines.at_sites_of(actor, Permission.READ_ADVERSE_EVENT)
    anew = reckoning.reckoned_anew(session, whose, catalogue=catalogue, now=now)
    kept = [
        *whose, StandingCandidate.state != CandidateState.DECIDED, Participant.id.not_in(anew),
    ]  # fmt: skip
    fresh = [
        _line(one)
        for hers in anew.values()
        for one in hers
        if one.state is not CandidateState.DECIDED
    ]
    asked = [one for one in fresh if _is_asked_for(one, wanted)]
    total, found = _counted(session, kept, wanted)
    if wanted.around is None:
        lines = _first(session, kept, wanted, asked, wanted.page * PAGE)
        page = wanted.page
    else:
        lines = _first(session, kept, wanted, asked, None)
        places = [place for place, one in enumerate(lines) if one.id == wanted.around]
        page = places[0] // PAGE + 1 if places else wanted.page
    return WaitingPage(
        lines=lines[(page - 1) * PAGE : page * PAGE], page=page, found=found + len(asked),
        total=total + len(fresh),
    )  # fmt: skip


def list_whole(
    session: Session,
    actor: Actor,
    *,
    only_undecided: bool,
    catalogue: Catalogue,
    now: datetime,
) -> list[Candidate]:
    """Return the candidates at the actor's sites with what each is about, by the day they began."""
    whose = event_lines.at_sites_of(actor, Permission.READ_ADVERSE_EVENT)
    found = reckoning.candidates_of_all(
        session, whose, only_undecided=only_undecided, catalogue=catalogue, now=now
    )
    return sorted(found, key=lambda one: (one.began_on, one.participant.code, one.source, one.key))


def _first(
    session: Session,
    kept: Sequence[ColumnElement[bool]],
    wanted: Wanted,
    asked: Sequence[Waiting],
    most: int | None,
) -> list[Waiting]:
    """Return the first lines of those that are kept and of the others together."""
    columns = {
        WaitingColumn.BEGAN: StandingCandidate.began_on,
        WaitingColumn.PARTICIPANT: by_code_point(session, Participant.code),
        WaitingColumn.SOURCE: by_code_point(session, StandingCandidate.source),
    }
    key = by_code_point(session, StandingCandidate.source_key)
    places: list[Any] = [*(columns[one] for one in IN_ORDER[wanted.column]), key]
    rows = session.execute(
        select(
            Participant.id, Participant.site_id, Participant.code, StandingCandidate.source,
            StandingCandidate.source_key, StandingCandidate.began_on, StandingCandidate.study_day,
            StandingCandidate.is_in_window,
        )
        .join(Participant, Participant.id == StandingCandidate.participant_id)
        .where(*kept, *_narrowed(wanted))
        .order_by(places[0].desc() if wanted.is_descending else places[0], *places[1:])
        .limit(most)
    )  # fmt: skip
    lines = [*(Waiting(*row) for row in rows), *asked]
    lines.sort(key=lambda one: [*(PLACES[at](one) for at in IN_ORDER[wanted.column]), one.key])
    lines.sort(key=PLACES[wanted.column], reverse=wanted.is_descending)
    return lines


def _counted(
    session: Session, kept: Sequence[ColumnElement[bool]], wanted: Wanted
) -> tuple[int, int]:
    """Return how many of what is kept wait, and how many of those are asked for."""
    total, found = session.execute(
        select(func.count(), func.count(case((and_(true(), *_narrowed(wanted)), 1))))
        .select_from(StandingCandidate)
        .join(Participant, Participant.id == StandingCandidate.participant_id)
        .where(*kept)
    ).one()
    return total, found


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.code is not None:
        asked.append(Participant.code == wanted.code)
    if wanted.source is not None:
        asked.append(StandingCandidate.source == wanted.source)
    if wanted.only_in_window:
        asked.append(StandingCandidate.is_in_window.is_(true()))
    return asked


def _is_asked_for(one: Waiting, wanted: Wanted) -> bool:
    return (
        wanted.code in {None, one.code}
        and wanted.source in {None, one.source}
        and (one.is_in_window or not wanted.only_in_window)
    )


def _line(one: Candidate) -> Waiting:
    who = one.participant
    return Waiting(
        who.id, who.site_id, who.code, one.source, one.key, one.began_on, one.study_day,
        one.is_in_window,
    )  # fmt: skip
