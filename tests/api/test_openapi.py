"""The published description: valid, complete, without surprises, and the one that is served."""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from epro.access import ON_BEHALF_MAY
from epro.api.access_table import routes_of
from epro.app import create_app
from epro.commands import description
from tests.settings import make_settings

pytestmark = pytest.mark.req("E-01")

REFUSAL = {"$ref": "#/components/schemas/Refusal"}
GUARDED: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
# By the same key and request they are done once. The others say by themselves what is a repeat:
# a response by its id and revision, an anchor by its instant, what is deleted by being gone.
TAKE_A_KEY = {
    "enrol_participant", "issue_activation_code", "put_down_correction", "delegate_task",
    "end_delegation", "reassign_flag", "assess_flag", "state_awareness", "state_later_awareness",
    "record_sending", "close_flag", "sign_flag_again", "log_contact",
    "enter_event", "decide_candidate",
    "enter_roster", "start_drill", "log_number_check", "record_code_break", "acknowledge_flag",
    "acknowledge_drill",
    "record_data_request", "note_data_request_step", "record_data_incident",
    "take_data_incident_step",
}  # fmt: skip
REPEATABLE = {
    "preview_anchor", "withdraw_anchor", "change_life_cycle", "change_zone", "change_diary_slot",
    "give_consent", "withdraw_consent",
    "change_own_zone", "change_own_diary_slot",
    "submit_response", "record_anchor", "revoke_device", "sign_out", "acknowledge",
    "finish_work_item", "correct_own_response",
    "confirm_own_correction",
    "put_down_call", "decide_correction", "choose_preferences", "answer_safety_question",
    "sign_off_record", "lock_record", "unlock_record",
    "transcribe", "check_transcription", "put_transcription_right",
    "revise_event", "link_event", "void_event", "sign_event", "reconcile_events",
    "decide_anchor_query", "record_identity", "correct_identity",
    # A code that is taken says that it was done; a snapshot that is being made is the same one.
    "enrol_from_edc", "give_anchor", "withdraw_from_edc", "request_snapshot",
    # Refused when sent again: it stands already. Each copy is made anew, and noted.
    "extend_data_request", "erase_contact_data", "end_data_request", "copy_own_data",
    "settle_data_incident_notice", "close_data_incident",
    # Asked again a phone gets another code, and the one before is good for nothing.
    "change_own_pin", "issue_own_transfer_code", "note_own_stuck_record",
}  # fmt: skip
SIGN_IN = {"activate", "sign_in_participant", "sign_in_user", "refresh", "issue_token"}
# Every OAuth2 client library expects the shape of RFC 6749, section 5.2.
OAUTH_REFUSAL = {"$ref": "#/components/schemas/OAuthRefusal"}
IN_THE_SHAPE_OF_OAUTH = {("issue_token", status) for status in ("400", "401", "429")}

APP = create_app(make_settings("sqlite://"))
SERVED: dict[str, Any] = json.loads(APP.test_client().get("/api/openapi.json").data)


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SERVED["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method.upper(), operation


OPERATIONS = {operation["operationId"]: operation for _, _, operation in _operations()}
EVERY = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())


def test_it_is_valid_openapi_3_1() -> None:
    OPENAPI_31_VALIDATOR.validate(SERVED)

    assert SERVED["openapi"].startswith("3.1.")


def test_building_it_warns_of_nothing() -> None:
    """Two schemas of one name would be told apart by a number, which changes by itself."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        create_app(make_settings("sqlite://"))

    assert [str(warning.message) for warning in warned] == []
    assert [name for name in SERVED["components"]["schemas"] if re.search(r"\d$", name)] == []


def test_the_committed_file_is_what_the_application_serves() -> None:
    committed = json.loads(description.OPENAPI.read_text(encoding="utf-8"))

    assert committed == SERVED


@pytest.mark.parametrize("command", [description.openapi, description.routes])
def test_the_check_finds_a_file_that_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    for name in ("ROOT", "OPENAPI", "ACCESS"):
        place = tmp_path / name if name != "ROOT" else tmp_path
        monkeypatch.setattr(description, name, place)

    def run(option: str) -> int:
        return CliRunner().invoke(command, [option]).exit_code

    assert run("--check") == 1
    assert run("--write") == run("--check") == 0
    for written in tmp_path.iterdir():
        written.write_text(written.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert run("--check") == 1


def test_every_route_of_the_interface_is_described() -> None:
    described = {(path, method) for path, method, _ in _operations()}

    assert described == {
        (route.path, route.method)
        for route in routes_of(APP)
        if route.path.startswith("/api/") and route.path != "/api/openapi.json"
    }


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(SERVED)
    used = set(re.findall(r"#/components/schemas/(\w+)", text))

    assert used == set(SERVED["components"]["schemas"])


def test_no_operation_has_the_name_of_another() -> None:
    assert len(OPERATIONS) == len(list(_operations()))


@EVERY
def test_an_operation_says_what_it_is_for(operation: dict[str, Any]) -> None:
    known = {tag["name"]: tag["description"] for tag in SERVED["tags"]}

    assert operation["summary"].endswith(".")
    assert operation["tags"]
    assert all(known[tag] for tag in operation["tags"])


@EVERY
def test_every_answer_is_named_one_by_one(operation: dict[str, Any]) -> None:
    statuses = list(operation["responses"])

    assert all(re.fullmatch(r"[2345]\d\d", status) for status in statuses)
    assert statuses == sorted(statuses)
    assert any(status.startswith("2") for status in statuses)
    assert "503" in statuses


@EVERY
def test_every_refusal_has_the_one_shape_and_names_its_codes(operation: dict[str, Any]) -> None:
    for status, said in operation["responses"].items():
        if status < "400":
            continue
        is_oauth = (operation["operationId"], status) in IN_THE_SHAPE_OF_OAUTH
        shape = said["content"]["application/json"]["schema"]
        assert shape == (OAUTH_REFUSAL if is_oauth else REFUSAL)
        assert re.fullmatch(r"[a-z_]+( · [a-z_]+)*", said["description"])


@pytest.mark.req("X-05")
def test_every_operation_says_how_to_sign_in() -> None:
    routes = {(route.path, route.method): route for route in routes_of(APP)}
    schemes = SERVED["components"]["securitySchemes"]

    for path, method, operation in _operations():
        if not routes[path, method].is_public:
            more: list[dict[str, list[str]]] = (
                [{"behalf_cookie": []}] if routes[path, method].permission in ON_BEHALF_MAY else []
            )
            assert operation["security"] == GUARDED + more
            assert {"401", "403"} <= set(operation["responses"])
        elif operation["operationId"] == "refresh":
            assert operation["security"] == [{"refresh_bearer": []}, {"refresh_cookie": []}]
        else:
            assert operation["security"] == []
        assert {name for way in operation["security"] for name in way} <= set(schemes)


def test_a_write_takes_a_key_or_can_be_repeated_as_it_is() -> None:
    writes = {
        operation["operationId"]: {
            parameter["name"] for parameter in operation.get("parameters", ())
        }
        for _, method, operation in _operations()
        if method != "GET"
    }

    assert {name for name, taken in writes.items() if "Idempotency-Key" in taken} == TAKE_A_KEY
    assert set(writes) == TAKE_A_KEY | REPEATABLE | SIGN_IN
    assert all("idempotency_conflict" in str(OPERATIONS[name]["responses"]) for name in TAKE_A_KEY)


@pytest.mark.req("T-03")
def test_a_submission_has_to_say_how_old_it_is() -> None:
    headers = {one["name"]: one for one in OPERATIONS["submit_response"]["parameters"]}

    assert headers["Answer-Age"]["in"] == "header"
    assert headers["Answer-Age"]["required"] is True
    assert headers["Answer-Age"]["schema"]["type"] == "number"
    assert headers["App-Version"]["required"] is False


def test_a_path_says_what_may_stand_in_it() -> None:
    schemas = {
        parameter["name"]: parameter["schema"]
        for methods in SERVED["paths"].values()
        for parameter in methods.get("parameters", ())
    }

    assert all("pattern" in schema or schema["format"] == "uuid" for schema in schemas.values())
