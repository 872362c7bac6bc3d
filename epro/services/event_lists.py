"""Lists of adverse events for people who count: the listing, the table, what an EDC has instead.

Totals are blinded: over everybody, never by who had how many infusions.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import AdverseEvent, Anchor, Participant, Site, StudyVersion, worst_of
from epro.services import event_lines, event_reading, journal, reckoning
from epro.services.event_lines import Began
from epro.services.event_reading import ShownEvent
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.event_tables import CountedEvent, EventTable, summarise, without_small_counts
from questionnaires.reconciling import Difference, ListedEvent, compare
from questionnaires.schedule import AnchorEvent

LISTING = (
    "participant", "number", "term", "onset_on", "study_day", "ended_on", "outcome", "worst_grade",
    "serious", "seriousness", "relationship", "related", "action_taken", "treatment_emergent",
    "source", "version", "signed",
)  # fmt: skip
TABLE = ("row", "participants", "events")


def listing(
    session: Session,
    actor: Actor,
    *,
    only_treatment_emergent: bool,
    catalogue: Catalogue,
    now: datetime,
) -> list[ShownEvent]:
    """Return the events at the actor's sites that stand, by code and number."""
    standing = [one for one in event_reading.list_events(session, actor) if one.voided_at is None]
    known = event_reading.listed(session, standing, catalogue=catalogue, now=now)
    return [one for one in known if one.is_treatment_emergent or not only_treatment_emergent]


def table(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> EventTable:
    """Count the events that began on day 1 to 28, and the candidates nobody has decided about.

    Whoever may not see the events of all the sites that are counted gets no small counts.
    """
    whose = event_lines.at_sites_of(actor, Permission.READ_EVENT_TABLE)
    is_emergent = event_lines.emergence(session, whose, catalogue=catalogue)
    # As they are written: few differ, and reading thousands one by one takes longest of all.
    rows = session.execute(
        event_lines.standing(
            whose, Participant.code, cast(AdverseEvent.grades, Text),
            cast(AdverseEvent.seriousness, Text), AdverseEvent.relationship, *event_lines.BEGAN,
        )
    )  # fmt: skip
    read = cache(json.loads)
    counted = [
        CountedEvent(
            participant=code,
            worst_grade=worst_of(read(grades)),
            is_serious=bool(read(seriousness)),
            is_related=_is_related(relationship, one, catalogue),
        )
        for code, grades, seriousness, relationship, *began in rows
        if is_emergent(one := Began(*began))
    ]
    undecided_count = reckoning.count_waiting(
        session, whose, only_in_window=True, catalogue=catalogue, now=now
    )
    full = summarise(
        counted, infused_count=_infused_count(session, whose), undecided_count=undecided_count
    )
    if _sees_the_events(session, actor, whose):
        return full
    versions = session.scalars(select(StudyVersion.id)).all()
    smallest = max(catalogue.package(one).adverse_events.smallest_count for one in versions)
    return without_small_counts(full, smallest_count=smallest)


def reconcile(
    session: Session,
    actor: Actor,
    there: Sequence[ListedEvent],
    *,
    now: datetime,
) -> tuple[Difference, ...]:
    """Return what this list and another system's do not agree on; that it was asked is on record.

    Only the actor's own sites are compared; lines about others are left out on both sides.
    """
    site_ids = actor.sites_for(Permission.RECONCILE_EVENTS)
    query = select(AdverseEvent, Participant.code).join(
        Participant, Participant.id == AdverseEvent.participant_id
    )
    known = select(Participant.code)
    if site_ids is not None:
        query = query.where(AdverseEvent.site_id.in_(site_ids))
        known = known.where(Participant.site_id.in_(site_ids))
    here = [
        as_listed(event, code)
        for event, code in session.execute(query.where(AdverseEvent.voided_at.is_(None)))
    ]
    within_reach = set(session.scalars(known))
    all_codes = set(session.scalars(select(Participant.code)))
    # A code that exists nowhere is a difference that somebody has to see.
    theirs = [one for one in there if one.participant in within_reach | _unknown(there, all_codes)]
    found = compare(here, theirs)
    sites = session.scalars(select(Site)).all()
    reached = [site for site in sites if site_ids is None or site.id in site_ids]
    for site in reached:
        journal.record(
            session, actor, "adverse_event_list.reconciled",
            Subject(entity_type="adverse_event_list", entity_id=site.code, site_code=site.code,
                    site_id=site.id),
            after={"line_count": len(theirs), "event_count": len(here),
                   "difference_count": len(found)},
            now=now,
        )  # fmt: skip
    return found


def as_listed(event: AdverseEvent, code: str) -> ListedEvent:
    """Return an event in the shape in which lists are compared."""
    return ListedEvent(
        participant=code, number=event.number, term=event.term, onset_on=event.onset_on,
        ended_on=event.ended_on, grade=event.worst_grade, serious=bool(event.seriousness),
    )  # fmt: skip


def listing_row(one: ShownEvent) -> dict[str, Any]:
    """Return one line of the listing; days are counted from the first infusion alone."""
    event = one.event
    return {
        "participant": one.participant.code,
        "number": event.number,
        "term": event.term,
        "onset_on": event.onset_on.isoformat(),
        "study_day": one.study_day,
        "ended_on": event.ended_on.isoformat() if event.ended_on else None,
        "outcome": event.outcome.value,
        "worst_grade": event.worst_grade,
        "serious": bool(event.seriousness),
        "seriousness": event.seriousness,
        "relationship": event.relationship,
        "related": one.is_related,
        "action_taken": event.action_taken.value,
        "treatment_emergent": one.is_treatment_emergent,
        "source": event.source.value,
        "version": event.version,
        "signed": any(not signature.is_broken for signature in one.signatures),
    }


def listing_as_csv(shown: Iterable[ShownEvent]) -> str:
    """Return the listing as CSV, UTF-8 with a header; several criteria stand in one cell."""
    return as_csv(LISTING, (listing_row(one) for one in shown))


def table_as_csv(counted: EventTable) -> str:
    """Return the table as CSV; a hidden count is shown as `hidden`, the candidates as a row."""
    rows: list[dict[str, Any]] = [
        {"row": "infused", "participants": counted.infused_count, "events": None},
        *(
            {
                "row": row.name.value,
                "participants": _or_hidden(row.participant_count),
                "events": _or_hidden(row.event_count),
            }
            for row in counted.rows
        ),
        {
            "row": "undecided_candidates",
            "participants": None,
            "events": _or_hidden(counted.undecided_count),
        },
    ]
    return as_csv(TABLE, rows)


def as_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """Return rows as CSV; what a spreadsheet would take for a formula is kept as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    shown = str(value)
    return f"'{shown}" if shown[:1] in {"=", "+", "-", "@", "\t", "\r"} else shown


def _or_hidden(count: int | None) -> int | str:
    return "hidden" if count is None else count


def _is_related(code: str, one: Began, catalogue: Catalogue) -> bool:
    relationship = catalogue.package(one.study_version_id).adverse_events.relationship(code)
    return relationship is not None and relationship.is_related


def _infused_count(session: Session, whose: Collection[ColumnElement[bool]]) -> int:
    count = session.scalar(
        select(func.count(Anchor.id))
        .join(Participant, Participant.id == Anchor.participant_id)
        .where(*whose, Anchor.event == AnchorEvent.INF1, Anchor.superseded_at.is_(None))
    )
    return count or 0


def _sees_the_events(
    session: Session, actor: Actor, whose: Collection[ColumnElement[bool]]
) -> bool:
    site_ids = session.scalars(select(Participant.site_id).where(*whose).distinct())
    return all(actor.may_at(Permission.READ_ADVERSE_EVENT, one) for one in site_ids)


def _unknown(there: Iterable[ListedEvent], known: set[str]) -> set[str]:
    return {one.participant for one in there} - known
