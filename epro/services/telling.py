"""What follows when a message leaves or does not: on record, on the work list, told another way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.crypto import Keyring
from epro.db import table_of
from epro.models import (
    AlarmDrill,
    Assessment,
    AssessmentState,
    Incident,
    IncidentKind,
    OptOutSource,
    Participant,
    ParticipantIdentity,
    Reminder,
    SafetyFlag,
    Site,
    User,
    WorkKind,
)
from epro.services import (
    calling,
    escalation,
    incidents,
    journal,
    opting_out,
    reminder_record,
    reminder_ways,
    reminders,
    rerouting,
    work_list,
)
from epro.services.journal import Subject
from epro.services.studies import Studies
from notifications import outbox
from notifications.hooks import Hooks
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.outbox import NewMessage
from notifications.refusals import (
    NO_ADDRESS,
    NO_CONSENT,
    NO_CROSS_BORDER_CONSENT,
    Refusal,
    meaning_of,
)
from questionnaires.catalogue import UnknownStudyVersion

DISPATCHER = system_actor("dispatcher")
# Asked of every message that leaves, so built once.
_USER = table_of(User).c
USERNAME = select(_USER.username).where(_USER.id == bindparam("user_id"))
INCIDENT = "incident"
SPONSOR = "sponsor"
OTHER_WAY = {
    ChannelName.EMAIL: ChannelName.SMS,
    ChannelName.SMS: ChannelName.EMAIL,
    ChannelName.VOICE: ChannelName.SMS,
}
# A carrier's word on a call: there is no such number, or no line to it. Not: nobody picked up.
NO_CONNECTION = "failed"
LASTING = {NO_ADDRESS, NO_CONSENT, NO_CROSS_BORDER_CONSENT}
NEEDS_NO_CALL = {AssessmentState.COMPLETED, AssessmentState.CANCELLED}


class Telling(Hooks):
    """Called by the dispatcher in the transaction that records what became of a message."""

    def __init__(self, studies: Studies, keyring: Keyring) -> None:
        self._studies = studies
        self._keyring = keyring

    def reason_against(
        self, session: Session, message: OutboxMessage, *, now: datetime
    ) -> str | None:
        """Let a reminder go only while something it reminds of can still be answered (N-03)."""
        states = _reminded_states(session, message, now=now)
        return "nothing_due" if states and not states & rerouting.STILL_WANTED else None

    def on_sent(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.sent", message, now=now)
        if message.purpose == reminder_ways.PURPOSE:
            reminder_record.note_sent(session, message, now=now)
        incidents.resolve(session, IncidentKind.UNDELIVERED, about=_about(message), now=now)
        if message.is_vital and (first := _repeated_by(session, message)):
            incidents.resolve(session, IncidentKind.UNDELIVERED, about=_about(first), now=now)

    def on_cancelled(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.cancelled", message, now=now)
        self._note_not_sent(session, message, message.cancel_reason, now=now)

    def on_expired(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.expired", message, now=now)
        self._note_not_sent(session, message, "expired", now=now)
        _follow_up(session, message, WorkKind.NOT_REACHED, now=now)

    def on_failed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.failed", message, now=now)
        self._note_not_sent(session, message, message.last_error, now=now)
        self._follow_loss(session, message, now=now)

    def on_not_confirmed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.not_confirmed", message, now=now)
        self._note_not_sent(session, message, "not_confirmed", now=now)
        _follow_up(session, message, WorkKind.NOT_CONFIRMED, now=now)

    def on_undelivered(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.undelivered", message, version=2, now=now)
        self._note_not_sent(session, message, message.last_error or "undelivered", now=now)
        self._follow_loss(session, message, now=now)

    def on_heard(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._record(session, "message.heard", message, version=2, now=now)

    def _follow_loss(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """Note an opt-out, ask the site to call, and try the next way."""
        self._note_opt_out(session, message, now=now)
        _follow_up(session, message, WorkKind.NOT_REACHED, now=now)
        participant = _context(session, message).participant
        if message.purpose == reminder_ways.PURPOSE and participant is not None:
            catalogue = self._studies.catalogue(session)
            rerouting.go_on(session, message, participant, catalogue=catalogue, now=now)

    def _note_opt_out(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """Believe the provider that the owner of a number wants no more, as if she had told us."""
        is_refused = meaning_of(message.last_error) is Refusal.OPTED_OUT
        if message.channel is not ChannelName.SMS or not is_refused:
            return
        kind, _, id_ = message.recipient_ref.partition(":")
        lookup: str | None = None
        if kind == "participant":
            identity = session.get(ParticipantIdentity, UUID(id_))
            lookup = identity.phone_lookup if identity else None
        elif user := session.get(User, UUID(id_)):
            number = self._keyring.unseal(user.phone_sealed) if user.phone_sealed else None
            lookup = opting_out.lookup_of(number, keyring=self._keyring) if number else None
        if lookup is not None:
            opting_out.stop(session, lookup, source=OptOutSource.PROVIDER, now=now)

    def _note_not_sent(
        self, session: Session, message: OutboxMessage, reason: str | None, *, now: datetime
    ) -> None:
        if message.purpose == reminder_ways.PURPOSE:
            reminder_record.note_not_sent(session, message, reason or "unknown", now=now)

    def _record(
        self,
        session: Session,
        verb: str,
        message: OutboxMessage,
        *,
        version: int = 1,
        now: datetime,
    ) -> None:
        """Put on record that, by which way and to whom; never an address, never the words."""
        context = _context(session, message)
        site, participant = context.site, context.participant
        journal.record(
            session, DISPATCHER, verb,
            Subject(
                entity_type="message", entity_id=str(message.id), version=version,
                participant_code=participant.code if participant else None,
                site_code=site.code if site else None, site_id=site.id if site else None,
            ),
            after={"channel": message.channel, "purpose": message.purpose,
                   "template": message.template,
                   "template_version": self._version(session, message),
                   "to": context.recipient, "about": message.about,
                   "error": message.last_error, "cancel_reason": message.cancel_reason},
            now=now,
        )  # fmt: skip

    def _version(self, session: Session, message: OutboxMessage) -> str | None:
        """Return the version under which the text of a message was approved."""
        try:
            package = self._studies.catalogue(session).package(int(message.template_version))
        except (UnknownStudyVersion, ValueError):
            return None
        text = package.text(message.template)
        return text.version if text else None


def tell_another_way(session: Session, message: OutboxMessage, *, now: datetime) -> bool:
    """Open an incident about a safety message that is not out and tell its recipient otherwise.

    The words of the message are not repeated, only that one waits. Once per message, whatever else
    becomes of it; tell whether the incident is new.
    """
    about = _about(message)
    told_at = session.scalar(
        select(func.min(Incident.told_at)).where(
            Incident.kind == IncidentKind.UNDELIVERED, Incident.about == about
        )
    )
    site = _context(session, message).site
    incident = incidents.open_incident(
        session, IncidentKind.UNDELIVERED, about=about, site_id=site.id if site else None, now=now
    )
    if incident is None:
        return False
    if message.recipient_ref.startswith(f"{SPONSOR}:"):
        # Somebody outside must not read what this text says: the site phones instead.
        if site is not None:
            work_list.add(
                session, DISPATCHER, WorkKind.NOT_REACHED, about=about, site_id=site.id,
                participant_id=None, now=now,
            )  # fmt: skip
    elif told_at is None:
        channel = OTHER_WAY[message.channel]
        outbox.enqueue(
            session,
            NewMessage(
                purpose=INCIDENT,
                is_vital=True,
                channel=channel,
                template=f"incident_undelivered_{channel}",
                template_version=message.template_version,
                language=message.language,
                recipient_ref=message.recipient_ref,
                about=f"incident:{incident.id}",
                params=message.params,
            ),
            now=now,
        )
    incident.told_at = told_at or now
    session.flush()
    return True


def tell_of_call(session: Session, call: OutboxMessage, *, now: datetime) -> bool:
    """Tell somebody by text that their phone cannot be made to ring, once for each alarm.

    The calls go on all the same: a number that nobody answers, or a provider that is down, may be
    answered next time. Tell whether it was told now.
    """
    if _was_told_of_a_call(session, call):
        return False
    return tell_another_way(session, call, now=now)


def _follow_up(session: Session, message: OutboxMessage, kind: WorkKind, *, now: datetime) -> None:
    """Hand what did not arrive to people: a call to make, or the same news another way."""
    if message.purpose == escalation.PURPOSE:
        tell_another_way(session, message, now=now)
        return
    if message.purpose == calling.PURPOSE:
        if _could_not_ring(message):
            tell_of_call(session, message, now=now)
        return
    context = _context(session, message)
    if context.site is None:
        return
    participant, about = context.participant, _about(message)
    if message.purpose == reminder_ways.PURPOSE and participant is not None:
        states = _reminded_states(session, message, now=now)
        if states and states <= NEEDS_NO_CALL:
            return
        if kind is WorkKind.NOT_REACHED:
            reminders.ask_for_call(
                session, participant, about=_lasting_reason(message, participant), now=now
            )
            return
        about = f"participant:{participant.id}:{now.astimezone(ZoneInfo(participant.zone)).date()}"
    work_list.add(
        session, DISPATCHER, kind, about=about, site_id=context.site.id,
        participant_id=participant.id if participant else None, now=now,
    )  # fmt: skip


def _could_not_ring(call: OutboxMessage) -> bool:
    """Tell whether a call was tried and no phone rang; that nobody picked up is no such case."""
    if call.state is MessageState.EXPIRED:
        return call.attempt_count > 0
    is_lost = call.state in {MessageState.FAILED, MessageState.NOT_CONFIRMED}
    return is_lost or call.delivery_status == NO_CONNECTION


def _was_told_of_a_call(session: Session, call: OutboxMessage) -> bool:
    """Tell whether its recipient knows of an earlier call, about the same alarm, that was lost.

    What is left over of an earlier alarm is not told any more: this one has told everybody anew.
    """
    flag = _flag(session, call)
    if flag is not None and call.created_at < flag.urgent_since:
        return True
    calls = select(OutboxMessage.id).where(
        OutboxMessage.about == call.about,
        OutboxMessage.recipient_ref == call.recipient_ref,
        OutboxMessage.channel == call.channel,
        OutboxMessage.created_at >= (flag.urgent_since if flag else call.created_at),
    )
    about = [f"message:{id_}" for id_ in session.scalars(calls)]
    told = select(Incident.id).where(
        Incident.kind == IncidentKind.UNDELIVERED, Incident.about.in_(about)
    )
    return session.scalars(told.limit(1)).first() is not None


def _lasting_reason(message: OutboxMessage, participant: Participant) -> str | None:
    """Return what is asked for once and for good: without a number, or leave to use it."""
    if message.last_error in LASTING:
        return f"participant:{participant.id}:{message.last_error}"
    return None


def _reminded_states(
    session: Session, message: OutboxMessage, *, now: datetime
) -> set[AssessmentState]:
    if message.purpose != reminder_ways.PURPOSE:
        return set()
    rows = session.scalars(
        select(Assessment)
        .join(Reminder, Reminder.assessment_id == Assessment.id)
        .where(Reminder.message_id == message.id)
        .execution_options(populate_existing=True)
    )
    return {row.state_at(now) for row in rows}


@dataclass(frozen=True, slots=True)
class _Context:
    """Whom a message goes to, by name, and whom and where it is about."""

    recipient: str
    participant: Participant | None
    site: Site | None


def _context(session: Session, message: OutboxMessage) -> _Context:
    kind, _, id_ = message.recipient_ref.partition(":")
    participant = session.get(Participant, UUID(id_)) if kind == "participant" else None
    recipient, site_id = "", None
    if kind == "user":
        recipient = session.scalar(USERNAME, {"user_id": UUID(id_)}) or ""
    elif kind == SPONSOR:
        recipient = SPONSOR
    subject, _, subject_id = (message.about or "").partition(":")
    if flag := _flag(session, message):
        participant = session.get_one(Participant, flag.participant_id)
    elif subject == INCIDENT and (incident := session.get(Incident, UUID(subject_id))):
        site_id = incident.site_id
    elif subject == "digest":
        site_id = UUID(subject_id)
    elif subject == "drill" and (drill := session.get(AlarmDrill, UUID(subject_id))):
        site_id = drill.site_id
    if participant is not None:
        site_id = participant.site_id
        recipient = recipient or participant.code
    return _Context(recipient, participant, session.get(Site, site_id) if site_id else None)


def _repeated_by(session: Session, message: OutboxMessage) -> OutboxMessage | None:
    """Return the failed message in whose place a person had this one written."""
    return session.scalars(
        select(OutboxMessage).where(OutboxMessage.repeated_by == message.id)
    ).first()


def _flag(session: Session, message: OutboxMessage) -> SafetyFlag | None:
    subject, _, id_ = (message.about or "").partition(":")
    return session.get(SafetyFlag, UUID(id_)) if subject == "flag" else None


def _about(message: OutboxMessage) -> str:
    return f"message:{message.id}"
