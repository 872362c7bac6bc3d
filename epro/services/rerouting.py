"""A reminder that did not reach her goes the next way she agreed to, while it is still wanted."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.models import Assessment, AssessmentState, Participant
from epro.services import reminder_record, reminder_ways
from epro.services.reminder_ways import NewReminder
from notifications.messages import OutboxMessage
from questionnaires.catalogue import Catalogue
from questionnaires.tiers import Channel

STILL_WANTED = {AssessmentState.OPEN, AssessmentState.LATE}


def go_on(
    session: Session,
    message: OutboxMessage,
    participant: Participant,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> bool:
    """Write the same reminder for the next channel of the policy; tell whether there was one.

    Never a second time on a channel, never in the quiet hours, and only about what can still be
    answered.
    """
    rows = reminder_record.of_message(session, message.id)
    wanted = [
        one for row in rows
        if (one := session.get_one(Assessment, row.assessment_id)).state_at(now) in STILL_WANTED
    ]  # fmt: skip
    edition = int(message.template_version)
    package = catalogue.package(edition)
    zone = ZoneInfo(participant.zone)
    if not wanted or package.reminders.quiet_hours.hold_at(now, zone):
        return False
    channel = reminder_ways.next_to(
        session, participant, package.reminders,
        failed=Channel(message.channel.value), catalogue=catalogue, now=now,
    )  # fmt: skip
    if channel is None:
        return False
    until = reminder_ways.wanted_until(
        package.reminders, [one.late_until for one in wanted], zone=zone, now=now
    )
    instead = NewReminder(rows[0].template, channel, edition, until, about=f"message:{message.id}")
    message_id = reminder_ways.enqueue(session, participant, instead, catalogue=catalogue, now=now)
    reminder_record.carry_on(session, rows, message_id, channel, now=now)
    return True
