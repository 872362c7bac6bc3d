"""One contract for every way out; whoever adds a gateway adds a bench and is judged by this."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from epro.db import Base, Database
from notifications.channels import Absent, CannotTell, Channel, Found, Outgoing, Refused, Unclear
from notifications.inbox import InboxChannel, newest
from notifications.messages import ChannelName, DevelopmentMessage
from notifications.refusals import Refusal
from tests.clock import FrozenClock
from tests.notifications.post import MAILBOX, NUMBER, smtp_channel, twilio_channel
from tests.standins.smtp import SmtpStandIn
from tests.standins.twilio import ACCEPTS_THEN_DROPS, TOO_MANY, TwilioStandIn, refuses

INBOX = Base.metadata.tables[DevelopmentMessage.__tablename__]
BODY = "SZ01-014 RED 19:04 请登录确认。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A channel, how to see what arrived, and how to make its provider misbehave."""

    channel: Channel
    gone: Channel
    address: str
    arrived: Callable[[], list[str]]
    refuse: Callable[[], None]
    be_busy: Callable[[], None]
    take_and_fall_silent: Callable[[], None]

    def outgoing(self, message_id: UUID | None = None, *, body: str = BODY) -> Outgoing:
        return Outgoing(
            message_id=message_id or uuid4(), address=self.address, template="alert",
            template_version="1.0", params={"code": "SZ01-014"}, language="zh",
            subject="SZ01-014 RED", body=body,
        )  # fmt: skip


@pytest.fixture
def over_twilio(twilio: TwilioStandIn) -> Bench:
    return Bench(
        channel=twilio_channel(twilio.base_url),
        gone=twilio_channel("http://127.0.0.1:9"),
        address=NUMBER,
        arrived=lambda: [message.body for message in twilio.messages],
        refuse=lambda: twilio.fail_next(refuses(21211)),
        be_busy=lambda: twilio.fail_next(TOO_MANY),
        take_and_fall_silent=lambda: twilio.fail_next(ACCEPTS_THEN_DROPS),
    )


@pytest.fixture
def over_smtp(smtp: SmtpStandIn, wall: FrozenClock) -> Bench:
    return Bench(
        channel=smtp_channel(smtp, wall),
        gone=smtp_channel(9, wall),
        address=MAILBOX,
        arrived=lambda: [mail.text.strip() for mail in smtp.mails],
        refuse=lambda: smtp.replies_to_recipient.append("550 No such mailbox"),
        be_busy=lambda: smtp.replies_to_recipient.append("451 Try later"),
        take_and_fall_silent=lambda: smtp.replies_to_content.append("drop"),
    )


@pytest.fixture
def over_inbox(tmp_path: Path, wall: FrozenClock) -> Iterator[Bench]:
    """Our own table refuses nothing: those faults are not to be had of it."""
    database = Database(f"sqlite:///{tmp_path}/inbox.sqlite")
    Base.metadata.create_all(database.engine, tables=[INBOX])

    def arrived() -> list[str]:
        with database.reading() as session:
            return [row.body for row in newest(session, limit=100)]

    def cannot() -> None:
        pytest.skip("The inbox refuses nothing.")

    channel = InboxChannel(database, ChannelName.SMS, wall_now=wall)
    yield Bench(
        channel=channel, gone=channel, address=NUMBER, arrived=arrived,
        refuse=cannot, be_busy=cannot, take_and_fall_silent=cannot,
    )  # fmt: skip
    database.engine.dispose()


ALL = ("over_twilio", "over_smtp", "over_inbox")
REMOTE = ("over_twilio", "over_smtp")


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    found: Bench = request.getfixturevalue(request.param)
    return found


@pytest.mark.req("N-06")
@pytest.mark.parametrize("bench", ALL, indirect=True)
def test_what_is_accepted_arrives_once_and_has_an_id(bench: Bench) -> None:
    accepted = bench.channel.send(bench.outgoing())

    assert accepted.provider_id
    assert bench.arrived() == [BODY]


@pytest.mark.req("N-06")
@pytest.mark.parametrize("bench", ALL, indirect=True)
def test_what_was_accepted_is_never_said_to_be_absent(bench: Bench, wall: FrozenClock) -> None:
    outgoing = bench.outgoing()
    accepted = bench.channel.send(outgoing)

    answer = bench.channel.find(outgoing, since=wall())

    assert not isinstance(answer, Absent)
    if isinstance(answer, Found):
        assert [match.provider_id for match in answer.matches] == [accepted.provider_id]


@pytest.mark.req("N-06")
@pytest.mark.parametrize("bench", ALL, indirect=True)
def test_what_was_never_sent_is_never_found(bench: Bench, wall: FrozenClock) -> None:
    bench.channel.send(bench.outgoing(body="Another text."))

    answer = bench.channel.find(bench.outgoing(), since=wall())

    assert isinstance(answer, Absent | CannotTell)


@pytest.mark.req("N-06")
@pytest.mark.parametrize("bench", ALL, indirect=True)
def test_what_was_sent_long_before_is_not_the_one_in_question(
    bench: Bench, wall: FrozenClock
) -> None:
    outgoing = bench.outgoing()
    bench.channel.send(outgoing)

    answer = bench.channel.find(outgoing, since=wall() + timedelta(hours=3))

    assert isinstance(answer, Absent | CannotTell)


@pytest.mark.req("N-06", "N-05")
@pytest.mark.parametrize("bench", REMOTE, indirect=True)
def test_a_final_refusal_is_told_from_a_passing_one(bench: Bench) -> None:
    bench.refuse()
    with pytest.raises(Refused) as final:
        bench.channel.send(bench.outgoing())
    bench.be_busy()
    with pytest.raises(Refused) as passing:
        bench.channel.send(bench.outgoing())

    assert (final.value.is_permanent, passing.value.is_permanent) == (True, False)
    assert bench.arrived() == []


@pytest.mark.req("N-06", "X-07")
@pytest.mark.parametrize("bench", REMOTE, indirect=True)
def test_a_refusal_holds_neither_address_nor_text(bench: Bench) -> None:
    bench.refuse()

    with pytest.raises(Refused) as refusal:
        bench.channel.send(bench.outgoing())

    assert len(refusal.value.code) <= 40
    assert bench.address not in f"{refusal.value.code} {refusal.value}"


@pytest.mark.req("N-06")
@pytest.mark.parametrize("bench", REMOTE, indirect=True)
def test_a_provider_out_of_reach_has_certainly_not_taken_it(bench: Bench) -> None:
    with pytest.raises(Refused) as refusal:
        bench.gone.send(bench.outgoing())

    assert refusal.value.meaning is Refusal.TRANSIENT


@pytest.mark.req("N-06", "N-03")
@pytest.mark.parametrize("bench", REMOTE, indirect=True)
def test_an_answer_lost_after_the_message_went_out_is_unclear(bench: Bench) -> None:
    bench.take_and_fall_silent()

    with pytest.raises(Unclear):
        bench.channel.send(bench.outgoing())

    assert bench.arrived() == [BODY]
