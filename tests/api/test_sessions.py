"""Signing in and out over HTTP: activation, refresh, cookies, one answer for all that is wrong."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token, decode_token
from sqlalchemy import select, update

from epro.clock import wall_clock_now
from epro.models import ActivationCode, DeviceSession, Lockout, Site, TrainingRoom
from epro.rooms import Rooms
from tests.api.conftest import Caller, Trial
from tests.clock import FrozenClock
from tests.factories import PASSWORD, PIN, totp_at
from tests.threads import at_once


@pytest.fixture
def activation_code(trial: Trial) -> str:
    """A fresh code for SZ01-014."""
    enrolled = trial.signed_in("sz.coordinator").post("/participants", trial.enrolment())
    return str(enrolled.get_json()["activation_code"])


@pytest.fixture
def tokens(trial: Trial, activation_code: str) -> dict[str, Any]:
    """What SZ01-014 was handed when she activated."""
    answer = trial.anybody.post("/sessions/activation", trial.activation(activation_code))
    body: dict[str, Any] = answer.get_json()
    return body


def refresh(trial: Trial, token: str) -> Any:
    return Caller(trial.app, token).post("/sessions/refresh")


# --- activation -----------------------------------------------------------------------------------


@pytest.mark.req("P-02")
def test_an_activated_participant_is_signed_in(trial: Trial, tokens: dict[str, Any]) -> None:
    assert tokens["person"] == {"kind": "participant", "name": "SZ01-014"}
    assert Caller(trial.app, tokens["access_token"]).get("/me").status_code == 200


@pytest.mark.req("P-02", "P-04")
def test_every_refused_activation_gets_one_same_answer(
    trial: Trial, activation_code: str, clock: FrozenClock
) -> None:
    def refused(code: str, **changes: Any) -> tuple[int, bytes]:
        answer = trial.anybody.post("/sessions/activation", trial.activation(code, **changes))
        return answer.status_code, answer.data

    answers = [refused("ZZZZZZZZ"), refused(activation_code, year_of_birth=1969)]
    clock.advance(hours=72)
    answers.append(refused(activation_code))
    clock.advance(hours=-72)
    trial.anybody.post("/sessions/activation", trial.activation(activation_code))
    answers.append(refused(activation_code))

    assert len(set(answers)) == 1
    assert answers[0][0] == 401


@pytest.mark.req("P-02")
def test_ten_gets_consume_nothing(trial: Trial, activation_code: str) -> None:
    statuses = {trial.anybody.get("/sessions/activation").status_code for _ in range(10)}

    assert statuses == {405}
    answer = trial.anybody.post("/sessions/activation", trial.activation(activation_code))
    assert answer.status_code == 200


@pytest.mark.req("P-02", "P-04")
def test_a_refused_activation_leaves_its_traces(trial: Trial, activation_code: str) -> None:
    body = trial.activation(activation_code, year_of_birth=1969)
    trial.anybody.post("/sessions/activation", body)

    with trial.database.reading() as session:
        assert session.scalars(select(ActivationCode)).one().failed_count == 1
        assert 1 in [row.failed_count for row in session.scalars(select(Lockout))]


@pytest.mark.req("P-02", "P-04")
@pytest.mark.parametrize("has_place", [True, False], ids=["not migrated", "no place"])
def test_a_training_room_that_cannot_be_asked_is_passed_over(
    trial: Trial, empty_database_url: str, monkeypatch: pytest.MonkeyPatch, *, has_place: bool
) -> None:
    parts = trial.app.extensions["epro"]
    place = empty_database_url if has_place else None
    known = Rooms(replace(parts, settings=replace(parts.settings, training_url=place)))
    monkeypatch.setitem(trial.app.extensions, "epro_rooms", known)
    with trial.database.transaction() as session:
        site_id = session.scalars(select(Site.id).where(Site.code == "SZ01")).one()
        session.add(
            TrainingRoom(
                site_id=site_id, number=1, code="XX01", opened_at=wall_clock_now(),
                opened_by="sz.coordinator", filled_at=wall_clock_now(),
            )
        )  # fmt: skip

    answer = trial.anybody.post("/sessions/activation", trial.activation("ZZZZZZZZ"))
    known.close()

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "wrong_credentials")
    with trial.database.reading() as session:
        assert 1 in [row.failed_count for row in session.scalars(select(Lockout))]


@pytest.mark.req("P-03")
def test_a_weak_pin_is_named_and_the_code_stays_good(trial: Trial, activation_code: str) -> None:
    weak = trial.activation(activation_code, pin="123456")

    answer = trial.anybody.post("/sessions/activation", weak)

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "weak_secret")
    again = trial.anybody.post("/sessions/activation", trial.activation(activation_code))
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"year_of_birth": "1968"}, "year_of_birth"),
        ({"year_of_birth": 1968.0}, "year_of_birth"),
        ({"year_of_birth": True}, "year_of_birth"),
        ({"pin": 274913}, "pin"),
        ({"code": "X" * 33}, "code"),
        ({"session_transport": "pigeon"}, "session_transport"),
        ({"next": "/"}, "next"),
    ],
)
def test_a_body_that_is_not_what_was_agreed_is_refused(
    trial: Trial, change: dict[str, Any], place: str
) -> None:
    answer = trial.anybody.post("/sessions/activation", trial.activation("K7QF92MD", **change))

    assert answer.status_code == 422
    assert [one["place"] for one in answer.get_json()["error"]["details"]["problems"]] == [place]


# --- PIN and password -----------------------------------------------------------------------------


@pytest.mark.req("P-03")
def test_the_chosen_pin_signs_in(trial: Trial, tokens: dict[str, Any]) -> None:
    answer = trial.anybody.post("/sessions/participant", {"code": "SZ01-014", "pin": PIN})

    assert answer.status_code == 200
    assert answer.get_json()["id"] != tokens["id"]


@pytest.mark.req("P-04")
def test_known_and_unknown_get_the_same_bodies_up_to_the_sixth_try(
    trial: Trial, tokens: dict[str, Any]
) -> None:
    def tries(code: str) -> list[tuple[int, bytes]]:
        answers = [
            trial.anybody.post("/sessions/participant", {"code": code, "pin": "000000"})
            for _ in range(6)
        ]
        return [(answer.status_code, answer.data) for answer in answers]

    known, unknown = tries("SZ01-014"), tries("SZ01-999")

    assert known == unknown
    assert [status for status, _ in known] == [401] * 5 + [429]


@pytest.mark.req("P-05")
def test_the_password_alone_gives_no_session(trial: Trial) -> None:
    body = {"username": "sz.coordinator", "password": PASSWORD}

    assert trial.anybody.post("/sessions/staff", body).status_code == 422
    assert trial.anybody.post("/sessions/staff", body | {"totp": "000000"}).status_code == 401
    with trial.database.reading() as session:
        assert session.scalars(select(DeviceSession)).all() == []


@pytest.mark.req("P-05")
def test_staff_tokens_do_not_travel_in_the_phones_cookies(trial: Trial) -> None:
    answer = trial.anybody.post(
        "/sessions/staff",
        {"username": "sz.coordinator", "password": PASSWORD, "session_transport": "cookie",
         "totp": totp_at(trial.users["sz.coordinator"], wall_clock_now())},
    )  # fmt: skip

    assert answer.status_code == 422


# --- refresh --------------------------------------------------------------------------------------


@pytest.mark.req("P-04")
def test_a_refresh_token_gives_a_new_pair_that_works(trial: Trial, tokens: dict[str, Any]) -> None:
    answer = refresh(trial, tokens["refresh_token"])

    assert answer.status_code == 200
    assert Caller(trial.app, answer.get_json()["access_token"]).get("/me").status_code == 200


@pytest.mark.req("P-04")
def test_a_lost_reply_does_not_lock_a_participant_out(trial: Trial, tokens: dict[str, Any]) -> None:
    refresh(trial, tokens["refresh_token"])

    again = refresh(trial, tokens["refresh_token"])

    assert again.status_code == 200
    assert refresh(trial, again.get_json()["refresh_token"]).status_code == 200


@pytest.mark.req("P-04")
def test_a_stolen_refresh_token_ends_the_session_for_thief_and_owner(
    trial: Trial, tokens: dict[str, Any]
) -> None:
    second = refresh(trial, tokens["refresh_token"]).get_json()
    third = refresh(trial, second["refresh_token"]).get_json()

    theft = refresh(trial, tokens["refresh_token"])

    assert (theft.status_code, theft.get_json()["error"]["code"]) == (401, "session_revoked")
    assert refresh(trial, third["refresh_token"]).status_code == 401
    assert Caller(trial.app, third["access_token"]).get("/me").status_code == 401


@pytest.mark.req("P-04")
def test_two_tabs_refreshing_at_once_both_stay_signed_in(
    trial: Trial, tokens: dict[str, Any]
) -> None:
    answers = at_once(*[lambda: refresh(trial, tokens["refresh_token"]).get_json()] * 2)

    renewed = [refresh(trial, answer["refresh_token"]).status_code for answer in answers]  # type: ignore[index]
    assert renewed == [200, 200]


@pytest.mark.req("P-04")
def test_an_access_token_does_not_refresh_and_a_refresh_token_does_not_act(
    trial: Trial, tokens: dict[str, Any]
) -> None:
    assert refresh(trial, tokens["access_token"]).status_code == 401
    assert Caller(trial.app, tokens["refresh_token"]).get("/me").status_code == 401


@pytest.mark.req("P-04")
@pytest.mark.parametrize("token", [None, "x", "a.b.c"])
def test_without_a_readable_token_there_is_no_refresh(trial: Trial, token: str | None) -> None:
    answer = Caller(trial.app, token).post("/sessions/refresh")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.req("P-04")
@pytest.mark.parametrize("claims", [{}, {"sid": "x"}])
def test_a_token_of_ours_without_a_session_is_nobodys(
    trial: Trial, tokens: dict[str, Any], claims: dict[str, Any]
) -> None:
    with trial.app.app_context():
        subject = decode_token(tokens["access_token"])["sub"]
        forged = create_access_token(subject, additional_claims=claims)

    assert Caller(trial.app, forged).get("/me").status_code == 401


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.req("P-04")
def test_signing_out_ends_both_tokens_at_once(trial: Trial, tokens: dict[str, Any]) -> None:
    answer = Caller(trial.app, tokens["access_token"]).delete("/sessions/current")

    assert answer.status_code == 204
    assert Caller(trial.app, tokens["access_token"]).get("/me").status_code == 401
    assert refresh(trial, tokens["refresh_token"]).status_code == 401


# --- cookies --------------------------------------------------------------------------------------


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """A browser that keeps its cookies."""
    return app.test_client()


@pytest.fixture
def activated(phone: FlaskClient, trial: Trial, activation_code: str) -> dict[str, Any]:
    """What the browser was told when it activated by cookie."""
    body = trial.activation(activation_code, session_transport="cookie")
    answer: dict[str, Any] = phone.post("/api/v1/sessions/activation", json=body).get_json()
    return answer


def csrf(phone: FlaskClient, name: str = "epro_phone_csrf") -> dict[str, str]:
    cookie = phone.get_cookie(name)
    assert cookie
    return {"X-CSRF-TOKEN": cookie.value}


@pytest.mark.req("P-04")
def test_by_cookie_no_token_is_in_the_body(activated: dict[str, Any]) -> None:
    assert (activated["access_token"], activated["refresh_token"]) == (None, None)


@pytest.mark.req("P-04")
def test_token_cookies_are_out_of_reach_of_scripts_and_other_sites(
    phone: FlaskClient, activated: dict[str, Any]
) -> None:
    for name, path in (
        ("epro_phone_access", "/api/v1/"),
        ("epro_phone_refresh", "/api/v1/sessions/refresh"),
    ):
        cookie = phone.get_cookie(name, path=path)
        assert cookie
        assert (cookie.http_only, cookie.same_site) == (True, "Strict")


@pytest.mark.req("P-04")
def test_a_cookie_reads_without_more_but_writes_only_with_its_csrf_token(
    phone: FlaskClient, activated: dict[str, Any]
) -> None:
    assert phone.get("/api/v1/me").status_code == 200
    assert phone.delete("/api/v1/sessions/current").status_code == 401
    assert phone.get("/api/v1/me").status_code == 200


@pytest.mark.req("P-04")
def test_a_cookie_is_refreshed_by_cookie(phone: FlaskClient, activated: dict[str, Any]) -> None:
    before = phone.get_cookie("epro_phone_refresh", path="/api/v1/sessions/refresh")

    answer = phone.post("/api/v1/sessions/refresh", headers=csrf(phone, "epro_phone_refresh_csrf"))

    assert (answer.status_code, answer.get_json()["access_token"]) == (200, None)
    assert phone.get_cookie("epro_phone_refresh", path="/api/v1/sessions/refresh") != before


@pytest.mark.req("P-04", "P-08")
def test_signing_out_takes_the_cookies_along(phone: FlaskClient, activated: dict[str, Any]) -> None:
    answer = phone.delete("/api/v1/sessions/current", headers=csrf(phone))

    assert answer.status_code == 204
    assert phone.get_cookie("epro_phone_access", path="/api/v1/") is None
    assert phone.get("/api/v1/me").status_code == 401


@pytest.mark.req("P-04")
def test_working_puts_off_the_idle_limit_of_a_user(trial: Trial) -> None:
    coordinator = trial.signed_in("sz.coordinator")
    two_minutes_ago = wall_clock_now() - timedelta(minutes=2)
    with trial.database.transaction() as session:
        session.execute(update(DeviceSession).values(last_seen_at=two_minutes_ago))

    coordinator.get("/participants")

    with trial.database.reading() as session:
        assert session.scalars(select(DeviceSession.last_seen_at)).one() > two_minutes_ago
