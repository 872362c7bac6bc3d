"""What one evaluation would have said under other rules: nothing, the same, or something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from questionnaires.safety import SafetyRule
from questionnaires.tiers import Tier


class Change(StrEnum):
    """How other rules judge the same answers; only the first four change what people are told."""

    GAINED = "gained"
    LOST = "lost"
    HIGHER = "higher"
    LOWER = "lower"
    OTHER_RULES = "other_rules"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say of one form: the highest tier, whether it waits till morning, and which."""

    tier: Tier | None
    tonight: bool
    rules: tuple[str, ...]


NOTHING = Verdict(None, tonight=False, rules=())


def verdict(met: Sequence[SafetyRule]) -> Verdict:
    """Return what rules that are met come to, in any order; a flag has the highest tier of them."""
    if not met:
        return NOTHING
    first = max(met, key=lambda rule: (rule.tier.urgency, rule.tonight))
    return Verdict(first.tier, first.tonight, tuple(sorted({rule.id for rule in met})))


def change(before: Verdict, after: Verdict) -> Change | None:
    """Return how two verdicts on the same answers differ; None where they do not."""
    if before == after:
        return None
    if before.tier is None or after.tier is None:
        return Change.LOST if after.tier is None else Change.GAINED
    was, becomes = ((one.tier.urgency, one.tonight) for one in (before, after) if one.tier)
    if was == becomes:
        return Change.OTHER_RULES
    return Change.HIGHER if becomes > was else Change.LOWER
