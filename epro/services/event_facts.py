"""What a physician says of an adverse event, and which of it cannot be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from epro.errors import InvalidInput
from questionnaires.adverse_events import (
    GRADES,
    ActionTaken,
    AdverseEventPolicy,
    Outcome,
    Seriousness,
)


@dataclass(frozen=True, slots=True)
class GradeFrom:
    """A CTCAE grade, 1 to 5, and the local day from which the event had it."""

    grade: int
    from_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """Everything that is assessed; days are local to the participant.

    `onset_at` is given where the hour matters, as on the day of an infusion.
    """

    term: str
    onset_on: date
    onset_at: datetime | None = None
    ended_on: date | None = None
    outcome: Outcome
    action_taken: ActionTaken
    relationship: str
    seriousness: tuple[Seriousness, ...] = ()
    grades: tuple[GradeFrom, ...]

    def values(self) -> dict[str, Any]:
        """Return the columns of an event."""
        return {
            "term": " ".join(self.term.split()),
            "onset_on": self.onset_on,
            "onset_at": self.onset_at,
            "ended_on": self.ended_on,
            "outcome": self.outcome,
            "action_taken": self.action_taken,
            "relationship": self.relationship,
            "seriousness": [one.value for one in Seriousness if one in self.seriousness],
            "grades": [
                {"grade": one.grade, "from_on": one.from_on.isoformat()} for one in self.grades
            ],
        }


@dataclass(frozen=True, slots=True)
class Onset:
    """When an event began, as it stands on record."""

    on: date
    at: datetime | None


def refuse_impossible(
    facts: EventFacts,
    policy: AdverseEventPolicy,
    *,
    known: Onset | None = None,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Raise InvalidInput with every place where the facts contradict each other or the study.

    An onset that is `known` was judged where the participant was when it was entered; she may have
    moved to another zone since, where its hour is of another day.
    """
    if known is not None and _is_as_known(facts, known):
        facts = replace(facts, onset_at=None)
    today = max(now.astimezone(zone).date(), known.on if known else date.min)
    problems = [*_days(facts, zone, today), *_judgement(facts, policy)]
    if problems:
        raise InvalidInput(
            details={
                "problems": [{"place": place, "message": said} for place, said in problems]
            }
        )  # fmt: skip


def _is_as_known(facts: EventFacts, known: Onset) -> bool:
    """Tell whether the onset stays as it is; a form gives it to the minute."""
    if facts.onset_at is None or known.at is None or facts.onset_on != known.on:
        return False
    return facts.onset_at.replace(second=0, microsecond=0) == known.at.replace(
        second=0, microsecond=0
    )


def _days(facts: EventFacts, zone: ZoneInfo, today: date) -> Iterator[tuple[str, str]]:
    if facts.onset_on > today:
        yield "onset_on", "An event cannot begin in the future."
    if facts.onset_at is not None and facts.onset_at.astimezone(zone).date() != facts.onset_on:
        yield "onset_at", "This instant is not on the day of onset, in the participant's zone."
    if facts.ended_on is not None and not facts.onset_on <= facts.ended_on <= today:
        yield "ended_on", "An event ends from its onset until today."
    if not facts.grades:
        yield "grades", "An event has at least one grade."
        return
    days = [one.from_on for one in facts.grades]
    if days[0] != facts.onset_on:
        yield "grades", "The first grade holds from the day of onset."
    if days != sorted(set(days)):
        yield "grades", "Grades follow each other day by day."
    if days[-1] > min(today, facts.ended_on or today):
        yield "grades", "A grade holds from a day of the event."
    if any(one.grade not in GRADES for one in facts.grades):
        yield "grades", "A grade is 1 to 5."


def _judgement(facts: EventFacts, policy: AdverseEventPolicy) -> Iterator[tuple[str, str]]:
    if policy.relationship(facts.relationship) is None:
        yield "relationship", "This is none of the protocol's categories."
    if (
        facts.outcome.is_end is not (facts.ended_on is not None)
        and facts.outcome is not Outcome.UNKNOWN
    ):
        yield "outcome", "Outcome and end of the event do not go together."
    is_fatal = facts.outcome is Outcome.FATAL
    if is_fatal is not (5 in {one.grade for one in facts.grades}):
        yield "grades", "Grade 5 is death, and goes with the outcome fatal."
    if is_fatal and Seriousness.DEATH not in facts.seriousness:
        yield "seriousness", "A fatal event is serious by death."


def as_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of an event that a version keeps, from its columns."""
    inside = {"id", "participant_id", "site_id"}
    return {name: value for name, value in values.items() if name not in inside}
