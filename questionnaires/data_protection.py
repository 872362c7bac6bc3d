"""By when requests about personal data are answered and breaches told: from days and hours alone.

No law gives a day of the month as simply as these functions do; where several hold, the earliest
counts. What a site may set lies within them.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

# A month at most, whatever a site sets (GDPR art. 12(3)). PIPL art. 45-46 say "timely", for which
# GB/T 35273-2020, 8.7, has thirty days.
MOST_REQUEST_DAYS = 30
LONGEST_MONTHS, LONGEST_MONTHS_EXTENDED = 1, 3
DUE_SOON_DAYS = 5
# GDPR art. 33(1). PIPL art. 57 says "immediately": a site in China stays below.
MOST_BREACH_HOURS = 72
DUE_SOON = timedelta(hours=6)


class Urgency(StrEnum):
    """How near a day or an instant is by which something is due."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"


class Recipient(StrEnum):
    """Who may have to be told of a breach."""

    DATA_PROTECTION_OFFICER = "data_protection_officer"
    SPONSOR = "sponsor"
    ETHICS_COMMITTEE = "ethics_committee"
    REGULATOR = "regulator"
    PERSONS = "persons"


# Hours within the house, no law's: who decides has to know before the law's hours are over.
_WITHIN_THE_HOUSE: Mapping[Recipient, int] = MappingProxyType(
    {
        Recipient.DATA_PROTECTION_OFFICER: 4,
        Recipient.SPONSOR: 24,
        Recipient.ETHICS_COMMITTEE: 24,
    }
)


def request_due_on(received_on: date, days: int) -> date:
    """Return the last local day to answer: so many calendar days later, within a month."""
    return min(received_on + timedelta(days=days), _months_after(received_on, LONGEST_MONTHS))


def request_latest_on(received_on: date) -> date:
    """Return the last local day that an extension may name: two further months (art. 12(3))."""
    return _months_after(received_on, LONGEST_MONTHS_EXTENDED)


def urgency_of_day(due_on: date, today: date) -> Urgency:
    """Say how near a local day is; the day itself is still in time."""
    if today > due_on:
        return Urgency.OVERDUE
    is_near = due_on - today <= timedelta(days=DUE_SOON_DAYS)
    return Urgency.SOON if is_near else Urgency.LATER


def notices_due(found_at: datetime, law_hours: int) -> Mapping[Recipient, datetime]:
    """Return by when each is told of a breach found at an instant; `law_hours` is the site's.

    The regulator and the persons are told within these hours, the others never later than they.
    """
    return {
        one: found_at + timedelta(hours=min(_WITHIN_THE_HOUSE.get(one, law_hours), law_hours))
        for one in Recipient
    }


def urgency_of_instant(due_at: datetime, now: datetime) -> Urgency:
    """Say how near an instant is; at the instant itself it is over."""
    if now >= due_at:
        return Urgency.OVERDUE
    return Urgency.SOON if due_at - now <= DUE_SOON else Urgency.LATER


# Long enough to be a telephone's or an identity card's; dates and counts are shorter.
_LONG_NUMBER = re.compile(r"\d{10,}|\d{3,4}[- ]\d{4}[- ]?\d{4}|\d{17}[xX]", re.ASCII)


def holds_long_number(text: str) -> bool:
    """Tell whether a text holds what could be somebody's telephone or identity number.

    Digits as Chinese keyboards also write them (full width) are digits.
    """
    return bool(_LONG_NUMBER.search(unicodedata.normalize("NFKC", text)))


def _months_after(on: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a month that is shorter."""
    year, month = divmod(on.month - 1 + months, 12)
    first = date(on.year + year, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(on.day, last.day))
