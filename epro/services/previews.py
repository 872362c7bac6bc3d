"""What a change of an anchor would do, before it is saved: what comes, moves, goes and stays."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from epro.models import Assessment, Participant
from epro.services import anchors, diary
from epro.services.planning import Proposal
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnchorEvent, PlannedAssessment


@dataclass(frozen=True, slots=True)
class Place:
    """Where an assessment stands; instants in UTC."""

    block: str
    on: date
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One assessment; no `before` where it comes, no `after` where it goes."""

    family: str
    occurrence: str
    title: Translated
    before: Place | None
    after: Place | None
    is_not_offered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Every assessment once, each list by the day and time at which it opens."""

    comes: tuple[Shift, ...]
    moves: tuple[Shift, ...]
    goes: tuple[Shift, ...]
    stays: tuple[Shift, ...]


def of_anchor(
    session: Session,
    participant: Participant,
    event: AnchorEvent,
    *,
    occurred_at: datetime,
    catalogue: Catalogue,
    now: datetime,
) -> Preview:
    """Show what recording or correcting an anchor would change; nothing is written.

    Raises what recording it would raise.
    """
    proposal = anchors.preview(
        session, participant, event, occurred_at=occurred_at, catalogue=catalogue, now=now
    )
    changes = proposal.changes
    return Preview(
        comes=_ordered(
            *(_shift(proposal, None, it.planned, it.is_not_offered) for it in changes.create),
            *(_shift(proposal, None, it.planned, it.is_not_offered) for it in changes.revive),
        ),
        moves=_ordered(
            *(_shift(proposal, it.key, it.planned, it.is_not_offered) for it in changes.move)
        ),
        goes=_ordered(*(_shift(proposal, key, None) for key in changes.cancel)),
        stays=_ordered(*(_staying(proposal, key) for key in changes.keep)),
    )


def _shift(
    proposal: Proposal,
    key: UUID | None,
    planned: PlannedAssessment | None,
    is_not_offered: bool = False,  # noqa: FBT001, FBT002  inside this module only
) -> Shift:
    row = proposal.rows[key] if key is not None else None
    one = row or planned
    if one is None:
        raise ValueError("A shift is of something that stands or of something planned.")
    return Shift(
        family=one.family,
        occurrence=one.occurrence,
        title=_title(proposal, planned or one),
        before=_place_of(row) if row else None,
        after=_place_of(planned) if planned else None,
        is_not_offered=is_not_offered,
    )


def _staying(proposal: Proposal, key: UUID) -> Shift:
    row = proposal.rows[key]
    place = _place_of(row)
    return Shift(
        family=row.family, occurrence=row.occurrence, title=_title(proposal, row),
        before=place, after=place, is_not_offered=row.not_offered,
    )  # fmt: skip


def _title(proposal: Proposal, one: Assessment | PlannedAssessment) -> Translated:
    form = one.questionnaire if isinstance(one, PlannedAssessment) else one.questionnaire_code
    return diary.title_of_block(proposal.package, one.block, form=form)


def _place_of(one: Assessment | PlannedAssessment) -> Place:
    on = one.on if isinstance(one, PlannedAssessment) else one.planned_on
    return Place(one.block, on, one.opens_at, one.due_at, one.closes_at, one.late_until)


def _ordered(*shifts: Shift) -> tuple[Shift, ...]:
    def opening(shift: Shift) -> tuple[datetime, str, str]:
        place = shift.after or shift.before
        if place is None:
            raise ValueError("A shift has a place before or after.")
        return place.opens_at, shift.family, shift.occurrence

    return tuple(sorted(shifts, key=opening))
