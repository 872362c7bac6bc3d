"""Sheets of paper over the interface: typed in, compared by a second person, put right, told on."""

import pytest

from epro.access import Role, Scope
from tests.api.world import API, ELSEWHERE, PARTICIPANT, World
from tests.services.changes_of_paper import about, report_answers, transcribe

pytestmark = pytest.mark.req("C-04")


def fed(world: World, response_id: str) -> list[dict[str, object]]:
    """Return what the clinical database is told of a response, version by version."""
    path = f"/api/edc/v1/responses/{response_id}/history"
    listed = world.request("GET", path, headers=world.sign_in_client(Scope.READ)).get_json()
    return [dict(one["data"]) for one in listed["items"]]


@pytest.mark.req("P-08", "Q-10", "E-02")
def test_a_sheet_is_told_on_as_not_checked_until_somebody_else_has_found_it_equal(
    world: World,
) -> None:
    typed = transcribe(world, completer="answered_for_me").get_json()
    response_id = typed["response_id"]

    listed = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/responses", headers=world.sign_in(Role.MONITOR)
    ).get_json()["items"]  # fmt: skip
    own = about(world, typed, "check", Role.COORDINATOR, is_equal=True)
    checked = about(world, typed, "check", Role.INVESTIGATOR, is_equal=True)

    (seen,) = [one for one in listed if one["id"] == response_id]
    assert (seen["mode"], seen["completer"], seen["source_check"]) == (
        "paper_transcription", "answered_for_me", "not_checked",
    )  # fmt: skip
    assert (own.status_code, own.get_json()["error"]["code"]) == (403, "second_person_needed")
    assert checked.get_json()["source_check"] == "equal"
    assert checked.get_json()["checked_by"] == Role.INVESTIGATOR
    told = fed(world, response_id)
    assert [(one["mode"], one["completer"], one["source_check"]) for one in told] == [
        ("paper_transcription", "answered_for_me", "not_checked"),
        ("paper_transcription", "answered_for_me", "equal"),
    ]


@pytest.mark.req("E-01")
def test_other_formats_tell_how_and_by_whom_it_was_answered(world: World) -> None:
    typed = transcribe(world, completer="answered_for_me").get_json()
    reading = world.sign_in_client(Scope.READ)

    resource = world.request(
        "GET", f"/fhir/R4/QuestionnaireResponse/{typed['response_id']}", headers=reading
    ).get_json()

    said = {one["url"]: one for one in resource["extension"]}
    (mode,) = [one for url, one in said.items() if url.endswith("completionMode")]
    assert mode["valueCodeableConcept"]["coding"][0]["code"] == "WRITTEN"
    assert said["urn:epro:edc:mode"]["valueCode"] == "paper_transcription"
    assert said["urn:epro:edc:completer"]["valueCode"] == "answered_for_me"
    assert said["urn:epro:edc:source-check"]["valueCode"] == "not_checked"
    assert resource["source"]["type"] == "RelatedPerson"
    assert "author" not in resource


@pytest.mark.req("E-01")
def test_what_was_put_right_stays_amended_once_it_was_found_equal(world: World) -> None:
    typed = transcribe(world).get_json()
    different = about(
        world, typed, "check", Role.INVESTIGATOR, is_equal=False, differences="影响"
    ).get_json()
    statuses = [_status(world, typed["response_id"])]
    right = about(
        world, different, "corrections", Role.COORDINATOR, reason="看错一行",
        answers=report_answers(effect="rest"),
    ).get_json()  # fmt: skip
    about(world, right, "check", Role.INVESTIGATOR, is_equal=True)
    statuses.append(_status(world, typed["response_id"]))

    assert (different["source_check"], different["differences"]) == ("differs", "影响")
    assert (right["revision"], right["source_check"]) == (2, "not_checked")
    assert statuses == ["completed", "amended"]
    assert [one["source_check"] for one in fed(world, typed["response_id"])] == [
        "not_checked", "differs", "not_checked", "equal_after_correction",
    ]  # fmt: skip


def test_a_sheet_of_another_site_looks_absent(world: World) -> None:
    typed = transcribe(world).get_json()
    elsewhere = world.sign_in("from.elsewhere")

    for what, body in (
        ("check", {"is_equal": True}), ("corrections", {"answers": [], "reason": "x"}),
    ):  # fmt: skip
        path = f"{API}/transcriptions/{typed['response_id']}/{what}"
        refused = world.request("POST", path, json={"revision": 1, **body}, headers=elsewhere)
        assert refused.status_code == 404
    theirs = world.request(
        "GET", f"{API}/participants/{ELSEWHERE}/transcriptions", headers=elsewhere
    )
    assert theirs.get_json() == {"items": []}


def test_what_was_typed_for_somebody_is_listed_with_who_and_why(world: World) -> None:
    typed = transcribe(world).get_json()

    listed = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/transcriptions",
        headers=world.sign_in(Role.MONITOR),
    ).get_json()["items"]  # fmt: skip

    assert typed in listed
    assert (typed["entered_by"], typed["reason"], typed["source_reference"]) == (
        Role.COORDINATOR, "手机送修", "文件夹 3，第 12 页",
    )  # fmt: skip


def _status(world: World, response_id: str) -> str:
    found = world.request(
        "GET", f"/fhir/R4/QuestionnaireResponse/{response_id}",
        headers=world.sign_in_client(Scope.READ),
    ).get_json()  # fmt: skip
    return str(found["status"])
