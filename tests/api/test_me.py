"""What a signed-in participant is shown, and the same as her site sees it."""

import pytest

from epro.access import Role
from tests.api.world import (
    API,
    ELSEWHERE,
    ENROLLED,
    EVENING,
    INFUSED_AT,
    PARTICIPANT,
    World,
)


@pytest.mark.req("A-05", "P-01")
def test_the_profile_is_hers_by_code_and_names_whom_to_call(world: World) -> None:
    answer = world.request("GET", f"{API}/me", headers=world.sign_in(PARTICIPANT))

    said = answer.get_json()
    assert (said["code"], said["language"], said["zone"]) == (PARTICIPANT, "zh", "Asia/Shanghai")
    assert said["study_day"] == "D1"
    assert said["latest_infusion_at"] == INFUSED_AT.isoformat()
    assert said["now"] == EVENING.isoformat()
    assert set(said["numbers"]) == {"emergency_number", "site_phone", "study_phone"}
    assert set(said["study_title"]) == {"zh", "en"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.req("S-01", "B-01")
def test_the_diary_shows_each_assessment_with_its_instants_and_state(world: World) -> None:
    answer = world.request("GET", f"{API}/me/assessments", headers=world.sign_in(PARTICIPANT))

    said = answer.get_json()
    assert len(said["items"]) >= 28
    first = next(one for one in said["items"] if one["state"] == "completed")
    assert set(first) == {
        "id", "title", "questionnaire", "day", "on", "opens_at", "due_at", "closes_at",
        "late_until", "state", "answered_by", "about",
    }  # fmt: skip
    assert first["questionnaire"]["code"] == "infusion_evening"
    later = [one for one in said["items"] if one["opens_at"] > said["now"]]
    assert {one["state"] for one in later} == {"scheduled"}
    assert {one["answered_by"] for one in said["items"]} == {"participant"}
    assert "ae_report" in [one["code"] for one in said["always_open"]]


def test_before_an_anchor_only_practice_is_due(world: World) -> None:
    headers = world.sign_in(ENROLLED)

    items = world.request("GET", f"{API}/me/assessments", headers=headers).get_json()["items"]
    assert [one["questionnaire"]["code"] for one in items] == ["practice"]
    assert world.request("GET", f"{API}/me", headers=headers).get_json()["study_day"] is None


def test_the_site_sees_what_the_participant_sees_and_the_ratings_beside_it(world: World) -> None:
    own = world.request("GET", f"{API}/me/assessments", headers=world.sign_in(PARTICIPANT))
    path = f"{API}/participants/{PARTICIPANT}/assessments"
    at_site = world.request("GET", path, headers=world.sign_in(Role.COORDINATOR))

    seen, hers = at_site.get_json(), own.get_json()
    assert [one for one in seen["items"] if one["answered_by"] == "participant"] == hers["items"]
    assert {name: seen[name] for name in seen if name != "items"} == {
        name: hers[name] for name in hers if name != "items"
    }


@pytest.mark.req("P-06")
def test_another_site_and_the_participant_herself_do_not_see_that_list(world: World) -> None:
    path = f"{API}/participants/{ELSEWHERE}/assessments"

    assert world.request("GET", path, headers=world.sign_in(Role.COORDINATOR)).status_code == 404
    assert world.request("GET", path, headers=world.sign_in(ELSEWHERE)).status_code == 403


@pytest.mark.req("P-06")
def test_me_is_for_participants(world: World) -> None:
    for path in ("/me", "/me/assessments"):
        headers = world.sign_in(Role.COORDINATOR)
        assert world.request("GET", f"{API}{path}", headers=headers).status_code == 403
        assert world.request("GET", f"{API}{path}").status_code == 401
