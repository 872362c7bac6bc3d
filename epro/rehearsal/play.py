"""Plays the trial: steps the clock from instant to instant and lets people act, all over HTTP.

Two queues: acts that belong to their very minute (an anchor, an alarming answer, a physician), and
calm answers, which are sent together shortly before the system next has something to do, each with
its age, as phones do that had no network for a while.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from epro.rehearsal.clock import TrialClock
from epro.rehearsal.facts import Did, Fact, Script
from epro.rehearsal.gateway import Provider
from epro.rehearsal.wire import Wire

Act = Callable[[], None]
Need = Callable[[], bool]
THREADS = 4
MINUTE = timedelta(minutes=1)
TOGETHER_S = 120
# So long before the system acts, answers are in: it runs on while they are sent.
BEFORE = 4 * MINUTE
# What is due at an instant is due at its first moment; the clock is moved just past it.
PAST = timedelta(seconds=2)
TRY_AGAIN = (1.2 * MINUTE, 3 * MINUTE, 8 * MINUTE)


@dataclass(order=True, slots=True)
class Planned:
    """An act and its instant; those of one instant in the order in which they were planned."""

    at: datetime
    number: int
    act: Act = field(compare=False)
    person: str = field(compare=False, default="")


class Stage:
    """The clock, the queues and the record of what was done; people put their acts into it."""

    def __init__(
        self,
        wire: Wire,
        clock: TrialClock,
        provider: Provider,
        script: Script,
        *,
        begins_on: date,
    ) -> None:
        self.wire, self.clock, self.provider, self.script = wire, clock, provider, script
        self._begins_on = begins_on
        self.after_move: list[Callable[[dict[str, int]], None]] = []
        self.after_acts: list[Act] = []
        self._numbers = count()
        self._exact: list[Planned] = []
        self._calm: list[Planned] = []
        self._looks: list[datetime] = []
        self._needs: defaultdict[datetime, list[Need]] = defaultdict(list)
        self._put_off_count = 0

    def day(self, on: date) -> int:
        """Return which day of the rehearsal a day is: chance knows no calendar but that."""
        return (on - self._begins_on).days

    def note(self, person: str, did: Did, *, at: datetime | None = None, **what: Any) -> None:
        """Put on record what was done."""
        self.script.facts.append(Fact(at or self.clock.now(), person, did, what))

    def at(self, instant: datetime, act: Act, *, person: str = "") -> None:
        """Plan an act that belongs to its very minute."""
        heapq.heappush(self._exact, Planned(instant, next(self._numbers), act, person))

    def calmly(self, instant: datetime, act: Act, *, person: str) -> None:
        """Plan an act that may be done somewhat later, together with others."""
        heapq.heappush(self._calm, Planned(instant, next(self._numbers), act, person))

    def look_at(self, instant: datetime, is_needed: Need = lambda: True) -> None:
        """See to it that the system's jobs run at an instant, if somebody still needs it then."""
        if self.clock.now() < instant:
            if instant not in self._needs:
                heapq.heappush(self._looks, instant)
            self._needs[instant].append(is_needed)

    def settle_soon(self) -> None:
        """See to it that the jobs follow what was just done; what comes together is one move."""
        over = (self.clock.now().timestamp() // TOGETHER_S + 1) * TOGETHER_S
        self.look_at(datetime.fromtimestamp(over, UTC))

    def run(self, ends_at: datetime) -> Iterator[datetime]:
        """Play until the end; yield the instant after every step."""
        with ThreadPoolExecutor(THREADS) as pool:
            while (instant := self._next()) and instant < ends_at:
                yield self._step(instant, pool)
            self._answer(ends_at, pool)
            self._settle(ends_at)
        self.script.ends_at = self.clock.now()

    def _next(self) -> datetime | None:
        """Return the next instant at which something belongs to its minute, if there is one."""
        while self._looks and not self._is_needed(self._looks[0]):
            self._needs.pop(heapq.heappop(self._looks))
        return min([*(one.at for one in self._exact[:1]), *self._looks[:1]], default=None)

    def _is_needed(self, instant: datetime) -> bool:
        return any(is_needed() for is_needed in self._needs[instant])

    def _step(self, instant: datetime, pool: ThreadPoolExecutor) -> datetime:
        """Go to an instant, and do all that belongs to it.

        Only where the system has something to do by the clock is it waited for: also where that
        falls due while the clock is moved just past the instant.
        """
        reached = instant + PAST
        if self._looks and self._looks[0] <= reached:
            self._answer(instant - BEFORE, pool)
            if self._exact and self._exact[0].at < instant:
                return self.clock.now()  # somebody who answered will do something else before
            while self._looks and self._looks[0] <= reached:
                self._needs.pop(heapq.heappop(self._looks))
            self._settle(reached)
        else:
            self.clock.hurry_to(reached)
        while self._exact and self._exact[0].at <= self.clock.now():
            heapq.heappop(self._exact).act()
        for act in self.after_acts:
            act()
        return self.clock.now()

    def _answer(self, until: datetime, pool: ThreadPoolExecutor) -> None:
        """Let everybody send what was filled in by then; each in her own order."""
        batch: dict[str, list[Planned]] = {}
        latest = None
        while self._calm and self._calm[0].at <= until:
            one = heapq.heappop(self._calm)
            batch.setdefault(one.person, []).append(one)
            latest = one.at
        if latest is None:
            return
        if latest > self.clock.now():
            self.clock.hurry_to(latest + PAST)
        list(pool.map(_do_all, batch.values()))

    def _settle(self, instant: datetime) -> None:
        jobs = self.clock.move_to(instant)
        if len(self.provider.put_off) > self._put_off_count:
            self._put_off_count = len(self.provider.put_off)
            for wait in TRY_AGAIN:
                self.look_at(self.clock.now() + wait)
        for follow in self.after_move:
            follow(dict(jobs))


def _do_all(planned: list[Planned]) -> None:
    for one in planned:
        one.act()
