"""Possible serious events: raised by rules, joined by more of the same, taken by a named person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission, system_actor
from epro.errors import (
    AlreadyAcknowledged,
    InvalidInput,
    NotFound,
    ReasonRequired,
)
from epro.errors_of_flags import FlagClosed, FlagNotAcknowledged
from epro.models import (
    FlagAssessment,
    FlagNote,
    FlagTrigger,
    Participant,
    SafetyFlag,
    Screening,
    Site,
    User,
    WorkKind,
)
from epro.services import escalation, flag_clocks, joining, journal, staff, work_list
from epro.services.held import HeldParticipant, HeldSite
from epro.services.journal import Subject
from notifications import outbox
from questionnaires.adverse_events import Seriousness
from questionnaires.definition import SafetyRule, StudyPackage

RULES = system_actor("safety rules")


@dataclass(frozen=True, slots=True)
class Case:
    """A flag, held until the transaction ends, with whom and where it is about."""

    flag: SafetyFlag
    participant: Participant
    site: Site


def raise_or_join(
    session: Session,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    *,
    screening_id: UUID,
    study_version_id: int,
    rules: Sequence[SafetyRule],
    now: datetime,
) -> SafetyFlag:
    """Raise one flag at the highest tier of the rules met, or join an open one that shares a rule.

    A worse tier on an open flag, a rule of tonight on one that could wait, or a red rule on one
    that somebody has acknowledged, starts its clock anew and tells people again; a further revision
    of the response that says what it said before does not. Of what else joins a flag that somebody
    has, its holder is told, and it is shown as new until somebody has looked. A closed flag is
    never joined. The caller holds the participant's row; `rules` are not empty, the most urgent
    first.
    """
    worst = max(rules, key=lambda rule: (rule.tier.urgency, rule.tonight))
    flag = joining.open_flag_sharing(session, participant, rules)
    if flag is None:
        flag = SafetyFlag(
            participant_id=participant.id, site_id=site.id, study_version_id=study_version_id,
            tier=worst.tier, tonight=worst.tonight,
            possible_serious=any(rule.possible_serious for rule in rules),
            raised_at=now, urgent_since=now, clock_looks_at=now,
        )  # fmt: skip
        session.add(flag)
        session.flush()
        joining.add_triggers(session, flag, screening_id, rules, now=now)
        _record(session, RULES, "flag.raised", Case(flag, participant, site), before={}, now=now)
        escalation.start(session, flag, participant, site, package, rule_id=worst.id, now=now)
        return flag
    known = joining.rules_said_before(session, flag, screening_id)
    joining.add_triggers(session, flag, screening_id, rules, now=now)
    before = facts_of(session, flag)
    # Told of by day, a flag that now has to be seen tonight would wait until the site opens.
    is_worse = (worst.tier.urgency, worst.tonight) > (flag.tier.urgency, flag.tonight)
    is_news = any(rule.tier.is_red and rule.id not in known for rule in rules)
    seriousness = before["disposition"]["seriousness"] if before["disposition"] else ()
    is_settled = flag_clocks.is_settled(flag, seriousness)
    # Of what may be serious no clock runs where the one of its flag has ended, or there was none.
    is_news |= is_settled and any(rule.possible_serious and rule.id not in known for rule in rules)
    has_been_seen_to = (flag.acknowledged_at or flag.sent_at) is not None
    is_urgent_again = has_been_seen_to and (is_worse or is_news)
    flag.version += 1
    flag.possible_serious |= any(rule.possible_serious for rule in rules)
    if is_worse:
        flag.tier, flag.tonight = worst.tier, worst.tonight
    if flag.possible_serious and not before["possible_serious"]:
        flag.clock_looks_at = now
    starts_anew = is_worse or is_urgent_again
    news = [] if starts_anew else joining.news(flag, rules, known)
    if starts_anew:
        flag_clocks.begin_anew(flag, is_settled=is_settled, now=now)
    elif news:
        flag.news_at = flag.news_at or now
    session.flush()
    verb = "flag.urgent_again" if starts_anew else "flag.joined"
    _record(session, RULES, verb, Case(flag, participant, site), before=before, now=now)
    if starts_anew:
        escalation.start(session, flag, participant, site, package, rule_id=worst.id, now=now)
    elif news:
        joining.tell_holder(session, flag, participant, site, package, rule=news[0], now=now)
    return flag


def acknowledge(session: Session, actor: Actor, flag_id: UUID, *, now: datetime) -> SafetyFlag:
    """Take a flag: the first person wins and the reminding of others stops.

    Acknowledging is not closing. Raises NotFound for a flag out of reach, and AlreadyAcknowledged,
    which names who was first and when.
    """
    case = hold(session, actor, flag_id, Permission.ACKNOWLEDGE_FLAG)
    flag = case.flag
    if flag.closed_at is not None:
        raise FlagClosed
    if flag.acknowledged_at is not None:
        first = session.get_one(User, flag.acknowledged_by_id)
        raise AlreadyAcknowledged(
            details={"by": first.full_name, "at": flag.acknowledged_at.isoformat()}
        )
    before = facts_of(session, flag)
    flag.acknowledged_at, flag.acknowledged_by_id, flag.owner_id = now, actor.id, actor.id
    flag.next_rung_at = flag.next_call_at = None
    see(flag, now=now)
    waiting = outbox.waiting(session, about=about(flag.id))
    outbox.cancel(session, waiting, reason="acknowledged", now=now)
    work_list.settle(
        session, actor, WorkKind.CALL_PRINCIPAL_INVESTIGATOR, about=about(flag.id), now=now
    )
    put_on_record(session, actor, "flag.acknowledged", case, before=before, now=now)
    return flag


def reassign(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    *,
    to: str,
    reason: str,
    package: StudyPackage,
    now: datetime,
) -> SafetyFlag:
    """Hand an acknowledged flag to somebody else of the site (user name), who is told at once.

    Raises NotFound, FlagNotAcknowledged, FlagClosed, ReasonRequired, and InvalidInput for somebody
    who could not take it.
    """
    case = hold(session, actor, flag_id, Permission.ACKNOWLEDGE_FLAG)
    flag = case.flag
    if flag.closed_at is not None:
        raise FlagClosed
    if flag.acknowledged_at is None:
        raise FlagNotAcknowledged
    if not reason.strip():
        raise ReasonRequired
    person = staff.find_at(session, to, case.site, Permission.ACKNOWLEDGE_FLAG)
    if person is None or person.id == flag.owner_id:
        message = "This is nobody who could take it over."
        raise InvalidInput(details={"problems": [{"place": "to", "message": message}]})
    before = facts_of(session, flag)
    flag.owner_id = person.id
    put_on_record(
        session, actor, "flag.reassigned", case, before=before, reason=reason.strip(), now=now
    )
    escalation.hand_over(session, case.flag, case.participant, case.site, package, person, now=now)
    return flag


def hold(session: Session, actor: Actor, flag_id: UUID, permission: Permission) -> Case:
    """Lock a flag within the actor's sites; absent and out of reach look alike (NotFound)."""
    flag = session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.id == flag_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if flag is None or not actor.may_at(permission, flag.site_id):
        raise NotFound
    return case_of(session, flag)


def see(flag: SafetyFlag, *, now: datetime) -> None:
    """Note that somebody of the site has the flag before their eyes: from now on it is aware."""
    flag.news_at = None
    flag.viewed_at = flag.viewed_at or now
    flag.aware_at = flag.aware_at or now
    flag.clock_looks_at = now


def case_of(session: Session, flag: SafetyFlag) -> Case:
    """Return a flag with whom and where it is about."""
    participant = session.get_one(Participant, flag.participant_id)
    return Case(flag, participant, session.get_one(Site, flag.site_id))


def put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    case: Case,
    *,
    before: dict[str, Any],
    reason: str | None = None,
    now: datetime,
) -> None:
    """Give the flag its next version and put it on record, whole, beside what has changed."""
    case.flag.version += 1
    session.flush()
    _record(session, actor, verb, case, before=before, reason=reason, now=now)


def list_flags(
    session: Session, actor: Actor, *, only_unacknowledged: bool, limit: int
) -> Sequence[SafetyFlag]:
    """Return open flags at the actor's sites: unacknowledged ones first, the oldest clock first."""
    query = (
        select(SafetyFlag)
        .where(SafetyFlag.closed_at.is_(None))
        .order_by(SafetyFlag.acknowledged_at.is_not(None), SafetyFlag.urgent_since, SafetyFlag.id)
        .limit(limit)
    )
    if only_unacknowledged:
        query = query.where(SafetyFlag.acknowledged_at.is_(None))
    site_ids = actor.sites_for(Permission.READ_FLAG)
    if site_ids is not None:
        query = query.where(SafetyFlag.site_id.in_(site_ids))
    return session.scalars(query).all()


def get_flag(session: Session, actor: Actor, flag_id: UUID) -> SafetyFlag:
    """Return one flag within the actor's sites; absent and out of reach look alike (NotFound)."""
    flag = session.get(SafetyFlag, flag_id)
    if flag is None or not actor.may_at(Permission.READ_FLAG, flag.site_id):
        raise NotFound
    return flag


def triggers_of(session: Session, flag: SafetyFlag) -> Sequence[tuple[FlagTrigger, Screening]]:
    """Return what made the flag, in order, each with the screening that found it."""
    rows = session.execute(
        select(FlagTrigger, Screening)
        .join(Screening, Screening.id == FlagTrigger.screening_id)
        .where(FlagTrigger.flag_id == flag.id)
        .order_by(FlagTrigger.id)
    )
    return [(trigger, screening) for trigger, screening in rows]


def notes_of(session: Session, flag: SafetyFlag) -> Sequence[FlagNote]:
    """Return what was added to the flag later, in order."""
    query = select(FlagNote).where(FlagNote.flag_id == flag.id).order_by(FlagNote.id)
    return session.scalars(query).all()


def about(flag_id: UUID) -> str:
    """Return the name under which messages about a flag are found."""
    return f"flag:{flag_id}"


def facts_of(session: Session, flag: SafetyFlag) -> dict[str, Any]:
    """Return a flag as plain values, as the journal keeps it: people by user name."""
    rules = session.scalars(
        select(FlagTrigger.rule).where(FlagTrigger.flag_id == flag.id).order_by(FlagTrigger.id)
    )
    assessment = session.scalars(
        select(FlagAssessment).where(
            FlagAssessment.flag_id == flag.id, FlagAssessment.version == flag.assessment_version
        )
    ).first()
    return {
        "id": flag.id,
        "tier": flag.tier,
        "tonight": flag.tonight,
        "possible_serious": flag.possible_serious,
        "rules": list(dict.fromkeys(rules)),
        "raised_at": flag.raised_at,
        "urgent_since": flag.urgent_since,
        "acknowledged_at": flag.acknowledged_at,
        "acknowledged_by": username_of(session, flag.acknowledged_by_id),
        "owner": username_of(session, flag.owner_id),
        "delivered_at": flag.delivered_at,
        "viewed_at": flag.viewed_at,
        "news_at": flag.news_at,
        "aware_at": flag.aware_at,
        "sent_at": flag.sent_at,
        "assessed_at": flag.assessed_at,
        "disposition": disposition_of(assessment) if assessment else None,
        "narrative": assessment.narrative if assessment else None,
        "closed_at": flag.closed_at,
        "closed_by": username_of(session, flag.closed_by_id),
        "close_reason": flag.close_reason,
    }


def disposition_of(assessment: FlagAssessment) -> dict[str, Any]:
    """Return what a physician decided, without the words of it."""
    return {
        "version": assessment.version,
        "is_adverse_event": assessment.is_adverse_event,
        "seriousness": [Seriousness(one) for one in assessment.seriousness],
        "grade": assessment.grade,
        "relationship": assessment.relationship,
        "action_taken": assessment.action_taken,
        "outcome": assessment.outcome,
    }


def username_of(session: Session, user_id: UUID | None) -> str | None:
    """Return the user name of an account; None for nobody."""
    return session.get_one(User, user_id).username if user_id else None


def subject_of(flag: SafetyFlag, participant: HeldParticipant, site: HeldSite) -> Subject:
    """Return what journal entries about a flag are about."""
    return Subject(
        entity_type="flag",
        entity_id=str(flag.id),
        version=flag.version,
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )


def _record(
    session: Session,
    actor: Actor,
    verb: str,
    case: Case,
    *,
    before: dict[str, Any],
    reason: str | None = None,
    now: datetime,
) -> None:
    after = facts_of(session, case.flag)
    changed = {name: old for name, old in before.items() if after[name] != old}
    journal.record(
        session, actor, verb, subject_of(case.flag, case.participant, case.site),
        after=after, before=changed, reason=reason, now=now,
    )  # fmt: skip
