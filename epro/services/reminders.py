"""Remind participants of what is due, late enough to know whether it still is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import Assessment, Participant, Reminder, Site
from epro.services import journal, planning
from epro.services.journal import Subject
from notifications import outbox
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.reminding import (
    Decision,
    DueReminder,
    SentReminder,
    Step,
    decide,
    last_step_today,
    next_look_at,
    next_step,
    skipped_steps,
)
from questionnaires.schedule import Window, days_since_infusion
from questionnaires.silence import is_early

PURPOSE = "reminder"
REMINDERS = system_actor("reminders")
MOST_ASSESSMENTS_AT_ONCE = 200
# Providers and daily budgets look back a day; two are more than any zone change can blur.
SENT_LOOK_BACK = timedelta(days=2)
# A reminder that could not leave for so long is not worth waking anybody's phone for.
LIFE_OF_A_MESSAGE = timedelta(hours=2)
NOT_SENT = {MessageState.CANCELLED, MessageState.EXPIRED, MessageState.FAILED}


def first_look_at(
    package: StudyPackage, assessment: Assessment, *, zone: ZoneInfo, done: Sequence[str] = ()
) -> datetime | None:
    """Return when there is next something to send or to skip for an assessment; None: nothing."""
    if assessment.not_offered or assessment.cancelled_at or assessment.completed_at:
        return None
    return next_look_at(
        package.reminders, assessment.block,
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
        .order_by(Assessment.participant_id, Assessment.next_reminder_at)
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
    outbox.cancel(
        session, [one for one in messages if one and one not in still_wanted],
        reason=reason, now=now,
    )  # fmt: skip


def _remind_of(
    session: Session,
    participant: Participant,
    rows: Sequence[Assessment],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    zone = ZoneInfo(participant.zone)
    package = catalogue.package(max(row.study_version_id for row in rows))
    policy = package.reminders
    wanted: list[DueReminder] = []
    by_id = {str(row.id): row for row in rows}
    done = {row.id: _steps_done(session, row) for row in rows}
    skipped: list[tuple[Assessment, Step, str]] = []
    for row in rows:
        if row.completed_at or row.cancelled_at or row.not_offered:
            continue
        window = Window(row.opens_at, row.late_until)
        step = next_step(
            policy, row.block, planned_on=row.planned_on, window=window, zone=zone,
            steps_done=done[row.id], now=now,
        )  # fmt: skip
        if step is not None and step.at <= now:
            wanted.append(DueReminder(str(row.id), step))
        passed = skipped_steps(
            policy, row.block, planned_on=row.planned_on, window=window, zone=zone,
            steps_done=done[row.id], now=now,
        )  # fmt: skip
        skipped += [(row, one.step, one.reason.value) for one in passed]
    decision = decide(
        policy, wanted,
        sent=_sent_to(session, participant, now=now),
        is_early_day=_is_early_day(session, participant, package, zone=zone, now=now),
        reserved=_last_diary_step(session, participant, package, zone=zone, now=now),
        zone=zone, now=now,
    )  # fmt: skip
    skipped += [
        (by_id[one.reminder.assessment], one.reminder.step, one.reason.value)
        for one in decision.skipped
    ]
    message_id = _enqueue(session, participant, package, decision, by_id, now=now)
    covered = [(by_id[one.assessment], one.step) for one in decision.covered]
    _store(session, participant, covered, skipped, message_id, now=now)
    for row in rows:
        codes = [*done[row.id], *(step.code for it, step in covered if it is row)]
        codes += [step.code for it, step, _reason in skipped if it is row]
        row.next_reminder_at = first_look_at(package, row, zone=zone, done=codes)
    session.flush()


def _enqueue(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    decision: Decision,
    by_id: dict[str, Assessment],
    *,
    now: datetime,
) -> UUID | None:
    if decision.template is None:
        return None
    covered = [by_id[one.assessment] for one in decision.covered]
    last_useful = max(row.late_until for row in covered)
    text = package.text(decision.template)
    if text is None:
        raise LookupError(f"Published without its text {decision.template}.")
    return outbox.enqueue(
        session,
        NewMessage(
            purpose=PURPOSE,
            channel=ChannelName(text.channel.value),
            template=decision.template,
            template_version=str(covered[0].study_version_id),
            language=participant.language.value,
            recipient_ref=f"participant:{participant.id}",
            about=PURPOSE,
            not_after=min(now + LIFE_OF_A_MESSAGE, last_useful),
        ),
        now=now,
    )


def _store(
    session: Session,
    participant: Participant,
    covered: Sequence[tuple[Assessment, Step]],
    skipped: Sequence[tuple[Assessment, Step, str]],
    message_id: UUID | None,
    *,
    now: datetime,
) -> None:
    rows = [
        {"id": uuid4(), "assessment_id": row.id, "step": step.code, "decided_at": now,
         "message_id": message_id, "skipped_reason": None}
        for row, step in covered
    ] + [
        {"id": uuid4(), "assessment_id": row.id, "step": step.code, "decided_at": now,
         "message_id": None, "skipped_reason": reason}
        for row, step, reason in skipped
    ]  # fmt: skip
    if not rows:
        return
    session.execute(insert(Reminder), rows)
    site = session.get_one(Site, participant.site_id)
    journal.record_all(
        session,
        [
            journal.entry(
                REMINDERS,
                "reminder.queued" if row["message_id"] else "reminder.skipped",
                Subject(
                    entity_type="reminder", entity_id=str(row["id"]),
                    participant_code=participant.code, site_code=site.code, site_id=site.id,
                ),
                after={name: row[name] for name in
                       ("assessment_id", "step", "message_id", "skipped_reason")},
                now=now,
            )
            for row in rows
        ],
    )  # fmt: skip


def _steps_done(session: Session, row: Assessment) -> list[str]:
    return list(session.scalars(select(Reminder.step).where(Reminder.assessment_id == row.id)))


def _sent_to(session: Session, participant: Participant, *, now: datetime) -> list[SentReminder]:
    """Return what went out to her lately, or is about to."""
    rows = session.execute(
        select(OutboxMessage.template, OutboxMessage.sent_at, OutboxMessage.not_before).where(
            OutboxMessage.recipient_ref == f"participant:{participant.id}",
            OutboxMessage.created_at >= now - SENT_LOOK_BACK,
            OutboxMessage.state.not_in(NOT_SENT),
        )
    )
    return [SentReminder(template, sent_at or not_before) for template, sent_at, not_before in rows]


def _is_early_day(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> bool:
    anchors = planning.standing_anchors(session, participant.id)
    since = days_since_infusion(anchors, now.astimezone(zone).date(), zone=zone)
    return is_early(since, package.reminders.budget.early_days)


def _last_diary_step(
    session: Session,
    participant: Participant,
    package: StudyPackage,
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
        package.reminders, diary.block, planned_on=diary.planned_on,
        window=Window(diary.opens_at, diary.late_until), zone=zone,
        steps_done=_steps_done(session, diary), now=now,
    )  # fmt: skip
