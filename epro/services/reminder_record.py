"""What became of each step of reminding: decided, left, lost, sent another way; all on record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import Assessment, Participant, Reminder, Site
from epro.services import journal
from epro.services.journal import Subject
from notifications.messages import OutboxMessage
from questionnaires.reminding import Step
from questionnaires.tiers import Channel

REMINDERS = system_actor("reminders")


@dataclass(frozen=True, slots=True)
class Decided:
    """A step of an assessment, in which edition of its text; skipped where there is a reason."""

    assessment: Assessment
    step: Step
    template_version: str
    skipped_reason: str | None = None


def store(
    session: Session,
    participant: Participant,
    decided: Sequence[Decided],
    *,
    message_id: UUID | None,
    channel: Channel | None,
    now: datetime,
) -> None:
    """Write one row and one entry for each step; the message is of those that are not skipped."""
    if not decided:
        return
    rows = [
        {
            "id": uuid4(), "assessment_id": one.assessment.id, "step": one.step.code,
            "due_at": one.step.at, "template": one.step.template,
            "template_version": one.template_version, "decided_at": now,
            "channel": None if one.skipped_reason else channel,
            "message_id": None if one.skipped_reason else message_id,
            "skipped_reason": one.skipped_reason, "sent_at": None, "not_sent_reason": None,
        }
        for one in decided
    ]  # fmt: skip
    session.execute(insert(Reminder), rows)
    site = session.get_one(Site, participant.site_id)
    journal.record_all(
        session,
        [
            journal.entry(
                REMINDERS,
                "reminder.skipped" if row["skipped_reason"] else "reminder.queued",
                _subject(row["id"], 1, participant, site),
                after={name: row[name] for name in row if name != "id"},
                now=now,
            )
            for row in rows
        ],
    )


def of_message(session: Session, message_id: UUID) -> Sequence[Reminder]:
    """Return the steps that a message carries, as the database has them."""
    return session.scalars(
        select(Reminder)
        .where(Reminder.message_id == message_id)
        .order_by(Reminder.id)
        .execution_options(populate_existing=True)
    ).all()


def note_sent(session: Session, message: OutboxMessage, *, now: datetime) -> None:
    """Note that the message of these steps has left."""
    for row in of_message(session, message.id):
        _change(session, row, "reminder.sent", {"sent_at": now, "not_sent_reason": None}, now=now)


def note_not_sent(session: Session, message: OutboxMessage, reason: str, *, now: datetime) -> None:
    """Note why the message of these steps did not leave, or did not arrive."""
    for row in of_message(session, message.id):
        _change(session, row, "reminder.not_sent", {"not_sent_reason": reason}, now=now)


def carry_on(
    session: Session,
    rows: Iterable[Reminder],
    message_id: UUID,
    channel: Channel,
    *,
    now: datetime,
) -> None:
    """Let another message, on the next channel, take the place of one that did not arrive."""
    for row in rows:
        changes = {"message_id": message_id, "channel": channel, "sent_at": None}
        _change(session, row, "reminder.rerouted", changes, now=now)


def _change(
    session: Session, row: Reminder, verb: str, changes: dict[str, Any], *, now: datetime
) -> None:
    before = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
    if not before:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    session.flush()
    assessment = session.get_one(Assessment, row.assessment_id)
    participant = session.get_one(Participant, assessment.participant_id)
    site = session.get_one(Site, participant.site_id)
    journal.record(
        session, REMINDERS, verb, _subject(row.id, row.version, participant, site),
        after=row.facts, before=before, now=now,
    )  # fmt: skip


def _subject(id_: Any, version: int, participant: Participant, site: Site) -> Subject:
    return Subject(
        entity_type="reminder", entity_id=str(id_), version=version,
        participant_code=participant.code, site_code=site.code, site_id=site.id,
    )  # fmt: skip
