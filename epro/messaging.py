"""How messages leave: channels, addresses and texts, put together once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from epro.clock import Clock, wall_clock_now
from epro.crypto import Keyring
from epro.db import Database
from epro.providers import SmsSettings
from epro.services import addresses
from epro.services.studies import Studies
from epro.services.telling import Telling
from epro.settings import Settings
from notifications.channels import Channel
from notifications.dispatch import Dispatcher
from notifications.email import SmtpChannel, SmtpSecurity, SmtpServer
from notifications.gateway import GatewayAccount, GatewayChannel
from notifications.hooks import Hooks
from notifications.inbox import InboxChannel
from notifications.means import Directory, Means, Texts
from notifications.messages import ChannelName
from notifications.pace import Pace
from notifications.routing import Route, RoutedChannel
from notifications.sender_pace import PacedChannel
from notifications.sms import TwilioChannel
from notifications.texts import Text
from notifications.twilio_client import API_URL, TwilioAccount
from notifications.voice import VoiceChannel
from questionnaires.definition import Language

CALLBACK_PATH = "/hooks/twilio/status"
SPEECH_PATH = "/hooks/twilio/voice"
# What Twilio dials in a second for one account, unless it was asked for more.
CALLS_PER_SECOND = 1.0
LINK = "{link}"
SECURITY = {
    "starttls": SmtpSecurity.STARTTLS,
    "implicit": SmtpSecurity.TLS,
    "none": SmtpSecurity.NONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """What sends messages and follows what becomes of them.

    `speech_url` is where a provider asks what a call says, `texts` finds the words.
    """

    dispatcher: Dispatcher
    hooks: Hooks
    callback_url: Callable[[UUID], str]
    speech_url: Callable[[UUID], str]
    texts: Texts


def build_messaging(
    settings: Settings, *, database: Database, clock: Clock, keyring: Keyring, studies: Studies
) -> Messaging:
    """Put the way out together; no connection is opened."""

    def callback_url(message_id: UUID) -> str:
        return f"{settings.public_url.rstrip('/')}{CALLBACK_PATH}/{message_id}"

    def speech_url(message_id: UUID) -> str:
        return f"{settings.public_url.rstrip('/')}{SPEECH_PATH}/{message_id}"

    sms = _sms_channel(settings, database)

    def is_overseas(channel: ChannelName, address: str) -> bool:
        return channel is ChannelName.SMS and sms.is_overseas(address)

    channels: dict[ChannelName, Channel] = {
        ChannelName.EMAIL: _mail_channel(settings, database), ChannelName.SMS: sms,
    }  # fmt: skip
    if voice := _voice_channel(settings, database, speech_url):
        channels[ChannelName.VOICE] = voice
    texts = _texts(settings, database, studies)
    means = Means(
        channels=channels,
        directory=_directory(database, keyring, studies, is_overseas, clock.now),
        texts=texts,
        callback_url=callback_url,
    )
    hooks = Telling(studies, keyring)
    pace = Pace(
        lease=timedelta(seconds=settings.lease_s), settle=timedelta(seconds=settings.settle_s)
    )
    dispatcher = Dispatcher(
        database, means, now=clock.now, wall_now=wall_clock_now, hooks=hooks, pace=pace
    )
    return Messaging(
        dispatcher=dispatcher, hooks=hooks, callback_url=callback_url, speech_url=speech_url,
        texts=texts,
    )  # fmt: skip


def _mail_channel(settings: Settings, database: Database) -> Channel:
    mail = settings.mail
    if mail is None:
        return InboxChannel(database, ChannelName.EMAIL, wall_now=wall_clock_now)
    server = SmtpServer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        security=SECURITY[mail.tls],
        username=mail.username,
        password=mail.password,
    )
    return SmtpChannel(server, wall_now=wall_clock_now)


def _sms_channel(settings: Settings, database: Database) -> RoutedChannel:
    """Send text messages by country: what a gateway there does not take goes by the account."""
    routes = [_usual_route(settings, database)]
    if gateway := settings.gateway:
        account = GatewayAccount(base_url=gateway.base_url, key=gateway.key)
        channel = _paced(GatewayChannel(account), "gateway", gateway.per_second, database)
        routes += [
            Route(prefix=prefix, channel=channel, is_overseas=False) for prefix in gateway.prefixes
        ]
    return RoutedChannel(routes)


def _usual_route(settings: Settings, database: Database) -> Route:
    sms = settings.sms
    if sms is None:
        inbox = InboxChannel(database, ChannelName.SMS, wall_now=wall_clock_now)
        return Route(prefix="", channel=inbox, is_overseas=False)
    account = _account(sms, sms.sender)
    channel = _paced(TwilioChannel(account), f"twilio:{sms.sender}", sms.per_second, database)
    # Wherever its number is, Twilio takes it in abroad.
    return Route(prefix="", channel=channel, is_overseas=True)


def _voice_channel(
    settings: Settings, database: Database, speech_url: Callable[[UUID], str]
) -> Channel | None:
    """Let phones ring over the same account; None where it has no number to call from."""
    sms = settings.sms
    if sms is None:
        return InboxChannel(database, ChannelName.VOICE, wall_now=wall_clock_now)
    if sms.voice_sender is None:
        return None
    channel = VoiceChannel(_account(sms, sms.voice_sender), speech_url=speech_url)
    return _paced(channel, f"voice:{sms.voice_sender}", CALLS_PER_SECOND, database)


def _account(sms: SmsSettings, sender: str) -> TwilioAccount:
    return TwilioAccount(
        account_sid=sms.account_sid,
        auth_token=sms.auth_token,
        sender=sender,
        base_url=sms.base_url or API_URL,
    )


def _paced(channel: Channel, sender: str, per_second: float, database: Database) -> Channel:
    if not per_second:
        return channel
    return PacedChannel(
        channel, sender=sender, per_second=per_second, database=database, wall_now=wall_clock_now
    )


def _directory(
    database: Database,
    keyring: Keyring,
    studies: Studies,
    is_overseas: Callable[[ChannelName, str], bool],
    now: Callable[[], datetime],
) -> Directory:
    """Look addresses up when a message leaves: whoever has no right to be written to has none."""

    def address_of(recipient_ref: str, channel: ChannelName) -> str | None:
        with database.reading() as session:
            return addresses.address_of(
                session, recipient_ref, channel, catalogue=studies.catalogue(session),
                keyring=keyring, is_overseas=is_overseas, now=now(),
            )  # fmt: skip

    return address_of


def _texts(settings: Settings, database: Database, studies: Studies) -> Texts:
    """Take texts from the study version a message was written under; links get their address."""

    def text_of(template: str, template_version: str, language: str) -> Text:
        with database.reading() as session:
            package = studies.catalogue(session).package(int(template_version))
        approved = package.text(template)
        if approved is None:
            raise LookupError(template)
        spoken, linked = Language(language), f"{settings.public_url.rstrip('/')}{LINK}"
        subject = approved.subject.in_language(spoken) if approved.subject else None
        body = approved.body.in_language(spoken).strip().replace(LINK, linked)
        return Text(body=body, subject=subject, version=approved.version)

    return text_of
