"""That a record was signed off, locked and unlocked reaches the clinical database as changes."""

import pytest
from lxml import etree

from tests.api.world import API, World
from tests.edc.odm import PREFIXES, our_faults, schema_faults
from tests.edc.pulling import READ, Puller
from tests.services.changes_of_records import lock, record_path, sign_off, unlock

pytestmark = pytest.mark.req("T-08", "E-02", "E-06")


def locked(world: World) -> str:
    """Lock somebody's record; return her code."""
    path = record_path(world)
    assert lock(world, path).status_code == 200
    return path.removeprefix(f"{API}/participants/").removesuffix("/record")


def test_a_sign_off_leaves_for_every_reader_with_the_hash_of_the_record(own_world: World) -> None:
    code = locked(own_world)

    signed = Puller.of(own_world, *READ).items(type="signature")

    [data] = [item["data"] for item in signed if item["participant"] == code]
    assert (data["entity_type"], data["entity_id"]) == ("participant_record", code)
    assert data["meaning"] == "signed_off"
    assert len(data["record_sha256"]) == 64


def test_a_lock_is_one_change_and_its_undoing_the_next_with_the_reason(own_world: World) -> None:
    undone = unlock(own_world)
    code = undone.get_json()["participant"]
    puller = Puller.of(own_world, *READ)

    first, second = puller.items(type="record_lock")

    assert (first["op"], first["version"]) == ("insert", 1)
    assert (second["op"], second["version"]) == ("update", 2)
    assert first["entity_id"] == second["entity_id"]
    assert first["participant"] == second["participant"] == code
    assert first["data"]["unlocked_at"] is None
    assert second["data"].keys() == {"locked_at", "unlocked_at"}
    assert second["data"]["unlocked_at"] == undone.get_json()["locks"][0]["unlocked_at"]
    assert (first["reason"], second["reason"]) == (None, "漏了一条")
    assert second["actor"]["role"] == "principal_investigator"
    counted = {one["type"]: one["count"] for one in puller.manifest()["totals"]}
    assert counted["record_lock"] == 2


def test_locked_anew_it_is_another_entity(own_world: World) -> None:
    undone = unlock(own_world)
    path = f"{API}/participants/{undone.get_json()['participant']}/record"
    assert lock(own_world, path).status_code == 200

    found = Puller.of(own_world, *READ).items(type="record_lock")

    newest: dict[str, str | None] = {
        item["entity_id"]: item["data"]["unlocked_at"] for item in found
    }
    assert sorted(one is None for one in newest.values()) == [False, True]


def test_as_odm_it_is_a_form_of_the_participant_with_who_and_why(own_world: World) -> None:
    unlock(own_world)
    puller = Puller.of(own_world, *READ)
    pages = puller.ask("/changes", format="odm", limit=1000).get_data()
    metadata = puller.ask("/study/metadata", version="1.0.0", format="odm").get_data()

    forms = etree.fromstring(pages).xpath(
        "//o:StudyEventData[@StudyEventOID='SE.SUBJECT']/o:FormData[@FormOID='F.record_lock']",
        namespaces=PREFIXES,
    )
    signed = etree.fromstring(pages).xpath(
        "//o:FormData[@FormOID='F.signature']/o:Signature/o:SignatureRef/@SignatureOID",
        namespaces=PREFIXES,
    )

    assert schema_faults(pages) == []
    assert our_faults(pages, metadata=metadata) == []
    assert [one.get("TransactionType") for one in forms] == ["Insert", "Update"]
    reasons = [one.findtext(".//o:ReasonForChange", namespaces=PREFIXES) for one in forms]
    assert reasons == [None, "漏了一条"]
    times = forms[1].xpath(
        ".//*[starts-with(local-name(), 'ItemData')]/@ItemOID", namespaces=PREFIXES
    )
    assert {"I.record_lock.locked_at", "I.record_lock.unlocked_at"} <= set(times)
    assert "SIG.signed_off" in signed


def test_what_is_not_signed_off_and_not_locked_says_nothing(own_world: World) -> None:
    sign_off(own_world)
    puller = Puller.of(own_world, *READ)

    assert puller.items(type="record_lock") == []
    assert len(puller.items(type="signature")) == 1
