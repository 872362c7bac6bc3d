"""What a provider's error code means for the next step. The codes are data: add a line, no branch.

Twilio's codes are from its public error dictionary. Twilio advises against logic on single codes,
since it refines them: so a code that is not here is `unknown`, which nobody retries and somebody
sees.
"""

from collections.abc import Mapping
from enum import StrEnum


class Refusal(StrEnum):
    TRANSIENT = "transient"  # the same message may pass later
    PERMANENT = "permanent"  # never to this address in this form
    OPTED_OUT = "opted_out"  # the recipient wants none; she has to say so herself to end it
    UNKNOWN = "unknown"  # not in the table: held, and shown to a person


NO_ADDRESS = "no_address"
NO_CONSENT = "no_consent"
NO_CROSS_BORDER_CONSENT = "no_cross_border_consent"
WANTS_NONE = "wants_none"
SENDER_BUSY = "sender_busy"
NO_CHANNEL = "no_channel"
NO_TEXT = "no_text"

_MEANINGS: Mapping[str, Refusal] = {
    # ours
    NO_ADDRESS: Refusal.PERMANENT,
    NO_CONSENT: Refusal.PERMANENT,
    NO_CROSS_BORDER_CONSENT: Refusal.PERMANENT,
    WANTS_NONE: Refusal.OPTED_OUT,
    SENDER_BUSY: Refusal.TRANSIENT,
    NO_CHANNEL: Refusal.PERMANENT,
    NO_TEXT: Refusal.PERMANENT,
    # Twilio, when a message is handed over. What is wrong with our account is no message's fault.
    "20003": Refusal.TRANSIENT,  # authentication
    "20429": Refusal.TRANSIENT,  # too many requests
    "21211": Refusal.PERMANENT,  # no valid number
    "21214": Refusal.PERMANENT,  # a number that cannot be called
    "21215": Refusal.PERMANENT,  # calls there are not switched on for the account
    "21216": Refusal.PERMANENT,  # the account may not call that number
    "21217": Refusal.PERMANENT,  # number does not look right
    "21408": Refusal.PERMANENT,  # region is not switched on for the account
    "21602": Refusal.PERMANENT,  # no body
    "21604": Refusal.PERMANENT,  # no recipient
    "21606": Refusal.PERMANENT,  # sender cannot send there
    "21609": Refusal.PERMANENT,  # status callback address is not valid
    "21610": Refusal.OPTED_OUT,  # recipient replied STOP
    "21611": Refusal.TRANSIENT,  # sender's queue is full
    "21612": Refusal.PERMANENT,  # no route to that number
    "21614": Refusal.PERMANENT,  # not a mobile number
    "21617": Refusal.PERMANENT,  # text too long
    "21635": Refusal.PERMANENT,  # a landline
    # Twilio, later, in a status callback
    "30001": Refusal.TRANSIENT,  # queue overflow
    "30002": Refusal.PERMANENT,  # account suspended
    "30003": Refusal.TRANSIENT,  # phone switched off or out of reach
    "30004": Refusal.PERMANENT,  # blocked by phone or network; nobody said STOP
    "30005": Refusal.PERMANENT,  # number unknown
    "30006": Refusal.PERMANENT,  # landline, or network out of reach
    "30007": Refusal.PERMANENT,  # filtered by a network
}


def meaning_of(code: str | None) -> Refusal:
    """Tell what an error code means; a code that nobody has judged yet is unknown."""
    return _MEANINGS.get(code or "", Refusal.UNKNOWN)
