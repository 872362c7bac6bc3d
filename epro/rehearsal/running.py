"""One rehearsal from the first day to the report: people, play, oracle, and how they compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from epro.rehearsal.across import Across
from epro.rehearsal.clock import TrialClock
from epro.rehearsal.facts import Script
from epro.rehearsal.gateway import Provider
from epro.rehearsal.observing import Edc, Observed, observe
from epro.rehearsal.oracle.comparing import compare
from epro.rehearsal.oracle.difference import Difference
from epro.rehearsal.oracle.protocol import Protocol
from epro.rehearsal.participant import Participant
from epro.rehearsal.phone import Forms, Phone
from epro.rehearsal.places import places
from epro.rehearsal.play import Stage
from epro.rehearsal.population import DAY, HOME, Person, at_home, invent, last_day
from epro.rehearsal.postbox import Postbox
from epro.rehearsal.record_work import RecordWork
from epro.rehearsal.site_work import SiteWork
from epro.rehearsal.sources import read_yaml
from epro.rehearsal.staff import Colleague, Team
from epro.rehearsal.timing import Instants
from epro.rehearsal.wire import Unexpected, Wire

BEGINS, NOON = time(6, 0), time(12, 10)
Tell = Callable[[date, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is rehearsed: which package, what the oracle expects, with whom and for how long.

    `expected` is the package the oracle reads; it differs from `package` only where somebody wants
    to see that a difference is found.
    """

    package: Path
    expected: Path
    rates: Mapping[str, Any]
    count: int
    seed: int
    weeks: int
    begins_on: date

    @property
    def people(self) -> list[Person]:
        """Everybody who takes part."""
        return invent(
            self.count, seed=self.seed, weeks=self.weeks, begins_on=self.begins_on, rates=self.rates
        )


@dataclass(slots=True)
class Outcome:
    """What was done, what came of it, what should have, and what it cost."""

    plan: Plan
    script: Script
    seen: Observed
    differences: list[Difference]
    asked: Mapping[str, int]
    took_s: Mapping[str, float]
    moved_count: int
    days: list[date] = field(default_factory=list)


def next_monday(today: date) -> date:
    """Return the Monday after a day: every rehearsal begins on one, so that weekends lie alike."""
    return today + (7 - today.weekday()) * DAY


def rehearse(
    plan: Plan,
    wire: Wire,
    clock: TrialClock,
    provider: Provider,
    postbox: Postbox,
    colleagues: Mapping[str, list[Colleague]],
    edc: Edc,
    *,
    tell: Tell,
) -> Outcome:
    """Play the whole plan against a system that is ready and empty; compare; return all of it.

    An answer that nobody expected ends the play, and is a difference like any other.

    `tell` hears of every day: the day, how many of all are over.
    """
    people, script = plan.people, Script()
    ends_on = last_day(people, weeks=plan.weeks)
    stage = Stage(wire, clock, provider, script, begins_on=plan.begins_on)
    teams = {code: Team(wire, people) for code, people in colleagues.items()}
    clock.move_to(at_home(plan.begins_on, BEGINS))
    forms, instants = Forms(wire), Instants(plan.package)
    office = read_yaml(plan.package / "escalation.yaml")["office_hours"]
    records: dict[str, RecordWork] = {}
    for code, place in places(plan.rates).items():
        site = SiteWork(stage, teams[code], place, plan.rates, seed=plan.seed, office=office)
        site.plan(from_on=plan.begins_on, to_on=ends_on)
        records[code] = site.records
    for person in people:
        code, phone = person.place.code, Phone(wire, forms, person, person.place.zone)
        Participant(person, phone, stage, teams[code], records[code], instants, plan.rates).plan()
    across = Across(teams)
    stage.at(at_home(plan.begins_on + (ends_on - plan.begins_on) / 2, NOON), across.look)
    _plan_pulls(stage, edc, plan, ends_on)
    broken: list[Difference] = []
    try:
        for instant in stage.run(at_home(ends_on, time())):
            tell(*_progress(instant, plan.begins_on, ends_on))
    except Unexpected as fault:
        # What was lived through until then is judged all the same.
        script.ends_at = clock.now()
        day = script.ends_at.astimezone(HOME).date().isoformat()
        broken.append(Difference("-", day, "the rehearsal", "to go on", str(fault)))
    across.look()
    seen = observe(
        teams, edc, script.people(), provider=provider, postbox=postbox, across=across.seen
    )
    differences = broken + compare(Protocol(plan.expected), script, seen)
    return Outcome(
        plan, script, seen, differences, dict(wire.asked), dict(wire.took_s), clock.moved_count
    )


def _plan_pulls(stage: Stage, edc: Edc, plan: Plan, ends_on: date) -> None:
    """Let the EDC pull some times a day, at hours of its own."""
    times = plan.rates["edc"]["pulls_a_day"]
    on = plan.begins_on
    while on < ends_on:
        for number in range(times):
            hour = 9 + number * 12 // times
            stage.at(at_home(on, time(hour, 7)), edc.pull)
        on += DAY


def _progress(instant: datetime, begins_on: date, ends_on: date) -> tuple[date, int, int]:
    on = instant.astimezone(HOME).date()
    return on, (on - begins_on).days, (ends_on - begins_on).days
