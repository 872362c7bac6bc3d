"""Technical failures: seen once, told by a way that still works, and over when they are over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import insert_if_absent
from epro.models import Incident, IncidentKind, Site
from epro.services import journal
from epro.services.journal import Subject

WATCHDOG = system_actor("watchdog")
# Asked of every message that leaves, so built once.
OPEN = select(Incident).where(
    Incident.kind == bindparam("kind"),
    Incident.about == bindparam("about"),
    Incident.resolved_at.is_(None),
)


def open_incident(
    session: Session,
    kind: IncidentKind,
    *,
    about: str,
    site_id: UUID | None,
    now: datetime,
) -> Incident | None:
    """Open an incident; None when the same one is open already."""
    incident_id = uuid4()
    is_new = insert_if_absent(
        session, Incident,
        {"id": incident_id, "kind": kind, "about": about, "site_id": site_id, "opened_at": now},
    )  # fmt: skip
    if not is_new:
        return None
    incident = session.get_one(Incident, incident_id)
    _record(session, "incident.opened", incident, now=now)
    return incident


def resolve(session: Session, kind: IncidentKind, *, about: str, now: datetime) -> bool:
    """Note that an incident is over; tell whether it was open."""
    incident = session.scalars(OPEN, {"kind": kind, "about": about}).first()
    if incident is None:
        return False
    incident.resolved_at = now
    session.flush()
    _record(session, "incident.resolved", incident, now=now)
    return True


def open_incidents(session: Session) -> Sequence[Incident]:
    """Return what is wrong at present, the oldest first."""
    return session.scalars(
        select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.opened_at)
    ).all()


def _record(session: Session, verb: str, incident: Incident, *, now: datetime) -> None:
    site = session.get(Site, incident.site_id) if incident.site_id else None
    journal.record(
        session, WATCHDOG, verb,
        Subject(
            entity_type="incident", entity_id=str(incident.id),
            version=1 if incident.resolved_at is None else 2,
            site_code=site.code if site else None, site_id=site.id if site else None,
        ),
        after={"kind": incident.kind, "about": incident.about, "opened_at": incident.opened_at,
               "resolved_at": incident.resolved_at},
        now=now,
    )  # fmt: skip
