"""Anchors over HTTP: recorded with their real time, corrected with a reason, seen by their site."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, ELSEWHERE, ENROLLED, NOBODY, PARTICIPANT, World, infusion

CORRECTED_AT = "2026-03-01T09:00:00+08:00"


@pytest.fixture
def coordinator(world: World) -> dict[str, str]:
    return world.sign_in(Role.COORDINATOR)


def record(
    world: World, headers: dict[str, str], body: Any, *, code: str = PARTICIPANT
) -> TestResponse:
    return world.request("POST", f"{API}/participants/{code}/anchors", json=body, headers=headers)


def code_of(answer: TestResponse) -> str:
    return str(answer.get_json()["error"]["code"])


@pytest.mark.req("S-04", "S-01")
def test_a_correction_says_what_stands_now_and_what_it_changed(
    fresh_database_url: str,
) -> None:
    with World(fresh_database_url) as world:
        body = infusion(occurred_at="2026-03-02T09:00:00+08:00", reason="wrong line in the file")
        world.clock.advance(days=1)

        answer = record(world, world.sign_in(Role.COORDINATOR), body)

        assert answer.status_code == 201
        said = answer.get_json()
        assert said["anchor"]["occurred_at"] == "2026-03-02T09:00:00+08:00"
        assert (said["anchor"]["version"], said["anchor"]["zone"]) == (2, "Asia/Shanghai")
        assert said["anchor"]["reason"] == "wrong line in the file"
        assert said["changes"]["moved_count"] > 0
        listed = world.request(
            "GET", f"{API}/participants/{PARTICIPANT}/anchors",
            headers=world.sign_in(Role.MONITOR),
        ).get_json()["items"]  # fmt: skip
        infusions = [one for one in listed if one["event"] == "INF1"]
        assert [(one["version"], one["superseded_at"] is None) for one in infusions] == [
            (1, False), (2, True),
        ]  # fmt: skip


@pytest.mark.req("S-04")
def test_the_same_time_again_changes_nothing(world: World, coordinator: dict[str, str]) -> None:
    answer = record(world, coordinator, infusion())

    assert answer.get_json()["anchor"]["version"] == 1
    assert set(answer.get_json()["changes"].values()) == {0}


@pytest.mark.req("S-04")
@pytest.mark.parametrize("reason", [{}, {"reason": None}, {"reason": " "}])
def test_a_correction_without_a_reason_is_refused(
    world: World, coordinator: dict[str, str], reason: dict[str, Any]
) -> None:
    answer = record(world, coordinator, infusion(occurred_at=CORRECTED_AT, **reason))

    assert (answer.status_code, code_of(answer)) == (422, "reason_required")


@pytest.mark.req("S-01")
@pytest.mark.parametrize(
    "occurred_at",
    [
        "2026-03-05T09:00:00+08:00",
        "2020-03-01T09:00:00+08:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_what_cannot_have_happened_is_refused(
    world: World, coordinator: dict[str, str], occurred_at: str
) -> None:
    answer = record(world, coordinator, infusion(occurred_at=occurred_at, reason="test"))

    assert answer.status_code == 422
    assert code_of(answer) in {"anchor_not_possible", "invalid_request"}


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "ENR", "occurred_at": CORRECTED_AT},
        {"event": "INF3", "occurred_at": CORRECTED_AT},
        infusion(occurred_at="2026-03-01T09:00:00"),
        infusion(occurred_at="yesterday"),
        infusion(reason="x" * 501),
        infusion(reason="a\x00b"),
        infusion(note="more"),
        [],
        None,
    ],
)
def test_a_faulty_body_is_refused_by_place(
    world: World, coordinator: dict[str, str], body: Any
) -> None:
    answer = record(world, coordinator, body, code=ENROLLED)

    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
    assert answer.get_json()["error"]["details"]["problems"]


@pytest.mark.req("P-06")
def test_a_participant_of_another_site_looks_like_none(
    world: World, coordinator: dict[str, str]
) -> None:
    for method, body in (("POST", infusion()), ("GET", None)):
        elsewhere, nobody = (
            world.request(
                method, f"{API}/participants/{code}/anchors", json=body, headers=coordinator
            )
            for code in (ELSEWHERE, NOBODY)
        )
        assert (elsewhere.status_code, elsewhere.get_json()) == (404, nobody.get_json())


@pytest.mark.req("P-06")
@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.MONITOR, Role.OUTCOMES_ASSESSOR])
def test_who_may_not_record_is_told_so(world: World, role: Role) -> None:
    answer = record(world, world.sign_in(role), infusion())

    assert (answer.status_code, code_of(answer)) == (403, "not_permitted")
