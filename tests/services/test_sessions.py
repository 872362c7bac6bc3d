"""Device sessions: refresh tokens rotate, a lost reply is forgiven, a copy ends them all."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission, Role
from epro.db import Database
from epro.errors import NotFound, NotSignedIn, SessionRevoked
from epro.models import DeviceSession, JournalEntry, Participant, Site
from epro.services import sessions, staff
from epro.services.sessions import SignedIn
from tests.clock import FrozenClock
from tests.factories import (
    SYSTEM,
    add_device,
    add_participant,
    add_site,
    add_user,
    participant_actor,
    user_actor,
)
from tests.threads import at_once


@pytest.fixture
def device(session: Session) -> DeviceSession:
    """The phone of a participant who has just signed in."""
    return add_device(session, add_participant(session, add_site(session)))


@pytest.fixture
def browser(session: Session, clock: FrozenClock) -> DeviceSession:
    """The browser of a coordinator who has just signed in."""
    add_site(session)
    user = add_user(session).user
    signed_in = sessions.start(session, user, client="test", now=clock(), wall_now=clock())
    return session.get_one(DeviceSession, signed_in.device_session_id)


def rotate(
    session: Session, device_session_id: UUID, generation: int, clock: FrozenClock
) -> SignedIn:
    return sessions.rotate(
        session, device_session_id=device_session_id, generation=generation, client="test",
        now=clock(), wall_now=clock(),
    )  # fmt: skip


def actor_on(session: Session, device: DeviceSession, clock: FrozenClock) -> Actor:
    person_id = device.participant_id or device.user_id or uuid4()
    return sessions.actor_of(session, person_id, device.id, client="phone", wall_now=clock())


# --- refresh --------------------------------------------------------------------------------------


@pytest.mark.req("P-04")
def test_each_refresh_hands_out_the_next_token(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    first = rotate(session, device.id, 1, clock)
    second = rotate(session, device.id, first.generation, clock)

    assert (first.generation, second.generation) == (2, 3)


@pytest.mark.req("P-04")
def test_a_lost_reply_is_forgiven(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    rotate(session, device.id, 1, clock)

    again = rotate(session, device.id, 1, clock)

    assert again.generation == 2


@pytest.mark.req("P-04")
def test_a_lost_reply_is_forgiven_as_often_as_it_is_lost(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    generations = [rotate(session, device.id, 1, clock).generation for _ in range(4)]

    assert generations == [2, 2, 2, 2]


@pytest.mark.req("P-04")
def test_a_token_whose_successor_was_used_ends_the_session(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    rotate(session, device.id, 1, clock)
    rotate(session, device.id, 2, clock)

    with pytest.raises(SessionRevoked):
        rotate(session, device.id, 1, clock)

    assert device.revoked_reason == "refresh_token_reused"
    with pytest.raises(SessionRevoked):
        rotate(session, device.id, 3, clock)


def test_a_token_newer_than_a_restored_database_knows_is_good(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    assert rotate(session, device.id, 7, clock).generation == 8


@pytest.mark.req("P-04")
def test_the_end_by_theft_survives_the_refusal(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        participant = add_participant(session, add_site(session))
        device_id = add_device(session, participant, refresh_generation=5).id

    with pytest.raises(SessionRevoked), fresh_database.transaction() as session:
        rotate(session, device_id, 1, clock)

    with fresh_database.reading() as session:
        assert session.get_one(DeviceSession, device_id).revoked_at == clock()
        verbs = session.scalars(select(JournalEntry.verb)).all()
    assert verbs == ["device_session.revoked"]


@pytest.mark.req("P-04")
def test_two_tabs_may_refresh_at_the_same_moment(
    fresh_database: Database, clock: FrozenClock
) -> None:
    with fresh_database.transaction() as session:
        device_id = add_device(session, add_participant(session, add_site(session))).id

    def refresh() -> int:
        with fresh_database.transaction() as session:
            return rotate(session, device_id, 1, clock).generation

    assert at_once(refresh, refresh) == [2, 2]


def test_an_unknown_session_cannot_be_refreshed(session: Session, clock: FrozenClock) -> None:
    with pytest.raises(NotSignedIn):
        rotate(session, uuid4(), 1, clock)


# --- who is asking --------------------------------------------------------------------------------


@pytest.mark.req("P-06")
def test_a_participant_acts_at_her_own_site_only(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    actor = actor_on(session, device, clock)

    (grant,) = actor.grants
    assert (actor.name, grant.role) == ("SZ01-014", Role.PARTICIPANT)
    sites = frozenset(session.scalars(select(Site.id)))
    assert actor.sites_for(Permission.SUBMIT_RESPONSE) == sites


@pytest.mark.req("P-04")
def test_a_session_is_good_for_its_owner_only(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    with pytest.raises(NotSignedIn):
        sessions.actor_of(session, uuid4(), device.id, client="", wall_now=clock())


@pytest.mark.req("P-04")
def test_a_participant_stays_signed_in_for_the_whole_study(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    clock.advance(days=200)

    assert actor_on(session, device, clock).name == "SZ01-014"


@pytest.mark.req("P-04")
def test_a_user_is_signed_out_after_15_idle_minutes(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    clock.advance(minutes=15)

    with pytest.raises(NotSignedIn):
        actor_on(session, browser, clock)
    with pytest.raises(NotSignedIn):
        rotate(session, browser.id, 1, clock)


@pytest.mark.req("P-04")
def test_activity_postpones_the_idle_limit(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    clock.advance(minutes=14)
    sessions.touch(session, actor_on(session, browser, clock), wall_now=clock())
    session.refresh(browser)
    clock.advance(minutes=14)

    assert actor_on(session, browser, clock).name == "zhang.jing"


@pytest.mark.req("P-04")
def test_activity_is_noted_at_most_once_a_minute(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    actor = actor_on(session, browser, clock)

    dues = [
        sessions.is_touch_due(session, actor, wall_now=clock() + timedelta(seconds=seconds))
        for seconds in (0, 59, 60)
    ]

    assert dues == [False, False, True]


@pytest.mark.req("P-04")
def test_a_user_is_signed_out_after_12_hours_however_busy(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    browser.last_seen_at = clock.advance(hours=12)

    with pytest.raises(NotSignedIn):
        actor_on(session, browser, clock)


@pytest.mark.req("P-05")
def test_closing_an_account_ends_its_sessions(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    staff.deactivate(
        session, SYSTEM, "zhang.jing", reason="left the site", now=clock(), wall_now=clock()
    )

    with pytest.raises(SessionRevoked):
        actor_on(session, browser, clock)


@pytest.mark.req("P-05")
def test_a_closed_account_is_refused_even_where_a_session_is_left(
    session: Session, browser: DeviceSession, clock: FrozenClock
) -> None:
    staff.deactivate(
        session, SYSTEM, "zhang.jing", reason="left the site", now=clock(), wall_now=clock()
    )
    browser.revoked_at = None

    with pytest.raises(NotSignedIn):
        actor_on(session, browser, clock)


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.req("P-04")
def test_signing_out_ends_the_session_at_once(session: Session, clock: FrozenClock) -> None:
    actor = participant_actor(session, add_participant(session, add_site(session)))

    sessions.end(session, actor, now=clock(), wall_now=clock())

    device = session.get_one(DeviceSession, actor.device_session_id)
    with pytest.raises(SessionRevoked):
        actor_on(session, device, clock)


@pytest.mark.req("P-04")
def test_the_site_ends_the_session_of_a_lost_phone_and_no_other(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    participant = session.get_one(Participant, device.participant_id)
    kept = add_device(session, participant)
    coordinator = user_actor(add_user(session).user)

    sessions.revoke_device(
        session, coordinator, participant, device.id, now=clock(), wall_now=clock()
    )

    assert actor_on(session, kept, clock).name == participant.code
    with pytest.raises(SessionRevoked):
        actor_on(session, device, clock)


def test_somebody_elses_phone_is_not_found_among_hers(
    session: Session, device: DeviceSession, clock: FrozenClock
) -> None:
    other = add_participant(session, add_site(session, "GZ02"), "GZ02-001")

    with pytest.raises(NotFound):
        sessions.revoke_device(session, SYSTEM, other, device.id, now=clock(), wall_now=clock())
