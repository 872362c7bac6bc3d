"""Two lists of adverse events, and what they do not agree on."""

from datetime import date
from typing import Any

import pytest

from questionnaires.reconciling import (
    COLUMNS,
    Difference,
    DifferenceKind,
    ListedEvent,
    UnreadableList,
    compare,
    read_list,
)

HEADER = ",".join(COLUMNS)
pytestmark = pytest.mark.req("E-04", "E-05")


def listed(term: str = "headache", **changed: Any) -> ListedEvent:
    values: dict[str, Any] = {
        "participant": "SZ01-014", "number": 1, "term": term, "onset_on": date(2026, 3, 5),
        "ended_on": None, "grade": 1, "serious": False,
    }  # fmt: skip
    return ListedEvent(**(values | changed))


def kinds(found: tuple[Difference, ...]) -> list[DifferenceKind]:
    return [one.kind for one in found]


def fields(found: tuple[Difference, ...]) -> dict[str, tuple[str, str]]:
    return {one.field: (one.here, one.there) for each in found for one in each.fields}


def test_equal_lists_have_no_differences() -> None:
    assert compare([listed()], [listed(line=2)]) == ()


def test_the_same_event_without_a_number_is_found_by_its_term_and_nearest_onset() -> None:
    early, late = listed(), listed(number=2, onset_on=date(2026, 3, 20))
    theirs = [
        listed("  HEADACHE ", number=None, onset_on=date(2026, 3, 19)),
        listed("Headache", number=None, onset_on=date(2026, 3, 5)),
    ]

    found = compare([early, late], theirs)

    assert fields(found) == {"onset_on": ("2026-03-20", "2026-03-19")}


def test_onset_end_grade_and_seriousness_are_compared() -> None:
    theirs = listed(
        onset_on=date(2026, 3, 6), ended_on=date(2026, 3, 9), grade=3, serious=True, line=2
    )

    found = compare([listed()], [theirs])

    assert kinds(found) == [DifferenceKind.DIFFERS]
    assert fields(found) == {
        "onset_on": ("2026-03-05", "2026-03-06"), "ended_on": ("", "2026-03-09"),
        "grade": ("1", "3"), "serious": ("no", "yes"),
    }  # fmt: skip


def test_what_only_one_list_has_is_missing_in_the_other() -> None:
    found = compare([listed("cough", number=3)], [listed("rash", number=None)])

    assert sorted(kinds(found)) == [DifferenceKind.MISSING_HERE, DifferenceKind.MISSING_THERE]


def test_the_same_event_twice_there_is_missing_here_once() -> None:
    found = compare([listed()], [listed(), listed()])

    assert kinds(found) == [DifferenceKind.MISSING_HERE]


def test_an_event_of_somebody_else_is_another_event() -> None:
    found = compare([listed()], [listed(participant="SZ01-015")])

    assert [(one.participant, one.kind) for one in found] == [
        ("SZ01-014", DifferenceKind.MISSING_THERE), ("SZ01-015", DifferenceKind.MISSING_HERE),
    ]  # fmt: skip


def test_a_list_is_read_in_any_order_of_columns_with_blank_lines_and_a_mark() -> None:
    text = (
        "\ufeffserious,grade,term,participant,onset_on,ended_on,number,site\n"
        'No,2,"rash, itching",SZ01-014,2026-03-05,,,SZ01\n\n'
        "YES,3,fever,SZ01-015,2026-03-06,2026-03-07,4,SZ01\n"
    )

    first, second = read_list(text)

    assert (first.term, first.number, first.ended_on, first.line) == (
        "rash, itching",
        None,
        None,
        2,
    )
    assert (second.serious, second.number, second.line) == (True, 4, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: participant is no column"),
        ("a,b\n1,2\n", "line 1: participant is no column"),
        (f"{HEADER}\nSZ01-014,,x,05.03.2026,,1,no\n", "line 2: onset_on is no date"),
        (f"{HEADER}\nSZ01-014,,x,2026-02-30,,1,no\n", "line 2: onset_on is no date"),
        (f"{HEADER}\n\nSZ01-014,,x,2026-03-05,,6,no\n", "line 3: grade is not 1 to 5"),
        (f"{HEADER}\nSZ01-014,,x,2026-03-05,,1,maybe\n", "line 2: serious is neither"),
        (f"{HEADER}\nSZ01-014,-1,x,2026-03-05,,1,no\n", "line 2: number is no number"),
        (f"{HEADER}\nSZ01-014\n", "line 2: term is empty"),
        (f'{HEADER}\n"SZ01', "is not CSV"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, said: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read_list(text)

    assert said in str(refused.value)


def test_every_fault_of_a_list_is_named_not_only_the_first() -> None:
    with pytest.raises(UnreadableList) as refused:
        read_list(f"{HEADER}\n,,x,2026-03-05,,1,no\nSZ01-014,,x,2026-03-05,,9,no\n")

    assert [one.line for one in refused.value.faults] == [2, 3]
