"""What an assessor rated of her is neither shown to her nor changed as if she had said it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import NotFound
from epro.models import Assessment, Correction, CorrectionSource, QuestionnaireResponse
from epro.services import corrections, own_record, ratings, responses
from epro.services.correction_asking import Proposal
from epro.services.submission import Sending
from questionnaires.definition import Language
from questionnaires.invented import calm_answers
from questionnaires.schedule import AnsweredBy
from tests.services.corrected import answer
from tests.services.line import Line, begin_line
from tests.services.paper import sign_in

pytestmark = pytest.mark.req("T-06", "P-06")


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating of hers, still within its window, and a change of it that she never gave."""

    line: Line
    response_id: UUID
    change: Proposal

    def ask(self, session: Session) -> Correction:
        return corrections.ask(
            session, self.line.given.actor, self.response_id, uuid4(), self.change,
            Sending(answer_age_s=0.0, app_version="test", body=b"{}"),
            catalogue=self.line.given.catalogue, now=self.change.said_at,
        )  # fmt: skip

    def put_down(self, session: Session) -> Correction:
        return corrections.put_down(
            session, self.line.coordinator, self.line.given.participant, self.response_id,
            replace(self.change, source=CorrectionSource.CALL, said_words="没有皮疹"),
            catalogue=self.line.given.catalogue, now=self.change.said_at,
        )  # fmt: skip


@pytest.fixture
def rated(session: Session) -> Rated:
    line = begin_line(session)
    rater = sign_in(session, "he.yi", Role.OUTCOMES_ASSESSOR)
    visit = session.scalars(
        select(Assessment)
        .where(Assessment.answered_by == AnsweredBy.OUTCOMES_ASSESSOR)
        .order_by(Assessment.opens_at)
    ).all()[0]
    form = line.given.catalogue.questionnaire(visit.questionnaire_code, visit.questionnaire_version)
    at = visit.opens_at + timedelta(hours=2)
    first, second = (
        list(calm_answers(form, answered_at=at, chance=Random(1), but={"rash": rash}))
        for rash in ("present", "absent")
    )
    response_id = ratings.rate(
        session, rater, visit.id, first, language=Language.ZH, catalogue=line.given.catalogue,
        now=at,
    )  # fmt: skip
    change = Proposal(
        questionnaire_code=form.code, questionnaire_version=form.version, corrected_revision=1,
        answers=second, reason="按错了", source=CorrectionSource.APP,
        said_at=at + timedelta(minutes=5),
    )  # fmt: skip
    return Rated(line, response_id, change)


@pytest.mark.parametrize("way", [Rated.ask, Rated.put_down])
def test_a_rating_is_not_changed_as_her_answer(
    session: Session, rated: Rated, way: Callable[[Rated, Session], Correction]
) -> None:
    with pytest.raises(NotFound):
        way(rated, session)

    kept = session.get_one(QuestionnaireResponse, rated.response_id, populate_existing=True)
    assert kept.revision == 1
    assert session.scalars(select(Correction)).all() == []


def test_her_phone_shows_no_rating_among_her_answers(session: Session, rated: Rated) -> None:
    line = rated.line
    diary = answer(session, line)

    found = own_record.entries_of(
        session, line.given.actor, catalogue=line.given.catalogue, limit=50
    )

    assert [one.response.id for one in found] == [diary.response_id]
    with pytest.raises(NotFound):
        responses.read_own(session, line.given.actor, rated.response_id)
    own = responses.read_own(session, line.given.actor, diary.response_id)
    assert own.id == diary.response_id
