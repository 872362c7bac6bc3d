"""The second half of the line on the shipped study: people on duty, a participant, answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.models import Assessment, ResponseStatus, SafetyFlag
from epro.services import responses
from epro.services.responses import StoredResponse
from epro.services.submission import Sending
from notifications.messages import OutboxMessage
from questionnaires.definition import AnswerValue
from questionnaires.invented import calm_answers
from questionnaires.schedule import AnchorEvent
from tests.factories import add_user, shipped_package, user_actor
from tests.services.given import Given, answered, begin, local

INFUSED_ON = date(2026, 3, 1)
INFUSED_AT = local(INFUSED_ON, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One participant of the shipped study, infused at 10:00 on 1 March, and two people on duty."""

    given: Given
    coordinator: Actor
    investigator: Actor

    def diary_on(self, session: Session, on: date) -> Assessment:
        return self.given.diary_on(session, on)

    def answer(
        self,
        session: Session,
        assessment: Assessment | None,
        *,
        now: datetime,
        revision: int = 1,
        response_id: UUID | None = None,
        status: ResponseStatus = ResponseStatus.COMPLETED,
        code: str = "ae_report",
        advice_shown_at: datetime | None = None,
        mistaken_at: datetime | None = None,
        **but: AnswerValue | None,
    ) -> StoredResponse:
        """Send a diary (or a report) of a good day, but for what is named."""
        code = assessment.questionnaire_code if assessment else code
        questionnaire = self.given.catalogue.questionnaire(code, "1.0.0")
        raw = calm_answers(questionnaire, answered_at=now, chance=Random(1), but=but)
        submission = answered(
            assessment,
            *raw,
            code=code,
            revision=revision,
            status=status,
            device_answered_at=now,
            advice_shown_at=advice_shown_at,
            mistaken_at=mistaken_at,
        )
        body = json.dumps(
            {"questionnaire": {"code": code, "version": "1.0.0"}, "revision": revision,
             "answers": raw}
        ).encode()  # fmt: skip
        return responses.submit(
            session, self.given.actor, response_id or uuid4(), submission,
            Sending(answer_age_s=0.0, app_version="test", body=body),
            catalogue=self.given.catalogue, now=now,
        )  # fmt: skip


def begin_line(session: Session) -> Line:
    """Enrol, infuse, and put a coordinator and an investigator on duty."""
    given = begin(session, package=shipped_package())
    coordinator = add_user(session, "li.min").user
    investigator = add_user(session, "wang.fang", roles=[Role.INVESTIGATOR]).user
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    return Line(
        given=given, coordinator=user_actor(coordinator), investigator=user_actor(investigator)
    )


def flags_of(session: Session) -> Sequence[SafetyFlag]:
    session.expire_all()
    return session.scalars(select(SafetyFlag).order_by(SafetyFlag.raised_at)).all()


def messages_of(session: Session, purpose: str) -> Sequence[OutboxMessage]:
    session.expire_all()
    return session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.purpose == purpose)
        .order_by(OutboxMessage.created_at, OutboxMessage.recipient_ref, OutboxMessage.channel)
    ).all()
