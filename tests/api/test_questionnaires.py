"""A published questionnaire over HTTP: whole, the same for ever, and sent only when needed."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World


def read(world: World, code: str, version: str, **headers: str) -> TestResponse:
    sent = world.sign_in(PARTICIPANT) | {k.replace("_", "-"): v for k, v in headers.items()}
    return world.request("GET", f"{API}/questionnaires/{code}/{version}", headers=sent)


@pytest.fixture
def known(world: World) -> tuple[str, str]:
    return world.known.questionnaire.code, world.known.questionnaire.version


@pytest.mark.req("Q-01", "Q-09", "P-10")
def test_a_questionnaire_is_served_whole_in_both_languages(
    world: World, known: tuple[str, str]
) -> None:
    said: dict[str, Any] = read(world, *known).get_json()

    assert (said["code"], said["version"]) == known
    items = world.known.questionnaire.items
    assert [item["link_id"] for item in said["items"]] == [item.link_id for item in items]
    assert all(item["text"]["zh"] and item["text"]["en"] for item in said["items"])


@pytest.mark.req("Q-01")
def test_what_the_client_has_is_not_sent_again(world: World, known: tuple[str, str]) -> None:
    first = read(world, *known)

    again = read(world, *known, If_None_Match=first.headers["ETag"])
    with_another = read(world, *known, If_None_Match='"another"')

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert with_another.status_code == 200


def test_two_questionnaires_have_two_tags(world: World, known: tuple[str, str]) -> None:
    report = read(world, "ae_report", known[1])

    assert report.status_code == 200
    assert report.headers["ETag"] != read(world, *known).headers["ETag"]


@pytest.mark.parametrize(
    ("code", "version"),
    [("nothing", "1.0.0"), ("ae_report", "99.0.0"), ("..", "x"), ("a%00b", "1"), ("日记", "1")],
)
def test_what_was_never_published_is_not_found(world: World, code: str, version: str) -> None:
    answer = read(world, code, version)

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")


@pytest.mark.req("P-06")
def test_a_questionnaire_is_for_those_who_are_signed_in_and_need_it(
    world: World, known: tuple[str, str]
) -> None:
    path = f"{API}/questionnaires/{known[0]}/{known[1]}"

    assert world.request("GET", path).status_code == 401
    assert world.request("GET", path, headers=world.sign_in(Role.MONITOR)).status_code == 200
    admin = world.sign_in(Role.SYSTEM_ADMIN)
    assert world.request("GET", path, headers=admin).status_code == 403
