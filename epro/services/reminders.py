"""Remind participants of what is due, late enough to know whether it still is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, Participant, Reminder, Site, WorkKind
from epro.services import planning, reminder_record, reminder_ways, work_list
from epro.services.reminder_record import REMINDERS, Decided
from notifications import outbox
from notifications.messages import MessageState, OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.reminding import (
    DueReminder,
    ReminderPolicy,
    SentReminder,
    SkipReason,
    Step,
    decide,
    last_step_today,
    next_look_at,
    next_step,
    skipped_steps,
)
from questionnaires.schedule import Window, days_since_infusion
from questionnaires.silence import is_early

MOST_ASSESSMENTS_AT_ONCE = 200
# Providers and daily budgets look back a day; two are more than any zone change can blur.
SENT_LOOK_BACK = timedelta(days=2)
NOT_SENT = {MessageState.CANCELLED, MessageState.EXPIRED, MessageState.FAILED}


def first_look_at(
    policy: ReminderPolicy, assessment: Assessment, *, zone: ZoneInfo, done: Sequence[str] = ()
) -> datetime | None:
    """Return when there is next something to send or to skip for an assessment; None: nothing."""
    stops = (assessment.cancelled_at, assessment.completed_at, assessment.suspended_at)
    if assessment.not_offered or any(stops):
        return None
    return next_look_at(
        policy, assessment.block,
        planned_on=assessment.planned_on, zone=zone, steps_done=done,
    )  # fmt: skip


def remind(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Decide on every reminder that is due; return for how many participants.

    All due assessments of a participant are locked together and share one message. Each step is
    on record once: with its message, or skipped and why.
    """
    due = session.scalars(
        select(Assessment)
        .where(Assessment.next_reminder_at <= now)
        # To the last: which of equal steps gives a message its words must not be chance (B-02).
        .order_by(
            Assessment.participant_id,
            Assessment.next_reminder_at,
            Assessment.block,
            Assessment.planned_on,
        )
        .limit(MOST_ASSESSMENTS_AT_ONCE)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    handled = 0
    groups = [(key, list(rows)) for key, rows in groupby(due, key=lambda row: row.participant_id)]
    if len(due) == MOST_ASSESSMENTS_AT_ONCE and len(groups) > 1:
        groups.pop()  # cut off by the limit: the next tick takes all of hers together
    for participant_id, rows in groups:
        participant = session.get_one(Participant, participant_id)
        _remind_of(session, participant, rows, catalogue=catalogue, now=now)
        handled += 1
    return handled


def cancel_for(
    session: Session, assessment_ids: Sequence[UUID], *, reason: str, now: datetime
) -> None:
    """Stop queued reminders that cover only assessments which need none any more."""
    if not assessment_ids:
        return
    messages = session.scalars(
        select(Reminder.message_id).where(
            Reminder.assessment_id.in_(assessment_ids), Reminder.message_id.is_not(None)
        )
    ).all()
    still_wanted = session.scalars(
        select(Reminder.message_id)
        .join(Assessment, Assessment.id == Reminder.assessment_id)
        .where(
            Reminder.message_id.in_(messages),
            Reminder.assessment_id.not_in(assessment_ids),
            Assessment.completed_at.is_(None),
            Assessment.cancelled_at.is_(None),
        )
    ).all()
    stop(session, [one for one in messages if one and one not in still_wanted],
         reason=reason, now=now)  # fmt: skip


def stop(session: Session, message_ids: Sequence[UUID], *, reason: str, now: datetime) -> None:
    """Stop reminders that have not left, and put on record of their steps why."""
    for message_id in outbox.cancel(session, message_ids, reason=reason, now=now):
        for_steps = session.get_one(OutboxMessage, message_id)
        reminder_record.note_not_sent(session, for_steps, reason, now=now)


def look_again(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> None:
    """Work out anew when each of her assessments is next looked at, after a choice of hers.

    The caller holds the participant's row.
    """
    zone = ZoneInfo(participant.zone)
    rows = session.scalars(
        select(Assessment)
        .where(
            Assessment.participant_id == participant.id,
            Assessment.next_reminder_at.is_not(None),
            Assessment.late_until > now,
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        policy = catalogue.package(row.study_version_id).reminders
        row.next_reminder_at = first_look_at(
            policy.moved_to(participant.reminder_minute), row,
            zone=zone, done=_steps_done(session, row),
        )  # fmt: skip
    session.flush()


def ask_for_call(
    session: Session, participant: Participant, *, now: datetime, about: str | None = None
) -> None:
    """Put it on the site's list that she has to be called: once a day, whatever failed."""
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    work_list.add(
        session, REMINDERS, WorkKind.NOT_REACHED,
        about=about or f"participant:{participant.id}:{today}",
        site_id=participant.site_id, participant_id=participant.id, now=now,
    )  # fmt: skip


def cancel_all(session: Session, participant: Participant, *, reason: str, now: datetime) -> None:
    """Stop every reminder that has not left yet: she is reminded no more, or not for now."""
    waiting = outbox.waiting(
        session, recipient_ref=f"participant:{participant.id}", purpose=reminder_ways.PURPOSE
    )
    stop(session, waiting, reason=reason, now=now)


def _remind_of(
    session: Session,
    participant: Participant,
    rows: Sequence[Assessment],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    zone = ZoneInfo(participant.zone)
    edition = max(row.study_version_id for row in rows)
    package = catalogue.package(edition)
    policy = package.reminders.moved_to(participant.reminder_minute)
    by_id = {str(row.id): row for row in rows}
    done = {row.id: _steps_done(session, row) for row in rows}
    due, passed = _look(policy, rows, done, zone=zone, now=now)
    decision = decide(
        policy, due,
        sent=_sent_to(session, participant, policy, now=now),
        is_early_day=_is_early_day(session, participant, package, zone=zone, now=now),
        reserved=_last_diary_step(session, participant, policy, zone=zone, now=now),
        zone=zone, now=now,
    )  # fmt: skip
    channel = reminder_ways.first_to(session, participant, policy, catalogue=catalogue, now=now)
    passed += [
        (by_id[one.reminder.assessment], one.reminder.step, one.reason) for one in decision.skipped
    ]
    # Those that share a message are on record with the words that were sent, not each with its own.
    covered = [
        (by_id[one.assessment], replace(one.step, template=decision.template or one.step.template))
        for one in decision.covered
    ]
    if covered and channel is None:
        passed += [(row, step, SkipReason.OPTED_OUT) for row, step in covered]
        covered = []
        ask_for_call(session, participant, now=now)
    message_id = None
    if covered and channel and decision.template:
        until = min(now + reminder_ways.LIFE, max(row.late_until for row, _step in covered))
        reminder = reminder_ways.NewReminder(decision.template, channel, edition, until)
        message_id = reminder_ways.enqueue(
            session, participant, reminder, catalogue=catalogue, now=now
        )
    reminder_record.store(
        session, participant,
        [Decided(row, step, _version(package, step)) for row, step in covered]
        + [Decided(row, step, _version(package, step), why.value) for row, step, why in passed],
        message_id=message_id, channel=channel, now=now,
    )  # fmt: skip
    for row in rows:
        codes = [*done[row.id], *(step.code for it, step in covered if it is row)]
        codes += [step.code for it, step, _reason in passed if it is row]
        row.next_reminder_at = first_look_at(policy, row, zone=zone, done=codes)
    session.flush()


def _look(
    policy: ReminderPolicy,
    rows: Sequence[Assessment],
    done: Mapping[UUID, Sequence[str]],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[list[DueReminder], list[tuple[Assessment, Step, SkipReason]]]:
    """Return what is still wanted of what fell due, and what is not, with the reason."""
    due: list[DueReminder] = []
    passed: list[tuple[Assessment, Step, SkipReason]] = []
    for row in rows:
        if row.completed_at or row.cancelled_at or row.not_offered or row.suspended_at:
            continue
        window = Window(row.opens_at, row.late_until)
        step = next_step(
            policy, row.block, planned_on=row.planned_on, window=window, zone=zone,
            steps_done=done[row.id], now=now,
        )  # fmt: skip
        if step is not None and step.at <= now:
            due.append(DueReminder(str(row.id), step))
        skipped = skipped_steps(
            policy, row.block, planned_on=row.planned_on, window=window, zone=zone,
            steps_done=done[row.id], now=now,
        )  # fmt: skip
        passed += [(row, one.step, one.reason) for one in skipped]
    return due, passed


def _version(package: StudyPackage, step: Step) -> str:
    text = package.text(step.template)
    return text.version if text else ""


def _steps_done(session: Session, row: Assessment) -> list[str]:
    return list(session.scalars(select(Reminder.step).where(Reminder.assessment_id == row.id)))


def _sent_to(
    session: Session, participant: Participant, policy: ReminderPolicy, *, now: datetime
) -> list[SentReminder]:
    """Return what went out to her lately, or is about to, with the day of hers it belongs to.

    That day is the step's own: where she was when it was sent is not where she is now. What took
    the place of a lost message is the same reminder.
    """
    days = {(step.block, step.code): timedelta(days=step.at.days) for step in policy.steps}
    rows = session.execute(
        select(
            OutboxMessage.id, OutboxMessage.sent_at, OutboxMessage.not_before,
            Reminder.template, Reminder.step, Assessment.block, Assessment.planned_on,
        )
        .join(Reminder, Reminder.message_id == OutboxMessage.id)
        .join(Assessment, Assessment.id == Reminder.assessment_id)
        .where(
            OutboxMessage.recipient_ref == f"participant:{participant.id}",
            OutboxMessage.created_at >= now - SENT_LOOK_BACK,
            OutboxMessage.state.not_in(NOT_SENT),
        )
        .order_by(Reminder.due_at)
    )  # fmt: skip
    sent: dict[UUID, SentReminder] = {}
    for id_, sent_at, not_before, template, step, block, planned_on in rows:
        on = planned_on + days.get((block, step), timedelta())
        sent[id_] = SentReminder(template, sent_at or not_before, on)
    return list(sent.values())


def _is_early_day(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> bool:
    anchors = planning.standing_anchors(session, participant.id)
    site = session.get_one(Site, participant.site_id)
    since = days_since_infusion(anchors, now.astimezone(zone).date(), zone=ZoneInfo(site.zone))
    return is_early(since, package.reminders.budget.early_days)


def _last_diary_step(
    session: Session,
    participant: Participant,
    policy: ReminderPolicy,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Step | None:
    """Return the last step of today's diary, for which one message of the day is kept."""
    diary = session.scalars(
        select(Assessment).where(
            Assessment.participant_id == participant.id,
            Assessment.family == "daily",
            Assessment.occurrence == now.astimezone(zone).date().isoformat(),
            Assessment.cancelled_at.is_(None),
            Assessment.completed_at.is_(None),
        )
    ).first()
    if diary is None:
        return None
    return last_step_today(
        policy, diary.block, planned_on=diary.planned_on,
        window=Window(diary.opens_at, diary.late_until), zone=zone,
        steps_done=_steps_done(session, diary), now=now,
    )  # fmt: skip
