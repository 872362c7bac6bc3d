"""A worker in a process of its own that dies where it is told to, as if by kill -9.

    python -m tests.notifications.worker DATABASE_URL SMS_URL SMTP_PORT AT STEP

AT is both trial and wall-clock time. Nothing of it runs to its end when STEP is reached: no
`finally`, no rollback, no goodbye to the database.
"""

import os
import sys
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from epro.db import Database
from notifications.channels import Absent, Accepted, CannotTell, Channel, Found, Outgoing
from notifications.dispatch import Dispatcher
from notifications.hooks import Hooks
from notifications.messages import ChannelName, OutboxMessage
from tests.notifications.post import address_of, means, smtp_channel, twilio_channel

KILLED = 137


class Step(StrEnum):
    """Where the worker dies, in the order of a message's way out."""

    CLAIMING = "claiming"  # the claim is written but not committed
    CLAIMED = "claimed"  # the claim stands, the provider has not been called
    ACCEPTED = "accepted"  # the provider has it, nothing is recorded
    RECORDING = "recording"  # the record is written but not committed
    RECORDED = "recorded"  # all is done, the worker only dies
    NEVER = "never"


class Deadly(Hooks):
    def __init__(self, step: Step) -> None:
        self._step = step

    def reason_against(
        self, session: Session, message: OutboxMessage, *, now: datetime
    ) -> str | None:
        die_if(self._step is Step.CLAIMING)
        return None

    def on_sent(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        session.flush()
        die_if(self._step is Step.RECORDING)


class DeadlyChannel:
    def __init__(self, channel: Channel, step: Step) -> None:
        self._channel = channel
        self._step = step

    def send(self, outgoing: Outgoing) -> Accepted:
        accepted = self._channel.send(outgoing)
        die_if(self._step is Step.ACCEPTED)
        return accepted

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        return self._channel.find(outgoing, since=since)


def die_if(reached: bool) -> None:
    if reached:
        os._exit(KILLED)


def main(database_url: str, sms_url: str, smtp_port: str, at: str, step_name: str) -> None:
    step, instant = Step(step_name), datetime.fromisoformat(at)

    def directory(recipient_ref: str, channel: ChannelName) -> str | None:
        die_if(step is Step.CLAIMED)
        return address_of(recipient_ref, channel)

    sms = twilio_channel(sms_url, timeout_s=20.0)
    email = smtp_channel(int(smtp_port), lambda: instant, timeout_s=20.0)
    channels: dict[ChannelName, Channel] = {
        ChannelName.SMS: DeadlyChannel(sms, step),
        ChannelName.EMAIL: DeadlyChannel(email, step),
    }
    Dispatcher(
        Database(database_url), means(channels, directory=directory), hooks=Deadly(step),
        now=lambda: instant, wall_now=lambda: instant,
    ).run()  # fmt: skip
    die_if(step is Step.RECORDED)


if __name__ == "__main__":
    main(*sys.argv[1:])
