"""Who takes part in a rehearsal: invented from a seed and the rates, decided before anything runs.

Each person has chance of her own, so that one more participant changes nobody else, and the same
seed gives the same people on either database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.places import Place, place_of

HOME = ZoneInfo("Asia/Shanghai")
PHONE_NUMBERS_FROM = 13_812_000_000
DAY = timedelta(days=1)
WHOLE_TRIAL_WEEKS = 24
TO_SIGN_DAYS = 6  # until the site has closed, decided, signed and locked what is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A journey: from one local day of home to another, both included, in another zone."""

    zone: str
    from_on: date
    to_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One invented participant, with everything that will happen to her however she answers."""

    code: str
    begins_on: date
    place: Place
    seed: str
    number: str
    year_of_birth: int
    enrolled_at: datetime
    infused_at: datetime
    infusion_recorded_at: datetime
    second_at: datetime | None
    slot: str
    changes_slot_at: datetime | None
    own_time: str | None
    consents: tuple[str, ...]
    email: str | None
    compliance: float
    usual: tuple[str, ...]
    travel: Travel | None
    loses_phone_at: datetime | None
    dead_from: datetime | None
    dead_until: datetime | None
    paused: tuple[datetime, datetime] | None
    without_texts: tuple[datetime, datetime] | None
    leaves_at: datetime | None
    leaves_as: str
    completes_at: datetime

    def day(self, on: date) -> int:
        """Return which day of the rehearsal a day is: chance knows no calendar but that."""
        return (on - self.begins_on).days

    def chance(self, about: str) -> Random:
        """Return chance for one subject alone: equal for equal people, whatever came before."""
        return Random(f"{self.seed}:{self.code}:{about}")  # noqa: S311  invented people, no secret


def invent(
    count: int, *, seed: int, weeks: int, begins_on: date, rates: Mapping[str, Any]
) -> list[Person]:
    """Return `count` people whose trial begins within the rates' days from `begins_on`."""
    return [
        _person(number, seed=seed, weeks=weeks, begins_on=begins_on, rates=rates)
        for number in range(1, count + 1)
    ]


def last_day(people: Sequence[Person], *, weeks: int) -> date:
    """Return the day after which nothing of the weeks that are rehearsed is left, at home."""
    last = max(person.infused_at for person in people).astimezone(HOME).date()
    return last + timedelta(weeks=weeks) + (_after(weeks) + TO_SIGN_DAYS) * DAY


def _after(weeks: int) -> int:
    """Return on which day after the last week her part ends: the last forms close before."""
    return 8 if weeks >= WHOLE_TRIAL_WEEKS else 2


def at_home(on: date, clock: time) -> datetime:
    """Return a local time at the site."""
    return datetime.combine(on, clock, tzinfo=HOME)


def _person(
    number: int, *, seed: int, weeks: int, begins_on: date, rates: Mapping[str, Any]
) -> Person:
    place = place_of(number, rates)
    code = f"{place.code}-{number:03d}"

    def chance_of(about: str) -> Random:
        return Random(f"{seed}:{code}:{about}")  # noqa: S311  invented people, no secret

    chance = chance_of("life")
    of_people, enrolment = rates["people"], rates["enrolment"]
    enrolled_on = begins_on + timedelta(days=chance.randrange(enrolment["within_days"]))
    enrolled_at = place.at(enrolled_on, time(9, 0)) + timedelta(minutes=chance.randrange(0, 150, 5))
    infused_on = enrolled_on + timedelta(days=enrolment["infused_after_days"])
    infused_at = place.at(infused_on, time(9, 0)) + timedelta(minutes=chance.randrange(0, 480, 10))
    recorded_at = infused_at + timedelta(minutes=chance.randrange(20, 90))
    if chance.random() < enrolment["recorded_late"]:
        recorded_at = place.at(infused_on + DAY, time(8, 40))
    days = weeks * 7

    def some_day(share: float, *, first: int, last: int) -> date | None:
        drawn, offset = chance.random(), chance.randint(first, max(first, last))
        return infused_on + timedelta(days=offset) if drawn < share and offset < days else None

    low, high = of_people["second_visit_days"]
    second_on = some_day(of_people["second_visit"], first=low, last=high)
    away_on = some_day(of_people["travels"], first=3, last=days - 3)
    away = timedelta(days=chance.randint(*of_people["travel_days"]))
    zone = chance.choice(of_people["travel_zones"])
    lost_on = some_day(of_people["loses_phone"], first=2, last=days - 2)
    dead_on = some_day(of_people["dead_number"], first=1, last=min(60, days - 2))
    dead = timedelta(days=chance.randint(*of_people["dead_number_days"]))
    leaves_on = some_day(of_people["withdraws"], first=5, last=days - 2)
    mail, none = of_people["email_only"], of_people["unreachable"]
    way = chance.random()
    consents = ["trial", "sensitive_data", "partial_answers"]
    if way < mail:
        consents.append("email_processor")
    elif way >= mail + none:
        consents.append("sms_processor")
    slot = "morning" if chance.random() < of_people["morning_slot"] else "evening"
    own_time = (
        chance.choice(of_people["own_times"]) if chance.random() < of_people["own_time"] else None
    )
    spread = rates["compliance"]
    usual = [
        sign
        for sign, share in (
            ("foam", of_people["usual_foam"]),
            ("swelling", of_people["usual_swelling"]),
        )
        if chance.random() < share
    ]
    return Person(
        code=code,
        begins_on=begins_on,
        place=place,
        seed=str(seed),
        number=f"+86{PHONE_NUMBERS_FROM + number}",
        year_of_birth=chance.randint(1962, 2006),
        enrolled_at=enrolled_at,
        infused_at=infused_at,
        infusion_recorded_at=recorded_at,
        second_at=place.at(second_on, time(10, 0)) if second_on else None,
        slot=slot,
        changes_slot_at=_slot_change(
            chance_of("slot"), infused_on, place, days=days, of_people=of_people
        ),
        own_time=own_time if slot == "evening" else None,
        consents=tuple(consents),
        email=f"{code.lower()}@example.org" if "email_processor" in consents else None,
        compliance=min(
            0.995, max(spread["lowest"], chance.gauss(spread["mean"], spread["spread"]))
        ),
        usual=tuple(usual),
        travel=Travel(zone=zone, from_on=away_on, to_on=away_on + away) if away_on else None,
        loses_phone_at=place.at(lost_on, time(14, 20)) if lost_on else None,
        dead_from=place.at(dead_on, time(7, 0)) if dead_on else None,
        dead_until=place.at(dead_on, time(7, 0)) + dead if dead_on else None,
        without_texts=_without_texts(
            chance_of("texts"), infused_on, place, days=days, of_people=of_people, consents=consents
        ),
        paused=_pause(chance_of("pause"), infused_on, place, days=days, of_people=of_people),
        leaves_at=place.at(leaves_on, time(11, 40)) if leaves_on else None,
        leaves_as=chance.choice(of_people["withdrawals"]),
        completes_at=place.at(infused_on + timedelta(days=days + _after(weeks)), time(10, 20)),
    )


def _slot_change(
    chance: Random, infused_on: date, place: Place, *, days: int, of_people: Mapping[str, Any]
) -> datetime | None:
    """Return when she decides to keep her diary at the other time of day, if she does."""
    drawn, first = chance.random(), chance.randint(1, max(1, min(50, days - 3)))
    at = place.at(infused_on + timedelta(days=first), time(chance.choice((7, 12, 20)), 40))
    return at if drawn < of_people["changes_slot"] else None


def _without_texts(
    chance: Random,
    infused_on: date,
    place: Place,
    *,
    days: int,
    of_people: Mapping[str, Any],
    consents: Sequence[str],
) -> tuple[datetime, datetime] | None:
    """Return from when until when she wants no text messages, who agreed to them before."""
    drawn, first = chance.random(), chance.randint(1, max(1, days - 6))
    begins_at = place.at(infused_on + timedelta(days=first), time(15, 10))
    ends_at = begins_at + timedelta(days=chance.randint(*of_people["without_texts_days"]))
    is_drawn = drawn < of_people["withdraws_texts"] and "sms_processor" in consents
    return (begins_at, ends_at) if is_drawn else None


def _pause(
    chance: Random, infused_on: date, place: Place, *, days: int, of_people: Mapping[str, Any]
) -> tuple[datetime, datetime] | None:
    """Return from when until when she is paused, at hours of the site, if she is at all."""
    drawn, first = chance.random(), chance.randint(1, max(1, days - 4))
    length = timedelta(days=chance.randint(*of_people["pause_days"]))
    begins_at = place.at(infused_on + timedelta(days=first), time(chance.choice((9, 14, 19)), 20))
    ends_at = place.at(begins_at.date(), time(chance.choice((9, 14, 19)), 25)) + length
    return (begins_at, ends_at) if drawn < of_people["pauses"] else None
