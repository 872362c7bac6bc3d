"""A physician's assessment of a flag: an adverse event or not, and what kind; versions only.

What the software raised is "possible serious event - investigator to assess". Seriousness
(ICH E2A), grade (CTCAE general, 1 to 5) and relationship are entered by the physician and never
suggested; expectedness is the sponsor's to judge and stands nowhere here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, ReasonRequired
from epro.errors_of_flags import FlagNotAcknowledged
from epro.models import FlagAssessment, Task
from epro.services import awareness, delegation, flags
from questionnaires.adverse_events import GRADES, ActionTaken, Outcome, Seriousness
from questionnaires.definition import StudyPackage

DEADLY = (5, Outcome.FATAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssessment:
    """What a physician decides. No adverse event: only the words that say why."""

    is_adverse_event: bool
    narrative: str
    seriousness: tuple[Seriousness, ...] = ()
    grade: int | None = None
    relationship: str | None = None
    action_taken: ActionTaken | None = None
    outcome: Outcome | None = None
    reason: str | None = None


def assess(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    new: NewAssessment,
    *,
    package: StudyPackage,
    now: datetime,
) -> FlagAssessment:
    """Add a version of the assessment; after the first one only with the reason for the change.

    Also of a closed flag: its signature shows broken then, until a physician signs again. Raises
    NotFound, NotDelegated, FlagNotAcknowledged, ReasonRequired, and InvalidInput naming each place.
    """
    case = flags.hold(session, actor, flag_id, Permission.ASSESS_FLAG)
    flag = case.flag
    delegation.refuse_undelegated(session, actor, Task.ASSESS_EVENT, case.site, now=now)
    if flag.closed_at is None and flag.acknowledged_at is None:
        raise FlagNotAcknowledged
    reason = (new.reason or "").strip() or None
    if flag.assessment_version and reason is None:
        raise ReasonRequired
    if problems := list(_problems(new, package)):
        raise InvalidInput(details={"problems": problems})
    before = flags.facts_of(session, flag)
    assessment = FlagAssessment(
        flag_id=flag.id, version=flag.assessment_version + 1,
        is_adverse_event=new.is_adverse_event, seriousness=list(new.seriousness), grade=new.grade,
        relationship=new.relationship, action_taken=new.action_taken, outcome=new.outcome,
        narrative=new.narrative.strip(), reason=reason, assessed_at=now, assessed_by_id=actor.id,
    )  # fmt: skip
    session.add(assessment)
    flag.assessment_version, flag.assessed_at = assessment.version, now
    # Serious or not: the clock has to look again.
    flag.clock_looks_at = now
    session.flush()
    verb = "flag.assessed" if assessment.version == 1 else "flag.assessed_again"
    flags.put_on_record(session, actor, verb, case, before=before, reason=reason, now=now)
    awareness.ask_for_no_report(session, actor, flag, now=now)
    return assessment


def versions_of(session: Session, flag_id: UUID) -> Sequence[FlagAssessment]:
    """Return every version of a flag's assessment, the first one first."""
    return session.scalars(
        select(FlagAssessment)
        .where(FlagAssessment.flag_id == flag_id)
        .order_by(FlagAssessment.version)
    ).all()


def _problems(new: NewAssessment, package: StudyPackage) -> Iterator[dict[str, str]]:
    if not new.narrative.strip():
        yield {"place": "narrative", "message": "Say what you assessed, and why so."}
    if new.is_adverse_event:
        yield from _event_problems(new, package)
        return
    for place in ("seriousness", "grade", "relationship", "action_taken", "outcome"):
        if getattr(new, place):
            yield {"place": place, "message": "This belongs to an adverse event only."}


def _event_problems(new: NewAssessment, package: StudyPackage) -> Iterator[dict[str, str]]:
    if new.grade not in GRADES:
        yield {"place": "grade", "message": "A grade is a number from 1 to 5."}
    if package.adverse_events.relationship(new.relationship or "") is None:
        yield {"place": "relationship", "message": "The protocol has no such category."}
    for place in ("action_taken", "outcome"):
        if getattr(new, place) is None:
            yield {"place": place, "message": "This is needed for an adverse event."}
    is_death = Seriousness.DEATH in new.seriousness
    if {is_death} != {new.grade == DEADLY[0], new.outcome is DEADLY[1]}:
        message = "Death, grade 5 and a fatal outcome come together or not at all."
        yield {"place": "seriousness", "message": message}
    if len(set(new.seriousness)) < len(new.seriousness):
        yield {"place": "seriousness", "message": "A criterion is named more than once."}
