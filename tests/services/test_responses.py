"""What a participant sends is stored once, judged by when it was answered, and told in full."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.models import (
    Assessment,
    AssessmentState,
    DeviceSession,
    JournalEntry,
    QuestionnaireResponse,
    ResponseRevision,
    Timeliness,
)
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.services.given import (
    CALM,
    ENROLLED_AT,
    Given,
    answered,
    begin_after_infusion,
    local,
    story_of,
)

DAY = timedelta(days=1)
US = timedelta(microseconds=1)
ON = date(2026, 3, 3)  # D3; 17:00 to 24:00 in Shenzhen, late until noon of the next day
EVENING = local(ON, 18)


@pytest.fixture
def given(session: Session) -> Given:
    return begin_after_infusion(session)


@pytest.fixture
def diary(session: Session, given: Given) -> Assessment:
    return given.diary_on(session, ON)


def only_response(session: Session, given: Given) -> QuestionnaireResponse:
    (response,) = given.responses(session)
    return response


@pytest.mark.req("Q-10")
def test_a_response_says_when_how_in_what_language_and_of_which_version(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()

    stored = given.submit(session, answered(diary), now=EVENING, age_s=60, response_id=response_id)

    response = only_response(session, given)
    assert stored.is_new
    assert (response.id, response.assessment_id) == (response_id, diary.id)
    assert (response.questionnaire_code, response.questionnaire_version) == ("diary", "1.0.0")
    assert (response.study_version_id, response.language) == (given.version.id, "zh")
    assert (response.completer, response.mode, response.app_version) == (
        "self", "own_device", "test",
    )  # fmt: skip
    assert response.answered_at == EVENING - timedelta(seconds=60)
    assert (response.received_at, response.zone) == (EVENING, "Asia/Shanghai")
    assert (response.utc_offset_minutes, response.day_label) == (480, "D3")
    assert response.device_session_id == given.actor.device_session_id
    assert response.answers == list(CALM)
    assert (response.hidden, response.not_reached) == (["shivers"], [])


def test_the_reply_says_how_it_stands_and_holds_no_answer(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()

    stored = given.submit(session, answered(diary), now=EVENING, response_id=response_id)

    assert stored.reply == {
        "id": str(response_id),
        "revision": 1,
        "status": "completed",
        "assessment_id": str(diary.id),
        "timeliness": "on_time",
        "received_late": False,
        "counts": True,
        "duplicate_of_id": None,
        "day_label": "D3",
        "answered_at": EVENING.isoformat(),
        "received_at": EVENING.isoformat(),
        "clock_unsure": False,
        "hidden": ["shivers"],
        "not_reached": [],
        "safety_question": None,
    }


@pytest.mark.req("T-01", "T-03")
def test_a_completed_diary_is_on_record_with_the_assessment_it_completes(
    fresh_database: Database,
) -> None:
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        diary = given.diary_on(session, ON)
        before = len(entries_of(session))
        given.submit(session, answered(diary), now=EVENING, age_s=3600)

    response, completed = story_of(fresh_database)[before:]
    assert (response["verb"], response["entity_type"]) == ("response.completed", "response")
    assert response["after"]["answers"] == list(CALM)
    assert response["occurred_at"] == "2026-03-03T17:00:00+08:00"
    assert response["recorded_at"] == EVENING.isoformat()
    assert response["actor"]["device_session"] == str(given.actor.device_session_id)
    assert (completed["verb"], completed["entity_id"]) == ("assessment.completed", str(diary.id))
    assert (completed["version"], completed["before"]) == (2, {"completed_at": None})
    assert completed["after"]["completed_at"] == "2026-03-03T09:00:00+00:00"


def entries_of(session: Session) -> list[JournalEntry]:
    return list(session.scalars(select(JournalEntry).order_by(JournalEntry.id)))


# --- in time, late, outside -----------------------------------------------------------------------


@pytest.mark.req("S-02", "S-07")
@pytest.mark.parametrize(
    ("now", "timeliness", "counts"),
    [
        (local(ON, 17) - US, Timeliness.OUT_OF_WINDOW, False),
        (local(ON, 17), Timeliness.ON_TIME, True),
        (local(ON + DAY, 0) - US, Timeliness.ON_TIME, True),
        (local(ON + DAY, 0), Timeliness.LATE, True),
        (local(ON + DAY, 12) - US, Timeliness.LATE, True),
        (local(ON + DAY, 12), Timeliness.OUT_OF_WINDOW, False),
        (local(ON + 2 * DAY, 18), Timeliness.OUT_OF_WINDOW, False),
    ],
)
def test_the_window_decides_and_what_lies_outside_is_stored_and_not_counted(
    session: Session, given: Given, diary: Assessment, now: Any, timeliness: str, counts: bool
) -> None:
    given.submit(session, answered(diary), now=now)

    response = only_response(session, given)
    assert (response.timeliness, response.counts) == (timeliness, counts)
    assert response.answers == list(CALM)
    completed_at = given.diary_on(session, ON).completed_at
    assert completed_at == (now if counts else None)


@pytest.mark.req("S-02")
def test_an_answer_given_offline_is_judged_by_when_it_was_given(
    session: Session, given: Given, diary: Assessment
) -> None:
    two_days_later = EVENING + 2 * DAY

    given.submit(session, answered(diary), now=two_days_later, age_s=2 * 86_400)

    response = only_response(session, given)
    assert (response.timeliness, response.received_late) == (Timeliness.ON_TIME, True)
    assert (response.answered_at, response.received_at) == (EVENING, two_days_later)
    assert response.counts
    assert given.diary_on(session, ON).state_at(two_days_later) is AssessmentState.COMPLETED


@pytest.mark.req("S-02")
def test_an_answer_late_by_its_age_is_not_received_late(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary), now=local(ON + DAY, 8), age_s=60)

    response = only_response(session, given)
    assert (response.timeliness, response.received_late) == (Timeliness.LATE, False)


@pytest.mark.req("S-02")
def test_after_one_outside_the_window_the_one_inside_counts(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary), now=local(ON, 9))
    given.submit(session, answered(diary), now=EVENING)

    early, in_time = given.responses(session)
    assert (early.counts, in_time.counts) == (False, True)
    assert in_time.duplicate_of_id is None


@pytest.mark.req("S-02", "S-05")
def test_what_was_not_offered_or_is_cancelled_takes_answers_that_do_not_count(
    session: Session, given: Given
) -> None:
    last = given.assessments(session)[-1]
    given.record(session, AnchorEvent.INF1, START - 2 * DAY, now=START, reason="file")
    not_offered = given.diary_on(session, date(2026, 2, 27))

    for assessment in (last, not_offered):
        age_s = (EVENING - assessment.opens_at).total_seconds()
        given.submit(session, answered(assessment), now=EVENING, age_s=age_s)

    assert [one.counts for one in given.responses(session)] == [False, False]
    session.expire_all()
    assert (last.completed_at, not_offered.completed_at) == (None, None)


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.req("T-03", "S-02")
@pytest.mark.parametrize(
    ("age_s", "answered_at"),
    [(-86_400.0, EVENING), (1e9, ENROLLED_AT)],
    ids=["from the future", "from before activation"],
)
def test_an_impossible_age_is_stored_and_marked_unsure(
    session: Session, given: Given, diary: Assessment, age_s: float, answered_at: Any
) -> None:
    given.submit(session, answered(diary), now=EVENING, age_s=age_s)

    response = only_response(session, given)
    assert (response.answered_at, response.clock_unsure) == (answered_at, True)


@pytest.mark.req("T-03")
def test_a_clock_that_jumps_between_two_sendings_marks_the_second(
    session: Session, given: Given
) -> None:
    for n, ahead in enumerate((0, 0, 3600, 3600)):
        now = local(ON + n * DAY, 18)
        diary = given.diary_on(session, ON + n * DAY)
        device_answered_at = now + timedelta(seconds=ahead)
        given.submit(session, answered(diary, device_answered_at=device_answered_at), now=now)

    assert [one.clock_unsure for one in given.responses(session)] == [False, False, True, False]
    device = session.get_one(DeviceSession, given.actor.device_session_id)
    assert device.clock_offset_s == 3600.0


@pytest.mark.req("T-03")
@pytest.mark.parametrize(("ahead_s", "noted_s"), [(0.9, 0.0), (-0.9, 0.0), (1.0, 1.0)])
def test_how_a_clock_stands_is_noted_anew_only_where_it_has_moved(
    session: Session, given: Given, ahead_s: float, noted_s: float
) -> None:
    """An answer's way here varies by less; and to write it down would be one more write."""
    for n, ahead in enumerate((0.0, ahead_s)):
        now = local(ON + n * DAY, 18)
        diary = given.diary_on(session, ON + n * DAY)
        device_answered_at = now + timedelta(seconds=ahead)
        given.submit(session, answered(diary, device_answered_at=device_answered_at), now=now)

    session.expire_all()
    device = session.get_one(DeviceSession, given.actor.device_session_id)
    assert device.clock_offset_s == noted_s


@pytest.mark.req("T-03")
def test_the_devices_own_clock_is_kept_as_a_remark(
    session: Session, given: Given, diary: Assessment
) -> None:
    two_days_ahead = EVENING + 2 * DAY

    given.submit(session, answered(diary, device_answered_at=two_days_ahead), now=EVENING)

    revision = session.scalars(select(ResponseRevision)).one()
    assert (revision.device_answered_at, revision.answered_at) == (two_days_ahead, EVENING)
