"""The flags of one participant as they should stand: raised, joined, taken, closed, told of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from epro.rehearsal.facts import Script
from epro.rehearsal.oracle import ladder
from epro.rehearsal.oracle.ladder import Flag
from epro.rehearsal.oracle.protocol import Protocol


@dataclass(slots=True)
class Flags:
    """All of hers, in the order in which they were raised."""

    protocol: Protocol
    script: Script
    all: list[Flag] = field(default_factory=list)

    def open_tiers(self) -> set[str]:
        """Return the tiers of those that nobody has closed."""
        return {flag.tier for flag in self.all if flag.closed_at is None}

    def raise_or_join(
        self, rules: Sequence[dict[str, Any]], because: str, now: datetime, *, response: str = ""
    ) -> None:
        """Raise one flag at the highest tier, or join an open one that shares a rule."""
        flag = self._open_one_with([rule["id"] for rule in rules])
        if flag is None:
            self.all.append(
                Flag(
                    rules=[rule["id"] for rule in rules], tier=rules[0]["tier"],
                    tonight=rules[0].get("tonight", False), raised_at=now, urgent_since=now,
                    because=because, urgent_by=rules[0]["id"],
                )
            )  # fmt: skip
            self.all[-1].hear(rules, response)
            self.all[-1].waiting.append((now, rules[0]["tier"]))
            return
        before = replace(
            flag, rules=list(flag.rules), told=list(flag.told), said={}, heard=list(flag.heard)
        )
        if flag.add(rules, response, now=now) and before.acknowledged_at is None:
            self._tell(before, now)
            flag.told = before.told

    def take(self, rules: Collection[str], now: datetime) -> None:
        """Note that somebody took the open flag of these rules: nobody else is told."""
        flag = self._open_one_of(rules)
        if flag is not None and flag.acknowledged_at is None:
            self._tell(flag, now)
            flag.acknowledged_at = now
            flag.waiting.append((now, ""))

    def close(self, rules: Collection[str], now: datetime) -> None:
        """Note that the open flag of these rules was closed."""
        flag = self._open_one_of(rules)
        if flag is not None:
            flag.closed_at = now
            flag.waiting.append((now, ""))

    def tell_until(self, now: datetime) -> None:
        """Put down who was told by an instant of what nobody has taken."""
        for flag in self.all:
            self._tell(flag, now)

    def _open_one_of(self, rules: Collection[str]) -> Flag | None:
        """Return the flag that stands for just these rules; several can share one of them."""
        exactly = (
            flag for flag in self.all if flag.closed_at is None and set(flag.rules) == set(rules)
        )
        return next(exactly, None) or self._open_one_with(rules)

    def _open_one_with(self, rules: Collection[str]) -> Flag | None:
        open_ones = (flag for flag in self.all if flag.closed_at is None)
        return next((flag for flag in open_ones if set(rules) & set(flag.rules)), None)

    def _tell(self, flag: Flag, until: datetime) -> None:
        if flag.acknowledged_at is not None or flag.closed_at is not None:
            return
        flag.told += [
            told
            for told in ladder.steps(self.protocol, flag, self.script.staff, self.script.shifts)
            if told.at <= until
        ]
