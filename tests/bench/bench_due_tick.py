"""Does finding what is due take longer the more assessments are stored? On PostgreSQL."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, insert, text

from epro.clock import wall_clock_now
from epro.db import Database
from epro.migrate import upgrade
from epro.models import Assessment, Participant
from epro.services import reminders
from epro.services.studies import Studies
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.windows import instant_of
from tests.bench.section import Ratio, Section
from tests.factories import add_site, add_study_version, shipped_package
from tests.postgres import running_postgres

DUE = 100
SIZES = (10_000, 1_000_000)
ROUNDS = 20
PEOPLE = 1_000
ZONE = ZoneInfo("Asia/Shanghai")


def measure() -> Section:
    """Fill a database twice, and let the same tick find the same few assessments in each."""
    with running_postgres() as server:
        times = [_tick_in(server.create_database(f"due_{size}"), size) for size in SIZES]
    (idle_few, few), (idle_many, many) = times
    return Section(
        title="Finding what is due",
        how=(
            f"One tick of reminders that finds {DUE} assessments due, decides on each and writes "
            f"its message (the best of {ROUNDS}, rolled back each time), and one that finds none; "
            "among ten thousand stored assessments and among a million, on PostgreSQL."
        ),
        columns=("stored", f"tick with {DUE} due", "tick with none due"),
        rows=[
            (f"{size:,}", f"{tick * 1000:.0f} ms", f"{idle * 1000:.1f} ms")
            for size, (idle, tick) in zip(SIZES, times, strict=True)
        ],
        finding=(
            f"Ratio of a million to ten thousand: {many / few:.2f} with {DUE} due, "
            f"{idle_many / idle_few:.2f} with none. Work grows with what is due, not with what is "
            "stored."
        ),
        ratios={
            "a million to ten thousand with 100 due": Ratio(many / few, 15),
            "with none due": Ratio(idle_many / idle_few, 30),
        },
    )


def _tick_in(url: str, size: int) -> tuple[float, float]:
    """Return how long a tick takes in seconds that finds nothing, and one that finds DUE."""
    upgrade(url)
    database, studies, now = Database(url), Studies(), wall_clock_now()
    _fill(database, size, now)

    def tick(at: datetime, *, expected: int) -> float:
        with database._writers() as session:
            catalogue = studies.catalogue(session)
            began = time.perf_counter()
            handled = reminders.remind(session, catalogue=catalogue, now=at)
            took = time.perf_counter() - began
            session.rollback()
        assert handled == expected, handled
        return took

    evening = _evening(now)
    idle = [tick(evening - timedelta(minutes=1), expected=0) for _ in range(ROUNDS * 4)]
    busy = [tick(evening, expected=DUE) for _ in range(ROUNDS)]
    database.engine.dispose()
    # The best, because whatever else the machine does only ever adds.
    return min(idle), min(busy)


def _evening(now: datetime) -> datetime:
    """Return six o'clock tomorrow, when the first reminder of the evening's diary is due."""
    return instant_of(now.date() + timedelta(days=1), 18 * 60, ZONE)


def _fill(database: Database, size: int, now: datetime) -> None:
    """Store PEOPLE with equally many assessments; DUE of them are reminded of tomorrow evening.

    Of all others half are over, with nothing to do any more, and half are due in years.
    """
    with database.transaction() as session:
        site = add_site(session)
        version = add_study_version(session, site)
        people = [_participant(number, site.id, now) for number in range(PEOPLE)]
        session.execute(insert(Participant), people)
        session.execute(
            insert(Assessment),
            [
                _assessment(one["id"], version.id, now, is_due=number < DUE)
                for number, one in enumerate(people)
            ],
        )
        session.execute(_copies(), {"count": size // PEOPLE - 1})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        # Or what was just stored is still being written to the disk while the ticks are timed.
        connection.execute(text("CHECKPOINT"))


def _copies() -> TextClause:
    """Say how to store each assessment so many times more, due much later or never."""
    other = {
        "id": "gen_random_uuid()",
        "occurrence": "occurrence || '-' || number",
        "next_reminder_at": "CASE WHEN number % 2 = 0 THEN next_reminder_at "
        "+ make_interval(days => 1000 + number) END",
        "next_look_at": "NULL",
    }
    columns = [column.key for column in Assessment.__table__.columns]
    values = ", ".join(other.get(name, name) for name in columns)
    return text(
        f"INSERT INTO assessment ({', '.join(columns)}) "  # noqa: S608  names of our own columns
        f"SELECT {values} FROM assessment, generate_series(1, :count) AS number"
    )


def _participant(number: int, site_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(), "code": f"SZ01-{number:03d}", "site_id": site_id, "language": Language.ZH,
        "zone": ZONE.key, "thermometer_route": ThermometerRoute.AXILLARY, "enrolled_at": now,
        "activated_at": now,
    }  # fmt: skip


def _assessment(
    participant_id: UUID, version_id: int, now: datetime, *, is_due: bool
) -> dict[str, Any]:
    on = now.date() + timedelta(days=1)
    block = next(one for one in shipped_package().schedule.blocks if one.code == "S1")
    questionnaire = shipped_package().questionnaire(block.questionnaire)
    assert questionnaire
    opens_at, six, due_at, closes_at = (
        instant_of(on, hour * 60, ZONE) for hour in (17, 18, 21, 24)
    )
    return {
        "id": uuid4(), "participant_id": participant_id, "study_version_id": version_id,
        "family": "daily", "occurrence": on.isoformat(), "block": block.code,
        "questionnaire_code": questionnaire.code, "questionnaire_version": questionnaire.version,
        "planned_on": on, "opens_at": opens_at, "due_at": due_at, "closes_at": closes_at,
        "late_until": closes_at, "planned_at": now,
        "next_reminder_at": six if is_due else six + timedelta(days=900),
    }  # fmt: skip
