"""The worked examples of docs/edc-integration.md, run as they stand there."""

import csv
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from epro.access import Scope
from epro.importer import Importer, Source
from epro.services.edc_clients import NewSecret
from tests.api.world import PARTICIPANT, World
from tests.architecture.sources import ROOT
from tests.edc.conftest import listening
from tests.edc.happening import TERM, enter_event
from tests.edc.odm import PREFIXES, fails_schema
from tests.edc.pulling import WORDS, Puller, report_in_own_words
from tests.edc.test_snapshots import fetch, ready

PAGE = ROOT / "docs" / "edc-integration.md"
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SCOPES = (Scope.READ, Scope.FREE_TEXT, Scope.ADVERSE_EVENTS)


@dataclass(frozen=True, slots=True)
class Importing:
    """Somebody at the clinical database: a folder, an address and a secret."""

    folder: Path
    url: str
    secret: NewSecret

    def run(self, name: str) -> list[str]:
        """Run an example as the page has it; return the lines it prints."""
        examples = dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))
        (self.folder / name).write_text(examples[name], encoding="utf-8")
        environment = os.environ | {
            "EPRO_URL": self.url, "EPRO_CLIENT": self.secret.client.name,
            "EPRO_EDC_SECRET": self.secret.secret, "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, name], cwd=self.folder, env=environment, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def pull(self) -> None:
        """Do what `epro edc-pull` does."""
        source = Source(self.url, self.secret.client.name, self.secret.secret)
        with Importer(source, self.folder / "edc.sqlite3") as importer:
            list(importer.pull())

    def table(self, form: str) -> list[dict[str, str]]:
        with (self.folder / f"redcap_{form}.csv").open(encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))


@pytest.fixture
def importing(world: World, tmp_path: Path) -> Iterator[Importing]:
    with listening(world.app) as url:
        yield Importing(tmp_path, url, world.add_client(*SCOPES))


@pytest.mark.req("E-02")
def test_the_plain_importer_stores_every_change_once_however_often_it_runs(
    world: World, importing: Importing
) -> None:
    first = importing.run("pull.py")
    report_in_own_words(world)
    importing.run("pull.py")
    again = importing.run("pull.py")

    known = {item["change_id"] for item in Puller.of(world, *SCOPES).items()}
    with closing(sqlite3.connect(importing.folder / "copy.sqlite3")) as copy:
        stored = {row[0] for row in copy.execute("SELECT change_id FROM change")}
    assert stored == known
    assert again == [f"{len(known)} changes"]
    assert first != again


@pytest.mark.req("E-01", "E-03")
def test_the_file_for_openclinica_is_odm_and_holds_what_counts(
    world: World, importing: Importing
) -> None:
    report_in_own_words(world)
    puller = Puller.of(world, *SCOPES)
    [file] = ready(puller, "odm.xml")["files"]
    (importing.folder / "odm.xml").write_bytes(fetch(puller, file))

    said = importing.run("openclinica.py")

    root = etree.parse(str(importing.folder / "import.xml")).getroot()
    assert not fails_schema(root)
    values = root.xpath("//o:ItemData", namespaces=PREFIXES)
    assert said == [f"{len(values)} values"]
    subjects = set(root.xpath("//o:SubjectData/@SubjectKey", namespaces=PREFIXES))
    assert f"SS_{PARTICIPANT.replace('-', '_')}" in subjects
    forms = root.xpath("//o:FormData", namespaces=PREFIXES)
    wanted = {
        item["entity_id"]
        for item in puller.items(type="response")
        if item["data"]["counts"] or item["data"]["assessment_id"] is None
    }
    assert len(forms) == len(wanted) > 1
    assert WORDS in {one.get("Value") for one in values}


@pytest.mark.req("E-01", "Q-06")
def test_the_tables_for_redcap_keep_their_numbers_when_more_arrives(
    world: World, importing: Importing
) -> None:
    report_in_own_words(world)
    importing.pull()
    importing.run("redcap.py")
    before = importing.table("ae_report")
    report_in_own_words(world)
    importing.pull()

    importing.run("redcap.py")

    after = importing.table("ae_report")
    assert len(after) == len(before) + 1
    numbers = [(row["record_id"], row["redcap_repeat_instance"]) for row in after]
    assert len(set(numbers)) == len(numbers)
    assert numbers[: len(before)] == [
        (row["record_id"], row["redcap_repeat_instance"]) for row in before
    ]
    assert any(WORDS in row.values() for row in after)
    assert any("HIDDEN" in row.values() for row in after)
    assert {row["ae_report_complete"] for row in after} == {"2"}


@pytest.mark.req("E-01", "P-10")
def test_the_fhir_client_tells_of_every_answer_and_event(
    world: World, importing: Importing
) -> None:
    enter_event(world)

    said = importing.run("fhir.py")

    responses = {item["entity_id"] for item in Puller.of(world, *SCOPES).items(type="response")}
    events = [line for line in said if TERM in line]
    assert f"{PARTICIPANT} {TERM} non-serious" in events
    assert len(said) - len(events) == len(responses)
