"""The way out: what is sent, in which order, how often, and when it is given up."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from notifications.channels import Outgoing, Refused
from notifications.guard import HookFailed
from notifications.hooks import Hooks
from notifications.messages import AttemptOutcome, ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from notifications.pace import Pace
from notifications.refusals import Refusal
from tests.clock import START
from tests.notifications.post import NUMBER, PARTICIPANT, STAFF, Post, alert, means, reminder

LATER = START + timedelta(hours=2)


def busy(retry_after_s: float | None = None) -> Refused:
    return Refused("451", meaning=Refusal.TRANSIENT, retry_after_s=retry_after_s)


@pytest.mark.req("N-03")
def test_a_message_leaves_once(post: Post) -> None:
    [message_id] = post.enqueue(reminder(not_after=LATER))

    assert post.dispatcher().run() == 1
    assert post.dispatcher().run() == 0

    message = post.read(message_id)
    assert post.sms.bodies == ["请打开您的日记。"]
    assert (message.state, message.provider_id) == (MessageState.SENT, "SM1")
    assert message.sent_at == post.clock()
    assert post.hooks.calls == [("sent", message_id)]
    assert [attempt.outcome for attempt in post.attempts(message_id)] == [AttemptOutcome.ACCEPTED]


@pytest.mark.req("N-06", "A-06")
def test_a_channel_is_given_template_and_parameters_as_well_as_text(post: Post) -> None:
    [message_id] = post.enqueue(alert())

    post.dispatcher().run()

    [(_, outgoing, _)] = post.sms.taken
    assert outgoing == Outgoing(
        message_id=message_id, address="+8613800000002", template="alert_sms",
        template_version="1", params={"code": "SZ01-014", "tier": "RED", "time": "19:04"},
        language="zh", subject=None, body="SZ01-014 RED 19:04 请登录确认。",
        callback_url=f"https://epro.example/hooks/{message_id}", valid_for_s=None,
    )  # fmt: skip


def test_the_provider_is_told_for_how_long_a_message_is_wanted(post: Post) -> None:
    post.enqueue(reminder(not_after=post.clock() + timedelta(minutes=30)))
    post.wait(minutes=10)

    post.dispatcher().run()

    assert post.sms.taken[0][1].valid_for_s == 20 * 60


def test_vital_messages_go_first_then_the_oldest(post: Post) -> None:
    post.enqueue(reminder(language="en"))
    post.wait(seconds=1)
    post.enqueue(reminder(), alert())

    post.dispatcher().run()

    assert post.sms.bodies == [
        "SZ01-014 RED 19:04 请登录确认。", "Please open your diary.", "请打开您的日记。",
    ]  # fmt: skip


def test_a_message_waits_for_its_time(post: Post) -> None:
    post.enqueue(reminder(not_before=LATER))

    assert post.dispatcher().run() == 0
    post.clock.set(LATER)
    assert post.dispatcher().run() == 1
    assert len(post.sms.taken) == 1


def test_one_run_handles_no_more_than_its_limit(post: Post) -> None:
    post.enqueue(*[reminder() for _ in range(5)])

    assert post.dispatcher(pace=Pace(most_per_run=3)).run() == 3
    assert len(post.sms.taken) == 3


@pytest.mark.req("N-03")
def test_a_message_past_its_time_expires_unsent(post: Post) -> None:
    [message_id] = post.enqueue(reminder(not_after=LATER))
    post.clock.set(LATER)

    post.dispatcher().run()

    assert post.sms.taken == []
    assert post.read(message_id).state is MessageState.EXPIRED
    assert post.hooks.calls == [("expired", message_id)]


@pytest.mark.req("N-03")
def test_whether_it_is_still_wanted_is_asked_at_the_last_moment(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.hooks.objection = "consent withdrawn"

    post.dispatcher().run()

    assert post.sms.taken == []
    message = post.read(message_id)
    assert (message.state, message.cancel_reason) == (MessageState.CANCELLED, "consent withdrawn")
    assert post.hooks.calls == [("cancelled", message_id)]


def test_after_a_passing_refusal_it_is_tried_again_ever_more_seldom(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [busy() for _ in range(8)]

    moments = tried_at(post, message_id, attempts=9, chance=1.0)

    assert [int((b - a).total_seconds()) for a, b in pairwise(moments)] == [
        30, 60, 120, 240, 480, 900, 900, 900,
    ]  # fmt: skip
    assert len(post.sms.taken) == 1


@pytest.mark.req("A-14")
def test_a_vital_message_is_tried_every_minute_until_it_is_out(post: Post) -> None:
    [message_id] = post.enqueue(alert())
    post.sms.next_outcomes = [busy() for _ in range(40)]

    moments = tried_at(post, message_id, attempts=41, chance=1.0)

    assert max(b - a for a, b in pairwise(moments)) == timedelta(minutes=1)
    assert post.read(message_id).state is MessageState.SENT


def test_chance_spreads_the_next_attempts_over_half_the_pause(post: Post) -> None:
    [early_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [busy()]
    post.dispatcher(chance=0.0).run()

    assert post.read(early_id).next_attempt_at == post.clock() + timedelta(seconds=15)


def test_a_provider_that_names_a_pause_is_given_it(post: Post) -> None:
    [message_id] = post.enqueue(alert())
    post.sms.next_outcomes = [busy(retry_after_s=300)]

    post.dispatcher().run()

    assert post.read(message_id).next_attempt_at == post.clock() + timedelta(minutes=5)


def test_a_pause_that_outlasts_the_message_lets_it_expire_on_time(post: Post) -> None:
    [message_id] = post.enqueue(reminder(not_after=post.clock() + timedelta(seconds=20)))
    post.sms.next_outcomes = [busy(retry_after_s=300)]
    post.dispatcher().run()

    post.wait(seconds=20)
    post.dispatcher().run()

    assert post.read(message_id).state is MessageState.EXPIRED


def test_a_reminder_is_not_tried_for_ever(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [busy() for _ in range(3)]

    for _ in range(3):
        post.dispatcher(pace=Pace(most_attempts=3)).run()
        post.wait(hours=1)

    message = post.read(message_id)
    assert (message.state, message.last_error) == (MessageState.FAILED, "451")
    assert post.hooks.calls == [("failed", message_id)]


@pytest.mark.req("N-05")
@pytest.mark.parametrize("code", ["21610", "21211", "99999"])
def test_a_final_refusal_or_an_unknown_one_ends_the_message_and_is_told(
    post: Post, code: str
) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [Refused(code)]

    post.dispatcher().run()
    post.wait(hours=1)
    post.dispatcher().run()

    message = post.read(message_id)
    assert (message.state, message.last_error) == (MessageState.FAILED, code)
    assert post.hooks.calls == [("failed", message_id)]
    assert post.sms.taken == []


@pytest.mark.req("N-05")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (reminder(recipient_ref="participant:unknown"), "no_address"),
        (reminder(language="fr"), "no_text"),
        (
            NewMessage(
                purpose="safety", channel=ChannelName.VOICE, template="alert_voice",
                template_version="1.0", language="zh", recipient_ref=STAFF,
            ),
            "no_channel",
        ),
        (
            NewMessage(
                purpose="safety", channel=ChannelName.SMS, template="alert_sms",
                template_version="1.0", language="zh", recipient_ref=STAFF, params={"code": "S"},
            ),
            "no_text",
        ),
    ],
    ids=["address", "text", "channel", "parameter"],
)  # fmt: skip
def test_a_message_that_cannot_be_made_ready_fails_with_its_reason(
    post: Post, message: NewMessage, code: str
) -> None:
    [message_id] = post.enqueue(message)

    post.dispatcher().run()

    assert post.read(message_id).last_error == code
    assert post.hooks.calls == [("failed", message_id)]


def test_a_directory_that_fails_for_now_costs_no_message(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    answers: list[str | Exception] = [OSError("No key."), NUMBER]

    def directory(_recipient_ref: str, _channel: ChannelName) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    dispatcher = post.dispatcher(parts=means({ChannelName.SMS: post.sms}, directory=directory))
    dispatcher.run()
    assert post.read(message_id).last_error == "fault_OSError"
    post.wait(minutes=1)
    dispatcher.run()

    assert post.read(message_id).state is MessageState.SENT


@pytest.mark.req("A-14")
def test_a_channel_that_does_not_answer_holds_no_other_up(post: Post) -> None:
    mails = post.enqueue(*[alert(ChannelName.EMAIL) for _ in range(4)])
    post.wait(seconds=1)
    [sms] = post.enqueue(alert())
    post.email.next_outcomes = [busy() for _ in range(4)]

    post.dispatcher().run()

    assert post.read(sms).state is MessageState.SENT
    assert sum(post.read(mail).attempt_count for mail in mails) == 1


def test_no_transaction_is_open_while_the_provider_thinks(post: Post) -> None:
    post.enqueue(reminder())
    open_counts: list[int] = []

    def look(_outgoing: Outgoing) -> None:
        open_counts.append(post.database.engine.pool.checkedout())  # type: ignore[attr-defined]

    post.sms.before_answer = look
    post.dispatcher().run()

    assert open_counts == [0]


def test_hooks_write_in_the_transaction_of_the_record(post: Post) -> None:
    [message_id] = post.enqueue(reminder())

    class Writing(Hooks):
        def on_sent(self, session: Session, message: OutboxMessage, *, now: object) -> None:
            assert session.in_transaction()
            message.about = "noted"

    post.dispatcher(hooks=Writing()).run()

    assert post.read(message_id).about == "noted"


@pytest.mark.req("N-03")
def test_a_failing_hook_is_told_but_the_message_never_leaves_twice(post: Post) -> None:
    first, second = post.enqueue(reminder(), alert())

    class Failing(Hooks):
        def on_sent(self, session: Session, message: OutboxMessage, *, now: object) -> None:
            message.about = "half done"
            session.flush()
            raise RuntimeError("The journal cannot be written.")

    with pytest.raises(HookFailed):
        post.dispatcher(hooks=Failing()).run()
    post.wait(hours=1)
    post.dispatcher().run()

    assert len(post.sms.taken) == 2
    assert post.read(first).state is MessageState.SENT
    assert post.read(second).about == "flag:1"


def test_when_nobody_can_say_whether_it_is_wanted_a_vital_one_goes_and_a_reminder_waits(
    post: Post,
) -> None:
    held, gone = post.enqueue(reminder(), alert())

    class Failing(Hooks):
        def reason_against(self, session: Session, message: OutboxMessage, *, now: object) -> None:
            raise RuntimeError("The tables cannot be read.")

    with pytest.raises(HookFailed):
        post.dispatcher(hooks=Failing()).run()

    assert post.read(gone).state is MessageState.SENT
    assert post.read(held).state is MessageState.QUEUED


def test_messages_to_one_recipient_are_told_apart_by_their_ids(post: Post) -> None:
    first, second = post.enqueue(reminder(), reminder())

    post.dispatcher().run()

    assert {post.read(first).provider_id, post.read(second).provider_id} == {"SM1", "SM2"}
    assert post.read(first).recipient_ref == PARTICIPANT


def tried_at(post: Post, message_id: UUID, *, attempts: int, chance: float) -> list[datetime]:
    """Run whenever the message is due next; return the instants of trial time it was tried at."""
    moments: list[datetime] = []
    dispatcher = post.dispatcher(chance=chance)
    while len(moments) < attempts:
        message = post.read(message_id)
        post.clock.set(message.next_attempt_at)
        dispatcher.run()
        moments.append(post.clock())
    return moments
