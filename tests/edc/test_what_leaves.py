"""What leaves: no identity, no allocation, no record of access, own words only with their scope."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from fhir.resources.R4B.flag import Flag as FhirFlag
from sqlalchemy import select

from epro.access import Scope
from epro.db import Base
from epro.models import (
    AdverseEvent,
    Assessment,
    Contact,
    JournalEntry,
    QuestionnaireResponse,
    RecordLock,
    Reminder,
    Signature,
)
from epro.services import journal
from epro.services.feed_items import DECIDED, FIELDS, KEPT_INSIDE, FeedType
from epro.services.journal import Subject
from tests.api.world import HERE, PARTICIPANT, YEAR_OF_BIRTH, World
from tests.architecture import blinding
from tests.clock import START
from tests.edc.pulling import (
    READ,
    WORDS,
    Puller,
    canonical,
    look_at_identity,
    report_in_own_words,
)
from tests.factories import SYSTEM

# Of these nothing is on record yet in a small trial.
ABOUT_EVENTS = {
    FeedType.COMPLIANCE, FeedType.CONTACT, FeedType.RECORD_LOCK, FeedType.SIGNATURE,
}  # fmt: skip
IN_NO_COLUMN = {"study_day", "study_day_second", "signer"}


@pytest.fixture
def puller(world: World) -> Puller:
    return Puller.of(world, *READ)


@pytest.mark.req("E-06", "P-01")
def test_entries_about_access_are_never_served(world: World, puller: Puller) -> None:
    look_at_identity(world)
    items = puller.items()
    served = {item["change_id"] for item in items}

    with world.database.reading() as session:
        rows = session.execute(
            select(JournalEntry.change_id, JournalEntry.kind, JournalEntry.entity_type)
        ).all()
    inside = {(kind, name) for change_id, kind, name in rows if str(change_id) not in served}
    assert {item["type"] for item in items} == set(FeedType) - set(DECIDED) - ABOUT_EVENTS
    assert ("access", "participant_identity") in inside
    assert ("access", "edc_client") in inside
    assert ("change", "participant_identity") in inside
    # Signatures under what is not served, such as a delegation, stay inside with it.
    changes = {name for kind, name in inside if kind == "change"}
    assert changes & set(FeedType) <= {FeedType.SIGNATURE}


@pytest.mark.req("P-01", "E-06", "X-07")
def test_no_page_names_anybody(world: World) -> None:
    look_at_identity(world)
    report_in_own_words(world)
    everything = Puller.of(world, *Scope)

    texts = [
        everything.ask("/changes", limit=1000).text,
        "\n".join(everything.lines(limit=1000)),
        everything.ask("/manifest").text,
    ]

    named = [str(YEAR_OF_BIRTH), "13800138000", "Li Min", "binder 1", "phone_lookup", "year_of"]
    items = [text for text in texts if PARTICIPANT in text]
    assert len(items) == 2
    # Digests may hold any four digits; what is served beside them must not.
    for text in texts:
        plain = json.dumps([_without_digests(line) for line in text.splitlines()])
        assert [name for name in named if name in plain] == []


def _without_digests(line: str) -> Any:
    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            hidden = {"hash", "data_sha256", "sha256", "change_id", "entity_id", "next_cursor"}
            hidden |= {"assessment_id", "duplicate_of_id", "epoch"}
            return {name: cleaned(each) for name, each in value.items() if name not in hidden}
        return [cleaned(each) for each in value] if isinstance(value, list) else value

    return cleaned(json.loads(line))


@pytest.mark.req("B-01")
def test_no_name_in_a_page_can_carry_allocation(world: World) -> None:
    everything = Puller.of(world, *Scope)

    for path in ("/changes", "/manifest"):
        assert blinding.revealing(blinding.json_names(everything.ask(path).text)) == []


@pytest.mark.req("P-01", "E-06")
@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (FeedType.ADVERSE_EVENT, AdverseEvent),
        (FeedType.ASSESSMENT, Assessment),
        (FeedType.CONTACT, Contact),
        (FeedType.RECORD_LOCK, RecordLock),
        (FeedType.REMINDER, Reminder),
        (FeedType.RESPONSE, QuestionnaireResponse),
        (FeedType.SIGNATURE, Signature),
    ],
)
def test_every_column_is_served_or_kept_inside_by_decision(
    kind: FeedType, table: type[Base]
) -> None:
    """Fails for a new column: put it into FIELDS, or into KEPT_INSIDE of feed_items."""
    columns = {column.key for column in table.__table__.columns}

    assert columns == set(FIELDS[kind]) - IN_NO_COLUMN | KEPT_INSIDE[kind]
    assert KEPT_INSIDE[kind].isdisjoint(FIELDS[kind])


# --- free text ------------------------------------------------------------------------------------


@pytest.mark.req("P-01", "E-06")
def test_a_persons_own_words_leave_only_with_their_scope(world: World) -> None:
    response_id = report_in_own_words(world)

    withheld, given = (
        next(
            item
            for item in Puller.of(world, *scopes).items(type="response")
            if item["entity_id"] == response_id
        )
        for scopes in ((Scope.READ,), (Scope.READ, Scope.FREE_TEXT))
    )

    hidden = [answer for answer in withheld["data"]["answers"] if "withheld" in answer]
    in_words = [answer for answer in given["data"]["answers"] if answer.get("value") == WORDS]
    assert hidden
    assert hidden == [{"link_id": one["link_id"], "withheld": True} for one in in_words]
    assert WORDS not in canonical(withheld)
    # The link covers the record as written; what was served has a checksum of its own.
    assert withheld["hash"] == given["hash"]
    assert withheld["data_sha256"] != given["data_sha256"]
    for item in (withheld, given):
        assert item["data_sha256"] == hashlib.sha256(canonical(item["data"]).encode()).hexdigest()


# --- flags ----------------------------------------------------------------------------------------


def put_flag_on_record(world: World, flag_id: str, *, version: int, decided: bool) -> str:
    """Put one state of a flag on record, as it is written; return its change id."""
    disposition = {"version": 1, "is_adverse_event": True} if decided else None
    after: dict[str, Any] = dict.fromkeys(FIELDS[FeedType.FLAG]) | {
        "tier": "RED", "rules": ["R01"], "raised_at": START, "disposition": disposition,
        "narrative": 'she says "disposition":{', "id": flag_id,
    }  # fmt: skip
    made = journal.entry(
        SYSTEM, "flag.assessed" if decided else "flag.raised",
        Subject(entity_type="flag", entity_id=flag_id, version=version,
                participant_code=PARTICIPANT, site_code=HERE),
        after=after, before={"disposition": None} if decided else {}, now=START,
    )  # fmt: skip
    with world.database.transaction() as session:
        journal.record_all(session, [made])
    return str(made["change_id"])


@pytest.mark.req("E-04", "E-06")
def test_a_flag_leaves_once_a_physician_has_decided_and_before_as_a_number(
    own_world: World,
) -> None:
    waiting, decided = str(uuid4()), str(uuid4())
    put_flag_on_record(own_world, waiting, version=1, decided=False)
    put_flag_on_record(own_world, decided, version=1, decided=False)
    change_id = put_flag_on_record(own_world, decided, version=2, decided=True)
    everything, reader = Puller.of(own_world, *Scope), Puller.of(own_world, *READ)

    served = everything.items(type="flag")
    held_back = {one["type"]: one["count"] for one in everything.manifest()["held_back"]}

    assert [item["change_id"] for item in served] == [change_id]
    assert "narrative" not in served[0]["data"]
    assert served[0]["data"]["disposition"]["is_adverse_event"] is True
    assert held_back["flag"] == 1
    total = next(one for one in everything.manifest()["totals"] if one["type"] == "flag")
    assert total["count"] == 1
    assert reader.items(type="flag") == []
    assert waiting not in everything.ask("/changes", limit=1000, format="odm").text
    fhir = own_world.request("GET", "/fhir/R4/Flag", headers=everything.headers).get_json()
    assert [entry["resource"]["id"] for entry in fhir["entry"]] == [decided]
    assert FhirFlag.model_validate(fhir["entry"][0]["resource"]).status == "active"


@pytest.mark.req("B-01", "E-06")
def test_who_came_to_a_second_infusion_visit_is_a_scope_of_its_own(own_world: World) -> None:
    made = journal.entry(
        SYSTEM, "anchor.recorded",
        Subject(entity_type="anchor", entity_id=f"{PARTICIPANT}:INF2",
                participant_code=PARTICIPANT, site_code=HERE),
        after={"event": "INF2", "occurred_at": START, "zone": "Asia/Shanghai"}, now=START,
    )  # fmt: skip
    with own_world.database.transaction() as session:
        journal.record_all(session, [made])

    told = {
        scopes: [
            item["data"]["event"] for item in Puller.of(own_world, *scopes).items(type="anchor")
        ]
        for scopes in (READ, (Scope.READ, Scope.SECOND_INFUSION))
    }

    assert "INF2" not in told[READ]
    assert "INF2" in told[Scope.READ, Scope.SECOND_INFUSION]
