"""Compliance counted by the database, as every hour for the record: equal to what is shown."""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import JournalEntry
from epro.services import compliance, compliance_record
from epro.services.compliance import Wanted
from questionnaires.compliance import Compliance, Counted
from questionnaires.compliance import compliance as count_of
from questionnaires.schedule import AnchorEvent
from tests.factories import shipped_package
from tests.services.given import Given, begin, local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.req("C-02", "E-02")


@pytest.fixture
def given(session: Session) -> Given:
    given = begin(session, package=shipped_package())
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    return given


def shown(session: Session, given: Given, *, now: datetime) -> dict[tuple[str, str], Compliance]:
    """Return the numbers as people see them, worked out from each assessment alone."""
    groups: defaultdict[tuple[str, str], list[Counted]] = defaultdict(list)
    for one in compliance.count(session, given.coordinator, Wanted(), catalogue=given.catalogue):
        groups[one.participant, one.block].append(one)
    return {key: count_of(of_group, now=now) for key, of_group in groups.items()}


def on_record(session: Session, entity_id: str) -> dict[str, Any]:
    """Return the numbers that stand last on record."""
    bodies = session.scalars(
        select(JournalEntry.body)
        .where(JournalEntry.entity_id == entity_id, JournalEntry.entity_type == "compliance")
        .order_by(JournalEntry.id)
    ).all()
    numbers: dict[str, Any] = json.loads(bodies[-1])["after"]
    return numbers


def test_every_way_in_which_an_assessment_can_stand_counts_as_it_is_shown(
    session: Session, given: Given
) -> None:
    """Answered before and after a pause, late, not offered, cancelled: all of it together."""
    person = Line(given=given, coordinator=given.coordinator, investigator=given.coordinator)
    late = person.diary_on(session, INFUSED_ON + timedelta(days=1))
    person.answer(session, late, now=late.closes_at + HOUR)
    rows = [one for one in given.assessments(session, family="daily") if one.block == "S5"][1:]
    ways = list(product((None, -HOUR, HOUR), (False, True), (False, True), (False, True)))
    assert len(rows) >= len(ways)
    for row, (answered, is_paused, is_not_offered, is_cancelled) in zip(rows, ways, strict=False):
        paused_at = row.opens_at + HOUR
        row.suspended_at = paused_at if is_paused else None
        row.completed_at = paused_at + answered if answered else None
        row.not_offered = is_not_offered
        row.cancelled_at = row.opens_at if is_cancelled else None
    session.flush()

    for day in (3, 15, 60):
        now = local(INFUSED_ON + timedelta(days=day), 13)
        counted = compliance.count_by_block(session, catalogue=given.catalogue, now=now)

        assert counted == shown(session, given, now=now)
    diary = counted[given.participant.code, "S5"]
    assert (diary.late, diary.not_offered, diary.suspended) == (1, 6, 2)
    assert diary.on_time == 3


def test_what_came_after_somebody_looked_is_counted_and_nothing_is_written_twice(
    session: Session, given: Given
) -> None:
    person = Line(given=given, coordinator=given.coordinator, investigator=given.coordinator)
    diary = person.diary_on(session, INFUSED_ON + timedelta(days=1))
    code, now = given.participant.code, diary.late_until - HOUR

    codes = compliance_record.changed(session, catalogue=given.catalogue, now=now)
    person.answer(session, diary, now=now)
    kept = [
        compliance_record.keep(session, codes, catalogue=given.catalogue, now=now) for _ in range(2)
    ]

    assert codes == [code]
    assert (kept[0] > 0, kept[1]) == (True, 0)
    assert compliance_record.changed(session, catalogue=given.catalogue, now=now) == []
    assert compliance_record.keep(session, [], catalogue=given.catalogue, now=now + 90 * DAY) == 0
    assert on_record(session, f"{code}:S5")["completed"] == 1
