"""SMS by Twilio: the only module that knows Twilio's SDK."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.channels import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    Match,
    Outgoing,
    Refused,
    Unclear,
)
from notifications.refusals import Refusal

TIMEOUT_S = 20.0
API_URL = "https://api.twilio.com"
LONGEST_VALIDITY_S = 36_000  # Twilio's own limit
LIST_LIMIT = 400
# Twilio's clock need not be ours, and it cuts its times to whole seconds.
CLOCK_MARGIN = timedelta(minutes=2)

# The SDK logs each request with the recipient's number.
_silence = logging.Logger("twilio.silent")  # noqa: LOG001  apart from all others on purpose
_silence.disabled = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """`sender` is a number in E.164 form, an alphanumeric sender, or a Messaging Service (MG…)."""

    account_sid: str
    auth_token: str
    sender: str
    base_url: str = API_URL


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What one status callback says."""

    provider_id: str
    status: str
    error_code: str | None


class Wish(StrEnum):
    """What a reply to one of our numbers asks for."""

    STOP = "stop"
    START = "start"


# The whole text of a reply, in any case; networks and Twilio use the English ones.
WISHES: Mapping[str, Wish] = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "退订", "td", "t"), Wish.STOP
    ),
    **dict.fromkeys(("start", "yes", "unstop", "恢复"), Wish.START),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A text message that came in: from which number, and what it asks for, if we know it."""

    number: str
    wish: Wish | None


class TwilioChannel:
    """Sends with Twilio's SDK; safe for several threads."""

    def __init__(self, account: TwilioAccount, *, timeout_s: float = TIMEOUT_S) -> None:
        self._sender = account.sender
        self._client = Client(
            account.account_sid,
            account.auth_token,
            http_client=_HttpClient(account.base_url, timeout_s),
        )

    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand one SMS over, once; nothing is retried in here.

        Raises Refused when Twilio did not take it, Unclear when it may have: no answer in time, a
        lost connection, or an error inside Twilio (5xx).
        """
        is_service = self._sender.startswith("MG")
        options: dict[str, Any] = {
            "messaging_service_sid" if is_service else "from_": self._sender,
            "body": outgoing.body,
        }
        if outgoing.callback_url is not None:
            options["status_callback"] = outgoing.callback_url
        if outgoing.valid_for_s is not None:
            # What Twilio cannot hand on in time shall not ring in the night.
            options["validity_period"] = min(outgoing.valid_for_s, LONGEST_VALIDITY_S)
        try:
            message = self._client.messages.create(to=outgoing.address, **options)
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error.status, error.code) from error
        except (RequestException, TwilioException, ValueError) as error:
            raise _lost(error) from error
        return Accepted(str(message.sid))

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Look through what Twilio has for this number, by time of creation and text.

        Twilio's own filter is by the time of sending, which a message that still waits has not.
        """
        earliest = since - CLOCK_MARGIN
        seen_count, is_open = 0, True
        matches: list[Match] = []
        is_unreadable = False
        try:
            for record in self._client.messages.stream(
                to=outgoing.address, limit=LIST_LIMIT, page_size=LIST_LIMIT // 2
            ):
                seen_count += 1
                is_recent = record.date_created is not None and record.date_created >= earliest
                is_open = is_open and is_recent
                if not is_recent or not str(record.direction).startswith("outbound"):
                    continue
                # An account may be set to erase texts; then nothing can be recognised.
                is_unreadable = is_unreadable or not record.body
                if record.body == outgoing.body:
                    matches.append(_match(record))
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error.status, error.code) from error
        except (RequestException, TwilioException, ValueError) as error:
            raise _lost(error) from error
        if matches:
            return Found(tuple(matches))
        # Only recent ones up to the limit: ours may be further down.
        is_cut = seen_count >= LIST_LIMIT and is_open
        return CannotTell() if is_unreadable or is_cut else Absent()


def signature_is_valid(
    auth_token: str, *, url: str, form: Mapping[str, str], signature: str
) -> bool:
    """Judge `X-Twilio-Signature` by Twilio's own validator.

    `url` is the public one, as Twilio called it, with its query; `form` is the whole form, also
    fields we do not know, as a plain mapping or as Flask's `request.form`.
    """
    return bool(RequestValidator(auth_token).validate(url, form, signature))


def read_status_report(form: Mapping[str, str]) -> StatusReport | None:
    """Read a status callback whose signature is valid; None if it is about something else."""
    provider_id, status = form.get("MessageSid"), form.get("MessageStatus")
    if not provider_id or not status:
        return None
    return StatusReport(provider_id, status, form.get("ErrorCode") or None)


def read_reply(form: Mapping[str, str]) -> Reply | None:
    """Read an inbound message whose signature is valid; its text goes no further than this.

    Where Twilio handles opt-outs itself it says so in `OptOutType`, which is believed first.
    """
    number = form.get("From")
    if not number:
        return None
    said = form.get("OptOutType") or form.get("Body") or ""
    return Reply(number, WISHES.get(said.strip().rstrip(".!。！").lower()))


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's client, pointed at a base URL; it keeps what the SDK throws away of a 429."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, max_retries=0, logger=_silence)
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, **options: Any) -> Any:
        try:
            response = super().request(
                method, self._base_url + url.removeprefix(API_URL), **options
            )
        finally:
            # A kept connection that the other side closes just now looks like a lost answer.
            self.session.close()
        if response.status_code == 429:
            raise Refused(
                "20429", retry_after_s=_seconds((response.headers or {}).get("Retry-After"))
            )
        return response


def _refusal(status: int, code: int | None) -> Refused | Unclear:
    if status >= 500:
        return Unclear(f"http_{status}")
    if status == 401:
        # Our account, not this message: it has to be tried again once that is mended.
        return Refused(str(code or status), meaning=Refusal.TRANSIENT)
    return Refused(str(code or status))


def _lost(error: Exception) -> Refused | Unclear:
    """Tell a request that never left from one whose answer is missing."""
    if isinstance(error, ConnectTimeout | SSLError) or _was_not_connected(error):
        return Refused(f"unreachable_{type(error).__name__}", meaning=Refusal.TRANSIENT)
    return Unclear(f"no_answer_{type(error).__name__}")


def _was_not_connected(error: Exception) -> bool:
    cause = error.args[0] if isinstance(error, ConnectionFailed) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _match(record: Any) -> Match:
    code = record.error_code
    return Match(str(record.sid), str(record.status), None if code is None else str(code))


def _seconds(text: str | None) -> float | None:
    """Read Retry-After in seconds; its other form, a date, is ignored."""
    return float(text) if text is not None and text.isdecimal() else None
