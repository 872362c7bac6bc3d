"""A small chart shows each day once, at its worst, and leaves open what was not answered."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from epro.services import trends
from epro.web.console.answers import chart
from questionnaires.definition import Language
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line

pytestmark = pytest.mark.req("C-01", "T-04")


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def answer_on(session: Session, line: Line, day: int, *, pain: int) -> None:
    on = INFUSED_ON + timedelta(days=day)
    line.answer(session, line.diary_on(session, on), now=local(on, 20), pain=pain)


def values(session: Session, line: Line, day: int) -> dict[str, tuple[float | None, ...]]:
    found = trends.of_last_days(
        session, line.given.participant, catalogue=line.given.catalogue,
        until=local(INFUSED_ON + timedelta(days=day), 21),
    )  # fmt: skip
    return {one.link_id: one.values for one in found}


def test_seven_days_end_with_today_and_days_without_an_entry_stay_open(
    session: Session, line: Line
) -> None:
    for day, pain in ((2, 3), (3, 5), (6, 7)):
        answer_on(session, line, day, pain=pain)

    assert values(session, line, 6)["pain"] == (None, None, 3, 5, None, None, 7)


def test_a_picture_of_several_days_names_no_day_of_a_last_entry(
    session: Session, line: Line
) -> None:
    answer_on(session, line, 1, pain=2)

    found = trends.of_last_days(
        session, line.given.participant, catalogue=line.given.catalogue,
        until=local(INFUSED_ON + timedelta(days=1), 21),
    )  # fmt: skip

    titles = {one.link_id: one.title for one in found}
    assert titles["temp"].zh == "自上次填写以来，您量到的最高体温是多少？"
    assert titles["temp"].en.endswith("since your last entry?")


def test_what_is_older_than_a_week_has_left_the_picture(session: Session, line: Line) -> None:
    answer_on(session, line, 1, pain=9)

    assert "pain" not in values(session, line, 8)


def test_the_worst_of_a_day_stands_for_it(session: Session, line: Line) -> None:
    answer_on(session, line, 2, pain=8)
    on = INFUSED_ON + timedelta(days=2)
    line.answer(session, line.diary_on(session, on), now=local(on, 21), pain=2)

    assert values(session, line, 2)["pain"][-1] == 8


def test_a_diary_filled_in_next_morning_stands_under_its_own_day(
    session: Session, line: Line
) -> None:
    on = INFUSED_ON + timedelta(days=2)
    next_morning = local(on + timedelta(days=1), 9)

    line.answer(session, line.diary_on(session, on), now=next_morning, pain=6)

    assert values(session, line, 3)["pain"][-2:] == (6, None)


def test_gaps_are_not_joined(session: Session, line: Line) -> None:
    for day in (2, 3, 5, 6):
        answer_on(session, line, day, pain=5)
    (pain,) = (
        one
        for one in trends.of_last_days(
            session, line.given.participant, catalogue=line.given.catalogue,
            until=local(INFUSED_ON + timedelta(days=6), 21),
        )
        if one.link_id == "pain"
    )  # fmt: skip

    picture = chart(pain, Language.EN)

    assert (len(picture.lines), len(picture.dots), len(picture.gaps)) == (2, 4, 3)
    assert picture.label == "–, –, 5, 5, –, 5, 5"
