"""One mail a day to a site about what waits in its inbox: how many, and where to look.

It comes on the site's working days at the site's own hour, once, however often a worker asks; after
an outage later on the same day. It names no participant and no sign.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import insert_if_absent
from epro.errors import NoActiveStudyVersion
from epro.models import Digest, IncidentKind, SafetyFlag, Site
from epro.services import escalation, incidents, journal, studies
from epro.services.journal import Subject
from notifications import outbox
from notifications.messages import ChannelName
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.escalating import Digest as Policy
from questionnaires.escalating import text_key
from questionnaires.tiers import Channel

DIGEST = system_actor("digest")
PURPOSE = "digest"
LINK = "/console/flags"


def send(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Write to every site whose hour has come and that has not been written to on its day.

    Return how many sites were looked at; a day without anything that waits counts as done.
    """
    done = 0
    for site in session.scalars(select(Site).order_by(Site.code)).all():
        local = now.astimezone(ZoneInfo(site.zone))
        if local.hour * 60 + local.minute < site.digest_minute:
            continue
        if session.get(Digest, (site.id, local.date())) is not None:
            continue
        try:
            version_id = studies.version_in_force(session, site, on=local.date())
        except NoActiveStudyVersion:
            continue
        package = catalogue.package(version_id)
        policy, office = package.escalation.digest, package.escalation.office_hours
        if policy is not None and office.is_working_day(local.date(), ()):
            done += _send(session, site, package, policy, version_id, local=local, now=now)
    return done


def _send(
    session: Session,
    site: Site,
    package: StudyPackage,
    policy: Policy,
    version_id: int,
    *,
    local: datetime,
    now: datetime,
) -> bool:
    """Write to one site; tell whether it was this call that did."""
    count = session.scalar(
        select(func.count(SafetyFlag.id)).where(
            SafetyFlag.site_id == site.id,
            SafetyFlag.tier.in_(policy.tiers),
            SafetyFlag.acknowledged_at.is_(None),
            SafetyFlag.closed_at.is_(None),
        )
    )
    day = {"site_id": site.id, "sent_on": local.date(), "flag_count": count, "made_at": now}
    # The row is the turn: of several workers, one writes.
    if not insert_if_absent(session, Digest, day):
        return False
    if not count:
        return True
    people = escalation.staff_of(session, site, policy.to, now=now)
    about = f"digest:{site.code}"
    if people:
        incidents.resolve(session, IncidentKind.NOBODY_TO_TELL, about=about, now=now)
    else:
        # The same one on every day on which it is so, or each day would leave one more.
        incidents.open_incident(
            session, IncidentKind.NOBODY_TO_TELL, about=about, site_id=site.id, now=now
        )
        people = escalation.people_responsible(session, site)
    for person in people:
        outbox.enqueue(
            session,
            NewMessage(
                purpose=PURPOSE,
                channel=ChannelName.EMAIL,
                template=text_key(policy.template, Channel.EMAIL),
                template_version=str(version_id),
                language=escalation.site_language(package),
                recipient_ref=f"user:{person.id}",
                about=f"digest:{site.id}",
                params={"site": site.code, "count": str(count), "link": LINK},
            ),
            now=now,
        )
    journal.record(
        session, DIGEST, "digest.sent",
        Subject(entity_type="digest", entity_id=f"{site.code}:{local.date()}",
                site_code=site.code, site_id=site.id),
        after={"sent_on": local.date(), "count": count,
               "told": [person.username for person in people]},
        now=now,
    )  # fmt: skip
    return True
