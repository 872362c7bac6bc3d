"""Remind participants of what is due, late enough to know whether it still is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.db import table_of
from epro.models import Assessment, Participant, Reminder, WorkKind
from epro.services import reminder_facts, reminder_record, reminder_ways, work_list
from epro.services.reminder_facts import Facts
from epro.services.reminder_record import REMINDERS, Decided, Sent, StepsOf
from epro.services.reminder_ways import NewReminder
from notifications import outbox
from notifications.messages import OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.reminding import (
    DueReminder,
    ReminderPolicy,
    SkipReason,
    Step,
    decide,
    next_look_at,
    next_step,
    skipped_steps,
)
from questionnaires.schedule import Window

MOST_ASSESSMENTS_AT_ONCE = 200
_REMINDER = table_of(Reminder).c
MESSAGES_ABOUT = select(_REMINDER.message_id).where(
    _REMINDER.assessment_id.in_(bindparam("assessment_ids", expanding=True)),
    _REMINDER.message_id.is_not(None),
)


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
    on record once: with its message, or skipped and why. What has to be known is read, and what
    follows is written, for all participants at once.
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
    if not due:
        return 0
    groups = {key: list(rows) for key, rows in groupby(due, key=lambda row: row.participant_id)}
    if len(due) == MOST_ASSESSMENTS_AT_ONCE and len(groups) > 1:
        groups.popitem()  # cut off by the limit: the next tick takes all of hers together
    choices = [
        _choose(facts, groups[facts.participant.id], catalogue=catalogue, now=now)
        for facts in reminder_facts.read(session, groups, catalogue=catalogue, now=now)
    ]
    _carry_out(session, choices, catalogue=catalogue, now=now)
    return len(choices)


def cancel_for(
    session: Session, assessment_ids: Sequence[UUID], *, reason: str, now: datetime
) -> None:
    """Stop queued reminders that cover only assessments which need none any more."""
    if not assessment_ids:
        return
    messages = session.scalars(MESSAGES_ABOUT, {"assessment_ids": assessment_ids}).all()
    if not messages:
        return
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
    done = reminder_record.steps_done(session, [row.id for row in rows])
    for row in rows:
        policy = catalogue.package(row.study_version_id).reminders
        row.next_reminder_at = first_look_at(
            policy.moved_to(participant.reminder_minute), row,
            zone=zone, done=done.get(row.id, ()),
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
        session,
        recipient_ref=reminder_ways.recipient_ref(participant.id), purpose=reminder_ways.PURPOSE,
    )  # fmt: skip
    stop(session, waiting, reason=reason, now=now)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is to be done about everything that is due for one participant.

    `message` covers the steps in `covered`; those in `passed` are skipped, each with its reason.
    """

    facts: Facts
    rows: Sequence[Assessment]
    policy: ReminderPolicy
    package: StudyPackage
    message: NewReminder | None
    covered: Sequence[tuple[Assessment, Step]]
    passed: Sequence[tuple[Assessment, Step, SkipReason]]

    @property
    def needs_call(self) -> bool:
        """Tell whether something was to be sent and she wants nothing sent."""
        return any(why is SkipReason.OPTED_OUT for _row, _step, why in self.passed)

    @property
    def decided(self) -> list[Decided]:
        """Return every step that is settled now, with the edition of its text."""
        sent = [(row, step, None) for row, step in self.covered]
        skipped = [(row, step, why.value) for row, step, why in self.passed]
        return [
            Decided(row, step, _version(self.package, step), reason)
            for row, step, reason in (*sent, *skipped)
        ]

    def steps_done(self, row: Assessment) -> list[str]:
        """Return the steps of an assessment that are settled, these included."""
        return [
            *self.facts.steps_done.get(row.id, ()),
            *(step.code for it, step in self.covered if it is row),
            *(step.code for it, step, _why in self.passed if it is row),
        ]


def _choose(
    facts: Facts, rows: Sequence[Assessment], *, catalogue: Catalogue, now: datetime
) -> _Choice:
    """Decide on one message for everything of hers that is due, or on none; nothing is written."""
    zone = facts.zone
    edition = max(row.study_version_id for row in rows)
    package = catalogue.package(edition)
    policy = package.reminders.moved_to(facts.participant.reminder_minute)
    by_id = {str(row.id): row for row in rows}
    due, passed = _look(policy, rows, facts.steps_done, zone=zone, now=now)
    decision = decide(
        policy, due,
        sent=facts.sent_lately(policy),
        is_early_day=facts.is_early_day(package, now=now),
        reserved=facts.last_diary_step(policy, now=now),
        zone=zone, now=now,
    )  # fmt: skip
    passed += [
        (by_id[one.reminder.assessment], one.reminder.step, one.reason) for one in decision.skipped
    ]
    # Those that share a message are on record with the words that were sent, not each with its own.
    covered = [
        (by_id[one.assessment], replace(one.step, template=decision.template or one.step.template))
        for one in decision.covered
    ]
    channel = reminder_ways.first_to(facts.participant, policy, facts.reached_by)
    if covered and channel is None:
        passed += [(row, step, SkipReason.OPTED_OUT) for row, step in covered]
        covered = []
    message = None
    if covered and channel and decision.template:
        until = reminder_ways.wanted_until(
            policy, [row.late_until for row, _step in covered], zone=zone, now=now
        )
        message = NewReminder(decision.template, channel, edition, until)
    return _Choice(facts, rows, policy, package, message, covered, passed)


def _carry_out(
    session: Session, choices: Sequence[_Choice], *, catalogue: Catalogue, now: datetime
) -> None:
    """Write the messages, what became of each step, and when each assessment is looked at next."""
    ids = reminder_ways.enqueue_all(
        session,
        [(one.facts.participant, one.message) for one in choices if one.message],
        catalogue=catalogue, now=now,
    )  # fmt: skip
    written = iter(ids)
    records = []
    for one in choices:
        if one.needs_call:
            ask_for_call(session, one.facts.participant, now=now)
        sent = Sent(next(written), one.message.channel) if one.message else None
        records.append(StepsOf(one.facts.participant, one.facts.site, one.decided, sent))
        for row in one.rows:
            row.next_reminder_at = first_look_at(
                one.policy, row, zone=one.facts.zone, done=one.steps_done(row)
            )
    reminder_record.store(session, records, now=now)
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
            steps_done=done.get(row.id, ()), now=now,
        )  # fmt: skip
        if step is not None and step.at <= now:
            due.append(DueReminder(str(row.id), step))
        skipped = skipped_steps(
            policy, row.block, planned_on=row.planned_on, window=window, zone=zone,
            steps_done=done.get(row.id, ()), now=now,
        )  # fmt: skip
        passed += [(row, one.step, one.reason) for one in skipped]
    return due, passed


def _version(package: StudyPackage, step: Step) -> str:
    text = package.text(step.template)
    return text.version if text else ""
