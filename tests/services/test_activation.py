"""Activation: one use, 72 hours, code and year of birth together, the PIN her own."""

import json
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.crypto import Keyring
from epro.db import Database
from epro.errors import SessionRevoked, TooManyAttempts, WeakSecret, WrongCredentials
from epro.models import (
    ActivationCode,
    JournalEntry,
    JournalKind,
    LifeCycle,
    Lockout,
    Participant,
    ParticipantCredential,
)
from epro.services import activation, enrolment, identity, lockouts, planning, sessions
from epro.services.sessions import Caller, SignedIn
from tests.clock import START, FrozenClock
from tests.factories import (
    PIN,
    SYSTEM,
    add_participant,
    add_site,
    add_user,
    make_keyring,
    user_actor,
)
from tests.threads import at_once

YEAR = 1968
CALLER = Caller(client="test phone", address="192.0.2.7")


class Activation:
    """A participant with a fresh activation code, and her attempts to use it."""

    def __init__(self, session: Session, clock: FrozenClock) -> None:
        self.session, self.clock, self.keyring = session, clock, make_keyring()
        self.participant = add_participant(session, add_site(session))
        self.coordinator = user_actor(add_user(session).user)
        identity.seal(
            session, SYSTEM, self.participant,
            phone="+8613800138000", year_of_birth=YEAR, keyring=self.keyring, now=clock(),
        )  # fmt: skip
        self.code = self.issue()

    def issue(self) -> str:
        return enrolment.issue_activation_code(
            self.session, self.coordinator, self.participant.code,
            keyring=self.keyring, now=self.clock(),
        ).activation_code  # fmt: skip

    def attempt(
        self, code: str | None = None, year: int = YEAR, pin: str = PIN, caller: Caller = CALLER
    ) -> SignedIn:
        return activation.activate(
            self.session, code=code or self.code, year_of_birth=year, pin=pin, caller=caller,
            keyring=self.keyring, now=self.clock(), wall_now=self.clock(),
        )  # fmt: skip

    def refused(self, code: str | None = None, year: int = YEAR) -> tuple[str, str]:
        with pytest.raises(WrongCredentials) as refusal:
            self.attempt(code, year)
        return refusal.value.code, refusal.value.text

    def issued(self) -> ActivationCode:
        query = select(ActivationCode).execution_options(populate_existing=True)
        return self.session.scalars(query).one()


@pytest.fixture
def given(session: Session, clock: FrozenClock) -> Activation:
    return Activation(session, clock)


def entries(session: Session, verb: str) -> list[JournalEntry]:
    return list(
        session.scalars(
            select(JournalEntry).where(JournalEntry.verb == verb).order_by(JournalEntry.id)
        )
    )


@pytest.mark.req("P-02")
def test_code_and_year_of_birth_open_a_session_for_the_participant(given: Activation) -> None:
    signed_in = given.attempt()

    assert signed_in.actor.name == given.participant.code
    assert given.participant.activated_at == given.clock()


@pytest.mark.req("P-02")
def test_a_code_is_taken_however_it_is_typed(given: Activation) -> None:
    typed = f" {given.code[:4].lower()}-{given.code[4:]} "

    assert given.attempt(typed).actor.name == given.participant.code


@pytest.mark.req("P-02", "P-04")
def test_used_expired_revoked_unknown_and_wrong_year_get_one_same_answer(
    given: Activation,
) -> None:
    answers = {given.refused("ZZZZZZZZ"), given.refused(year=YEAR + 1)}
    replaced, given.code = given.code, given.issue()
    answers.add(given.refused(replaced))
    given.clock.advance(hours=72)
    answers.add(given.refused())
    given.code = given.issue()
    given.attempt()
    answers.add(given.refused())

    assert len(answers) == 1


@pytest.mark.req("P-02")
def test_a_code_is_good_until_the_last_moment_of_its_72_hours(given: Activation) -> None:
    given.clock.advance(hours=72, microseconds=-1)

    assert given.attempt().generation == 1


@pytest.mark.req("P-02")
def test_a_code_is_over_at_the_very_end_of_its_72_hours(given: Activation) -> None:
    given.clock.advance(hours=72)

    with pytest.raises(WrongCredentials):
        given.attempt()


@pytest.mark.req("P-02")
def test_a_code_works_once(given: Activation) -> None:
    given.attempt()

    with pytest.raises(WrongCredentials):
        given.attempt()


@pytest.mark.req("P-02")
def test_the_fifth_wrong_year_locks_the_code_even_for_the_right_one(given: Activation) -> None:
    for _ in range(5):
        given.refused(year=YEAR + 1)

    with pytest.raises(WrongCredentials):
        given.attempt()
    assert given.issued().revoked_at == given.clock()
    assert len(entries(given.session, "activation.locked")) == 1


@pytest.mark.req("P-02")
def test_four_wrong_years_leave_the_code_good(given: Activation) -> None:
    for _ in range(4):
        given.refused(year=YEAR + 1)

    assert given.attempt().actor.name == given.participant.code


@pytest.mark.req("P-02", "P-04")
def test_a_refusal_is_on_record_without_code_year_or_pin(given: Activation) -> None:
    given.refused("ZZZZZZZZ")
    given.refused(year=YEAR + 1)

    refusals = [json.loads(entry.body) for entry in entries(given.session, "activation.refused")]
    assert [refusal["after"]["why"] for refusal in refusals] == ["unknown_code", "wrong_year"]
    for refusal in refusals:
        del refusal["change_id"]  # random, so it may hold any four digits
    for secret in ("ZZZZZZZZ", given.code, str(YEAR + 1), PIN, CALLER.address):
        assert secret not in json.dumps(refusals)


@pytest.mark.req("P-04")
def test_a_refused_activation_is_an_access_not_a_change(given: Activation) -> None:
    given.refused("ZZZZZZZZ")

    (entry,) = entries(given.session, "activation.refused")
    assert entry.kind is JournalKind.ACCESS


@pytest.mark.req("P-04")
def test_unknown_codes_count_on_the_address_until_it_is_locked(given: Activation) -> None:
    for _ in range(lockouts.ADDRESS.limit):
        given.refused("ZZZZZZZZ")

    with pytest.raises(TooManyAttempts):
        given.attempt()
    given.clock.advance(minutes=15)
    assert given.attempt().generation == 1


@pytest.mark.req("P-04")
def test_a_locked_address_does_not_lock_another(given: Activation) -> None:
    for _ in range(lockouts.ADDRESS.limit):
        given.refused("ZZZZZZZZ")

    elsewhere = Caller(client="test phone", address="192.0.2.8")
    assert given.attempt(caller=elsewhere).generation == 1


# --- the PIN --------------------------------------------------------------------------------------


@pytest.mark.req("P-03")
@pytest.mark.parametrize(
    "pin",
    ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "000000", "777777",
     "123456", "654321", "890123", "196812", "121968"],
)  # fmt: skip
def test_a_pin_that_is_easy_to_guess_is_refused(given: Activation, pin: str) -> None:
    with pytest.raises(WeakSecret):
        given.attempt(pin=pin)


@pytest.mark.req("P-02", "P-03")
@pytest.mark.parametrize("is_right_code", [True, False])
def test_a_weak_pin_tells_nothing_about_the_code_and_spends_nothing(
    given: Activation, is_right_code: bool
) -> None:
    code = given.code if is_right_code else "ZZZZZZZZ"

    with pytest.raises(WeakSecret):
        given.attempt(code, pin="111111")

    assert (given.issued().used_at, given.issued().failed_count) == (None, 0)
    assert given.session.scalars(select(Lockout)).all() == []


@pytest.mark.req("P-03")
def test_the_pin_is_kept_as_an_argon2_hash_only(given: Activation) -> None:
    given.attempt()

    stored = given.session.get_one(ParticipantCredential, given.participant.id)
    assert stored.pin_hash.startswith("$argon2id$")
    assert all(
        PIN not in entry.body
        for entry in given.session.scalars(select(JournalEntry).order_by(JournalEntry.id))
    )


# --- again: a new phone ---------------------------------------------------------------------------


@pytest.mark.req("P-02")
def test_a_new_activation_signs_the_old_phone_out(given: Activation) -> None:
    old = given.attempt()
    given.code = given.issue()

    new = given.attempt(pin="305817")

    assert _is_open(given, new)
    with pytest.raises(SessionRevoked):
        _is_open(given, old)


@pytest.mark.req("P-02")
def test_a_new_activation_keeps_the_time_of_the_first(given: Activation) -> None:
    given.attempt()
    given.clock.advance(days=9)
    given.code = given.issue()

    given.attempt(pin="305817")

    assert given.participant.activated_at == START
    assert len(entries(given.session, "participant.activated")) == 1


@pytest.mark.req("P-04")
def test_a_refused_activation_is_counted_although_it_is_refused(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        code = Activation(session, clock).code

    with pytest.raises(WrongCredentials):
        activate_through_the_door(fresh_database, clock, code, year=YEAR + 1)

    with fresh_database.reading() as session:
        assert session.scalars(select(ActivationCode)).one().failed_count == 1
        assert session.scalars(select(Lockout)).one().failed_count == 1
        assert len(entries(session, "activation.refused")) == 1


@pytest.mark.req("P-02")
def test_two_phones_cannot_use_one_code_at_the_same_time(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        code = Activation(session, clock).code

    ends = at_once(*[lambda: activate_through_the_door(fresh_database, clock, code)] * 3)

    assert sorted(type(end).__name__ for end in ends) == ["SignedIn"] + ["WrongCredentials"] * 2


@pytest.mark.req("P-02", "P-09")
def test_whoever_leaves_while_she_activates_has_left(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        given = Activation(session, clock)
        code, who = given.code, given.participant.id

    def leave() -> None:
        with fresh_database.transaction() as session:
            participant = planning.lock_participant(session, who)
            participant.life_cycle = LifeCycle.WITHDRAWN_FROM_ALL
            participant.version += 1

    with ThreadPoolExecutor(1) as pool:
        leaving: list[Future[None]] = []

        class Slow(Keyring):
            """Takes so long over a PIN that somebody leaves meanwhile, if she is not held up."""

            def hash_secret(self, secret: str) -> str:
                leaving.append(pool.submit(leave))
                wait(leaving, timeout=2)
                return super().hash_secret(secret)

        keyring = make_keyring()
        keyring.__class__ = Slow
        activate_through_the_door(fresh_database, clock, code, keyring=keyring)
        leaving[0].result(timeout=20)

    with fresh_database.reading() as session:
        participant = session.get_one(Participant, who)
        assert participant.life_cycle is LifeCycle.WITHDRAWN_FROM_ALL
        assert participant.activated_at == clock()


def activate_through_the_door(
    database: Database,
    clock: FrozenClock,
    code: str,
    year: int = YEAR,
    *,
    keyring: Keyring | None = None,
) -> SignedIn:
    keyring = keyring or make_keyring()
    with database.transaction() as session:
        return activation.activate(
            session, code=code, year_of_birth=year, pin=PIN, caller=CALLER, keyring=keyring,
            now=clock(), wall_now=clock(),
        )  # fmt: skip


def _is_open(given: Activation, signed_in: SignedIn) -> bool:
    actor = sessions.actor_of(
        given.session, signed_in.person_id, signed_in.device_session_id,
        client="", wall_now=given.clock() + timedelta(seconds=1),
    )  # fmt: skip
    return actor.id == given.session.scalars(select(Participant.id)).one()


@pytest.mark.req("T-01", "E-02")
def test_activation_puts_the_whole_participant_on_record(given: Activation) -> None:
    given.attempt()

    (activated,) = entries(given.session, "participant.activated")
    after = json.loads(activated.body)["after"]
    assert after.keys() >= {"code", "site", "language", "zone", "enrolled_at"}
