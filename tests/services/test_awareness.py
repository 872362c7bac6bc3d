"""Since when the site has known of a possible serious event, and what is left of the 24 hours."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import (
    InvalidInput,
    NotFound,
    ReasonRequired,
)
from epro.errors_of_flags import AwarenessNotPossible
from epro.models import AwarenessKind, ContactOutcome, SafetyFlag, WorkItem, WorkKind
from epro.services import awareness, reporting
from epro.services.closing import Act
from epro.services.reporting import NewSending
from notifications.messages import DeliveryReceipt
from tests.factories import proof_of, user_actor
from tests.services.following import (
    EVENING,
    KEYRING,
    NO_EVENT,
    SERIOUS,
    Ward,
    begin_ward,
    user_named,
)
from tests.services.line import messages_of
from tests.services.serious import look, mail_leaves, warnings_of

pytestmark = pytest.mark.req("A-09")

HOUR = timedelta(hours=1)


@pytest.fixture
def ward(session: Session) -> Ward:
    return begin_ward(session)


def test_nobody_knows_until_something_reached_a_person(session: Session, ward: Ward) -> None:
    assert look(session, ward, EVENING) == 0

    assert ward.clock(session).aware_at is None
    assert not ward.clock(session).is_running


def test_a_mail_that_its_server_took_makes_the_site_aware(session: Session, ward: Ward) -> None:
    look(session, ward, EVENING)
    mail_leaves(session, EVENING + timedelta(seconds=3))

    assert look(session, ward, EVENING + timedelta(seconds=9)) == 0
    assert look(session, ward, EVENING + timedelta(seconds=10)) == 1

    clock = ward.clock(session)
    assert clock.delivered_at == clock.aware_at == EVENING + timedelta(seconds=3)
    assert clock.due_at == EVENING + timedelta(hours=24, seconds=3)


def test_a_text_counts_from_when_the_network_says_that_it_arrived(
    session: Session, ward: Ward
) -> None:
    text = next(one for one in messages_of(session, "safety") if one.channel == "sms")
    for status, seconds in (("sent", 2), ("delivered", 7)):
        session.add(
            DeliveryReceipt(message_id=text.id, provider_id="SM1", status=status, error_code="",
                            received_at=EVENING + timedelta(seconds=seconds))
        )  # fmt: skip
    session.flush()

    look(session, ward, EVENING + timedelta(seconds=20))

    assert ward.clock(session).aware_at == EVENING + timedelta(seconds=7)


def test_what_the_sponsor_was_told_makes_no_site_aware(session: Session, ward: Ward) -> None:
    mail_leaves(session, EVENING)
    for one in messages_of(session, "safety"):
        one.recipient_ref = "sponsor:" + one.recipient_ref.partition(":")[2]
    session.flush()

    look(session, ward, EVENING + HOUR)

    assert ward.clock(session).aware_at is None


def test_the_first_look_of_the_site_counts_and_a_later_one_does_not(
    session: Session, ward: Ward
) -> None:
    first = awareness.note_viewed(session, ward.coordinator, ward.flag.id, now=EVENING + HOUR)
    second = awareness.note_viewed(session, ward.physician, ward.flag.id, now=EVENING + 2 * HOUR)

    assert (first, second) == (True, False)
    assert ward.clock(session).viewed_at == ward.clock(session).aware_at == EVENING + HOUR


def test_a_monitor_s_look_makes_no_site_aware(session: Session, ward: Ward) -> None:
    monitor = user_actor(user_named(session, "sun.li", Role.MONITOR))

    assert not awareness.is_first_view(monitor, ward.flag)
    with pytest.raises(NotFound):
        awareness.note_viewed(session, monitor, ward.flag.id, now=EVENING)


def test_whoever_takes_a_flag_has_seen_it_and_that_stays_when_it_is_urgent_again(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=5)
    ward.line.answer(session, None, now=EVENING + HOUR, help_now=True)
    session.expire_all()

    look(session, ward, EVENING + 2 * HOUR)

    assert ward.clock(session).acknowledged_at is None
    assert ward.clock(session).aware_at == EVENING + timedelta(minutes=5)


def test_speaking_with_her_earlier_moves_the_clock_and_a_vain_call_does_not(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=19)
    ward.call(session, outcome=ContactOutcome.NOT_REACHED, contacted_at=EVENING - HOUR)
    before = ward.clock(session).aware_at

    ward.call(session, contacted_at=EVENING - timedelta(minutes=10))

    assert before == EVENING + timedelta(minutes=19)
    clock = ward.clock(session)
    assert clock.aware_at == EVENING - timedelta(minutes=10)
    assert [one.kind for one in clock.statements] == [AwarenessKind.TELEPHONE]


def test_anybody_of_the_site_states_an_earlier_time_with_its_reason(
    session: Session, ward: Ward
) -> None:
    ward.take(session)

    earlier(session, ward, EVENING - HOUR)

    assert ward.clock(session).aware_at == EVENING - HOUR
    with pytest.raises(AwarenessNotPossible):
        earlier(session, ward, EVENING)
    with pytest.raises(ReasonRequired):
        earlier(session, ward, EVENING - 2 * HOUR, reason=" ")


def test_a_later_time_takes_the_root_s_signature_and_both_stay_visible(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    earlier(session, ward, EVENING - HOUR)

    later(session, ward, EVENING)

    clock = ward.clock(session)
    assert clock.aware_at == EVENING
    assert [(one.kind, one.aware_at) for one in clock.statements] == [
        (AwarenessKind.EARLIER, EVENING - HOUR), (AwarenessKind.LATER, EVENING),
    ]  # fmt: skip
    assert clock.statements[1].before_at == EVENING - HOUR
    assert [one.is_broken for one in clock.statements[1].signatures] == [False]


def test_a_later_time_is_not_for_a_delegated_physician(session: Session, ward: Ward) -> None:
    ward.take(session)

    with pytest.raises(NotFound):
        awareness.state_later(
            session, ward.physician, ward.flag.id, at=EVENING + HOUR, reason="no",
            proof=proof_of(ward.doctor, EVENING), keyring=KEYRING, now=EVENING + 2 * HOUR,
        )  # fmt: skip


def test_after_a_later_time_an_earlier_one_counts_again(session: Session, ward: Ward) -> None:
    ward.take(session)
    later(session, ward, EVENING + HOUR)

    earlier(session, ward, EVENING - HOUR, now=EVENING + 3 * HOUR)

    assert ward.clock(session).aware_at == EVENING - HOUR


def test_the_site_is_warned_after_12_20_and_24_hours_by_message_and_work_list(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    look(session, ward, EVENING)
    marks = (11.99, 12, 13, 20, 23.99, 24, 40)
    counts = [look(session, ward, EVENING + timedelta(hours=hours)) for hours in marks]

    assert counts == [0, 1, 0, 1, 0, 1, 0]
    assert set(warnings_of(session)) == {
        "serious_due_sms", "serious_due_email", "serious_overdue_sms", "serious_overdue_email",
    }  # fmt: skip
    lines = session.scalars(select(WorkItem).where(WorkItem.kind == WorkKind.SAE_DUE)).all()
    assert sorted(line.about.rpartition(":")[2] for line in lines) == ["12h", "20h", "24h"]


@pytest.mark.parametrize("what", ["not_serious", "sent"])
def test_the_work_list_asks_for_no_report_that_was_sent_or_is_not_due(
    session: Session, ward: Ward, what: str
) -> None:
    ward.take(session, minutes=0)
    look(session, ward, EVENING + timedelta(hours=13))
    settled_at = EVENING + timedelta(hours=14)

    if what == "sent":
        ward.send(session, now=settled_at)
    else:
        ward.assess(session, NO_EVENT, now=settled_at)

    lines = session.scalars(select(WorkItem).where(WorkItem.kind == WorkKind.SAE_DUE)).all()
    assert [line.done_at for line in lines] == [settled_at]


def test_after_an_outage_only_the_latest_warning_is_given(session: Session, ward: Ward) -> None:
    ward.take(session, minutes=0)

    look(session, ward, EVENING + timedelta(hours=25))

    assert {one.rpartition("_")[0] for one in warnings_of(session)} == {"serious_overdue"}


def test_after_a_later_time_the_marks_that_lie_ahead_again_are_warned_of(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    look(session, ward, EVENING + timedelta(hours=24))
    told = len(warnings_of(session))

    later(session, ward, EVENING + timedelta(hours=10), now=EVENING + timedelta(hours=25))
    marks = (25, 29.99, 30, 34)
    counts = [look(session, ward, EVENING + timedelta(hours=hours)) for hours in marks]

    assert counts == [0, 0, 1, 1]
    assert len(warnings_of(session)) == 2 * told + told


@pytest.mark.parametrize("what", ["not_serious", "sent"])
def test_the_clock_stops_when_it_is_not_serious_or_was_sent(
    session: Session, ward: Ward, what: str
) -> None:
    ward.take(session, minutes=0)
    if what == "sent":
        ward.send(session)
    else:
        ward.assess(session, NO_EVENT)

    look(session, ward, EVENING + timedelta(hours=30))

    assert not ward.clock(session).is_running
    assert warnings_of(session) == []


def test_what_turns_out_serious_after_closing_runs_the_clock_until_it_is_sent(
    session: Session, ward: Ward
) -> None:
    ward.take(session, minutes=0)
    ward.assess(session, NO_EVENT)
    ward.close(session)
    look(session, ward, EVENING + timedelta(hours=4))

    found = EVENING + timedelta(hours=5)
    ward.assess(session, replace(SERIOUS, reason="the ward's letter came"), now=found)

    assert ward.clock(session).is_running
    look(session, ward, EVENING + timedelta(hours=12))
    assert set(warnings_of(session)) == {"serious_due_sms", "serious_due_email"}
    assert ward.why_not(session, ward.physician, Act.SIGN_AGAIN, now=found) == "sending_missing"
    ward.send(session, now=EVENING + timedelta(hours=13))
    assert not ward.clock(session).is_running
    assert ward.why_not(session, ward.physician, Act.SIGN_AGAIN, now=found) is None


def test_what_was_not_possibly_serious_runs_no_clock(session: Session) -> None:
    ward = begin_ward(session)
    ward.flag.possible_serious = False
    ward.take(session, minutes=0)

    look(session, ward, EVENING + timedelta(hours=30))

    assert ward.clock(session).due_at is None
    assert warnings_of(session) == []


def test_the_sponsor_s_days_count_from_the_sending_as_information(
    session: Session, ward: Ward
) -> None:
    ward.take(session)
    ward.send(session, now=EVENING + HOUR)

    clock = ward.clock(session)
    assert clock.sponsor_due_at == EVENING + HOUR + timedelta(days=15)
    assert [(one.sent_by, one.proof) for one in clock.sendings] == [("Wang Fang", "fax 17")]


@pytest.mark.parametrize("hours", [-2, 2])
def test_nothing_is_sent_before_it_was_known_or_in_the_future(
    session: Session, ward: Ward, hours: int
) -> None:
    ward.take(session, minutes=0)
    sending = NewSending(
        sent_at=EVENING + hours * HOUR, sent_by="Li Min", sent_to="sponsor", proof="fax 1"
    )

    with pytest.raises(InvalidInput):
        reporting.record_sending(
            session, ward.coordinator, ward.flag.id, sending, now=EVENING + HOUR
        )


def earlier(
    session: Session, ward: Ward, at: datetime, *, reason: str = "she had phoned",
    now: datetime = EVENING + HOUR,
) -> SafetyFlag:  # fmt: skip
    return awareness.state_earlier(
        session, ward.coordinator, ward.flag.id, at=at, reason=reason, now=now
    )


def later(
    session: Session, ward: Ward, at: datetime, *, now: datetime = EVENING + 2 * HOUR
) -> SafetyFlag:
    return awareness.state_later(
        session, ward.principal, ward.flag.id, at=at, reason="that call was about another matter",
        proof=proof_of(ward.root, now), keyring=KEYRING, now=now,
    )  # fmt: skip
