"""The same sending again, further revisions, several devices, reports, and anchors that move."""

from dataclasses import replace
from datetime import UTC, date, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.models import (
    Assessment,
    JournalEntry,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Timeliness,
)
from epro.services import assessment_work
from questionnaires.schedule import AnchorEvent
from tests.clock import START
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


def entries_of(session: Session) -> list[JournalEntry]:
    return list(session.scalars(select(JournalEntry).order_by(JournalEntry.id)))


# --- again ----------------------------------------------------------------------------------------


def as_int_and_float(value: float) -> list[dict[str, Any]]:
    return [{"link_id": "pain", "value": value}, {"link_id": "temp", "value": 37.0}]


@pytest.mark.req("Q-10", "E-02")
def test_the_same_sending_again_is_answered_as_the_first_time(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    first = given.submit(session, answered(diary), now=EVENING, response_id=response_id)
    entries = len(entries_of(session))

    again = given.submit(
        session, answered(diary), now=EVENING + DAY, age_s=86_400, response_id=response_id
    )

    assert (again.reply, again.is_new) == (first.reply, False)
    assert len(session.scalars(select(ResponseRevision)).all()) == 1
    assert len(entries_of(session)) == entries


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    "again",
    [
        [{"link_id": "pain", "value": 7.0}, {"link_id": "temp", "value": 37}],
        [{"value": 37.0, "link_id": "temp"}, {"link_id": "pain", "value": 7}],
        [{"link_id": "pain", "value": 7, "confirmed": False}, {"link_id": "temp", "value": 37.0}],
    ],
    ids=["7 and 7.0", "another order", "a default written out"],
)
def test_the_same_answers_in_another_notation_are_the_same_sending(
    session: Session, given: Given, diary: Assessment, again: list[Any]
) -> None:
    response_id = uuid4()
    first = answered(diary, *as_int_and_float(7))
    given.submit(session, first, now=EVENING, response_id=response_id)

    stored = given.submit(
        session, replace(first, answers=again), now=EVENING, response_id=response_id
    )

    assert not stored.is_new
    assert quarantined(session) == []


def test_the_same_instant_with_another_offset_is_the_same_sending(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    beijing = EVENING.astimezone(timezone(timedelta(hours=8)))
    for device_answered_at in (beijing, EVENING.astimezone(UTC)):
        submission = answered(diary, device_answered_at=device_answered_at)
        given.submit(session, submission, now=EVENING, response_id=response_id)

    assert only_response(session, given).revision == 1


@pytest.mark.req("Q-04", "Q-10")
def test_a_higher_revision_replaces_what_is_in_progress_and_all_are_kept(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    for submission in (
        draft,
        replace(draft, revision=3, answers=[{"link_id": "pain", "value": 9}]),
        answered(diary, revision=4),
    ):
        given.submit(session, submission, now=EVENING, response_id=response_id)

    response = only_response(session, given)
    assert (response.revision, response.status) == (4, ResponseStatus.COMPLETED)
    assert response.answers == list(CALM)
    revisions = session.scalars(select(ResponseRevision).order_by(ResponseRevision.revision)).all()
    assert [one.revision for one in revisions] == [1, 3, 4]
    assert [one.answers[0]["value"] for one in revisions] == [2, 9, 2]


@pytest.mark.req("Q-10", "S-02")
def test_what_is_in_progress_completes_nothing_and_names_what_is_open(
    session: Session, given: Given, diary: Assessment
) -> None:
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)

    given.submit(session, draft, now=EVENING)

    response = only_response(session, given)
    assert (response.counts, response.not_reached) == (False, ["temp", "remark"])
    assert given.diary_on(session, ON).completed_at is None


@pytest.mark.req("T-01")
def test_a_further_revision_is_on_record_with_what_it_replaced(fresh_database: Database) -> None:
    response_id = uuid4()
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        diary = given.diary_on(session, ON)
    for submission in (
        answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS),
        answered(diary, revision=2),
    ):
        with fresh_database.transaction() as session:
            given.submit(session, submission, now=EVENING, response_id=response_id)

    entries = [e for e in story_of(fresh_database) if e["entity_id"] == str(response_id)]
    assert [(e["verb"], e["version"]) for e in entries] == [
        ("response.in_progress", 1), ("response.completed", 2),
    ]  # fmt: skip
    assert entries[1]["before"] == {
        "revision": 1,
        "status": "in_progress",
        "answers": [CALM[0]],
        "not_reached": ["temp", "remark"],
        "counts": False,
    }


def test_a_repeat_of_an_older_revision_is_answered_as_it_was_then(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    then = given.submit(session, draft, now=EVENING, response_id=response_id)
    given.submit(session, answered(diary, revision=2), now=EVENING, response_id=response_id)

    again = given.submit(session, draft, now=EVENING + DAY, response_id=response_id)

    assert (again.reply, again.is_new) == (then.reply, False)
    assert only_response(session, given).revision == 2


# --- two devices ----------------------------------------------------------------------------------


@pytest.mark.req("S-02", "Q-10")
def test_a_second_response_to_an_answered_diary_is_kept_as_a_duplicate(
    session: Session, given: Given, diary: Assessment
) -> None:
    first_id = uuid4()
    given.submit(session, answered(diary), now=EVENING, response_id=first_id)
    tablet = participant_actor(session, given.participant)

    second = given.submit(
        session, answered(diary), now=EVENING + timedelta(minutes=1), actor=tablet
    )

    first, duplicate = given.responses(session)
    assert second.is_new
    assert (first.counts, duplicate.counts) == (True, False)
    assert (duplicate.duplicate_of_id, second.reply["duplicate_of_id"]) == (
        first_id, str(first_id),
    )  # fmt: skip
    assert given.diary_on(session, ON).completed_at == EVENING


def test_a_draft_on_a_second_device_stands_beside_the_completed_one(
    session: Session, given: Given, diary: Assessment
) -> None:
    draft_id = uuid4()
    draft = answered(diary, CALM[0], status=ResponseStatus.IN_PROGRESS)
    given.submit(session, draft, now=EVENING, response_id=draft_id)
    given.submit(session, answered(diary), now=EVENING + timedelta(minutes=1))
    given.submit(
        session, answered(diary, revision=2), now=EVENING + timedelta(minutes=2),
        response_id=draft_id,
    )  # fmt: skip

    by_counting = {one.counts: one for one in given.responses(session)}
    assert by_counting[False].id == draft_id
    assert by_counting[False].duplicate_of_id == by_counting[True].id


# --- reports --------------------------------------------------------------------------------------


@pytest.mark.req("S-08", "A-01")
def test_a_problem_is_reported_at_any_hour(session: Session, given: Given) -> None:
    given.submit(session, answered(), now=local(ON, 3), age_s=120)
    given.submit(session, answered(), now=local(ON, 3) + timedelta(minutes=1))

    first, second = given.responses(session)
    assert (first.timeliness, first.assessment_id) == (Timeliness.UNSCHEDULED, None)
    assert (first.day_label, first.received_late) == ("D3", False)
    assert first.answers == [{"link_id": "remark", "value": "头痛 😀"}]
    assert (second.duplicate_of_id, second.counts) == (None, False)


@pytest.mark.req("S-08")
def test_a_report_given_offline_belongs_to_the_day_it_was_given(
    session: Session, given: Given
) -> None:
    given.submit(session, answered(), now=EVENING, age_s=2 * 86_400)

    assert only_response(session, given).day_label == "D1"


# --- while the anchor moves -----------------------------------------------------------------------


@pytest.mark.req("S-04", "S-09")
def test_the_day_of_an_answer_is_frozen_while_the_anchor_moves(
    session: Session, given: Given, diary: Assessment
) -> None:
    response_id = uuid4()
    first = given.submit(session, answered(diary), now=EVENING, response_id=response_id)

    given.record(session, AnchorEvent.INF1, START + DAY, now=EVENING, reason="file")
    again = given.submit(session, answered(diary), now=EVENING, response_id=response_id)

    assert only_response(session, given).day_label == "D3"
    assert again.reply == first.reply
    kept = given.diary_on(session, ON)
    assert (kept.id, kept.completed_at) == (diary.id, EVENING)


@pytest.mark.req("S-03")
def test_an_answer_lives_in_the_zone_the_participant_has_now(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.participant.zone = "Europe/London"
    session.flush()

    given.submit(session, answered(diary), now=EVENING)

    response = only_response(session, given)
    assert (response.zone, response.utc_offset_minutes) == ("Europe/London", 0)
    assert response.timeliness is Timeliness.ON_TIME


@pytest.mark.req("V-03", "Q-01")
def test_an_answer_to_an_edition_before_the_amendment_is_taken(
    session: Session, given: Given, diary: Assessment
) -> None:
    given.submit(session, answered(diary, questionnaire_version="1.0.0"), now=EVENING)

    response = only_response(session, given)
    assert response.questionnaire_version == diary.questionnaire_version
    assert assessment_work.facts_of(diary)["study_version_id"] == response.study_version_id


def test_two_participants_use_ids_of_their_own(session: Session, given: Given) -> None:
    ids: set[UUID] = set()
    for _ in range(3):
        stored = given.submit(session, answered(), now=EVENING)
        ids.add(UUID(stored.reply["id"]))

    assert {one.id for one in given.responses(session)} == ids
