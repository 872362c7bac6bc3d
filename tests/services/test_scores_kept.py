"""Scores, cleared items and unfinished forms: stored with the answers, told to the journal."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    Assessment,
    DeviceClass,
    JournalEntry,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Timeliness,
)
from epro.services import drafts
from questionnaires.catalogue import Catalogue
from questionnaires.scores import Score, ScoreMethod
from tests.clock import START
from tests.services.given import (
    CALM,
    DIARY,
    SMALL,
    Given,
    answered,
    begin_after_infusion,
    local,
    sending,
)

ON = date(2026, 3, 3)  # D3; 17:00 to 24:00 in Shenzhen, late until noon of the next day
EVENING = local(ON, 18)
NOON = local(ON + timedelta(days=1), 12)
HOT = ({"link_id": "pain", "value": 2}, {"link_id": "temp", "value": 38.6},
       {"link_id": "shivers", "value": True})  # fmt: skip
TOTAL = Score(
    code="discomfort", version="1.0.0", title=DIARY.title, method=ScoreMethod.SUM,
    items=("pain", "temp"), decimals=1,
)  # fmt: skip


@pytest.fixture
def given(session: Session) -> Given:
    """The small study, with a score in its diary."""
    given = begin_after_infusion(session)
    scored = replace(DIARY, scores=(TOTAL,))
    package = replace(SMALL, questionnaires=(scored, *SMALL.questionnaires[1:]))
    return replace(given, catalogue=Catalogue({given.version.id: package}))


@pytest.fixture
def diary(session: Session, given: Given) -> Assessment:
    return given.diary_on(session, ON)


def stored(session: Session, given: Given) -> QuestionnaireResponse:
    (response,) = given.responses(session)
    session.refresh(response)
    return response


def entry_of(session: Session, verb: str) -> dict[str, Any]:
    body = session.scalars(select(JournalEntry.body).where(JournalEntry.verb == verb)).one()
    content: dict[str, Any] = json.loads(body)
    return content


def scores_of(response: QuestionnaireResponse) -> Mapping[str, Any]:
    (one,) = response.scores
    return one


@pytest.mark.req("Q-08")
def test_a_finished_form_is_scored_and_its_raw_answers_stay(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary), now=EVENING)

    response = stored(session, given)
    revision = session.scalars(select(ResponseRevision)).one()
    assert scores_of(response) == {
        "code": "discomfort", "version": "1.0.0+1", "value": 38.6, "reason": None, "missing": [],
        "derived": {},
    }  # fmt: skip
    assert revision.scores == response.scores
    assert [one["value"] for one in response.answers] == [2, 36.6]


@pytest.mark.req("Q-08", "Q-05")
def test_what_was_declined_gives_no_score_and_says_why(
    session: Session, given: Given, diary: Assessment
) -> None:
    declined = ({"link_id": "pain", "declined": True}, CALM[1])

    given.submit(session, answered(diary, *declined), now=EVENING)

    response = stored(session, given)
    assert response.answers[0] == {"link_id": "pain", "declined": True}
    assert (scores_of(response)["value"], scores_of(response)["reason"]) == (
        None,
        "too_few_answered",
    )
    assert scores_of(response)["missing"] == ["pain"]


@pytest.mark.req("Q-06")
def test_an_answer_that_another_hides_is_named_as_cleared(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    hot = answered(diary, *HOT, status=ResponseStatus.IN_PROGRESS)
    given.submit(session, hot, now=EVENING, response_id=response_id)

    given.submit(
        session, answered(diary, revision=2), now=EVENING, response_id=response_id
    )  # now 36.6

    response = stored(session, given)
    assert (response.hidden, response.cleared) == (["shivers"], ["shivers"])
    assert response.version == 2


@pytest.mark.req("Q-06")
def test_the_phone_names_what_it_cleared_and_nothing_else_is_believed(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary, cleared=("shivers", "pain", "nobody")), now=EVENING)

    assert stored(session, given).cleared == ["shivers"]


@pytest.mark.req("Q-10")
def test_a_response_says_when_it_was_opened_and_on_what_kind_of_device(
    session: Session, given: Given, diary: Assessment
) -> None:
    # The phone runs 30 minutes ahead.
    wrong = timedelta(minutes=30)
    submission = answered(
        diary, device_answered_at=EVENING + wrong,
        device_opened_at=EVENING + wrong - timedelta(minutes=3),
        last_entry_on=ON - timedelta(days=1),
    )  # fmt: skip

    given.submit(
        session, submission, now=EVENING,
        how=replace(sending(submission), device_class=DeviceClass.PHONE),
    )  # fmt: skip

    response = stored(session, given)
    assert response.opened_at == EVENING - timedelta(minutes=3)
    assert response.device_class is DeviceClass.PHONE
    assert response.last_entry_on == ON - timedelta(days=1)


@pytest.mark.req("Q-10")
def test_a_form_opened_after_it_was_answered_was_opened_then(
    session: Session, given: Given, diary: Assessment
) -> None:
    submission = answered(diary, device_opened_at=START + timedelta(hours=1))

    given.submit(session, submission, now=EVENING)

    assert stored(session, given).opened_at == stored(session, given).answered_at


@pytest.mark.req("Q-10")
def test_a_draft_is_closed_as_incomplete_when_its_assessment_takes_no_more(
    session: Session, given: Given, diary: Assessment
) -> None:
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=EVENING)

    assert (
        drafts.close(session, catalogue=given.catalogue, now=NOON - timedelta(microseconds=1)) == 0
    )
    assert drafts.close(session, catalogue=given.catalogue, now=NOON) == 1

    response = stored(session, given)
    assert (response.status, response.counts) == (ResponseStatus.INCOMPLETE, False)
    assert [one["link_id"] for one in response.answers] == ["pain"]
    assert response.not_reached == ["temp", "remark"]
    assert response.scores == []
    assert diary.completed_at is None
    assert drafts.close(session, catalogue=given.catalogue, now=NOON) == 0


@pytest.mark.req("Q-10")
def test_closing_a_draft_is_on_record_with_its_answers_under_a_further_version(
    session: Session, given: Given, diary: Assessment
) -> None:
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=EVENING)

    drafts.close(session, catalogue=given.catalogue, now=NOON)

    entry = entry_of(session, "response.incomplete")
    assert (entry["version"], entry["before"]) == (2, {"status": "in_progress"})
    assert (entry["after"]["status"], entry["after"]["revision"]) == ("incomplete", 1)
    assert entry["after"]["answers"] == [{"link_id": "pain", "value": 2}]


@pytest.mark.req("Q-10", "S-02")
def test_what_was_answered_in_time_but_came_late_replaces_the_closed_draft(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=EVENING, response_id=response_id)
    drafts.close(session, catalogue=given.catalogue, now=NOON)

    later = NOON + timedelta(hours=6)
    age_s = (later - EVENING).total_seconds()
    given.submit(
        session, answered(diary, revision=2), now=later, age_s=age_s, response_id=response_id
    )

    response = stored(session, given)
    assert (response.status, response.timeliness) == (
        ResponseStatus.COMPLETED,
        Timeliness.ON_TIME,
    )
    assert (response.counts, response.received_late, response.version) == (True, True, 3)


def begin_report(session: Session, given: Given, response_id: UUID) -> None:
    """Begin a report of a problem, which is open at any time, and leave it."""
    draft = answered(
        None, {"link_id": "remark", "value": "a bruise"}, code="problem_report",
        status=ResponseStatus.IN_PROGRESS,
    )  # fmt: skip
    given.submit(session, draft, now=EVENING, response_id=response_id)


@pytest.mark.req("Q-10")
def test_a_report_that_was_begun_and_left_is_closed_when_she_could_no_longer_change_it(
    session: Session, given: Given
) -> None:
    begin_report(session, given, uuid4())
    over = EVENING + timedelta(hours=24)

    before = drafts.close(session, catalogue=given.catalogue, now=over - timedelta(microseconds=1))
    at_the_end = drafts.close(session, catalogue=given.catalogue, now=over)

    assert (before, at_the_end) == (0, 1)
    response = stored(session, given)
    assert response.status is ResponseStatus.INCOMPLETE
    assert [one["value"] for one in response.answers] == ["a bruise"]


@pytest.mark.req("Q-10", "S-02")
def test_a_report_goes_on_where_it_was_left_although_it_was_closed(
    session: Session, given: Given
) -> None:
    response_id, later = uuid4(), EVENING + timedelta(hours=30)
    begin_report(session, given, response_id)
    drafts.close(session, catalogue=given.catalogue, now=later)

    whole = answered(
        None, {"link_id": "remark", "value": "a bruise"}, code="problem_report", revision=2
    )
    given.submit(session, whole, now=later, response_id=response_id)

    assert stored(session, given).status is ResponseStatus.COMPLETED
