"""A message that failed goes out once more when a person asks for it, by the rules it came under.

A reminder keeps to the policy of reminding and takes the place of the one that was lost; an alert
goes while nobody has taken its flag. Either once: the failed one is marked, and the new one may
fail and be sent again in turn.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound, ReasonRequired
from epro.errors_of_record import NoLongerWanted, NothingToSendAgain, NotToBeRemindedNow
from epro.models import Assessment, Participant, Reminder, SafetyFlag
from epro.services import (
    escalation,
    joining,
    journal,
    message_log,
    reminder_facts,
    reminder_record,
    reminder_ways,
    rerouting,
)
from epro.services.journal import Subject
from epro.services.reminder_ways import NewReminder
from notifications import outbox
from notifications.messages import OutboxMessage
from notifications.outbox import NewMessage
from questionnaires.catalogue import Catalogue
from questionnaires.escalating import text_key
from questionnaires.reminding import DueReminder, SkipReason, Step, decide
from questionnaires.tiers import Channel


def send_again(
    session: Session,
    actor: Actor,
    message_id: UUID,
    *,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> OutboxMessage:
    """Write a failed message anew, to the same person by the same way, with the reason on record.

    1. Hold the failed one: whoever presses at the same moment finds it repeated.
    2. Refuse what nobody needs any more, and a reminder that the policy would not send now.
    3. Write the new one; the steps of a reminder go on with it and count in the day's budget.

    Raises NotFound for one at another site, ReasonRequired, NothingToSendAgain, NoLongerWanted, and
    NotToBeRemindedNow.
    """
    message = outbox.hold(session, message_id)
    line = (
        message_log.line_of(session, actor, message, Permission.SEND_MESSAGE_AGAIN)
        if message
        else None
    )
    if message is None or line is None:
        raise NotFound
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    if not line.may_be_sent_again:
        raise NothingToSendAgain
    if message.purpose == reminder_ways.PURPOSE:
        new_id = _remind_again(session, message, catalogue=catalogue, now=now)
    else:
        new_id = _tell_again(session, message, now=now)
    message.repeated_by = new_id
    session.flush()
    site = line.site
    journal.record(
        session, actor, "message.sent_again",
        Subject(
            entity_type="message", entity_id=str(new_id), participant_code=line.participant,
            site_code=site.code if site else None, site_id=site.id if site else None,
        ),
        after={
            "first": message.id, "to": line.to, "template": message.template,
            "channel": message.channel,
        },
        reason=reason, now=now,
    )  # fmt: skip
    return session.get_one(OutboxMessage, new_id)


def _remind_again(
    session: Session, message: OutboxMessage, *, catalogue: Catalogue, now: datetime
) -> UUID:
    """Let another message carry the steps of a lost one, if the policy would send it now."""
    participant = session.get_one(Participant, UUID(message.recipient_ref.partition(":")[2]))
    steps = reminder_record.of_message(session, message.id)
    wanted = [
        (step, row)
        for step in steps
        if (row := _assessment(session, step)).state_at(now) in rerouting.STILL_WANTED
    ]
    if not wanted or not participant.is_reminded:
        raise NoLongerWanted
    channel, edition = Channel(message.channel.value), int(message.template_version)
    package = catalogue.package(edition)
    policy = package.reminders.moved_to(participant.reminder_minute)
    (facts,) = reminder_facts.read(
        session, {participant.id: [row for _step, row in wanted]}, catalogue=catalogue, now=now
    )
    if not reminder_ways.ways_to(participant, policy) or channel not in facts.reached_by:
        raise NotToBeRemindedNow(details={"reason": SkipReason.OPTED_OUT.value})
    # What was lost may count as sent: its place is what is asked for.
    others = replace(facts, sent=tuple(one for one in facts.sent if one.message_id != message.id))
    decision = decide(
        policy,
        [DueReminder(str(row.id), Step(step.step, step.template, now)) for step, row in wanted],
        sent=others.sent_lately(policy),
        is_early_day=facts.is_early_day(package, now=now),
        reserved=facts.last_diary_step(policy, now=now),
        zone=facts.zone, now=now,
    )  # fmt: skip
    if decision.template is None:
        raise NotToBeRemindedNow(details={"reason": decision.skipped[0].reason.value})
    until = reminder_ways.wanted_until(
        policy, [row.late_until for _step, row in wanted], zone=facts.zone, now=now
    )
    new = NewReminder(decision.template, channel, edition, until, about=f"message:{message.id}")
    new_id = reminder_ways.enqueue(session, participant, new, catalogue=catalogue, now=now)
    reminder_record.carry_on(session, steps, new_id, channel, now=now)
    return new_id


def _assessment(session: Session, step: Reminder) -> Assessment:
    return session.get_one(Assessment, step.assessment_id)


def _tell_again(session: Session, message: OutboxMessage, *, now: datetime) -> UUID:
    """Write an alert once more: acknowledging its flag will stop it like any other."""
    subject, _, id_ = (message.about or "").partition(":")
    # Held, so that whoever acknowledges in this instant either is seen here or stops the message.
    flag = session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.id == (UUID(id_) if subject == "flag" else None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if flag is None or not _is_wanted(flag, message):
        raise NoLongerWanted
    return outbox.enqueue(
        session,
        NewMessage(
            purpose=message.purpose, is_vital=message.is_vital, channel=message.channel,
            template=message.template, template_version=message.template_version,
            language=message.language, recipient_ref=message.recipient_ref,
            params=message.params, about=message.about,
        ),
        now=now,
    )  # fmt: skip


def _is_wanted(flag: SafetyFlag, message: OutboxMessage) -> bool:
    """Tell whether an alert still says something: to whoever has the flag, or that nobody has it.

    One of an earlier alarm does not; the next alarm told everybody anew.
    """
    if flag.closed_at is not None:
        return False
    to_its_holder = (escalation.HANDED, joining.JOINED)
    if message.template in {text_key(one, Channel(message.channel.value)) for one in to_its_holder}:
        return message.recipient_ref == f"user:{flag.owner_id}"
    return flag.acknowledged_at is None and message.created_at >= flag.urgent_since
