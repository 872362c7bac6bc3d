"""Several sendings in the same moment: repeats of one body, and two tabs on one assessment."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.blackbox.people import (
    DIARIES,
    Phone,
    assessments_of,
    enrolled_phone,
    first_open_diary,
    heard_at_once,
    record_anchor,
    responses_of,
)
from tests.blackbox.system import System

pytestmark = pytest.mark.blackbox
logger = logging.getLogger(__name__)

BODY_COUNT = 25
SENDER_COUNT = 8


def test_a_body_that_eight_threads_send_at_once_is_stored_once(system: System) -> None:
    """After four weeks without a network a phone sends 25 diaries, each of them eight times."""
    phone = enrolled_phone(system)
    record_anchor(phone, "INF1", system.now())
    due = assessments_of(phone)
    assessments = [one for one in due if one["questionnaire"]["code"] in DIARIES][:BODY_COUNT]
    sheets = [
        phone.fill_in(one, answered_at=instant(one["opens_at"]) + timedelta(minutes=5))
        for one in assessments
    ]
    system.move_to(max(sheet.answered_at for sheet in sheets) + timedelta(hours=1))
    now = system.now()

    answers = [
        heard_at_once(*[partial(phone.send, sheet, now=now)] * SENDER_COUNT) for sheet in sheets
    ]

    statuses = Counter(answer.status_code for heard_once in answers for answer in heard_once)
    assert statuses == {201: BODY_COUNT, 200: BODY_COUNT * (SENDER_COUNT - 1)}
    assert all(Counter(it.status_code for it in one)[201] == 1 for one in answers)
    assert all(len({answer.content for answer in heard_once}) == 1 for heard_once in answers)
    stored = responses_of(phone)
    assert {one["id"] for one in stored} == {str(sheet.response_id) for sheet in sheets}
    assert len(stored) == BODY_COUNT
    assert all(one["counts"] and one["received_late"] for one in stored[:-1])
    assert count_of(phone, "response.completed") == BODY_COUNT
    assert count_of(phone, "assessment.completed") == BODY_COUNT
    logger.info("%s x %s at once: %s; %s rows", BODY_COUNT, SENDER_COUNT, statuses, len(stored))


@pytest.mark.req("S-08")
def test_a_report_that_eight_threads_send_at_once_is_stored_once(system: System) -> None:
    phone = enrolled_phone(system)
    sheet, now = phone.report(answered_at=system.now()), system.now()

    answers = heard_at_once(*[partial(phone.send, sheet, now=now)] * SENDER_COUNT)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: SENDER_COUNT - 1}
    assert len({answer.content for answer in answers}) == 1
    assert [one["id"] for one in responses_of(phone)] == [str(sheet.response_id)]


def test_of_two_tabs_on_one_assessment_the_first_counts_and_the_second_is_kept_as_duplicate(
    system: System,
) -> None:
    phone = enrolled_phone(system)
    diary = first_open_diary(phone)
    tabs = [phone.fill_in(diary, answered_at=system.now()) for _ in range(2)]

    first, second = [phone.send(sheet, now=system.now()) for sheet in tabs]

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["counts"]
    assert not second.json()["counts"]
    assert second.json()["duplicate_of_id"] == first.json()["id"]
    assert count_of(phone, "assessment.completed") == 1


def test_of_two_tabs_that_send_in_the_same_moment_exactly_one_counts(system: System) -> None:
    phone = enrolled_phone(system)
    diary = first_open_diary(phone)
    now = system.now()
    tabs = [phone.fill_in(diary, answered_at=now) for _ in range(2)]

    answers = heard_at_once(*[partial(phone.send, sheet, now=now) for sheet in tabs])

    assert [answer.status_code for answer in answers] == [201, 201]
    counting, duplicate = sorted((it.json() for it in answers), key=lambda it: not it["counts"])
    assert counting["counts"]
    assert not duplicate["counts"]
    assert duplicate["duplicate_of_id"] == counting["id"]
    assert {one["id"] for one in responses_of(phone)} == {counting["id"], duplicate["id"]}


def count_of(phone: Phone, verb: str) -> int:
    entries = phone.system.journal_of(participant=phone.code)
    return sum(one["verb"] == verb for one in entries)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
