"""The phone at the other end of a call, and Twilio between: asks for the words, posts the key."""

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tests.standins.twilio import ACCOUNT_SID, API_VERSION, Callback, sign
from tests.standins.twilio_calls import StoredCall

# Posts a signed form and returns status and body of the answer.
Post = Callable[[Callback], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a call says: each sentence with its language, and where a key would go."""

    said: tuple[tuple[str, str], ...]
    key_url: str | None


def of_call(call: StoredCall, url: str, **more: str) -> Callback:
    """Return what Twilio posts about a call, signed."""
    form = {
        "AccountSid": ACCOUNT_SID, "ApiVersion": API_VERSION, "CallSid": call.sid,
        "CallStatus": call.status, "Direction": "outbound-api", "From": call.sender,
        "To": call.to, **more,
    }  # fmt: skip
    return Callback(url, form, sign(url, form))


def answer(call: StoredCall, post: Post) -> Conversation:
    """Pick up: Twilio asks for the words."""
    call.status = "in-progress"
    return _heard(post(of_call(call, call.url)))


def press(call: StoredCall, conversation: Conversation, digits: str, post: Post) -> Conversation:
    """Press a key while the words are said."""
    assert conversation.key_url
    return _heard(post(of_call(call, conversation.key_url, Digits=digits)))


def end(call: StoredCall, status: str) -> Callback:
    """End a call; return what Twilio reports of it."""
    call.status = status
    return of_call(call, call.callback_url or "")


def _heard(answered: tuple[int, str]) -> Conversation:
    status, body = answered
    assert status == 200, body
    tree = etree.fromstring(body.encode())
    gather = tree.find("Gather")
    said = tuple((one.get("language") or "", one.text or "") for one in tree.iter("Say"))
    return Conversation(said, gather.get("action") if gather is not None else None)
