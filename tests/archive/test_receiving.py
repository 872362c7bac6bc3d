"""The investigator says that she holds the copy, by what only her copy shows (V-05)."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import InvalidInput, NotFound, SignatureNotProven
from epro.models import JournalEntry
from epro.services import archives
from epro.services.paging import Wanted
from tests.archive.receiving import LATER, Closed
from tests.factories import add_site, add_user, user_actor

pytestmark = pytest.mark.req("V-05")


@pytest.fixture
def closed(session: Session) -> Closed:
    return Closed(session)


def entries_of(session: Session, verb: str) -> list[dict[str, object]]:
    bodies = session.scalars(select(JournalEntry.body).where(JournalEntry.verb == verb))
    return [json.loads(body) for body in bodies]


def test_making_and_receiving_are_on_record_with_person_time_and_hash(
    session: Session, closed: Closed
) -> None:
    closed.receive(f" {'A' * 32} {'a' * 32} ")
    closed.receive()

    (made,) = entries_of(session, "archive.made")
    (received,) = entries_of(session, "archive.received")
    (shown,) = archives.list_page(session, closed.actor, Wanted()).lines
    assert made["after"]["manifest_sha256"] == "a" * 64  # type: ignore[index]
    assert received["after"]["manifest_sha256"] == "a" * 64  # type: ignore[index]
    assert received["actor"]["name"] == "wang.fang"  # type: ignore[index]
    assert (shown.received_by, shown.archive.received_at) == ("Zhang Jing", LATER)
    assert [one.id for one in archives.received_of(session, closed.site)] == [closed.archive.id]


@pytest.mark.parametrize("typed", ["", "a" * 12, "b" * 64])
def test_the_hash_of_another_copy_or_the_beginning_of_it_is_no_receipt(
    session: Session, closed: Closed, typed: str
) -> None:
    with pytest.raises(InvalidInput):
        closed.receive(typed)

    assert archives.received_of(session, closed.site) == []


def test_nobody_receives_it_without_the_second_factor(session: Session, closed: Closed) -> None:
    with pytest.raises(SignatureNotProven):
        closed.receive(totp="000000")

    assert archives.received_of(session, closed.site) == []


@pytest.mark.parametrize(
    ("role", "site"),
    [(Role.DATA_MANAGER, "SZ01"), (Role.MONITOR, "SZ01"), (Role.INVESTIGATOR, "GZ01")],
)
def test_it_is_received_by_an_investigator_of_that_site_and_nobody_of_the_sponsor(
    session: Session, closed: Closed, role: Role, site: str
) -> None:
    add_site(session, "GZ01")
    other = user_actor(add_user(session, "somebody", roles=[role], site=site).user)

    with pytest.raises(NotFound):
        closed.receive(actor=other)

    assert archives.list_page(session, other, Wanted()).total == 0
    assert archives.received_of(session, closed.site) == []
