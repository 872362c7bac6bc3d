"""The phone app as the server hands it out: headers, shell, texts, weight."""

import hashlib
import json
import re
from dataclasses import replace
from gzip import compress, decompress
from pathlib import Path

import pytest

from epro.app import create_app
from epro.db import Database
from epro.web.phone import shell
from questionnaires.definition import ItemType, Language
from tests.api.world import World
from tests.blackbox.system import STUDY
from tests.clock import FrozenClock
from tests.factories import add_study_version, shipped_package
from tests.settings import make_settings
from tests.web.node import run

VENDOR = shell.FOLDER / "vendor"
# UX section 11: what is there before anything can be answered, gzipped.
FIRST_LOAD_LIMIT, SCRIPT_LIMIT, STYLE_LIMIT = (kb * 1024 for kb in (60, 35, 8))
KEY = re.compile(r'\bt\(\s*(?:[\w.]+ \? )?"([\w.]+)"')
ALSO_KEY = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
BEGINNING = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*\.)\$\{")


def texts(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((shell.FOLDER / f"i18n/{language}.json").read_text("utf-8"))
    return read


def sources() -> dict[str, str]:
    return {
        path.relative_to(shell.FOLDER).as_posix(): path.read_text("utf-8")
        for path in sorted((shell.FOLDER / "js").rglob("*.js"))
    }


@pytest.mark.req("X-05")
def test_the_page_allows_nothing_but_its_own_files(world: World) -> None:
    page = world.browser().get("/p/")

    policy = page.headers["Content-Security-Policy"]
    assert page.status_code == 200
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert " style=" not in page.text
    assert not re.search(r"<script(?![^>]+src=)", page.text)


@pytest.mark.req("A-05")
def test_before_anybody_is_known_no_stand_in_for_a_number_is_shown(world: World) -> None:
    page = world.browser().get("/p/").text

    assert "0000-" in (STUDY / "study.yaml").read_text("utf-8")  # not fitted to its sites yet
    assert "0000-" not in page
    assert 'data-emergency="120"' in page
    assert 'href="tel:120"' in page


@pytest.mark.req("P-02")
def test_the_address_on_the_paper_leads_to_the_app_and_spends_nothing(world: World) -> None:
    led = [world.browser().get("/a") for _ in range(10)]

    assert {(one.status_code, one.headers["Location"]) for one in led} == {(303, "/p/")}


def test_every_file_that_the_page_names_is_there_for_good(world: World) -> None:
    page = world.browser().get("/p/").text
    named = re.findall(r'(?:src|href)="(/p/[0-9a-f]{16}/[^"]+)"', page)

    answers = [world.browser().get(name) for name in named]

    assert len(named) >= 4
    assert {one.status_code for one in answers} == {200}
    assert all("immutable" in one.headers["Cache-Control"] for one in answers)


@pytest.mark.parametrize(
    "name", ["pages.py", "../pages.py", "vendor/LOCK.json", "js/nothing.js", "sw.js", "%00.css"]
)
def test_nothing_but_the_shell_is_served(world: World, name: str) -> None:
    version = shell.read_modules().version

    assert world.browser().get(f"/p/{version}/{name}").status_code == 404


def test_scripts_travel_pressed_together_to_whoever_can_unpack_them(world: World) -> None:
    address = f"/p/{shell.read_modules().version}/js/app.js"

    plain = world.browser().get(address)
    packed = world.browser().get(address, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert decompress(packed.data) == plain.data


def test_the_worker_keeps_the_whole_shell_and_asks_for_nothing_else(world: World) -> None:
    source = world.browser().get("/p/sw.js")
    listed = json.loads(re.findall(r"^const SHELL = (.*);$", source.text, re.MULTILINE)[0])

    answers = [world.browser().get(name).status_code for name in listed["files"]]

    assert set(answers) == {200}
    assert source.headers["Cache-Control"] == "no-cache"
    assert len([name for name in listed["files"] if "/js/" in name]) == len(sources())


@pytest.mark.req("X-05")
def test_what_a_day_does_not_need_is_a_script_of_its_own_fetched_beside_the_first_and_kept_with_it(
    fresh_database_url: str, clock: FrozenClock
) -> None:
    app = create_app(make_settings(fresh_database_url, is_phone_bundled=True), clock=clock)
    phone, served = app.test_client(), f"/p/{shell.read_bundle().version}"

    page, worker = phone.get("/p/").text, phone.get("/p/sw.js").text
    first, later = (phone.get(f"{served}/{name}.js").text for name in ("app", "seldom"))
    database: Database = app.extensions["epro"].database
    database.engine.dispose()

    assert f'<link rel="modulepreload" href="{served}/seldom.js">' in page
    assert f'<script type="module" src="{served}/app.js">' in page
    assert all(f'"{served}/{name}.js"' in worker for name in ("app", "seldom"))
    assert "/sessions/activation" in later
    assert "/sessions/activation" not in first
    assert "welcome." not in first


@pytest.mark.req("A-05")
def test_another_study_number_is_another_worker_so_that_kept_pages_are_fetched_anew(
    fresh_database_url: str, clock: FrozenClock
) -> None:
    app = create_app(make_settings(fresh_database_url), clock=clock)
    database: Database = app.extensions["epro"].database
    phone, package = app.test_client(), shipped_package()
    seen: list[tuple[str, str, bool]] = []

    def publish(version: str, number: str) -> None:
        numbers = replace(package.sites, study_phone=number)
        with database.transaction() as session:
            add_study_version(session, package=replace(package, version=version, sites=numbers))
        worker, state = phone.get("/p/sw.js").text, phone.get("/p/state.json").get_json()
        kept = json.loads(re.findall(r"^const SHELL = (.*);$", worker, re.MULTILINE)[0])
        assert state["version"] == kept["version"]
        seen.append((worker, kept["version"], f"tel:{number}" in phone.get("/p/").text))

    publish("91.0.0", "0755-55500101")
    publish("92.0.0", "0755-55500101")
    publish("93.0.0", "0755-55500202")
    database.engine.dispose()

    assert [one[2] for one in seen] == [True] * 3
    assert seen[0] == seen[1]
    assert seen[1][0] != seen[2][0]
    assert seen[1][1] != seen[2][1]


@pytest.mark.req("P-10")
def test_both_languages_say_the_same_things_and_nothing_is_said_that_nobody_asks_for() -> None:
    zh, en = texts("zh"), texts("en")
    code = "\n".join(sources().values())
    named = set(KEY.findall(code)) | set(ALSO_KEY.findall(code))
    beginnings = tuple(BEGINNING.findall(code))

    unused = [key for key in zh if key not in named and not key.startswith(beginnings)]
    places = {key.split(".")[0] for key in zh}
    missing = [key for key in named if key.split(".")[0] in places and key not in zh]

    assert list(zh) == list(en)
    assert (unused, missing) == ([], [])
    for key in zh:
        assert set(re.findall(r"\{\w+\}", zh[key])) == set(re.findall(r"\{\w+\}", en[key])), key


@pytest.mark.req("X-05")
def test_what_others_wrote_is_the_file_they_published() -> None:
    lock = json.loads((VENDOR / "LOCK.json").read_text("utf-8"))
    kept = {one.name for one in VENDOR.iterdir()} - {"LOCK.json"}
    licences = {name for one in lock.values() for name in one["licence_files"]}

    assert kept == set(lock) | licences
    for name, facts in lock.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == facts["sha256"]


@pytest.mark.req("Q-05", "P-10")
@pytest.mark.parametrize("language", list(Language))
def test_what_was_ticked_is_told_apart_in_the_review(language: Language) -> None:
    between = texts(language.value)["review.comma"].strip()

    joined = [
        choice.text.in_language(language)
        for questionnaire in shipped_package().questionnaires
        for item in questionnaire.items
        if item.type is ItemType.MULTI
        for choice in item.choices
    ]

    assert any("、" in one or "," in one for one in joined)  # a comma would not do
    assert [one for one in joined if between in one] == []


# UX section 2: what Safari 15.0 or Chromium 80 cannot read makes the whole rule nothing.
TOO_NEW = re.compile(r":is\(|:where\(|\binset:|aspect-ratio:|\d[ds]v[hw]\b|color-mix\(|@layer|&")
HAS = re.compile(r"^.*:has\(.*$", re.MULTILINE)


@pytest.mark.req("P-11")
def test_styles_say_nothing_that_phones_of_2020_cannot_read() -> None:
    styles = "\n".join(one.read_text("utf-8") for one in (shell.FOLDER / "css").glob("*.css"))

    assert TOO_NEW.findall(styles) == []
    # Beside the dot of a radio or the tick of a box it is only more.
    assert HAS.findall(styles) == [".row:has(input:checked) {"]


DAYS = """
import { speak, studyDay } from "./i18n.js";
globalThis.document = { documentElement: {} };
globalThis.fetch = async (path) => ({ ok: true, json: async () => WORDS[path] });
for (const language of ["zh", "en"]) {
  await speak(language, "i18n");
  console.log(["D12", "D0", "D-3"].map(studyDay).join(" | "));
}
"""


@pytest.mark.req("P-11", "P-10")
def test_a_day_of_the_study_is_written_as_people_do(tmp_path: Path) -> None:
    words = {f"i18n/{language}.json": texts(language) for language in ("zh", "en")}
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")
    (tmp_path / "i18n.js").write_bytes((shell.FOLDER / "js/i18n.js").read_bytes())
    (tmp_path / "days.js").write_text(f"const WORDS = {json.dumps(words)};\n{DAYS}", "utf-8")

    zh, en = run("", tmp_path / "days.js").splitlines()

    assert zh == "研究第 12 天 | 研究第 0 天 | 距第一次输液 3 天"
    assert en == "Study day 12 | Study day 0 | Days until the first infusion: 3"


def test_the_first_load_is_small(world: World) -> None:
    files = shell.read_bundle().files
    weights = {name: len(compress(content)) for name, content in files.items()}
    page = len(compress(world.browser().get("/p/").data))

    # One of the two languages is loaded at first; what comes later has to fit in as well.
    whole = page + sum(weights.values()) - min(weights["i18n/zh.json"], weights["i18n/en.json"])

    assert weights["app.js"] <= SCRIPT_LIMIT
    assert weights["app.css"] <= STYLE_LIMIT
    assert whole <= FIRST_LOAD_LIMIT
