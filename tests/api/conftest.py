"""The real application, and callers who speak HTTP to it: on a database of its own, or in a world
that the tests of a file share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from epro.access import Role
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.crypto import Keyring
from epro.db import Database
from epro.parts import Parts, build_parts
from epro.services.staff import NewUser
from tests.api.world import World, Worlds
from tests.clock import FrozenClock
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import (
    PASSWORD,
    PIN,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    totp_at,
)
from tests.settings import make_settings

YEAR_OF_BIRTH = 1968
PHONE = "+8613800138000"


@dataclass
class Caller:
    """Somebody with or without a token; paths begin after `/api/v1`."""

    app: Flask
    token: str | None = None

    def get(self, path: str) -> TestResponse:
        return self._open("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self._open("POST", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self._open("PUT", path, body, headers)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self._open("PATCH", path, body)

    def delete(self, path: str) -> TestResponse:
        return self._open("DELETE", path)

    def _open(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        client = self.app.test_client(use_cookies=False)
        return client.open(f"/api/v1{path}", method=method, json=body, headers=sent)


@dataclass
class Trial:
    """Two sites with the shipped study in force, and their staff."""

    app: Flask
    users: dict[str, NewUser]

    @property
    def database(self) -> Database:
        parts: Parts = self.app.extensions["epro"]
        return parts.database

    @property
    def anybody(self) -> Caller:
        return Caller(self.app)

    def signed_in(self, username: str) -> Caller:
        """Sign a user in; once in half a minute, as one-time codes go."""
        answer = self.anybody.post(
            "/sessions/staff",
            {"username": username, "password": PASSWORD,
             "totp": totp_at(self.users[username], wall_clock_now())},
        )  # fmt: skip
        return Caller(self.app, answer.get_json()["access_token"])

    def enrolment(self, code: str = "SZ01-014") -> dict[str, Any]:
        """Return the body that enrols a participant."""
        consents = [
            {"kind": consent.kind.value, "document_version": "1.2", "explained_by": "Dr Li",
             "given_at": "2026-02-27T10:00:00+08:00", "paper_location": "folder 3"}
            for consent in shipped_package().consents
            if consent.required
        ]  # fmt: skip
        return {
            "code": code, "site": code[:4], "language": "zh", "year_of_birth": YEAR_OF_BIRTH,
            "phone": PHONE, "consents": consents,
        }  # fmt: skip

    def activation(self, activation_code: str, **changes: Any) -> dict[str, Any]:
        """Return the body that activates."""
        body = {"code": activation_code, "year_of_birth": YEAR_OF_BIRTH, "pin": PIN}
        return body | changes


@pytest.fixture(scope="module")
def worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf) as worlds:
        yield worlds


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    """A trial that the tests of a file share: they may add to it, never undo."""
    return worlds[database_kind]


@pytest.fixture
def keyring() -> Keyring:
    return make_keyring()


@pytest.fixture(scope="session")
def joined_app() -> Flask:
    """The application, joined once: describing its API takes longer than most tests."""
    return create_app(make_settings("sqlite://"))


@pytest.fixture
def app(
    joined_app: Flask, fresh_database_url: str, clock: FrozenClock, keyring: Keyring
) -> Iterator[Flask]:
    """The application with the parts of this test; it keeps no state of its own."""
    settings = make_settings(fresh_database_url)
    parts = build_parts(settings, keyring=keyring, clock=clock)
    joined_app.extensions["epro"] = parts
    yield joined_app
    parts.database.engine.dispose()


@pytest.fixture
def trial(app: Flask, keyring: Keyring) -> Trial:
    trial = Trial(app, {})
    with trial.database.transaction() as session:
        add_study_version(session, add_site(session, "SZ01"), add_site(session, "GZ02"))
        for username, role, site in (
            ("sz.coordinator", Role.COORDINATOR, "SZ01"),
            ("gz.coordinator", Role.COORDINATOR, "GZ02"),
            ("monitor", Role.MONITOR, None),
            ("admin", Role.SYSTEM_ADMIN, None),
        ):
            trial.users[username] = add_user(
                session, username, roles=[role], site=site, keyring=keyring
            )
    return trial
