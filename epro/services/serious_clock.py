"""What the clock does for possible serious events: notes deliveries, warns while hours are left."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import SafetyFlag, WorkKind
from epro.services import awareness, escalation, flag_clocks, flags, work_list
from epro.services.flags import Case
from notifications.messages import ChannelName, DeliveryReceipt, MessageState, OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.escalating import text_key
from questionnaires.tiers import Channel

CLOCK = system_actor("serious event clock")
MOST_AT_ONCE = 100
# How soon a delivery that was not there yet is looked for again.
LOOKS_AGAIN = timedelta(seconds=10)
WARNED_BY = (Channel.SMS, Channel.EMAIL)
REACHED = ("delivered", "read", "heard")


def look(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Look at the clocks that are due; return at how many something happened."""
    due = session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.clock_looks_at <= now)
        .order_by(SafetyFlag.clock_looks_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    changed = 0
    for flag in due:
        case, package = flags.case_of(session, flag), catalogue.package(flag.study_version_id)
        changed += _note_delivery(session, case, now=now)
        changed += _warn(session, case, package, now=now)
        flag.clock_looks_at = _next_look(session, case, package, now=now)
        session.flush()
    return changed


def _note_delivery(session: Session, case: Case, *, now: datetime) -> bool:
    flag = case.flag
    if flag.delivered_at is not None or (delivered := _delivered_at(session, flag)) is None:
        return False
    before = flags.facts_of(session, flag)
    flag.delivered_at = delivered
    awareness.refresh(session, flag, now=now)
    flags.put_on_record(session, CLOCK, "flag.delivered", case, before=before, now=now)
    return True


def _delivered_at(session: Session, flag: SafetyFlag) -> datetime | None:
    """Return when an alert first reached a person of the site, as far as providers tell.

    A mail counts once its server has taken it, a text once the network reports it delivered. What
    the sponsor was told makes no site aware.
    """
    since = flag_clocks.began_anew_at(session, flag) or flag.raised_at
    to_the_site = (
        OutboxMessage.about == flags.about(flag.id),
        OutboxMessage.recipient_ref.startswith("user:"),
        OutboxMessage.created_at >= since,
    )
    mailed = session.scalar(
        select(func.min(OutboxMessage.sent_at)).where(
            *to_the_site,
            OutboxMessage.channel == ChannelName.EMAIL,
            OutboxMessage.state == MessageState.SENT,
        )
    )
    reported = session.scalar(
        select(func.min(DeliveryReceipt.received_at))
        .join(OutboxMessage, OutboxMessage.id == DeliveryReceipt.message_id)
        .where(*to_the_site, or_(*(DeliveryReceipt.status == one for one in REACHED)))
    )
    return min((one for one in (mailed, reported) if one is not None), default=None)


def _warn(session: Session, case: Case, package: StudyPackage, *, now: datetime) -> bool:
    """Tell the site how late it is, once for each mark; after an outage only the latest."""
    flag, clock = case.flag, awareness.clock_of(session, case, package)
    if not clock.is_running or flag.aware_at is None or clock.due_at is None:
        return False
    passed = [
        hours
        for hours in package.escalation.serious.warn_hours
        if hours > flag.warned_hours and flag.aware_at + timedelta(hours=hours) <= now
    ]
    if not passed:
        return False
    flag.warned_hours = max(passed)
    is_over = now >= clock.due_at
    template = "serious_overdue" if is_over else "serious_due"
    for person in escalation.people_responsible(session, case.site):
        for channel in WARNED_BY:
            escalation.write(
                session, flag, case.participant, case.site, package, person,
                template=text_key(template, channel), channel=ChannelName(channel), at=clock.due_at,
                rule_id=escalation.worst_rule(session, flag), now=now,
            )  # fmt: skip
    work_list.add(
        session, CLOCK, WorkKind.SAE_DUE, about=_line_about(flag),
        site_id=case.site.id, participant_id=case.participant.id, now=now,
    )  # fmt: skip
    facts = flags.facts_of(session, flag)
    flags.put_on_record(session, CLOCK, "flag.report_due", case, before=facts, now=now)
    return True


def _line_about(flag: SafetyFlag) -> str:
    """Name a mark and the awareness it is counted from: of a later one each mark comes again."""
    since = flag.aware_at.isoformat(timespec="minutes") if flag.aware_at else ""
    return f"flag:{flag.id}:{since}:{flag.warned_hours}h"


def _next_look(
    session: Session, case: Case, package: StudyPackage, *, now: datetime
) -> datetime | None:
    flag = case.flag
    looks = []
    if flag.delivered_at is None and flag.closed_at is None and flag.acknowledged_at is None:
        looks.append(now + LOOKS_AGAIN)
    clock = awareness.clock_of(session, case, package)
    if clock.is_running and flag.aware_at is not None:
        marks = package.escalation.serious.warn_hours
        left = [hours for hours in marks if hours > flag.warned_hours]
        looks += [flag.aware_at + timedelta(hours=min(left))] if left else []
    return min(looks, default=None)
