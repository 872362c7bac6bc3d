"""When a record can be signed off and locked, from docs/sign-off.md and docs/adverse-events.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from epro.rehearsal.facts import Did, Fact
from epro.rehearsal.oracle.asking_again import FAMILY, Report
from epro.rehearsal.oracle.flagging import Flags

ACCEPTED, DECLINED = "accepted", "declined"


@dataclass(slots=True)
class OfRecord:
    """What physicians made of one participant's record.

    `signed_at` is when it should have been signed: at the first try at which nothing was open.
    `undecided` are the reports that nobody had decided about at that moment, though they should
    have been shown to whoever decides.
    """

    decided: set[str] = field(default_factory=set)
    event_count: int = 0
    waiting_count: int = 0
    ended: set[str] = field(default_factory=set)
    tried_at: list[datetime] = field(default_factory=list)
    signed_at: datetime | None = None
    locked_at: datetime | None = None
    undecided: list[str] = field(default_factory=list)

    def follow(self, fact: Fact, reports: Mapping[str, Report], flags: Flags) -> None:
        """Take one act of a physician."""
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
                self._try(fact.at, reports, flags)
            case Did.LOCKED if self.signed_at is not None:
                self.locked_at = fact.at

    def _try(self, at: datetime, reports: Mapping[str, Report], flags: Flags) -> None:
        """Refused while a flag is not closed, or a correction waits for somebody's word."""
        self.tried_at.append(at)
        if self.signed_at is None and not flags.open_tiers() and not self.waiting_count:
            self.signed_at = at
            heard = {family.removeprefix(FAMILY) for family in reports}
            self.undecided = sorted(heard - self.decided)

    def _settle(self, key: str, reports: Mapping[str, Report]) -> None:
        report = reports.get(FAMILY + key)
        if report is not None:
            report.is_settled = True
