"""A whole trial in small, with somebody signed in under every role: for tests about every route.

Two sites, at each a participant with a planned diary, an answer and a phone. Trial time stands
still on the evening of her infusion, when her diary is open; tokens live by the wall clock.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any, Self
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token, create_refresh_token
from sqlalchemy import select
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from epro.access import STAFF_ROLES, Role, Scope
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.crypto import Keyring
from epro.db import Database
from epro.models import FlagTrigger, Participant, Screening, SiteMembership, User
from epro.parts import build_parts
from epro.rooms import Rooms
from epro.services import edc_clients, reminders, sessions
from epro.services.edc_clients import NewSecret
from epro.services.sessions import SignedIn
from epro.services.staff import NewUser
from epro.settings import Settings
from epro.web.console.session import COOKIE, PATH, hand_out
from questionnaires.definition import AnswerValue, Questionnaire
from questionnaires.invented import calm_answers
from tests.clock import START, FrozenClock
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import (
    PASSWORD,
    PIN,
    SYSTEM,
    add_delegation,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    shipped_package,
    totp_at,
)
from tests.settings import make_settings

API = "/api/v1"
HERE, THERE = "SZ01", "GZ01"
PARTICIPANT, ENROLLED, ELSEWHERE, NOBODY = "SZ01-014", "SZ01-015", "GZ01-001", "SZ01-999"
# Holds every staff role at the other site, and here only what sees no clinical data.
FROM_ELSEWHERE = "from.elsewhere"
YEAR_OF_BIRTH = 1968
INFUSED_AT = START + timedelta(hours=1)
EVENING = START + timedelta(hours=9)


# Applications that no world uses any more. They keep no state of their own, and describing their
# API takes longer than to furnish a world.
_JOINED: dict[Settings, list[Flask]] = {}


def _joined(settings: Settings, *, keyring: Keyring, clock: FrozenClock) -> Flask:
    """Return an application of these settings, with parts of its own; an idle one if there is."""
    idle = _JOINED.get(_alike(settings))
    if not idle:
        return create_app(settings, keyring=keyring, clock=clock)
    app = idle.pop()
    app.extensions["epro"] = build_parts(settings, keyring=keyring, clock=clock)
    app.extensions["epro_rooms"] = Rooms(app.extensions["epro"])
    return app


def _alike(settings: Settings) -> Settings:
    """Return what an application is joined by; its databases come with its parts."""
    return replace(settings, database_url="", training_url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What exists, for paths and bodies that lead somewhere."""

    assessment: UUID
    questionnaire: Questionnaire
    response: UUID
    device: UUID


class World:
    """The application on a database of its own; `sign_in` as many people as a test needs."""

    def __init__(self, database_url: str, *, is_rehearsal: bool = False, **changed: Any) -> None:
        self.clock, self.keyring = FrozenClock(), make_keyring()
        settings = make_settings(database_url, is_rehearsal=is_rehearsal, **changed)
        self.app = _joined(settings, keyring=self.keyring, clock=self.clock)
        self.database: Database = self.app.extensions["epro"].database
        self._numbers = count(1)
        self.staff: dict[Role, NewUser] = {}
        self._open_sites()
        self.enrol(ENROLLED, site=HERE, by=Role.COORDINATOR)
        self.known_elsewhere = self._live(ELSEWHERE, site=THERE, by=FROM_ELSEWHERE)
        self.known = self._live(PARTICIPANT, site=HERE, by=Role.COORDINATOR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.app.extensions["epro_rooms"].close()
        self.database.engine.dispose()
        _JOINED.setdefault(_alike(self.app.extensions["epro"].settings), []).append(self.app)

    def request(self, method: str, path: str, **sent: Any) -> TestResponse:
        """Send one request, from an address of its own, so that none is locked out."""
        sent.setdefault("environ_base", self.a_new_address())
        return self.app.test_client(use_cookies=False).open(path, method=method, **sent)

    def a_new_address(self) -> dict[str, str]:
        number = next(self._numbers)
        return {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}

    def sign_in(self, name: str) -> dict[str, str]:
        """Return the headers of a new session: of a participant, a user, or a role's user."""
        if name == Role.EDC_CLIENT:
            return self.sign_in_client(*Scope)
        signed_in = self._start(name)
        claims = {"sid": str(signed_in.device_session_id)}
        with self.app.app_context():
            token = create_access_token(str(signed_in.person_id), additional_claims=claims)
        return {"Authorization": f"Bearer {token}"}

    def proof(self, role: Role) -> dict[str, str]:
        """Return what the role's user types to sign, as if no code had been used before."""
        signer = self.staff[role]
        with self.database.transaction() as session:
            session.get_one(User, signer.user.id).totp_last_step = 0
        return {"password": PASSWORD, "totp": totp_at(signer, wall_clock_now())}

    def sign_in_to_refresh(self, name: str) -> dict[str, str]:
        """Return the headers of a new session that hold its refresh token."""
        signed_in = self._start(name)
        claims = {"sid": str(signed_in.device_session_id), "gen": signed_in.generation}
        with self.app.app_context():
            token = create_refresh_token(str(signed_in.person_id), additional_claims=claims)
        return {"Authorization": f"Bearer {token}"}

    def sign_in_to_console(self, name: str) -> FlaskClient:
        """Return a browser in which a user, or a role's user, has the console open."""
        signed_in = self._start(name)
        browser = self.browser()
        with self.app.app_context():
            response = hand_out(Response(), signed_in)
        cookie = parse_cookie(response.headers["Set-Cookie"])[COOKIE]
        browser.set_cookie(COOKIE, cookie, path=PATH)
        return browser

    def browser(self) -> FlaskClient:
        """Return a browser that nobody has used yet, at an address of its own."""
        browser = self.app.test_client()
        browser.environ_base = browser.environ_base | self.a_new_address()
        return browser

    def sign_in_client(self, *scopes: Scope) -> dict[str, str]:
        """Return the headers of a new machine that pulls, with these scopes."""
        added = self.add_client(*scopes)
        form = {"grant_type": "client_credentials"}
        answer = self.request(
            "POST", "/api/edc/v1/token", data=form, auth=(added.client.name, added.secret)
        )
        return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def add_client(self, *scopes: Scope, networks: Sequence[str] = ()) -> NewSecret:
        """Add a machine that pulls."""
        with self.database.transaction() as session:
            return edc_clients.add_client(
                session, SYSTEM, f"edc-{next(self._numbers)}", scopes=scopes, networks=networks,
                keyring=self.keyring, now=self.clock(), wall_now=wall_clock_now(),
            )  # fmt: skip

    def enrol(self, code: str, *, site: str, by: str) -> str:
        """Enrol a participant and return her activation code."""
        enrolled = self.request(
            "POST", f"{API}/participants", json=enrolment(code, site=site), headers=self.sign_in(by)
        )
        assert enrolled.status_code == 201, enrolled.text
        return str(enrolled.get_json()["activation_code"])

    def complain(self, code: str, **but: AnswerValue) -> UUID:
        """Have a participant report a problem; return the flag that it raised."""
        report = shipped_package().questionnaire("ae_report")
        assert report
        answers = calm_answers(report, answered_at=self.clock(), chance=Random(7), but=but)
        response_id = uuid4()
        body = {
            "questionnaire": {"code": report.code, "version": report.version}, "revision": 1,
            "status": "completed", "language": "zh", "answered_at": self.clock().isoformat(),
            "answers": answers,
        }  # fmt: skip
        answered = self.request(
            "PUT", f"{API}/me/responses/{response_id}", json=body,
            headers={**self.sign_in(code), "Answer-Age": "1"},
        )  # fmt: skip
        assert answered.status_code == 201, answered.text
        with self.database.reading() as session:
            return session.scalars(
                select(FlagTrigger.flag_id)
                .join(Screening, Screening.id == FlagTrigger.screening_id)
                .where(Screening.source_id == str(response_id))
            ).all()[0]

    def due(self, headers: dict[str, str]) -> dict[str, Any]:
        """Return the assessment that is open for the participant now."""
        diary = self.request("GET", f"{API}/me/assessments", headers=headers).get_json()
        found: dict[str, Any] = next(one for one in diary["items"] if one["state"] == "open")
        return found

    def _open_sites(self) -> None:
        with self.database.transaction() as session:
            here, there = (add_site(session, code) for code in (HERE, THERE))
            add_study_version(session, here, there)
            for role in sorted(STAFF_ROLES):
                self.staff[role] = add_user(
                    session, role, roles=[role], site=HERE, keyring=self.keyring
                )
            add_delegation(session, here, self.staff[Role.INVESTIGATOR].user)
            theirs = add_user(
                session, FROM_ELSEWHERE, roles=sorted(STAFF_ROLES), site=THERE,
                keyring=self.keyring,
            ).user  # fmt: skip
            for role in (Role.OUTCOMES_ASSESSOR, Role.SYSTEM_ADMIN):
                theirs.memberships.append(SiteMembership(site_id=here.id, role=role))

    def _live(self, code: str, *, site: str, by: str) -> Known:
        """Enrol, activate, record the infusion, answer in the evening; she stays signed in."""
        self.clock.set(START)
        typed = {"code": self.enrol(code, site=site, by=by), "year_of_birth": YEAR_OF_BIRTH}
        phone = self.request("POST", f"{API}/sessions/activation", json={**typed, "pin": PIN})
        self.clock.set(INFUSED_AT)
        anchored = self.request(
            "POST", f"{API}/participants/{code}/anchors", json=infusion(), headers=self.sign_in(by)
        )
        assert anchored.status_code == 201, anchored.text
        self.clock.set(EVENING)
        with self.database.transaction() as session:  # as the worker's tick does
            catalogue = self.app.extensions["epro"].studies.catalogue(session)
            reminders.remind(session, catalogue=catalogue, now=self.clock())
        her = {"Authorization": f"Bearer {phone.get_json()['access_token']}"}
        due, response_id = self.due(her), uuid4()
        answered = self.request(
            "PUT", f"{API}/me/responses/{response_id}", json=submission(due),
            headers={**her, "Answer-Age": "2"},
        )  # fmt: skip
        assert answered.status_code == 201, answered.text
        return Known(
            assessment=UUID(due["id"]), questionnaire=questionnaire_of(due), response=response_id,
            device=UUID(phone.get_json()["id"]),
        )  # fmt: skip

    def _start(self, name: str) -> SignedIn:
        code = PARTICIPANT if name == Role.PARTICIPANT else name
        with self.database.transaction() as session:
            person = (
                session.scalars(select(Participant).where(Participant.code == code)).first()
                or session.scalars(select(User).where(User.username == code)).one()
            )
            return sessions.start(
                session, person, client="test", now=self.clock(), wall_now=wall_clock_now()
            )


class Worlds(dict[DatabaseKind, World]):
    """One world on each kind of database, made when it is asked for; closed together."""

    def __init__(self, shelf: DatabaseShelf, *, is_rehearsal: bool = False) -> None:
        super().__init__()
        self._shelf, self._is_rehearsal, self._opened = shelf, is_rehearsal, ExitStack()
        self._failures: dict[DatabaseKind, Exception] = {}

    def __missing__(self, kind: DatabaseKind) -> World:
        if failure := self._failures.get(kind):
            pytest.fail(f"There is no world on {kind}: {failure!r}", pytrace=False)
        try:
            url = self._shelf.new(kind)
            self[kind] = self._opened.enter_context(
                World(
                    url, is_rehearsal=self._is_rehearsal, training_url=self._shelf.new_empty(kind)
                )
            )
        except Exception as failure:
            self._failures[kind] = failure
            raise
        return self[kind]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._opened.close()


def enrolment(code: str, *, site: str = HERE) -> dict[str, Any]:
    """Return a body that enrols a participant, with the consents the study needs."""
    paper = {"document_version": "2.0", "given_at": START.isoformat(), "explained_by": "Li Min",
             "paper_location": "binder 1"}  # fmt: skip
    needed = [consent.kind for consent in shipped_package().consents if consent.required]
    return {
        "code": code, "site": site, "language": "zh", "phone": "+8613800138000",
        "year_of_birth": YEAR_OF_BIRTH, "consents": [{"kind": kind, **paper} for kind in needed],
    }  # fmt: skip


def a_consent() -> dict[str, Any]:
    """Return a body that records a kind that is not needed to enrol."""
    return {
        "kind": "sms_processor", "document_version": "2.0", "given_at": START.isoformat(),
        "explained_by": "Li Min", "paper_location": "binder 1",
    }  # fmt: skip


def infusion(**changed: Any) -> dict[str, Any]:
    """Return a body that records the infusion."""
    return {"event": "INF1", "occurred_at": INFUSED_AT.isoformat(), **changed}


def submission(due: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a body that answers what is due, as on a good day."""
    answers = calm_answers(questionnaire_of(due), answered_at=EVENING, chance=Random(7))
    return {
        "assessment_id": due["id"], "questionnaire": due["questionnaire"], "revision": 1,
        "status": "completed", "language": "zh", "answered_at": EVENING.isoformat(),
        "answers": answers, **changed,
    }  # fmt: skip


def put_down(known: Known) -> dict[str, Any]:
    """Return a body that puts down, for the site, what she says her temperature was."""
    reference = {"code": known.questionnaire.code, "version": known.questionnaire.version}
    answers = calm_answers(
        known.questionnaire, answered_at=EVENING, chance=Random(7), but={"temp": 36.1}
    )
    return {
        "response_id": str(known.response), "questionnaire": reference, "corrected_revision": 1,
        "answers": answers, "reason": "按错了", "source": "call", "said_at": EVENING.isoformat(),
        "said_words": "是三十六度一",
    }  # fmt: skip


def new_event(**facts: Any) -> dict[str, Any]:
    """Return a body that enters a mild event of the infusion day."""
    on = INFUSED_AT.date().isoformat()
    event = {
        "term": "headache", "onset_on": on, "outcome": "not_recovered", "action_taken": "none",
        "relationship": "possible", "seriousness": [], "grades": [{"grade": 1, "from_on": on}],
    }  # fmt: skip
    return {"event": event | facts, "reason": "检查"}


def questionnaire_of(due: dict[str, Any]) -> Questionnaire:
    questionnaire = shipped_package().questionnaire(due["questionnaire"]["code"])
    assert questionnaire
    return questionnaire
