"""Signing in: a PIN, or a password with a one-time code; unknown and known look alike."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import Database
from epro.errors import DomainError, TooManyAttempts, WrongCredentials
from epro.models import JournalEntry, Lockout, Participant
from epro.services import activation, enrolment, identity, signing_in
from epro.services.sessions import Caller, SignedIn
from epro.services.staff import NewUser
from tests.clock import START, FrozenClock
from tests.factories import (
    PASSWORD,
    PIN,
    SYSTEM,
    add_participant,
    add_site,
    add_user,
    make_keyring,
    totp_at,
    user_actor,
)
from tests.threads import at_once

CALLER = Caller(client="test phone", address="192.0.2.7")
KEYRING = make_keyring()
KNOWN, UNKNOWN = "SZ01-014", "SZ01-999"


@pytest.fixture
def participant(session: Session) -> Participant:
    return add_participant(session, add_site(session), KNOWN, pin=PIN)


def sign_in(session: Session, clock: FrozenClock, code: str = KNOWN, pin: str = PIN) -> SignedIn:
    return signing_in.sign_in_participant(
        session, code=code, pin=pin, caller=CALLER, keyring=KEYRING,
        now=clock(), wall_now=clock(),
    )  # fmt: skip


def answer(session: Session, clock: FrozenClock, code: str, pin: str) -> str:
    """Return the code of the refusal, or "in"."""
    try:
        sign_in(session, clock, code, pin)
    except DomainError as refusal:
        return refusal.code
    return "in"


def answers(session: Session, clock: FrozenClock, code: str, count: int) -> list[str]:
    return [answer(session, clock, code, "000000") for _ in range(count)]


@pytest.mark.req("P-03")
@pytest.mark.parametrize("typed", [KNOWN, " sz01-014 "])
def test_code_and_pin_open_a_session(
    session: Session, participant: Participant, clock: FrozenClock, typed: str
) -> None:
    assert sign_in(session, clock, typed).person_id == participant.id


@pytest.mark.req("P-03")
def test_without_an_activation_there_is_no_pin_that_fits(
    session: Session, clock: FrozenClock
) -> None:
    add_participant(session, add_site(session), KNOWN)

    assert answer(session, clock, KNOWN, PIN) == "wrong_credentials"


@pytest.mark.req("P-04")
@pytest.mark.parametrize("code", [KNOWN, UNKNOWN])
def test_the_sixth_attempt_is_refused_for_a_known_and_an_unknown_code_alike(
    session: Session, participant: Participant, clock: FrozenClock, code: str
) -> None:
    assert answers(session, clock, code, 6) == ["wrong_credentials"] * 5 + ["too_many_attempts"]


@pytest.mark.req("P-04")
def test_while_locked_even_the_right_pin_is_refused(
    session: Session, participant: Participant, clock: FrozenClock
) -> None:
    answers(session, clock, KNOWN, 5)
    clock.advance(minutes=15, microseconds=-1)

    assert answer(session, clock, KNOWN, PIN) == "too_many_attempts"


@pytest.mark.req("P-04")
def test_after_15_minutes_the_right_pin_is_good_again(
    session: Session, participant: Participant, clock: FrozenClock
) -> None:
    answers(session, clock, KNOWN, 5)
    clock.advance(minutes=15)

    assert answer(session, clock, KNOWN, PIN) == "in"


@pytest.mark.req("P-04")
@pytest.mark.parametrize("code", [KNOWN, UNKNOWN])
def test_after_ten_failures_waiting_does_not_help(
    session: Session, participant: Participant, clock: FrozenClock, code: str
) -> None:
    answers(session, clock, code, 5)
    clock.advance(minutes=15)
    assert answers(session, clock, code, 5) == ["wrong_credentials"] * 5
    clock.advance(days=30)

    assert answer(session, clock, code, PIN) == "too_many_attempts"


@pytest.mark.req("P-04")
def test_attempts_made_while_locked_do_not_bring_the_final_lock_nearer(
    session: Session, participant: Participant, clock: FrozenClock
) -> None:
    answers(session, clock, KNOWN, 20)
    clock.advance(minutes=15)

    assert answer(session, clock, KNOWN, PIN) == "in"


@pytest.mark.req("P-04")
def test_the_right_pin_forgets_the_failures_before_it(
    session: Session, participant: Participant, clock: FrozenClock
) -> None:
    answers(session, clock, KNOWN, 4)
    sign_in(session, clock)

    assert answers(session, clock, KNOWN, 5) == ["wrong_credentials"] * 5


@pytest.mark.req("P-03", "P-04")
def test_after_ten_failures_a_new_activation_code_helps(
    session: Session, participant: Participant, clock: FrozenClock
) -> None:
    answers(session, clock, KNOWN, 5)
    clock.advance(minutes=15)
    answers(session, clock, KNOWN, 5)
    identity.seal(
        session, SYSTEM, participant,
        phone="+8613800138000", year_of_birth=1968, keyring=KEYRING, now=clock(),
    )  # fmt: skip
    coordinator = user_actor(add_user(session).user)
    issued = enrolment.issue_activation_code(
        session, coordinator, KNOWN, keyring=KEYRING, now=clock()
    )

    activation.activate(
        session, code=issued.activation_code, year_of_birth=1968, pin="305817", caller=CALLER,
        keyring=KEYRING, now=clock(), wall_now=clock(),
    )  # fmt: skip

    assert answer(session, clock, KNOWN, "305817") == "in"


@pytest.mark.req("P-04")
def test_guesses_made_at_the_same_moment_are_judged_one_by_one(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        add_participant(session, add_site(session), KNOWN, pin=PIN)

    def guess() -> None:
        with fresh_database.transaction() as session:
            sign_in(session, clock, pin="000000")

    kinds = [type(end) for end in at_once(*[guess] * 8)]

    assert (kinds.count(WrongCredentials), kinds.count(TooManyAttempts)) == (5, 3)


@pytest.mark.req("P-04")
def test_a_failed_sign_in_is_counted_although_it_is_refused(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        add_participant(session, add_site(session), KNOWN, pin=PIN)

    with pytest.raises(WrongCredentials), fresh_database.transaction() as session:
        sign_in(session, clock, pin="000000")

    with fresh_database.reading() as session:
        assert [row.failed_count for row in session.scalars(select(Lockout))] == [1, 1]
        assert session.scalars(select(JournalEntry.verb)).all() == ["sign_in.refused"]


@pytest.mark.req("P-04")
def test_what_was_typed_is_not_on_record(session: Session, clock: FrozenClock) -> None:
    answer(session, clock, "my-secret-code", "918273")

    (body,) = session.scalars(select(JournalEntry.body)).all()
    assert "my-secret" not in body.lower()
    assert "918273" not in body


# --- staff ----------------------------------------------------------------------------------------


@pytest.fixture
def coordinator(session: Session) -> NewUser:
    add_site(session)
    return add_user(session, "zhang.jing", keyring=KEYRING)


def sign_in_user(
    session: Session,
    clock: FrozenClock,
    *,
    username: str = "zhang.jing",
    password: str = PASSWORD,
    totp: str,
) -> SignedIn:
    return signing_in.sign_in_user(
        session, username=username, password=password, totp=totp, caller=CALLER, keyring=KEYRING,
        now=clock(), wall_now=clock(),
    )  # fmt: skip


@pytest.mark.req("P-05")
def test_password_and_one_time_code_open_a_session(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    signed_in = sign_in_user(
        session, clock, username=" Zhang.Jing", totp=totp_at(coordinator, clock())
    )

    assert signed_in.person_id == coordinator.user.id


@pytest.mark.req("P-05")
@pytest.mark.parametrize("totp", ["000000", "", "ä", "\uff11\uff12\uff13\uff14\uff15\uff16"])
def test_the_password_alone_opens_nothing(
    session: Session, coordinator: NewUser, clock: FrozenClock, totp: str
) -> None:
    with pytest.raises(WrongCredentials):
        sign_in_user(session, clock, totp=totp)


@pytest.mark.req("P-05")
def test_the_one_time_code_alone_opens_nothing(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    with pytest.raises(WrongCredentials):
        sign_in_user(session, clock, password="a guess at it", totp=totp_at(coordinator, clock()))


@pytest.mark.req("P-05")
@pytest.mark.parametrize(
    ("away_s", "is_taken"), [(-60, False), (-30, True), (30, True), (60, False)]
)
def test_a_one_time_code_may_be_one_step_off(
    session: Session, coordinator: NewUser, clock: FrozenClock, away_s: int, is_taken: bool
) -> None:
    totp = totp_at(coordinator, START + timedelta(seconds=away_s))

    try:
        sign_in_user(session, clock, totp=totp)
    except WrongCredentials:
        assert not is_taken
    else:
        assert is_taken


@pytest.mark.req("P-05")
def test_a_one_time_code_is_taken_once(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    totp = totp_at(coordinator, clock())
    sign_in_user(session, clock, totp=totp)

    with pytest.raises(WrongCredentials):
        sign_in_user(session, clock, totp=totp)


@pytest.mark.req("P-05")
def test_the_next_one_time_code_is_good_after_one_was_used(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    sign_in_user(session, clock, totp=totp_at(coordinator, clock()))
    clock.advance(seconds=30)

    signed_in = sign_in_user(session, clock, totp=totp_at(coordinator, clock()))

    assert signed_in.person_id == coordinator.user.id


@pytest.mark.req("P-04")
@pytest.mark.parametrize("username", ["zhang.jing", "li.min"])
def test_the_sixth_attempt_of_staff_is_refused_known_or_not(
    session: Session, coordinator: NewUser, clock: FrozenClock, username: str
) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sign_in_user(session, clock, username=username, totp="000000")

    with pytest.raises(TooManyAttempts):
        sign_in_user(session, clock, username=username, totp=totp_at(coordinator, clock()))


@pytest.mark.req("P-04")
def test_a_locked_account_opens_again_after_15_minutes(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sign_in_user(session, clock, totp="000000")
    clock.advance(minutes=15)

    signed_in = sign_in_user(session, clock, totp=totp_at(coordinator, clock()))

    assert signed_in.person_id == coordinator.user.id


@pytest.mark.req("P-05")
def test_a_closed_account_is_refused_like_a_wrong_password(
    session: Session, coordinator: NewUser, clock: FrozenClock
) -> None:
    coordinator.user.deactivated_at = clock()

    with pytest.raises(WrongCredentials):
        sign_in_user(session, clock, totp=totp_at(coordinator, clock()))
