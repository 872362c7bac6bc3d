"""Device sessions: one signed-in phone or browser each, revocable, with refresh tokens that rotate.

Times of a session are wall-clock times, as token life is. A participant's session lasts as long as
the study; a user's ends after 15 idle minutes and after 12 hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, load_only

from epro.access import (
    ON_BEHALF_MAY,
    TRUSTED_PHONE_MAY,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Role,
)
from epro.errors import NotFound, NotSignedIn, SessionRevoked
from epro.models import DeviceSession, JournalKind, Participant, Site, TrustedPhone, User
from epro.services import journal
from epro.services.journal import Subject
from questionnaires.licensing import EntryMode

# UX 7, PRODUCT P-04.
USER_IDLE_LIMIT = timedelta(minutes=15)
USER_ABSOLUTE_LIMIT = timedelta(hours=12)
ON_BEHALF_LIMIT = timedelta(hours=2)
TOUCH_EVERY = timedelta(minutes=1)
PHONE_CLEARED = "phone_cleared"
# Asked with every request, so built once: that costs more than sending it. What is rarely looked at
# is left where it is: each column costs as well.
WHOSE_DEVICE = (
    select(DeviceSession, Participant)
    .outerjoin(Participant, Participant.id == DeviceSession.participant_id)
    .where(DeviceSession.id == bindparam("device_session_id"))
    .options(
        load_only(
            DeviceSession.participant_id,
            DeviceSession.user_id,
            DeviceSession.trusted_phone_id,
            DeviceSession.started_at,
            DeviceSession.last_seen_at,
            DeviceSession.revoked_at,
        ),
        load_only(Participant.code, Participant.site_id),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request without a session comes from; `attempt` numbers it, if the caller did."""

    client: str
    address: str
    attempt: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What tokens are made of: who, on which device session, and the refresh token's number."""

    actor: Actor
    person_id: UUID
    device_session_id: UUID
    generation: int


def actor_of(
    session: Session, person_id: UUID, device_session_id: UUID, *, client: str, wall_now: datetime
) -> Actor:
    """Return who is behind an access token, with the grants held now. Writes nothing.

    Raises SessionRevoked for a session that was ended, NotSignedIn for one that is unknown, belongs
    to somebody else, or (users) was idle or open for too long, or whose user is deactivated.
    """
    found = session.execute(WHOSE_DEVICE, {"device_session_id": device_session_id}).first()
    if found is None:
        raise NotSignedIn
    # While the participant is held here, the session has her at hand and asks for her no more.
    device, _participant = found
    if person_id not in (device.participant_id, device.user_id):
        raise NotSignedIn
    return _actor(_person_on(session, device, wall_now=wall_now), device, client=client)


def is_touch_due(session: Session, actor: Actor, *, wall_now: datetime) -> bool:
    """Tell whether a user's activity should be noted, which `touch` does at most once a minute.

    Participants have no idle limit; theirs is noted when tokens are refreshed.
    """
    if actor.kind is not ActorKind.USER or actor.device_session_id is None:
        return False
    last_seen_at = session.get_one(DeviceSession, actor.device_session_id).last_seen_at
    return wall_now - last_seen_at >= TOUCH_EVERY


def touch(session: Session, actor: Actor, *, wall_now: datetime) -> None:
    """Note that the actor's session is in use, which postpones its idle limit."""
    session.execute(
        update(DeviceSession)
        .where(DeviceSession.id == actor.device_session_id, DeviceSession.last_seen_at < wall_now)
        .values(last_seen_at=wall_now)
    )


def start(
    session: Session,
    person: Participant | User,
    *,
    client: str,
    by_phone: TrustedPhone | None = None,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open a device session for somebody who has just proven who they are.

    With `by_phone` a PIN was the proof, and the session is good for taking flags only.
    """
    is_participant = isinstance(person, Participant)
    device = DeviceSession(
        participant_id=person.id if is_participant else None,
        user_id=None if is_participant else person.id,
        client=client,
        trusted_phone_id=by_phone.id if by_phone else None,
        refresh_generation=1,
        started_at=wall_now,
        last_seen_at=wall_now,
    )
    session.add(device)
    session.flush()
    actor = _actor(person, device, client=client)
    _put_on_record(session, actor, "device_session.started", device, now=now)
    return SignedIn(actor=actor, person_id=person.id, device_session_id=device.id, generation=1)


def start_on_behalf(
    session: Session,
    actor: Actor,
    participant: Participant,
    mode: EntryMode,
    *,
    client: str,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open the app for a participant on the site's own device, for two hours at most.

    The session is hers, so that what is answered is hers; who opened it, and by which mode, stands
    in the name of the device and so beside everything that is recorded through it.
    """
    named = f"{actor.name} ({mode.value}) {client}"
    signed_in = start(session, participant, client=named, now=now, wall_now=wall_now)
    device = session.get_one(DeviceSession, signed_in.device_session_id)
    _put_on_record(
        session, actor, "device_session.opened_on_behalf", device, reason=mode.value, now=now
    )
    return signed_in


def actor_on_behalf(
    session: Session,
    actor: Actor,
    opened_by_id: UUID,
    mode: EntryMode,
    *,
    wall_now: datetime,
) -> Actor:
    """Return the participant's actor as far as somebody of the site may act for her.

    `actor` is what `actor_of` found. Raises NotSignedIn after two hours, or once whoever opened the
    session may no longer do so.
    """
    device = session.get_one(DeviceSession, actor.device_session_id)
    user = session.get(User, opened_by_id)
    participant = session.get_one(Participant, actor.id)
    if user is None or user.deactivated_at is not None:
        raise NotSignedIn
    grants = tuple(Grant(held.role, held.site_id) for held in user.memberships)
    opener = Actor(kind=ActorKind.USER, id=user.id, name=user.username, grants=grants)
    may = grants and opener.may_at(Permission.ANSWER_ON_BEHALF, participant.site_id)
    if not may or wall_now - device.started_at >= ON_BEHALF_LIMIT:
        raise NotSignedIn
    return replace(
        actor, client=device.client, only=ON_BEHALF_MAY, opened_by=user.username,
        entry_mode=mode.value,
    )  # fmt: skip


def rotate(
    session: Session,
    *,
    device_session_id: UUID,
    generation: int,
    client: str,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Take one refresh token and hand out its successor.

    The newest token rotates. One generation older is answered again with the newest: its reply was
    lost, or two tabs asked at once. Anything older has been replaced and used, so whoever brings it
    holds a copy: the whole family ends. Raises SessionRevoked and NotSignedIn as `actor_of` does.
    """
    device = session.scalars(
        select(DeviceSession)
        .where(DeviceSession.id == device_session_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if device is None:
        raise NotSignedIn
    person = _person_on(session, device, wall_now=wall_now)
    actor = _actor(person, device, client=client)
    if generation < device.refresh_generation - 1:
        _revoke(session, actor, device, "refresh_token_reused", now=now, wall_now=wall_now)
        raise SessionRevoked
    if generation >= device.refresh_generation:
        # Newer than known: handed out before the database was restored from a backup. Our own key
        # signed it, and a participant is not locked out for that.
        device.refresh_generation = generation + 1
    device.last_seen_at = wall_now
    session.flush()
    return SignedIn(
        actor=actor,
        person_id=person.id,
        device_session_id=device.id,
        generation=device.refresh_generation,
    )


def end(session: Session, actor: Actor, *, now: datetime, wall_now: datetime) -> None:
    """Sign out: end the session the actor is using."""
    device = session.get_one(DeviceSession, actor.device_session_id)
    if device.revoked_at is None:
        device.revoked_at, device.revoked_reason = wall_now, "signed_out"
        session.flush()
        _put_on_record(session, actor, "device_session.ended", device, now=now)


def note_cleared(
    session: Session,
    actor: Actor,
    before_id: UUID | None,
    *,
    now: datetime,
    wall_now: datetime,
) -> None:
    """Put on record that a phone had lost what it kept, and came back by the PIN.

    `actor` is on the new session; the one that the phone had before, if it still names it and it is
    hers, ends: one phone, one session.
    """
    device = session.get_one(DeviceSession, actor.device_session_id)
    _put_on_record(session, actor, "device_session.cleared", device, now=now)
    before = session.get(DeviceSession, before_id) if before_id else None
    if before is not None and before.participant_id == actor.id and before.revoked_at is None:
        _revoke(session, actor, before, PHONE_CLEARED, now=now, wall_now=wall_now)


def devices_of(session: Session, participant: Participant) -> Sequence[DeviceSession]:
    """Return every device session a participant ever had, newest first."""
    return session.scalars(
        select(DeviceSession)
        .where(DeviceSession.participant_id == participant.id)
        .order_by(DeviceSession.started_at.desc(), DeviceSession.id)
    ).all()


def revoke_device(
    session: Session,
    actor: Actor,
    participant: Participant,
    device_session_id: UUID,
    *,
    now: datetime,
    wall_now: datetime,
) -> None:
    """End one of a participant's sessions from the site: the phone was lost. Again is harmless.

    Raises NotFound when the participant has no such session.
    """
    device = session.get(DeviceSession, device_session_id)
    if device is None or device.participant_id != participant.id:
        raise NotFound
    if device.revoked_at is None:
        _revoke(session, actor, device, "revoked_by_site", now=now, wall_now=wall_now)


def revoke_all(
    session: Session,
    actor: Actor,
    person: Participant | User,
    *,
    except_id: UUID | None = None,
    reason: str,
    now: datetime,
    wall_now: datetime,
) -> int:
    """End a person's open sessions, except one; return how many ended. `reason` is a short slug."""
    devices = session.scalars(
        select(DeviceSession)
        .where(
            (DeviceSession.participant_id == person.id) | (DeviceSession.user_id == person.id),
            DeviceSession.id != except_id,
            DeviceSession.revoked_at.is_(None),
        )
        .order_by(DeviceSession.id)
        .with_for_update(key_share=True)
    ).all()
    for device in devices:
        _revoke(session, actor, device, reason, now=now, wall_now=wall_now)
    return len(devices)


def _person_on(
    session: Session, device: DeviceSession, *, wall_now: datetime
) -> Participant | User:
    if device.revoked_at is not None:
        raise SessionRevoked
    if device.participant_id is not None:
        return session.get_one(Participant, device.participant_id)
    user = session.get_one(User, device.user_id)
    is_idle = wall_now - device.last_seen_at >= USER_IDLE_LIMIT
    is_over = wall_now - device.started_at >= USER_ABSOLUTE_LIMIT
    if user.deactivated_at is not None or is_idle or is_over:
        raise NotSignedIn
    return user


def _actor(person: Participant | User, device: DeviceSession, *, client: str) -> Actor:
    if isinstance(person, Participant):
        kind, name = ActorKind.PARTICIPANT, person.code
        grants: tuple[Grant, ...] = (Grant(Role.PARTICIPANT, person.site_id),)
    else:
        kind, name = ActorKind.USER, person.username
        grants = tuple(Grant(held.role, held.site_id) for held in person.memberships)
    if not grants:
        raise NotSignedIn
    return Actor(
        kind=kind, id=person.id, name=name, grants=grants,
        device_session_id=device.id, client=client,
        only=TRUSTED_PHONE_MAY if device.trusted_phone_id else None,
    )  # fmt: skip


def _revoke(
    session: Session,
    actor: Actor,
    device: DeviceSession,
    reason: str,
    *,
    now: datetime,
    wall_now: datetime,
) -> None:
    device.revoked_at, device.revoked_reason = wall_now, reason
    session.flush()
    _put_on_record(session, actor, "device_session.revoked", device, reason=reason, now=now)


def _put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    device: DeviceSession,
    *,
    reason: str | None = None,
    now: datetime,
) -> None:
    participant = session.get(Participant, device.participant_id) if device.participant_id else None
    site = session.get(Site, participant.site_id) if participant else None
    journal.record(
        session,
        actor,
        verb,
        Subject(
            entity_type="device_session",
            entity_id=str(device.id),
            participant_code=participant.code if participant else None,
            site_code=site.code if site else None,
            site_id=site.id if site else None,
        ),
        after={"client": device.client, "started_at": device.started_at},
        reason=reason,
        kind=JournalKind.ACCESS,
        now=now,
    )
