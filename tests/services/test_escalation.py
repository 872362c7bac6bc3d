"""Nobody takes a flag: more people are told, by the clock alone, until somebody does."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from epro.access import Role
from epro.models import Incident, SafetyFlag, User, WorkItem, WorkKind
from epro.services import escalation, flags
from notifications.messages import MessageState
from tests.factories import add_principal_investigator, add_user
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line, flags_of, messages_of

FRIDAY_NIGHT = local(INFUSED_ON + timedelta(days=5), 21, 30)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


@pytest.fixture
def flag(session: Session, line: Line) -> SafetyFlag:
    line.answer(session, None, now=FRIDAY_NIGHT, help_now=True)
    return flags_of(session)[0]


def climb(session: Session, line: Line, minutes: int) -> int:
    now = FRIDAY_NIGHT + timedelta(minutes=minutes)
    return escalation.climb(session, catalogue=line.given.catalogue, now=now)


@pytest.mark.req("A-07")
def test_after_half_an_hour_a_second_person_is_told(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    deputy = add_user(session, "chen.lu", roles=[Role.INVESTIGATOR]).user

    assert climb(session, line, 29) == 0
    assert climb(session, line, 30) == 1

    told = {message.recipient_ref for message in messages_of(session, "safety")}
    assert f"user:{deputy.id}" in told


@pytest.mark.req("A-07", "C-05")
def test_without_a_roster_the_only_physician_is_told_at_once_though_she_leads_the_site(
    session: Session, line: Line
) -> None:
    root = add_principal_investigator(session, line.given.site)
    physician = session.get_one(User, line.investigator.id)
    physician.deactivated_at = FRIDAY_NIGHT
    session.flush()

    line.answer(session, None, now=FRIDAY_NIGHT, help_now=True)

    told = {message.recipient_ref for message in messages_of(session, "safety")}
    assert told == {f"user:{line.coordinator.id}", f"user:{root.id}"}


@pytest.mark.req("A-07")
def test_a_rung_is_climbed_once_however_often_the_clock_ticks(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    climb(session, line, 31)
    told = len(messages_of(session, "safety"))

    assert climb(session, line, 32) == 0
    assert len(messages_of(session, "safety")) == told


@pytest.mark.req("A-07")
def test_after_an_outage_every_rung_that_was_missed_is_climbed(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    climb(session, line, 61)

    session.expire_all()
    assert flag.rung_count == 3
    assert flag.next_rung_at == FRIDAY_NIGHT + timedelta(minutes=120)


@pytest.mark.req("A-07")
def test_acknowledging_stops_the_ladder_and_what_has_not_left(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    flags.acknowledge(session, line.coordinator, flag.id, now=FRIDAY_NIGHT + timedelta(minutes=5))

    assert climb(session, line, 600) == 0
    states = {message.state for message in messages_of(session, "safety")}
    assert states == {MessageState.CANCELLED}


@pytest.mark.req("A-07", "C-01")
def test_nobody_is_asked_to_phone_about_a_flag_that_somebody_has_taken(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    climb(session, line, 60)
    (call,) = session.query(WorkItem).filter_by(kind=WorkKind.CALL_PRINCIPAL_INVESTIGATOR)
    assert call.done_at is None

    taken_at = FRIDAY_NIGHT + timedelta(minutes=70)
    flags.acknowledge(session, line.coordinator, flag.id, now=taken_at)

    session.refresh(call)
    assert call.done_at == taken_at


@pytest.mark.req("A-07", "A-14")
def test_a_rung_with_nobody_to_tell_is_an_incident_and_tells_the_site_again(
    session: Session, line: Line, flag: SafetyFlag
) -> None:
    add_principal_investigator(session, line.given.site)
    climb(session, line, 119)
    told = len(messages_of(session, "safety"))

    climb(session, line, 120)

    assert [incident.kind for incident in session.query(Incident)] == ["nobody_to_tell"]
    again = messages_of(session, "safety")[told:]
    assert {message.template for message in again} == {"escalation_sms", "escalation_email"}
    assert len({message.recipient_ref for message in again}) == 3
