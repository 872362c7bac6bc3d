"""The events of everybody at once: page by page for people, and counted for the table.

Of each event columns are read; only those of the page that is shown are read whole.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import AdverseEvent, Anchor, Participant, Site, worst_of
from epro.services import event_reading
from epro.services.event_reading import ShownEvent
from questionnaires.catalogue import Catalogue
from questionnaires.event_tables import INFUSIONS, is_treatment_emergent
from questionnaires.schedule import AnchorEvent

PAGE = 50


class EventColumn(StrEnum):
    """What the list can be sorted by."""

    PARTICIPANT = "participant"
    TERM = "term"
    ONSET = "onset"
    END = "end"
    GRADE = "grade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events, in which order; pages count from 1."""

    code: str | None = None
    only_treatment_emergent: bool = False
    column: EventColumn = EventColumn.PARTICIPANT
    is_descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """One page of the events that stand, and how many there are in all."""

    events: Sequence[ShownEvent]
    total: int


@dataclass(frozen=True, slots=True)
class Began:
    """When an event began, and what its days are counted by; `zone` is its site's."""

    participant_id: UUID
    onset_on: date
    onset_at: datetime | None
    study_version_id: int
    zone: str


BEGAN = (
    AdverseEvent.participant_id, AdverseEvent.onset_on, AdverseEvent.onset_at,
    AdverseEvent.study_version_id, Site.zone,
)  # fmt: skip
ORDERS: Mapping[EventColumn, Any] = {
    EventColumn.PARTICIPANT: Participant.code,
    EventColumn.TERM: AdverseEvent.term,
    EventColumn.ONSET: AdverseEvent.onset_on,
    EventColumn.END: AdverseEvent.ended_on,
    EventColumn.GRADE: AdverseEvent.grades,
}


def list_page(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue, now: datetime
) -> EventPage:
    """Return a page of the events at the actor's sites that stand."""
    whose = at_sites_of(actor, Permission.READ_ADVERSE_EVENT)
    if wanted.code:
        whose.append(Participant.code == wanted.code)
    ids = _in_order(session, whose, wanted, catalogue=catalogue)
    here = ids[(wanted.page - 1) * PAGE : wanted.page * PAGE]
    rows = {
        one.id: one
        for one in session.scalars(select(AdverseEvent).where(AdverseEvent.id.in_(here)))
    }
    shown = event_reading.listed(
        session, [rows[id_] for id_ in here], catalogue=catalogue, now=now
    )  # fmt: skip
    return EventPage(events=shown, total=len(ids))


def _in_order(
    session: Session,
    whose: Collection[ColumnElement[bool]],
    wanted: Wanted,
    *,
    catalogue: Catalogue,
) -> list[UUID]:
    """Return the ids of the events that are wanted; those that have nothing there come last."""
    began = BEGAN if wanted.only_treatment_emergent else ()
    rows = session.execute(
        standing(whose, AdverseEvent.id, ORDERS[wanted.column], *began).order_by(
            Participant.code, AdverseEvent.number
        )
    ).all()
    if wanted.only_treatment_emergent:
        is_emergent = emergence(session, whose, catalogue=catalogue)
        rows = [row for row in rows if is_emergent(Began(*row[2:]))]
    value_of: Callable[[Any], Any] = (
        worst_of if wanted.column is EventColumn.GRADE else lambda value: value
    )
    known = [(value_of(row[1]), row[0]) for row in rows if row[1] is not None]
    known.sort(key=lambda one: one[0], reverse=wanted.is_descending)
    return [id_ for _, id_ in known] + [row[0] for row in rows if row[1] is None]


def standing(whose: Collection[ColumnElement[bool]], *columns: Any) -> Select[Any]:
    """Return the query for columns of the events of these participants that were not voided."""
    return (
        select(*columns)
        .select_from(AdverseEvent)
        .join(Participant, Participant.id == AdverseEvent.participant_id)
        .join(Site, Site.id == AdverseEvent.site_id)
        .where(*whose, AdverseEvent.voided_at.is_(None))
    )


def emergence(
    session: Session, whose: Collection[ColumnElement[bool]], *, catalogue: Catalogue
) -> Callable[[Began], bool]:
    """Return what tells whether an event of these participants began on day 1 to 28."""
    anchors: dict[UUID, dict[AnchorEvent, datetime]] = defaultdict(dict)
    rows = session.execute(
        select(Anchor.participant_id, Anchor.event, Anchor.occurred_at)
        .join(Participant, Participant.id == Anchor.participant_id)
        .where(*whose, Anchor.event.in_(INFUSIONS), Anchor.superseded_at.is_(None))
    )
    for id_, event, occurred_at in rows:
        anchors[id_][event] = occurred_at

    def is_emergent(one: Began) -> bool:
        package = catalogue.package(one.study_version_id)
        return is_treatment_emergent(
            anchors[one.participant_id], one.onset_on, at=one.onset_at, zone=ZoneInfo(one.zone),
            infusion_day_number=package.infusion_day_number,
        )  # fmt: skip

    return is_emergent


def at_sites_of(actor: Actor, permission: Permission) -> list[ColumnElement[bool]]:
    """Return the condition on participants that they are where the actor holds a permission."""
    site_ids = actor.sites_for(permission)
    return [] if site_ids is None else [Participant.site_id.in_(site_ids)]
