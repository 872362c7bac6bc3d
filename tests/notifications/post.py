"""Messages, texts and addresses small enough to be read at a glance, and a provider that behaves.

`Provider` keeps what it takes and can be asked about it; it refuses, stays silent or forgets only
when it is told to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from epro.db import Database
from notifications import outbox
from notifications.channels import (
    Absent,
    Accepted,
    CannotTell,
    Channel,
    Found,
    Match,
    Outgoing,
    Refused,
    Unclear,
)
from notifications.dispatch import Dispatcher
from notifications.email import SmtpChannel, SmtpSecurity, SmtpServer
from notifications.hooks import Hooks
from notifications.means import Means
from notifications.messages import ChannelName, OutboxMessage, SendAttempt
from notifications.outbox import NewMessage
from notifications.pace import Pace
from notifications.sms import TwilioChannel
from notifications.texts import Text
from notifications.twilio_client import TwilioAccount
from notifications.voice import VoiceChannel
from tests.clock import FrozenClock
from tests.standins.smtp import SmtpStandIn
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, SENDER

NUMBER = "+8613800000001"
MAILBOX = "coordinator@site.example"
PARTICIPANT = "participant:7"
STAFF = "user:3"
ADDRESSES: Mapping[tuple[str, ChannelName], str] = {
    (PARTICIPANT, ChannelName.SMS): NUMBER,
    (STAFF, ChannelName.SMS): "+8613800000002",
    (STAFF, ChannelName.EMAIL): MAILBOX,
}
TEXTS: Mapping[tuple[str, str], Text] = {
    ("diary_open", "zh"): Text("请打开您的日记。"),
    ("diary_open", "en"): Text("Please open your diary."),
    ("alert_sms", "zh"): Text("{code} {tier} {time} 请登录确认。"),
    ("alert_email", "zh"): Text(
        "{code} {tier} {rule} {time}\n请登录后确认收到：{link}\n", subject="{code} {tier} {rule}"
    ),
}
ALERT = {
    "code": "SZ01-014", "tier": "RED", "rule": "R09", "time": "19:04",
    "link": "https://epro.example/console",
}  # fmt: skip


def reminder(
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    recipient_ref: str = PARTICIPANT,
    about: str | None = None,
    language: str = "zh",
) -> NewMessage:
    return NewMessage(
        purpose="reminder", channel=ChannelName.SMS, template="diary_open", template_version="1.0",
        language=language, recipient_ref=recipient_ref, about=about,
        not_before=not_before, not_after=not_after,
    )  # fmt: skip


def alert(channel: ChannelName = ChannelName.SMS) -> NewMessage:
    return NewMessage(
        purpose="safety", channel=channel, template=f"alert_{channel}", template_version="1.0",
        language="zh", recipient_ref=STAFF, params=ALERT, about="flag:1", is_vital=True,
    )  # fmt: skip


def address_of(recipient_ref: str, channel: ChannelName) -> str | None:
    return ADDRESSES.get((recipient_ref, channel))


def text_of(template: str, _version: str, language: str) -> Text:
    return TEXTS[template, language]


def means(
    channels: Mapping[ChannelName, Channel],
    *,
    directory: Callable[[str, ChannelName], str | None] = address_of,
    texts: Callable[[str, str, str], Text] = text_of,
) -> Means:
    return Means(
        channels=channels, directory=directory, texts=texts,
        callback_url=lambda message_id: f"https://epro.example/hooks/{message_id}",
    )  # fmt: skip


def twilio_channel(base_url: str, *, timeout_s: float = 5.0) -> TwilioChannel:
    account = TwilioAccount(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, base_url=base_url
    )
    return TwilioChannel(account, timeout_s=timeout_s)


def voice_channel(
    base_url: str, speech_url: Callable[[UUID], str], *, timeout_s: float = 5.0
) -> VoiceChannel:
    account = TwilioAccount(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, base_url=base_url
    )
    return VoiceChannel(account, speech_url=speech_url, timeout_s=timeout_s)


def smtp_channel(
    smtp: SmtpStandIn | int, wall: Callable[[], datetime], *, timeout_s: float = 5.0
) -> SmtpChannel:
    port = smtp if isinstance(smtp, int) else smtp.port
    server = SmtpServer(
        host="127.0.0.1", port=port, sender="epro@trial.example", security=SmtpSecurity.NONE
    )
    return SmtpChannel(server, wall_now=wall, timeout_s=timeout_s)


class Noting(Hooks):
    """Notes each call in order: its name and the message's id."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, UUID]] = []
        self.objection: str | None = None

    def reason_against(
        self, session: Session, message: OutboxMessage, *, now: datetime
    ) -> str | None:
        return self.objection

    def on_sent(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("sent", message.id))

    def on_cancelled(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("cancelled", message.id))

    def on_expired(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("expired", message.id))

    def on_failed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("failed", message.id))

    def on_not_confirmed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("not_confirmed", message.id))

    def on_undelivered(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self.calls.append(("undelivered", message.id))


@dataclass
class Provider:
    """A provider in memory; `next_outcomes` are raised in turn, `answers` replace its list."""

    wall: FrozenClock
    name: str = "P"
    next_outcomes: list[Exception] = field(default_factory=list)
    answers: list[CannotTell | Exception] = field(default_factory=list)
    taken: list[tuple[str, Outgoing, datetime]] = field(default_factory=list)
    asked_count: int = 0
    before_answer: Callable[[Outgoing], None] = lambda _outgoing: None

    def send(self, outgoing: Outgoing) -> Accepted:
        outcome = self.next_outcomes.pop(0) if self.next_outcomes else None
        if isinstance(outcome, Refused):
            raise outcome
        if not isinstance(outcome, Lost):
            provider_id = f"{self.name}{len(self.taken) + 1}"
            self.taken.append((provider_id, outgoing, self.wall()))
        self.before_answer(outgoing)
        if outcome is not None:
            raise outcome
        return Accepted(provider_id)

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        self.asked_count += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        matches = tuple(
            Match(provider_id)
            for provider_id, sent, at in self.taken
            if (sent.address, sent.body) == (outgoing.address, outgoing.body) and at >= since
        )
        return Found(matches) if matches else Absent()

    @property
    def bodies(self) -> list[str]:
        return [outgoing.body for _id, outgoing, _at in self.taken]


class Lost(Unclear):
    """The connection was lost before the provider had taken anything, though nobody knows."""


class Post:
    """One database with its outbox, two clocks, and a dispatcher at hand."""

    def __init__(self, database: Database, clock: FrozenClock, wall: FrozenClock) -> None:
        self.database = database
        self.clock = clock
        self.wall = wall
        self.hooks = Noting()
        self.sms = Provider(wall, "SM")
        self.email = Provider(wall, "EM")

    def dispatcher(
        self,
        channels: Mapping[ChannelName, Channel] | None = None,
        *,
        hooks: Hooks | None = None,
        pace: Pace | None = None,
        chance: float = 0.0,
        parts: Means | None = None,
    ) -> Dispatcher:
        ways = channels or {ChannelName.SMS: self.sms, ChannelName.EMAIL: self.email}
        return Dispatcher(
            self.database, parts or means(ways), now=self.clock, wall_now=self.wall,
            hooks=hooks or self.hooks, pace=pace, chance=lambda: chance,
        )  # fmt: skip

    def enqueue(self, *messages: NewMessage) -> list[UUID]:
        with self.database.transaction() as session:
            return [outbox.enqueue(session, message, now=self.clock()) for message in messages]

    def read(self, message_id: UUID) -> OutboxMessage:
        with self.database.reading() as session:
            return session.get_one(OutboxMessage, message_id)

    def attempts(self, message_id: UUID) -> list[SendAttempt]:
        with self.database.reading() as session:
            return list(outbox.attempts_of(session, message_id))

    def cancel(self, message_id: UUID) -> tuple[UUID, ...]:
        with self.database.transaction() as session:
            return outbox.cancel(session, [message_id], reason="completed", now=self.clock())

    def wait(self, **by: float) -> None:
        """Let time pass, on the wall and in the trial alike."""
        self.clock.advance(**by)
        self.wall.advance(**by)
