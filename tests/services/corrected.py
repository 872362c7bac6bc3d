"""A diary that was sent off, and the people who ask for its correction, confirm and decide."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import Correction, CorrectionSource, QuestionnaireResponse
from epro.services import corrections
from epro.services.correction_asking import HerWord, Proposal
from epro.services.submission import Sending
from questionnaires.definition import AnswerValue
from questionnaires.invented import calm_answers
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line

ON = INFUSED_ON + timedelta(days=5)
EVENING = local(ON, 18)
CLOSED = local(ON + timedelta(days=1), 12)  # the late part ends at this instant
JUST_BEFORE = CLOSED - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """A diary that was sent off, and how to ask for its correction."""

    line: Line
    response_id: UUID

    def response(self, session: Session) -> QuestionnaireResponse:
        return session.get_one(QuestionnaireResponse, self.response_id, populate_existing=True)

    def proposal(
        self, *, revision: int = 1, reason: str = "按错了", **but: AnswerValue
    ) -> Proposal:
        questionnaire = self.line.given.catalogue.questionnaire("daily", "1.0.0")
        return Proposal(
            questionnaire_code="daily",
            questionnaire_version="1.0.0",
            corrected_revision=revision,
            answers=list(
                calm_answers(questionnaire, answered_at=EVENING, chance=Random(1), but=but)
            ),
            reason=reason,
            source=CorrectionSource.APP,
            said_at=EVENING,
        )

    def correct(
        self,
        session: Session,
        *,
        now: datetime,
        age_s: float = 0.0,
        correction_id: UUID | None = None,
        **said: Any,
    ) -> Correction:
        proposal = said.pop("proposal", None) or self.proposal(**said)
        return corrections.ask(
            session, self.line.given.actor, self.response_id, correction_id or uuid4(), proposal,
            Sending(answer_age_s=age_s, app_version="test", body=b"{}"),
            catalogue=self.line.given.catalogue, now=now,
        )  # fmt: skip

    def put_down(self, session: Session, actor: Actor, *, now: datetime, **but: Any) -> Correction:
        said: Mapping[str, Any] = {
            "source": CorrectionSource.CALL, "said_at": now, "said_words": "是三十七度二",
        }  # fmt: skip
        return corrections.put_down(
            session, actor, self.line.given.participant, self.response_id,
            replace(self.proposal(**but), **said), catalogue=self.line.given.catalogue, now=now,
        )  # fmt: skip

    def hear(self, session: Session, actor: Actor, one: Correction, **word: Any) -> Correction:
        return corrections.hear(
            session, actor, one.id, HerWord(**word), catalogue=self.line.given.catalogue,
            now=CLOSED + timedelta(hours=1),
        )  # fmt: skip

    def decide(
        self,
        session: Session,
        one: Correction,
        *,
        actor: Actor | None = None,
        is_approved: bool = True,
        reason: str = "她的说法可信",
    ) -> Correction:
        return corrections.decide(
            session, actor or self.line.investigator, one.id, is_approved=is_approved,
            reason=reason, catalogue=self.line.given.catalogue, now=CLOSED + timedelta(hours=2),
        )  # fmt: skip


def answer(session: Session, line: Line, **but: Any) -> Answered:
    response_id = uuid4()
    diary = line.diary_on(session, ON)
    line.answer(session, diary, now=EVENING, response_id=response_id, **but)
    return Answered(line, response_id)


def value_of(answers: list[dict[str, Any]], link_id: str) -> Any:
    return next((one["value"] for one in answers if one["link_id"] == link_id), None)
