"""What participants ask about their own data: recorded, answered by a day, ended with a reason.

PIPL art. 44-50; GDPR art. 7(3), 12, 15-18. Who asks is made sure of and noted as a word; numbers
that name somebody are refused everywhere (`docs/data-protection.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.errors_of_protection import ContactStillNeeded, MustBeKept, RequestEnded
from epro.models import (
    AdverseEvent,
    AskedBy,
    DataRequest,
    DataRequestStep,
    IdentityCheck,
    LifeCycle,
    Participant,
    RequestAct,
    RequestKind,
    RequestOutcome,
    SafetyFlag,
    Site,
    User,
)
from epro.services import enrolment, flags, identity, journal, planning, protected_words, staff
from epro.services.journal import Subject
from epro.services.protected_words import problem
from questionnaires.data_protection import (
    Urgency,
    request_due_on,
    request_latest_on,
    urgency_of_day,
)

# Whom nobody at the site has to reach any more.
OUT_OF_REACH = frozenset(
    {
        LifeCycle.COMPLETED, LifeCycle.WITHDRAWN_FROM_CONTACT, LifeCycle.WITHDRAWN_FROM_ALL,
        LifeCycle.DECEASED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What is written down when somebody asks; `received_on` is a day of the site's calendar."""

    kind: RequestKind
    asked_by: AskedBy
    identity_check: IdentityCheck
    received_on: date
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as people read it."""

    request: DataRequest
    participant: Participant
    site: Site
    owner: User

    def urgency(self, now: datetime) -> Urgency:
        """Say how near its day is at her site; what has ended is not due."""
        if self.request.ended_at is not None:
            return Urgency.LATER
        return urgency_of_day(self.request.due_on, _today(self.request.zone, now))


def record(
    session: Session, actor: Actor, code: str, new: NewRequest, *, now: datetime
) -> DataRequest:
    """Write down what a participant asks; whoever does looks after it until it is handed over.

    Raises NotFound, and InvalidInput for a day ahead or before she was enrolled, without words,
    for a number that names somebody, and for a representative whose authority nobody has seen.
    """
    participant = enrolment.get_participant(session, actor, code, Permission.HANDLE_DATA_REQUEST)
    site = session.get_one(Site, participant.site_id)
    protected_words.check(words=new.words)
    if problems := list(_problems(participant, new, site.zone, now=now)):
        raise InvalidInput(details={"problems": problems})
    row = DataRequest(
        participant_id=participant.id, site_id=site.id, version=1, kind=new.kind,
        asked_by=new.asked_by, identity_check=new.identity_check, words=new.words.strip(),
        received_on=new.received_on, zone=site.zone,
        due_on=request_due_on(new.received_on, site.request_days), is_extended=False,
        owner_id=actor.id, recorded_at=now, recorded_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _put_on_record(session, actor, "data_request.recorded", row, now=now)
    return row


def take_step(
    session: Session,
    actor: Actor,
    request_id: UUID,
    words: str,
    *,
    owner: str | None = None,
    now: datetime,
) -> DataRequestStep:
    """Note what was done; with `owner`, a user name, hand the request to a colleague as well.

    Raises NotFound, RequestEnded, and InvalidInput without words or for nobody who may.
    """
    row = _lock_open(session, actor, request_id)
    protected_words.check(words=words)
    act, before = RequestAct.NOTED, None
    if owner is not None:
        site = session.get_one(Site, row.site_id)
        person = staff.find_at(session, owner, site, Permission.HANDLE_DATA_REQUEST)
        if person is None:
            raise problem("owner", "This is nobody who may do this at the site.")
        if person.id != row.owner_id:
            act, before = (
                RequestAct.HANDED_OVER,
                {"owner": flags.username_of(session, row.owner_id)},
            )
            row.owner_id = person.id
    return _step(session, actor, row, act, words, before=before, now=now)


def extend(
    session: Session, actor: Actor, request_id: UUID, *, due_on: date, reason: str, now: datetime
) -> DataRequest:
    """Set a later day, once, with the reason she was told; at most two months later (art. 12(3)).

    It has to be told before the first day is over. Raises NotFound, RequestEnded, InvalidInput.
    """
    row = _lock_open(session, actor, request_id)
    protected_words.check(reason=reason)
    if row.is_extended:
        raise problem("due_on", "This was extended before; that is possible once.")
    if _today(row.zone, now) > row.due_on:
        raise problem("due_on", "It was due before; it cannot be extended any more.")
    if not row.due_on < due_on <= request_latest_on(row.received_on):
        raise problem("due_on", "A later day, at most three months after she asked.")
    before = {"due_on": row.due_on, "is_extended": False}
    row.due_on, row.is_extended = due_on, True
    _step(session, actor, row, RequestAct.EXTENDED, reason, before=before, now=now)
    return row


def erase_contact_data(
    session: Session, actor: Actor, request_id: UUID, *, now: datetime
) -> DataRequest:
    """Remove telephone, mail and year of birth of somebody who asked for erasure; nothing else.

    Raises NotFound (also where nothing is left), RequestEnded, InvalidInput for another kind of
    request, and ContactStillNeeded as `why_contact_needed` says.
    """
    row = _lock_open(session, actor, request_id)
    if row.kind is not RequestKind.ERASURE:
        raise problem("kind", "She has not asked for erasure.")
    participant = planning.lock_participant(session, row.participant_id)
    if because := why_contact_needed(session, participant):
        raise ContactStillNeeded(details={"because": because})
    identity.erase(session, actor, participant, reason=f"data_request:{row.id}", now=now)
    _step(session, actor, row, RequestAct.CONTACT_ERASED, "", now=now)
    return row


def why_contact_needed(session: Session, participant: Participant) -> str | None:
    """Say why her contact data cannot go yet: she takes part, or may be called about a flag.

    Who has completed the trial is also followed up until a serious event is over (E6(R3) 2.7.1).
    """
    if participant.life_cycle not in OUT_OF_REACH:
        return "takes_part"
    is_open = SafetyFlag.participant_id == participant.id, SafetyFlag.closed_at.is_(None)
    if session.scalars(select(SafetyFlag.id).where(*is_open).limit(1)).first() is not None:
        return "open_flag"
    if participant.life_cycle is not LifeCycle.COMPLETED:
        return None
    events = session.scalars(
        select(AdverseEvent).where(AdverseEvent.participant_id == participant.id)
    )
    return "open_event" if any(one.is_open and one.seriousness for one in events) else None


def note_copy(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> Shown:
    """Put on record that a copy of her data was made for this request; return the request.

    Raises NotFound, RequestEnded, and InvalidInput for a request that asks for no data.
    """
    row = _lock_open(session, actor, request_id)
    if row.kind not in {RequestKind.COPY, RequestKind.ACCESS}:
        raise problem("kind", "She has not asked for her data.")
    _step(session, actor, row, RequestAct.COPY_MADE, "", now=now)
    return get(session, actor, request_id)


def end(
    session: Session,
    actor: Actor,
    request_id: UUID,
    *,
    outcome: RequestOutcome,
    explanation: str,
    now: datetime,
) -> DataRequest:
    """End a request with what she was told, by the actor.

    Raises NotFound, RequestEnded, InvalidInput without an explanation, and MustBeKept for erasure
    that would be more than was done: the records of a trial are kept, her contact data go first
    (E6(R3) 2.12.12; GCP-CN art. 80; PIPL art. 47; GDPR art. 17(3)(c-d)).
    """
    row = _lock_open(session, actor, request_id)
    protected_words.check(explanation=explanation)
    if row.kind is RequestKind.ERASURE and outcome is not RequestOutcome.REFUSED:
        is_erased = any(one.act is RequestAct.CONTACT_ERASED for one, _ in steps_of(session, row))
        if outcome is RequestOutcome.FULFILLED or not is_erased:
            raise MustBeKept
    before = {"outcome": None, "explanation": None, "ended_at": None}
    row.outcome, row.explanation = outcome, explanation.strip()
    row.ended_at, row.ended_by_id, row.version = now, actor.id, row.version + 1
    session.flush()
    _put_on_record(session, actor, "data_request.ended", row, before=before, now=now)
    return row


# --- reading --------------------------------------------------------------------------------------


def get(session: Session, actor: Actor, request_id: UUID) -> Shown:
    """Return one request within the actor's sites. Raises NotFound."""
    found = session.execute(_reachable(actor).where(DataRequest.id == request_id)).first()
    if found is None:
        raise NotFound
    return Shown(*found)


def list_of(
    session: Session, actor: Actor, *, only_open: bool = True, code: str | None = None
) -> Sequence[Shown]:
    """Return requests at the actor's sites: the open ones by their day, then those that ended."""
    query = _reachable(actor)
    if only_open:
        query = query.where(DataRequest.ended_at.is_(None))
    if code:
        query = query.where(Participant.code == code)
    rows = session.execute(
        query.order_by(
            DataRequest.ended_at.desc().nulls_first(), DataRequest.due_on, DataRequest.id
        )
    )
    return [Shown(*row) for row in rows]


def pressing(session: Session, actor: Actor, *, now: datetime) -> Sequence[Shown]:
    """Return open requests whose day is near or over, the most urgent first; none out of reach."""
    if not actor.holds(Permission.READ_DATA_REQUEST):
        return ()
    found = list_of(session, actor)
    return [one for one in found if one.urgency(now) is not Urgency.LATER]


def steps_of(session: Session, row: DataRequest) -> Sequence[tuple[DataRequestStep, User]]:
    """Return what was done, in order, and by whom."""
    rows = session.execute(
        select(DataRequestStep, User)
        .join(User, User.id == DataRequestStep.taken_by_id)
        .where(DataRequestStep.request_id == row.id)
        .order_by(DataRequestStep.taken_at, DataRequestStep.id)
    )
    return [(step, by) for step, by in rows]


def facts_of(session: Session, row: DataRequest) -> dict[str, Any]:
    """Return a request as plain values; people by user name."""
    named = ("owner_id", "recorded_by_id", "ended_by_id")
    inside = {"participant_id", "site_id", "version", *named}
    values = {
        column.key: getattr(row, column.key)
        for column in DataRequest.__table__.columns
        if column.key not in inside
    }
    people = {one[:-3]: flags.username_of(session, getattr(row, one)) for one in named}
    return {**values, **people}


def _problems(
    participant: Participant, new: NewRequest, zone: str, *, now: datetime
) -> Sequence[dict[str, str]]:
    found = []
    if new.received_on > _today(zone, now):
        found.append({"place": "received_on", "message": "This day lies ahead."})
    if new.received_on < _today(zone, participant.enrolled_at):
        found.append({"place": "received_on", "message": "This is before she was enrolled."})
    is_for_her = new.asked_by is AskedBy.REPRESENTATIVE
    if is_for_her is not (new.identity_check is IdentityCheck.AUTHORITY_SEEN):
        found.append(
            {"place": "identity_check",
             "message": "A representative, and nobody else, shows that she may ask."}
        )  # fmt: skip
    return found


def _lock_open(session: Session, actor: Actor, request_id: UUID) -> DataRequest:
    row = session.get(DataRequest, request_id, with_for_update=True, populate_existing=True)
    if row is None or not actor.may_at(Permission.HANDLE_DATA_REQUEST, row.site_id):
        raise NotFound
    if row.ended_at is not None:
        raise RequestEnded
    return row


def _step(
    session: Session,
    actor: Actor,
    row: DataRequest,
    act: RequestAct,
    words: str,
    *,
    before: dict[str, Any] | None = None,
    now: datetime,
) -> DataRequestStep:
    made = DataRequestStep(
        request_id=row.id, act=act, words=words.strip(), taken_at=now, taken_by_id=actor.id
    )
    session.add(made)
    row.version += 1
    session.flush()
    _put_on_record(
        session, actor, "data_request.step_taken", row, before=before,
        step={"act": act, "step": made.words}, now=now,
    )  # fmt: skip
    return made


def _put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    row: DataRequest,
    *,
    before: dict[str, Any] | None = None,
    step: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    participant = session.get_one(Participant, row.participant_id)
    site = session.get_one(Site, row.site_id)
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="data_request", entity_id=str(row.id), version=row.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={**facts_of(session, row), **(step or {})}, before=before, now=now,
    )  # fmt: skip


def _reachable(actor: Actor) -> Select[DataRequest, Participant, Site, User]:
    query = (
        select(DataRequest, Participant, Site, User)
        .join(Participant, Participant.id == DataRequest.participant_id)
        .join(Site, Site.id == DataRequest.site_id)
        .join(User, User.id == DataRequest.owner_id)
    )
    site_ids = actor.sites_for(Permission.READ_DATA_REQUEST)
    return query if site_ids is None else query.where(DataRequest.site_id.in_(site_ids))


def _today(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()
