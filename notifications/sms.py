"""Text messages by Twilio, and what Twilio reports of them and of replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notifications.channels import Absent, Accepted, CannotTell, Found, Match, Outgoing
from notifications.twilio_client import TIMEOUT_S, TwilioAccount, client_of, told_apart

LONGEST_VALIDITY_S = 36_000  # Twilio's own limit
LIST_LIMIT = 400
# Twilio's clock need not be ours, and it cuts its times to whole seconds.
CLOCK_MARGIN = timedelta(minutes=2)


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
        self._client = client_of(account, timeout_s=timeout_s)

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
        with told_apart():
            message = self._client.messages.create(to=outgoing.address, **options)
        return Accepted(str(message.sid))

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Look through what Twilio has for this number, by time of creation and text.

        Twilio's own filter is by the time of sending, which a message that still waits has not.
        """
        earliest = since - CLOCK_MARGIN
        seen_count, is_open = 0, True
        matches: list[Match] = []
        is_unreadable = False
        with told_apart():
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
        if matches:
            return Found(tuple(matches))
        # Only recent ones up to the limit: ours may be further down.
        is_cut = seen_count >= LIST_LIMIT and is_open
        return CannotTell() if is_unreadable or is_cut else Absent()


def read_status_report(form: Mapping[str, str]) -> StatusReport | None:
    """Read a status callback of a text or a call, whose signature is valid; None if it is none."""
    provider_id = form.get("MessageSid") or form.get("CallSid")
    status = form.get("MessageStatus") or form.get("CallStatus")
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


def _match(record: Any) -> Match:
    code = record.error_code
    return Match(str(record.sid), str(record.status), None if code is None else str(code))
