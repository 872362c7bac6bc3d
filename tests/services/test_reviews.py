"""What a review covers: what the reviewer was shown, and nothing that was on its way meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from epro.models import Visit
from epro.services import reviews
from epro.services.paging import Wanted
from tests.services.following import EVENING
from tests.services.line import Line, begin_line

pytestmark = pytest.mark.req("C-06")

MINUTE = timedelta(minutes=1)


def mark(session: Session, line: Line, *, after: timedelta) -> None:
    shown = reviews.list_page(session, line.investigator, Wanted(), only_waiting=False)
    (state,) = shown.paged.lines
    reviews.mark(
        session, line.investigator, line.given.participant.code, Visit.UNSCHEDULED,
        seen_up_to=state.newest_at, now=EVENING + after,
    )  # fmt: skip


def unreviewed(session: Session, line: Line) -> tuple[int, int]:
    shown = reviews.list_page(session, line.investigator, Wanted(), only_waiting=False)
    return shown.waiting, shown.paged.lines[0].unreviewed_days


@pytest.mark.parametrize("had_answered", [True, False])
def test_an_answer_that_waited_for_the_mark_to_be_set_is_not_reviewed(
    session: Session,
    had_answered: bool,
) -> None:
    line = begin_line(session)
    if had_answered:
        line.answer(session, None, now=EVENING)
    mark(session, line, after=10 * MINUTE)
    assert unreviewed(session, line) == (0, 0)

    # It had come in before the mark was set; where rows are locked it is stored after it.
    line.answer(session, None, now=EVENING + 9 * MINUTE)

    assert unreviewed(session, line) == (1, 1)
    mark(session, line, after=20 * MINUTE)
    assert unreviewed(session, line) == (0, 0)
