"""What is refused is kept as it came, each body once, and nothing stored is overwritten by it."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import (
    InvalidAnswers,
    NoActiveStudyVersion,
    NotFound,
    RevisionConflict,
    UnknownAssessment,
    UnknownQuestionnaire,
)
from epro.models import (
    Assessment,
    JournalEntry,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SiteActivation,
)
from epro.services import responses
from tests.factories import add_participant, participant_actor
from tests.services.given import (
    CALM,
    Given,
    answered,
    begin_after_infusion,
    coordinator_at,
    local,
    quarantined,
    refused,
    story_of,
)

ON = date(2026, 3, 3)
EVENING = local(ON, 18)
PAIN, TEMPERATURE = CALM


@pytest.fixture
def given(session: Session) -> Given:
    return begin_after_infusion(session)


@pytest.fixture
def diary(session: Session, given: Given) -> Assessment:
    return given.diary_on(session, ON)


# --- answers that break the questionnaire's rules -------------------------------------------------


@pytest.mark.req("Q-06", "Q-07", "Q-10")
@pytest.mark.parametrize(
    ("answers", "place", "code"),
    [
        ([*CALM, {"link_id": "nausea", "value": 1}], "answers[2]", "unknown_item"),
        ([PAIN | {"value": "2"}, TEMPERATURE], "answers[0].value", "wrong_type"),
        ([PAIN | {"value": True}, TEMPERATURE], "answers[0].value", "wrong_type"),
        ([PAIN | {"value": float("nan")}, TEMPERATURE], "answers[0].value", "out_of_range"),
        ([PAIN | {"value": 11}, TEMPERATURE], "answers[0].value", "out_of_range"),
        ([PAIN, TEMPERATURE | {"value": 366}], "answers[1].value", "out_of_range"),
        ([PAIN, TEMPERATURE | {"value": 36.66}], "answers[1].value", "too_many_decimals"),
        ([PAIN, TEMPERATURE | {"value": 34.0}], "answers[1].value", "needs_confirmation"),
        ([*CALM, {"link_id": "shivers", "value": True}], "answers[2]", "hidden_item_answered"),
        ([PAIN], "answers[temp]", "missing_answer"),
        ([*CALM, PAIN], "answers[2]", "duplicate_item"),
        ([*CALM, None], "answers[2]", "not_an_answer"),
        ([*CALM, [[[]]]], "answers[2]", "not_an_answer"),
        ([PAIN | {"declined": True}, TEMPERATURE], "answers[0].declined", "value_and_declined"),
        ([PAIN | {"unit": "kg"}, TEMPERATURE], "answers[0]", "unknown_key"),
    ],
)
def test_answers_that_break_the_rules_are_refused_by_place_and_kept(
    session: Session, given: Given, diary: Assessment, answers: list[Any], place: str, code: str
) -> None:
    submission = replace(answered(diary), answers=answers)

    with refused(InvalidAnswers) as caught:
        given.submit(session, submission, now=EVENING, body=b"the very bytes")

    problems = caught.value.details["problems"]
    assert [(one["place"], one["code"]) for one in problems] == [(place, code)]
    (kept,) = quarantined(session)
    assert (kept.body, kept.refusal_code) == (b"the very bytes", "invalid_answers")
    assert kept.problems == problems
    assert given.responses(session) == []


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("character", ["\x07", "\x00", "\x1b", "\ud83d", "\x85"])
def test_characters_that_cannot_be_shown_are_refused(
    session: Session, given: Given, character: str
) -> None:
    with refused(InvalidAnswers) as caught:
        given.submit(
            session, answered(None, {"link_id": "remark", "value": f"a{character}"}),
            now=EVENING, body=b"{}",
        )  # fmt: skip

    assert caught.value.details["problems"][0]["code"] == "control_character"
    assert len(quarantined(session)) == 1


@pytest.mark.req("P-10", "Q-07")
@pytest.mark.parametrize(
    "text", ["头痛，两天了。", "😀👩🏽‍⚕️", "a\nb\tc", "𠮷野家", "é e\u0301", "<b>&'\""]
)
def test_what_people_write_comes_back_as_they_wrote_it(
    session: Session, given: Given, text: str
) -> None:
    given.submit(session, answered(None, {"link_id": "remark", "value": text}), now=EVENING)

    (response,) = given.responses(session)
    assert response.answers == [{"link_id": "remark", "value": text}]


@pytest.mark.req("X-07")
def test_neither_the_refusal_nor_its_record_repeats_an_answer(fresh_database: Database) -> None:
    secret = "so ashamed\x07"
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)

    def send() -> None:
        with fresh_database.transaction() as session:
            answer = {"link_id": "remark", "value": secret}
            given.submit(session, answered(None, answer), now=EVENING)

    with refused(InvalidAnswers) as caught:
        send()

    (entry,) = [e for e in story_of(fresh_database) if e["verb"] == "response.refused"]
    assert "ashamed" not in f"{caught.value.details} {caught.value} {entry}"


# --- kept, each once ------------------------------------------------------------------------------


def send_wrong(
    database: Database, given: Given, submission: Any, body: bytes, *, response_id: Any
) -> None:
    with refused(InvalidAnswers), database.transaction() as session:
        given.submit(session, submission, now=EVENING, body=body, response_id=response_id)


@pytest.mark.req("Q-10", "T-01")
def test_the_trace_of_a_refusal_is_committed_and_on_record(fresh_database: Database) -> None:
    response_id, body = uuid4(), "身体 {…".encode()
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        diary = given.diary_on(session, ON)

    send_wrong(fresh_database, given, answered(diary, PAIN), body, response_id=response_id)

    with fresh_database.reading() as session:
        (kept,) = quarantined(session)
    assert (kept.body, kept.response_id, kept.received_at) == (body, response_id, EVENING)
    assert (kept.device_session_id, kept.answer_age_s) == (given.actor.device_session_id, 0.0)
    entry = story_of(fresh_database)[-1]
    assert (entry["verb"], entry["entity_id"]) == ("response.refused", str(kept.id))
    assert entry["after"]["body_sha256"] == sha256(body).hexdigest()
    assert entry["after"]["response_id"] == str(response_id)


@pytest.mark.req("Q-10")
def test_each_distinct_body_is_kept_once_however_often_it_comes(fresh_database: Database) -> None:
    response_id = uuid4()
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        wrong = answered(given.diary_on(session, ON), PAIN)

    for body in (b"one", b"two", b"one", b"one"):
        send_wrong(fresh_database, given, wrong, body, response_id=response_id)

    with fresh_database.reading() as session:
        assert sorted(kept.body for kept in quarantined(session)) == [b"one", b"two"]
    refusals = [e for e in story_of(fresh_database) if e["verb"] == "response.refused"]
    assert len(refusals) == 2


# --- about something else -------------------------------------------------------------------------


@pytest.mark.req("P-06", "Q-10")
def test_an_assessment_that_does_not_exist_is_not_answered(session: Session, given: Given) -> None:
    submission = replace(answered(code="diary"), assessment_id=uuid4())

    with refused(UnknownAssessment):
        given.submit(session, submission, now=EVENING)

    assert [kept.refusal_code for kept in quarantined(session)] == ["unknown_assessment"]


@pytest.mark.req("P-06")
def test_somebody_elses_assessment_looks_like_none(
    session: Session, given: Given, diary: Assessment
) -> None:
    other = participant_actor(session, add_participant(session, given.site, "SZ01-015"))

    with refused(UnknownAssessment) as anothers:
        given.submit(session, answered(diary), now=EVENING, actor=other)
    with refused(UnknownAssessment) as absent:
        given.submit(
            session, replace(answered(diary), assessment_id=uuid4()), now=EVENING, actor=other
        )

    assert (anothers.value.text, anothers.value.details) == (
        absent.value.text,
        absent.value.details,
    )
    assert [kept.participant_id for kept in quarantined(session)] == [other.id] * 2


@pytest.mark.req("P-06")
def test_somebody_elses_response_id_is_a_conflict_that_tells_nothing(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    given.submit(session, answered(diary), now=EVENING, response_id=response_id)
    other = participant_actor(session, add_participant(session, given.site, "SZ01-015"))

    with refused(RevisionConflict) as caught:
        given.submit(session, answered(), now=EVENING, response_id=response_id, actor=other)

    assert caught.value.details == {}
    (response,) = given.responses(session)
    assert response.answers == list(CALM)


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    "change",
    [
        {"code": "short_diary"},
        {"code": "problem_report"},
        {"code": "diary", "questionnaire_version": "9.9.9"},
        {"code": "nothing"},
    ],
)
def test_a_questionnaire_that_was_not_asked_is_refused_and_kept(
    session: Session, given: Given, diary: Assessment, change: dict[str, str]
) -> None:
    submission = answered(diary, PAIN, **change)

    with refused(UnknownQuestionnaire):
        given.submit(session, submission, now=EVENING)

    assert [kept.refusal_code for kept in quarantined(session)] == ["unknown_questionnaire"]


@pytest.mark.req("S-08")
def test_a_diary_is_no_report_for_any_hour(session: Session, given: Given) -> None:
    with refused(UnknownQuestionnaire):
        given.submit(session, answered(code="diary"), now=EVENING)

    assert given.responses(session) == []


def test_without_a_study_version_in_force_no_report_can_be_placed(
    session: Session, given: Given
) -> None:
    session.delete(session.scalars(select(SiteActivation)).one())
    session.flush()

    with pytest.raises(NoActiveStudyVersion):
        given.submit(session, answered(), now=EVENING)


# --- against something stored ---------------------------------------------------------------------


@pytest.mark.req("T-05", "Q-10")
@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ({"revision": 1}, {"revision": 1, "answers": [PAIN | {"value": 9}, TEMPERATURE]}),
        ({"revision": 1}, {"revision": 2}),
        ({"revision": 3}, {"revision": 2}),
        ({"revision": 1}, {"revision": 1, "device_answered_at": EVENING}),
        ({"revision": 1}, {"revision": 1, "status": ResponseStatus.IN_PROGRESS}),
        ({"revision": 3, "status": ResponseStatus.IN_PROGRESS}, {"revision": 2}),
        ({"revision": 3, "status": ResponseStatus.IN_PROGRESS}, {"revision": 3}),
        ({"revision": 1}, {"revision": 1, "answers": [PAIN | {"value": 99}, TEMPERATURE]}),
        ({"revision": 1}, {"revision": 1, "assessment_id": None}),
    ],
    ids=[
        "other answers", "after completing", "outdated", "another time", "back to a draft",
        "older than the draft", "another status", "answers that are wrong too",
        "another assessment",
    ],
)  # fmt: skip
def test_nothing_stored_is_overwritten_by_a_different_sending(
    session: Session,
    given: Given,
    diary: Assessment,
    stored: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    response_id = uuid4()
    first = replace(answered(diary), **stored)
    given.submit(session, first, now=EVENING, response_id=response_id)
    different: dict[str, Any] = dict(sent)
    if "assessment_id" in sent:
        different["questionnaire_code"] = "problem_report"

    with refused(RevisionConflict):
        given.submit(
            session, replace(answered(diary), **different), now=EVENING,
            response_id=response_id, body=b"the other",
        )  # fmt: skip

    (response,) = given.responses(session)
    assert (response.revision, response.status, response.answers) == (
        first.revision, first.status, list(CALM),
    )  # fmt: skip
    assert [kept.body for kept in quarantined(session)] == [b"the other"]
    assert len(session.scalars(select(ResponseRevision)).all()) == 1


def test_a_conflict_says_where_the_stored_response_stands(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    given.submit(session, answered(diary, revision=4), now=EVENING, response_id=response_id)

    with refused(RevisionConflict) as caught:
        given.submit(session, answered(diary, revision=2), now=EVENING, response_id=response_id)

    assert caught.value.details == {"stored_revision": 4, "stored_status": "completed"}


def test_a_completed_diary_stays_so_when_a_wrong_body_follows(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary), now=EVENING)

    with refused(InvalidAnswers):
        given.submit(session, answered(diary, PAIN), now=EVENING + timedelta(hours=1))

    assert given.diary_on(session, ON).completed_at == EVENING


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.req("P-06")
def test_a_response_is_read_by_whose_it_is(session: Session, given: Given) -> None:
    response_id = uuid4()
    given.submit(session, answered(), now=EVENING, response_id=response_id)
    other = participant_actor(session, add_participant(session, given.site, "SZ01-015"))

    assert responses.read_own(session, given.actor, response_id).id == response_id
    with pytest.raises(NotFound):
        responses.read_own(session, other, response_id)
    with pytest.raises(NotFound):
        responses.read_own(session, given.actor, uuid4())


@pytest.mark.req("P-06")
def test_the_list_of_responses_is_for_the_own_site(session: Session, given: Given) -> None:
    later, earlier = uuid4(), uuid4()
    given.submit(session, answered(), now=EVENING, response_id=later)
    given.submit(session, answered(), now=EVENING, age_s=3600, response_id=earlier)
    elsewhere = begin_after_infusion(session, site_code="GZ02", code="GZ02-001").site

    listed = responses.list_of(session, given.coordinator, given.participant)

    assert [response.id for response in listed] == [earlier, later]
    with pytest.raises(NotFound):
        responses.list_of(session, coordinator_at(elsewhere), given.participant)


def test_the_refused_leave_neither_response_nor_completion(
    session: Session, given: Given, diary: Assessment
) -> None:
    with refused(InvalidAnswers):
        given.submit(session, answered(diary, PAIN), now=EVENING)

    assert session.scalars(select(QuestionnaireResponse)).all() == []
    assert given.diary_on(session, ON).completed_at is None
    verbs = {row.verb for row in session.scalars(select(JournalEntry))}
    assert verbs.isdisjoint({"response.completed", "assessment.completed"})
