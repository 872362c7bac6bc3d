"""A phone that a user trusts opens by a PIN, for taking flags and for nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from epro.access import TRUSTED_PHONE_MAY, Actor, Permission, Role
from epro.errors import DomainError, NotFound, NotPermitted, WeakSecret
from epro.services import sessions, trusted_phones
from epro.services.sessions import Caller, SignedIn
from epro.services.trusted_phones import NewTrust
from tests.clock import FrozenClock
from tests.factories import PIN, add_site, add_user, make_keyring, user_actor

KEYRING = make_keyring()
CALLER = Caller(client="a phone at night", address="192.0.2.9")

pytestmark = pytest.mark.req("P-05", "P-06")


@pytest.fixture
def coordinator(session: Session) -> Actor:
    add_site(session)
    added = add_user(session, "li.min", roles=[Role.COORDINATOR], site="SZ01", keyring=KEYRING)
    return user_actor(added.user)


def trust(session: Session, actor: Actor, clock: FrozenClock, pin: str = PIN) -> NewTrust:
    return trusted_phones.trust(
        session, actor, pin, keyring=KEYRING, now=clock(), wall_now=clock()
    )  # fmt: skip


def unlock(session: Session, key: str, clock: FrozenClock, pin: str = PIN) -> SignedIn:
    return trusted_phones.unlock(
        session, key, pin, caller=CALLER, keyring=KEYRING, now=clock(), wall_now=clock()
    )


def answer(session: Session, key: str, clock: FrozenClock, pin: str) -> str:
    """Return the code of the refusal, or "in"."""
    try:
        unlock(session, key, clock, pin)
    except DomainError as refusal:
        return refusal.code
    return "in"


def test_a_pin_session_may_take_flags_and_nothing_else(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    key = trust(session, coordinator, clock).key

    actor = unlock(session, key, clock).actor

    assert {one for one in Permission if actor.holds(one)} == TRUSTED_PHONE_MAY
    assert {one for one in Permission if coordinator.holds(one)} > TRUSTED_PHONE_MAY


def test_each_request_of_a_pin_session_is_limited_too(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    signed_in = unlock(session, trust(session, coordinator, clock).key, clock)

    actor = sessions.actor_of(
        session, signed_in.person_id, signed_in.device_session_id, client="", wall_now=clock()
    )

    assert actor.only == TRUSTED_PHONE_MAY


def test_a_pin_session_cannot_trust_a_further_phone(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    limited = unlock(session, trust(session, coordinator, clock).key, clock).actor

    with pytest.raises(NotPermitted):
        trust(session, limited, clock)


def test_the_fifth_wrong_pin_ends_the_trust(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    key = trust(session, coordinator, clock).key

    wrong = [answer(session, key, clock, "000000") for _ in range(5)]

    assert wrong == ["wrong_credentials"] * 5
    assert answer(session, key, clock, PIN) == "wrong_credentials"
    assert not trusted_phones.is_trusted(session, key, keyring=KEYRING, wall_now=clock())


def test_trust_ends_after_thirty_days(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    key = trust(session, coordinator, clock).key

    clock.advance(days=30, microseconds=-1)
    just_before = answer(session, key, clock, PIN)
    clock.advance(microseconds=1)

    assert (just_before, answer(session, key, clock, PIN)) == ("in", "wrong_credentials")


def test_its_owner_can_end_the_trust_and_nobody_else(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    added = add_user(session, "chen.jing", roles=[Role.MONITOR], site="SZ01", keyring=KEYRING)
    new = trust(session, coordinator, clock)

    with pytest.raises(NotFound):
        trusted_phones.revoke(
            session, user_actor(added.user), new.phone.id, now=clock(), wall_now=clock()
        )
    trusted_phones.revoke(session, coordinator, new.phone.id, now=clock(), wall_now=clock())

    assert answer(session, new.key, clock, PIN) == "wrong_credentials"
    assert trusted_phones.phones_of(session, coordinator, wall_now=clock()) == []


def test_a_key_of_somewhere_else_opens_nothing(
    session: Session, coordinator: Actor, clock: FrozenClock
) -> None:
    trust(session, coordinator, clock)

    assert answer(session, "another key", clock, PIN) == "wrong_credentials"


@pytest.mark.parametrize("pin", ["123456", "111111", "84027", "84027x"])
def test_an_easy_pin_is_refused(
    session: Session, coordinator: Actor, clock: FrozenClock, pin: str
) -> None:
    with pytest.raises(WeakSecret):
        trust(session, coordinator, clock, pin)


def test_a_user_whose_account_is_closed_cannot_unlock(session: Session, clock: FrozenClock) -> None:
    add_site(session)
    added = add_user(session, "li.min", roles=[Role.COORDINATOR], site="SZ01", keyring=KEYRING)
    key = trust(session, user_actor(added.user), clock).key

    added.user.deactivated_at = clock() - timedelta(hours=1)
    session.flush()

    assert answer(session, key, clock, PIN) == "wrong_credentials"
