"""The investigator's copy: whole, readable and provable when the system is gone (V-05)."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.archive import check, folder, making, pdf
from epro.archive.folder import FolderRefused
from epro.archive.making import NotWhole
from epro.archive.record import Block, Line, Pairs, Reader, Staff
from epro.archive.words import ARCHIVE, say
from epro.models import Contact, Participant, Site, User
from epro.services import staff
from epro.services.archives import Made
from epro.web.console.words import WORDS
from questionnaires.definition import Language
from tests.api.world import ELSEWHERE, ENROLLED, HERE, PARTICIPANT
from tests.archive.conftest import Archiving

pytestmark = pytest.mark.req("V-05")

HERS = f"audit/{PARTICIPANT}.ndjson"


def manifest_of(copy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((copy / check.MANIFEST).read_text("utf-8"))
    return found


def written(archiving: Archiving, language: Language) -> list[str]:
    """Return everything that her document says, a text for each line and pair."""
    with archiving.world.database.reading() as session:
        who = session.scalars(select(Participant).where(Participant.code == PARTICIPANT)).one()
        accounts = {one.id: one.username for one in session.scalars(select(User))}
        reader = Reader(
            session=session, participant=who, site=session.get_one(Site, who.site_id),
            catalogue=archiving.world.app.extensions["epro"].studies.catalogue(session),
            language=language,
            staff=Staff(accounts, staff.full_names(session)),
        )  # fmt: skip
        blocks = [block for part in making.PARTS for block in part(reader)]
    said = []
    for block in blocks:
        said += [f"{a} | {b}" for a, b in block.rows] if isinstance(block, Pairs) else [block.text]
    return said


def test_the_copy_is_opened_and_checked_without_the_system(archiving: Archiving) -> None:
    """By the tools of any machine, and by what lies in it, apart from all that is installed."""
    own = subprocess.run(
        [sys.executable, "-I", "-S", str(archiving.folder / "check.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    sums = subprocess.run(
        ["sha256sum", "--strict", "-c", check.SUMS], cwd=archiving.folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert own.returncode == 0, own.stdout + own.stderr
    assert archiving.made.manifest_sha256 in own.stdout
    assert sums.returncode == 0, sums.stdout + sums.stderr
    assert sums.stdout.count(": OK") == len(manifest_of(archiving.folder)["files"]) + 1


def test_every_page_to_begin_with_needs_no_script_and_leads_only_to_what_is_there(
    archiving: Archiving,
) -> None:
    page = html.parse(str(archiving.folder / "index.html"))
    leads = {str(one) for one in page.xpath("//@href | //@src")}

    shown = page.getroot().text_content()
    assert {
        name for name in archiving.made.counts if say(f"count.{name}", Language.ZH) == name
    } == set()
    assert "回答的表单 forms answered" in " ".join(shown.split())
    assert page.xpath("//script | //link | //img") == []
    assert {one for one in leads if not (archiving.folder / one).is_file()} == set()
    for code in (PARTICIPANT, ENROLLED):
        assert f"participants/{code}-zh.pdf" in leads
        assert (archiving.folder / f"participants/{code}-en.pdf").read_bytes().startswith(b"%PDF-")


def test_the_copy_holds_one_site_by_codes_and_nobody_of_another(archiving: Archiving) -> None:
    texts = {path.name: path.read_bytes() for path in archiving.folder.rglob("*") if path.is_file()}

    for unwanted in (ELSEWHERE.encode(), b"13800138000", b"GZ01"):
        assert [name for name, text in texts.items() if unwanted in text] == []
    assert manifest_of(archiving.folder)["holds_identity"] is False
    assert "identity.csv" not in texts


def test_her_document_says_every_answer_how_it_changed_and_what_followed(
    archiving: Archiving,
) -> None:
    said = written(archiving, Language.ZH)
    everything = "\n".join(said)
    questions = archiving.world.known.questionnaire.items

    assert all(one.text.zh.split("{")[0] in everything for one in questions)
    assert re.search(r"36\.[0-9]\s°C → 36\.1\s°C", everything)
    for words_of in (
        "+08:00 (Asia/Shanghai)", "自己的手机", "本人回答", "按错了", "电话核实过",
        "登记了参与者", "记录了输液访视 1 的时间", "规则", "确认了", "头痛", "录错了人",
        "饭后腹胀", "好些了",
        "“本人已作出上述评估”", "未签署",
    ):  # fmt: skip
        assert words_of in everything, words_of
    # Nothing is left as a key of ours, in either language.
    for one in (*said, *written(archiving, Language.EN)):
        assert not re.search(r"\b(None|life|mode|tier|outcome)\.[a-z_]+", one), one


def test_all_texts_of_the_copy_are_there_in_both_languages() -> None:
    assert all(one.zh.strip() and one.en.strip() for one in ARCHIVE.values())
    assert say("flags", Language.ZH) != say("flags", Language.EN)
    assert say("nothing.like_it", Language.EN) == "like_it"
    assert set(ARCHIVE) & set(WORDS) == set()


def test_the_audit_trail_is_the_journal_in_the_words_that_were_hashed(archiving: Archiving) -> None:
    lines = (archiving.folder / HERS).read_text("utf-8").splitlines()
    with (archiving.folder / f"audit/{PARTICIPANT}.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))

    first = json.loads(lines[0])
    text = f"{first['prev_hash']}\n{first['seq']}\n{first['body']}"
    assert hashlib.sha256(text.encode()).hexdigest() == first["hash"]
    assert [row["number"] for row in rows] == [str(json.loads(line)["seq"]) for line in lines]
    (corrected,) = [row for row in rows if row["verb"] == "response.corrected"]
    assert "已更正" in corrected["words_zh"]
    assert "→" in corrected["changed"]
    assert corrected["reason"]


@pytest.mark.parametrize("language", list(Language))
def test_people_are_named_as_they_are_called_with_the_account_beside_it(
    archiving: Archiving, language: Language
) -> None:
    users = [one.user for one in archiving.world.staff.values()]
    said = written(archiving, language)
    with (archiving.folder / f"audit/{PARTICIPANT}.csv").open(encoding="utf-8-sig") as file:
        who = {row["who"] for row in csv.DictReader(file)}

    known = {one.username: f"{one.full_name} ({one.username})" for one in users}
    assert who & set(known.values())
    assert who & set(known) == set()
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):  # who called, and who decided
        user = archiving.world.staff[role].user
        lines = [one for one in said if re.search(rf"\b{re.escape(user.username)}\b", one)]
        assert lines
        assert [one for one in lines if known[user.username] not in one] == []


def test_counts_say_what_the_database_holds(archiving: Archiving) -> None:
    counts = manifest_of(archiving.folder)["counts"]

    assert counts == archiving.made.counts
    assert counts["participants"] == 2
    assert (counts["corrections"], counts["contacts"]) == (1, 1)
    assert min(counts[one] for one in ("responses", "flags", "adverse_events", "signatures")) > 0
    assert manifest_of(archiving.folder)["journal"]["head"] == archiving.made.journal_head


def test_the_data_stand_in_it_as_they_are_handed_over(archiving: Archiving) -> None:
    rows = (archiving.folder / "data/qs.csv").read_text("utf-8-sig")
    changes = (archiving.folder / "data/changes.ndjson").read_text("utf-8").splitlines()
    odm = (archiving.folder / "data/odm.xml").read_text("utf-8")
    study = (archiving.folder / "definitions").glob("*/study.json")
    (version,) = manifest_of(archiving.folder)["study_versions"]

    assert PARTICIPANT in rows
    assert {json.loads(one)["site"] for one in changes} == {HERE}
    assert PARTICIPANT in odm
    assert [check.sha256_of(one) for one in study] == [version["sha256"]]


def test_what_was_put_in_past_the_journal_is_noticed_and_the_folder_stays_unfinished(
    archiving: Archiving, tmp_path: Path
) -> None:
    with Session(archiving.world.database.engine) as session:
        known = session.scalars(select(Contact)).one()
        columns = {column.key: getattr(known, column.key) for column in Contact.__table__.columns}
        session.add(Contact(**columns | {"id": uuid4(), "note": "nobody put this on record"}))
        session.flush()

        with pytest.raises(NotWhole, match="contacts: 2 in the database, 1 in the journal"):
            archiving.make(session, tmp_path / "new", languages=(Language.EN,))
        session.rollback()

    assert list(check.faults_of(tmp_path / "new")) == ["UNFINISHED: this copy was never finished"]
    with pytest.raises(FolderRefused, match="begun and never finished"):
        folder.begin(tmp_path / "new")


def test_a_copy_that_could_not_be_put_on_record_is_none(
    archiving: Archiving, tmp_path: Path
) -> None:
    made: list[Made] = []

    def lose_the_database(copy: Made) -> None:
        made.append(copy)
        raise OSError("the database is gone")

    with (
        archiving.world.database.reading() as session,
        pytest.raises(OSError, match="database is gone"),
    ):
        archiving.make(
            session, tmp_path / "new", languages=(Language.EN,), put_on_record=lose_the_database
        )

    assert [one.manifest_sha256 for one in made] == [
        check.sha256_of(tmp_path / "new" / check.MANIFEST)
    ]
    assert list(check.faults_of(tmp_path / "new")) == ["UNFINISHED: this copy was never finished"]


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(FolderRefused, match="not empty"):
        folder.begin(tmp_path)
    with pytest.raises(FolderRefused, match="is a file"):
        folder.begin(tmp_path / "letter.txt")
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_no_participant_is_held_in_memory_when_the_next_is_read(archiving: Archiving) -> None:
    people, files = archiving.held[:2], archiving.held[2:]

    assert people == [0, 0]
    assert max(files) < 5


# --- tampering ------------------------------------------------------------------------------------


def _in_the_words_of_an_entry(copy: Path) -> str:
    path = copy / HERS
    lines = path.read_text("utf-8").splitlines(keepends=True)
    number = next(at for at, line in enumerate(lines) if "response.completed" in line)
    lines[number] = lines[number].replace("response.completed", "response.forgotten", 1)
    path.write_text("".join(lines), "utf-8")
    return rf"{HERS}, line {number + 1}: the text of number \d+ was changed"


def _an_entry_less(copy: Path) -> str:
    lines = (copy / HERS).read_text("utf-8").splitlines(keepends=True)
    (copy / HERS).write_text("".join(lines[:5] + lines[6:]), "utf-8")
    return rf"{HERS}: has {len(lines) - 1} entries, not {len(lines)}"


def _an_entry_of_another_chain(copy: Path) -> str:
    lines = (copy / HERS).read_text("utf-8").splitlines(keepends=True)
    entry = json.loads(lines[3])
    entry["body"] = entry["body"].replace(PARTICIPANT, "SZ01-015")
    entry["hash"] = check.link_hash(entry["prev_hash"], entry["seq"], entry["body"])
    lines[3] = json.dumps(entry, ensure_ascii=False) + "\n"
    (copy / HERS).write_text("".join(lines), "utf-8")
    return rf"{HERS}, line 4: number \d+ is not the one in audit/chain.csv"


def _the_chain_shortened(copy: Path) -> str:
    lines = (copy / check.CHAIN).read_text("utf-8").splitlines(keepends=True)
    (copy / check.CHAIN).write_text("".join(lines[:9] + lines[10:]), "utf-8")
    return "audit/chain.csv, line 10: number 9 is missing"


def _no_entry_at_all(copy: Path) -> str:
    with (copy / HERS).open("a", encoding="utf-8") as file:
        file.write("[]\n")
    return rf"{HERS}, line \d+: this is no entry of a journal"


@pytest.mark.parametrize(
    "tamper",
    [_in_the_words_of_an_entry, _an_entry_less, _an_entry_of_another_chain, _the_chain_shortened,
     _no_entry_at_all],
)  # fmt: skip
def test_a_forged_journal_is_found_even_when_all_hashes_of_files_were_made_anew(
    copied: Path, tamper: Callable[[Path], str]
) -> None:
    expected = tamper(copied)
    manifest = manifest_of(copied)
    said = {name: value for name, value in manifest.items() if name != "files"}
    forged = folder.Folder(copied)
    for one in manifest["files"]:
        forged.note(one["path"])
    forged.finish(said)

    found = list(check.faults_of(copied))

    assert any(re.fullmatch(expected, one) for one in found), found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("data/qs.csv", "data/qs.csv: was changed"),
        (f"participants/{PARTICIPANT}-zh.pdf", f"participants/{PARTICIPANT}-zh.pdf: was changed"),
        ("SHA256SUMS", "SHA256SUMS, line 1: "),
        ("manifest.json", "manifest.json: cannot be read"),
    ],
)
def test_one_byte_that_differs_is_found_and_its_file_named(
    copied: Path, name: str, expected: str
) -> None:
    content = bytearray((copied / name).read_bytes())
    content[0] ^= 1
    (copied / name).write_bytes(content)

    assert any(one.startswith(expected) for one in check.faults_of(copied))
    assert check.main([str(copied)]) == 1


def test_a_file_less_a_file_more_and_another_count_are_found(copied: Path) -> None:
    (copied / "data/ae.csv").unlink()
    (copied / "data/more.csv").write_text("x")
    (copied / ".DS_Store").write_text("left by a desktop")
    (copied / "audit/site.csv").write_text("shorter")
    manifest = manifest_of(copied)
    manifest["journal"]["entities"]["response"] += 1
    (copied / check.MANIFEST).write_text(json.dumps(manifest), "utf-8")

    found = "\n".join(check.faults_of(copied))

    assert "data/ae.csv: is missing" in found
    assert "data/more.csv: is not in manifest.json" in found
    assert ".DS_Store" not in found
    assert "audit/site.csv: has 7 bytes" in found
    assert re.search(r"audit: tells of \d+ response, manifest.json of \d+", found)
    assert re.search(r"SHA256SUMS, line \d+: manifest.json has another SHA-256", found)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [("[]", "is not the manifest of a copy"), ("{}", "is not the manifest of a copy"),
     ('{"files": []}', "does not say what of the journal is here")],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_a_fault_and_no_riddle(
    tmp_path: Path, manifest: str, expected: str
) -> None:
    (tmp_path / check.MANIFEST).write_text(manifest, "utf-8")

    assert f"{check.MANIFEST}: {expected}" in list(check.faults_of(tmp_path))
    assert check.main([str(tmp_path)]) == 1


def test_a_folder_packed_into_one_file_is_the_same_folder(
    archiving: Archiving, tmp_path: Path
) -> None:
    folder.pack(archiving.folder, tmp_path / "one.zip")
    shutil.unpack_archive(tmp_path / "one.zip", tmp_path)

    assert list(check.faults_of(tmp_path / HERE)) == []


def test_no_text_is_too_long_for_a_page(tmp_path: Path) -> None:
    blocks: list[Block] = [Pairs([("写了什么", "头痛 <b> & " * 3_000)]), Line("x" * 30_000)]

    pdf.write_pdf(tmp_path / "long.pdf", blocks, title="T", code=PARTICIPANT, language=Language.ZH)

    assert (tmp_path / "long.pdf").read_bytes().startswith(b"%PDF-")
