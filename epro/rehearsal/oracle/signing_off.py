"""When a record can be signed off and locked, from docs/sign-off.md and docs/adverse-events.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from epro.rehearsal.facts import Did, Fact
from epro.rehearsal.oracle.asking_again import FAMILY, Report
from epro.rehearsal.oracle.flagging import Flags

ACCEPTED, DECLINED = "accepted", "declined"
ENDS = (Did.REFUSED_CORRECTION, Did.DECLINED_CORRECTION)


@dataclass(slots=True)
class OfRecord:
    """What physicians made of one participant's record.

    `signed_at` is when it should have been signed: at each first try at which nothing was open.
    `holds` tells whether the last signature does: not once anything says something else.
    `locks` are its lockings, each with when it was unlocked. `undecided` are the reports that
    nobody had decided about when it was signed, though they should have been shown to whoever does.
    """

    decided: set[str] = field(default_factory=set)
    event_count: int = 0
    waiting_count: int = 0
    ended: set[str] = field(default_factory=set)
    signed_at: list[datetime] = field(default_factory=list)
    holds: bool = False
    locks: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def follow(
        self, fact: Fact, reports: Mapping[str, Report], flags: Flags, *, is_copied: bool
    ) -> None:
        """Take one act of a physician; `is_copied`: no sheet of paper waits to be compared."""
        match fact.did:
            case Did.DECIDED:
                self.decided.add(fact.what["key"])
                self.event_count += fact.what["disposition"] == ACCEPTED
                if fact.what["disposition"] == DECLINED:
                    self._settle(fact.what["key"], reports)
            case Did.ENDED_EVENT:
                self.ended.add(fact.what["event"])
                self._settle(fact.what["key"], reports)
            case Did.SIGNED_OFF:
                if is_copied:
                    self._try(fact.at, reports, flags)
            case Did.LOCKED if self.holds:
                self.locks.append((fact.at, None))
            case Did.UNLOCKED if self.is_locked:
                self.locks[-1] = (self.locks[-1][0], fact.at)

    @property
    def is_locked(self) -> bool:
        """Whether it is locked by now."""
        return bool(self.locks) and self.locks[-1][1] is None

    def follow_correction(self, fact: Fact) -> None:
        """Hear of a correction: it waits until it is refused, declined or applied.

        Her own, within its window, waits for nobody. Whatever becomes of one breaks the signature.
        """
        if fact.did is Did.ASKED_CORRECTION:
            self.waiting_count += 1
        elif fact.did in ENDS or fact.what.get("is_decided"):
            self.waiting_count -= 1
        self.holds = False

    def _try(self, at: datetime, reports: Mapping[str, Report], flags: Flags) -> None:
        """Refused while a flag is not closed, or a correction waits for somebody's word."""
        if not self.holds and not flags.open_tiers() and not self.waiting_count:
            self.signed_at.append(at)
            self.holds = True
            heard = {family.removeprefix(FAMILY) for family in reports}
            self.undecided = sorted(heard - self.decided)

    def _settle(self, key: str, reports: Mapping[str, Report]) -> None:
        report = reports.get(FAMILY + key)
        if report is not None:
            report.is_settled = True
