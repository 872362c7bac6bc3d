"""Files for people, made at once: each with its checksum, and on record with who took it away."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import StringIO
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotPermitted
from epro.models import JournalEntry, JournalKind
from epro.services import audit_review, compliance, event_lists, journal
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Grouping

COMPLIANCE = ("participant", "expected", "completed", "on_time", "late", "missed")


class ExportKind(StrEnum):
    """What can be taken away."""

    COMPLIANCE = "compliance"
    EVENTS = "events"
    EVENT_TABLE = "event_table"
    AUDIT_REVIEW = "audit_review"


NEEDS = {
    ExportKind.COMPLIANCE: Permission.READ_COMPLIANCE,
    ExportKind.EVENTS: Permission.READ_ADVERSE_EVENT,
    ExportKind.EVENT_TABLE: Permission.READ_EVENT_TABLE,
    ExportKind.AUDIT_REVIEW: Permission.READ_AUDIT_REVIEW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file: CSV in UTF-8, its rows without the header, and its SHA-256 in hex."""

    name: str
    content: bytes
    sha256: str
    row_count: int


def kinds_for(actor: Actor) -> Sequence[ExportKind]:
    """Return what the actor's roles let her take away."""
    return [kind for kind in ExportKind if actor.holds(NEEDS[kind])]


def make(
    session: Session, actor: Actor, kind: ExportKind, *, catalogue: Catalogue, now: datetime
) -> Made:
    """Make a file of the actor's sites and put on record that it was taken away.

    Raises NotPermitted for a kind that her roles do not let her read.
    """
    if not actor.holds(NEEDS[kind]):
        raise NotPermitted
    text = _text(session, actor, kind, catalogue=catalogue, now=now)
    return put_on_record(session, actor, kind, text, now=now)


def put_on_record(
    session: Session, actor: Actor, kind: ExportKind, text: str, *, now: datetime
) -> Made:
    """Make a file of CSV text, and put on record that the actor took it away."""
    content = text.encode("utf-8-sig")
    made = Made(
        name=f"{kind.value.replace('_', '-')}-{now:%Y%m%d-%H%M}.csv",
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        row_count=max(sum(1 for _row in csv.reader(StringIO(text))) - 1, 0),
    )
    journal.record(
        session, actor, "export.taken", Subject(entity_type="export", entity_id=made.sha256),
        after={"kind": kind, "rows": made.row_count, "sha256": made.sha256, "file": made.name},
        kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip
    return made


def earlier(session: Session, actor: Actor, *, page: int = 1) -> Paged[dict[str, Any]]:
    """Return a page of what the actor took away before, the latest first."""
    hers = journal.canonical({"name": actor.name})[1:-1]  # as it stands in a body
    query: Select[*tuple[Any, ...]] = (
        select(JournalEntry.body)
        .where(JournalEntry.entity_type == "export", JournalEntry.verb == "export.taken")
        .where(JournalEntry.body.contains(hers, autoescape=True))
        .order_by(JournalEntry.id.desc())
    )
    entries = read_page(session, query, page).each(lambda row: json.loads(row[0]))
    return entries.each(
        lambda one: {"at": datetime.fromisoformat(one["recorded_at"]), **one["after"]}
    )


def _text(
    session: Session, actor: Actor, kind: ExportKind, *, catalogue: Catalogue, now: datetime
) -> str:
    if kind is ExportKind.EVENTS:
        found = event_lists.listing(
            session, actor, only_treatment_emergent=False, catalogue=catalogue, now=now
        )
        return event_lists.listing_as_csv(found)
    if kind is ExportKind.EVENT_TABLE:
        return event_lists.table_as_csv(
            event_lists.table(session, actor, catalogue=catalogue, now=now)
        )
    if kind is ExportKind.AUDIT_REVIEW:
        return audit_review.as_csv(audit_review.usual_report(session, actor, now=now))
    report = compliance.report(
        session, actor, compliance.Wanted(), by=Grouping.PARTICIPANT, catalogue=catalogue, now=now
    )
    rows = [
        {"participant": code, **{name: getattr(one, name) for name in COMPLIANCE[1:]}}
        for code, one in report.groups.items()
    ]
    return event_lists.as_csv(COMPLIANCE, rows)
