"""What a tick of reminders has to know of everybody it decides about, read for all of them at once.

The number of queries does not grow with the number of participants.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, Participant, Reminder, Site
from epro.services import planning, reminder_record, reminder_ways
from notifications.messages import MessageState, OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.reminding import ReminderPolicy, SentReminder, Step, last_step_today
from questionnaires.schedule import Anchors, Window, days_since_infusion
from questionnaires.silence import is_early
from questionnaires.tiers import Channel

# Providers and daily budgets look back a day; two are more than any zone change can blur.
SENT_LOOK_BACK = timedelta(days=2)
NOT_SENT = {MessageState.CANCELLED, MessageState.EXPIRED, MessageState.FAILED}


@dataclass(frozen=True, slots=True)
class SentStep:
    """A step whose message went out at an instant, or is about to, and the day it is about."""

    message_id: UUID
    at: datetime
    template: str
    block: str
    code: str
    planned_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is on record of one participant: what a decision about her reminders depends on.

    `diary` is that of her local day, where it is not answered; `steps_done` are those of her due
    assessments and of the diary, by assessment; `reached_by` the channels that would reach her.
    """

    participant: Participant
    site: Site
    anchors: Anchors
    diary: Assessment | None
    steps_done: Mapping[UUID, tuple[str, ...]]
    sent: tuple[SentStep, ...]
    reached_by: Collection[Channel]

    @property
    def zone(self) -> ZoneInfo:
        """Return where she is now."""
        return ZoneInfo(self.participant.zone)

    def sent_lately(self, policy: ReminderPolicy) -> list[SentReminder]:
        """Return what went out to her lately, or is about to, with the day of hers it belongs to.

        That day is the step's own: where she was when it was sent is not where she is now. What
        took the place of a lost message is the same reminder.
        """
        days = {(step.block, step.code): timedelta(days=step.at.days) for step in policy.steps}
        by_message = {
            one.message_id: SentReminder(
                one.template, one.at,
                one.planned_on + days.get((one.block, one.code), timedelta()),
            )
            for one in self.sent
        }  # fmt: skip
        return list(by_message.values())

    def is_early_day(self, package: StudyPackage, *, now: datetime) -> bool:
        """Tell whether her local day is one of the first after an infusion, by the budget."""
        since = days_since_infusion(
            self.anchors, now.astimezone(self.zone).date(), zone=ZoneInfo(self.site.zone)
        )
        return is_early(since, package.reminders.budget.early_days)

    def last_diary_step(self, policy: ReminderPolicy, *, now: datetime) -> Step | None:
        """Return the last step of today's diary, for which one message of the day is kept."""
        diary = self.diary
        if diary is None:
            return None
        return last_step_today(
            policy, diary.block, planned_on=diary.planned_on,
            window=Window(diary.opens_at, diary.late_until), zone=self.zone,
            steps_done=self.steps_done.get(diary.id, ()), now=now,
        )  # fmt: skip


def read(
    session: Session,
    due: Mapping[UUID, Sequence[Assessment]],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> list[Facts]:
    """Return the facts of each participant, in their order; `due` holds her due assessments."""
    ids = list(due)
    people = {
        one.id: one
        for one in session.scalars(
            select(Participant)
            .where(Participant.id.in_(ids))
            .execution_options(populate_existing=True)
        )
    }
    site_ids = {one.site_id for one in people.values()}
    sites = {one.id: one for one in session.scalars(select(Site).where(Site.id.in_(site_ids)))}
    anchors = planning.anchors_of(session, ids)
    diaries = _diaries(session, people, now=now)
    asked = [row.id for rows in due.values() for row in rows]
    done = reminder_record.steps_done(session, [*asked, *(one.id for one in diaries.values())])
    sent = _sent(session, ids, now=now)
    reached = reminder_ways.reached_by(
        session, list(people.values()), catalogue=catalogue, now=now
    )  # fmt: skip
    return [
        Facts(
            participant=people[id_],
            site=sites[people[id_].site_id],
            anchors=anchors[id_],
            diary=diaries.get(id_),
            steps_done=done,
            sent=tuple(sent[id_]),
            reached_by=reached[id_],
        )
        for id_ in ids
    ]


def _diaries(
    session: Session, people: Mapping[UUID, Participant], *, now: datetime
) -> dict[UUID, Assessment]:
    """Return the unanswered diary of everybody's local day; days differ where zones do."""
    today = {
        id_: now.astimezone(ZoneInfo(one.zone)).date().isoformat() for id_, one in people.items()
    }
    rows = session.scalars(
        select(Assessment).where(
            Assessment.participant_id.in_(today),
            Assessment.family == "daily",
            Assessment.occurrence.in_(set(today.values())),
            Assessment.cancelled_at.is_(None),
            Assessment.completed_at.is_(None),
        )
    )
    return {row.participant_id: row for row in rows if row.occurrence == today[row.participant_id]}


def _sent(session: Session, ids: Sequence[UUID], *, now: datetime) -> Mapping[UUID, list[SentStep]]:
    rows = session.execute(
        select(
            Assessment.participant_id, OutboxMessage.id, OutboxMessage.sent_at,
            OutboxMessage.not_before, Reminder.template, Reminder.step, Assessment.block,
            Assessment.planned_on,
        )
        .join(Reminder, Reminder.message_id == OutboxMessage.id)
        .join(Assessment, Assessment.id == Reminder.assessment_id)
        .where(
            OutboxMessage.recipient_ref.in_([reminder_ways.recipient_ref(id_) for id_ in ids]),
            OutboxMessage.created_at >= now - SENT_LOOK_BACK,
            OutboxMessage.state.not_in(NOT_SENT),
        )
        .order_by(Reminder.due_at)
    )  # fmt: skip
    sent: dict[UUID, list[SentStep]] = defaultdict(list)
    for id_, message_id, sent_at, not_before, template, code, block, planned_on in rows:
        step = SentStep(message_id, sent_at or not_before, template, block, code, planned_on)
        sent[id_].append(step)
    return sent
