"""Machines get in with a secret, for ten minutes, for what they were given, and not otherwise."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask_jwt_extended import create_access_token, decode_token
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from epro.access import Role, Scope
from epro.clock import wall_clock_now
from epro.errors import AlreadyExists, InvalidInput, NotFound, WrongCredentials
from epro.models import EdcClient, EdcClientSecret, JournalEntry, JournalKind
from epro.services import edc_clients
from epro.services.edc_clients import NewSecret
from epro.services.sessions import Caller
from tests.api.world import World
from tests.clock import START
from tests.edc.pulling import EDC, Puller, refusal_of
from tests.factories import SYSTEM, make_keyring

pytestmark = pytest.mark.req("E-01")

KEYRING = make_keyring()
HOUR = timedelta(hours=1)
GRANT = {"grant_type": "client_credentials"}


def ask(world: World, form: dict[str, Any], **sent: Any) -> TestResponse:
    return world.request("POST", f"{EDC}/token", data=form, **sent)


def by_form(added: NewSecret, **changed: str) -> dict[str, str]:
    return {**GRANT, "client_id": added.client.name, "client_secret": added.secret, **changed}


def changes(world: World, token: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return world.request("GET", f"{EDC}/changes", headers=headers)


# --- getting a token ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["basic", "form"])
def test_a_secret_is_traded_for_a_token_of_ten_minutes(world: World, way: str) -> None:
    added = world.add_client(Scope.READ, Scope.ACK)

    answer = (
        ask(world, GRANT, auth=(added.client.name, added.secret))
        if way == "basic"
        else ask(world, by_form(added))
    )

    told = answer.get_json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == (
        "Bearer", 600, "edc:ack edc:read",
    )  # fmt: skip
    with world.app.app_context():
        claims = decode_token(told["access_token"])
    assert claims["exp"] - claims["iat"] == 600
    assert changes(world, told["access_token"]).status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_wrong_credential_gets_the_same_answer(world: World) -> None:
    good, revoked, elsewhere = (world.add_client(Scope.READ) for _ in range(3))
    with world.database.transaction() as session:
        edc_clients.revoke(session, SYSTEM, revoked.client.name, reason="over", now=START)
        client = session.get_one(EdcClient, elsewhere.client.id)
        client.networks = ["192.0.2.0/24"]

    answers = [
        ask(world, by_form(good, client_secret="wrong")),
        ask(world, by_form(good, client_secret="")),
        ask(world, by_form(good, client_id="nobody-known")),
        ask(world, by_form(good, client_id="\x00' OR 1=1")),
        ask(world, by_form(good, client_secret=revoked.secret)),
        ask(world, by_form(revoked)),
        ask(world, by_form(elsewhere)),
        ask(world, GRANT),
        ask(world, GRANT, headers={"Authorization": "Basic not-base64"}),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.data for answer in answers} == {answers[0].data}
    assert answers[0].get_json()["error"] == "invalid_client"
    assert all(answer.headers["WWW-Authenticate"].startswith("Basic") for answer in answers)


def test_a_client_may_come_from_its_networks_only(world: World) -> None:
    added = world.add_client(Scope.READ, networks=["192.0.2.0/24"])
    inside = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}

    token = ask(world, by_form(added), **inside).get_json()["access_token"]

    headers = {"Authorization": f"Bearer {token}"}
    assert world.request("GET", f"{EDC}/changes", headers=headers, **inside).status_code == 200
    assert refusal_of(changes(world, token)) == (401, "not_signed_in")


@pytest.mark.req("P-04")
def test_five_wrong_secrets_lock_that_address_and_nobody_elsewhere(own_world: World) -> None:
    added = own_world.add_client(Scope.READ)
    guesser = {"environ_base": {"REMOTE_ADDR": "198.51.100.1"}}

    for _ in range(5):
        assert ask(own_world, by_form(added, client_secret="x"), **guesser).status_code == 401
    locked = ask(own_world, by_form(added), **guesser)

    assert (locked.status_code, locked.get_json()["error"]) == (429, "too_many_attempts")
    assert locked.headers["Retry-After"] == "900"
    assert ask(own_world, by_form(added)).status_code == 200
    own_world.clock.advance(minutes=15)
    assert ask(own_world, by_form(added), **guesser).status_code == 200


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials"] * 2}, "invalid_request"),
        ({**GRANT, "client_secret": "x"}, "invalid_request"),
    ],
)
def test_what_oauth_does_not_allow_is_named_in_its_own_words(
    world: World, form: dict[str, Any], code: str
) -> None:
    answer = ask(world, form, auth=("anybody", "x"))

    assert (answer.status_code, answer.get_json()["error"]) == (400, code)


@pytest.mark.parametrize("scope", ["edc:ack", "edc:everything", "edc:read edc:free_text"])
def test_a_scope_that_was_not_given_is_refused(world: World, scope: str) -> None:
    answer = ask(world, by_form(world.add_client(Scope.READ), scope=scope))

    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


# --- using it -------------------------------------------------------------------------------------

ROUTES = {
    Scope.READ: [("GET", "/changes"), ("GET", "/manifest")],
    Scope.ACK: [("PUT", "/consumers/main/ack")],
}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(
    ("needed", "method", "path"),
    [(needed, *route) for needed, routes in ROUTES.items() for route in routes],
)
def test_a_scope_opens_its_own_routes_and_no_other(
    world: World, scope: Scope, needed: Scope, method: str, path: str
) -> None:
    headers = world.sign_in_client(scope)
    body = {"cursor": "x"} if method == "PUT" else None

    answer = world.request(method, f"{EDC}{path}", headers=headers, json=body)

    if scope is needed:
        assert answer.status_code not in {401, 403}
    else:
        assert refusal_of(answer) == (403, "not_permitted")


def test_a_token_of_fewer_scopes_does_less_than_its_client_may(world: World) -> None:
    added = world.add_client(Scope.READ, Scope.ACK)
    token = ask(world, by_form(added, scope="edc:ack")).get_json()["access_token"]

    assert refusal_of(changes(world, token)) == (403, "not_permitted")


def test_an_expired_token_is_worth_nothing(world: World) -> None:
    client = world.add_client(Scope.READ).client
    with world.app.app_context():
        expired, good = (
            create_access_token(
                str(client.id), expires_delta=timedelta(seconds=life_s),
                additional_claims={"scope": "edc:read"},
            )
            for life_s in (-1, 60)
        )  # fmt: skip

    assert refusal_of(changes(world, expired)) == (401, "not_signed_in")
    assert changes(world, good).status_code == 200


def test_revoking_a_client_ends_its_tokens_at_once(world: World) -> None:
    puller = Puller.of(world, Scope.READ)
    puller.page()
    with world.database.transaction() as session:
        [name] = session.scalars(
            select(JournalEntry.entity_id)
            .where(JournalEntry.verb == "feed.read")
            .order_by(JournalEntry.id.desc())
            .limit(1)
        )
        edc_clients.revoke(session, SYSTEM, name, reason="over", now=START)

    assert refusal_of(puller.ask("/changes")) == (401, "not_signed_in")


def test_a_persons_token_does_not_pull(world: World) -> None:
    for name in (Role.PARTICIPANT, Role.DATA_MANAGER, Role.SYSTEM_ADMIN):
        answer = world.request("GET", f"{EDC}/changes", headers=world.sign_in(name))

        assert refusal_of(answer) == (403, "not_permitted")


@pytest.mark.req("E-06", "T-01")
def test_tokens_given_and_refused_are_on_record_as_access(world: World) -> None:
    added = world.add_client(Scope.READ)
    ask(world, by_form(added))
    ask(world, by_form(added, client_secret="wrong"))

    with world.database.reading() as session:
        entries = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.entity_id == added.client.name)
            .order_by(JournalEntry.id)
        ).all()
    assert [(entry.verb, entry.kind) for entry in entries] == [
        ("edc_client.added", JournalKind.CHANGE),
        ("edc_token.issued", JournalKind.ACCESS),
        ("edc_client.refused", JournalKind.ACCESS),
    ]
    assert all(added.secret not in entry.body for entry in entries)


# --- secrets --------------------------------------------------------------------------------------


@pytest.fixture
def client(session: Session) -> NewSecret:
    return edc_clients.add_client(
        session, SYSTEM, "sponsor-edc", scopes=["edc:read"], keyring=KEYRING, now=START,
        wall_now=START,
    )  # fmt: skip


Try = Callable[..., bool]


@pytest.fixture
def is_good(session: Session) -> Try:
    def is_good(secret: str, *, after: timedelta = timedelta()) -> bool:
        try:
            edc_clients.authenticate(
                session, "sponsor-edc", secret, scopes=(), keyring=KEYRING, now=START,
                caller=Caller(client="test", address="192.0.2.1"), wall_now=START + after,
            )  # fmt: skip
        except WrongCredentials:
            return False
        return True

    return is_good


def rotate(session: Session, *, overlap: timedelta, after: timedelta = timedelta()) -> str:
    return edc_clients.rotate_secret(
        session, SYSTEM, "sponsor-edc", overlap=overlap, keyring=KEYRING, now=START,
        wall_now=START + after,
    ).secret  # fmt: skip


def test_an_old_secret_is_good_until_the_overlap_ends(
    session: Session, client: NewSecret, is_good: Try
) -> None:
    new = rotate(session, overlap=HOUR)

    assert is_good(client.secret, after=HOUR - timedelta(microseconds=1))
    assert not is_good(client.secret, after=HOUR)
    assert is_good(new, after=HOUR * 10_000)


def test_a_second_rotation_does_not_lengthen_the_life_of_the_first_secret(
    session: Session, client: NewSecret, is_good: Try
) -> None:
    rotate(session, overlap=HOUR)
    rotate(session, overlap=HOUR * 5, after=HOUR / 2)

    assert not is_good(client.secret, after=HOUR)


def test_only_a_keyed_hash_of_a_secret_is_kept(session: Session, client: NewSecret) -> None:
    [stored] = session.scalars(select(EdcClientSecret))

    assert len(client.secret) >= 43
    assert stored.secret_lookup != client.secret
    assert client.secret not in str(vars(stored))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"scopes": ["edc:everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"networks": ["nowhere"]}, "networks"),
        ({"name": "Not A Name"}, "name"),
    ],
)
def test_what_a_client_cannot_be_given_is_named(
    session: Session, change: dict[str, Any], place: str
) -> None:
    given: dict[str, Any] = {"name": "sponsor-edc", "scopes": ["edc:read"], **change}

    with pytest.raises(InvalidInput) as caught:
        edc_clients.add_client(
            session, SYSTEM, given.pop("name"), **given, keyring=KEYRING, now=START,
            wall_now=wall_clock_now(),
        )  # fmt: skip

    assert [one["place"] for one in caught.value.details["problems"]] == [place]


def test_a_name_is_given_once_and_what_is_shut_out_stays_out(
    session: Session, client: NewSecret
) -> None:
    edc_clients.revoke(session, SYSTEM, client.client.name, reason="over", now=START)

    with pytest.raises(AlreadyExists):
        edc_clients.add_client(
            session, SYSTEM, client.client.name, scopes=["edc:read"], keyring=KEYRING, now=START,
            wall_now=START,
        )  # fmt: skip
    with pytest.raises(NotFound):
        rotate(session, overlap=HOUR)
