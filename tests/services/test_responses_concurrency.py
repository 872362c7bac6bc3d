"""Many phones, tabs and repeats at the same moment: every one is answered, nothing is doubled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from epro.db import Database
from epro.errors import InvalidAnswers, RevisionConflict, UnknownAssessment
from epro.models import QuestionnaireResponse, ResponseRevision, ResponseStatus
from epro.services.responses import StoredResponse
from epro.services.submission import Submission
from tests.factories import participant_actor
from tests.services.given import (
    CALM,
    Given,
    answered,
    begin_after_infusion,
    local,
    quarantined,
    story_of,
)
from tests.services.together import at_once

SENDERS, SUBMISSIONS = 8, 25
LAST = date(2026, 3, 28)
NOW = local(LAST, 18)


@pytest.fixture
def given(fresh_database: Database) -> Given:
    with fresh_database.transaction() as session:
        return begin_after_infusion(session)


def send(
    database: Database,
    given: Given,
    submission: Submission,
    response_id: UUID,
    *,
    body: bytes = b"",
    now: datetime = NOW,
) -> StoredResponse:
    with database.transaction() as session:
        return given.submit(session, submission, now=now, response_id=response_id, body=body)


@pytest.mark.req("Q-10", "S-02")
@pytest.mark.parametrize("is_report", [False, True], ids=["diaries", "reports"])
def test_eight_equal_sendings_at_once_of_each_of_25_give_25_rows_and_only_successes(
    fresh_database: Database, given: Given, is_report: bool
) -> None:
    with fresh_database.reading() as session:
        diaries = given.assessments(session)[:SUBMISSIONS]
    submissions = [answered(None if is_report else diary) for diary in diaries]
    ids = [uuid4() for _ in submissions]
    together = Barrier(SENDERS)

    def send_all() -> list[StoredResponse]:
        replies = []
        for submission, diary, response_id in zip(submissions, diaries, ids, strict=True):
            together.wait(timeout=30)
            now = diary.opens_at + timedelta(hours=1)
            replies.append(send(fresh_database, given, submission, response_id, now=now))
        return replies

    by_sender = at_once(*[send_all] * SENDERS)

    for replies in zip(*by_sender, strict=True):
        assert len(replies) == SENDERS
        assert [reply.is_new for reply in replies].count(True) == 1
        assert all(reply.reply == replies[0].reply for reply in replies)
    with fresh_database.reading() as session:
        count = session.scalar(select(func.count()).select_from(QuestionnaireResponse))
        revisions = session.scalar(select(func.count()).select_from(ResponseRevision))
        assert quarantined(session) == []
    assert (count, revisions) == (SUBMISSIONS, SUBMISSIONS)
    verbs = [entry["verb"] for entry in story_of(fresh_database)]
    assert verbs.count("response.completed") == SUBMISSIONS
    assert verbs.count("assessment.completed") == (0 if is_report else SUBMISSIONS)


@pytest.mark.req("Q-10", "S-02")
def test_of_several_devices_that_answer_at_once_one_counts_and_all_are_kept(
    fresh_database: Database, given: Given
) -> None:
    with fresh_database.transaction() as session:
        diary = given.diary_on(session, LAST)
        devices = [participant_actor(session, given.participant) for _ in range(4)]

    def answer_on(n: int) -> Callable[[], None]:
        def answer() -> None:
            with fresh_database.transaction() as session:
                pain = CALM[0] | {"value": n}
                given.submit(session, answered(diary, pain, CALM[1]), now=NOW, actor=devices[n])

        return answer

    at_once(*[answer_on(n) for n in range(len(devices))])

    with fresh_database.reading() as session:
        stored = given.responses(session)
    (counting,) = [one for one in stored if one.counts]
    duplicates = [one for one in stored if not one.counts]
    assert {one.duplicate_of_id for one in duplicates} == {counting.id}
    assert {one.answers[0]["value"] for one in stored} == {0, 1, 2, 3}


@pytest.mark.req("Q-10")
def test_of_two_tabs_with_different_answers_one_is_stored_and_one_is_kept(
    fresh_database: Database, given: Given
) -> None:
    with fresh_database.reading() as session:
        diary = given.diary_on(session, LAST)
    response_id = uuid4()

    def tab(pain: int) -> Callable[[], str]:
        def answer() -> str:
            submission = answered(diary, CALM[0] | {"value": pain}, CALM[1])
            try:
                send(fresh_database, given, submission, response_id, body=bytes([pain]))
            except RevisionConflict:
                return "kept"
            return "stored"

        return answer

    assert sorted(at_once(tab(1), tab(2))) == ["kept", "stored"]

    with fresh_database.reading() as session:
        (response,) = given.responses(session)
        (kept,) = quarantined(session)
    assert {response.answers[0]["value"], kept.body[0]} == {1, 2}


@pytest.mark.req("Q-10")
def test_one_id_for_two_diaries_at_once_stores_one_and_keeps_the_other(
    fresh_database: Database, given: Given
) -> None:
    with fresh_database.reading() as session:
        first, second = given.assessments(session)[-2:]
    response_id = uuid4()

    def answer(assessment: UUID) -> str:
        submission = replace(answered(first), assessment_id=assessment)
        try:
            send(fresh_database, given, submission, response_id, body=assessment.bytes)
        except RevisionConflict:
            return "kept"
        return "stored"

    outcomes = at_once(lambda: answer(first.id), lambda: answer(second.id))

    assert sorted(outcomes) == ["kept", "stored"]
    with fresh_database.reading() as session:
        (response,) = given.responses(session)
        (kept,) = quarantined(session)
    assert {response.assessment_id, UUID(bytes=kept.body)} == {first.id, second.id}


@pytest.mark.req("Q-10")
@pytest.mark.parametrize("is_known", [True, False], ids=["wrong answers", "no such assessment"])
def test_a_refused_body_that_comes_eight_times_at_once_is_kept_once(
    fresh_database: Database, given: Given, is_known: bool
) -> None:
    with fresh_database.reading() as session:
        diary = given.diary_on(session, LAST)
    wrong = answered(diary, CALM[0])
    if not is_known:
        wrong = replace(wrong, assessment_id=uuid4())
    response_id = uuid4()

    def send_wrong() -> None:
        with pytest.raises((InvalidAnswers, UnknownAssessment)):
            send(fresh_database, given, wrong, response_id, body=b"wrong")

    for _ in range(5):
        at_once(*[send_wrong] * SENDERS)

    with fresh_database.reading() as session:
        assert [kept.body for kept in quarantined(session)] == [b"wrong"]
    refusals = [e for e in story_of(fresh_database) if e["verb"] == "response.refused"]
    assert len(refusals) == 1


def test_revisions_that_overtake_each_other_end_with_the_highest(
    fresh_database: Database, given: Given
) -> None:
    with fresh_database.reading() as session:
        diary = given.diary_on(session, LAST)
    response_id = uuid4()

    def revise(revision: int) -> Callable[[], None]:
        def answer() -> None:
            submission = answered(
                diary, CALM[0], revision=revision, status=ResponseStatus.IN_PROGRESS,
                device_answered_at=NOW + timedelta(seconds=revision),
            )  # fmt: skip
            try:
                send(fresh_database, given, submission, response_id, body=bytes([revision]))
            except RevisionConflict:
                return

        return answer

    at_once(*[revise(revision) for revision in range(1, 7)])

    with fresh_database.reading() as session:
        (response,) = given.responses(session)
        revisions = session.scalars(select(ResponseRevision.revision)).all()
        kept = [one.body[0] for one in quarantined(session)]
    assert response.revision == 6
    assert sorted([*revisions, *kept]) == [1, 2, 3, 4, 5, 6]
