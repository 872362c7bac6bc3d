"""What stands for a participant follows her anchors; every difference is on record."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import NoActiveStudyVersion
from epro.models import Assessment, AssessmentState, JournalEntry, SiteActivation
from epro.services import assessment_work, journal, planning, studies
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.factories import SYSTEM
from tests.services.given import (
    DIARY,
    SMALL,
    Given,
    answered,
    begin,
    begin_after_infusion,
    local,
    story_of,
)
from tests.services.together import at_once

DAY = timedelta(days=1)
MARCH_1 = date(2026, 3, 1)  # the local day of START


def window_of(infusion_on: date) -> list[date]:
    """The days D1 to D28, on each of which one diary is due."""
    return [infusion_on + n * DAY for n in range(28)]


def answer_five_days(session: Session, given: Given) -> list[Assessment]:
    """Answer the diaries of 1 to 5 March, each at 18:00 in Shenzhen."""
    for n in range(5):
        on = MARCH_1 + n * DAY
        given.submit(session, answered(given.diary_on(session, on)), now=local(on, 18))
    session.commit()
    return given.assessments(session)[:5]


@pytest.mark.req("S-01")
def test_a_planned_infusion_plans_the_days_before_it(session: Session) -> None:
    given = begin(session)

    given.record(session, AnchorEvent.INF1_PLANNED, local(date(2026, 3, 6), 10), now=START)

    diaries = given.assessments(session)
    assert [(one.block, one.planned_on.isoformat()) for one in diaries] == [
        ("S1", "2026-03-03"), ("S1", "2026-03-04"), ("S1", "2026-03-05"),
    ]  # fmt: skip
    assert diaries[0].opens_at == local(date(2026, 3, 3), 17)
    assert diaries[0].closes_at == local(date(2026, 3, 4), 0)


@pytest.mark.req("S-01", "S-09")
def test_the_infusion_plans_one_diary_for_each_of_its_28_days(session: Session) -> None:
    given = begin_after_infusion(session)

    diaries = given.assessments(session)
    assert [one.planned_on for one in diaries] == window_of(MARCH_1)
    assert [one.block for one in diaries] == ["S3"] + ["S5"] * 27
    assert {one.questionnaire_code for one in diaries[1:]} == {DIARY.code}
    assert diaries[0].opens_at == START + timedelta(hours=4)
    checks = given.assessments(session, family="morning_check")
    assert [one.planned_on for one in checks] == [MARCH_1 + DAY, MARCH_1 + 2 * DAY]


@pytest.mark.req("S-01")
def test_the_infusion_that_happens_supersedes_the_planned_one(session: Session) -> None:
    given = begin(session)
    given.record(session, AnchorEvent.INF1_PLANNED, local(date(2026, 3, 4), 10), now=START)
    before = given.assessments(session)

    happened_at = local(date(2026, 3, 3), 10)
    given.record(session, AnchorEvent.INF1, happened_at, now=happened_at)

    diaries = given.assessments(session)
    assert [(one.block, one.planned_on) for one in diaries[:3]] == [
        ("S1", date(2026, 3, 1)),  # was offered, and stays
        ("S1", date(2026, 3, 2)),
        ("S3", date(2026, 3, 3)),  # the evening of the infusion took its place
    ]
    assert diaries[2].id == before[2].id
    assert [one.planned_on for one in diaries[2:]] == window_of(date(2026, 3, 3))


@pytest.mark.req("S-05")
def test_days_before_a_late_entered_anchor_were_not_offered(session: Session) -> None:
    given = begin(session)
    now = local(date(2026, 3, 4), 13)

    given.record(session, AnchorEvent.INF1, START, now=now)

    states = Counter(one.state_at(now) for one in given.assessments(session))
    assert states == {AssessmentState.NOT_OFFERED: 3, AssessmentState.SCHEDULED: 25}
    assert AssessmentState.MISSED not in states


@pytest.mark.req("S-05", "T-01")
def test_what_was_not_offered_is_on_record_as_that(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin(session)
        given.record(session, AnchorEvent.INF1, START, now=local(date(2026, 3, 4), 13))

    diaries = [e for e in story_of(fresh_database) if e["after"].get("family") == "daily"]
    assert Counter(entry["verb"] for entry in diaries) == {
        "assessment.not_offered": 3,
        "assessment.planned": 25,
    }


@pytest.mark.req("S-04", "S-01")
@pytest.mark.parametrize("corrections", [(2,), (-2,), (2, -2), (-2, 2), (2, 0), (-2, 0)])
def test_correcting_the_infusion_covers_every_day_once_and_keeps_every_answer(
    session: Session, corrections: tuple[int, ...]
) -> None:
    given = begin_after_infusion(session)
    answers = [assessment_work.facts_of(one) for one in answer_five_days(session, given)]
    labels = [one.day_label for one in given.responses(session)]
    now = local(MARCH_1 + 5 * DAY, 10)

    for days in corrections:
        given.record(
            session, AnchorEvent.INF1, START + days * DAY, now=now, reason="wrong date in the file"
        )

    diaries = given.assessments(session)
    on = [one.planned_on for one in diaries]
    window = window_of(MARCH_1 + corrections[-1] * DAY)
    assert set(window) <= set(on)
    assert len(on) == len(set(on))
    assert set(on) - set(window) <= {MARCH_1 + n * DAY for n in range(5)}
    kept = [assessment_work.facts_of(one) for one in diaries if one.completed_at]
    assert kept == answers
    assert [one.day_label for one in given.responses(session)] == labels
    assert labels == ["D1", "D2", "D3", "D4", "D5"]


@pytest.mark.req("S-04", "T-01", "T-02")
@pytest.mark.parametrize("days", [2, -2])
def test_a_correction_is_told_in_order_with_what_each_change_replaced(
    fresh_database: Database, days: int
) -> None:
    now = local(MARCH_1 + 5 * DAY, 10)
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        answer_five_days(session, given)
    with fresh_database.transaction() as session:
        recorded = given.record(
            session, AnchorEvent.INF1, START + days * DAY, now=now, reason="wrong date"
        )

    story = story_of(fresh_database)
    at = next(n for n, entry in enumerate(story) if entry["verb"] == "anchor.corrected")
    consequences = story[at + 1 :]
    changes = recorded.changes
    assert Counter(entry["verb"] for entry in consequences) == Counter(
        {
            "assessment.moved": len(changes.move),
            "assessment.revived": len(changes.revive),
            "assessment.cancelled": len(changes.cancel),
            "assessment.planned": sum(not one.is_not_offered for one in changes.create),
            "assessment.not_offered": sum(one.is_not_offered for one in changes.create),
        }
    )
    assert {entry["reason"] for entry in story[at:]} == {"wrong date"}
    assert {entry["actor"]["name"] for entry in story[at:]} == {"li"}
    assert_each_change_follows_from_the_one_before(story)
    assert_the_record_ends_with_what_stands(fresh_database, story)


def assert_each_change_follows_from_the_one_before(story: list[dict[str, Any]]) -> None:
    """Undoing each entry by its old values gives what the entry before it said."""
    known: dict[str, dict[str, Any]] = {}
    for entry in story:
        if entry["entity_type"] != "assessment":
            continue
        earlier = known.get(entry["entity_id"])
        if earlier is None:
            assert (entry["version"], entry["before"]) == (1, {})
        else:
            assert entry["version"] == earlier["version"] + 1
            undone = entry["after"] | entry["before"] | {"version": earlier["version"]}
            assert undone == earlier
        known[entry["entity_id"]] = entry["after"]


def assert_the_record_ends_with_what_stands(
    database: Database, story: list[dict[str, Any]]
) -> None:
    last = {e["entity_id"]: e["after"] for e in story if e["entity_type"] == "assessment"}
    with database.reading() as session:
        rows = session.scalars(select(Assessment)).all()
    assert last == {str(row.id): journal.plain(assessment_work.facts_of(row)) for row in rows}


@pytest.mark.req("S-04")
def test_what_has_opened_stays_where_it_was_offered(session: Session) -> None:
    given = begin_after_infusion(session)
    now = local(MARCH_1 + 5 * DAY, 17, 30)
    opened = assessment_work.facts_of(given.diary_on(session, MARCH_1 + 5 * DAY))

    given.record(session, AnchorEvent.INF1, START - 2 * DAY, now=now, reason="wrong date")

    assert assessment_work.facts_of(given.diary_on(session, MARCH_1 + 5 * DAY)) == opened


@pytest.mark.req("S-04")
def test_what_was_cancelled_and_is_planned_again_is_the_same_assessment(session: Session) -> None:
    given = begin_after_infusion(session)
    last = given.assessments(session)[-1]
    given.record(session, AnchorEvent.INF1, START - 2 * DAY, now=START, reason="one")
    assert last.planned_on not in [one.planned_on for one in given.assessments(session)]

    given.record(session, AnchorEvent.INF1, START, now=START, reason="two")

    revived = given.diary_on(session, last.planned_on)
    assert (revived.id, revived.cancelled_at, revived.version) == (last.id, None, 3)


@pytest.mark.req("S-01")
def test_planning_again_changes_nothing(session: Session) -> None:
    given = begin_after_infusion(session)
    now = local(MARCH_1 + 3 * DAY, 18)
    before = [assessment_work.facts_of(one) for one in given.assessments(session)]
    entries = len(session.scalars(select(JournalEntry)).all())

    changes = planning.replan(
        session, SYSTEM, given.participant, catalogue=given.catalogue, now=now
    )

    assert changes.is_empty
    assert [assessment_work.facts_of(one) for one in given.assessments(session)] == before
    assert len(session.scalars(select(JournalEntry)).all()) == entries


@pytest.mark.req("S-10", "V-03")
def test_an_amendment_moves_what_has_not_opened_and_leaves_the_rest_its_version(
    session: Session,
) -> None:
    given = begin_after_infusion(session)
    second = replace(SMALL, version="2.0.0", questionnaires=(
        replace(DIARY, version="2.0.0"), *SMALL.questionnaires[1:],
    ))  # fmt: skip
    version = studies.publish(session, SYSTEM, second, now=START)
    from_on = MARCH_1 + 10 * DAY
    studies.activate(session, SYSTEM, given.site, version, from_on=from_on, now=START)
    catalogue = Catalogue({given.version.id: SMALL, version.id: second})

    planning.replan(session, SYSTEM, given.participant, catalogue=catalogue, now=local(from_on, 9))

    diaries = given.assessments(session)
    assert {one.questionnaire_version for one in diaries if one.planned_on < from_on} == {"1.0.0"}
    assert {one.questionnaire_version for one in diaries if one.planned_on >= from_on} == {"2.0.0"}
    assert {one.study_version_id for one in diaries if one.planned_on >= from_on} == {version.id}


@pytest.mark.req("S-10")
def test_a_site_without_a_study_version_cannot_plan(session: Session) -> None:
    given = begin(session)
    session.delete(session.scalars(select(SiteActivation)).one())
    session.flush()

    with pytest.raises(NoActiveStudyVersion):
        given.record(session, AnchorEvent.INF1, START, now=START)


@pytest.mark.req("B-02")
def test_equal_anchors_give_equal_assessments(session: Session) -> None:
    one = begin_after_infusion(session)
    other = begin_after_infusion(session, site_code="SZ02", code="SZ02-001")

    def shape(given: Given) -> list[tuple[Any, ...]]:
        return [
            (it.family, it.occurrence, it.block, it.questionnaire_code, it.opens_at, it.late_until)
            for it in given.assessments(session)
        ]

    assert shape(one) == shape(other)


def test_a_label_needs_an_infusion_recorded_or_planned(session: Session) -> None:
    given = begin(session)

    given.submit(session, answered(), now=START)
    given.record(session, AnchorEvent.INF1_PLANNED, START + DAY, now=START)
    given.submit(session, answered(), now=START + timedelta(seconds=1))

    assert [one.day_label for one in given.responses(session)] == [None, "D-1"]


@pytest.mark.req("S-04")
def test_answering_and_correcting_at_once_neither_block_nor_lose(fresh_database: Database) -> None:
    """Both take the participant and her assessments; the wrong order would end in a deadlock."""
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        diaries = given.assessments(session)[:12]
    now = local(MARCH_1 + 12 * DAY, 10)

    def answer() -> None:
        for diary in diaries:
            with fresh_database.transaction() as session:
                given.submit(session, answered(diary), now=now)

    def report() -> None:
        for _ in diaries:
            with fresh_database.transaction() as session:
                given.submit(session, answered(), now=now)

    def correct() -> None:
        for n in range(8):
            with fresh_database.transaction() as session:
                given.record(
                    session, AnchorEvent.INF1, START + (n % 3 - 1) * DAY, now=now, reason=f"no. {n}"
                )

    at_once(answer, answer, report, correct, correct)

    with fresh_database.reading() as session:
        stored = given.responses(session)
        standing = [one.planned_on for one in given.assessments(session)]
    assert len(stored) == 3 * len(diaries)
    assert len(standing) == len(set(standing))
    assert_each_change_follows_from_the_one_before(story_of(fresh_database))
