"""A search of everything that leaves: nobody is named, nothing tells who received what.

People with known numbers, addresses and years of birth live in the trial; every format, file,
answer and refusal is looked through for them, for whatever looks like them, and for words of
allocation.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from epro.access import Role, Scope
from tests.api.world import API, YEAR_OF_BIRTH, World, enrolment
from tests.architecture import blinding
from tests.edc.happening import everything
from tests.edc.pulling import EDC, Puller
from tests.edc.test_snapshots import fetch, ready
from tests.factories import shipped_package

CODE, NUMBER, ADDRESS, YEAR = "SZ01-077", "13912345671", "li.wei.1957@mail.example.cn", 1957
NEEDLES = (NUMBER, "12345671", "13800138000", ADDRESS, "li.wei", "Li Min", "binder 1")
# Digests, ids and cursors may hold any digits.
OPAQUE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b|[A-Za-z0-9_-]{40,}(\.[0-9a-f]{64})?"
)
LOOKS_LIKE_ONE = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)|\+86|[\w.+-]+@[\w-]+\.\w+"
    rf"|(?<!\d)({YEAR_OF_BIRTH}|{YEAR})(?!\d)"
)
REFUSED: tuple[tuple[str, str, object], ...] = (
    ("GET", f"{EDC}/changes?cursor={NUMBER}", None),
    ("GET", f"{EDC}/changes?type=nothing", None),
    ("GET", f"{EDC}/responses/{NUMBER}", None),
    ("GET", f"{EDC}/study/metadata?version=9", None),
    ("POST", f"{EDC}/participants", enrolment("SZ01-078") | {"phone": f"+86{NUMBER}"}),
    ("POST", f"{EDC}/participants/{CODE}/withdrawal", {"withdrawn_from": NUMBER}),
    ("POST", f"{EDC}/participants/{CODE}/anchors", {"event": ADDRESS}),
    ("PUT", f"{EDC}/consumers/main/ack", {"cursor": ADDRESS}),
    ("GET", f"/fhir/R4/QuestionnaireResponse?_lastUpdated={NUMBER}", None),
    ("GET", f"/fhir/R4/AdverseEvent/{NUMBER}", None),
    ("GET", "/fhir/R4/Patient", None),
)


@pytest.fixture
def outputs(own_world: World) -> dict[str, str]:
    """Return all that a machine with every scope can get, by where it came from."""
    body = enrolment(CODE) | {
        "phone": f"+86{NUMBER}", "email": ADDRESS, "year_of_birth": YEAR,
    }  # fmt: skip
    enrolled = own_world.request(
        "POST", f"{API}/participants", json=body, headers=own_world.sign_in(Role.COORDINATOR)
    )
    assert enrolled.status_code == 201, enrolled.text
    everything(own_world)
    puller = Puller.of(own_world, *Scope)
    found = dict(_answers(puller))
    snapshot = ready(puller)
    found["snapshot"] = json.dumps(snapshot)
    for file in snapshot["files"]:
        found[file["name"]] = fetch(puller, file).decode("utf-8-sig")
    return found


def _answers(puller: Puller) -> Iterator[tuple[str, str]]:
    def got(path: str, method: str = "GET", body: object = None) -> TestResponse:
        return puller.world.request(method, path, json=body, headers=puller.headers)

    version = shipped_package().version
    paths = [
        *(f"{EDC}/changes?limit=1000&format={name}" for name in ("json", "ndjson", "odm")),
        f"{EDC}/manifest", f"{EDC}/study", f"{EDC}/anchor-queries",
        *(f"{EDC}/study/metadata?version={version}&format={name}" for name in ("json", "odm")),
        *(
            f"/fhir/R4/{kind}?_count=200"
            for kind in ("QuestionnaireResponse", "AdverseEvent", "Flag", "AuditEvent",
                         "Questionnaire")
        ),
        "/fhir/R4/metadata", "/api/openapi.json",
    ]  # fmt: skip
    for name, plural in (
        ("response", "responses"), ("adverse_event", "adverse-events"), ("flag", "flags"),
    ):  # fmt: skip
        for entity in {item["entity_id"] for item in puller.items(type=name)}:
            paths += [f"{EDC}/{plural}/{entity}", f"{EDC}/{plural}/{entity}/history"]
    for path in paths:
        answer = got(path)
        assert answer.status_code == 200, (path, answer.text)
        yield path, f"{answer.headers}\n\n{answer.text}"
    for method, path, body in REFUSED:
        answer = got(path, method, body)
        assert answer.status_code >= 400, path
        # What the client itself sent may stand in the address that a link repeats; here, nothing.
        yield f"{method} {path} refused", f"{answer.headers}\n\n{answer.text}"


@pytest.mark.req("P-01", "E-06", "X-07")
def test_nobody_is_named_in_anything_that_leaves(outputs: dict[str, str]) -> None:
    assert len(outputs) > 40
    found = {
        name: {*(needle for needle in NEEDLES if needle in text),
               *(match[0] for match in LOOKS_LIKE_ONE.finditer(OPAQUE.sub("", text)))}
        for name, text in outputs.items()
    }  # fmt: skip

    assert {name: words for name, words in found.items() if words} == {}
    # What should be there is: else nothing was searched.
    for name in ("changes.ndjson", "odm.xml", "odm-history.xml", "qs.csv", "ae.csv", "ae.json"):
        assert "SZ01-014" in outputs[name], name


@pytest.mark.req("B-01")
def test_no_name_and_no_text_of_it_can_carry_allocation(outputs: dict[str, str]) -> None:
    found = {}
    for name, text in outputs.items():
        _, _, content = text.rpartition("\n\n") if text.startswith("Content-") else ("", "", text)
        words = set(blinding.revealing(_names(content)))
        words |= {match[0] for match in blinding.IN_TEXTS.finditer(content)}
        found[name] = words

    assert {name: words for name, words in found.items() if words} == {}


def _names(content: str) -> Iterator[str]:
    """Yield what has a name: fields, codes, columns, elements, attributes."""
    readers: tuple[Callable[[str], Iterator[str]], ...] = (_in_json, _in_xml, _in_table)
    kind = 0 if content[:1] in {"{", "["} else 1 if content[:1] == "<" else 2
    return readers[kind](content)


def _in_json(content: str) -> Iterator[str]:
    lines = [content]
    if content.count("\n{") > 0 and not content.startswith('{"datasetJSON'):
        lines = content.splitlines()
    for line in lines:
        yield from blinding.json_names(line)


def _in_xml(content: str) -> Iterator[str]:
    for element in etree.fromstring(content.encode()).iter():
        if isinstance(element.tag, str):
            yield etree.QName(element).localname
            yield from map(str, element.attrib)
            yield from (str(value) for value in element.attrib.values() if " " not in str(value))


def _in_table(content: str) -> Iterator[str]:
    yield from next(csv.reader(io.StringIO(content)))
