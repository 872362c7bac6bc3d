"""The cursor of the feed: opaque to the caller, signed, good for ever.

It says where to go on, in which life of the journal, and for which choice of types. The hash of
the link it stands on tells when the chain was restored and has gone another way since.
"""

import base64
import hmac
import json
import re
from dataclasses import astuple, dataclass

from epro.crypto import Keyring
from epro.errors import CursorInvalid

MAX_LENGTH = 512
SIGNED = re.compile(r"([A-Za-z0-9_-]+)\.([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """The last place of the journal that was looked at; `hash` begins that of its link."""

    epoch: str
    seq: int
    filter: str
    hash: str


def seal(position: Position, *, keyring: Keyring) -> str:
    """Return the cursor for a position; the same position gives the same cursor."""
    plain = json.dumps(astuple(position), separators=(",", ":"))
    payload = base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")
    return f"{payload}.{_signature(payload, keyring)}"


def unseal(cursor: str, *, keyring: Keyring) -> Position:
    """Return what a cursor says. Raises CursorInvalid when it is not one of ours, to the letter."""
    signed = SIGNED.fullmatch(cursor)
    if signed is None or not hmac.compare_digest(signed[2], _signature(signed[1], keyring)):
        raise CursorInvalid
    payload = signed[1] + "=" * (-len(signed[1]) % 4)
    epoch, seq, chosen, digest = json.loads(base64.urlsafe_b64decode(payload))
    return Position(epoch, seq, chosen, digest)


def _signature(payload: str, keyring: Keyring) -> str:
    return keyring.lookup("feed_cursor", payload)
