"""The clock of an emergency that joins a flag whose first event is settled."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.models import FlagState
from epro.services import awareness, reporting
from epro.services.assessing import NewAssessment
from epro.services.closing import Act
from epro.services.reporting import NewSending
from tests.services.following import EVENING, NO_EVENT, SERIOUS, Ward, begin_ward
from tests.services.serious import look, mail_leaves, warnings_of

pytestmark = pytest.mark.req("A-09")

HOUR = timedelta(hours=1)


@pytest.fixture
def ward(session: Session) -> Ward:
    return begin_ward(session)


def test_a_second_emergency_after_one_that_was_not_serious_runs_a_clock_of_its_own(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    mail_leaves(session, EVENING)
    awareness.state_earlier(
        session, ward.coordinator, ward.flag.id, at=EVENING - HOUR, reason="she had phoned",
        now=EVENING + HOUR,
    )  # fmt: skip
    ward.assess(session, NO_EVENT)
    look(session, ward, EVENING + HOUR)
    again = EVENING + timedelta(days=3)

    ward.line.answer(session, None, now=again, help_now=True)
    session.expire_all()
    look(session, ward, again)

    assert warnings_of(session) == []
    clock = ward.clock(session)
    assert (clock.delivered_at, clock.viewed_at, clock.aware_at) == (None, None, None)
    seen_at = again + timedelta(minutes=5)
    awareness.note_viewed(session, ward.coordinator, ward.flag.id, now=seen_at)
    awareness.refresh(session, ward.flag, now=seen_at)
    assert ward.clock(session).aware_at == seen_at
    look(session, ward, seen_at + 12 * HOUR)
    assert set(warnings_of(session)) == {"serious_due_sms", "serious_due_email"}


@pytest.mark.parametrize("assessed", [SERIOUS, None])
def test_a_second_emergency_after_the_report_of_the_first_runs_a_clock_of_its_own(
    session: Session, ward: Ward, assessed: NewAssessment | None
) -> None:
    ward.take(session, minutes=0)
    if assessed:
        ward.assess(session, assessed)
    ward.send(session)
    look(session, ward, EVENING + 3 * HOUR)
    again = EVENING + timedelta(days=3)

    ward.line.answer(session, None, now=again, help_now=True)
    session.expire_all()
    look(session, ward, again)

    assert warnings_of(session) == []
    seen_at = again + timedelta(minutes=5)
    ward.take(session, minutes=3 * 24 * 60 + 5)
    look(session, ward, seen_at + 12 * HOUR)
    clock = ward.clock(session)
    assert (clock.is_running, clock.aware_at) == (True, seen_at)
    assert set(warnings_of(session)) == {"serious_due_sms", "serious_due_email"}
    ward.send(session, now=seen_at + 13 * HOUR)
    assert not ward.clock(session).is_running
    assert len(ward.clock(session).sendings) == 2


def test_a_second_emergency_that_is_serious_closes_only_with_a_report_of_its_own(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    ward.assess(session, SERIOUS)
    ward.send(session)
    again = EVENING + timedelta(days=3)

    ward.line.answer(session, None, now=again, help_now=True)
    session.expire_all()
    ward.take(session, minutes=3 * 24 * 60 + 5)
    later_on = again + HOUR
    ward.assess(session, replace(SERIOUS, reason="admitted a second time"), now=later_on)

    assert ward.why_not(session, ward.physician, Act.CLOSE, now=later_on) == "sending_missing"
    ward.send(session, now=later_on)
    assert ward.why_not(session, ward.physician, Act.CLOSE, now=later_on) is None


def test_a_report_that_went_out_before_the_second_emergency_tells_nothing_of_it(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    ward.assess(session, SERIOUS)
    again = EVENING + 6 * HOUR
    ward.line.answer(session, None, now=again, help_now=True)
    session.expire_all()
    ward.take(session, minutes=6 * 60 + 5)

    written_down_at = EVENING + 8 * HOUR
    sent(session, ward, at=EVENING + 2 * HOUR, now=written_down_at)

    look(session, ward, written_down_at)
    clock = ward.clock(session)
    assert (clock.is_running, clock.aware_at) == (True, again + timedelta(minutes=5))
    sent(session, ward, at=EVENING + 3 * HOUR, now=written_down_at)
    assert ward.clock(session).is_running
    sent(session, ward, at=EVENING + 7 * HOUR, now=written_down_at)
    assert not ward.clock(session).is_running


@pytest.mark.parametrize("assessed", [NO_EVENT, SERIOUS])
def test_what_may_be_serious_and_joins_after_its_flag_was_settled_runs_a_clock(
    session: Session, assessed: NewAssessment
) -> None:
    ward = begin_ward(session, effect="help")
    ward.take(session, minutes=0)
    ward.assess(session, assessed)
    if assessed is SERIOUS:
        ward.send(session)
    again = EVENING + timedelta(days=3)

    ward.line.answer(session, None, now=again, effect="help")
    session.expire_all()

    assert ward.flag.state is FlagState.RAISED
    ward.take(session, minutes=3 * 24 * 60 + 5)
    look(session, ward, again + 13 * HOUR)
    assert ward.clock(session).is_running
    assert set(warnings_of(session)) == {"serious_due_sms", "serious_due_email"}


def sent(session: Session, ward: Ward, *, at: datetime, now: datetime) -> None:
    sending = NewSending(sent_at=at, sent_by="Li Min", sent_to="sponsor", proof="fax 1")
    reporting.record_sending(session, ward.coordinator, ward.flag.id, sending, now=now)
