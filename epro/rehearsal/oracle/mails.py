"""Which mails should have come to whom, in which words, from texts.yaml and docs/safety.md.

A mail is known by its words: they are the text of the study with code, tier, rule and time put in.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.oracle.ladder import Flag
from epro.rehearsal.oracle.reminding import Message
from epro.rehearsal.postbox import Mailed

SOON = timedelta(minutes=4)
# The site is also reminded of reports that are due to the sponsor, people of their accounts, and
# whoever has a flag of what joins it.
NOT_RECKONED = ("serious_", "account_", "joined_")
PLACES = re.compile(r"\\\{(\w+)\\\}")
PAGES = re.compile(r"https?://[^/\s]+/console/flags(/(?P<flag>[0-9a-f-]{36}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A mail: to which address, which text with what put in, when; `about` are flags it may link.

    Of each place the words that are right are listed: the minute that is named may be the next.
    """

    address: str
    template: str
    at: datetime
    says: Mapping[str, Collection[str]]
    about: Collection[str] = ()
    whose: str = "-"
    what: str = ""
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """A mail that came, with the text it is made of, and what was put in; unknown words: none."""

    mail: Mailed
    template: str = ""
    says: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """Tells by its words which text of the study a mail is."""

    def __init__(self, texts: Mapping[str, Mapping[str, Any]], languages: Iterable[str]) -> None:
        self._patterns = [
            (key, _pattern(text, language))
            for key, text in texts.items()
            for language in languages
            if text["channel"] == "email"
        ]

    def read(self, mail: Mailed) -> Read:
        """Return what a mail says."""
        words = _one(mail.subject, mail.body)
        for key, pattern in self._patterns:
            if found := pattern.fullmatch(words):
                return Read(mail, key, found.groupdict())
        return Read(mail)


def of_flags(
    person: str,
    flags: Iterable[Flag],
    addresses: Mapping[str, str],
    *,
    site: str,
    zone: ZoneInfo,
    ids: Collection[str],
) -> Iterator[Expected]:
    """Yield the mails of every step of every ladder; one taken at once may stay unsent."""
    for flag in flags:
        for step in flag.told:
            if "email" not in step.ways:
                continue
            taken_at = flag.acknowledged_at
            says: dict[str, Collection[str]] = {
                "code": [person], "tier": [step.tier], "rule": [step.rule],
                "time": _times(step.since, step.at, zone), "site": [site],
            }  # fmt: skip
            for who in sorted(step.people & addresses.keys()):
                yield Expected(
                    address=addresses[who], template=f"{step.template}_email", at=step.at,
                    says=says, about=ids, whose=person,
                    what=f"flag {'+'.join(flag.rules)}, mail to {who}",
                    is_needed=taken_at is None or not timedelta() <= taken_at - step.at < SOON,
                )  # fmt: skip


def to_her(person: str, address: str, sent: Iterable[Message]) -> Iterator[Expected]:
    """Yield the mails of her reminders."""
    for one in sent:
        if one.channel == "email":
            yield Expected(
                address=address, template=f"{one.template}_email", at=one.at, says={},
                whose=person, what=f"mail {one.template}",
            )  # fmt: skip


def unlike(
    expected: Iterable[Expected], arrived: Sequence[Read]
) -> Iterator[tuple[Expected, Read | None, str] | Read]:
    """Yield what did not come, what says something else (and where), and what nobody expected."""
    left = sorted(arrived, key=lambda one: one.mail.at)
    for one in sorted(expected, key=lambda it: it.at):
        near = [mail for mail in left if _is_of(mail, one)]
        match = min(near, key=lambda mail: len(_otherwise(mail, one)), default=None)
        if match is not None:
            left.remove(match)
            if places := _otherwise(match, one):
                yield one, match, places[0]
        elif one.is_needed:
            yield one, None, ""
    yield from left


def _is_of(read: Read, one: Expected) -> bool:
    is_same = (read.mail.address, read.template) == (one.address, one.template)
    return is_same and -SOON < read.mail.at - one.at < SOON


def _otherwise(read: Read, one: Expected) -> list[str]:
    """Return the places of a mail at which it says something else than expected."""
    places = [
        place
        for place, words in read.says.items()
        if place != "link" and words not in one.says.get(place, ())
    ]
    if "link" in read.says:
        page = PAGES.fullmatch(read.says["link"])
        if page is None or (page["flag"] not in one.about if one.about else page["flag"]):
            places.append("link")
    return places


def _times(since: datetime, at: datetime, zone: ZoneInfo) -> list[str]:
    """Return how the minute since when it is urgent may be written, on the day of the mail."""
    today = at.astimezone(zone).date()
    minutes = (since.astimezone(zone) + timedelta(minutes=one) for one in range(-4, 5))
    return [f"{one:%H:%M}" if one.date() == today else f"{one:%m-%d %H:%M}" for one in minutes]


def _pattern(text: Mapping[str, Any], language: str) -> re.Pattern[str]:
    words = re.escape(_one(text["subject"][language], text["body"][language]))
    seen: set[str] = set()

    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return rf"(?P<{name}>\S+(?: \d\d:\d\d)?)"

    return re.compile(PLACES.sub(place, words))


def _one(subject: str, body: str) -> str:
    """Return subject and body as one, without what mail makes of ends of lines."""
    return "\n".join(line.rstrip() for line in f"{subject}\n{body}".strip().splitlines())
