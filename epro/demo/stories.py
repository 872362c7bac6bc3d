"""Who lives in the demonstration: some whose story is told on purpose, and some as they come.

The latter are invented as for a rehearsal, by the same generator and rates: they fill pages with
what weeks of a trial leave behind, at points of the trial at which nobody else is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from epro.rehearsal import symptoms
from epro.rehearsal.population import Person, invent
from epro.rehearsal.rates import SHIPPED as RATES
from epro.rehearsal.sources import read_yaml
from questionnaires.definition import AnswerValue

Said = Mapping[str, AnswerValue]
# Returns what she says in a form about a day, None where she does not fill it in.
Says = Callable[[str, date], Said | None]
SEED = 7
# Days since the infusion of those who come as they are; their codes follow those of the stories.
INFUSED_DAYS_AGO = (2, 21, 33, 50)


@dataclass(frozen=True, slots=True)
class Story:
    """One invented participant, by the number in her code; days count back from today.

    `infused_days_ago` None with `planned_in_days` has her infusion still before her; `forgets` are
    the numbers of the diaries she missed, the first being 0. `complains` is what her last diary
    says that is not calm; `is_taken` has somebody take the flags that follow. `pains` say how bad
    her joints were, by the number of the diary. `says` is for those whose story is not told here.
    """

    number: int
    what: str
    enrolled_days_ago: int
    is_active: bool = True
    planned_in_days: int | None = None
    infused_days_ago: int | None = None
    infused_at: time = time(10, 0)
    forgets: tuple[int, ...] = ()
    is_late_on: tuple[int, ...] = ()
    complains: Said = field(default_factory=dict)
    is_taken: bool = False
    pains: Mapping[int, int] = field(default_factory=dict)
    says: Says | None = None


TOLD = (
    Story(1, "enrolled, not yet activated", 0, is_active=False),
    Story(2, "before her infusion, a fever that somebody looks after", 6,
          planned_in_days=1, complains={"temp": 38.0}, is_taken=True),
    Story(3, "in the middle of the 28 days, breathless last evening", 20,
          infused_days_ago=12, forgets=(4,), is_late_on=(7,),
          complains={"urgent": ("breathing",), "breathing": ("at-rest",)}),
    Story(4, "infused yesterday evening", 9, infused_days_ago=1, infused_at=time(19, 30)),
    Story(5, "through the 28 days", 45, infused_days_ago=38, forgets=(9, 10, 17),
          pains={5: 6, 6: 7, 7: 6, 20: 6, 21: 6}),
)  # fmt: skip


def stories(today: date) -> tuple[Story, ...]:
    """Return everybody of the demonstration; the invented ones answer as in a rehearsal."""
    rates = read_yaml(RATES)
    people = invent(
        len(TOLD) + len(INFUSED_DAYS_AGO), seed=SEED, weeks=24, begins_on=today, rates=rates
    )
    return TOLD + tuple(
        Story(
            number, f"infused {days} days ago, lives as people do", days + 8,
            infused_days_ago=days, is_taken=True, says=_as_in_a_rehearsal(person, today, days),
        )
        for number, (person, days) in enumerate(
            zip(people[len(TOLD) :], INFUSED_DAYS_AGO, strict=True), start=len(TOLD) + 1
        )
    )  # fmt: skip


def _as_in_a_rehearsal(person: Person, today: date, infused_days_ago: int) -> Says:
    rates = read_yaml(RATES)
    infused_on = today - timedelta(days=infused_days_ago)

    def says(questionnaire: str, on: date) -> Said | None:
        if person.chance(f"fills:{questionnaire}:{person.day(on)}").random() > person.compliance:
            return None
        is_early = 0 <= (on - infused_on).days <= 2
        return symptoms.of_form(person, questionnaire, on, is_early=is_early, rates=rates).but

    return says
