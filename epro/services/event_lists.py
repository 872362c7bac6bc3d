"""Lists of adverse events for people who count: the listing, the table, what an EDC has instead.

Totals are blinded: over everybody, never by who had how many infusions.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import AdverseEvent, Anchor, Participant, Site, StudyVersion
from epro.services import candidates, event_reading, journal
from epro.services.candidates import CandidateState
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
    known = event_reading.shown_each(session, standing, catalogue=catalogue, now=now)
    return [one for one in known if one.is_treatment_emergent or not only_treatment_emergent]


def table(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> EventTable:
    """Count the events that began on day 1 to 28, and the candidates nobody has decided about.

    Whoever may not see the events of all the sites that are counted gets no small counts.
    """
    site_ids = actor.sites_for(Permission.READ_EVENT_TABLE)
    query = select(Participant).order_by(Participant.code)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    participants = session.scalars(query).all()
    counted = [
        CountedEvent(
            participant=one.case.participant.code,
            worst_grade=one.case.event.worst_grade,
            is_serious=bool(one.case.event.seriousness),
            is_related=one.is_related,
        )
        for one in event_reading.cases_of(
            session, _events_of(session, participants), catalogue=catalogue
        )
        if one.is_treatment_emergent
    ]
    undecided = [
        one
        for hers in candidates.candidates_of_each(
            session, participants, catalogue=catalogue, now=now
        )
        for one in hers
        if one.is_in_window and one.state is not CandidateState.DECIDED
    ]
    full = summarise(
        counted, infused_count=_infused_count(session, participants), undecided_count=len(undecided)
    )
    if _sees_the_events(actor, participants):
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


def _events_of(session: Session, participants: Sequence[Participant]) -> Sequence[AdverseEvent]:
    ids = [one.id for one in participants]
    return session.scalars(
        select(AdverseEvent)
        .where(AdverseEvent.participant_id.in_(ids), AdverseEvent.voided_at.is_(None))
        .order_by(AdverseEvent.participant_id, AdverseEvent.number)
    ).all()


def _infused_count(session: Session, participants: Sequence[Participant]) -> int:
    ids = [one.id for one in participants]
    count = session.scalar(
        select(func.count(Anchor.id)).where(
            Anchor.participant_id.in_(ids),
            Anchor.event == AnchorEvent.INF1,
            Anchor.superseded_at.is_(None),
        )
    )
    return count or 0


def _sees_the_events(actor: Actor, participants: Sequence[Participant]) -> bool:
    return all(actor.may_at(Permission.READ_ADVERSE_EVENT, one.site_id) for one in participants)


def _unknown(there: Iterable[ListedEvent], known: set[str]) -> set[str]:
    return {one.participant for one in there} - known
