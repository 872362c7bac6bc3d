"""Telephone calls by Twilio: an announcement, said when somebody picks up, and a key for "heard".

A call carries no words: when it is answered Twilio asks `speech_url` what to say, and posts the key
that was pressed. That a key was pressed says that the alert was heard; it acknowledges nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from twilio.twiml.voice_response import Gather, VoiceResponse

from notifications.channels import Absent, Accepted, CannotTell, Outgoing
from notifications.sms import CLOCK_MARGIN
from notifications.twilio_client import TIMEOUT_S, TwilioAccount, client_of, told_apart

RING_S = 40
LONGEST_CALL_S = 90
HEARD_KEY = "1"
# Said twice: whoever is woken by a call misses the first words.
SAID_TIMES = 2
KEY_WAIT_S = 6
LIST_LIMIT = 50
SPOKEN_IN: Mapping[str, str] = {"zh": "zh-CN", "en": "en-GB"}


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key that was pressed during a call."""

    provider_id: str
    is_heard: bool


class VoiceChannel:
    """Calls with Twilio's SDK; safe for several threads."""

    def __init__(
        self,
        account: TwilioAccount,
        *,
        speech_url: Callable[[UUID], str],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`speech_url` says where Twilio asks for the words of a message; it must be public."""
        self._sender = account.sender
        self._speech_url = speech_url
        self._client = client_of(account, timeout_s=timeout_s)

    def send(self, outgoing: Outgoing) -> Accepted:
        """Let one phone ring, once; nothing is retried in here. Raises Refused, or Unclear."""
        options = {}
        if outgoing.callback_url is not None:
            options = {
                "status_callback": outgoing.callback_url,
                "status_callback_event": ["initiated", "completed"],
            }
        with told_apart():
            call = self._client.calls.create(
                to=outgoing.address, from_=self._sender, timeout=RING_S, time_limit=LONGEST_CALL_S,
                url=self._speech_url(outgoing.message_id), method="POST", **options,
            )  # fmt: skip
        return Accepted(str(call.sid))

    def find(self, outgoing: Outgoing, *, since: datetime) -> Absent | CannotTell:
        """Look whether that number was called at all; what a call said is kept nowhere at Twilio.

        So a call that may have been ours leaves it open, and the phone rings again.
        """
        earliest = since - CLOCK_MARGIN
        with told_apart():
            recent = self._client.calls.list(to=outgoing.address, limit=LIST_LIMIT)
            is_called = any(
                call.date_created is not None and call.date_created >= earliest for call in recent
            )
        return CannotTell() if is_called else Absent()


def announcement(text: str, *, language: str, key_url: str) -> str:
    """Return the markup that says a text twice and waits for a key, which goes to `key_url`."""
    gather = Gather(num_digits=1, timeout=KEY_WAIT_S, action=key_url, method="POST")
    for _ in range(SAID_TIMES):
        gather.say(text, language=SPOKEN_IN[language])
        gather.pause(length=1)
    response = VoiceResponse()
    response.append(gather)
    return str(response)


def farewell(text: str | None, *, language: str) -> str:
    """Return the markup that says a last text and hangs up."""
    response = VoiceResponse()
    if text is not None:
        response.say(text, language=SPOKEN_IN[language])
    response.hangup()
    return str(response)


def read_key(form: Mapping[str, str]) -> KeyPress | None:
    """Read a key that was pressed, of a form whose signature is valid."""
    provider_id, digits = form.get("CallSid"), form.get("Digits")
    if not provider_id or not digits:
        return None
    return KeyPress(provider_id, digits == HEARD_KEY)


def aloud(params: Mapping[str, str]) -> dict[str, str]:
    """Return parameters as a voice should say them: codes sign by sign, without marks between."""
    return {
        name: " ".join(value.replace("-", "")) if name == "code" else value.replace("_", " ")
        for name, value in params.items()
    }
