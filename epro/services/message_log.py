"""What was sent to whom and what became of it, at the actor's sites."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import Participant, SafetyFlag, Site, User
from notifications import outbox
from notifications.messages import ChannelName, DeliveryReceipt, MessageState, OutboxMessage

FAILED = frozenset({MessageState.FAILED, MessageState.NOT_CONFIRMED, MessageState.EXPIRED})
UNDELIVERED = frozenset({"undelivered", "failed", "bounced", "canceled"})
# Of a call: the phone rang, and nobody took it.
UNANSWERED = frozenset({"busy", "no-answer"})
ARRIVED = frozenset({"delivered", "read", "heard"})
PAGE = 100
# One more than a page: whoever sees everything has it at one go.
PIECE = PAGE + 1


class Outcome(StrEnum):
    """What became of a message, as a person asks for it.

    `sent`: a provider took it, and whether it arrived is not known; a gateway that reports nothing
    back, or mail, leaves it at that. `unanswered`: a call that was put through and not taken; it is
    no failure, others are called by themselves.
    """

    FAILED = "failed"
    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    UNANSWERED = "unanswered"
    CANCELLED = "cancelled"
    REPEATED = "repeated"


class Column(StrEnum):
    """What the log can be sorted by; without one, failed messages come first, then the newest."""

    OUTCOME = "outcome"
    TEMPLATE = "template"
    CHANNEL = "channel"
    WRITTEN = "written"
    ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages, of the last `days` days; `after` is the last message of the page before."""

    days: int = 7
    column: Column | None = None
    is_descending: bool = False
    outcome: Outcome | None = None
    channel: ChannelName | None = None
    code: str | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message: to whom (a code or a user's name), about which participant, and its fate.

    It may be sent again when it failed and was meant for a participant or a user. A call is not:
    phones ring again by themselves for as long as it is needed.
    """

    message: OutboxMessage
    to: str
    participant: str | None
    site: Site | None
    outcome: Outcome
    may_be_sent_again: bool


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page, and after which message the next one goes on; None where nothing follows."""

    lines: Sequence[Line]
    next_after: UUID | None


def list_page(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> MessagePage:
    """Return messages of the last days at the actor's sites, in the order that is asked for.

    At whose site a message belongs stands in it by name only. The log is therefore read piece by
    piece until a page is full: what that costs follows from the page, not from all that was sent.
    """
    lines: list[Line] = []
    for line in _visible(session, actor, wanted, now=now):
        if len(lines) == PAGE:
            return MessagePage(lines, next_after=lines[-1].message.id)
        lines.append(line)
    return MessagePage(lines, next_after=None)


def receipts(session: Session, line: Line) -> Sequence[DeliveryReceipt]:
    """Return what the provider said of a message."""
    return outbox.receipts_of(session, line.message.id)


def line_of(
    session: Session, actor: Actor, message: OutboxMessage, permission: Permission
) -> Line | None:
    """Return one message as the log has it; None for one out of the actor's reach."""
    return next(iter(_lines(session, actor, [message], permission)), None)


def outcome_of(message: OutboxMessage) -> Outcome:
    """Return what became of a message, the provider's last word included."""
    return outcome_from(message.state, message.delivery_status, message.repeated_by)


def outcome_from(state: MessageState, said: str | None, repeated_by: UUID | None) -> Outcome:
    """Return what became of a message by its state, the provider's word and what repeated it."""
    if repeated_by is not None:
        return Outcome.REPEATED
    if state in FAILED or said in UNDELIVERED:
        return Outcome.FAILED
    if state is MessageState.CANCELLED:
        return Outcome.CANCELLED
    if state is not MessageState.SENT:
        return Outcome.WAITING
    if said in UNANSWERED:
        return Outcome.UNANSWERED
    return Outcome.DELIVERED if said in ARRIVED else Outcome.SENT


def _outcome() -> ColumnElement[str]:
    """Return what became of a message, as `outcome_of` tells, in the database."""
    said = func.coalesce(OutboxMessage.delivery_status, "")
    return case(
        (OutboxMessage.repeated_by.is_not(None), Outcome.REPEATED.value),
        (OutboxMessage.state.in_(FAILED) | said.in_(UNDELIVERED), Outcome.FAILED.value),
        (OutboxMessage.state == MessageState.CANCELLED, Outcome.CANCELLED.value),
        (OutboxMessage.state != MessageState.SENT, Outcome.WAITING.value),
        (said.in_(UNANSWERED), Outcome.UNANSWERED.value),
        (said.in_(ARRIVED), Outcome.DELIVERED.value),
        else_=Outcome.SENT.value,
    )


def _visible(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> Iterator[Line]:
    """Yield what the actor may see of the log in its order, from where the page before ended."""
    last = session.get(OutboxMessage, wanted.after) if wanted.after else None
    if wanted.column is not None:
        query = _narrowed(session, wanted, now=now)
        yield from _piece_by_piece(session, actor, query, wanted, last)
        return
    began_with_failed = last is None or outcome_of(last) is Outcome.FAILED
    for is_failed in (True, False) if began_with_failed else (False,):
        condition = _outcome() == Outcome.FAILED.value
        part = _narrowed(session, wanted, now=now).where(condition if is_failed else ~condition)
        begin = last if is_failed is began_with_failed else None
        yield from _piece_by_piece(session, actor, part, wanted, begin)


def _piece_by_piece(
    session: Session,
    actor: Actor,
    query: Select[OutboxMessage],
    wanted: Wanted,
    begin: OutboxMessage | None,
) -> Iterator[Line]:
    while True:
        piece = session.scalars(
            query if begin is None else query.where(_comes_after(begin, wanted))
        ).all()
        yield from _lines(session, actor, piece)
        if len(piece) < PIECE:
            break
        begin = piece[-1]


def _narrowed(session: Session, wanted: Wanted, *, now: datetime) -> Select[OutboxMessage]:
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.created_at > now - timedelta(days=wanted.days))
        .order_by(*_order(wanted))
        .limit(PIECE)
    )
    if wanted.outcome is not None:
        query = query.where(_outcome() == wanted.outcome.value)
    if wanted.channel is not None:
        query = query.where(OutboxMessage.channel == wanted.channel)
    if wanted.code is not None:
        who = session.scalar(select(Participant.id).where(Participant.code == wanted.code))
        query = query.where(OutboxMessage.recipient_ref == f"participant:{who}")
    return query


def _order(wanted: Wanted) -> list[ColumnElement[Any]]:
    usual: list[ColumnElement[Any]] = [OutboxMessage.created_at.desc(), OutboxMessage.id.asc()]
    if wanted.column is None:
        return usual
    place = _place(wanted.column)
    return [place.desc() if wanted.is_descending else place.asc(), *usual]


def _place(column: Column) -> Any:
    """Return what the log is sorted by, as `_place_of` tells it of one message."""
    match column:
        case Column.OUTCOME:
            return _outcome()
        case Column.TEMPLATE:
            return OutboxMessage.template
        case Column.CHANNEL:
            return cast(OutboxMessage.channel, Text)
        case Column.WRITTEN:
            return OutboxMessage.created_at
        case Column.ATTEMPTS:
            return OutboxMessage.attempt_count


def _comes_after(message: OutboxMessage, wanted: Wanted) -> ColumnElement[bool]:
    is_older = or_(
        OutboxMessage.created_at < message.created_at,
        and_(OutboxMessage.created_at == message.created_at, OutboxMessage.id > message.id),
    )
    if wanted.column is None:
        return is_older
    place, there = _place(wanted.column), _place_of(message, wanted.column)
    is_further = place < there if wanted.is_descending else place > there
    return or_(is_further, and_(place == there, is_older))


def _place_of(message: OutboxMessage, column: Column) -> Any:
    match column:
        case Column.OUTCOME:
            return outcome_of(message).value
        case Column.TEMPLATE:
            return message.template
        case Column.CHANNEL:
            return message.channel.value
        case Column.WRITTEN:
            return message.created_at
        case Column.ATTEMPTS:
            return message.attempt_count


def _lines(
    session: Session,
    actor: Actor,
    messages: Sequence[OutboxMessage],
    permission: Permission = Permission.READ_MESSAGE,
) -> list[Line]:
    participants = _people(session, messages)
    users = _users(session, messages)
    flags = _flags(session, messages)
    sites = {site.id: site for site in session.scalars(select(Site))}
    lines = []
    for message in messages:
        kind, ref = _split(message.recipient_ref)
        about_kind, about = _split(message.about)
        who = participants.get(ref) if ref and kind == "participant" else None
        whose = who or (flags.get(about) if about and about_kind == "flag" else None)
        if whose is None or not actor.may_at(permission, whose.site_id):
            continue
        lines.append(
            Line(
                message=message,
                to=who.code if who else users.get(ref, kind),
                participant=whose.code,
                site=sites.get(whose.site_id),
                outcome=outcome_of(message),
                may_be_sent_again=(
                    outcome_of(message) is Outcome.FAILED
                    and kind in {"participant", "user"}
                    and message.channel is not ChannelName.VOICE
                ),
            )
        )
    return lines


def _people(session: Session, messages: Iterable[OutboxMessage]) -> Mapping[UUID, Participant]:
    ids = {ref for kind, ref in map(_recipient, messages) if kind == "participant" and ref}
    rows = session.scalars(select(Participant).where(Participant.id.in_(ids)))
    return {one.id: one for one in rows}


def _users(session: Session, messages: Iterable[OutboxMessage]) -> Mapping[UUID | None, str]:
    ids = {ref for kind, ref in map(_recipient, messages) if kind == "user" and ref}
    return dict(session.execute(select(User.id, User.full_name).where(User.id.in_(ids))).all())


def _flags(
    session: Session, messages: Iterable[OutboxMessage]
) -> Mapping[UUID | None, Participant]:
    about = [_split(one.about) for one in messages]
    ids = {ref for kind, ref in about if kind == "flag" and ref}
    rows = session.execute(
        select(SafetyFlag.id, Participant)
        .join(Participant, Participant.id == SafetyFlag.participant_id)
        .where(SafetyFlag.id.in_(ids))
    )
    return dict(rows.all())


def _recipient(message: OutboxMessage) -> tuple[str, UUID | None]:
    return _split(message.recipient_ref)


def _split(name: str | None) -> tuple[str, UUID | None]:
    """Return the kind and the id of a name like "participant:<uuid>"."""
    kind, _, rest = (name or "").partition(":")
    try:
        return kind, UUID(rest.partition(":")[0])
    except ValueError:
        return kind, None
