"""Forms and responses in words, over HTTP."""

import pytest

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World


@pytest.mark.req("Q-09", "A-05")
def test_a_form_comes_ready_to_be_shown_with_its_advice(world: World) -> None:
    path = f"{API}/me/assessments/{world.known.assessment}/form"

    said = world.request("GET", path, headers=world.sign_in(PARTICIPANT)).get_json()

    texts = [item["text"] for item in said["questionnaire"]["items"]]
    assert [text for text in texts if "{" in text["zh"] + text["en"]] == []
    assert said["last_entry_on"]
    assert {rule["tier"] for rule in said["rules"]} >= {"RED_A", "RED_B", "ORANGE"}
    assert all(rule["triggers"] and "{" not in rule["advice"]["zh"] for rule in said["rules"])


@pytest.mark.req("S-08")
def test_a_report_can_be_opened_at_any_hour_and_a_diary_cannot(world: World) -> None:
    headers = world.sign_in(PARTICIPANT)

    report = world.request("GET", f"{API}/me/forms/ae_report", headers=headers)
    diary = world.request("GET", f"{API}/me/forms/daily", headers=headers)

    assert report.get_json()["questionnaire"]["code"] == "ae_report"
    assert diary.status_code == 404


@pytest.mark.req("Q-01", "P-10")
@pytest.mark.parametrize(
    ("who", "path"), [(PARTICIPANT, "/me/responses"), (Role.COORDINATOR, "/responses")]
)
def test_a_response_is_read_in_words_in_either_language(
    world: World, who: str | Role, path: str
) -> None:
    headers = world.sign_in(who)
    url = f"{API}{path}/{world.known.response}/as-seen"

    chinese, english = (
        world.request("GET", url, headers=headers, query_string={"language": one}).get_json()
        for one in ("zh", "en")
    )

    codes = {item.link_id: item.codes for item in world.known.questionnaire.items}
    assert [one["link_id"] for one in english["items"]] == list(codes)
    answered = [one for one in english["items"] if one["state"] == "answered"]
    assert answered
    assert all(one["answer"] and one["answer"] not in codes[one["link_id"]] for one in answered)
    assert all(
        one["question"] != other["question"]
        for one, other in zip(chinese["items"], english["items"], strict=True)
    )


@pytest.mark.req("Q-08")
def test_scores_are_for_the_site_and_never_shown_to_a_participant(world: World) -> None:
    coordinator, participant = world.sign_in(Role.COORDINATOR), world.sign_in(PARTICIPANT)

    course = world.request("GET", f"{API}/participants/{PARTICIPANT}/scores", headers=coordinator)
    refused = world.request("GET", f"{API}/participants/{PARTICIPANT}/scores", headers=participant)
    own = world.request(
        "GET", f"{API}/me/responses/{world.known.response}", headers=participant
    ).get_json()

    assert course.status_code == 200
    assert refused.status_code in {403, 404}
    assert "scores" not in own
