"""Which texts should have reached whose phone, from the ladders and reminders expected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from epro.rehearsal.gateway import Arrived
from epro.rehearsal.oracle.ladder import Flag
from epro.rehearsal.oracle.reminding import Message

SOON = timedelta(minutes=4)
# So much later a text may arrive that its provider put off.
PUT_OFF = 4 * SOON
# What ladders send; the site is also reminded of reports that are due, which is not reckoned here.
TEMPLATES = ("alert_sms", "escalation_sms", "sponsor_sms")


@dataclass(frozen=True, slots=True)
class Expected:
    """A text: to which number, in which words, when; without `is_needed` it need not arrive."""

    number: str
    template: str
    at: datetime
    whose: str = ""
    what: str = ""
    is_needed: bool = True


def to_her(number: str, sent: Iterable[Message]) -> Iterator[Expected]:
    """Yield the texts of her reminders."""
    yield from (Expected(number, one.template, one.at) for one in sent)


def to_staff(person: str, flags: Iterable[Flag], numbers: Mapping[str, str]) -> Iterator[Expected]:
    """Yield the texts of every step of every ladder; one that is taken at once may stay unsent."""
    for flag in flags:
        what = f"flag {'+'.join(flag.rules)}"
        for step in flag.told:
            taken_at = flag.acknowledged_at
            is_needed = taken_at is None or not timedelta() <= taken_at - step.at < SOON
            if "sms" in step.ways:
                for who in sorted(step.people & numbers.keys()):
                    yield Expected(
                        numbers[who], f"{step.template}_sms", step.at, person,
                        f"{what}, text to {who}", is_needed,
                    )  # fmt: skip


def unlike(
    expected: Iterable[Expected], arrived: Sequence[Arrived], put_off: Sequence[Arrived]
) -> Iterator[Expected | Arrived]:
    """Yield what did not arrive, and what arrived though nobody expected it."""
    left = sorted(arrived, key=lambda one: one.at)
    for one in sorted(expected, key=lambda it: it.at):
        match = next((text for text in left if _is_of(text, one)), None)
        if match is not None:
            left.remove(match)
        elif one.is_needed and not any(_is_of(text, one) for text in put_off):
            yield one
    yield from left


def _is_of(text: Arrived, one: Expected) -> bool:
    is_same = (text.number, text.template) == (one.number, one.template)
    return is_same and -SOON < text.at - one.at < PUT_OFF
