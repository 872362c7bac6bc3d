"""FHIR R4: valid by public models, crawled to the end by a public client, refusals in its shape."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhirpy import SyncFHIRClient
from werkzeug.test import TestResponse

from epro.access import Scope
from questionnaires.recalls import without_day
from tests.api.world import ELSEWHERE, PARTICIPANT, World
from tests.edc.conftest import listening
from tests.edc.pulling import READ, WORDS, Puller, report_in_own_words
from tests.factories import shipped_package

FHIR = "/fhir/R4"


@pytest.fixture
def puller(world: World) -> Puller:
    report_in_own_words(world)
    return Puller.of(world, *READ)


@pytest.fixture
def client(puller: Puller) -> Iterator[SyncFHIRClient]:
    with listening(puller.world.app) as url:
        yield SyncFHIRClient(f"{url}{FHIR}", authorization=puller.headers["Authorization"])


def ask(puller: Puller, path: str, **query: str | int) -> TestResponse:
    return puller.world.request("GET", f"{FHIR}{path}", headers=puller.headers, query_string=query)


def ids(page: dict[str, Any]) -> set[str]:
    return {entry["resource"]["id"] for entry in page["entry"]}


@pytest.mark.req("E-01", "P-10")
def test_a_public_client_crawls_every_response_at_three_to_a_page(
    puller: Puller, client: SyncFHIRClient
) -> None:
    for _ in range(6):
        report_in_own_words(puller.world)
    known = {item["entity_id"] for item in puller.items(type="response")}

    crawled = list(client.resources("QuestionnaireResponse").limit(3))

    assert len(crawled) == len({one["id"] for one in crawled}) == len(known) >= 8
    assert {one["id"] for one in crawled} == known
    texts = {item["text"] for one in crawled for item in one["item"] if one["language"] == "zh"}
    asked = {
        without_day(item.text).zh
        for questionnaire in shipped_package().questionnaires
        for item in questionnaire.items
    }
    assert texts
    assert texts <= asked


@pytest.mark.req("E-01")
def test_every_page_is_valid_by_the_public_models(puller: Puller) -> None:
    page = ask(puller, "/QuestionnaireResponse", _count=200)

    assert page.content_type == "application/fhir+json"
    bundle: Any = Bundle.model_validate_json(page.data)
    assert bundle.total == len(bundle.entry)
    able: Any = CapabilityStatement.model_validate_json(ask(puller, "/metadata").data)
    assert {one.type for one in able.rest[0].resource} >= {"QuestionnaireResponse", "Flag"}


@pytest.mark.req("E-01")
def test_the_next_link_carries_the_whole_query_and_the_state_it_began_with(
    puller: Puller,
) -> None:
    query: dict[str, Any] = {"subject": PARTICIPANT, "_count": 1, "_lastUpdated": "ge2020-01-01"}
    first = ask(puller, "/QuestionnaireResponse", **query).get_json()
    later = report_in_own_words(puller.world)

    seen, page = ids(first), first
    while links := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        assert "subject=SZ01-014" in links[0]
        assert "_lastUpdated=ge2020-01-01" in links[0]
        page = puller.world.request("GET", links[0], headers=puller.headers).get_json()
        seen |= ids(page)

    assert len(seen) == first["total"]
    assert later not in seen


@pytest.mark.req("E-01")
@pytest.mark.parametrize(
    "subject", [ELSEWHERE, f"Patient/{ELSEWHERE}", f"urn:epro:participant|{ELSEWHERE}"]
)
def test_a_subject_narrows_to_one_participant(puller: Puller, subject: str) -> None:
    page = ask(puller, "/QuestionnaireResponse", subject=subject).get_json()

    told = {entry["resource"]["subject"]["identifier"]["value"] for entry in page["entry"]}
    assert told == {ELSEWHERE}


@pytest.mark.req("E-01")
def test_ids_and_times_narrow_too(puller: Puller) -> None:
    response_id, now = str(puller.world.known.response), puller.world.clock()
    tomorrow = (now + timedelta(days=1)).isoformat()

    assert ids(ask(puller, "/QuestionnaireResponse", _id=response_id).get_json()) == {response_id}
    for comparison, is_found in (("ge", False), ("gt", False), ("lt", True), ("le", True)):
        page = ask(
            puller, "/QuestionnaireResponse", _id=response_id,
            _lastUpdated=f"{comparison}{tomorrow}",
        ).get_json()  # fmt: skip
        assert bool(page["total"]) is is_found


@pytest.mark.req("E-01")
@pytest.mark.parametrize(
    ("comparison", "days", "is_found"),
    [
        ("", 0, True), ("eq", 0, True), ("ge", 0, True), ("le", 0, True),
        ("gt", 0, False), ("lt", 0, False),
        ("eq", -1, False), ("gt", -1, True), ("le", -1, False), ("lt", 1, True), ("ge", 1, False),
    ],
)  # fmt: skip
def test_a_date_is_the_whole_of_its_day(
    puller: Puller, comparison: str, days: int, is_found: bool
) -> None:
    response_id, path = str(puller.world.known.response), "/QuestionnaireResponse"
    known = ask(puller, f"{path}/{response_id}").get_json()["meta"]["lastUpdated"]
    on = datetime.fromisoformat(known).astimezone(UTC).date() + timedelta(days=days)

    page = ask(puller, path, _id=response_id, _lastUpdated=f"{comparison}{on}").get_json()

    assert bool(page["total"]) is is_found


@pytest.mark.req("E-01", "Q-06")
def test_one_resource_has_its_version_and_says_why_something_is_missing(puller: Puller) -> None:
    response_id = puller.world.known.response

    answer = ask(puller, f"/QuestionnaireResponse/{response_id}")

    resource = answer.get_json()
    assert answer.headers["ETag"] == 'W/"v1"'
    assert resource["meta"]["versionId"] == "1"
    assert resource["identifier"]["value"] == f"urn:uuid:{response_id}"
    assert resource["questionnaire"].endswith(f"|{puller.world.known.questionnaire.version}")
    for item in resource["item"]:
        reasons = [one["url"] for one in item.get("extension", ())]
        assert bool(item.get("answer")) is not any("data-absent-reason" in one for one in reasons)


@pytest.mark.req("P-01", "E-06")
def test_own_words_are_masked_without_their_scope(puller: Puller) -> None:
    everything = Puller.of(puller.world, Scope.READ, Scope.FREE_TEXT)

    withheld, given = (
        ask(one, "/QuestionnaireResponse", _count=200).text for one in (puller, everything)
    )

    assert WORDS not in withheld
    assert '"masked"' in withheld
    assert WORDS in given


@pytest.mark.req("E-01", "X-07")
@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/QuestionnaireResponse/none", {}, 404),
        ("/Patient", {}, 404),
        ("/QuestionnaireResponse", {"_count": "0"}, 422),
        ("/QuestionnaireResponse", {"_count": "999"}, 422),
        ("/QuestionnaireResponse", {"_lastUpdated": "ge-yesterday"}, 422),
        ("/QuestionnaireResponse", {"_lastUpdated": "le9999-12-31"}, 422),
        ("/QuestionnaireResponse", {"_lastUpdated": "ge0001-01-01T00:00:00+14:00"}, 422),
        ("/QuestionnaireResponse", {"_lastUpdated": "ne2026-03-01"}, 422),
        ("/QuestionnaireResponse", {"colour": "red"}, 422),
        ("/QuestionnaireResponse", {"_page": "x"}, 422),
    ],
)
def test_a_refusal_is_an_operation_outcome(
    puller: Puller, path: str, query: dict[str, str], status: int
) -> None:
    answer = ask(puller, path, **query)

    assert (answer.status_code, answer.mimetype) == (status, "application/fhir+json")
    assert OperationOutcome.model_validate_json(answer.data).issue[0].severity == "error"


@pytest.mark.req("E-01")
def test_without_a_token_nothing_is_told(world: World) -> None:
    answer = world.request("GET", f"{FHIR}/QuestionnaireResponse")

    assert answer.status_code == 401
    assert OperationOutcome.model_validate_json(answer.data).issue[0].code == "login"


@pytest.mark.req("E-01", "P-10", "Q-01")
def test_every_published_form_is_crawled_and_answers_point_at_it(
    puller: Puller, client: SyncFHIRClient
) -> None:
    forms = list(client.resources("Questionnaire").limit(3))
    answered = list(client.resources("QuestionnaireResponse").limit(50))

    published = shipped_package().questionnaires
    assert {(one["url"], one["version"]) for one in forms} >= {
        tuple(one["questionnaire"].split("|")) for one in answered
    }
    assert len(forms) == len({one["id"] for one in forms}) == len(published)
    page = ask(puller, "/Questionnaire", _count=200)
    bundle: Any = Bundle.model_validate_json(page.data)
    assert bundle.total == len(published)
    one = ask(puller, f"/Questionnaire/{forms[0]['id']}")
    assert one.get_json()["title"] == forms[0]["title"]
    assert ask(puller, "/Questionnaire/none").status_code == 404
