"""Is anybody being told? Messages that do not get out and jobs that do not run are incidents.

They are told by a way that still works, and closed when they are over (PRODUCT A-14).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import NoActiveStudyVersion
from epro.models import (
    Duty,
    Incident,
    IncidentKind,
    JobRun,
    SafetyFlag,
    Site,
    SiteMembership,
    User,
)
from epro.services import calling, escalation, heartbeat, incidents, roster, studies, telling
from notifications import outbox
from notifications.messages import ChannelName, OutboxMessage
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue

LONGEST_SILENCE = timedelta(minutes=10)
TOLD_OF_SILENCE = (Role.COORDINATOR, Role.INVESTIGATOR, Role.SYSTEM_ADMIN)
WAYS = (ChannelName.SMS, ChannelName.EMAIL)
WORKER = "worker"


def watch(
    session: Session,
    *,
    every: Mapping[str, timedelta],
    catalogue: Catalogue,
    now: datetime,
    wall_now: datetime,
) -> int:
    """Look for what has been silent for ten minutes; return how many incidents began or ended.

    `every` says how often each job should run. Jobs are judged by the wall's clock, messages by
    the trial's.
    """
    changed = 0
    for message in outbox.stuck(session, created_before=now - LONGEST_SILENCE):
        if _is_settled(_flag_named(session, message.about), message):
            continue
        # What tells of an incident is not told of in turn: that could go on for ever.
        if message.purpose == escalation.PURPOSE:
            changed += telling.tell_another_way(session, message, now=now)
        elif message.purpose == calling.PURPOSE:
            changed += telling.tell_of_call(session, message, now=now)
    found = incidents.open_incidents(session)
    for incident in found:
        changed += _close_if_over(session, incident, now=now)
    silent = {one.about for one in found if one.kind is IncidentKind.SILENT_WORKER}
    for job, since in _last_good_runs(session, every):
        silence, about = wall_now - since, f"job:{job}"
        if silence > max(LONGEST_SILENCE, 3 * every[job]):
            changed += _tell_of_silence(
                session, about=about, since=now - silence, catalogue=catalogue, now=now
            )
        elif about in silent:
            changed += incidents.resolve(session, IncidentKind.SILENT_WORKER, about=about, now=now)
    return changed


def note_start(
    session: Session, *, catalogue: Catalogue, now: datetime, wall_now: datetime
) -> timedelta | None:
    """Note that a worker starts; tell people if none has run for ten minutes, and return how long.

    The worker that tells of the gap is the one that ends it.
    """
    last_beat_at = heartbeat.note_start(session, wall_now=wall_now)
    if last_beat_at is None or wall_now - last_beat_at <= LONGEST_SILENCE:
        return None
    gap = wall_now - last_beat_at
    _tell_of_silence(session, about=WORKER, since=now - gap, catalogue=catalogue, now=now)
    incidents.resolve(session, IncidentKind.SILENT_WORKER, about=WORKER, now=now)
    return gap


def _close_if_over(session: Session, incident: Incident, *, now: datetime) -> bool:
    """Close an incident about a flag that somebody has taken since, or a duty that is held again.

    What is told of a flag later, as that a report is due, is no less lost because it was taken.
    """
    if incident.kind is IncidentKind.ROSTER_GAP:
        site, duty = session.get(Site, incident.site_id), Duty(incident.about.rpartition(":")[2])
        is_over = site is not None and roster.on_duty(session, site, duty, at=now) is not None
    elif incident.kind is IncidentKind.UNDELIVERED:
        message = session.get(OutboxMessage, UUID(incident.about.removeprefix("message:")))
        is_over = message is not None and _is_settled(_flag_named(session, message.about), message)
    else:
        flag = _flag_named(session, incident.about)
        is_over = flag is not None and flag.acknowledged_at is not None
    return is_over and incidents.resolve(session, incident.kind, about=incident.about, now=now)


def _is_settled(flag: SafetyFlag | None, message: OutboxMessage) -> bool:
    """Tell whether somebody has taken or closed the flag since this was written about it."""
    times = (flag.acknowledged_at, flag.closed_at) if flag is not None else ()
    return any(at is not None and at >= message.created_at for at in times)


def _flag_named(session: Session, about: str | None) -> SafetyFlag | None:
    """Return the flag that "flag:<uuid>" names; where nobody is to be told, the rung follows."""
    subject, _, id_ = (about or "").partition(":")
    return session.get(SafetyFlag, UUID(id_.partition(":")[0])) if subject == "flag" else None


def _last_good_runs(
    session: Session, every: Mapping[str, timedelta]
) -> Iterator[tuple[str, datetime]]:
    start = session.get(JobRun, heartbeat.START)
    for run in session.scalars(select(JobRun).where(JobRun.job.in_(every)).order_by(JobRun.job)):
        # One that never succeeded has failed at each of its ticks.
        since = run.last_succeeded_at or run.last_started_at - run.failure_count * every[run.job]
        # After a pause of all workers a job that does not fail gets time for its first tick.
        if run.last_error is None and start is not None:
            since = max(since, start.last_started_at)
        yield run.job, since


def _tell_of_silence(
    session: Session, *, about: str, since: datetime, catalogue: Catalogue, now: datetime
) -> bool:
    incident = incidents.open_incident(
        session, IncidentKind.SILENT_WORKER, about=about, site_id=None, now=now
    )
    if incident is None:
        return False
    told: set[UUID] = set()
    for site in session.scalars(select(Site).order_by(Site.code)).all():
        zone = ZoneInfo(site.zone)
        try:
            version_id = studies.version_in_force(session, site, on=now.astimezone(zone).date())
        except NoActiveStudyVersion:
            continue
        language = escalation.site_language(catalogue.package(version_id))
        for person in _people_at(session, site):
            if person.id in told:
                continue
            told.add(person.id)
            for channel in WAYS:
                outbox.enqueue(
                    session,
                    NewMessage(
                        purpose=telling.INCIDENT,
                        is_vital=True,
                        channel=channel,
                        template=f"incident_silent_worker_{channel}",
                        template_version=str(version_id),
                        language=language,
                        recipient_ref=f"user:{person.id}",
                        about=f"incident:{incident.id}",
                        params={
                            "time": since.astimezone(zone).strftime("%m-%d %H:%M"),
                            "link": "/console",
                        },
                    ),
                    now=now,
                )
    incident.told_at = now if told else None
    session.flush()
    return True


def _people_at(session: Session, site: Site) -> list[User]:
    query = (
        select(User)
        .join(SiteMembership, SiteMembership.user_id == User.id)
        .where(
            SiteMembership.role.in_(TOLD_OF_SILENCE),
            or_(SiteMembership.site_id == site.id, SiteMembership.site_id.is_(None)),
            User.deactivated_at.is_(None),
        )
        .order_by(User.username)
    )
    return list(session.scalars(query).unique())
