"""A site at which one person types a sheet of paper in, and others compare it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.models import (
    Completer,
    QuestionnaireResponse,
    Transcription,
    WorkItem,
    WorkKind,
)
from epro.services import (
    sessions,
    transcribing,
    transcription_checks,
    transcriptions,
)
from epro.services.paging import Wanted
from epro.services.transcribing import Sheet
from epro.services.transcriptions import Shown
from questionnaires.catalogue import Catalogue
from questionnaires.definition import AnswerValue, Language
from questionnaires.invented import calm_answers
from tests.factories import add_user
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line

ON = INFUSED_ON + timedelta(days=5)
WRITTEN = local(ON, 20)
TYPED = local(ON + timedelta(days=2), 9)
CHECKED = TYPED + timedelta(hours=1)
AGAIN = TYPED + timedelta(hours=2)


def sign_in(session: Session, name: str, role: Role = Role.COORDINATOR) -> Actor:
    user = add_user(session, name, roles=[role]).user
    return sessions.start(session, user, client="", now=WRITTEN, wall_now=WRITTEN).actor


@dataclass
class Desk:
    """A site with a typist, a colleague and a physician, and one sheet of a participant's diary."""

    session: Session
    line: Line
    typist: Actor
    colleague: Actor
    physician: Actor
    catalogue: Catalogue

    def answers(self, **but: AnswerValue | None) -> list[dict[str, Any]]:
        form = self.catalogue.questionnaire("daily", "1.0.0")
        return list(calm_answers(form, answered_at=WRITTEN, chance=Random(1), but=but))

    def sheet(self, **said: Any) -> Sheet:
        usual: Mapping[str, Any] = {
            "assessment_id": self.line.diary_on(self.session, ON).id,
            "questionnaire_code": "daily",
            "questionnaire_version": "1.0.0",
            "language": Language.ZH,
            "completer": Completer.SELF,
            "written_at": WRITTEN,
            "reason": "手机送修",
            "source_reference": "文件夹 3，第 12 页",
            "answers": self.answers(),
        }
        return Sheet(**{**usual, **said})

    def type_in(
        self,
        sheet: Sheet | None = None,
        *,
        response_id: UUID | None = None,
        by: Actor | None = None,
        now: datetime = TYPED,
        **but: AnswerValue | None,
    ) -> UUID:
        given = self.line.given
        made = transcribing.enter(
            self.session, by or self.typist, given.participant, response_id or uuid4(),
            sheet or self.sheet(answers=self.answers(**but)), catalogue=self.catalogue, now=now,
        )  # fmt: skip
        return made.response_id

    def check(
        self,
        response_id: UUID,
        differences: str | None = None,
        *,
        by: Actor | None = None,
        revision: int = 1,
        now: datetime = CHECKED,
    ) -> Transcription:
        return transcription_checks.check(
            self.session, by or self.colleague, response_id, revision=revision,
            is_equal=differences is None, differences=differences or "",
            catalogue=self.catalogue, now=now,
        )  # fmt: skip

    def put_right(
        self,
        response_id: UUID,
        *,
        by: Actor | None = None,
        revision: int = 1,
        reason: str = "看错一行",
        **but: AnswerValue | None,
    ) -> Transcription:
        return self.put_right_as(
            response_id, self.answers(**but), by=by, revision=revision, reason=reason
        )

    def put_right_as(
        self,
        response_id: UUID,
        answers: list[dict[str, Any]],
        *,
        by: Actor | None = None,
        revision: int = 1,
        reason: str = "看错一行",
    ) -> Transcription:
        return transcription_checks.put_right(
            self.session, by or self.typist, response_id, revision=revision, answers=answers,
            reason=reason, catalogue=self.catalogue, now=AGAIN,
        )  # fmt: skip

    def response(self, response_id: UUID) -> QuestionnaireResponse:
        return self.session.get_one(QuestionnaireResponse, response_id, populate_existing=True)

    def waiting_for(self, who: Actor) -> Sequence[Shown]:
        found = transcriptions.list_waiting(self.session, who, Wanted(), catalogue=self.catalogue)
        return found.lines

    def to_do(self) -> Sequence[WorkKind]:
        kinds = (WorkKind.CHECK_TRANSCRIPTION, WorkKind.TRANSCRIPTION_DIFFERS)
        return self.session.scalars(
            select(WorkItem.kind).where(WorkItem.done_at.is_(None), WorkItem.kind.in_(kinds))
        ).all()


def begin_desk(session: Session) -> Desk:
    """Enrol, infuse, and sign in two coordinators and a physician."""
    line = begin_line(session)
    return Desk(
        session=session,
        line=line,
        typist=sign_in(session, "zhao.yan"),
        colleague=sign_in(session, "qian.yu"),
        physician=sign_in(session, "sun.li", Role.INVESTIGATOR),
        catalogue=line.given.catalogue,
    )
