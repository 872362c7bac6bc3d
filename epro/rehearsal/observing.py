"""What did happen, as the system tells it: the EDC's copy of the feed, and the audit trail."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from epro.importer import Importer, Source
from epro.rehearsal.facts import site_of
from epro.rehearsal.gateway import Arrived, Provider
from epro.rehearsal.postbox import Mailed, Postbox
from epro.rehearsal.staff import EDC_CLIENT, Team

FLAG_VERBS = {
    "flag.raised", "flag.joined", "flag.urgent_again", "flag.told", "flag.escalated",
    "flag.acknowledged", "flag.closed",
}  # fmt: skip
# What people do themselves; what the system does of its own accord is compared by the feed.
ACT_VERBS = {
    "participant.enrolled", "participant.activated", "participant.preferences_changed",
    "participant.moved_to_zone", "participant.diary_slot_chosen",
    "participant.life_cycle_changed", "consent.given", "consent.withdrawn", "anchor.recorded",
    "response.completed", "response.corrected", "safety_question.answered",
    "correction.put_down", "correction.confirmed", "correction.refused", "correction.approved",
    "correction.declined", "flag.acknowledged", "flag.closed", "contact.logged",
    "candidate.decided", "transcription.entered", "transcription.confirmed",
    "transcription.returned", "transcription.put_right", "record.locked", "record.unlocked",
}  # fmt: skip
PAGE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """The newest state of one entity in the feed, and how many states of it were handed over."""

    id: str
    person: str
    op: str
    version: int
    count: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A step of a flag's ladder as it went on record."""

    due_at: datetime
    at: datetime
    people: frozenset[str]


@dataclass(slots=True)
class SeenFlag:
    """A flag as the audit trail tells of it."""

    id: str
    person: str
    raised_at: datetime
    tier: str
    rules: list[str]
    urgent_since: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act as the audit trail holds it: `at` is when the server took it down."""

    person: str
    verb: str
    entity_id: str
    actor: str
    at: datetime


@dataclass(slots=True)
class Observed:
    """Everything that is compared."""

    rows: dict[str, list[Row]]
    flags: list[SeenFlag]
    calls: dict[str, datetime]
    arrived: list[Arrived]
    put_off: list[Arrived]
    mails: list[Mailed]
    acts: list[Recorded]
    records: dict[str, list[bool]]
    across: list[str]
    feed_faults: list[str] = field(default_factory=list)

    def of(self, kind: str, person: str) -> list[Row]:
        """Return the entities of one kind about one participant."""
        return [one for one in self.rows.get(kind, []) if one.person == person]


class Edc:
    """The trial's database: pulls, and compares its copy with the source."""

    def __init__(self, url: str, secret: str, file: Path) -> None:
        self._file = file
        self._importer = Importer(Source(url, EDC_CLIENT, secret), file)

    def pull(self) -> None:
        """Take over what is new."""
        for _step in self._importer.pull():
            pass

    def faults(self) -> list[str]:
        """Return what of the copy is not as at the source."""
        return self._importer.verify()

    def rows(self) -> dict[str, list[Row]]:
        """Return the newest state of everything, by type."""
        found: dict[str, list[Row]] = defaultdict(list)
        query = (
            "SELECT type, entity_id, participant, op, max(version), count(*), data FROM change "
            "GROUP BY type, entity_id"
        )
        with sqlite3.connect(self._file) as copy:
            for kind, id_, person, op, version, count, data in copy.execute(query):
                found[kind].append(Row(id_, person, op, version, count, json.loads(data)))
        return dict(found)


def observe(
    teams: Mapping[str, Team],
    edc: Edc,
    people: list[str],
    *,
    provider: Provider,
    postbox: Postbox,
    across: list[str],
) -> Observed:
    """Ask the system what became of everybody."""
    edc.pull()
    flags: dict[str, SeenFlag] = {}
    calls: dict[str, datetime] = {}
    acts: list[Recorded] = []
    records: dict[str, list[bool]] = {}
    for person in people:
        team = teams[site_of(person)]
        records[person] = _record(team, person)
        for entry in _journal(team, person):
            if entry["verb"] in FLAG_VERBS:
                _follow(flags, person, entry)
            elif entry["verb"] == "work_item.added" and entry["after"].get("kind") == "call_now":
                calls[str(entry["after"].get("assessment_id"))] = _instant(entry["occurred_at"])
            if entry["verb"] in ACT_VERBS:
                acts.append(_act(person, entry))
    return Observed(
        edc.rows(),
        list(flags.values()),
        calls,
        provider.arrived,
        provider.put_off,
        postbox.arrived,
        acts,
        records,
        across,
        edc.faults(),
    )


def _record(team: Team, person: str) -> list[bool]:
    """Return whether her record is signed off, with a signature that holds, and whether locked."""
    who, path = team.with_role("coordinator")[0], f"/participants/{person}/record"
    shown = team.need(200, who, "GET", path, kind="record")
    return [shown["is_signed_off"], shown["is_locked"]]


def _journal(team: Team, person: str) -> Iterator[dict[str, Any]]:
    monitor, after, has_more = team.with_role("coordinator")[0], 0, True
    while has_more:
        query = {"participant": person, "after": after, "limit": PAGE, "language": "en"}
        page = team.need(200, monitor, "GET", "/journal", query=query, kind="journal")
        yield from page["items"]
        after, has_more = page["next_after"], page["has_more"]


def _act(person: str, entry: dict[str, Any]) -> Recorded:
    at = _instant(entry["recorded_at"])
    return Recorded(person, entry["verb"], entry["entity_id"], entry["actor"], at)


def _follow(flags: dict[str, SeenFlag], person: str, entry: dict[str, Any]) -> None:
    after, id_ = entry["after"], entry["entity_id"]
    if entry["verb"] in {"flag.told", "flag.escalated"}:
        flags[id_].told.append(
            Told(
                _instant(after["due_at"]), _instant(entry["occurred_at"]), frozenset(after["told"])
            )
        )
        return
    if id_ not in flags:
        flags[id_] = SeenFlag(
            id_, person, _instant(after["raised_at"]), after["tier"], after["rules"],
            _instant(after["urgent_since"]),
        )  # fmt: skip
    flag = flags[id_]
    flag.tier, flag.rules = after["tier"], after["rules"]
    flag.urgent_since = _instant(after["urgent_since"])
    flag.acknowledged_at = _maybe(after["acknowledged_at"])
    flag.closed_at = _maybe(after["closed_at"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
