"""Identity: sealed at rest, read on record, and readable after the keys have changed."""

import json
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.crypto import Keyring, UnreadableSecret
from epro.db import Base, Database
from epro.errors import NotFound
from epro.models import JournalEntry, JournalKind, Participant
from epro.services import identity, staff
from epro.services.identity import Identity
from tests.clock import START, FrozenClock
from tests.factories import (
    FIELD_KEY,
    SYSTEM,
    add_participant,
    add_site,
    add_user,
    make_keyring,
    user_actor,
)

PHONE = "+8613800138000"
YEAR = 1968
NEW_KEY = Fernet.generate_key().decode()


def add_identified(session: Session) -> Participant:
    participant = add_participant(session, add_site(session))
    identity.seal(
        session, SYSTEM, participant,
        phone=PHONE, year_of_birth=YEAR, keyring=make_keyring(), now=START,
    )  # fmt: skip
    return participant


def read(session: Session, participant: Participant, keyring: Keyring) -> Identity:
    return identity.read(session, SYSTEM, participant, keyring=keyring, now=START)


@pytest.mark.req("P-01")
def test_a_dump_of_the_database_holds_no_phone_number_and_no_year_of_birth(
    fresh_database: Database,
) -> None:
    with fresh_database.transaction() as session:
        add_identified(session)
        add_user(session, "zhang.jing")

    with fresh_database.reading() as session:
        values = list(_every_value(session))
    assert all(PHONE.lstrip("+") not in value and "zhang.jing@" not in value for value in values)
    assert str(YEAR) not in values
    assert len(values) > 20


def _every_value(session: Session) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield from map(str, row)


@pytest.mark.req("P-01")
def test_who_may_reads_what_was_sealed(session: Session) -> None:
    participant = add_identified(session)

    found = read(session, participant, make_keyring())

    assert (found.phone, found.year_of_birth) == (PHONE, YEAR)


@pytest.mark.req("P-01")
def test_reading_identity_leaves_an_access_entry_with_reader_and_reason(
    session: Session, clock: FrozenClock
) -> None:
    participant = add_identified(session)
    coordinator = user_actor(add_user(session).user)

    identity.read(
        session, coordinator, participant,
        reason="call about fever", keyring=make_keyring(), now=clock(),
    )  # fmt: skip

    entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "identity.read")).one()
    body = json.loads(entry.body)
    assert entry.kind is JournalKind.ACCESS
    assert (body["actor"]["name"], body["reason"]) == ("zhang.jing", "call about fever")
    assert PHONE not in entry.body


def test_a_participant_without_identity_has_nothing_to_read(session: Session) -> None:
    participant = add_participant(session, add_site(session))

    with pytest.raises(NotFound):
        read(session, participant, make_keyring())


@pytest.mark.req("P-01")
def test_what_an_old_key_sealed_stays_readable_beside_a_new_one(session: Session) -> None:
    participant = add_identified(session)

    assert read(session, participant, make_keyring(NEW_KEY, FIELD_KEY)).phone == PHONE


@pytest.mark.req("P-01")
def test_after_resealing_the_old_key_is_no_longer_needed(session: Session) -> None:
    participant = add_identified(session)

    count = identity.reseal_all(session, keyring=make_keyring(NEW_KEY, FIELD_KEY))

    assert count == 1
    assert read(session, participant, make_keyring(NEW_KEY)).year_of_birth == YEAR
    with pytest.raises(UnreadableSecret):
        read(session, participant, make_keyring(FIELD_KEY))


@pytest.mark.req("P-01", "P-05")
def test_resealing_keeps_the_second_factor_of_staff(session: Session) -> None:
    add_site(session)
    new = add_user(session)

    staff.reseal_all(session, keyring=make_keyring(NEW_KEY, FIELD_KEY))

    secret = make_keyring(NEW_KEY).unseal(new.user.totp_secret_sealed)
    assert secret == new.totp_secret


@pytest.mark.req("P-01")
@pytest.mark.parametrize(("year", "fits"), [(YEAR, True), (YEAR + 1, False)])
def test_the_year_of_birth_can_be_compared_without_being_shown(
    session: Session, year: int, fits: bool
) -> None:
    participant = add_identified(session)

    assert identity.is_born_in(session, participant.id, year, keyring=make_keyring()) is fits
