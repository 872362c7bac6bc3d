"""The owner sets her account up at the moment at which somebody closes or renews it."""

from threading import Thread
from time import monotonic, sleep

import pytest
from sqlalchemy import select, text, update

from epro.db import Database
from epro.errors import WrongCredentials
from epro.models import StaffSetupCode, User
from epro.services import setting_up
from epro.services.accounts import SETUP_CODE_LIFE, setup_lookup
from epro.services.sessions import Caller
from epro.services.setting_up import Ticket
from tests.clock import FrozenClock
from tests.factories import add_site, add_user, make_keyring

KEYRING = make_keyring()
CODE = "K7QM-2XDP-9RTA"
NAME = "zhao.yan"
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def until_somebody_waits(database: Database) -> None:
    with database.reading() as session:
        ends = monotonic() + 20
        while not session.scalar(WAITING):
            assert monotonic() < ends, "nobody waits for the account"
            sleep(0.02)


@pytest.mark.req("P-05")
def test_who_sets_it_up_waits_for_who_renews_it_and_neither_blocks_the_other(
    fresh_database: Database, clock: FrozenClock
) -> None:
    if not fresh_database.is_postgresql:
        pytest.skip("SQLite has one writer at a time")
    with fresh_database.transaction() as session:
        add_site(session)
        user = add_user(session, NAME).user
        session.add(
            StaffSetupCode(
                user_id=user.id, code_lookup=setup_lookup(CODE, keyring=KEYRING),
                issued_at=clock(), issued_by_id=user.id, expires_at=clock() + SETUP_CODE_LIFE,
            )
        )  # fmt: skip
    refused: list[Exception] = []

    def set_up() -> None:
        ticket = Ticket(username=NAME, code=CODE, caller=Caller(client="test", address="::1"))
        try:
            with fresh_database.transaction() as session:
                setting_up.begin(session, ticket, keyring=KEYRING, now=clock())
        except Exception as refusal:
            refused.append(refusal)

    owner = Thread(target=set_up)
    with fresh_database.transaction() as session:
        # The order of `accounts`: the account, then its codes.
        session.scalars(select(User).where(User.username == NAME).with_for_update()).one()
        owner.start()
        until_somebody_waits(fresh_database)
        # That she holds no code while she waits: else each would wait for the other.
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        session.execute(update(StaffSetupCode).values(revoked_at=clock()))
    owner.join(timeout=30)

    assert [type(one) for one in refused] == [WrongCredentials]
