"""The machines that pull changes: given a secret and scopes, let in for minutes, shut out at once.

A secret is 256 random bits, so a fast keyed hash keeps it as well as a slow one would: nobody can
try them all. Secrets and tokens live by the wall clock.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, Scope
from epro.crypto import Keyring
from epro.errors import AlreadyExists, InvalidInput, NotFound, NotSignedIn, ScopeNotGranted
from epro.models import EdcClient, EdcClientSecret, JournalKind
from epro.services import journal, lockouts, signing_in
from epro.services.journal import Subject
from epro.services.lockouts import LockPolicy
from epro.services.sessions import Caller

TOKEN_LIFE = timedelta(minutes=10)
LOCK_POLICY = LockPolicy(limit=5, pause=timedelta(minutes=15))
LONGEST_OVERLAP = timedelta(days=30)
NAME = re.compile(r"[a-z][a-z0-9-]{2,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A client with its newest secret, readable this once."""

    client: EdcClient
    secret: str


def add_client(
    session: Session,
    actor: Actor,
    name: str,
    *,
    scopes: Collection[str],
    networks: Collection[str] = (),
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> NewSecret:
    """Add a client and give it its first secret; its name is its OAuth2 client id.

    `networks` (CIDR) limit where it may come from; none means anywhere. Raises InvalidInput naming
    an unknown scope, a network or name that is none, and AlreadyExists for a taken name.
    """
    if problems := list(_problems(name, scopes, networks)):
        raise InvalidInput(details={"problems": problems})
    if session.scalars(select(EdcClient.id).where(EdcClient.name == name)).first():
        raise AlreadyExists(f"The EDC client {name} exists already.")
    facts = {"scopes": sorted(set(scopes)), "networks": sorted(set(networks))}
    client = EdcClient(name=name, created_at=now, **facts)
    session.add(client)
    session.flush()
    secret = _issue_secret(session, client, keyring=keyring, wall_now=wall_now)
    journal.record(session, actor, "edc_client.added", _subject(client), after=facts, now=now)
    return NewSecret(client, secret)


def rotate_secret(
    session: Session,
    actor: Actor,
    name: str,
    *,
    overlap: timedelta,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> NewSecret:
    """Give a client a new secret; those it has stay good for `overlap` and not a moment longer.

    Raises NotFound for an unknown or revoked client, InvalidInput for an overlap over 30 days.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        message = f"An overlap lasts at most {LONGEST_OVERLAP.days} days."
        raise InvalidInput(details={"problems": [{"place": "overlap", "message": message}]})
    client = _locked(session, name)
    until = wall_now + overlap
    session.execute(
        update(EdcClientSecret)
        .where(
            EdcClientSecret.client_id == client.id,
            or_(EdcClientSecret.expires_at.is_(None), EdcClientSecret.expires_at > until),
        )
        .values(expires_at=until)
    )
    secret = _issue_secret(session, client, keyring=keyring, wall_now=wall_now)
    client.version += 1
    session.flush()
    journal.record(
        session, actor, "edc_client.secret_rotated", _subject(client),
        after={"old_secrets_good_until": until}, now=now,
    )  # fmt: skip
    return NewSecret(client, secret)


def revoke(session: Session, actor: Actor, name: str, *, reason: str, now: datetime) -> None:
    """Shut a client out for good: its secrets and the tokens it holds are worth nothing from now.

    Raises NotFound for an unknown client, or one that is revoked already.
    """
    client = _locked(session, name)
    client.revoked_at = now
    client.version += 1
    session.flush()
    journal.record(
        session, actor, "edc_client.revoked", _subject(client),
        after={"revoked_at": now}, before={"revoked_at": None}, reason=reason, now=now,
    )  # fmt: skip


def authenticate(
    session: Session,
    name: str,
    secret: str,
    *,
    scopes: Collection[str],
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> Actor:
    """Return the client as an actor, with the scopes asked for (none: all it has), on record.

    Raises WrongCredentials, the same for an unknown name, a wrong, expired or revoked secret and a
    strange network; TooManyAttempts; ScopeNotGranted.
    """
    # Counted for this address only: whoever guesses from elsewhere must not shut the client out.
    claim = keyring.lookup("edc_client", f"{name}\x1f{caller.address}")
    client = _by_name(session, name)
    subject = _subject(client) if client else Subject(entity_type="edc_client", entity_id="unknown")
    signing_in.hold(session, claim, LOCK_POLICY, caller, subject, keyring=keyring, now=now)
    is_known = client is not None and _has_secret(
        session, client, secret, keyring=keyring, wall_now=wall_now
    )
    if client is None or not is_known or not _may_come_from(client, caller.address):
        lockouts.count_failure(session, claim, LOCK_POLICY, now=now)
        signing_in.refuse(
            session, caller, subject, verb="edc_client.refused", why="wrong_secret",
            keyring=keyring, now=now,
        )  # fmt: skip
    lockouts.clear(session, claim)
    if not set(scopes) <= set(client.scopes):
        raise ScopeNotGranted
    actor = _actor(client, scopes or client.scopes, client_name=caller.client)
    journal.record(
        session, actor, "edc_token.issued", _subject(client),
        after={"scopes": sorted(actor.scopes)}, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip
    return actor


def actor_of(
    session: Session, client_id: UUID, scopes: Iterable[str], *, address: str, client_name: str
) -> Actor:
    """Return who is behind a token, with those of its scopes that the client still has.

    Raises NotSignedIn for a client that is unknown, revoked, or comes from a strange network.
    """
    client = session.get(EdcClient, client_id)
    if client is None or client.revoked_at is not None or not _may_come_from(client, address):
        raise NotSignedIn
    return _actor(client, set(scopes) & set(client.scopes), client_name=client_name)


def _actor(client: EdcClient, scopes: Iterable[str], *, client_name: str) -> Actor:
    return Actor(
        kind=ActorKind.CLIENT, id=client.id, name=client.name, grants=(Grant(Role.EDC_CLIENT),),
        client=client_name, scopes=frozenset(map(Scope, scopes)),
    )  # fmt: skip


def _issue_secret(
    session: Session, client: EdcClient, *, keyring: Keyring, wall_now: datetime
) -> str:
    secret = secrets.token_urlsafe(32)
    lookup = _secret_lookup(client, secret, keyring=keyring)
    session.add(EdcClientSecret(secret_lookup=lookup, client_id=client.id, issued_at=wall_now))
    session.flush()
    return secret


def _has_secret(
    session: Session, client: EdcClient, secret: str, *, keyring: Keyring, wall_now: datetime
) -> bool:
    stored = session.get(EdcClientSecret, _secret_lookup(client, secret, keyring=keyring))
    if stored is None or client.revoked_at is not None:
        return False
    return stored.expires_at is None or wall_now < stored.expires_at


def _secret_lookup(client: EdcClient, secret: str, *, keyring: Keyring) -> str:
    return keyring.lookup(f"edc_secret:{client.id}", secret)


def _may_come_from(client: EdcClient, address: str) -> bool:
    if not client.networks:
        return True
    try:
        where = ip_address(address)
    except ValueError:
        return False
    return any(where in ip_network(network) for network in client.networks)


def _by_name(session: Session, name: str) -> EdcClient | None:
    if not NAME.fullmatch(name):
        return None
    return session.scalars(select(EdcClient).where(EdcClient.name == name)).first()


def _locked(session: Session, name: str) -> EdcClient:
    client = session.scalars(
        select(EdcClient)
        .where(EdcClient.name == name, EdcClient.revoked_at.is_(None))
        .with_for_update()
    ).first()
    if client is None:
        raise NotFound(f"There is no EDC client {name} that could still get in.")
    return client


def _subject(client: EdcClient) -> Subject:
    return Subject(entity_type="edc_client", entity_id=client.name, version=client.version)


def _problems(
    name: str, scopes: Collection[str], networks: Collection[str]
) -> Iterator[dict[str, str]]:
    if not NAME.fullmatch(name):
        message = "3 to 32 small letters, digits, dashes; a letter first."
        yield {"place": "name", "message": message}
    known = {scope.value for scope in Scope}
    if not scopes or set(scopes) - known:
        yield {"place": "scopes", "message": f"One or more of: {', '.join(sorted(known))}."}
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            yield {"place": "networks", "message": f"{network} is no network, as in 10.2.0.0/16."}
