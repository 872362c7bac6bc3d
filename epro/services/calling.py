"""Phones ring for an urgent flag, where the site wants it, until somebody has acknowledged it.

Whose step of the ladder has come is called, in one round after the other, beside text and mail. A
key that is pressed says "heard" and is put on record; only acknowledging ends the rounds.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.models import Participant, SafetyFlag, Site
from epro.services import escalation, flags, journal
from notifications.messages import ChannelName
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.escalating import Calls, Rung, calling, ladder, next_call_at, text_key
from questionnaires.tiers import Channel

MOST_AT_ONCE = 100
PURPOSE = "call"


def ring(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Make the round of calls of every flag whose time has come; return of how many flags.

    A flag whose ladder is to be climbed first waits for that, so that the new people are called in
    the same round.
    """
    due = session.scalars(
        select(SafetyFlag)
        .where(
            SafetyFlag.next_call_at <= now,
            or_(SafetyFlag.next_rung_at.is_(None), SafetyFlag.next_rung_at > now),
        )
        .order_by(SafetyFlag.next_call_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for flag in due:
        _ring(session, flag, catalogue.package(flag.study_version_id), now=now)
    return len(due)


def _ring(session: Session, flag: SafetyFlag, package: StudyPackage, *, now: datetime) -> None:
    site = session.get_one(Site, flag.site_id)
    rungs = ladder(
        package.escalation, flag.tier, tonight=flag.tonight, urgent_since=flag.urgent_since,
        zone=ZoneInfo(site.zone),
    )  # fmt: skip
    reached = calling(rungs, climbed=flag.rung_count)
    flag.next_call_at = next_call_at(rungs, climbed=flag.rung_count, now=now)
    if not site.calls_by_voice or not reached or reached[-1].calls is None:
        flag.next_call_at = None
    else:
        _call(session, flag, site, package, reached, reached[-1].calls, now=now)
    session.flush()


def _call(
    session: Session,
    flag: SafetyFlag,
    site: Site,
    package: StudyPackage,
    reached: tuple[Rung, ...],
    calls: Calls,
    *,
    now: datetime,
) -> None:
    participant = session.get_one(Participant, flag.participant_id)
    wanted = dict.fromkeys(one for rung in reached for one in rung.recipients)
    people = escalation.staff_of(session, site, list(wanted), now=now)
    for person in people:
        escalation.write(
            session, flag, participant, site, package, person,
            template=text_key(calls.template, Channel.VOICE), channel=ChannelName.VOICE,
            at=flag.urgent_since, rule_id=escalation.worst_rule(session, flag),
            tier=reached[-1].tier, purpose=PURPOSE, not_after=flag.next_call_at, now=now,
        )  # fmt: skip
    journal.record(
        session, escalation.LADDER, "flag.called", flags.subject_of(flag, participant, site),
        after={"id": flag.id, "told": [person.username for person in people],
               "channels": [Channel.VOICE]},
        now=now,
    )  # fmt: skip
