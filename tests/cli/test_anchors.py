"""Anchors from a shell: shown before they are saved, recorded, corrected, taken back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from sqlalchemy import func, select

from epro.clock import wall_clock_now
from epro.db import Database
from epro.models import Anchor, Assessment, JournalEntry
from questionnaires.schedule import AnchorEvent
from tests.cli.test_commands import Give, give
from tests.factories import shipped_package
from tests.services.given import begin

__all__ = ["give"]

pytestmark = pytest.mark.req("S-04")

CODE = "SZ01-014"
SHANGHAI = ZoneInfo("Asia/Shanghai")
Ask = Callable[..., Result]
# A command runs at the wall's time: she was infused at 10:00 five days ago, and enrolled before.
INFUSED_ON = wall_clock_now().astimezone(SHANGHAI).date() - timedelta(days=5)
FIRST = f"{INFUSED_ON}T10:00"


def day(number: int) -> date:
    """Return the date of study day D1, D2, …"""
    return INFUSED_ON + timedelta(days=number - 1)


@pytest.fixture
def anchor(fresh_database: Database, give: Give) -> Ask:
    """Give a command about the anchors of the one participant there is."""
    enrolled_at = datetime.combine(day(-14), time(10), tzinfo=SHANGHAI)
    with fresh_database.transaction() as session:
        begin(session, package=shipped_package(), enrolled_at=enrolled_at, activated_at=enrolled_at)

    def ask(command: str, *arguments: str, code: str = CODE) -> Result:
        return give("participant", "anchor", command, code, *arguments)

    return ask


def counts(database: Database) -> list[int | None]:
    with database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Anchor, Assessment, JournalEntry)
        ]


def test_what_a_first_infusion_brings_is_shown_and_nothing_saved(
    fresh_database: Database, anchor: Ask
) -> None:
    before = counts(fresh_database)

    shown = anchor("preview", "INF1", FIRST)

    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"{CODE}  INF1  {day(1)} 10:00  (Asia/Shanghai)\n")
    past, to_come = (
        f"{day(number)} S5        17:00 - 24:00      Daily diary" for number in (2, 10)
    )
    assert f"{past}  (its time is over: not offered)\n" in shown.output
    assert f"{to_come}\n" in shown.output
    assert "goes: 0\n" in shown.output
    assert shown.output.endswith(f"  epro participant anchor record {CODE} INF1 {FIRST}\n")
    assert counts(fresh_database) == before


def test_a_corrected_infusion_says_what_comes_moves_and_goes_and_wants_a_reason(
    fresh_database: Database, anchor: Ask
) -> None:
    anchor("record", "INF1", FIRST)
    later = f"{day(2)}T02:00Z"  # with an offset of its own it is no local time

    shown = anchor("preview", "inf1", later)
    refused = anchor("record", "INF1", later)
    recorded = anchor("record", "INF1", later, "--reason", "typing error")
    again = anchor("record", "INF1", later)
    listed = anchor("list")

    said = f"{CODE}  INF1  {day(2)} 10:00, was {day(1)} 10:00  (Asia/Shanghai)\n"
    assert shown.output.startswith(said)
    assert '--reason "…"' in shown.output
    # The second weekly form moves by the day, and the uniform diary ends a day later.
    assert f"{day(15)} S6     -1 08:00 - +2 24:00   ->  {day(16)} S6" in shown.output
    assert f"{day(57)} S5u       17:00 - 24:00      Daily diary\n" in shown.output
    assert refused.exit_code == 1
    assert "reason" in refused.output.lower()
    assert recorded.exit_code == 0, recorded.output
    body = shown.output.split("Nothing is saved.", maxsplit=1)[0]
    assert recorded.output == f"{body}It is on record.\n"
    assert "nothing changed" in again.output
    assert listed.output.splitlines()[-1].endswith("typing error")
    assert listed.output.count("superseded") == 1
    with fresh_database.reading() as session:
        at = session.scalar(
            select(Anchor.occurred_at).where(
                Anchor.event == AnchorEvent.INF1, Anchor.superseded_at.is_(None)
            )
        )
        by = session.scalars(
            select(JournalEntry.body).where(JournalEntry.verb == "anchor.corrected")
        ).one()
    assert at == datetime.combine(day(2), time(2), tzinfo=UTC)
    assert "command line: " in by


def test_what_was_recorded_by_mistake_is_taken_back(fresh_database: Database, anchor: Ask) -> None:
    anchor("record", "INF1", FIRST)

    done = anchor("withdraw", "INF1", "--reason", "another participant's")
    again = anchor("withdraw", "INF1", "--reason", "another participant's")

    assert done.exit_code == 0, done.output
    # The practice form, which the infusion closed, is open again.
    assert done.output.startswith(f"INF1 of {CODE} is taken back: 0 come, 1 move, ")
    with fresh_database.reading() as session:
        left = session.scalars(select(Assessment).where(Assessment.cancelled_at.is_(None))).all()
    offered = [one for one in left if not one.not_offered]
    assert "S0" in {one.block for one in offered}
    # What has opened stays, whatever becomes of its anchor: she may be filling it in.
    assert all(one.block == "S0" or one.opens_at <= wall_clock_now() for one in offered)
    assert "INF1 is not recorded." in again.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("INF1", "yesterday"), "yesterday is no time, as 2026-03-01T10:00 is."),
        (("INF1", "2099-03-01T10:00"), "INF1 cannot lie"),
        (("INF2", FIRST), "INF2 needs INF1. Record the first infusion first."),
        (("INF3", FIRST), "'INF3' is not one of"),
        (("ENR", FIRST), "'ENR' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    anchor: Ask, arguments: tuple[str, str], said: str
) -> None:
    for command in ("preview", "record"):
        result = anchor(command, *arguments)

        assert result.exit_code != 0
        assert said in result.output
        assert "Traceback" not in result.output


def test_a_code_that_nobody_has_is_named(anchor: Ask) -> None:
    result = anchor("preview", "INF1", FIRST, code="SZ01-999")

    assert (result.exit_code, result.output) == (1, "Error: There is no participant SZ01-999.\n")
