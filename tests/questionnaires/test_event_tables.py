"""The table of events that arose under treatment, against one counted by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from questionnaires.event_tables import (
    GRADE_ROWS,
    CountedEvent,
    EventTable,
    RowName,
    infusion_days,
    is_treatment_emergent,
    summarise,
    without_small_counts,
)
from questionnaires.schedule import AnchorEvent

SHANGHAI = ZoneInfo("Asia/Shanghai")
INF1 = datetime(2026, 3, 1, 10, tzinfo=SHANGHAI)
INF2 = INF1 + timedelta(days=28)
ONE = {AnchorEvent.INF1: INF1}
TWO = ONE | {AnchorEvent.INF2: INF2}

pytestmark = pytest.mark.req("B-04")


# Twelve events of seven participants, counted by hand below.
BY_HAND: Sequence[CountedEvent] = [
    CountedEvent(participant=code, worst_grade=grade, is_serious=serious, is_related=related)
    for code, grade, serious, related in (
        ("SZ01-001", 1, False, True), ("SZ01-001", 2, False, True), ("SZ01-001", 1, False, False),
        ("SZ01-002", 1, False, False),
        ("SZ01-003", 3, True, True), ("SZ01-003", 1, False, True),
        ("SZ01-004", 2, True, False),
        ("SZ01-005", 5, True, False),
        ("SZ01-006", 2, False, True), ("SZ01-006", 2, False, True),
        ("SZ01-007", 1, False, False), ("SZ01-007", 4, True, True),
    )
]  # fmt: skip


def counts(table: EventTable) -> dict[str, tuple[int | None, int | None]]:
    return {row.name.value: (row.participant_count, row.event_count) for row in table.rows}


def test_the_table_is_the_one_counted_by_hand() -> None:
    table = summarise(BY_HAND, infused_count=20, undecided_count=3)

    assert (table.infused_count, table.undecided_count) == (20, 3)
    assert counts(table) == {
        "any": (7, 12),
        "grade_1": (1, 5),  # only 002 has nothing worse than 1; five events are of grade 1
        "grade_2": (3, 4),  # 001, 004, 006
        "grade_3": (1, 1),
        "grade_4": (1, 1),
        "grade_5": (1, 1),
        "serious": (4, 4),
        "related": (4, 7),  # 001 two, 003 two, 006 two, 007 one
        "serious_and_related": (2, 2),
    }


def test_nobody_and_nothing_is_all_zeros() -> None:
    table = summarise([], infused_count=0, undecided_count=0)

    assert set(counts(table).values()) == {(0, 0)}


def test_the_grades_add_up_to_the_first_row() -> None:
    rows = counts(summarise(BY_HAND, infused_count=20, undecided_count=0))

    grades = [rows[name] for name in GRADE_ROWS.values()]
    assert tuple(map(sum, zip(*grades, strict=True))) == rows["any"]


def test_small_counts_are_hidden_and_zeros_and_large_ones_are_not() -> None:
    many = [replace(BY_HAND[0], participant=f"SZ01-{n:03}", worst_grade=1) for n in range(9)]
    few = [replace(BY_HAND[0], participant=f"SZ02-{n:03}", worst_grade=3) for n in range(2)]
    none = [replace(BY_HAND[0], participant=f"SZ03-{n:03}", worst_grade=4) for n in range(3)]

    hidden = counts(
        without_small_counts(
            summarise([*many, *few, *none], infused_count=40, undecided_count=4), smallest_count=5
        )
    )

    assert hidden["any"] == (14, 14)
    assert hidden["grade_1"] == (9, 9)
    assert hidden["grade_2"] == (0, 0)
    assert hidden["grade_3"] == hidden["grade_4"] == (None, None)


def test_one_hidden_grade_alone_could_be_worked_out_so_another_goes_with_it() -> None:
    many = [replace(BY_HAND[0], participant=f"SZ01-{n:03}", worst_grade=1) for n in range(9)]
    some = [replace(BY_HAND[0], participant=f"SZ02-{n:03}", worst_grade=2) for n in range(6)]
    few = [replace(BY_HAND[0], participant=f"SZ03-{n:03}", worst_grade=3) for n in range(2)]

    hidden = counts(
        without_small_counts(
            summarise([*many, *some, *few], infused_count=40, undecided_count=0), smallest_count=5
        )
    )

    assert hidden["grade_3"] == hidden["grade_2"] == (None, None)
    assert hidden["grade_1"] == (9, 9)


def test_a_single_small_grade_hides_the_total_too() -> None:
    few = [replace(BY_HAND[0], participant=f"SZ03-{n:03}", worst_grade=3) for n in range(2)]

    hidden = without_small_counts(
        summarise(few, infused_count=40, undecided_count=2), smallest_count=5
    )

    assert hidden.undecided_count is None
    assert counts(hidden)["any"] == (None, None)


@pytest.mark.parametrize(
    ("on", "days"),
    [
        (date(2026, 2, 28), {"INF1": -1, "INF2": -29}),
        (date(2026, 3, 1), {"INF1": 1, "INF2": -28}),
        (date(2026, 3, 28), {"INF1": 28, "INF2": -1}),
        (date(2026, 3, 29), {"INF1": 29, "INF2": 1}),
    ],
)
def test_a_day_is_counted_from_each_infusion(on: date, days: dict[str, int]) -> None:
    assert infusion_days(TWO, on, zone=SHANGHAI, infusion_day_number=1) == days


@pytest.mark.parametrize(
    ("on", "number", "with_one", "with_two"),
    [
        (date(2026, 2, 28), 1, False, False),
        (date(2026, 3, 1), 1, True, True),
        (date(2026, 3, 28), 1, True, True),
        (date(2026, 3, 29), 1, False, True),
        (date(2026, 4, 25), 1, False, True),
        (date(2026, 4, 26), 1, False, False),
        (date(2026, 3, 29), 0, True, True),  # where the infusion day is D0, day 28 is a day later
        (date(2026, 3, 30), 0, False, True),
    ],
)
def test_day_28_is_by_its_label(on: date, number: int, *, with_one: bool, with_two: bool) -> None:
    found = [
        is_treatment_emergent(anchors, on, zone=SHANGHAI, infusion_day_number=number)
        for anchors in (ONE, TWO)
    ]

    assert found == [with_one, with_two]


def test_without_an_infusion_nothing_arose_under_treatment() -> None:
    assert not is_treatment_emergent({}, date(2026, 3, 2), zone=SHANGHAI, infusion_day_number=1)


def test_every_row_is_in_the_table_once() -> None:
    table = summarise(BY_HAND, infused_count=1, undecided_count=0)

    assert [row.name for row in table.rows] == list(RowName)
