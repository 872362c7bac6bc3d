"""The provider's later word: kept once, never moving a message back, ending every doubt."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from notifications import outbox, receipts
from notifications.channels import Accepted, Outgoing, Refused, Unclear
from notifications.messages import ChannelName, MessageState
from tests.notifications.post import Lost, Post, alert, reminder


def report(
    post: Post, message_id: UUID, status: str, *, code: str | None = None, sid: str = "SM1"
) -> bool:
    with post.database.transaction() as session:
        return receipts.note(
            session, message_id, provider_id=sid, status=status, error_code=code,
            now=post.clock(), hooks=post.hooks,
        )  # fmt: skip


def history(post: Post, message_id: UUID) -> list[tuple[str, str]]:
    with post.database.reading() as session:
        return [(row.status, row.error_code) for row in outbox.receipts_of(session, message_id)]


@pytest.mark.req("N-04", "N-05")
def test_a_message_that_could_not_be_delivered_is_told_once(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.dispatcher().run()

    for status, code in [("sent", None), ("undelivered", "30003"), ("undelivered", "30003")]:
        report(post, message_id, status, code=code)

    message = post.read(message_id)
    assert (message.state, message.delivery_status) == (MessageState.SENT, "undelivered")
    assert message.last_error == "30003"
    assert post.hooks.calls == [("sent", message_id), ("undelivered", message_id)]
    assert history(post, message_id) == [("sent", ""), ("undelivered", "30003")]


@pytest.mark.req("N-04")
def test_reports_in_any_order_end_at_the_same_place(post: Post) -> None:
    orders = list(permutations(["queued", "sent", "delivered"]))
    messages = post.enqueue(*[reminder() for _ in orders])
    post.dispatcher().run()

    for message_id, order in zip(messages, orders, strict=True):
        for status in order:
            report(post, message_id, status, sid=post.read(message_id).provider_id or "")

    assert {post.read(message_id).delivery_status for message_id in messages} == {"delivered"}
    assert [status for status, _code in history(post, messages[-1])] == list(orders[-1])


@pytest.mark.req("N-04")
def test_a_word_nobody_knows_is_kept_and_moves_nothing(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.dispatcher().run()
    report(post, message_id, "sent")

    report(post, message_id, "pondered")

    assert post.read(message_id).delivery_status == "sent"
    assert history(post, message_id) == [("sent", ""), ("pondered", "")]


@pytest.mark.req("N-04")
def test_a_report_on_a_message_we_do_not_have_is_harmless(post: Post) -> None:
    assert not report(post, uuid4(), "delivered")


@pytest.mark.req("N-03", "N-04")
def test_a_report_ends_the_doubt_without_a_question(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [Unclear("timeout")]
    post.dispatcher().run()

    report(post, message_id, "queued")
    post.wait(hours=1)
    post.dispatcher().run()

    message = post.read(message_id)
    assert (message.state, message.provider_id) == (MessageState.SENT, "SM1")
    assert post.sms.asked_count == 0
    assert post.hooks.calls == [("sent", message_id)]


@pytest.mark.req("N-03", "N-04")
def test_a_report_that_overtakes_the_answer_counts_once(post: Post) -> None:
    [message_id] = post.enqueue(reminder())

    def call_back(outgoing: Outgoing) -> None:
        report(post, outgoing.message_id, "queued")

    post.sms.before_answer = call_back
    post.dispatcher().run()

    assert post.read(message_id).state is MessageState.SENT
    assert post.hooks.calls == [("sent", message_id)]
    assert post.attempts(message_id)[0].provider_id == "SM1"


@pytest.mark.req("N-03")
def test_a_report_stops_the_next_attempt_of_what_seemed_not_to_have_left(post: Post) -> None:
    [message_id] = post.enqueue(alert())

    class Liar:
        """Takes the message, and says that it did not."""

        def send(self, _outgoing: Outgoing) -> Accepted:
            raise Refused("21611")

        find = post.sms.find

    post.dispatcher({ChannelName.SMS: Liar()}).run()
    report(post, message_id, "sent", sid="SM9")
    post.wait(hours=1)

    assert post.dispatcher().run() == 0
    assert post.read(message_id).provider_id == "SM9"


@pytest.mark.req("N-05")
def test_a_report_corrects_what_was_given_up(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [Refused("21211")]
    post.dispatcher().run()

    report(post, message_id, "delivered", sid="SM9")

    message = post.read(message_id)
    assert (message.state, message.last_error) == (MessageState.SENT, None)
    assert post.hooks.calls == [("failed", message_id), ("sent", message_id)]


@pytest.mark.req("A-14")
def test_one_lost_copy_of_a_message_sent_twice_says_nothing_of_the_other(post: Post) -> None:
    [message_id] = post.enqueue(alert())
    post.sms.next_outcomes = [Lost("dropped")]
    post.dispatcher().run()
    post.wait(seconds=60)
    post.dispatcher().run()

    report(post, message_id, "undelivered", code="30003", sid="SM77")
    report(post, message_id, "delivered", sid="SM1")

    assert post.read(message_id).delivery_status == "delivered"
    assert ("undelivered", message_id) not in post.hooks.calls
