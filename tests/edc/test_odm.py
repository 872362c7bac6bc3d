"""ODM of a running trial: page by page, as a file, and as metadata; on both databases."""

from pathlib import Path

import pytest
from click.testing import Result
from lxml import etree

from epro.access import Scope
from epro.services.feed_items import FIELDS
from tests.api.world import PARTICIPANT, World
from tests.cli.test_commands import commands_on
from tests.edc.odm import PREFIXES, SCHEMA, our_faults, schema_faults
from tests.edc.pulling import READ, WORDS, Puller, report_in_own_words
from tests.factories import shipped_package

VERSION = shipped_package().version


@pytest.fixture
def puller(world: World) -> Puller:
    report_in_own_words(world)
    return Puller.of(world, *READ)


def metadata_of(puller: Puller) -> bytes:
    answer = puller.ask("/study/metadata", version=VERSION, format="odm")
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


@pytest.mark.req("E-01", "E-03")
def test_metadata_are_valid_and_say_everything_in_both_languages(puller: Puller) -> None:
    text = metadata_of(puller)

    assert schema_faults(text) == []
    assert our_faults(text) == []
    root = etree.fromstring(text)
    questions = {
        (item.get("OID"), one.get("{http://www.w3.org/XML/1998/namespace}lang")): one.text
        for item in root.iterfind(".//o:ItemDef", PREFIXES)
        for one in item.iterfind("o:Question/o:TranslatedText", PREFIXES)
    }
    for questionnaire in shipped_package().questionnaires:
        for item in questionnaire.items:
            if item.takes_answer and not item.choices:
                oid = f"I.{questionnaire.code}.{item.link_id}"
                assert questions[oid, "zh"] == item.text.zh
                assert questions[oid, "en"] == item.text.en


@pytest.mark.req("E-01")
def test_metadata_of_an_edition_never_change_and_are_not_sent_twice(puller: Puller) -> None:
    for wanted in ("json", "odm"):
        first = puller.ask("/study/metadata", version=VERSION, format=wanted)
        again = puller.world.request(
            "GET", f"/api/edc/v1/study/metadata?version={VERSION}&format={wanted}",
            headers={**puller.headers, "If-None-Match": first.headers["ETag"]},
        )  # fmt: skip

        assert not first.headers["ETag"].startswith("W/")
        assert (again.status_code, again.data) == (304, b"")
    assert puller.ask("/study/metadata", version="9.9.9").status_code == 404


@pytest.mark.req("E-01")
def test_the_study_lists_its_editions(puller: Puller) -> None:
    study = puller.ask("/study").get_json()

    assert study["code"] == shipped_package().code
    assert [edition["version"] for edition in study["editions"]] == [VERSION]
    assert {one["code"] for one in study["editions"][0]["questionnaires"]} == {
        one.code for one in shipped_package().questionnaires
    }


@pytest.mark.req("E-01", "E-02")
def test_a_page_as_odm_holds_the_same_changes_as_json(puller: Puller) -> None:
    metadata, cursor, told = metadata_of(puller), None, []
    while True:
        given: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        answer = puller.ask("/changes", format="odm", limit=25, **given)
        assert answer.content_type == "text/xml; charset=utf-8"
        assert schema_faults(answer.data) == []
        assert our_faults(answer.data, metadata=metadata) == []
        told += etree.fromstring(answer.data).xpath("//o:SourceID/text()", namespaces=PREFIXES)
        cursor = answer.headers["Epro-Next-Cursor"]
        if answer.headers["Epro-Has-More"] == "false":
            break

    items = puller.items()
    assert sorted(told) == sorted(item["change_id"] for item in items)
    assert len(told) > 40


@pytest.mark.req("E-02")
def test_the_same_cursor_gives_the_same_odm_byte_for_byte(puller: Puller) -> None:
    cursor = puller.page(limit=20)["next_cursor"]

    pages = [puller.ask("/changes", format="odm", limit=20, cursor=cursor) for _ in range(2)]

    assert pages[0].data == pages[1].data
    assert pages[0].headers["Epro-Next-Cursor"] == pages[1].headers["Epro-Next-Cursor"]


@pytest.mark.req("P-01", "E-06")
def test_own_words_are_withheld_in_odm_and_the_gap_says_so(puller: Puller) -> None:
    withheld = puller.ask("/changes", format="odm", limit=1000)
    given = Puller.of(puller.world, Scope.READ, Scope.FREE_TEXT).ask(
        "/changes", format="odm", limit=1000
    )

    assert WORDS not in withheld.text
    assert ">WITHHELD<" in withheld.text
    assert WORDS in given.text


@pytest.mark.req("E-03")
@pytest.mark.parametrize("kind", ["snapshot", "history"])
def test_an_export_is_valid_sound_and_shown_to_be_so(
    puller: Puller, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "study.xml"

    exported = on(puller.world, "odm", "export", str(file), "--kind", kind)
    checked = on(puller.world, "odm", "check", str(file), "--schema", str(SCHEMA))

    assert exported.exit_code == 0, exported.output
    assert (checked.exit_code, checked.output) == (0, f"{file} is sound.\n")
    assert schema_faults(file.read_bytes()) == []
    root = etree.fromstring(file.read_bytes())
    subjects = set(root.xpath("//o:SubjectData/@SubjectKey", namespaces=PREFIXES))
    assert PARTICIPANT in subjects


@pytest.mark.req("E-03")
def test_a_spoiled_file_fails_the_check_and_each_fault_has_its_line(
    puller: Puller, tmp_path: Path
) -> None:
    file = tmp_path / "study.xml"
    on(puller.world, "odm", "export", str(file))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('UserType="Other"', 'UserType="Sponsor"'), encoding="utf-8")

    checked = on(puller.world, "odm", "check", str(file))

    assert checked.exit_code == 1
    assert "role: a participant is a user of type Other" in checked.output


def test_what_is_no_xml_is_told(puller: Puller, tmp_path: Path) -> None:
    file = tmp_path / "study.xml"
    file.write_text("<ODM", encoding="utf-8")

    checked = on(puller.world, "odm", "check", str(file))

    assert checked.exit_code == 1
    assert "This is no XML" in checked.output


def test_every_field_of_the_feed_has_its_place_in_the_metadata(puller: Puller) -> None:
    root = etree.fromstring(metadata_of(puller))
    defined = set(root.xpath("//o:ItemDef/@OID", namespaces=PREFIXES))
    in_items = {"answers", "hidden", "not_reached"}

    for kind, names in FIELDS.items():
        assert {f"I.{kind}.{name}" for name in names if name not in in_items} <= defined


def on(world: World, *command: str) -> Result:
    """Give a command on the database of a world."""
    return commands_on(world.database.url, Path())(*command)
