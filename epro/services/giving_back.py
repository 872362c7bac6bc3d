"""What somebody had who may not act on it any more goes back to the site: nobody would look."""

from datetime import datetime

from sqlalchemy import Row, case, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import FlagState, Participant, SafetyFlag, Site, User
from epro.services import escalation, flag_clocks, flags, staff
from epro.services.flags import Case
from epro.services.paging import Paged, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.tiers import Tier

MOST_URGENT_FIRST = case(*((SafetyFlag.tier == tier, -tier.urgency) for tier in Tier))
Held = Row[*tuple[SafetyFlag, Participant, Site]]


def give_back(
    session: Session, actor: Actor, user: User, *, reason: str, catalogue: Catalogue, now: datetime
) -> int:
    """Let the open flags that somebody may not act on any more wait for others; return how many.

    Her account was closed, or she has no such role at the site any more. What nobody has assessed
    yet is to be taken anew, and people are told by its ladder from its first step on. What a
    physician has assessed stays so; whoever answers for the reports of the site is told that
    somebody has to end it. The clock of a serious event runs on.
    """
    held = session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.owner_id == user.id, SafetyFlag.closed_at.is_(None))
        .order_by(SafetyFlag.raised_at, SafetyFlag.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    given_back = 0
    for flag in held:
        held_case = flags.case_of(session, flag)
        is_assessed = flag.state is FlagState.ASSESSED
        if staff.find_at(session, user.username, held_case.site, Permission.ACKNOWLEDGE_FLAG):
            continue
        given_back += 1
        before = flags.facts_of(session, flag)
        flag.owner_id = None
        if not is_assessed:
            flag_clocks.begin_anew(flag, is_settled=False, now=now)
        flags.put_on_record(
            session, actor, "flag.given_back", held_case, before=before, reason=reason, now=now
        )
        _tell(session, held_case, catalogue, is_assessed=is_assessed, now=now)
    return given_back


def held_by_nobody(session: Session, actor: Actor, page: int) -> Paged[Held]:
    """Return a page of the open flags at the actor's sites that nobody has, the most urgent first.

    Of one tier the oldest clock comes first. Nobody has taken them, or whoever did has no account
    any more.
    """
    query = (
        select(SafetyFlag, Participant, Site)
        .join(Participant, Participant.id == SafetyFlag.participant_id)
        .join(Site, Site.id == SafetyFlag.site_id)
        .outerjoin(User, User.id == SafetyFlag.owner_id)
        .where(
            SafetyFlag.closed_at.is_(None),
            or_(
                SafetyFlag.acknowledged_at.is_(None),
                SafetyFlag.owner_id.is_(None),
                User.deactivated_at.is_not(None),
            ),
        )
        .order_by(MOST_URGENT_FIRST, SafetyFlag.urgent_since, SafetyFlag.id)
    )
    site_ids = actor.sites_for(Permission.READ_FLAG)
    if site_ids is not None:
        query = query.where(SafetyFlag.site_id.in_(site_ids))
    return read_page(session, query, page)


def _tell(
    session: Session, case: Case, catalogue: Catalogue, *, is_assessed: bool, now: datetime
) -> None:
    flag, package = case.flag, catalogue.package(case.flag.study_version_id)
    if not is_assessed:
        escalation.start(
            session, flag, case.participant, case.site, package,
            rule_id=escalation.worst_rule(session, flag), now=now,
        )  # fmt: skip
        return
    for person in escalation.people_responsible(session, case.site):
        escalation.hand_over(session, flag, case.participant, case.site, package, person, now=now)
