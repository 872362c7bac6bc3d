"""Kill the worker anywhere: no reminder twice, none silently lost, what is vital certainly out.

Real processes, Twilio's own SDK and a real SMTP server; the process that dies is not the one that
goes on.
"""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from uuid import UUID

import pytest

from notifications.channels import Absent, Accepted, CannotTell, Channel, Found, Outgoing
from notifications.messages import ChannelName, MessageState, ProviderAnswer
from notifications.outbox import NewMessage
from tests.architecture.sources import ROOT
from tests.clock import START
from tests.notifications.post import (
    MAILBOX,
    NUMBER,
    Post,
    alert,
    reminder,
    smtp_channel,
    twilio_channel,
)
from tests.notifications.worker import KILLED, Step
from tests.standins.smtp import SmtpStandIn
from tests.standins.twilio import ACCEPTS_THEN_HANGS, TwilioStandIn

STEPS = [step for step in Step if step is not Step.NEVER]
UNTIL = START + timedelta(hours=2)


class Line:
    """The outbox of a test, with real providers and real workers."""

    def __init__(self, post: Post, url: str, twilio: TwilioStandIn, smtp: SmtpStandIn) -> None:
        self.post = post
        self.url = url
        self.twilio = twilio
        self.smtp = smtp

    def begin(self, step: Step) -> subprocess.Popen[bytes]:
        """Start a worker that will die at this step."""
        return subprocess.Popen(
            [
                sys.executable, "-m", "tests.notifications.worker", self.url,
                self.twilio.base_url, str(self.smtp.port), self.post.wall().isoformat(), step,
            ],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def crash(self, step: Step) -> None:
        assert self.begin(step).wait(timeout=60) == KILLED

    def go_on(self, *, sms: Channel | None = None, rounds: int = 6) -> None:
        """Let other workers run every other minute."""
        channels: dict[ChannelName, Channel] = {
            ChannelName.SMS: sms or twilio_channel(self.twilio.base_url),
            ChannelName.EMAIL: smtp_channel(self.smtp, self.post.wall),
        }
        dispatcher = self.post.dispatcher(channels)
        for _ in range(rounds):
            self.post.wait(minutes=2)
            self.twilio.wall_now = self.post.wall()
            while dispatcher.run():
                pass

    def state(self, message_id: UUID) -> MessageState:
        return self.post.read(message_id).state


@pytest.fixture
def line(post: Post, postal_url: str, twilio: TwilioStandIn, smtp: SmtpStandIn) -> Line:
    return Line(post, postal_url, twilio, smtp)


@pytest.mark.req("N-03")
@pytest.mark.parametrize("step", STEPS)
def test_a_reminder_leaves_once_wherever_the_worker_dies(line: Line, step: Step) -> None:
    [message_id] = line.post.enqueue(reminder(not_after=UNTIL))

    line.crash(step)
    line.go_on()

    assert [message.body for message in line.twilio.to(NUMBER)] == ["请打开您的日记。"]
    assert line.state(message_id) is MessageState.SENT
    assert line.post.read(message_id).provider_id == line.twilio.messages[0].sid


@pytest.mark.req("A-14", "A-06")
@pytest.mark.parametrize("step", STEPS)
def test_an_emergency_mail_is_certainly_out_wherever_the_worker_dies(
    line: Line, step: Step
) -> None:
    [message_id] = line.post.enqueue(alert(ChannelName.EMAIL))

    line.crash(step)
    line.go_on()

    # A mail server cannot be asked: only there, and only between its yes and our record, twice.
    may_be_twice = step in {Step.ACCEPTED, Step.RECORDING}
    mails = line.smtp.to(MAILBOX)
    assert len(mails) == (2 if may_be_twice else 1)
    assert len({mail.message["Message-ID"] for mail in mails}) == 1
    assert line.state(message_id) is MessageState.SENT
    if may_be_twice:
        first, second = line.post.attempts(message_id)
        assert (first.answer, second.number) == (ProviderAnswer.CANNOT_TELL, 2)


@pytest.mark.req("N-03", "N-05")
def test_a_reminder_by_mail_in_doubt_is_not_repeated_but_shown(line: Line) -> None:
    by_mail = NewMessage(
        purpose="reminder", channel=ChannelName.EMAIL, template="diary_open",
        template_version="1.0", language="zh", recipient_ref="user:3", not_after=UNTIL,
    )  # fmt: skip
    [message_id] = line.post.enqueue(by_mail)

    line.crash(Step.ACCEPTED)
    line.go_on()

    assert len(line.smtp.mails) == 1
    assert line.state(message_id) is MessageState.NOT_CONFIRMED
    assert line.post.hooks.calls == [("not_confirmed", message_id)]


@pytest.mark.req("N-03")
def test_killed_while_twilio_thinks_a_reminder_leaves_once(line: Line) -> None:
    [message_id] = line.post.enqueue(reminder(not_after=UNTIL))
    line.twilio.fail_next(ACCEPTS_THEN_HANGS)
    worker = line.begin(Step.NEVER)
    assert line.twilio.has_request.wait(60)

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(timeout=60)
    line.twilio.is_released.set()
    line.go_on()

    assert len(line.twilio.messages) == 1
    assert line.state(message_id) is MessageState.SENT


@pytest.mark.req("N-03")
def test_without_asking_the_provider_the_same_crash_would_double_the_reminder(line: Line) -> None:
    """Shows that these tests see the double: this is what reconciliation prevents."""

    class Forgetful:
        def __init__(self, channel: Channel) -> None:
            self._channel = channel

        def send(self, outgoing: Outgoing) -> Accepted:
            return self._channel.send(outgoing)

        def find(self, outgoing: Outgoing, *, since: object) -> Found | Absent | CannotTell:
            return Absent()

    line.post.enqueue(reminder(not_after=UNTIL))

    line.crash(Step.ACCEPTED)
    line.go_on(sms=Forgetful(twilio_channel(line.twilio.base_url)))

    assert len(line.twilio.to(NUMBER)) == 2


@pytest.mark.req("N-03")
def test_a_crash_that_outlasts_the_window_sends_nothing_late(line: Line) -> None:
    [message_id] = line.post.enqueue(reminder(not_after=UNTIL))

    line.crash(Step.CLAIMED)
    line.post.wait(hours=3)
    line.go_on()

    assert line.twilio.messages == []
    assert line.state(message_id) is MessageState.EXPIRED
    assert line.post.hooks.calls == [("expired", message_id)]


@pytest.mark.req("A-14")
def test_mail_server_down_for_two_hours_then_all_that_is_vital_arrives(
    line: Line, smtp: SmtpStandIn
) -> None:
    ids = line.post.enqueue(*[alert(ChannelName.EMAIL) for _ in range(2)])
    up = line.smtp
    line.smtp = SmtpStandIn(port=9)
    line.go_on(rounds=60)
    assert {line.state(message_id) for message_id in ids} == {MessageState.QUEUED}

    line.smtp = up
    line.go_on()

    assert len(up.mails) == 2
    assert {line.state(message_id) for message_id in ids} == {MessageState.SENT}
