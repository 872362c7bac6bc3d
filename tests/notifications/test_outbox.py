"""The way in: written with the caller's own change, and stopped only while it has not left."""

from datetime import timedelta

import pytest

from notifications import outbox
from notifications.channels import Refused
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from notifications.refusals import Refusal
from notifications.texts import BadText
from tests.notifications.post import PARTICIPANT, Post, address_of, alert, means, reminder


def test_a_message_stands_and_falls_with_the_callers_transaction(post: Post) -> None:
    def write_and_fail() -> None:
        with post.database.transaction() as session:
            outbox.enqueue(session, reminder(), now=post.clock())
            raise RuntimeError("The caller's own change failed.")

    with pytest.raises(RuntimeError):
        write_and_fail()

    assert post.dispatcher().run() == 0


@pytest.mark.req("A-06", "X-07")
def test_only_the_few_known_parameters_can_be_stored(post: Post) -> None:
    message = NewMessage(
        purpose="safety", channel=ChannelName.SMS, template="alert_sms", template_version="1.0",
        language="zh", recipient_ref="user:3", params={"temperature": "39.2"},
    )  # fmt: skip

    with pytest.raises(BadText):
        post.enqueue(message)


def test_a_message_that_could_never_be_sent_is_refused(post: Post) -> None:
    with pytest.raises(ValueError, match="over before"):
        post.enqueue(reminder(not_after=post.clock()))


@pytest.mark.req("P-09", "N-03")
def test_a_cancelled_message_does_not_leave(post: Post) -> None:
    [message_id] = post.enqueue(reminder())

    cancelled = post.cancel(message_id)
    post.dispatcher().run()

    assert cancelled == (message_id,)
    assert post.sms.taken == []
    message = post.read(message_id)
    assert (message.state, message.cancel_reason) == (MessageState.CANCELLED, "completed")


def test_what_has_left_cannot_be_cancelled(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.dispatcher().run()

    assert post.cancel(message_id) == ()
    assert post.read(message_id).state is MessageState.SENT


@pytest.mark.req("N-03")
def test_one_cancelled_while_it_was_being_tried_is_not_tried_again(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [Refused("451", meaning=Refusal.TRANSIENT)]
    promised: list[object] = []

    def complete_meanwhile(recipient_ref: str, channel: ChannelName) -> str | None:
        promised.append(post.cancel(message_id))
        return address_of(recipient_ref, channel)

    parts = means({ChannelName.SMS: post.sms}, directory=complete_meanwhile)
    post.dispatcher(parts=parts).run()

    assert promised == [()]
    assert post.read(message_id).state is MessageState.CANCELLED
    assert post.hooks.calls == [("cancelled", message_id)]


def test_what_waits_is_found_by_recipient_and_by_subject(post: Post) -> None:
    first, other, third = post.enqueue(
        reminder(about="assessment:1"), alert(), reminder(about="assessment:2")
    )
    post.cancel(third)

    with post.database.reading() as session:
        assert outbox.waiting(session, recipient_ref=PARTICIPANT) == (first,)
        assert outbox.waiting(session, about="flag:1", purpose="safety") == (other,)
        assert outbox.waiting(session, about="flag:1", purpose="reminder") == ()
        with pytest.raises(ValueError, match="recipient"):
            outbox.waiting(session)


@pytest.mark.req("A-14")
def test_a_vital_message_that_does_not_get_out_can_be_noticed(post: Post) -> None:
    [stuck_id, _reminder_id] = post.enqueue(alert(), reminder())
    post.sms.next_outcomes = [Refused("451", meaning=Refusal.TRANSIENT)] * 9
    post.dispatcher().run()
    post.wait(minutes=10)

    with post.database.reading() as session:
        late = outbox.stuck(session, created_before=post.clock() - timedelta(minutes=9))
        none = outbox.stuck(session, created_before=post.clock() - timedelta(minutes=10))

    assert [message.id for message in late] == [stuck_id]
    assert list(none) == []
    assert isinstance(late[0], OutboxMessage)
