"""What is asked when words in free text sound like danger, before anybody is called.

The question is on record from the moment it is asked; unless it is answered in time, what was found
becomes a flag all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.models import Participant, SafetyQuestion, Screening, ScreeningSource, Site
from epro.services import advice, journal
from epro.services.journal import Subject
from questionnaires.definition import Language, SafetyRule, StudyPackage

RULES = system_actor("safety rules")


class HospitalAnswer(StrEnum):
    """What she says about having been admitted; but for "no", the codes of `hospital_planned`."""

    NO = "no"
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    LONGER = "longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAnswer:
    """The answer to "Do you need help now? Were you admitted to hospital?"."""

    help_now: bool
    hospital: HospitalAnswer

    @property
    def is_no(self) -> bool:
        """Tell whether she neither needs help nor was admitted unexpectedly."""
        return not self.help_now and self.hospital in {HospitalAnswer.NO, HospitalAnswer.PLANNED}

    @property
    def values(self) -> dict[str, bool | str]:
        """Return it as answers to the items that ask the same in the forms."""
        admitted = (
            {} if self.hospital is HospitalAnswer.NO else {"hospital_planned": self.hospital.value}
        )
        return {"help_now": self.help_now, **admitted}


def read(envelope: Any) -> HelpAnswer | None:
    """Return the answer that stands in a body read from JSON, as far as it can be understood."""
    help_now = envelope.get("help_now") if isinstance(envelope, dict) else None
    if not isinstance(help_now, bool):
        return None
    try:
        hospital = HospitalAnswer(envelope.get("hospital"))
    except ValueError:
        hospital = HospitalAnswer.NO
    return HelpAnswer(help_now=help_now, hospital=hospital)


def asked_rules(package: StudyPackage, screening: Screening) -> list[SafetyRule]:
    """Return the rules of a screening that ask first, the most urgent first."""
    rules = [one for one in package.rules if one.asks_first and one.id in screening.rules_met]
    return sorted(rules, key=lambda rule: (-rule.tier.urgency, not rule.tonight))


def ask(
    session: Session,
    participant: Participant,
    site: Site,
    *,
    screening_id: UUID,
    rules: Sequence[SafetyRule],
    is_settled: bool = False,
    now: datetime,
) -> SafetyQuestion:
    """Note that she is asked, and until when her answer is waited for: the shortest of the rules'.

    `is_settled` says that these rules are flagged already: nothing follows from silence, but a yes
    is heard. The caller holds the participant's row.
    """
    minutes = min(rule.asks_first.minutes for rule in rules if rule.asks_first)
    question = SafetyQuestion(
        id=uuid4(), participant_id=participant.id, screening_id=screening_id,
        asked_at=now, answer_by=now + timedelta(minutes=minutes),
        settled_at=now if is_settled else None,
    )  # fmt: skip
    session.add(question)
    session.flush()
    record(session, RULES, "safety_question.asked", question, participant, site, now=now)
    return question


def about_revision(session: Session, response_id: UUID, revision: int) -> SafetyQuestion | None:
    """Return what was asked about one stored revision, also when it has been answered since."""
    return session.scalars(
        select(SafetyQuestion)
        .join(Screening, Screening.id == SafetyQuestion.screening_id)
        .where(
            Screening.source == ScreeningSource.RESPONSE,
            Screening.source_id == str(response_id),
            Screening.revision == revision,
        )
    ).first()


def asked_about(session: Session, response_id: UUID) -> Sequence[Screening]:
    """Return the screenings of a response that led to a question, whatever became of it."""
    return session.scalars(
        select(Screening)
        .join(SafetyQuestion, SafetyQuestion.screening_id == Screening.id)
        .where(
            Screening.source == ScreeningSource.RESPONSE,
            Screening.source_id == str(response_id),
        )
    ).all()


def for_phone(
    session: Session,
    question: SafetyQuestion,
    site: Site,
    package: StudyPackage,
    language: Language,
) -> Mapping[str, Any]:
    """Return what the phone shows: the question, what to do meanwhile, and until when to answer."""
    (rule, *_) = asked_rules(package, session.get_one(Screening, question.screening_id))
    asked = rule.asks_first.question.in_language(language) if rule.asks_first else ""
    shown: Mapping[str, Any] = journal.plain(
        {
            "id": question.id,
            "question": asked,
            "advice": advice.in_words(rule, site, package, language),
            "answer_by": question.answer_by,
        }
    )
    return shown


def record(
    session: Session,
    actor: Actor,
    verb: str,
    question: SafetyQuestion,
    participant: Participant,
    site: Site,
    *,
    now: datetime,
) -> None:
    """Put on record what happened to a question."""
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="safety_question", entity_id=str(question.id), version=question.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={
            "screening_id": question.screening_id,
            "asked_at": question.asked_at,
            "answer_by": question.answer_by,
            "answered_at": question.answered_at,
            "answer": question.answer,
            "settled_at": question.settled_at,
        },
        now=now,
    )  # fmt: skip
