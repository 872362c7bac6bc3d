"""Nobody knows whether it left: the provider is asked, and only then it is decided."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from notifications.channels import Accepted, CannotTell, Outgoing, Refused, Unclear
from notifications.messages import (
    AttemptOutcome,
    ChannelName,
    MessageState,
    ProviderAnswer,
)
from notifications.outbox import NewMessage
from notifications.pace import Pace
from notifications.refusals import Refusal
from tests.clock import START
from tests.notifications.post import Lost, Post, alert, reminder

SETTLED = timedelta(seconds=60)


@pytest.mark.req("N-03")
def test_what_the_provider_has_is_not_sent_again(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))

    post.wait(seconds=60)
    post.dispatcher().run()

    message = post.read(message_id)
    assert (message.state, message.provider_id) == (MessageState.SENT, "SM1")
    assert len(post.sms.taken) == 1
    assert post.hooks.calls == [("sent", message_id)]
    assert post.attempts(message_id)[0].answer is ProviderAnswer.FOUND


@pytest.mark.req("N-03")
def test_what_the_provider_does_not_have_is_sent_again(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Lost("timeout"))

    post.wait(seconds=60)
    post.dispatcher().run()

    assert len(post.sms.taken) == 1
    assert post.read(message_id).state is MessageState.SENT
    assert [attempt.answer for attempt in post.attempts(message_id)] == [
        ProviderAnswer.ABSENT, None,
    ]  # fmt: skip


@pytest.mark.req("N-03")
def test_the_provider_is_given_time_before_it_is_asked(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))

    post.wall.set(START + SETTLED - timedelta(microseconds=1))
    post.dispatcher().run()

    assert post.sms.asked_count == 0
    assert post.read(message_id).state is MessageState.UNKNOWN


def test_trial_time_moved_ahead_does_not_shorten_the_providers_time(post: Post) -> None:
    left_in_doubt(post, reminder(), Unclear("timeout"))

    post.clock.advance(days=3)
    post.dispatcher().run()

    assert post.sms.asked_count == 0


@pytest.mark.req("N-03", "N-05")
def test_a_reminder_that_nobody_can_tell_of_is_left_to_a_person(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))
    post.sms.answers = [CannotTell()]

    post.wait(seconds=60)
    post.dispatcher().run()
    post.wait(days=1)
    post.dispatcher().run()

    assert post.read(message_id).state is MessageState.NOT_CONFIRMED
    assert len(post.sms.taken) == 1
    assert post.hooks.calls == [("not_confirmed", message_id)]


@pytest.mark.req("A-14")
@pytest.mark.parametrize("answer", [CannotTell(), Unclear("timeout"), Refused("20429")])
def test_a_vital_message_that_nobody_can_tell_of_is_sent_again(
    post: Post, answer: CannotTell | Exception
) -> None:
    [message_id] = left_in_doubt(post, alert(), Unclear("timeout"))
    post.sms.answers = [answer]

    post.wait(seconds=60)
    run_until_idle(post)

    assert len(post.sms.taken) == 2
    assert post.read(message_id).state is MessageState.SENT
    assert [attempt.outcome for attempt in post.attempts(message_id)] == [
        AttemptOutcome.UNCLEAR, AttemptOutcome.ACCEPTED,
    ]  # fmt: skip


@pytest.mark.req("A-14")
def test_a_vital_message_is_not_repeated_without_end(post: Post) -> None:
    [message_id] = post.enqueue(alert())
    post.sms.next_outcomes = [Unclear("dropped") for _ in range(50)]
    post.sms.answers = [CannotTell() for _ in range(50)]

    for _ in range(12):
        post.dispatcher().run()
        post.wait(seconds=60)

    assert len(post.sms.taken) == Pace().most_doubts
    assert post.read(message_id).state is MessageState.NOT_CONFIRMED
    assert post.hooks.calls == [("not_confirmed", message_id)]


@pytest.mark.req("N-03")
def test_a_provider_that_cannot_be_asked_now_is_asked_again_later(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))
    post.sms.answers = [Refused("down", meaning=Refusal.TRANSIENT), Unclear("down")]

    asked_at = []
    for _ in range(22):
        before = post.sms.asked_count
        post.wait(seconds=20)
        post.dispatcher().run()
        if post.sms.asked_count > before:
            asked_at.append((post.wall() - START).total_seconds())

    assert asked_at == [60, 180, 420]
    assert post.read(message_id).state is MessageState.SENT
    assert len(post.sms.taken) == 1


@pytest.mark.req("N-05")
def test_a_provider_that_can_never_be_asked_leaves_a_reminder_to_a_person(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))
    post.sms.answers = [Unclear("down") for _ in range(100)]

    for _ in range(12):
        post.wait(minutes=15)
        post.dispatcher().run()

    assert post.sms.asked_count == Pace().most_asks
    assert post.hooks.calls == [("not_confirmed", message_id)]


@pytest.mark.req("N-03")
def test_a_reminder_whose_time_is_over_is_not_sent_after_the_question(post: Post) -> None:
    message = reminder(not_after=START + timedelta(minutes=1))
    [message_id] = left_in_doubt(post, message, Lost("timeout"))

    post.wait(minutes=2)
    post.dispatcher().run()

    assert post.sms.taken == []
    assert post.read(message_id).state is MessageState.EXPIRED


@pytest.mark.req("N-03")
def test_another_message_with_the_same_text_is_not_taken_for_this_one(post: Post) -> None:
    [in_doubt] = left_in_doubt(post, reminder(), Lost("timeout"))
    [other] = post.enqueue(reminder())
    post.dispatcher().run()

    post.wait(seconds=60)
    post.dispatcher().run()

    assert post.read(other).provider_id == "SM1"
    assert post.read(in_doubt).provider_id == "SM2"


def test_an_error_nobody_foresaw_counts_as_doubt_and_not_as_a_refusal(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), KeyError("sid"))

    message = post.read(message_id)
    assert (message.state, message.last_error) == (MessageState.UNKNOWN, "fault_KeyError")


@pytest.mark.req("N-03")
def test_a_message_cancelled_in_doubt_is_not_sent_again(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Lost("timeout"))

    cancelled = post.cancel(message_id)
    post.wait(seconds=60)
    post.dispatcher().run()

    assert cancelled == ()
    assert post.sms.taken == []
    assert post.read(message_id).state is MessageState.CANCELLED


# --- a worker that lost its lease -----------------------------------------------------------------


@pytest.mark.req("N-03")
def test_a_lease_that_is_over_makes_the_message_doubtful_and_not_due(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    seen: list[int] = []

    def others_look(_outgoing: Outgoing) -> None:
        for seconds in (0, 90, 59):
            post.wall.advance(seconds=seconds)
            seen.append(post.dispatcher().run())

    post.sms.before_answer = others_look
    post.dispatcher().run()

    assert seen == [0, 0, 0]
    assert post.sms.asked_count == 0
    assert post.read(message_id).state is MessageState.SENT


@pytest.mark.req("N-03")
def test_a_late_acceptance_keeps_the_message_from_going_out_again(post: Post) -> None:
    """The other worker asked too early and was told no; what we know is a fact all the same."""
    [message_id] = post.enqueue(reminder())
    post.sms.before_answer = meanwhile(post, lambda: setattr(post.sms, "taken", []))

    post.dispatcher().run()

    assert post.read(message_id).state is MessageState.SENT
    assert post.dispatcher().run() == 0
    assert post.hooks.calls == [("sent", message_id)]


@pytest.mark.req("N-03")
def test_a_late_refusal_overwrites_nothing(post: Post) -> None:
    [message_id] = post.enqueue(reminder())

    class Slow:
        def send(self, outgoing: Outgoing) -> Accepted:
            meanwhile(post, lambda: None, channel=post.sms)(outgoing)
            raise Refused("21211")

        find = post.sms.find

    post.sms.taken = []
    post.dispatcher({ChannelName.SMS: Slow()}).run()

    assert post.read(message_id).state is MessageState.SENT
    assert post.hooks.calls == [("sent", message_id)]
    first, second = post.attempts(message_id)
    assert (first.outcome, second.outcome) == (AttemptOutcome.REFUSED, AttemptOutcome.ACCEPTED)


@pytest.mark.req("N-03")
def test_a_late_answer_to_a_question_overwrites_nothing(post: Post) -> None:
    [message_id] = left_in_doubt(post, reminder(), Unclear("timeout"))

    class Slow:
        send = post.sms.send

        def find(self, outgoing: Outgoing, *, since: datetime) -> CannotTell:
            meanwhile(post, lambda: None, channel=post.sms)(outgoing)
            return CannotTell()

    post.wait(seconds=60)
    post.dispatcher({ChannelName.SMS: Slow()}).run()

    assert post.read(message_id).state is MessageState.SENT
    assert post.hooks.calls == [("sent", message_id)]


def left_in_doubt(post: Post, message: NewMessage, outcome: Exception) -> list[UUID]:
    """Send one message whose call ends like this."""
    ids = post.enqueue(message)
    post.sms.next_outcomes = [outcome]
    post.dispatcher().run()
    return ids


def run_until_idle(post: Post) -> None:
    while post.dispatcher().run():
        pass


def meanwhile(
    post: Post, before: Callable[[], None], *, channel: object = None
) -> Callable[[Outgoing], None]:
    """While the first worker waits for its answer, its lease ends and another takes over, once."""
    is_done: list[bool] = []

    def take_over(_outgoing: Outgoing) -> None:
        if is_done:
            return
        is_done.append(True)
        before()
        post.wall.advance(seconds=150)
        post.dispatcher(pace=Pace(most_per_run=1) if channel is None else None).run()

    return take_over


@pytest.mark.req("N-03")
def test_a_doubt_does_not_wait_for_the_end_of_the_queue(post: Post) -> None:
    post.sms.next_outcomes = [Unclear("no_answer")]
    [doubtful] = post.enqueue(reminder())
    post.dispatcher().run()
    post.wait(seconds=60)
    post.enqueue(*[reminder() for _ in range(3)])

    post.dispatcher(pace=Pace(most_per_run=1)).run()

    assert post.read(doubtful).state is MessageState.SENT
