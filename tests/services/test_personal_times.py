"""Travel and the diary slot: what is to come follows, what has opened stays."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from epro.errors import InvalidInput
from epro.models import Assessment
from epro.services import personal_times, planning
from questionnaires.schedule import AnchorEvent, DiarySlot
from tests.services.given import Given, local
from tests.services.line import INFUSED_ON, begin_line

DAY = timedelta(days=1)
D10 = INFUSED_ON + 9 * DAY


@pytest.fixture
def given(session: Session) -> Given:
    return begin_line(session).given


def move(session: Session, given: Given, zone: str, *, now: datetime) -> None:
    personal_times.move_to_zone(
        session, given.actor, given.participant, zone,
        reason=None, catalogue=given.catalogue, now=now,
    )  # fmt: skip


def choose(session: Session, given: Given, slot: DiarySlot, *, now: datetime) -> None:
    personal_times.choose_slot(
        session, given.actor, given.participant, slot,
        reason=None, catalogue=given.catalogue, now=now,
    )  # fmt: skip


def hours(rows: list[Assessment], zone: str) -> set[int]:
    return {one.opens_at.astimezone(ZoneInfo(zone)).hour for one in rows}


@pytest.mark.req("S-03")
@pytest.mark.parametrize("zone", ["Asia/Urumqi", "Europe/London", "America/New_York"])
def test_a_journey_moves_the_evenings_to_come_and_their_reminders_and_no_study_day(
    session: Session, given: Given, zone: str
) -> None:
    now = local(D10, 18)
    before = {one.planned_on: one.opens_at for one in given.assessments(session)}

    move(session, given, zone, now=now)

    after = {one.planned_on: one for one in given.assessments(session)}
    assert after.keys() == before.keys()  # New York is a day behind: D28 stays D28
    assert all(after[on].opens_at == at for on, at in before.items() if on <= D10)
    to_come = [one for on, one in after.items() if on > D10]
    assert hours(to_come, zone) == {17}
    assert {
        one.next_reminder_at.astimezone(ZoneInfo(zone)).hour
        for one in to_come if one.next_reminder_at
    } == {18}  # fmt: skip
    label = planning.day_label_on(
        planning.standing_anchors(session, given.participant.id), D10,
        zone=ZoneInfo(given.site.zone), package=given.catalogue.package(given.version.id),
    )  # fmt: skip
    assert label == "D10"


@pytest.mark.req("S-03")
def test_there_and_back_again_leaves_the_plan_as_it_was(session: Session, given: Given) -> None:
    before = {one.planned_on: one.opens_at for one in given.assessments(session)}

    move(session, given, "Europe/London", now=local(D10, 12))
    move(session, given, "Asia/Shanghai", now=local(D10, 13))

    assert {one.planned_on: one.opens_at for one in given.assessments(session)} == before


@pytest.mark.req("S-03")
def test_an_unknown_zone_is_refused(session: Session, given: Given) -> None:
    with pytest.raises(InvalidInput):
        move(session, given, "Asia/Shenzhen", now=local(D10, 12))


@pytest.mark.req("S-01")
@pytest.mark.parametrize("hour", [5, 12, 18])
def test_a_new_slot_holds_from_tomorrow_on_and_no_day_is_lost(
    session: Session, given: Given, hour: int
) -> None:
    before = {one.planned_on: one.opens_at for one in given.assessments(session)}

    choose(session, given, DiarySlot.MORNING, now=local(D10, hour))

    after = {one.planned_on: one for one in given.assessments(session)}
    assert after.keys() == before.keys()
    assert all(after[on].opens_at == at for on, at in before.items() if on <= D10)
    assert hours([one for on, one in after.items() if on > D10], "Asia/Shanghai") == {6}


@pytest.mark.req("S-01")
def test_a_slot_chosen_and_taken_back_the_same_day_never_held(
    session: Session, given: Given
) -> None:
    before = {one.planned_on: one.opens_at for one in given.assessments(session)}

    choose(session, given, DiarySlot.MORNING, now=local(D10, 12))
    choose(session, given, DiarySlot.EVENING, now=local(D10, 13))

    assert {one.planned_on: one.opens_at for one in given.assessments(session)} == before
    assert given.participant.diary_slot_from_on is None


@pytest.mark.req("S-01", "S-06")
def test_a_night_worker_keeps_her_mornings_after_a_second_visit(
    session: Session, given: Given
) -> None:
    choose(session, given, DiarySlot.MORNING, now=local(D10, 12))

    second_on = INFUSED_ON + 34 * DAY
    given.record(session, AnchorEvent.INF2, local(second_on, 10), now=local(second_on, 11))

    diaries = [one for one in given.assessments(session) if one.planned_on > D10]
    assert {one.planned_on for one in diaries} == {
        D10 + number * DAY for number in range(1, (second_on - D10).days + 28)
    }
    assert {one.block for one in diaries} == {"S5m", "S5um", "S5bm"}
    (evening,) = given.assessments(session, family="infusion_evening")
    assert (evening.planned_on, evening.opens_at) == (second_on, local(second_on, 14))
