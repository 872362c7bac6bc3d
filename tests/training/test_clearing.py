"""A room is cleared by closing it and opening another: who did it stays, what was in it goes."""

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.crypto import Keyring
from epro.errors import InvalidInput
from epro.jobs.tasks import Job
from epro.models import JournalEntry, ParticipantIdentity, SiteActivation, TrainingRoom
from epro.models.training import RoomState
from epro.parts import Parts
from epro.rooms import settings_of
from epro.services import sites, training
from epro.services.sites import SiteFacts
from epro.settings import BadSettings, Settings
from epro.training import keeping, resealing
from epro.training.keeping import Keeper
from tests.api.world import API, THERE
from tests.clock import START
from tests.factories import FIELD_KEY, SYSTEM, make_keyring
from tests.settings import make_settings
from tests.training.schooling import CODE, GATEWAY, INSIDE, MAIL, SMS, Schooling, post

pytestmark = pytest.mark.req("T-01")
NEW_KEY = Fernet.generate_key().decode()


def test_clearing_ends_all_that_was_in_the_room(bare: Schooling) -> None:
    browser, her = bare.go_in(Role.COORDINATOR), bare.activate(f"{CODE}-004")
    old = bare.room()
    assert bare.world.request("GET", f"{API}/me", headers=her).status_code == 200

    without_tick = post(browser, "/console/training", bare.door("clearing"))
    assert without_tick.status_code == 422
    assert bare.room().id == old.id
    cleared = post(browser, "/console/training", bare.door("clearing"), confirm="yes")

    assert cleared.status_code == 303
    assert bare.room().number == old.number + 1
    assert bare.room().code == old.code
    # From this very moment, before the worker has done anything.
    assert browser.get(f"{INSIDE}/today").headers["Location"] == "/console/training"
    assert bare.world.request("GET", f"{API}/me", headers=her).status_code == 401
    assert "正在准备" in browser.get("/console/training").text
    assert bare.keeper.look_after_all() >= 2
    assert bare.room().state is RoomState.OPEN
    assert bare.codes() == [f"{CODE}-004"]
    assert bare.world.request("GET", f"{API}/me", headers=her).status_code == 401
    with bare.trial.database.reading() as session:
        rows = session.scalars(
            select(TrainingRoom).where(TrainingRoom.code == CODE).order_by(TrainingRoom.number)
        ).all()
        bodies = session.scalars(
            select(JournalEntry.body)
            .where(JournalEntry.verb == "training_room.cleared")
            .order_by(JournalEntry.id.desc())
        ).all()
    # Nothing of the trial was deleted to get there.
    assert [row.state for row in rows[-2:]] == [RoomState.CLOSED, RoomState.OPEN]
    assert rows[-2].removed_at is not None
    assert '"coordinator"' in bodies[0]


def test_opening_again_changes_nothing_and_rooms_have_codes_of_their_own(bare: Schooling) -> None:
    first = bare.room()
    with bare.trial.database.transaction() as session:
        again = training.open_room(session, SYSTEM, bare.site(), now=bare.world.clock())
        there = sites.get_site(session, THERE)
        other = training.open_room(session, SYSTEM, there, now=bare.world.clock())
        assert (again.id, other.code) == (first.id, "XX02")


def test_a_room_that_cannot_be_filled_says_why_and_alarms_nobody(bare: Schooling) -> None:
    with bare.trial.database.transaction() as session:
        there = sites.get_site(session, THERE)
        for one in session.scalars(
            select(SiteActivation).where(SiteActivation.site_id == there.id)
        ):
            session.delete(one)
        training.open_room(session, SYSTEM, there, now=bare.world.clock())
        training.clear(session, SYSTEM, there, now=bare.world.clock())

    assert bare.keeper.look_after_all() >= 1

    with bare.trial.database.reading() as session:
        room = training.room_of(session, there)
        assert room is not None
        assert room.state is RoomState.FAILED
        assert room.fault
    # The other room is looked after all the same.
    assert bare.room().state is RoomState.OPEN


def test_what_breaks_inside_breaks_nothing_outside(
    bare: Schooling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_parts: Parts) -> int:
        raise RuntimeError("inside")

    for _ in range(3):  # what other tests have cleared is removed first
        bare.keeper.look_after_all()
    job = Job(name="broken", every=keeping.EVERY, run=broken)
    monkeypatch.setattr(keeping, "INSIDE", (job,))

    keeper = Keeper(bare.trial)
    done = keeper.look_after_all()
    keeper.rooms.close()

    assert done == 0


def test_two_workers_do_not_fill_one_room(bare: Schooling) -> None:
    with bare.trial.database.transaction() as session:
        room = training.clear(session, SYSTEM, bare.site(), now=bare.world.clock())
        assert training.claim(session, room.id, now=bare.world.clock())

    with bare.trial.database.transaction() as session:
        assert not training.claim(session, room.id, now=bare.world.clock())
        # Whoever began and is not done by then has died over it.
        later = bare.world.clock.advance(minutes=11)
        assert training.claim(session, room.id, now=later)
    bare.world.clock.advance(minutes=11)
    assert bare.keeper.look_after_all() >= 1


@pytest.mark.parametrize(("code", "is_training"), [("XX01", False), ("SZ09", True)])
def test_no_real_site_has_a_code_of_a_room_nor_the_other_way_round(
    session: Session, code: str, *, is_training: bool
) -> None:
    facts = SiteFacts(
        code=code, name_zh="院", name_en="x", zone="Asia/Shanghai", phone="1", phone_24h="2"
    )

    with pytest.raises(InvalidInput):
        sites.add_site(session, SYSTEM, facts, is_training=is_training, now=START)


@pytest.mark.req("X-02")
@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://somebody:else@db:5432/epro",
        "postgresql+psycopg://epro_app@db/epro?options=-csearch_path=training",
    ],
)
def test_rooms_are_never_kept_in_the_database_of_the_trial(url: str) -> None:
    env = {"EPRO_DATABASE_URL": "postgresql+psycopg://epro_app@db/epro"}

    with pytest.raises(BadSettings, match="EPRO_TRAINING_DATABASE_URL is the trial's own"):
        Settings.from_env({**env, "EPRO_TRAINING_DATABASE_URL": url})


@pytest.mark.req("X-02")
def test_in_production_there_are_rooms_only_where_the_operator_says() -> None:
    with pytest.raises(BadSettings) as without:
        Settings.from_env({"EPRO_ENV": "production"})
    with pytest.raises(BadSettings, match="EPRO_TRAINING_DATABASE_URL is SQLite"):
        Settings.from_env(
            {"EPRO_ENV": "production", "EPRO_TRAINING_DATABASE_URL": "sqlite:///rooms.sqlite3"}
        )

    assert "TRAINING" not in str(without.value)


def test_nothing_a_room_runs_with_knows_who_carries_messages() -> None:
    trial = make_settings(
        "sqlite:////data/trial.sqlite3", training_url="sqlite:////data/training.sqlite3",
        mail=MAIL, sms=SMS, gateway=GATEWAY,
    )  # fmt: skip

    inside = settings_of(TrainingRoom(code="XX01", number=3), trial)

    assert (inside.mail, inside.sms, inside.gateway) == (None, None, None)
    assert inside.database_url == "sqlite:////data/training-room_xx01_3.sqlite3"
    assert inside.public_url.endswith("/training")


@pytest.mark.req("X-03")
def test_what_is_in_a_room_is_sealed_anew_with_the_newest_key(bare: Schooling) -> None:
    def phones(keyring: Keyring) -> list[str]:
        with bare.inside.reading() as session:
            sealed = session.scalars(select(ParticipantIdentity.phone_sealed)).all()
        return [keyring.unseal(one) for one in sealed if one]

    def sealed_with(keyring: Keyring) -> bool | None:
        trial = replace(bare.trial, keyring=keyring)
        done = {room.code: is_done for room, is_done in resealing.reseal_rooms(trial, SYSTEM)}
        return done.get(CODE)

    known = phones(make_keyring())
    try:
        assert sealed_with(make_keyring(NEW_KEY, FIELD_KEY))
        assert phones(make_keyring(NEW_KEY)) == known != []
        # With the old key alone nothing there can be read: that is told and not passed over.
        assert sealed_with(make_keyring()) is False
    finally:
        assert sealed_with(make_keyring(FIELD_KEY, NEW_KEY))
