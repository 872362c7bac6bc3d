"""One contract for every way out; whoever adds a gateway adds a bench and is judged by this."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from epro.db import Base, Database
from notifications.channels import Absent, CannotTell, Channel, Found, Outgoing, Refused, Unclear
from notifications.gateway import GatewayAccount, GatewayChannel
from notifications.inbox import InboxChannel, newest
from notifications.messages import ChannelName, DevelopmentMessage, SenderPace
from notifications.refusals import Refusal
from notifications.routing import Route, RoutedChannel
from notifications.sender_pace import PacedChannel
from notifications.voice import announcement
from tests.clock import FrozenClock
from tests.notifications.post import (
    MAILBOX,
    NUMBER,
    Provider,
    smtp_channel,
    twilio_channel,
    voice_channel,
)
from tests.standins.gateway import KEY, Answer, running_gateway
from tests.standins.smtp import SmtpStandIn
from tests.standins.telephone import answer
from tests.standins.twilio import ACCEPTS_THEN_DROPS, TOO_MANY, Callback, TwilioStandIn, refuses

INBOX, PACE = (
    Base.metadata.tables[table.__tablename__] for table in (DevelopmentMessage, SenderPace)
)
BODY = "SZ01-014 RED 19:04 请登录确认。"
PARAMS = {"code": "SZ01-014", "tier": "RED", "time": "19:04"}
REGISTERED = {
    ("alert", "2", "zh"): "{code} {tier} {time} 请登录确认。",
    ("other", "2", "zh"): "Another text.",
}


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
            message_id=message_id or uuid4(), address=self.address,
            template="alert" if body == BODY else "other", template_version="2", params=PARAMS,
            language="zh", subject="SZ01-014 RED", body=body,
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


@pytest.fixture
def over_gateway() -> Iterator[Bench]:
    with running_gateway(REGISTERED) as gateway:
        account = GatewayAccount(base_url=gateway.base_url, key=KEY)
        nobody = GatewayAccount(base_url="http://127.0.0.1:9", key=KEY)
        yield Bench(
            channel=GatewayChannel(account, timeout_s=5.0),
            gone=GatewayChannel(nobody, timeout_s=5.0),
            address=NUMBER,
            arrived=lambda: gateway.bodies,
            refuse=lambda: gateway.answers.append(Answer(422, "not_a_number")),
            be_busy=lambda: gateway.answers.append(Answer(429, "too_many", 30)),
            take_and_fall_silent=lambda: gateway.answers.append(Answer(drops=True)),
        )


@pytest.fixture
def over_voice(twilio: TwilioStandIn) -> Bench:
    """A call arrives when it is answered; what it says is asked of us then, by its message id."""
    bodies: dict[str, str] = {}

    def speech_url(message_id: UUID) -> str:
        return f"https://epro.example/say/{message_id}"

    def words(asked: Callback) -> tuple[int, str]:
        text = bodies[asked.url.rpartition("/")[2]]
        return 200, announcement(text, language="zh", key_url="https://epro.example/key")

    class Known(Bench):
        """Remembers what each message says, as the outbox does."""

        def outgoing(self, message_id: UUID | None = None, *, body: str = BODY) -> Outgoing:
            outgoing = Bench.outgoing(self, message_id, body=body)
            bodies[str(outgoing.message_id)] = body
            return outgoing

    return Known(
        channel=voice_channel(twilio.base_url, speech_url),
        gone=voice_channel("http://127.0.0.1:9", speech_url),
        address=NUMBER,
        arrived=lambda: [answer(call, words).said[0][1] for call in twilio.calls],
        refuse=lambda: twilio.fail_next(refuses(21211)),
        be_busy=lambda: twilio.fail_next(TOO_MANY),
        take_and_fall_silent=lambda: twilio.fail_next(ACCEPTS_THEN_DROPS),
    )


@pytest.fixture
def over_routes(over_gateway: Bench, over_twilio: Bench) -> Bench:
    """Two providers behind one channel; the number says that the gateway has it."""
    elsewhere = Route(prefix="", channel=over_twilio.channel, is_overseas=True)
    here = Route(prefix="+86", channel=over_gateway.channel, is_overseas=False)
    gone = Route(prefix="+86", channel=over_gateway.gone, is_overseas=False)
    return replace(
        over_gateway,
        channel=RoutedChannel([elsewhere, here]), gone=RoutedChannel([elsewhere, gone]),
    )  # fmt: skip


@pytest.fixture
def over_paced_twilio(over_twilio: Bench, tmp_path: Path, wall: FrozenClock) -> Iterator[Bench]:
    database = Database(f"sqlite:///{tmp_path}/pace.sqlite")
    Base.metadata.create_all(database.engine, tables=[PACE])

    def paced(channel: Channel, sender: str) -> Channel:
        return PacedChannel(
            channel, sender=sender, per_second=1000, database=database, wall_now=wall,
            sleep=lambda _seconds: None,
        )  # fmt: skip

    yield replace(
        over_twilio,
        channel=paced(over_twilio.channel, "here"), gone=paced(over_twilio.gone, "gone"),
    )  # fmt: skip
    database.engine.dispose()


REMOTE = (
    "over_twilio",
    "over_smtp",
    "over_voice",
    "over_gateway",
    "over_routes",
    "over_paced_twilio",
)
ALL = (*REMOTE, "over_inbox")
# Where a message is found by our own id it is the one in question, whenever it was sent.
BY_TEXT = ("over_twilio", "over_smtp", "over_voice", "over_paced_twilio", "over_inbox")


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
@pytest.mark.parametrize("bench", BY_TEXT, indirect=True)
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


# --- a gateway that holds registered texts --------------------------------------------------------


@pytest.mark.req("N-06", "N-03")
def test_the_same_message_again_reaches_her_once_over_a_gateway(over_gateway: Bench) -> None:
    outgoing = over_gateway.outgoing()

    first, again = (over_gateway.channel.send(outgoing) for _ in range(2))

    assert first == again
    assert over_gateway.arrived() == [BODY]


@pytest.mark.req("N-06", "N-01")
def test_a_text_that_is_not_registered_is_refused_for_good(over_gateway: Bench) -> None:
    other = replace(over_gateway.outgoing(), template_version="3")

    with pytest.raises(Refused) as refusal:
        over_gateway.channel.send(other)

    assert (refusal.value.code, refusal.value.is_permanent) == ("not_registered", True)


@pytest.mark.req("N-06")
def test_a_gateway_says_when_to_come_back(over_gateway: Bench) -> None:
    over_gateway.be_busy()

    with pytest.raises(Refused) as refusal:
        over_gateway.channel.send(over_gateway.outgoing())

    assert refusal.value.retry_after_s == 30


# --- by country -----------------------------------------------------------------------------------


@pytest.mark.req("N-06", "X-01")
@pytest.mark.parametrize(
    ("number", "provider", "is_overseas"),
    [
        ("+8613800000001", "mainland", False),
        ("+85291234567", "hongkong", False),
        ("+447700900000", "abroad", True),
        ("+8", "abroad", True),
    ],
)
def test_the_longest_prefix_of_a_number_chooses_its_provider(
    wall: FrozenClock, number: str, provider: str, is_overseas: bool
) -> None:
    providers = {name: Provider(wall, name) for name in ("mainland", "hongkong", "abroad")}
    channel = RoutedChannel(
        [
            Route(prefix="", channel=providers["abroad"], is_overseas=True),
            Route(prefix="+86", channel=providers["mainland"], is_overseas=False),
            Route(prefix="+852", channel=providers["hongkong"], is_overseas=False),
        ]
    )

    channel.send(_to(number))

    assert [name for name, one in providers.items() if one.taken] == [provider]
    assert channel.is_overseas(number) is is_overseas


@pytest.mark.req("N-06")
def test_a_number_that_nobody_takes_is_refused_for_good(wall: FrozenClock) -> None:
    channel = RoutedChannel([Route(prefix="+86", channel=Provider(wall), is_overseas=False)])

    with pytest.raises(Refused) as refusal:
        channel.send(_to("+447700900000"))

    assert refusal.value.is_permanent


def _to(number: str) -> Outgoing:
    return Outgoing(
        message_id=uuid4(), address=number, template="alert", template_version="2", params=PARAMS,
        language="zh", subject=None, body=BODY,
    )  # fmt: skip
