"""The 24 weeks of one participant, day by day, as people reviewed them."""

from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from questionnaires.definition import Language
from questionnaires.schedule import AnchorEvent, Anchors, DiarySlot, SlotChoice
from questionnaires.study_calendar import local_time, study_calendar, to_text
from tests.questionnaires.forms import shipped

SHANGHAI = ZoneInfo("Asia/Shanghai")
REVIEWED = Path(__file__).parent / "calendars"
FIRST = datetime(2026, 3, 1, 10, tzinfo=SHANGHAI)


def anchors(*, second_after_days: int | None) -> Anchors:
    made = {
        AnchorEvent.ENR: FIRST - timedelta(days=14),
        AnchorEvent.INF1_PLANNED: FIRST,
        AnchorEvent.INF1: FIRST,
    }
    if second_after_days is not None:
        made[AnchorEvent.INF2] = FIRST + timedelta(days=second_after_days)
    return made


@pytest.mark.req("S-01", "S-06", "N-02")
@pytest.mark.parametrize(
    ("name", "slot"),
    [("second_on_day_29", DiarySlot.EVENING), ("second_on_day_29_mornings", DiarySlot.MORNING)],
)
def test_the_24_weeks_are_as_they_were_reviewed(name: str, slot: DiarySlot) -> None:
    """A change of the schedule shows here as a diff: review it, then keep the new text."""
    made = study_calendar(
        shipped(), anchors(second_after_days=28), zone=SHANGHAI, slots=SlotChoice(slot)
    )

    text = to_text(made, language=Language.EN)

    reviewed = (REVIEWED / f"{name}.txt").read_text()
    assert text == reviewed, "".join(
        unified_diff(
            reviewed.splitlines(keepends=True), text.splitlines(keepends=True), "reviewed", "now"
        )
    )


@pytest.mark.req("S-06")
def test_the_days_after_a_second_visit_are_called_like_all_others() -> None:
    names = {
        made.title(one, Language.EN)
        for made in (study_calendar(shipped(), anchors(second_after_days=28), zone=SHANGHAI),)
        for day in made.days
        for one in day.entries
        if one.questionnaire == "daily" and one.block != "S1"
    }

    assert names == {"Daily diary"}


@pytest.mark.req("S-09")
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-03-01T17:00", "17:00"),
        ("2026-03-02T00:00", "24:00"),
        ("2026-03-02T12:00", "+1 12:00"),
        ("2026-03-04T00:00", "+2 24:00"),
        ("2026-02-26T00:00", "-3 00:00"),
    ],
)
def test_a_time_is_told_from_its_day(at: str, said: str) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)

    assert local_time(instant, FIRST.date(), SHANGHAI) == said


@pytest.mark.req("P-10")
def test_it_is_printed_in_both_languages_with_every_line_in_its_columns() -> None:
    made = study_calendar(shipped(), anchors(second_after_days=None), zone=SHANGHAI)

    zh, en = (to_text(made, language=language).splitlines() for language in Language)

    assert len(zh) == len(en)
    assert any("每日日记" in line for line in zh)
    assert not any("日记" in line for line in en)
