"""Tell people of a flag, and tell more people when nobody has taken it, by the clock alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.access import Role, system_actor
from epro.models import (
    Duty,
    FlagTrigger,
    IncidentKind,
    Participant,
    SafetyFlag,
    Site,
    SiteMembership,
    SponsorContact,
    User,
    WorkKind,
)
from epro.services import incidents, journal, roster, work_list
from epro.services.journal import Subject
from notifications import outbox
from notifications.messages import ChannelName, OutboxMessage
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.escalating import (
    Recipient,
    Rung,
    calling,
    due_rungs,
    ladder,
    next_rung_at,
    text_key,
)
from questionnaires.tiers import Channel, Tier

LADDER = system_actor("escalation")
MOST_AT_ONCE = 100
PURPOSE = "safety"
HANDED = "handed"
AGAIN = "escalation"  # the text for whoever is told in place of somebody who is not there
PHYSICIANS = (Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR)
ROLES = {
    Recipient.COORDINATOR: Role.COORDINATOR,
    Recipient.INVESTIGATOR: Role.INVESTIGATOR,
    Recipient.PRINCIPAL_INVESTIGATOR: Role.PRINCIPAL_INVESTIGATOR,
}
DUTIES = {Recipient.ON_CALL: Duty.ON_CALL, Recipient.BACKUP: Duty.BACKUP}


def start(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    *,
    rule_id: str,
    now: datetime,
) -> None:
    """Start the clock of a flag: whoever has to know at once is told in this transaction."""
    outbox.cancel(
        session, outbox.waiting(session, about=_about(flag)), reason="urgent_again", now=now
    )
    flag.rung_count, flag.next_call_at = 0, None
    _climb(session, flag, participant, site, package, rule_id=rule_id, now=now)


def hand_over(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    person: User,
    *,
    now: datetime,
) -> None:
    """Tell a person that a flag was handed to them: a new owner must not find out by chance."""
    rule_id = worst_rule(session, flag)
    for channel in (Channel.SMS, Channel.EMAIL):
        write(
            session, flag, participant, site, package, person, template=text_key(HANDED, channel),
            channel=ChannelName(channel), at=flag.urgent_since, rule_id=rule_id, now=now,
        )  # fmt: skip


def climb(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Tell the next people of every flag that nobody has taken in time; return how many flags."""
    due = session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.next_rung_at <= now)
        .order_by(SafetyFlag.next_rung_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for flag in due:
        participant = session.get_one(Participant, flag.participant_id)
        site = session.get_one(Site, flag.site_id)
        package = catalogue.package(flag.study_version_id)
        _climb(
            session, flag, participant, site, package, rule_id=worst_rule(session, flag), now=now
        )
    return len(due)


def _climb(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    *,
    rule_id: str,
    now: datetime,
) -> None:
    """Tell everybody up to the rung that `now` has reached, and note when the next one is due."""
    rungs = ladder(
        package.escalation, flag.tier, tonight=flag.tonight, urgent_since=flag.urgent_since,
        zone=ZoneInfo(site.zone),
    )  # fmt: skip
    reached = due_rungs(rungs, climbed=flag.rung_count, now=now)
    for rung in reached:
        told = _tell(session, flag, participant, site, package, rung, rule_id=rule_id, now=now)
        _record(session, flag, participant, site, rung, told, now=now)
    flag.rung_count += len(reached)
    flag.next_rung_at = next_rung_at(rungs, climbed=flag.rung_count)
    if (
        site.calls_by_voice
        and flag.next_call_at is None
        and calling(rungs, climbed=flag.rung_count)
    ):
        flag.next_call_at = now
    session.flush()


def write(  # noqa: PLR0913  what a message is made of
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    person: User,
    *,
    template: str,
    channel: ChannelName,
    at: datetime,
    rule_id: str,
    tier: Tier | None = None,
    purpose: str = PURPOSE,
    not_after: datetime | None = None,
    now: datetime,
) -> None:
    """Write one message about a flag to one person: code, tier, rule and a time of the site.

    `tier` is what it is climbed as, left out its own. The day stands before the time unless the
    time is today's. From `not_after` on nobody wants it any more.
    """
    zone = ZoneInfo(site.zone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    outbox.enqueue(
        session,
        NewMessage(
            purpose=purpose,
            is_vital=True,
            not_after=not_after,
            channel=channel,
            template=template,
            template_version=str(flag.study_version_id),
            language=site_language(package),
            recipient_ref=f"user:{person.id}",
            about=_about(flag),
            params={
                "code": participant.code,
                "tier": (tier or flag.tier).value,
                "rule": rule_id,
                "time": local.strftime("%H:%M" if local.date() == today else "%m-%d %H:%M"),
                "link": f"/console/flags/{flag.id}",
            },
        ),
        now=now,
    )


def people_responsible(session: Session, site: Site) -> Sequence[User]:
    """Return whoever answers for the reports of a site: its coordinators and physicians."""
    return _with_roles(session, site, [Role.COORDINATOR, *PHYSICIANS])


def first_to_know(
    session: Session, site: Site, package: StudyPackage, *, now: datetime
) -> Sequence[User]:
    """Return whom a RED flag would tell first at this hour."""
    rungs = ladder(
        package.escalation, Tier.RED_A, tonight=False, urgent_since=now, zone=ZoneInfo(site.zone)
    )
    return staff_of(session, site, rungs[0].recipients, now=now)


def _tell(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    rung: Rung,
    *,
    rule_id: str,
    now: datetime,
) -> Sequence[str]:
    """Tell the people of a rung; return their user names, and "sponsor" for its contact."""
    told = []
    sponsor = session.get(SponsorContact, site.id)
    if Recipient.SPONSOR_CONTACT in rung.recipients and sponsor is not None:
        _write_to_sponsor(session, flag, site, package, rung, now=now)
        told.append("sponsor")
    people, template = list(_people(session, flag, site, rung, now=now)), rung.template
    if rung.phone_task:
        work_list.add(
            session, LADDER, WorkKind.CALL_PRINCIPAL_INVESTIGATOR,
            about=f"{_about(flag)}:{flag.urgent_since.isoformat()}", site_id=site.id,
            participant_id=participant.id, now=now,
        )  # fmt: skip
    if not people and not told:
        # The ladder must not end in silence: the incident says what is missing, and whoever is at
        # the site is told once more.
        incidents.open_incident(
            session, IncidentKind.NOBODY_TO_TELL, about=f"{_about(flag)}:{rung.number}",
            site_id=site.id, now=now,
        )  # fmt: skip
        people, template = list(people_responsible(session, site)), AGAIN
    for person in people:
        for channel in rung.channels:
            write(
                session, flag, participant, site, package, person,
                template=text_key(template, channel), channel=ChannelName(channel),
                at=flag.urgent_since, rule_id=rule_id, tier=rung.tier, now=now,
            )  # fmt: skip
    return [*told, *(person.username for person in people)]


def _write_to_sponsor(
    session: Session,
    flag: SafetyFlag,
    site: Site,
    package: StudyPackage,
    rung: Rung,
    *,
    now: datetime,
) -> None:
    """Tell the sponsor's contact which site does not answer, and nothing else."""
    for channel in rung.channels:
        outbox.enqueue(
            session,
            NewMessage(
                purpose=PURPOSE,
                is_vital=True,
                channel=ChannelName(channel),
                template=text_key(rung.template, channel),
                template_version=str(flag.study_version_id),
                language=site_language(package),
                recipient_ref=f"sponsor:{site.id}",
                about=_about(flag),
                params={"site": site.code},
            ),
            now=now,
        )


def _people(
    session: Session, flag: SafetyFlag, site: Site, rung: Rung, *, now: datetime
) -> Iterable[User]:
    """Return the people of a rung; where someone new is wanted, those not told yet, if any."""
    people = staff_of(session, site, rung.recipients, now=now)
    if not rung.someone_new:
        return people
    told = set(
        session.scalars(
            select(OutboxMessage.recipient_ref).where(
                OutboxMessage.about == _about(flag), OutboxMessage.created_at >= flag.urgent_since
            )
        )
    )
    fresh = [person for person in people if f"user:{person.id}" not in told]
    return fresh or people


def staff_of(
    session: Session, site: Site, recipients: Sequence[Recipient], *, now: datetime
) -> Sequence[User]:
    """Return the people of a site by role and by the roster of this hour, each once.

    Without anybody on duty all physicians of the site are told: rather too many than nobody. Where
    there is a roster, that it names nobody is an incident.
    """
    found = list(_with_roles(session, site, [ROLES[one] for one in recipients if one in ROLES]))
    for recipient in recipients:
        if recipient not in DUTIES:
            continue
        duty = DUTIES[recipient]
        person = roster.on_duty(session, site, duty, at=now)
        found += [person] if person else _with_roles(session, site, PHYSICIANS)
        if person is None and roster.has_any(session, site):
            incidents.open_incident(
                session, IncidentKind.ROSTER_GAP, about=f"roster:{site.code}:{duty}",
                site_id=site.id, now=now,
            )  # fmt: skip
    return list(dict.fromkeys(found))


def _with_roles(session: Session, site: Site, roles: Iterable[Role]) -> Sequence[User]:
    return session.scalars(
        select(User)
        .join(SiteMembership, SiteMembership.user_id == User.id)
        .where(
            SiteMembership.role.in_(list(roles)),
            or_(SiteMembership.site_id == site.id, SiteMembership.site_id.is_(None)),
            User.deactivated_at.is_(None),
        )
        .order_by(User.username)
    ).unique().all()  # fmt: skip


def worst_rule(session: Session, flag: SafetyFlag) -> str:
    """Return the id of the most urgent rule that made the flag."""
    triggers = session.scalars(
        select(FlagTrigger).where(FlagTrigger.flag_id == flag.id).order_by(FlagTrigger.id)
    ).all()
    return max(triggers, key=lambda trigger: trigger.tier.urgency).rule


def _record(
    session: Session,
    flag: SafetyFlag,
    participant: Participant,
    site: Site,
    rung: Rung,
    told: Sequence[str],
    *,
    now: datetime,
) -> None:
    journal.record(
        session,
        LADDER,
        # Of what a digest tells of, the first step is already a climb.
        "flag.told" if rung.at <= flag.urgent_since else "flag.escalated",
        Subject(
            entity_type="flag",
            entity_id=str(flag.id),
            version=flag.version,
            participant_code=participant.code,
            site_code=site.code,
            site_id=site.id,
        ),
        after={
            "id": flag.id,
            "rung": rung.number,
            "due_at": rung.at,
            "told": list(told),
            "channels": list(rung.channels),
        },
        now=now,
    )


def site_language(package: StudyPackage) -> str:
    """Return the language staff are written to: the first one the study names."""
    return package.languages[0].value


def _about(flag: SafetyFlag) -> str:
    return f"flag:{flag.id}"
