"""Every page, for every role: who sees it, in which language, under which headers."""

import hashlib
import json
import re
from gzip import compress
from uuid import uuid4

import pytest
from lxml import html

from epro.access import STAFF_ROLES, Permission, Role
from epro.api.access_table import routes_of
from epro.app import create_app
from epro.models import (
    AskedBy,
    ContactChannel,
    ContactOutcome,
    DataIncidentKind,
    IdentityCheck,
    IncidentSeverity,
    LifeCycle,
    NextStep,
    RequestAct,
    RequestKind,
    RequestOutcome,
    ScreeningSource,
    Visit,
    WorkKind,
)
from epro.services.message_log import Outcome
from epro.services.participant_list import Having
from epro.settings import Environment
from epro.web.console import pages
from epro.web.console.words import CODES, WORDS
from notifications.messages import ChannelName
from questionnaires.compliance import Standing
from questionnaires.data_protection import Recipient, Urgency
from questionnaires.definition import ConsentKind, ThermometerRoute
from questionnaires.schedule import AnchorEvent, DiarySlot
from questionnaires.tiers import Tier
from tests.api.world import ELSEWHERE, NOBODY, PARTICIPANT, World
from tests.settings import make_settings
from tests.web.pages import CONSOLE, csrf_of, links_of, somewhere, text_of

ROUTES = [
    route
    for route in routes_of(
        create_app(make_settings("sqlite://", environment=Environment.PRODUCTION))
    )
    if route.path.startswith(CONSOLE) and route.permission is not None
]
TEMPLATES = sorted((pages.FOLDER / "templates" / "console").glob("*.html"))
# Pages that say what is missing where the address does not say what is wanted.
NEEDS_MORE = ("/anchors/preview",)
MOST_PAGES = 120
NO_ENTRY = WORDS["refusal.not_permitted"].zh
VENDOR = pages.STATIC / "vendor"
FIRST_LOAD_LIMIT = 60_000  # UX section 11, gzipped


@pytest.mark.req("P-06")
@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_a_role_gets_in_exactly_where_the_table_says(world: World, role: Role) -> None:
    browser = world.sign_in_to_console(role)
    csrf, wrong = csrf_of(browser), []
    for route in ROUTES:
        if route.permission is Permission.OWN_SESSION and route.method != "GET":
            continue  # everybody's own; ending one here would end the test
        answer = browser.open(
            somewhere(route, PARTICIPANT), method=route.method, data={"csrf": csrf}
        )
        # A signature that is not proven is refused with the same number, behind the door.
        is_refused = answer.status_code == 403 and NO_ENTRY in answer.text
        if is_refused is route.is_open_to(role) or answer.status_code >= 500:
            wrong.append(f"{route.method} {route.path}: {answer.status_code}")

    assert wrong == []


@pytest.mark.req("P-06")
def test_without_a_session_every_page_leads_to_the_door(world: World) -> None:
    doors = set()
    for route in ROUTES:
        answer = world.browser().open(somewhere(route, PARTICIPANT), method=route.method)
        doors.add((answer.status_code, answer.location.split("?")[0]))

    assert doors == {(303, f"{CONSOLE}/sign-in")}


@pytest.mark.req("P-06")
@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_every_page_opens_for_whom_it_is_meant_and_leads_to_pages_that_open(
    world: World, role: Role
) -> None:
    """No page offers a link that its reader may not follow, and none is broken."""
    browser = world.sign_in_to_console(role)
    to_see = {
        somewhere(route, PARTICIPANT)
        for route in ROUTES
        if route.method == "GET" and "_id}" not in route.path and route.is_open_to(role)
    }
    seen: set[str] = set()
    wrong = []
    while to_see - seen and len(seen) < MOST_PAGES:
        path = sorted(to_see - seen)[0]
        seen.add(path)
        answer = browser.get(path)
        needs_more = path.endswith(NEEDS_MORE)
        if answer.status_code not in ({200, 303, 422} if needs_more else {200, 303}):
            wrong.append(f"{path}: {answer.status_code}")
        elif answer.mimetype == "text/html":
            to_see |= links_of(answer)

    assert wrong == []


@pytest.mark.req("C-01")
def test_what_is_at_another_site_looks_like_what_does_not_exist(world: World) -> None:
    different = []
    for route in ROUTES:
        if "{code}" not in route.path:
            continue
        role = next(one for one in sorted(STAFF_ROLES) if route.is_open_to(one))
        browser = world.sign_in_to_console(role)
        csrf = csrf_of(browser)
        told = []
        for code in (ELSEWHERE, NOBODY):
            path = somewhere(route, code)
            answer = browser.open(path, method=route.method, data={"csrf": csrf})
            told.append((answer.status_code, text_of(answer).replace(code, "")))
        if told[0] != told[1] or told[0][0] not in {404, 422}:
            different.append((route, told[0][0], told[1][0]))

    assert different == []


@pytest.mark.req("C-01")
def test_a_flag_of_another_site_looks_like_one_that_does_not_exist(world: World) -> None:
    theirs = world.complain("GZ01-001", urgent=("chest",), chest=("pain",))
    browser = world.sign_in_to_console(Role.COORDINATOR)

    seen = [browser.get(f"{CONSOLE}/flags/{flag}") for flag in (theirs, uuid4())]

    assert [one.status_code for one in seen] == [404, 404]
    assert text_of(seen[0]) == text_of(seen[1])
    assert "GZ01-001" not in browser.get(f"{CONSOLE}/flags").text


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    ("chosen", "language", "says"), [("zh", "zh-Hans", "安全收件箱"), ("en", "en", "Safety inbox")]
)
def test_pages_speak_the_chosen_language(
    world: World, chosen: str, language: str, says: str
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    led = browser.get(f"{CONSOLE}/language/{chosen}?to={CONSOLE}/flags")
    page = browser.get(led.location)

    assert html.fromstring(page.text).get("lang") == language
    assert says in text_of(page)


@pytest.mark.req("P-10")
def test_chinese_comes_first(world: World) -> None:
    page = world.browser().get(f"{CONSOLE}/sign-in", headers={"Accept-Language": "en"})

    assert "登录" in text_of(page)


@pytest.mark.req("P-10")
def test_every_text_that_a_template_names_exists_and_none_is_left_over() -> None:
    written = "\n".join(one.read_text("utf-8") for one in TEMPLATES)
    asked_for = set(re.findall(r"(?<!\w)t\('([^']+)'[,)]", written))
    quoted = set(re.findall(r"'([\w.]+)'", written))
    # Keys that are put together from a value: everything under their beginning counts as named.
    begun = tuple({one for one in quoted if one.endswith(".")} | {"refusal.", "said."})

    # Those of codes are said in the journal too: tests/services/test_journal_reading.py.
    own = {key for key in WORDS if key not in CODES}
    assert asked_for <= set(WORDS)
    assert {key for key in own if key not in quoted and not key.startswith(begun)} == set()


@pytest.mark.req("P-11")
def test_no_column_of_a_table_lies_beyond_the_edge_of_a_phone() -> None:
    """Cards show every field, with its name; what stays a table has few columns, or is a chart."""
    few = {"compliance.html": "heat", "event_table.html": "narrow-table",
           "participant.html": "narrow-table", "timeline.html": ""}  # fmt: skip
    kinds = {
        (one.name, kind)
        for one in TEMPLATES
        for kind in re.findall(r'<table(?: class="([^"]*)")?', one.read_text("utf-8"))
    }

    assert {one for one in kinds if one[1] not in {"cards", "inbox"}} == set(few.items())


@pytest.mark.req("P-11", "P-06")
@pytest.mark.parametrize("role", [Role.MONITOR, Role.INVESTIGATOR, Role.COORDINATOR])
def test_no_section_of_a_participants_page_is_a_heading_alone(world: World, role: Role) -> None:
    page = world.sign_in_to_console(role).get(f"{CONSOLE}/participants/{PARTICIPANT}")

    sections = html.fromstring(page.text).xpath("//main//section")
    assert sections
    assert [one.get("aria-labelledby") for one in sections if len(one) < 2] == []


@pytest.mark.req("P-10")
def test_every_value_that_a_page_shows_by_its_name_has_words() -> None:
    """Fails when a value is added somewhere: say it in words_*.py, or a page breaks over it."""
    shown = {
        "work.": WorkKind, "life.": LifeCycle, "channel.": ContactChannel, "next.": NextStep,
        "reached.": ContactOutcome, "visit.": Visit, "way.": ChannelName, "message.": Outcome,
        "anchor.": AnchorEvent, "consent.": ConsentKind, "slot.": DiarySlot, "mark.": Standing,
        "thermometer.": ThermometerRoute, "having.": Having, "tier.": Tier,
        "source.": ScreeningSource,
        "request.kind.": RequestKind, "request.asked_by.": AskedBy,
        "request.check.": IdentityCheck, "request.outcome.": RequestOutcome,
        "request.act.": RequestAct, "request.": Urgency, "incident.": Urgency,
        "incident.kind.": DataIncidentKind, "incident.severity.": IncidentSeverity,
        "incident.to.": Recipient,
    }  # fmt: skip

    assert [
        f"{at}{one}" for at, all_ in shown.items() for one in all_ if at + one not in WORDS
    ] == []


@pytest.mark.req("P-10")
@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_fill_in_the_same(key: str) -> None:
    zh, en = (set(re.findall(r"{(\w+)}", text)) for text in (WORDS[key].zh, WORDS[key].en))

    assert WORDS[key].zh.strip()
    assert WORDS[key].en.strip()
    assert zh == en


@pytest.mark.req("X-05")
@pytest.mark.parametrize("path", ["/flags", "/phones", "/sign-in", "/nothing/here"])
def test_pages_are_strict_about_where_anything_comes_from(world: World, path: str) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}{path}")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page.text)


@pytest.mark.req("X-05")
def test_styles_are_asked_for_anew_and_mostly_answered_from_the_cache(world: World) -> None:
    browser = world.browser()

    first = browser.get(f"{CONSOLE}/static/console.css")
    again = browser.get(
        f"{CONSOLE}/static/console.css", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.req("X-05")
@pytest.mark.parametrize("name", ["../pages.py", "vendor/LOCK.json", "nothing.css", "%00.css"])
def test_nothing_but_styles_and_scripts_is_served(world: World, name: str) -> None:
    assert world.browser().get(f"{CONSOLE}/static/{name}").status_code == 404


@pytest.mark.req("X-05")
def test_what_others_wrote_is_the_file_they_published() -> None:
    lock = json.loads((VENDOR / "LOCK.json").read_text("utf-8"))
    kept = {one.name for one in VENDOR.iterdir()} - {"LOCK.json"}

    assert kept == set(lock) | {one["licence_file"] for one in lock.values()}
    for name, facts in lock.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == facts["sha256"]


def test_the_first_load_is_small(world: World) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/flags")
    files = re.findall(rf'(?:src|href)="{CONSOLE}/static/([^"]+)"', page.text)

    weights = [len(compress((pages.STATIC / name).read_bytes())) for name in files]

    assert len(files) == 4
    assert len(compress(page.data)) + sum(weights) <= FIRST_LOAD_LIMIT


@pytest.mark.req("A-08")
def test_whoever_is_second_reads_who_was_first(world: World) -> None:
    flag = world.complain(PARTICIPANT, urgent=("limb",))
    first = world.sign_in_to_console(Role.COORDINATOR)
    second = world.sign_in_to_console(Role.INVESTIGATOR)

    answers = [
        one.post(f"{CONSOLE}/flags/{flag}/acknowledgement", data={"csrf": csrf_of(one)})
        for one in (first, second)
    ]

    assert [one.status_code for one in answers] == [303, 409]
    assert "不必重复处理" in text_of(answers[1])


def test_an_empty_filter_says_so_and_offers_a_way_back(world: World) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/flags?participant=SZ01-888")

    assert "没有符合筛选的信号" in text_of(page)
    assert "清除筛选" in text_of(page)


@pytest.mark.parametrize(
    "query", ["standing=none", "tier=BLUE", "site=XX", "participant=%00%ff", "mine=2", "tier="]
)
def test_an_odd_filter_breaks_nothing(world: World, query: str) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/flags?{query}")

    assert page.status_code == 200


@pytest.mark.req("C-02", "A-03")
def test_of_the_answers_those_stand_out_that_the_rule_reads(world: World) -> None:
    flag = world.complain(PARTICIPANT, urgent=("breathing",), breathing=("at-rest",))
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/flags/{flag}")

    newest = html.fromstring(page.text).xpath("(//dl[@class='told'])[1]")[0]
    marked = [" ".join(one.text_content().split()) for one in newest.xpath(".//div[@class]")]
    times = [one.text for one in newest.xpath(".//dd") if one.text.startswith("20")]

    assert len(marked) in {1, 2}
    assert any("不活动时也喘不过气" in one for one in marked)
    assert times
    # By the clock of the site, and as people write it.
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", one) for one in times)
