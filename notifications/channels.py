"""What every way out has in common; one suite of tests runs over all of them.

A channel is given template, version, parameters and language, beside the text rendered from them:
gateways in mainland China take the first, Twilio and SMTP the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notifications.refusals import Refusal, meaning_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message, complete. `valid_for_s`: after so many seconds nobody wants it any more."""

    message_id: UUID
    address: str
    template: str
    template_version: str
    params: Mapping[str, str]
    language: str
    subject: str | None
    body: str
    callback_url: str | None = None
    valid_for_s: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under this id."""

    provider_id: str


class Refused(Exception):
    """The provider certainly does not have it.

    `code` is the provider's own, short and without address or text. `retry_after_s`: it asks us not
    to come back for so many seconds.
    """

    def __init__(
        self, code: str, *, meaning: Refusal | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.meaning = meaning or meaning_of(code)
        self.retry_after_s = retry_after_s

    @property
    def is_permanent(self) -> bool:
        """Whether trying again is pointless, or nobody knows that it is not."""
        return self.meaning is not Refusal.TRANSIENT


class Unclear(Exception):
    """The provider may or may not have it: the connection was lost after the message went out."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Match:
    """A message at the provider that could be the one in question, and how it stands there."""

    provider_id: str
    status: str | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """These fit. More than one, when the same text went to the same address more than once."""

    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider certainly does not have it."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """This provider keeps no list that we could look at, or the list leaves it open."""


class Channel(Protocol):
    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand one message over, once, within 20 seconds; raise Refused or Unclear."""

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Ask whether the provider has it since an instant of wall-clock time.

        Never sends. Raises Refused or Unclear when the provider could not be asked just now.
        """
