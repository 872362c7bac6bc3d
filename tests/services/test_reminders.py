"""Reminders: one message for what is due, only while it is due, each step once."""

import json
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    Consent,
    JournalEntry,
    LifeCycle,
    OptOutSource,
    Reminder,
    ReminderChannel,
    WorkItem,
    WorkKind,
)
from epro.services import identity, life_cycle, opting_out, preferences, reminders
from notifications.messages import ChannelName, MessageState
from questionnaires.definition import ConsentKind
from questionnaires.schedule import AnchorEvent
from tests.factories import SYSTEM, make_keyring
from tests.services.given import local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, begin_line, messages_of

D6 = INFUSED_ON + timedelta(days=5)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def remind(session: Session, line: Line, now: datetime) -> int:
    return reminders.remind(session, catalogue=line.given.catalogue, now=now)


def settle(session: Session, line: Line, until: datetime) -> None:
    """Let everything before an instant be decided, as the ticks of the days before did."""
    while remind(session, line, until):
        continue


def queued_on(session: Session, on: date) -> list[str]:
    return [
        message.template
        for message in messages_of(session, "reminder")
        if message.created_at.astimezone(INFUSED_AT.tzinfo).date() == on
    ]


@pytest.mark.req("N-02", "N-03")
def test_a_due_reminder_is_queued_at_its_minute_and_once(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 17, 59))
    before = len(messages_of(session, "reminder"))

    assert remind(session, line, local(D6, 18)) == 1
    assert remind(session, line, local(D6, 18, 1)) == 0

    assert len(messages_of(session, "reminder")) == before + 1


@pytest.mark.req("N-03")
def test_what_is_answered_is_not_reminded_of(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 17, 30))
    line.answer(session, line.diary_on(session, D6), now=local(D6, 17, 40))

    assert remind(session, line, local(D6, 18)) == 0

    assert queued_on(session, D6) == []


@pytest.mark.req("N-02")
@pytest.mark.parametrize(("hour", "ends"), [(18, (20, 0)), (21, (21, 30))])
def test_what_could_not_leave_before_the_quiet_hours_is_not_wanted_in_them(
    session: Session, line: Line, hour: int, ends: tuple[int, int]
) -> None:
    settle(session, line, local(D6, hour))

    (*_, last) = messages_of(session, "reminder")
    assert (last.created_at, last.not_after) == (local(D6, hour), local(D6, *ends))


@pytest.mark.req("N-03")
def test_answering_stops_a_reminder_that_has_not_left(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))
    line.answer(session, line.diary_on(session, D6), now=local(D6, 18, 5))

    (*_, last) = messages_of(session, "reminder")
    assert last.state is MessageState.CANCELLED


@pytest.mark.req("N-02")
def test_after_two_days_down_there_is_one_message_and_the_rest_is_on_record(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 12))
    before = len(messages_of(session, "reminder"))

    settle(session, line, local(D6 + timedelta(days=2), 18, 30))

    assert len(messages_of(session, "reminder")) == before + 1
    reasons = set(session.scalars(select(Reminder.skipped_reason)))
    assert reasons & {"closed", "overtaken", "too_late"}


@pytest.mark.req("S-04", "N-03")
def test_moving_the_infusion_moves_the_reminders_of_what_has_not_opened(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 12))

    line.given.record(
        session, AnchorEvent.INF1, INFUSED_AT - timedelta(days=2), now=local(D6, 12),
        reason="typing error",
    )  # fmt: skip

    # The last of the uniform diaries goes with its reminders.
    last = line.given.assessments(session)[-1]
    assert last.next_reminder_at is not None
    assert last.planned_on == INFUSED_ON + timedelta(days=53)


@pytest.mark.req("P-01", "N-01")
def test_a_reminder_knows_its_recipient_by_reference_only(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))

    (*_, message) = messages_of(session, "reminder")
    assert message.recipient_ref == f"participant:{line.given.participant.id}"
    assert message.params == {}


# --- her own time and way ------------------------------------------------------------------------


def choose(session: Session, line: Line, now: datetime, **wishes: object) -> None:
    preferences.change(session, line.given.actor, wishes, catalogue=line.given.catalogue, now=now)


def give_mailbox(session: Session, line: Line, *, with_consent: bool = True) -> None:
    """Let the site know her number and mailbox; she agrees to text messages, and here to mail."""
    keyring = make_keyring()
    identity.seal(
        session, SYSTEM, line.given.participant, phone="+8613800138014", email="she@example.org",
        year_of_birth=1988, keyring=keyring, now=INFUSED_AT,
    )  # fmt: skip
    kinds = [ConsentKind.SMS_PROCESSOR, *([ConsentKind.EMAIL_PROCESSOR] if with_consent else [])]
    session.add_all(
        Consent(
            participant_id=line.given.participant.id, kind=kind, document_version="1",
            given_at=INFUSED_AT, explained_by="Dr Li", paper_location="folder 1",
        )
        for kind in kinds
    )  # fmt: skip
    session.flush()


@pytest.mark.req("N-02")
def test_her_own_time_moves_the_first_reminder_and_leaves_the_last(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 12))
    choose(session, line, local(D6, 12), reminder_time="19:20")

    assert remind(session, line, local(D6, 18)) == 0
    assert remind(session, line, local(D6, 19, 19)) == 0
    assert remind(session, line, local(D6, 19, 20)) == 1
    assert remind(session, line, local(D6, 21)) == 1
    assert queued_on(session, D6) == ["diary_open", "diary_last"]


@pytest.mark.req("N-02")
def test_a_time_that_has_just_passed_reminds_at_once_and_not_again(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 18))
    choose(session, line, local(D6, 18, 10), reminder_time="18:05")

    assert remind(session, line, local(D6, 18, 11)) == 0

    choose(session, line, local(D6 + timedelta(days=1), 17), reminder_time="20:00")
    settle(session, line, local(D6 + timedelta(days=1), 19))
    assert queued_on(session, D6 + timedelta(days=1)) == []


@pytest.mark.req("N-02")
def test_without_a_time_of_her_own_the_study_sets_it_again(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 12))
    choose(session, line, local(D6, 12), reminder_time="19:20")
    choose(session, line, local(D6, 12, 5), reminder_time=None)

    assert remind(session, line, local(D6, 18)) == 1


@pytest.mark.req("N-01", "N-05")
def test_whoever_wants_no_reminders_is_called_instead(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))
    choose(session, line, local(D6, 18, 5), reminder_channel=ReminderChannel.NONE)
    (*_, waiting) = messages_of(session, "reminder")

    settle(session, line, local(D6, 21))

    assert (waiting.state, waiting.cancel_reason) == (MessageState.CANCELLED, "opted_out")
    assert len(queued_on(session, D6)) == 1
    (item,) = session.scalars(select(WorkItem)).all()
    assert (item.kind, item.participant_id) == (WorkKind.NOT_REACHED, line.given.participant.id)
    rows = session.scalars(select(Reminder).where(Reminder.due_at >= local(D6, 18))).all()
    assert {(row.step, row.skipped_reason, row.not_sent_reason) for row in rows} == {
        ("first", None, "opted_out"),
        ("last", "opted_out", None),
    }


@pytest.mark.req("N-05")
def test_she_is_reminded_by_the_way_she_chose(session: Session, line: Line) -> None:
    give_mailbox(session, line)
    settle(session, line, local(D6, 12))
    choose(session, line, local(D6, 12), reminder_channel=ReminderChannel.EMAIL)

    remind(session, line, local(D6, 18))

    (*_, message) = messages_of(session, "reminder")
    assert (message.channel, message.template) == (ChannelName.EMAIL, "diary_open_email")


@pytest.mark.req("N-05", "X-01")
def test_a_number_that_opted_out_is_passed_over_for_her_mailbox(
    session: Session, line: Line
) -> None:
    give_mailbox(session, line)
    settle(session, line, local(D6, 12))
    lookup = opting_out.lookup_of("+8613800138014", keyring=make_keyring())
    opting_out.stop(session, lookup, source=OptOutSource.REPLY, now=local(D6, 12))

    remind(session, line, local(D6, 18))

    (*_, message) = messages_of(session, "reminder")
    assert message.channel is ChannelName.EMAIL


# --- on record -----------------------------------------------------------------------------------


@pytest.mark.req("N-06", "T-01")
def test_each_step_is_on_record_with_when_it_was_due_and_in_which_words(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 18, 3))

    row = session.scalars(select(Reminder).order_by(Reminder.due_at.desc()).limit(1)).one()
    entry = session.scalars(select(JournalEntry).where(JournalEntry.entity_id == str(row.id))).one()
    after = json.loads(entry.body)["after"]
    assert (entry.verb, entry.participant_code) == ("reminder.queued", "SZ01-014")
    assert after["due_at"] == local(D6, 18).isoformat()
    assert (after["template"], after["template_version"]) == ("diary_open", "1")
    assert (after["channel"], after["sent_at"], after["skipped_reason"]) == ("sms", None, None)


@pytest.mark.req("N-06", "N-03")
def test_a_reminder_stopped_by_her_answer_says_so(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))
    line.answer(session, line.diary_on(session, D6), now=local(D6, 18, 5))

    row = session.scalars(select(Reminder).order_by(Reminder.due_at.desc()).limit(1)).one()
    entries = session.scalars(
        select(JournalEntry).where(JournalEntry.entity_id == str(row.id)).order_by(JournalEntry.id)
    ).all()
    assert row.not_sent_reason == "answered"
    assert [entry.verb for entry in entries] == ["reminder.queued", "reminder.not_sent"]


@pytest.mark.req("P-09", "S-10", "N-03")
@pytest.mark.parametrize(
    "to",
    [
        LifeCycle.PAUSED,
        LifeCycle.WITHDRAWN_FROM_DIARY,
        LifeCycle.WITHDRAWN_FROM_ALL,
        LifeCycle.LOST,
    ],
)
def test_whoever_pauses_or_leaves_is_reminded_no_more_and_nothing_queued_leaves(
    session: Session, line: Line, to: LifeCycle
) -> None:
    settle(session, line, local(D6, 18))
    (*_, waiting) = messages_of(session, "reminder")
    life_cycle.change(
        session, line.coordinator, line.given.participant, to, occurred_at=local(D6, 18, 5),
        reason="in hospital", catalogue=line.given.catalogue, now=local(D6, 18, 5),
    )  # fmt: skip

    settle(session, line, local(D6 + timedelta(days=3), 22))

    # Who leaves loses the diary that it reminds of; who pauses keeps it.
    reason = to.value if to is LifeCycle.PAUSED else "cancelled"
    assert (waiting.state, waiting.cancel_reason) == (MessageState.CANCELLED, reason)
    assert len(queued_on(session, D6)) == 1
    assert messages_of(session, "reminder")[-1].id == waiting.id
    row = session.scalars(select(Reminder).where(Reminder.message_id == waiting.id)).one()
    assert row.not_sent_reason == reason


@pytest.mark.req("N-02", "N-06")
def test_steps_that_share_a_message_are_on_record_with_the_words_that_were_sent(
    session: Session, line: Line
) -> None:
    d8 = INFUSED_ON + timedelta(days=7)
    settle(session, line, local(d8, 18))

    (*_, message) = messages_of(session, "reminder")
    rows = session.scalars(select(Reminder).where(Reminder.message_id == message.id)).all()
    assert len(rows) == 2
    assert {row.template for row in rows} == {message.template}
