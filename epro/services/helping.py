"""Her answer to a question about words of danger, and what follows when none comes in time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import NotFound
from epro.models import Participant, SafetyQuestion, Screening, ScreeningSource, Site
from epro.services import flags, planning, safety_questions, screening
from epro.services.safety_questions import HelpAnswer
from epro.services.screening import Look
from questionnaires.catalogue import Catalogue
from questionnaires.definition import SafetyRule

MOST_AT_ONCE = 100


def answer(
    session: Session,
    actor: Actor,
    question_id: UUID,
    given: HelpAnswer,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> SafetyQuestion:
    """Take her answer, screen it like any other, and flag what it leaves standing.

    A "no" settles only rules that say so; what was flagged before stays flagged. Every answer that
    differs from the last is heard, also one that comes late: she may say no first and need help
    after. Raises NotFound for a question that is not hers.
    """
    own = session.get_one(Participant, actor.id)
    participant = planning.lock_participant(session, own.id)
    question = session.get(SafetyQuestion, question_id, populate_existing=True)
    if question is None or question.participant_id != participant.id:
        raise NotFound
    if question.answer == given.values:
        return question
    site = session.get_one(Site, participant.site_id)
    first = session.get_one(Screening, question.screening_id)
    package = catalogue.package(first.study_version_id)
    standing: list[SafetyRule] = [
        rule
        for rule in safety_questions.asked_rules(package, first)
        if not (given.is_no and rule.asks_first and rule.asks_first.is_settled_by_no)
    ]
    if given.is_no and question.settled_at is not None:
        standing = []  # flagged already, or settled by an earlier no
    question.answer, question.answered_at = given.values, now
    question.settled_at = question.settled_at or now
    question.version += 1
    session.flush()
    safety_questions.record(
        session, actor, "safety_question.answered", question, participant, site, now=now
    )
    screening.screen(
        session,
        Look(
            participant=participant, site=site, package=package,
            anchors=planning.standing_anchors(session, participant.id),
            study_version_id=first.study_version_id, source=ScreeningSource.QUESTION,
            source_id=question.id, revision=_answers_before(session, question) + 1,
            body_sha256="", values=given.values, answered_at=now, is_final=True,
            also=tuple(standing),
        ),
        now=now,
    )  # fmt: skip
    return question


def flag_unanswered(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Raise the flags of questions that nobody has answered in time; return how many."""
    due = session.execute(
        select(SafetyQuestion.id, SafetyQuestion.participant_id)
        .where(SafetyQuestion.settled_at.is_(None), SafetyQuestion.answer_by <= now)
        .order_by(SafetyQuestion.answer_by)
        .limit(MOST_AT_ONCE)
    ).all()
    for question_id, participant_id in due:
        participant = planning.lock_participant(session, participant_id)
        question = session.get_one(SafetyQuestion, question_id, populate_existing=True)
        if question.settled_at is None:
            _flag(session, participant, question, catalogue=catalogue, now=now)
    session.flush()
    return len(due)


def _flag(
    session: Session,
    participant: Participant,
    question: SafetyQuestion,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    site = session.get_one(Site, participant.site_id)
    first = session.get_one(Screening, question.screening_id)
    package = catalogue.package(first.study_version_id)
    question.settled_at = now
    question.version += 1
    session.flush()
    safety_questions.record(
        session, safety_questions.RULES, "safety_question.unanswered", question, participant,
        site, now=now,
    )  # fmt: skip
    flags.raise_or_join(
        session, participant, site, package, screening_id=first.id,
        study_version_id=first.study_version_id,
        rules=safety_questions.asked_rules(package, first), now=now,
    )  # fmt: skip


def _answers_before(session: Session, question: SafetyQuestion) -> int:
    count: int = session.scalars(
        select(func.count())
        .select_from(Screening)
        .where(
            Screening.source == ScreeningSource.QUESTION, Screening.source_id == str(question.id)
        )
    ).one()
    return count
