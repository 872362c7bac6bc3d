"""Who is told of a flag and when, until somebody takes it: escalation.yaml as instants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from epro.rehearsal.facts import Shift, Staff
from epro.rehearsal.oracle.protocol import URGENCY, Protocol, clock, duration, is_within, minute_of

ROLES = {"coordinator", "investigator", "principal_investigator"}


@dataclass(frozen=True, slots=True)
class Told:
    """A step that was reached: when, who was told by which ways, and what of the flag is named.

    `tier` is what it is climbed as, `since` since when it is urgent. `rule` is what made it so or,
    once nobody has taken it, its most urgent one.
    """

    at: datetime
    people: frozenset[str]
    ways: tuple[str, ...]
    template: str
    tier: str
    rule: str
    since: datetime


@dataclass(slots=True, kw_only=True)
class Flag:
    """A flag as it should stand. `tier` is its highest; the clock runs since `urgent_since`.

    `urgent_by` is the rule of the sign that made it urgent last.
    """

    rules: list[str]
    tier: str
    tonight: bool
    raised_at: datetime
    urgent_since: datetime
    because: str
    urgent_by: str
    may_be_serious: bool = False
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    told: list[Told] = field(default_factory=list)
    said: dict[str, set[str]] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)

    waiting: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def worst_rule(self) -> str:
        """The rule of the highest tier; of several the one that was met first."""
        return max(self.heard, key=lambda one: URGENCY[one[1]])[0]

    def waits_as(self, at: datetime) -> str:
        """Return at which tier it waits for somebody at an instant; "" where it does not."""
        return next((tier for since, tier in reversed(self.waiting) if since <= at), "")

    def add(self, rules: Sequence[dict[str, Any]], response: str, *, now: datetime) -> bool:
        """Join further rules; tell whether the clock begins anew.

        What a response had said already, before it was corrected, is no new sign of danger.
        """
        worst = rules[0]
        tonight = worst.get("tonight", False)
        is_worse = (URGENCY[worst["tier"]], tonight) > (URGENCY[self.tier], self.tonight)
        before = self.said.get(response, set())
        is_new_red = any(
            rule["tier"].startswith("RED") and rule["id"] not in before for rule in rules
        )
        # What may be serious, where nothing was, is new to whoever has it. (Nobody rehearsed leaves
        # a flag open that was assessed or reported, whose next one would be new as well.)
        is_first_serious = not self.may_be_serious and any(map(_may_be_serious, rules))
        is_news = is_worse or is_new_red or is_first_serious
        is_urgent_again = self.acknowledged_at is not None and is_news
        self.rules += [rule["id"] for rule in rules if rule["id"] not in self.rules]
        self.hear(rules, response)
        if is_worse:
            self.tier, self.tonight = worst["tier"], tonight
        if is_worse or is_urgent_again:
            self.urgent_since, self.acknowledged_at = now, None
            self.urgent_by = worst["id"]
            self.waiting.append((now, self.tier))
        return is_worse or is_urgent_again

    def hear(self, rules: Sequence[dict[str, Any]], response: str) -> None:
        """Note which rules were met, at which tiers, and by which response; silence has none."""
        self.heard += [(one["id"], one["tier"]) for one in rules]
        self.may_be_serious |= any(map(_may_be_serious, rules))
        if response:
            self.said[response] = self.said.get(response, set()) | {one["id"] for one in rules}


def _may_be_serious(rule: dict[str, Any]) -> bool:
    return bool(rule.get("possible_serious"))


def steps(
    protocol: Protocol, flag: Flag, staff: Sequence[Staff], shifts: Sequence[Shift]
) -> Iterator[Told]:
    """Yield the steps of a flag's ladder by time, whether or not somebody takes it before."""
    began = flag.urgent_since
    night_at = _night(protocol, flag)
    reached: list[tuple[datetime, str, dict[str, Any]]] = []
    if night_at is None or night_at > began:
        reached += [
            (at, flag.tier, step)
            for at, step in _placed(protocol, flag.tier, began, tonight=flag.tonight)
            if night_at is None or at < night_at
        ]
    if night_at is not None:
        tier = protocol.escalation["night"]["tier"]
        steps_of_night = _placed(protocol, tier, night_at, tonight=False)
        reached += [(at, tier, step) for at, step in steps_of_night]
    for at, tier, step in sorted(reached, key=lambda one: one[0]):
        people = frozenset(_people(step["to"], at, staff, shifts))
        rule = flag.urgent_by if at <= began else flag.worst_rule
        yield Told(at, people, tuple(step["by"]), step["template"], tier, rule, began)


def _night(protocol: Protocol, flag: Flag) -> datetime | None:
    """Return since when an ORANGE flag of tonight is climbed as another tier, if it is."""
    night = protocol.escalation["night"]
    if not flag.tonight or URGENCY[flag.tier] >= URGENCY[night["tier"]]:
        return None
    begin, end = minute_of(night["hours"]["begin"]), minute_of(night["hours"]["end"])
    local = flag.urgent_since.astimezone(protocol.site_zone)
    if is_within(local.hour * 60 + local.minute, begin, end):
        return flag.urgent_since
    return clock(local.date(), begin, protocol.site_zone)


def _placed(
    protocol: Protocol, tier: str, began: datetime, *, tonight: bool
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    for step in _ladder(protocol, tier, began, tonight=tonight)["steps"]:
        yield _instant(protocol, step["when"], began), step


def _ladder(protocol: Protocol, tier: str, began: datetime, *, tonight: bool) -> dict[str, Any]:
    """Return the first ladder that fits."""
    cases = {"always", "in_office_hours" if protocol.is_open(began) else "outside_office_hours"}
    if tonight:
        cases.add("tonight")
    ladders: list[dict[str, Any]] = protocol.escalation["ladders"]
    return next(
        one for one in ladders if one["tier"] == tier and one.get("case", "always") in cases
    )


def _instant(protocol: Protocol, when: dict[str, Any], began: datetime) -> datetime:
    if "after" in when:
        return began + duration(when["after"])
    if "after_opening" in when:
        return protocol.next_opening(began) + duration(when["after_opening"])
    on = protocol.working_day_after(began, when["working_day"])
    return clock(on, minute_of(when["at"]), protocol.site_zone)


def _people(
    to: Sequence[str], at: datetime, staff: Sequence[Staff], shifts: Sequence[Shift]
) -> Iterator[str]:
    for recipient in to:
        if recipient in ROLES:
            yield from (one.username for one in staff if one.role == recipient)
        elif recipient == "sponsor_contact":
            yield "sponsor"
        else:
            yield from (
                one.person for one in shifts
                if one.duty == recipient and one.begins_at <= at < one.ends_at
            )  # fmt: skip
