"""The words of adverse events: what a physician says of one, and the policy of the study.

The criteria of seriousness are those of ICH E2A; grades are CTCAE's general ones, 1 to 5. What a
relationship is called is the protocol's, so it is data. None of these is ever asked of, or inferred
from, a participant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from questionnaires.schedule import ClockTime
from questionnaires.words import Clause, Translated

# Of the form that asks again, where a package does not say otherwise.
MORNING, EVENING = ClockTime(0, 8 * 60), ClockTime(0, 21 * 60)
TWO_DAYS_ON = ClockTime(2, 24 * 60)
GRADES = (1, 2, 3, 4, 5)


class Seriousness(StrEnum):
    """The criteria of ICH E2A; an event that meets any is serious. None is a grade."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    MEDICALLY_IMPORTANT = "medically_important"


class Outcome(StrEnum):
    """How an event stands or ended."""

    NOT_RECOVERED = "not_recovered"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    FATAL = "fatal"
    UNKNOWN = "unknown"

    @property
    def is_end(self) -> bool:
        """Tell whether an event with this outcome is over."""
        return self in {Outcome.RECOVERED, Outcome.RECOVERED_WITH_SEQUELAE, Outcome.FATAL}


class ActionTaken(StrEnum):
    """What was done about the study's infusions because of an event."""

    NONE = "none"
    INTERRUPTED = "interrupted"
    POSTPONED = "postponed"
    STOPPED = "stopped"
    NOT_APPLICABLE = "not_applicable"


class MasterList(StrEnum):
    """Which system holds the list of adverse events that counts."""

    EDC = "edc"
    EPRO = "epro"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One of the protocol's categories of relationship; `is_related` is what tables count."""

    code: str
    title: Translated
    is_related: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What is followed from day to day: a scale (`question`), or a sign (`when`, all of it)."""

    code: str
    title: Translated
    question: str = ""
    usual: str = ""
    at_least: float = 1.0
    rise: float = 1.0
    when: tuple[Clause, ...] = ()

    @property
    def is_scale(self) -> bool:
        """Tell whether it has levels of more or less, and not only yes or no."""
        return bool(self.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodePolicy:
    """Which symptoms make episodes, how long the baseline is, and which gaps are bridged."""

    baseline_days: int
    bridge_days: int
    symptoms: tuple[Symptom, ...]

    def symptom(self, code: str) -> Symptom | None:
        """Return the symptom of that code, if it is followed."""
        return next((one for one in self.symptoms if one.code == code), None)


NO_EPISODES = EpisodePolicy(baseline_days=0, bridge_days=0, symptoms=())


@dataclass(frozen=True, slots=True)
class AdverseEventPolicy:
    """Which form reports one, and after how many days an open one is asked about again.

    `follow_up` is the form that asks, at local times of its day; without one nobody is asked.
    `ended_when` says which answers, in it or in the report, end the asking. `linked` are the forms
    whose answers can be linked to an event. Counts below `smallest_count` are hidden, 0 excepted,
    from whoever does not see the events themselves.
    """

    questionnaire: str
    master_list: MasterList
    ask_again_days: int
    ask_again_days_red: int
    follow_up: str = ""
    follow_up_opens: ClockTime = MORNING
    follow_up_due: ClockTime = EVENING
    follow_up_closes: ClockTime = TWO_DAYS_ON
    ended_when: tuple[Clause, ...] = ()
    linked: tuple[str, ...] = ()
    smallest_count: int = 5
    relationships: tuple[Relationship, ...] = ()
    episodes: EpisodePolicy = NO_EPISODES

    def relationship(self, code: str) -> Relationship | None:
        """Return the category of that code, if the protocol has it."""
        return next((one for one in self.relationships if one.code == code), None)
