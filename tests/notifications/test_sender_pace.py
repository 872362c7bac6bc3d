"""No sender sends faster than its provider takes, however many workers share it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from epro.db import Database
from notifications.channels import Outgoing, Refused
from notifications.refusals import SENDER_BUSY
from notifications.sender_pace import PacedChannel
from tests.clock import FrozenClock
from tests.notifications.post import NUMBER, Provider
from tests.threads import at_once

pytestmark = pytest.mark.req("N-03")


class Sender:
    """One sender of two messages a second; waiting moves nobody's clock but is written down."""

    def __init__(self, database: Database, wall: FrozenClock) -> None:
        self.database, self.wall = database, wall
        self.provider = Provider(wall)
        self.waits: list[float] = []

    def channel(self, sender: str = "twilio:+1500") -> PacedChannel:
        return PacedChannel(
            self.provider, sender=sender, per_second=2, database=self.database,
            wall_now=self.wall, sleep=self.waits.append,
        )  # fmt: skip


@pytest.fixture
def sender(postal_database: Database, wall: FrozenClock) -> Sender:
    return Sender(postal_database, wall)


def outgoing() -> Outgoing:
    return Outgoing(
        message_id=uuid4(), address=NUMBER, template="diary_open", template_version="1", params={},
        language="zh", subject=None, body="请打开您的日记。",
    )  # fmt: skip


def test_each_message_waits_for_its_turn(sender: Sender) -> None:
    for _ in range(4):
        sender.channel().send(outgoing())

    assert sender.waits == [0.5, 1.0, 1.5]


def test_turns_are_shared_by_all_who_send_at_once(sender: Sender) -> None:
    at_once(*[lambda: sender.channel().send(outgoing())] * 4)

    assert sorted(sender.waits) == [0.5, 1.0, 1.5]
    assert len(sender.provider.taken) == 4


def test_time_that_passed_is_not_saved_up_for_a_burst(sender: Sender) -> None:
    sender.channel().send(outgoing())
    sender.wall.advance(minutes=5)

    sender.channel().send(outgoing())
    sender.channel().send(outgoing())

    assert sender.waits == [0.5]


def test_other_senders_have_turns_of_their_own(sender: Sender) -> None:
    sender.channel().send(outgoing())
    sender.channel("gateway").send(outgoing())

    assert sender.waits == []


def test_a_turn_too_far_away_is_refused_with_when_to_come_back_and_left_to_others(
    sender: Sender,
) -> None:
    for _ in range(21):  # the last of these waits ten seconds
        sender.channel().send(outgoing())

    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            sender.channel().send(outgoing())

        assert (refusal.value.code, refusal.value.is_permanent) == (SENDER_BUSY, False)
        assert refusal.value.retry_after_s == 10.5
    assert len(sender.provider.taken) == 21
    sender.wall.advance(seconds=timedelta(seconds=1).total_seconds())
    sender.channel().send(outgoing())
