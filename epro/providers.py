"""Who carries messages: the mail server and the SMS account, as a deployment sets them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

INBOX, SMTP, TWILIO = "inbox", "smtp", "twilio"
# What Twilio lets an alphanumeric sender hand over; a number of one's own may have less.
USUAL_PER_SECOND = 10.0
_PREFIX = re.compile(r"\+[1-9][0-9]{0,6}", re.ASCII)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}
DEFAULT_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Where mail is handed over; `tls` is starttls, implicit or none."""

    host: str
    port: int
    tls: str
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """A Twilio account; `base_url` only where a stand-in takes Twilio's place.

    `per_second`: how many messages its sender hands over, all workers together; 0 sets no limit.
    `voice_sender`: the number (E.164) that phones show when they ring; None where nobody is called.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    base_url: str | None = None
    per_second: float = USUAL_PER_SECOND
    voice_sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """A gateway in the country, and the prefixes of the numbers that go by it."""

    base_url: str
    key: str = field(repr=False)
    prefixes: tuple[str, ...]
    per_second: float = USUAL_PER_SECOND


def read_mail(
    env: Mapping[str, str], faults: list[str], *, is_production: bool
) -> MailSettings | None:
    """Read the mail server; None for the development inbox. Faults never repeat a password."""
    if not _is_real(env, "EPRO_MAIL_CHANNEL", SMTP, faults, is_production=is_production):
        return None
    sender = _needed(env, "EPRO_MAIL_FROM", faults)
    if sender and not _is_address(sender):
        faults.append("EPRO_MAIL_FROM is not an e-mail address.")
    text = _needed(env, "EPRO_SMTP_URL", faults)
    url = urlsplit(text)
    tls = parse_qs(url.query).get("tls", ["starttls"])[0]
    if text and not _is_smtp_url(url, tls):
        faults.append(
            "EPRO_SMTP_URL must look like smtp://user:password@host:587?tls=starttls, "
            "with tls one of starttls, implicit, none."
        )
        return None
    if tls == "none" and (is_production or url.hostname not in THIS_MACHINE):
        faults.append("EPRO_SMTP_URL sends mail in plain text; that is for this very machine only.")
    if not text:
        return None
    return MailSettings(
        host=url.hostname or "",
        port=url.port or DEFAULT_PORTS[tls],
        tls=tls,
        sender=sender,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
    )


def read_sms(
    env: Mapping[str, str], faults: list[str], *, is_production: bool
) -> SmsSettings | None:
    """Read the SMS account; None for the development inbox."""
    if not _is_real(env, "EPRO_SMS_CHANNEL", TWILIO, faults, is_production=is_production):
        return None
    base_url = env.get("EPRO_TWILIO_BASE_URL", "").strip() or None
    if is_production and base_url is not None:
        faults.append("EPRO_TWILIO_BASE_URL points at a stand-in; production refuses it.")
    voice_sender = env.get("EPRO_TWILIO_VOICE_FROM", "").strip() or None
    if voice_sender is not None and not _NUMBER.fullmatch(voice_sender):
        faults.append("EPRO_TWILIO_VOICE_FROM must be a phone number, as in +8613800138000.")
    return SmsSettings(
        account_sid=_needed(env, "EPRO_TWILIO_ACCOUNT_SID", faults),
        auth_token=_needed(env, "EPRO_TWILIO_AUTH_TOKEN", faults),
        sender=_needed(env, "EPRO_TWILIO_FROM", faults),
        base_url=base_url,
        per_second=_per_second(env, "EPRO_SMS_PER_SECOND", faults),
        voice_sender=voice_sender,
    )


def read_gateway(
    env: Mapping[str, str], faults: list[str], *, is_production: bool
) -> GatewaySettings | None:
    """Read the gateway for numbers of certain countries; None where there is none."""
    base_url = env.get("EPRO_SMS_GATEWAY_URL", "").strip()
    if not base_url:
        return None
    url = urlsplit(base_url)
    is_here = url.hostname in THIS_MACHINE
    if url.scheme not in {"https", "http"} or not url.hostname:
        faults.append("EPRO_SMS_GATEWAY_URL must look like https://host/path.")
    elif url.scheme == "http" and (is_production or not is_here):
        faults.append(
            "EPRO_SMS_GATEWAY_URL is plain http; numbers leave this machine over TLS only."
        )
    prefixes = tuple(env.get("EPRO_SMS_GATEWAY_PREFIXES", "+86").split())
    if not prefixes or not all(map(_PREFIX.fullmatch, prefixes)):
        faults.append("EPRO_SMS_GATEWAY_PREFIXES must be prefixes with spaces between: +86 +852.")
    return GatewaySettings(
        base_url=base_url,
        key=_needed(env, "EPRO_SMS_GATEWAY_KEY", faults),
        prefixes=prefixes,
        per_second=_per_second(env, "EPRO_SMS_GATEWAY_PER_SECOND", faults),
    )


def _per_second(env: Mapping[str, str], name: str, faults: list[str]) -> float:
    text = env.get(name, "").strip() or str(USUAL_PER_SECOND)
    if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text, re.ASCII):
        return float(text)
    faults.append(f"{name} is {text!r}; it must be a number of messages, 0 for no limit.")
    return USUAL_PER_SECOND


def _is_real(
    env: Mapping[str, str], name: str, provider: str, faults: list[str], *, is_production: bool
) -> bool:
    chosen = env.get(name, "").strip() or INBOX
    if chosen == provider:
        return True
    if chosen != INBOX:
        faults.append(f"{name} is {chosen!r}; it must be {INBOX} or {provider}.")
    elif is_production:
        faults.append(f"{name} is {INBOX}: nobody would be told; production needs {provider}.")
    return False


def _needed(env: Mapping[str, str], name: str, faults: list[str]) -> str:
    value = env.get(name, "").strip()
    if not value:
        faults.append(f"{name} is not set.")
    return value


def _is_smtp_url(url: SplitResult, tls: str) -> bool:
    try:
        return (
            url.scheme == "smtp"
            and bool(url.hostname)
            and tls in DEFAULT_PORTS
            and (url.port is None or url.port > 0)
        )
    except ValueError:  # a port that is no number
        return False


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local) and "." in domain and text.isascii() and not set(text) & set(" <>,;\r\n")
