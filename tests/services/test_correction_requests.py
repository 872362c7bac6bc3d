"""Once the window has closed, she and the investigator change an answer together; nobody else."""

import pytest
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import ReasonRequired
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    NotConfirmedYet,
    SecondPersonNeeded,
)
from epro.models import CorrectionSource, CorrectionState
from tests.factories import add_user, user_actor
from tests.services.corrected import CLOSED, answer, value_of
from tests.services.line import Line, begin_line


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


@pytest.mark.req("T-06")
def test_what_the_site_puts_down_needs_her_word_and_the_investigators(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, temp=39.2)
    asked = diary.put_down(session, line.coordinator, now=CLOSED, temp=37.1)
    with pytest.raises(NotConfirmedYet):
        diary.decide(session, asked)

    diary.hear(session, line.given.actor, asked, is_right=True)
    decided = diary.decide(session, asked)

    assert decided.state is CorrectionState.APPLIED
    assert value_of(diary.response(session).answers, "temp") == 37.1
    assert (asked.source, asked.said_words) == (CorrectionSource.CALL, "是三十七度二")
    assert asked.delay_s == 18 * 3600
    assert (asked.asked_by_id, asked.decided_by_id) == (line.coordinator.id, line.investigator.id)


@pytest.mark.req("T-06")
def test_her_word_may_come_in_a_call_that_says_who_when_and_which_words(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, temp=39.2)
    asked = diary.put_down(session, line.coordinator, now=CLOSED, temp=37.1)
    with pytest.raises(ReasonRequired):
        diary.hear(session, line.coordinator, asked, is_right=True)

    heard = diary.hear(
        session, line.coordinator, asked, is_right=True, call_at=CLOSED, call_words="对，是看错了"
    )

    assert heard.state is CorrectionState.AWAITING_DECISION
    assert (heard.call_by_id, heard.call_at, heard.call_words) == (
        line.coordinator.id, CLOSED, "对，是看错了",
    )  # fmt: skip


@pytest.mark.req("T-06")
def test_what_she_refuses_is_never_applied(session: Session, line: Line) -> None:
    diary = answer(session, line, temp=39.2)
    asked = diary.put_down(session, line.coordinator, now=CLOSED, temp=37.1)

    diary.hear(session, line.given.actor, asked, is_right=False)

    assert asked.state is CorrectionState.REFUSED
    with pytest.raises(NotConfirmedYet):
        diary.decide(session, asked)
    with pytest.raises(AlreadyDecided):
        diary.hear(session, line.coordinator, asked, is_right=True, call_at=CLOSED, call_words="x")


@pytest.mark.req("T-06")
def test_whoever_put_it_down_does_not_decide(session: Session, line: Line) -> None:
    both = user_actor(
        add_user(session, "does.all", roles=[Role.COORDINATOR, Role.INVESTIGATOR]).user
    )
    diary = answer(session, line, temp=39.2)
    asked = diary.put_down(session, both, now=CLOSED, temp=37.1)
    diary.hear(session, line.given.actor, asked, is_right=True)

    with pytest.raises(SecondPersonNeeded):
        diary.decide(session, asked, actor=both)


@pytest.mark.req("T-06")
def test_a_decision_needs_a_reason_and_stands(session: Session, line: Line) -> None:
    diary = answer(session, line, temp=39.2)
    asked = diary.correct(session, now=CLOSED, temp=37.1)
    with pytest.raises(ReasonRequired):
        diary.decide(session, asked, reason=" ")

    diary.decide(session, asked, is_approved=False)

    assert asked.state is CorrectionState.DECLINED
    assert value_of(diary.response(session).answers, "temp") == 39.2
    with pytest.raises(AlreadyDecided):
        diary.decide(session, asked)


@pytest.mark.req("T-06")
def test_a_request_is_outdated_when_the_answers_changed_meanwhile(
    session: Session, line: Line
) -> None:
    diary = answer(session, line, temp=39.2)
    earlier = diary.correct(session, now=CLOSED, temp=37.1)
    later = diary.correct(session, now=CLOSED, temp=37.4)
    diary.decide(session, later)

    with pytest.raises(CorrectionOutdated):
        diary.decide(session, earlier)
    diary.decide(session, earlier, is_approved=False)

    assert earlier.state is CorrectionState.DECLINED
    assert value_of(diary.response(session).answers, "temp") == 37.4
