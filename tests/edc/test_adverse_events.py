"""Events, candidates, contacts and signatures: what leaves, for whom, and in which shape."""

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhirpy import SyncFHIRClient
from lxml import etree

from epro.access import Role, Scope
from tests.api.world import API, PARTICIPANT, World
from tests.edc.conftest import listening
from tests.edc.happening import (
    TERM,
    accept,
    as_investigator,
    candidates,
    enter_event,
    everything,
    revise_event,
)
from tests.edc.odm import PREFIXES, our_faults, schema_faults
from tests.edc.pulling import READ, Puller, report_in_own_words
from tests.factories import shipped_package

FHIR = "/fhir/R4"
EVENTS = (Scope.READ, Scope.ADVERSE_EVENTS)


# --- who gets them --------------------------------------------------------------------------------


@pytest.mark.req("E-04", "E-06")
def test_what_a_participant_reports_is_counted_until_a_physician_has_decided(
    own_world: World,
) -> None:
    sponsor = Puller.of(own_world, *EVENTS)
    report_in_own_words(own_world)
    waiting = held_back(sponsor)["candidate"]

    accept(own_world, next(one for one in candidates(own_world) if one["state"] == "undecided"))

    assert waiting >= 1
    assert held_back(sponsor)["candidate"] == waiting - 1
    [event] = sponsor.items(type="adverse_event")
    [decision] = sponsor.items(type="candidate")
    assert decision["data"]["disposition"] == "accepted"
    assert decision["data"]["event_number"] == event["data"]["number"] == 1
    assert event["data"]["seriousness"] == []
    assert event["actor"]["role"] == Role.INVESTIGATOR


@pytest.mark.req("E-01", "E-06")
def test_events_need_their_scope_in_every_interface(own_world: World) -> None:
    event_id, reader = enter_event(own_world), Puller.of(own_world, *READ)

    assert reader.items(type="adverse_event") == []
    assert reader.manifest()["held_back"] == []
    assert TERM not in reader.ask("/changes", limit=1000, format="odm").text
    assert TERM not in reader.ask("/changes", limit=1000).text
    for path in (f"/adverse-events/{event_id}", f"/adverse-events/{event_id}/history"):
        assert reader.ask(path).status_code == 404
    answer = own_world.request("GET", f"{FHIR}/AdverseEvent", headers=reader.headers)
    assert answer.get_json()["entry"] == []
    assert TERM not in own_world.request(
        "GET", f"{FHIR}/AuditEvent?_count=200", headers=reader.headers
    ).get_data(as_text=True)  # fmt: skip


@pytest.mark.req("B-01", "E-06")
def test_days_since_a_second_visit_leave_with_their_own_scope_only(own_world: World) -> None:
    enter_event(own_world)

    [plain] = Puller.of(own_world, *EVENTS).items(type="adverse_event")

    assert plain["data"]["study_day"] == 1
    assert "study_day_second" not in plain["data"]
    [told] = Puller.of(own_world, *EVENTS, Scope.SECOND_INFUSION).items(type="adverse_event")
    assert told["hash"] == plain["hash"]


@pytest.mark.req("E-06", "C-03")
def test_a_contact_leaves_without_the_words_of_it_and_one_about_a_flag_is_counted(
    own_world: World,
) -> None:
    everyone = Puller.of(own_world, *Scope)
    flag_id = own_world.complain(PARTICIPANT, urgent=("breathing",))
    for about in ({}, {"flag_id": str(flag_id)}):
        body = {"channel": "telephone", "outcome": "reached", "note": "她女儿说没事", **about}
        answer = own_world.request(
            "POST", f"{API}/participants/{PARTICIPANT}/contacts", json=body,
            headers=own_world.sign_in(Role.COORDINATOR),
        )  # fmt: skip
        assert answer.status_code == 201, answer.text

    [contact] = everyone.items(type="contact")

    assert contact["data"].keys() == {
        "channel", "outcome", "next_step", "contacted_at", "assessment_id",
    }  # fmt: skip
    assert held_back(everyone)["contact"] == 1
    assert "她女儿" not in everyone.ask("/changes", limit=1000).text


@pytest.mark.req("T-08", "E-06")
def test_a_signature_leaves_with_what_was_signed_and_not_without_it(own_world: World) -> None:
    event_id = everything(own_world)
    everyone, reader = Puller.of(own_world, *Scope), Puller.of(own_world, *READ)

    signed = {
        (item["data"]["entity_type"], item["data"]["meaning"]): item["data"]
        for item in everyone.items(type="signature")
    }

    assert signed.keys() == {("adverse_event", "assessed"), ("flag", "closed")}
    assert signed["adverse_event", "assessed"]["entity_id"] == event_id
    assert reader.items(type="signature") == []


# --- one event ------------------------------------------------------------------------------------


@pytest.mark.req("E-01", "E-02", "T-04")
def test_an_event_has_its_newest_state_and_every_version_with_its_reason(own_world: World) -> None:
    event_id, puller = enter_event(own_world), Puller.of(own_world, *EVENTS)
    revise_event(own_world, event_id, 1, seriousness=["hospitalisation"])
    path = f"/api/edc/v1/adverse-events/{event_id}"

    newest = puller.ask(f"/adverse-events/{event_id}")
    known = own_world.request(
        "GET", path, headers={**puller.headers, "If-None-Match": newest.headers["ETag"]}
    )
    history = puller.ask(f"/adverse-events/{event_id}/history").get_json()["items"]
    as_investigator(own_world, "POST", f"/adverse-events/{event_id}/void", {"reason": "错人"})
    voided = own_world.request(
        "GET", path, headers={**puller.headers, "If-None-Match": newest.headers["ETag"]}
    )

    assert newest.headers["ETag"] == '"v2"'
    assert newest.get_json()["data"]["seriousness"] == ["hospitalisation"]
    assert (known.status_code, known.data) == (304, b"")
    assert [(one["version"], one["op"], one["reason"]) for one in history] == [
        (1, "insert", "检查"), (2, "update", "复诊"),
    ]  # fmt: skip
    assert (voided.status_code, voided.get_json()["op"]) == (200, "void")


@pytest.mark.req("E-01", "E-06")
def test_a_flag_by_itself_shows_only_since_it_was_decided(own_world: World) -> None:
    everything(own_world)
    puller = Puller.of(own_world, Scope.READ, Scope.FLAGS)
    decided = {item["entity_id"] for item in puller.items(type="flag")}
    waiting = str(own_world.complain(PARTICIPANT, urgent=("breathing",)))

    for flag_id in decided:
        answer = puller.ask(f"/flags/{flag_id}")
        states = puller.ask(f"/flags/{flag_id}/history").get_json()["items"]
        assert answer.headers["ETag"] == f'"v{states[-1]["version"]}"'
        assert all(state["data"]["disposition"] for state in states)
    assert decided
    assert waiting not in decided
    assert puller.ask(f"/flags/{waiting}").status_code == 404
    assert puller.ask(f"/flags/{waiting}/history").status_code == 404


# --- FHIR -----------------------------------------------------------------------------------------


@pytest.mark.req("E-01", "E-04", "P-10")
def test_a_public_client_crawls_events_at_three_to_a_page_with_chinese_intact(
    own_world: World,
) -> None:
    entered = [enter_event(own_world) for _ in range(7)]
    revise_event(own_world, entered[0], 1, seriousness=["hospitalisation"], relationship="unlikely")
    as_investigator(own_world, "POST", f"/adverse-events/{entered[6]}/void", {"reason": "重复"})
    puller = Puller.of(own_world, *EVENTS)

    with listening(own_world.app) as url:
        client = SyncFHIRClient(f"{url}{FHIR}", authorization=puller.headers["Authorization"])
        crawled = {one["id"]: one for one in client.resources("AdverseEvent").limit(3)}

    assert crawled.keys() == set(entered[:6])
    page = own_world.request("GET", f"{FHIR}/AdverseEvent?_count=200", headers=puller.headers)
    bundle: Any = Bundle.model_validate_json(page.data)
    assert bundle.total == 6
    assert {one["event"]["text"] for one in crawled.values()} == {TERM}
    revised = crawled[entered[0]]
    assert [one["code"] for one in revised["seriousness"]["coding"]] == [
        "serious", "hospitalisation",
    ]  # fmt: skip
    cause = revised["suspectEntity"][0]["causality"][0]["assessment"]["coding"][0]["code"]
    assert cause == "unlikely"
    assert revised["meta"]["versionId"] == "2"
    gone = own_world.request("GET", f"{FHIR}/AdverseEvent/{entered[6]}", headers=puller.headers)
    assert gone.status_code == 404


@pytest.mark.req("E-01", "T-04")
def test_a_public_client_crawls_who_did_what_and_misses_no_change(own_world: World) -> None:
    everything(own_world)
    puller = Puller.of(own_world, *Scope)
    known = [item["change_id"] for item in puller.items()]

    with listening(own_world.app) as url:
        client = SyncFHIRClient(f"{url}{FHIR}", authorization=puller.headers["Authorization"])
        crawled = list(client.resources("AuditEvent").limit(25))

    assert [one["id"] for one in crawled] == known
    page = own_world.request("GET", f"{FHIR}/AuditEvent?_count=200", headers=puller.headers)
    assert Bundle.model_validate_json(page.data).link
    one = own_world.request("GET", f"{FHIR}/AuditEvent/{known[-1]}", headers=puller.headers)
    assert one.get_json()["entity"] == crawled[-1]["entity"]
    for path in ("AuditEvent/none", "AuditEvent/00000000-0000-0000-0000-000000000000"):
        assert own_world.request("GET", f"{FHIR}/{path}", headers=puller.headers).status_code == 404
    query = f"{FHIR}/AuditEvent?_page=7:x"
    assert own_world.request("GET", query, headers=puller.headers).status_code == 422


# --- ODM ------------------------------------------------------------------------------------------


@pytest.mark.req("T-08", "E-01", "E-03")
def test_an_investigators_signature_is_one_in_odm_too(own_world: World) -> None:
    event_id = everything(own_world)
    puller = Puller.of(own_world, *Scope)
    metadata = puller.ask(
        "/study/metadata", version=shipped_package().version, format="odm"
    ).data  # fmt: skip

    page = puller.ask("/changes", format="odm", limit=1000)

    assert schema_faults(page.data) == []
    assert [str(one) for one in our_faults(page.data, metadata=metadata)] == []
    root = etree.fromstring(page.data)
    [form] = root.xpath(
        "//o:FormData[@FormOID='F.signature'][.//o:ItemData[@Value=$event]]",
        namespaces=PREFIXES, event=event_id,
    )  # fmt: skip
    signature = form.find("o:Signature", PREFIXES)
    assert signature.find("o:UserRef", PREFIXES).get("UserOID") == "U.S.investigator"
    assert signature.find("o:SignatureRef", PREFIXES).get("SignatureOID") == "SIG.assessed"
    meaning = root.xpath(
        "//o:SignatureDef[@OID='SIG.assessed']/o:Meaning/text()", namespaces=PREFIXES
    )
    assert meaning == ["I made this assessment"]


def held_back(puller: Puller) -> dict[str, int]:
    return {one["type"]: one["count"] for one in puller.manifest()["held_back"]}
