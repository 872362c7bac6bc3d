"""Anchors are recorded with their real times, corrected with a reason, and never edited."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import AnchorNotPossible, ReasonRequired
from epro.models import Anchor, JournalEntry
from epro.services import anchors
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.services.given import ENROLLED_AT, Given, begin, begin_after_infusion, local, story_of
from tests.services.together import at_once

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ENR, PLANNED, INF1, INF2, END = (
    AnchorEvent.ENR,
    AnchorEvent.INF1_PLANNED,
    AnchorEvent.INF1,
    AnchorEvent.INF2,
    AnchorEvent.END,
)


def standing(session: Session, event: AnchorEvent) -> Anchor:
    return session.scalars(
        select(Anchor).where(Anchor.event == event, Anchor.superseded_at.is_(None))
    ).one()


@pytest.mark.req("S-01", "S-03")
def test_an_anchor_keeps_its_instant_and_the_zone_of_the_site(session: Session) -> None:
    given = begin(session, zone="Europe/London")
    in_london = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)

    given.record(session, INF1, in_london, now=START)

    session.expire_all()
    anchor = standing(session, INF1)
    assert (anchor.occurred_at, anchor.recorded_at) == (in_london, START)
    assert (anchor.zone, anchor.utc_offset_minutes) == ("Asia/Shanghai", 480)
    assert (anchor.version, anchor.reason) == (1, None)


@pytest.mark.req("T-01")
def test_an_anchor_is_on_record_with_the_local_time_it_happened(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin(session)
        given.record(session, INF1, START - 30 * MINUTE, now=START)

    entry = next(e for e in story_of(fresh_database) if e["entity_id"] == "SZ01-014:INF1")
    assert entry["verb"] == "anchor.recorded"
    assert entry["occurred_at"] == "2026-03-01T09:30:00+08:00"
    assert entry["recorded_at"] == START.isoformat()
    assert (entry["version"], entry["before"]) == (1, {})
    assert (entry["actor"]["name"], entry["actor"]["role"]) == ("li", "coordinator")


@pytest.mark.req("S-04", "T-01")
def test_a_correction_supersedes_and_leaves_the_old_time_readable(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        given.record(session, INF1, START - DAY, now=START + DAY, reason="typing error")

    with fresh_database.reading() as session:
        first, second = [a for a in anchors.history(session, given.participant) if a.event is INF1]
    assert (first.occurred_at, first.version, first.superseded_at) == (START, 1, START + DAY)
    assert (second.occurred_at, second.version, second.superseded_at) == (START - DAY, 2, None)
    assert second.reason == "typing error"
    entry = next(e for e in story_of(fresh_database) if e["verb"] == "anchor.corrected")
    assert entry["before"] == {"occurred_at": "2026-03-01T10:00:00+08:00"}
    assert entry["after"]["occurred_at"] == "2026-02-28T10:00:00+08:00"
    assert (entry["version"], entry["reason"]) == (2, "typing error")


@pytest.mark.req("S-04")
@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_a_correction_without_a_reason_is_refused(session: Session, reason: str | None) -> None:
    given = begin_after_infusion(session)

    with pytest.raises(ReasonRequired):
        given.record(session, INF1, START - DAY, now=START, reason=reason)

    assert standing(session, INF1).occurred_at == START


def test_the_same_time_again_changes_nothing(session: Session) -> None:
    given = begin_after_infusion(session)
    entries = len(session.scalars(select(JournalEntry)).all())

    elsewhere = START.astimezone(timezone(timedelta(hours=8)))
    recorded = given.record(session, INF1, elsewhere, now=START + DAY)

    assert recorded.changes.is_empty
    assert recorded.anchor.version == 1
    assert len(session.scalars(select(JournalEntry)).all()) == entries


@pytest.mark.parametrize("event", [INF1, INF2])
def test_what_has_not_happened_is_not_recorded(session: Session, event: AnchorEvent) -> None:
    given = begin_after_infusion(session, at=START - 30 * DAY, enrolled_at=START - 40 * DAY)

    with pytest.raises(AnchorNotPossible, match="future"):
        given.record(session, event, START + 5 * MINUTE + MINUTE / 60, now=START, reason="test")


def test_a_ward_clock_a_little_ahead_is_borne(session: Session) -> None:
    given = begin(session)

    given.record(session, INF1, START + 5 * MINUTE, now=START)

    assert standing(session, INF1).occurred_at == START + 5 * MINUTE


@pytest.mark.parametrize("event", [PLANNED, INF1])
def test_nothing_comes_before_enrolment(session: Session, event: AnchorEvent) -> None:
    given = begin(session)

    with pytest.raises(AnchorNotPossible, match="cannot lie before ENR"):
        given.record(session, event, ENROLLED_AT - DAY, now=START)


def test_an_hour_before_enrolment_on_the_same_day_is_a_rounded_hour(session: Session) -> None:
    given = begin(session)

    given.record(session, INF1, ENROLLED_AT - timedelta(hours=1), now=START)

    assert standing(session, INF1).occurred_at == ENROLLED_AT - timedelta(hours=1)


def test_infusions_and_end_come_in_their_order(session: Session) -> None:
    given = begin_after_infusion(session)

    with pytest.raises(AnchorNotPossible, match="INF2 cannot lie before INF1"):
        given.record(session, INF2, START - DAY, now=START)
    with pytest.raises(AnchorNotPossible, match="END cannot lie before INF1"):
        given.record(session, END, START - DAY, now=START)


def test_enrolment_is_not_corrected_past_what_followed_it(session: Session) -> None:
    given = begin_after_infusion(session)

    with pytest.raises(AnchorNotPossible, match="INF1 cannot lie before ENR"):
        given.record(session, ENR, START + DAY, now=START + DAY, reason="test")


def test_after_the_infusion_none_is_planned(session: Session) -> None:
    given = begin_after_infusion(session)

    with pytest.raises(AnchorNotPossible, match="no longer be planned"):
        given.record(session, PLANNED, START + DAY, now=START)


@pytest.mark.parametrize(
    "occurred_at",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime(1926, 3, 1, tzinfo=UTC),
        datetime(2126, 3, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    ],
)
def test_a_date_from_another_age_is_refused_in_words(
    session: Session, occurred_at: datetime
) -> None:
    given = begin(session)

    with pytest.raises(AnchorNotPossible):
        given.record(session, PLANNED, occurred_at, now=START)


def test_a_refused_anchor_leaves_nothing(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin(session)
    before = story_of(fresh_database)

    def refuse() -> None:
        with fresh_database.transaction() as session:
            given.record(session, INF1, START + DAY, now=START)

    with pytest.raises(AnchorNotPossible):
        refuse()

    assert story_of(fresh_database) == before


def test_two_who_record_the_same_infusion_at_once_record_it_once(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin(session)

    def record() -> int:
        with fresh_database.transaction() as session:
            return given.record(session, INF1, START, now=START).anchor.version

    assert at_once(*[record] * 4) == [1, 1, 1, 1]

    with fresh_database.reading() as session:
        on = [one.planned_on for one in given.assessments(session)]
        assert standing(session, INF1).occurred_at == START
    assert len(on) == len(set(on)) == 28


@pytest.mark.req("S-04")
def test_two_who_correct_at_once_take_turns(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)

    def correct(days: int) -> int:
        with fresh_database.transaction() as session:
            at = START + days * DAY
            return given.record(
                session, INF1, at, now=START + 3 * DAY, reason="file"
            ).anchor.version

    versions = at_once(lambda: correct(1), lambda: correct(2), lambda: correct(-1))

    assert sorted(versions) == [2, 3, 4]
    assert_only_one_stands(fresh_database, given)


def assert_only_one_stands(database: Database, given: Given) -> None:
    with database.reading() as session:
        infusion_on = standing(session, INF1).occurred_at.astimezone(local_zone()).date()
        on = [one.planned_on for one in given.assessments(session)]
    assert on.count(infusion_on) == 1
    assert set(on) >= {infusion_on + n * DAY for n in range(28)}


def local_zone() -> timezone:
    return timezone(timedelta(hours=8))


@pytest.mark.req("S-02", "T-01")
def test_the_day_of_an_infusion_is_that_of_the_site_wherever_she_is(session: Session) -> None:
    given = begin(session, zone="Asia/Kathmandu")

    given.record(session, INF1, local(date(2026, 2, 28), 23, 59), now=START)

    assert given.assessments(session)[0].planned_on == date(2026, 3, 1)  # S3 would be too short
    assert given.diary_on(session, date(2026, 3, 1)).block == "S5"
    entries = select(JournalEntry.body).where(JournalEntry.verb == "anchor.recorded")
    told = [json.loads(body)["after"] for body in session.scalars(entries)]
    # Whoever counts days from the feed takes the date as it stands there.
    (infusion,) = [one for one in told if one["event"] == "INF1"]
    assert infusion["occurred_at"].startswith("2026-02-28T23:59:00+08:00")
    assert infusion["zone"] == "Asia/Shanghai"
