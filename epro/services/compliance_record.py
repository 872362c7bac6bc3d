"""Compliance put on record: what was expected of each participant and came, block by block.

Compliance follows from assessments and answers and from the time that passes, so nothing changes it
at an instant that could be put on record. An hourly look writes down each count that is not what
the record said last; the record itself is the memory of it.
"""

import json
from collections.abc import Mapping
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


def keep(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Put every count on record that has changed since it last was; return how many did."""
    counted = compliance.count_by_block(session, catalogue=catalogue, now=now)
    known, entries = _last_on_record(session), []
    sites = {
        code: (site.code, site.id)
        for code, site in session.execute(
            select(Participant.code, Site).join(Site, Site.id == Participant.site_id)
        )
    }
    for (code, block), numbers in sorted(counted.items()):
        entity_id = f"{code}:{block}"
        version, before = known.get(entity_id, (0, {}))
        after = {"block": block} | _numbers(numbers)
        # Until something was expected there is nothing to say.
        if after == before or (not before and not any(after[name] for name in NUMBERS)):
            continue
        site_code, site_id = sites[code]
        changed = {name: old for name, old in before.items() if after[name] != old}
        entries.append(
            journal.entry(
                COUNTER, "compliance.counted",
                Subject(
                    entity_type=ENTITY, entity_id=entity_id, version=version + 1,
                    participant_code=code, site_code=site_code, site_id=site_id,
                ),
                after=after, before=changed, now=now,
            )
        )  # fmt: skip
    journal.record_all(session, entries)
    return len(entries)


def _numbers(counted: Compliance) -> dict[str, int]:
    return {name: getattr(counted, name) for name in NUMBERS}


def _last_on_record(session: Session) -> Mapping[str, tuple[int, Mapping[str, Any]]]:
    """Return the version and the numbers that stand last on record, by entity id."""
    lasts = (
        select(func.max(JournalEntry.id))
        .where(JournalEntry.entity_type == ENTITY, JournalEntry.kind == JournalKind.CHANGE)
        .group_by(JournalEntry.entity_id)
    )
    bodies = session.scalars(select(JournalEntry.body).where(JournalEntry.id.in_(lasts)))
    found = map(json.loads, bodies)
    return {one["entity_id"]: (one["version"], one["after"]) for one in found}
