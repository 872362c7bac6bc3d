"""Trying a site's alarm: told as in an emergency, plainly marked as a drill, and put on record.

A drill is never a flag and leaves for no clinical database. It ends when somebody acknowledges it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import AlreadyAcknowledged, NotFound
from epro.models import AlarmDrill, Site, User
from epro.services import escalation, flags, journal, sites, studies
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page
from notifications import outbox
from notifications.messages import ChannelName
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.escalating import text_key
from questionnaires.tiers import Channel

PURPOSE = "drill"
PAGE = 10
TOLD_BY = (Channel.SMS, Channel.EMAIL)


def start(
    session: Session, actor: Actor, site_code: str, *, catalogue: Catalogue, now: datetime
) -> AlarmDrill:
    """Tell whoever a RED flag would tell first at this hour, with the text of a drill.

    Raises NotFound for a site out of reach, NoActiveStudyVersion.
    """
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.EDIT_ROSTER, site.id):
        raise NotFound
    zone = ZoneInfo(site.zone)
    version_id = studies.version_in_force(session, site, on=now.astimezone(zone).date())
    package = catalogue.package(version_id)
    drill = AlarmDrill(site_id=site.id, started_at=now, started_by_id=actor.id)
    session.add(drill)
    session.flush()
    people = escalation.first_to_know(session, site, package, now=now)
    rings = site.calls_by_voice and package.text(text_key("drill", Channel.VOICE)) is not None
    for person in people:
        for channel in (*TOLD_BY, Channel.VOICE) if rings else TOLD_BY:
            outbox.enqueue(
                session,
                NewMessage(
                    purpose=PURPOSE, is_vital=True, channel=ChannelName(channel),
                    template=text_key("drill", channel), template_version=str(version_id),
                    language=escalation.site_language(package), recipient_ref=f"user:{person.id}",
                    about=_about(drill.id),
                    params={"time": now.astimezone(zone).strftime("%H:%M"),
                            "link": "/console/drills"},
                ),
                now=now,
            )  # fmt: skip
    journal.record(
        session, actor, "drill.started", _subject(drill, site),
        after=facts_of(session, drill) | {"told": [person.username for person in people]}, now=now,
    )  # fmt: skip
    return drill


def acknowledge(session: Session, actor: Actor, drill_id: UUID, *, now: datetime) -> AlarmDrill:
    """Say that the drill was heard; the first person stays on record.

    Raises NotFound, and AlreadyAcknowledged naming who was first.
    """
    drill = session.get(AlarmDrill, drill_id, with_for_update=True)
    if drill is None or not actor.may_at(Permission.ACKNOWLEDGE_FLAG, drill.site_id):
        raise NotFound
    if drill.acknowledged_at is not None:
        first = session.get_one(User, drill.acknowledged_by_id)
        details = {"by": first.full_name, "at": drill.acknowledged_at.isoformat()}
        raise AlreadyAcknowledged(details=details)
    drill.acknowledged_at, drill.acknowledged_by_id = now, actor.id
    session.flush()
    outbox.cancel(
        session, outbox.waiting(session, about=_about(drill.id)), reason="acknowledged", now=now
    )
    journal.record(
        session, actor, "drill.acknowledged", _subject(drill, session.get_one(Site, drill.site_id)),
        after=facts_of(session, drill), before={"acknowledged_at": None}, now=now,
    )  # fmt: skip
    return drill


def list_drills(
    session: Session, actor: Actor, site_code: str, *, limit: int
) -> Sequence[AlarmDrill]:
    """Return the drills of a site, the latest first. Raises NotFound."""
    return session.scalars(_of_site(session, actor, site_code).limit(limit)).all()


def list_page(session: Session, actor: Actor, site_code: str, *, page: int) -> Paged[AlarmDrill]:
    """Return a page of the drills of a site, the latest first. Raises NotFound."""
    found = read_page(session, _of_site(session, actor, site_code), page, size=PAGE)
    return found.each(lambda row: row[0])


def _of_site(session: Session, actor: Actor, site_code: str) -> Select[AlarmDrill]:
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.READ_ROSTER, site.id):
        raise NotFound
    return (
        select(AlarmDrill)
        .where(AlarmDrill.site_id == site.id)
        .order_by(AlarmDrill.started_at.desc(), AlarmDrill.id)
    )


def facts_of(session: Session, drill: AlarmDrill) -> dict[str, object]:
    """Return a drill as plain values: people by user name."""
    return {
        "id": drill.id,
        "started_at": drill.started_at,
        "started_by": flags.username_of(session, drill.started_by_id),
        "acknowledged_at": drill.acknowledged_at,
        "acknowledged_by": flags.username_of(session, drill.acknowledged_by_id),
    }


def _about(drill_id: UUID) -> str:
    return f"drill:{drill_id}"


def _subject(drill: AlarmDrill, site: Site) -> Subject:
    return Subject(
        entity_type="drill", entity_id=str(drill.id),
        version=1 if drill.acknowledged_at is None else 2,
        site_code=site.code, site_id=site.id,
    )  # fmt: skip
