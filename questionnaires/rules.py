"""Which safety rules answers meet. The phone has a twin of this module for advice offline.

It works on whatever has been answered so far: drafts, refused bodies, answers to items that
branching would hide. A question without an answer counts as unanswered, never as "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from questionnaires.branching import applies
from questionnaires.definition import (
    Behavior,
    Derivation,
    SafetyRule,
    StudyPackage,
    ThermometerRoute,
)
from questionnaires.lexicon import find_in
from questionnaires.trends import History, derive_trends

_HOUR = timedelta(hours=1)
# Under the arm 0.2-0.4 °C less is measured than in the mouth; SAFETY.md section 2.
_TENTHS_LOWER_WHEN_AXILLARY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rules look at beside the answers: aware instants, and the participant's own route.

    `latest_infusion_at` is the start of the latest infusion at or before `answered_at`, see
    `latest_infusion`; one that lies after it counts as none.
    """

    answered_at: datetime
    latest_infusion_at: datetime | None = None
    thermometer_route: ThermometerRoute | None = None


@dataclass(frozen=True, slots=True)
class MetRule:
    """A rule that is met, and the index of the first of its triggers that is."""

    rule: SafetyRule
    trigger_index: int


def latest_infusion(infusions_at: Iterable[datetime], *, answered_at: datetime) -> datetime | None:
    """Return the latest infusion start at or before the answers, if any."""
    return max((at for at in infusions_at if at <= answered_at), default=None)


def derive(
    values: Mapping[str, object],
    surroundings: Surroundings,
    *,
    default_route: ThermometerRoute,
) -> dict[Derivation, int | float]:
    """Return the derivations that have a value, as `Derivation` describes them."""
    derived: dict[Derivation, int | float] = {}
    answered_at, infusion_at = surroundings.answered_at, surroundings.latest_infusion_at
    if infusion_at is not None and infusion_at <= answered_at:
        derived[Derivation.HOURS_SINCE_INFUSION] = (answered_at - infusion_at) / _HOUR
    own_route = surroundings.thermometer_route or default_route
    measured = (("temp", "temp_route"), ("temp_again", "temp_again_route"))
    tenths = [
        _tenths_oral(taken, _route(values.get(route), own_route))
        for temperature, route in measured
        if isinstance(taken := values.get(temperature), int | float) and not isinstance(taken, bool)
    ]
    if tenths:  # measured again, the higher one counts: a second look never hides a fever
        derived[Derivation.TEMPERATURE_TENTHS_ORAL] = max(tenths)
    return derived


def inputs_of(
    values: Mapping[str, object],
    surroundings: Surroundings,
    *,
    default_route: ThermometerRoute,
) -> dict[str, object]:
    """Return answers and derivations: all that can be known without history, as on a phone."""
    derived = derive(values, surroundings, default_route=default_route)
    return {**values, **{str(name): value for name, value in derived.items()}}


def with_history(
    package: StudyPackage, known: Mapping[str, object], history: History
) -> dict[str, object]:
    """Add trends and what the lexicons find to `inputs_of`. What a screening stores.

    `known` may hold what another version of the rules derived; it is worked out anew.
    """
    names = package.derived_names - frozenset(Derivation)
    inputs = {name: value for name, value in known.items() if name not in names}
    free_texts = package.free_texts
    texts = [text for name in free_texts if isinstance(text := inputs.get(name), str)]
    found = dict(find_in(package.lexicons, texts))
    return {**inputs, **derive_trends(package.trends, inputs, history), **found}


def met_rules(rules: Sequence[SafetyRule], inputs: Mapping[str, object]) -> tuple[MetRule, ...]:
    """Return the rules that are met, the most urgent first, then those of tonight, then in order.

    `inputs` may come from `inputs_of`, from `with_history` or, read back from JSON, from a stored
    screening: the same rules are met.
    """
    met = [
        MetRule(rule, index)
        for rule in rules
        if rule.is_on and (index := _first_met(rule, inputs)) is not None
    ]
    return tuple(sorted(met, key=lambda one: (-one.rule.tier.urgency, not one.rule.tonight)))


def highest(met: Sequence[MetRule]) -> MetRule | None:
    """Return the most urgent of the rules that `met_rules` returned."""
    return met[0] if met else None


def _first_met(rule: SafetyRule, inputs: Mapping[str, object]) -> int | None:
    return next(
        (
            index
            for index, trigger in enumerate(rule.triggers)
            if applies(trigger.clauses, Behavior.ALL, inputs)
        ),
        None,
    )


def _tenths_oral(temperature: float, route: ThermometerRoute) -> int:
    lower = _TENTHS_LOWER_WHEN_AXILLARY if route is ThermometerRoute.AXILLARY else 0
    return round(Decimal(str(temperature)) * 10) + lower  # the digits as written, no float near


def _route(answer: object, otherwise: ThermometerRoute) -> ThermometerRoute:
    return next((route for route in ThermometerRoute if route == answer), otherwise)
