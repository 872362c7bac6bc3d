"""A failed message is sent again by a person: once, while it is wanted, by its own rules."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from epro.access import Actor, Permission, Role
from epro.db import Database
from epro.errors import DomainError, NotFound, ReasonRequired
from epro.errors_of_record import NoLongerWanted, NothingToSendAgain, NotToBeRemindedNow
from epro.models import (
    Assessment,
    Consent,
    LifeCycle,
    Participant,
    Reminder,
    ReminderChannel,
    SafetyFlag,
    User,
)
from epro.services import message_log, reminder_ways, sending_again
from epro.services.message_log import Outcome
from notifications.channels import Refused
from notifications.messages import ChannelName, MessageState, OutboxMessage
from questionnaires.definition import ConsentKind
from tests.clock import FrozenClock
from tests.factories import add_site, add_user, user_actor
from tests.line import Line
from tests.services.together import at_once

PERMANENT = Refused("21211")


class Desk(Line):
    """The line, and its coordinator who looks at what failed; the participant agreed to texts."""

    def __init__(self, database: Database, clock: FrozenClock, wall: FrozenClock) -> None:
        super().__init__(database, clock, wall)
        with database.transaction() as session:
            self.coordinator = user_actor(session.get_one(User, self.coordinator_id))
            session.add(
                Consent(
                    participant_id=self.participant_id, kind=ConsentKind.SMS_PROCESSOR,
                    document_version="1", given_at=clock(), explained_by="Dr Li",
                    paper_location="folder 1",
                )
            )  # fmt: skip

    def send_again(
        self, message_id: UUID, *, reason: str = "another number", actor: Actor | None = None
    ) -> UUID:
        with self.database.transaction() as session:
            new = sending_again.send_again(
                session, actor or self.coordinator, message_id, reason=reason,
                catalogue=self.catalogue, now=self.clock(),
            )  # fmt: skip
            return new.id

    def lose_reminder(self, diary: Assessment) -> UUID:
        """Queue a reminder that no provider takes."""
        self.sms.next_outcomes.append(PERMANENT)
        message_id = self.remind_of(diary)
        self.dispatcher.run()
        return message_id

    def lose_alert(self) -> tuple[UUID, UUID]:
        """Raise a flag whose text message is lost; return both."""
        self.sms.next_outcomes.append(PERMANENT)
        flag_id, (message_id,) = self.alert(ChannelName.SMS)
        self.dispatcher.run()
        return flag_id, message_id

    def diary_for(self, hours: int) -> Assessment:
        end = self.clock() + timedelta(hours=hours)
        return self.add_diary(due_at=self.clock(), closes_at=end, late_until=end)

    def message(self, message_id: UUID) -> OutboxMessage:
        with self.database.reading() as session:
            return session.get_one(OutboxMessage, message_id)

    def change(
        self, kind: type[Participant | Assessment | SafetyFlag], id_: UUID, **to: object
    ) -> None:
        with self.database.transaction() as session:
            row = session.get_one(kind, id_)
            for name, value in to.items():
                setattr(row, name, value)


@pytest.fixture
def desk(fresh_database: Database, clock: FrozenClock) -> Desk:
    return Desk(fresh_database, clock, FrozenClock())


@pytest.mark.req("N-03", "N-05")
def test_a_reminder_goes_out_once_more_with_its_steps_and_an_end(desk: Desk) -> None:
    failed = desk.lose_reminder(desk.diary_for(hours=3))

    again = desk.send_again(failed)
    desk.dispatcher.run()

    assert len(desk.sms.taken) == 1
    assert desk.message(again).not_after == desk.clock() + reminder_ways.LIFE
    assert desk.message(failed).repeated_by == again
    (step,) = desk.rows(Reminder)
    assert (step.message_id, step.sent_at, step.not_sent_reason) == (again, desk.clock(), None)


@pytest.mark.req("N-05")
def test_what_was_sent_again_no_longer_stands_among_the_failed(desk: Desk) -> None:
    failed = desk.lose_reminder(desk.diary_for(hours=3))
    desk.send_again(failed)

    with desk.database.reading() as session:
        line = message_log.line_of(
            session, desk.coordinator, desk.message(failed), Permission.READ_MESSAGE
        )

    assert line
    assert (line.outcome, line.may_be_sent_again) == (Outcome.REPEATED, False)


@pytest.mark.req("N-03")
def test_who_presses_twice_sends_once(desk: Desk) -> None:
    failed = desk.lose_reminder(desk.diary_for(hours=3))

    def press() -> bool:
        try:
            desk.send_again(failed)
        except NothingToSendAgain:
            return False
        return True

    assert sorted(at_once(press, press)) == [False, True]
    assert [one.state for one in desk.rows(OutboxMessage)].count(MessageState.QUEUED) == 1


def _answer(desk: Desk, diary: Assessment) -> None:
    desk.change(Assessment, diary.id, completed_at=desk.clock())


def _let_it_close(desk: Desk, _diary: Assessment) -> None:
    desk.wait(hours=4)


def _leave(desk: Desk, _diary: Assessment) -> None:
    desk.change(Participant, desk.participant_id, life_cycle=LifeCycle.WITHDRAWN_FROM_DIARY)


def _use_up_the_day(desk: Desk, diary: Assessment) -> None:
    for _ in range(2):
        desk.remind_of(diary)
    desk.dispatcher.run()


def _want_none(desk: Desk, _diary: Assessment) -> None:
    desk.change(Participant, desk.participant_id, reminder_channel=ReminderChannel.NONE)


@pytest.mark.req("N-03", "N-04")
@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        (_answer, NoLongerWanted), (_let_it_close, NoLongerWanted), (_leave, NoLongerWanted),
        (_use_up_the_day, NotToBeRemindedNow), (_want_none, NotToBeRemindedNow),
    ],
)  # fmt: skip
def test_a_reminder_that_the_rules_would_not_send_is_not_sent_by_hand(
    desk: Desk, meanwhile: Callable[[Desk, Assessment], None], refusal: type[DomainError]
) -> None:
    diary = desk.diary_for(hours=3)
    failed = desk.lose_reminder(diary)
    meanwhile(desk, diary)
    count = len(desk.rows(OutboxMessage))

    with pytest.raises(refusal):
        desk.send_again(failed)

    assert len(desk.rows(OutboxMessage)) == count
    assert desk.message(failed).repeated_by is None


@pytest.mark.req("N-03", "N-04")
def test_nobody_is_woken_by_hand(desk: Desk) -> None:
    failed = desk.lose_reminder(desk.diary_for(hours=30))
    desk.wait(hours=17)  # 10:00 in Shenzhen has become 03:00

    with pytest.raises(NotToBeRemindedNow) as refused:
        desk.send_again(failed)

    assert refused.value.details == {"reason": "quiet_hours"}


@pytest.mark.req("N-04")
def test_what_was_sent_by_hand_counts_in_the_budget_of_the_day(desk: Desk) -> None:
    diary = desk.diary_for(hours=3)
    failed = [desk.lose_reminder(diary) for _ in range(3)]
    for one in failed[:2]:
        desk.send_again(one)

    with pytest.raises(NotToBeRemindedNow) as refused:
        desk.send_again(failed[2])

    assert refused.value.details["reason"] in {"budget", "same_text"}


@pytest.mark.req("N-03")
def test_a_form_that_is_answered_before_it_leaves_stops_it_like_any_other(desk: Desk) -> None:
    diary = desk.diary_for(hours=3)
    again = desk.send_again(desk.lose_reminder(diary))
    _answer(desk, diary)

    desk.dispatcher.run()

    assert desk.state_of(again) is MessageState.CANCELLED
    assert desk.sms.taken == []


@pytest.mark.req("A-06")
def test_an_alert_goes_out_once_more_while_nobody_has_taken_its_flag(desk: Desk) -> None:
    flag_id, failed = desk.lose_alert()
    desk.wait(minutes=1)

    again = desk.send_again(failed)
    desk.dispatcher.run()

    assert desk.state_of(again) is MessageState.SENT
    assert desk.message(again).about == f"flag:{flag_id}"
    assert [one.resolved_at for one in desk.incidents] == [desk.clock()]


@pytest.mark.req("A-06", "A-07")
@pytest.mark.parametrize("is_handed", [False, True])
def test_an_alert_whose_flag_somebody_has_is_not_sent_again_unless_it_says_that_they_have_it(
    desk: Desk, is_handed: bool
) -> None:
    flag_id, failed = desk.lose_alert()
    with desk.database.transaction() as session:
        flag, message = session.get_one(SafetyFlag, flag_id), session.get_one(OutboxMessage, failed)
        flag.acknowledged_at = desk.clock()
        flag.owner_id = desk.coordinator_id
        message.template = "handed_sms" if is_handed else message.template

    if is_handed:
        desk.send_again(failed)
        return
    with pytest.raises(NoLongerWanted):
        desk.send_again(failed)


@pytest.mark.req("A-07")
@pytest.mark.parametrize("fact", ["closed_at", "urgent_since"])
def test_an_alert_of_a_closed_flag_or_of_an_earlier_alarm_is_not_sent_again(
    desk: Desk, fact: str
) -> None:
    flag_id, failed = desk.lose_alert()
    desk.wait(minutes=5)
    desk.change(SafetyFlag, flag_id, **{fact: desk.clock()})

    with pytest.raises(NoLongerWanted):
        desk.send_again(failed)


@pytest.mark.req("A-06", "A-07")
def test_a_call_is_never_repeated_by_hand(desk: Desk) -> None:
    flag_id, _ = desk.alert()
    call = desk.call(flag_id)
    desk.wait(minutes=6)
    desk.dispatcher.run()

    assert desk.state_of(call) is MessageState.EXPIRED
    with pytest.raises(NothingToSendAgain):
        desk.send_again(call)


@pytest.mark.req("C-01")
def test_it_takes_a_reason_and_somebody_of_the_site(desk: Desk) -> None:
    failed = desk.lose_reminder(desk.diary_for(hours=3))
    with desk.database.transaction() as session:
        add_site(session, "GZ02")
        stranger = user_actor(
            add_user(session, "wu.lan", roles=[Role.COORDINATOR], site="GZ02").user
        )

    with pytest.raises(ReasonRequired):
        desk.send_again(failed, reason=" ")
    with pytest.raises(NotFound):
        desk.send_again(failed, actor=stranger)
