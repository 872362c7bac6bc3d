"""What became of each step of reminding: decided, left, lost, sent another way; all on record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Sent:
    """The message that carries steps, and the channel it was written for."""

    message_id: UUID
    channel: Channel


@dataclass(frozen=True, slots=True)
class StepsOf:
    """Steps of one participant that were decided together; `sent` is for those not skipped."""

    participant: Participant
    site: Site
    decided: Sequence[Decided]
    sent: Sent | None


def store(session: Session, steps: Iterable[StepsOf], *, now: datetime) -> None:
    """Write one row and one entry for each step of each participant."""
    rows: list[dict[str, Any]] = []
    entries = []
    for group in steps:
        for one in group.decided:
            row = _row(one, group.sent, now=now)
            rows.append(row)
            entries.append(
                journal.entry(
                    REMINDERS,
                    "reminder.skipped" if one.skipped_reason else "reminder.queued",
                    _subject(row["id"], 1, group.participant, group.site),
                    after={name: row[name] for name in row if name != "id"},
                    now=now,
                )
            )
    if rows:
        session.execute(insert(Reminder), rows)
        journal.record_all(session, entries)


def steps_done(
    session: Session, assessment_ids: Collection[UUID]
) -> Mapping[UUID, tuple[str, ...]]:
    """Return the steps of each assessment that were sent or skipped; without any it is absent."""
    done: dict[UUID, tuple[str, ...]] = {}
    for id_, step in session.execute(
        select(Reminder.assessment_id, Reminder.step).where(
            Reminder.assessment_id.in_(assessment_ids)
        )
    ):
        done[id_] = (*done.get(id_, ()), step)
    return done


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


def _row(one: Decided, sent: Sent | None, *, now: datetime) -> dict[str, Any]:
    carrier = None if one.skipped_reason else sent
    return {
        "id": uuid4(), "assessment_id": one.assessment.id, "step": one.step.code,
        "due_at": one.step.at, "template": one.step.template,
        "template_version": one.template_version, "decided_at": now,
        "channel": carrier.channel if carrier else None,
        "message_id": carrier.message_id if carrier else None,
        "skipped_reason": one.skipped_reason, "sent_at": None, "not_sent_reason": None,
    }  # fmt: skip


def _subject(id_: Any, version: int, participant: Participant, site: Site) -> Subject:
    return Subject(
        entity_type="reminder", entity_id=str(id_), version=version,
        participant_code=participant.code, site_code=site.code, site_id=site.id,
    )  # fmt: skip
