"""Compliance put on record: what was expected of each participant and came, block by block.

Compliance follows from assessments and answers and from the time that passes, so nothing changes it
at an instant that could be put on record. An hourly look writes down each count that is not what
the record said last; the record itself is the memory of it.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import JournalEntry, JournalKind, Participant, Site
from epro.services import compliance, journal
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Compliance

COUNTER = system_actor("compliance")
ENTITY = "compliance"
NUMBERS = ("expected", "completed", "on_time", "late", "missed", "not_offered", "suspended")


@dataclass(frozen=True, slots=True)
class _Change:
    """One count that is not what the record said last; `before` is empty the first time."""

    code: str
    block: str
    version: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def changed(session: Session, *, catalogue: Catalogue, now: datetime) -> Sequence[str]:
    """Return the codes of those whose counts are not what the record said last; only reads.

    It looks at everybody, which takes a while: nobody has to wait for it.
    """
    found = _changes(session, None, catalogue=catalogue, now=now)
    return sorted({one.code for one in found})


def keep(session: Session, codes: Collection[str], *, catalogue: Catalogue, now: datetime) -> int:
    """Put the counts of these participants on record that have changed; return how many did.

    Their rows are taken first, and all is counted anew: what came since somebody looked, and what
    another has put on record meanwhile, is seen here.
    """
    taken = session.execute(
        select(Participant.code, Site)
        .join(Site, Site.id == Participant.site_id)
        .where(Participant.code.in_(codes))
        .order_by(Participant.code)
        .with_for_update(key_share=True, of=Participant)
    )
    sites = {code: (site.code, site.id) for code, site in taken}
    entries = []
    for one in _changes(session, codes, catalogue=catalogue, now=now):
        site_code, site_id = sites[one.code]
        entries.append(
            journal.entry(
                COUNTER, "compliance.counted",
                Subject(
                    entity_type=ENTITY, entity_id=f"{one.code}:{one.block}",
                    version=one.version, participant_code=one.code, site_code=site_code,
                    site_id=site_id,
                ),
                after=one.after,
                before={name: old for name, old in one.before.items() if one.after[name] != old},
                now=now,
            )
        )  # fmt: skip
    journal.record_all(session, entries)
    return len(entries)


def _changes(
    session: Session, codes: Collection[str] | None, *, catalogue: Catalogue, now: datetime
) -> Iterator[_Change]:
    """Yield what differs from the record, of these participants or everybody, in a fixed order."""
    counted = compliance.count_by_block(session, participants=codes, catalogue=catalogue, now=now)
    known = _last_on_record(session, codes)
    for (code, block), numbers in sorted(counted.items()):
        version, before = known.get(f"{code}:{block}", (0, {}))
        after = {"block": block} | _numbers(numbers)
        # Until something was expected there is nothing to say.
        if after != before and (before or any(after[name] for name in NUMBERS)):
            yield _Change(code, block, version + 1, before, after)


def _numbers(counted: Compliance) -> dict[str, int]:
    return {name: getattr(counted, name) for name in NUMBERS}


def _last_on_record(
    session: Session, codes: Collection[str] | None
) -> Mapping[str, tuple[int, Mapping[str, Any]]]:
    """Return the version and the numbers that stand last on record, by entity id."""
    lasts = (
        select(func.max(JournalEntry.id))
        .where(JournalEntry.entity_type == ENTITY, JournalEntry.kind == JournalKind.CHANGE)
        .group_by(JournalEntry.entity_id)
    )
    if codes is not None:
        lasts = lasts.where(JournalEntry.participant_code.in_(codes))
    bodies = session.scalars(select(JournalEntry.body).where(JournalEntry.id.in_(lasts)))
    found = map(json.loads, bodies)
    return {one["entity_id"]: (one["version"], one["after"]) for one in found}
