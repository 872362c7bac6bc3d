"""The words for what alarms: rules over answers, and what it means when no answer comes.

They are read from `definition`, which names them too.
"""

from __future__ import annotations

from dataclasses import dataclass

from questionnaires.hours import LocalHours
from questionnaires.schedule import ClockTime
from questionnaires.tiers import Tier
from questionnaires.words import Clause, Translated


@dataclass(frozen=True, slots=True)
class Trigger:
    """Clauses that all have to hold, over answers, derivations, trends and lexicons.

    Equal link_ids mean the same question everywhere; one that is not asked counts as unanswered.
    """

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class AsksFirst:
    """Ask whether she needs help or was admitted, and flag unless she answers in so many minutes.

    Where a no settles it, nothing is flagged then; else any answer flags at once.
    """

    minutes: int
    is_settled_by_no: bool
    question: Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRule:
    """Met when any trigger is. `tonight` sends an ORANGE one to the on-call doctor at once.

    `advice` may hold {site_phone}, {study_phone} and {emergency_number}. A rule that is not on is
    never met; it stands here because a protocol may ask for it, and may read what is not asked yet.
    """

    id: str
    tier: Tier
    tonight: bool = False
    possible_serious: bool
    title: Translated
    advice: Translated
    triggers: tuple[Trigger, ...]
    is_on: bool = True
    asks_first: AsksFirst | None = None


@dataclass(frozen=True, slots=True)
class CallNow:
    """A line on the work list where nothing has come so long after due, on the early days."""

    blocks: tuple[str, ...]
    minutes_after_due: int


@dataclass(frozen=True, slots=True)
class CallLater:
    """A line on the work list where nothing has come at a local time, `at.days` from the day."""

    blocks: tuple[str, ...]
    at: ClockTime


@dataclass(frozen=True, slots=True)
class Missed:
    """A flag for one that was missed, of another tier on the early days."""

    blocks: tuple[str, ...]
    tier: Tier
    early_tier: Tier


@dataclass(frozen=True, slots=True)
class MissedInARow:
    """A flag for the last of so many of one family, missed one after another."""

    blocks: tuple[str, ...]
    count: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class MissedWhileOpen:
    """A flag for one that was missed while a flag of one of `open_tiers` was not closed."""

    blocks: tuple[str, ...]
    open_tiers: tuple[Tier, ...]
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencePolicy:
    """Which answers that do not come alarm; `silence.py` says when. The flags bear `id` as rule.

    The early days are the infusion day and those after it, `early_days` in all, of any infusion.
    In the quiet hours of the participant's zone nobody is asked to phone.
    """

    id: str
    title: Translated
    possible_serious: bool
    early_days: int
    quiet_hours: LocalHours
    call_now: CallNow
    call_later: tuple[CallLater, ...] = ()
    missed: Missed
    missed_in_a_row: MissedInARow
    missed_while_open: MissedWhileOpen
