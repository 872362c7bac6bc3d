"""Lists by link: each can be put in order, turned round and narrowed by its address alone."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select

from epro.access import Role
from epro.models import Correction
from epro.services import correction_list, paging
from epro.web.console import journal_pages
from tests.api.world import EVENING, HERE, PARTICIPANT, World
from tests.factories import add_user
from tests.services.changes_of_protection import record_incident, record_request
from tests.web.cases_paper import sheet_of, typed
from tests.web.cases_participants import somebody
from tests.web.cases_record import a_copy, asked, enter_event
from tests.web.pages import CONSOLE, send, text_of
from tests.web.test_ratings import visit

pytestmark = pytest.mark.req("C-01")
CONTACT = {"code": PARTICIPANT, "outcome": "reached", "channel": "telephone"}
LISTS = {
    "/participants": Role.COORDINATOR,
    "/reviews?all=1": Role.INVESTIGATOR,
    "/events": Role.INVESTIGATOR,
    "/delegations": Role.MONITOR,
    "/staff": Role.MONITOR,
    "/accounts": Role.SYSTEM_ADMIN,
    "/messages?days=30": Role.COORDINATOR,
    "/flags": Role.COORDINATOR,
    "/contacts": Role.COORDINATOR,
    "/data-requests": Role.COORDINATOR,
    "/data-incidents": Role.COORDINATOR,
    "/transcriptions": Role.INVESTIGATOR,
    "/ratings": Role.OUTCOMES_ASSESSOR,
    "/audit-review/cases?figure=on_behalf": Role.MONITOR,
    "/drills": Role.COORDINATOR,
    "/events/table": Role.INVESTIGATOR,
}
# What is no table is put in order by links above it.
SECTIONS = {"/corrections": Role.INVESTIGATOR, "/archives": Role.INVESTIGATOR}  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_each_column_that_offers_it_puts_the_list_in_order_and_turns_it_round(
    world: World, path: str
) -> None:
    enter_event(world)
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    record_request(world)
    record_incident(world)
    typed(world)
    visit(world)
    world.clock.set(EVENING + timedelta(days=1))
    send(world.sign_in_to_console(Role.COORDINATOR), "/contacts", **CONTACT)
    browser = world.sign_in_to_console(LISTS[path])
    page = html.fromstring(browser.get(f"{CONSOLE}{path}").text)
    links = page.xpath("//thead//a[contains(@href, 'sort=')]/@href")

    assert links
    for link in links:
        told = []
        for _ in range(2):
            answer = browser.get(link)
            (column,) = html.fromstring(answer.text).xpath("//th[@aria-sort]")
            told.append(column.get("aria-sort"))
            (link,) = column.xpath("./a/@href")  # noqa: PLW2901  the same column, turned round
        assert sorted(told) == ["ascending", "descending"], link
    world.clock.set(EVENING)


@pytest.mark.parametrize("path", SECTIONS)
def test_what_is_no_table_is_put_in_order_by_links_that_keep_the_filter(
    world: World, path: str
) -> None:
    for _ in range(2):
        asked(world)
        a_copy(world)
    browser = world.sign_in_to_console(SECTIONS[path])
    page = html.fromstring(browser.get(f"{CONSOLE}{path}?kept=1").text)
    links = page.xpath("//nav[@aria-label='排序']/a/@href")

    assert len(links) == 3
    for link in links:
        seen = []
        for _ in range(2):
            shown = html.fromstring(browser.get(link).text)
            (chosen,) = shown.xpath("//nav[@aria-label='排序']/a[@aria-current]")
            seen.append(chosen.xpath("string(./span[@class='hidden'])"))
            (link,) = chosen.xpath("./@href")  # noqa: PLW2901  the same order, turned round
            assert "kept=1" in link
        assert seen == ["升序", "降序"]


def add_another_sheet(world: World) -> str:
    """Type in a sheet of somebody else; return her code."""
    code = somebody(world)
    path = f"/participants/{code}/paper/form?form=ae_report"
    answer = send(
        world.sign_in_to_console(Role.COORDINATOR), path, **sheet_of(written_at="2026-03-01T19:00")
    )
    assert answer.status_code == 303, answer.text
    return code


def codes_on(browser: FlaskClient, path: str) -> list[str]:
    page = html.fromstring(browser.get(f"{CONSOLE}{path}").text)
    return [one.text_content().strip() for one in page.xpath("//tbody/tr/th[@scope='row']")]


def test_sheets_to_compare_stand_in_the_order_that_is_asked_for_and_of_one_alone(
    world: World,
) -> None:
    typed(world)
    code = add_another_sheet(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)

    up, down, hers = (
        codes_on(browser, f"/transcriptions?{query}")
        for query in ("sort=participant", "sort=participant&down=1", f"participant={code.lower()}")
    )
    nobody = browser.get(f"{CONSOLE}/transcriptions?participant=SZ01-998")

    assert up == sorted(up)
    assert down == up[::-1]
    assert len(set(up)) >= 2
    assert hers == [code]
    assert "没有符合筛选的内容" in text_of(nobody)


def test_ratings_stand_in_the_order_that_is_asked_for_and_of_one_alone(world: World) -> None:
    for _ in range(2):
        visit(world)
        world.clock.set(EVENING)
    world.clock.set(EVENING + timedelta(days=1))
    browser = world.sign_in_to_console(Role.OUTCOMES_ASSESSOR)

    up, down = (codes_on(browser, f"/ratings?sort=participant{turn}") for turn in ("", "&down=1"))
    hers = codes_on(browser, f"/ratings?participant={up[0]}")
    world.clock.set(EVENING)

    assert up == sorted(up)
    assert down == up[::-1]
    assert len(set(up)) >= 2
    assert set(hers) == {up[0]}


@pytest.mark.req("C-06")
def test_reviews_are_narrowed_to_one_and_every_link_on_keeps_it(world: World) -> None:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/reviews?all=1&participant={PARTICIPANT}&sort=newest&page=9"

    answer = browser.get(f"{CONSOLE}{path}")
    page = html.fromstring(answer.text)
    nobody = browser.get(f"{CONSOLE}/reviews?all=1&participant=SZ01-998")

    assert codes_on(browser, path) == [PARTICIPANT]  # also beyond the last page
    kept = page.xpath("//thead//a/@href") + page.xpath("//tbody//form/@action")
    assert kept
    assert {f"participant={PARTICIPANT}" in one for one in kept} == {True}
    fields = dict(page.xpath("//form[@role='search']")[0].form_values())
    assert fields == {"all": "1", "sort": "newest", "participant": PARTICIPANT}
    assert "没有符合筛选的内容" in text_of(nobody)


@pytest.mark.req("T-09")
def test_cases_of_a_figure_stand_in_the_order_that_is_asked_for(world: World) -> None:
    typed(world)
    add_another_sheet(world)
    browser = world.sign_in_to_console(Role.MONITOR)
    path = f"{CONSOLE}/audit-review/cases?figure=on_behalf&sort=participant"

    up, down = (
        html.fromstring(browser.get(f"{path}{turn}").text).xpath("//tbody/tr/td[1]//text()")
        for turn in ("", "&down=1")
    )

    assert len(set(up)) >= 2
    assert up == sorted(up)
    assert down == up[::-1]


@pytest.mark.parametrize(
    "path",
    ["/participants", "/staff", "/messages", "/reviews", "/flags", "/corrections", "/compliance"],
)
@pytest.mark.parametrize("query", ["endpoint=1", "_method=POST", "_scheme=x", "_external=1"])
def test_an_address_that_nobody_wrote_is_answered_with_the_list_all_the_same(
    world: World, path: str, query: str
) -> None:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)

    answer = browser.get(f"{CONSOLE}{path}?{query}")

    assert answer.status_code == 200
    assert query not in "".join(html.fromstring(answer.text).xpath("//thead//a/@href"))


def test_an_order_goes_with_the_filter_it_was_asked_for_under(world: World) -> None:
    with world.database.transaction() as session:
        for name in ("bb.first", "yy.last"):
            add_user(session, name, roles=[Role.MONITOR], keyring=world.keyring)
    browser = world.sign_in_to_console(Role.MONITOR)

    page = browser.get(f"{CONSOLE}/staff?role=monitor&site=SZ01&sort=username&down=1").text
    (link,) = html.fromstring(page).xpath("//th[@aria-sort]/a/@href")

    assert page.index("yy.last") < page.index("bb.first")
    assert "from.elsewhere" not in browser.get(f"{CONSOLE}/staff?role=data_manager").text
    assert "role=monitor" in link


def test_a_long_register_goes_on_and_keeps_what_it_was_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging.page_of, "__kwdefaults__", {"size": 1})
    code = str(record_request(world).get_json()["participant"])
    record_request(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)

    first = html.fromstring(browser.get(f"{CONSOLE}/data-requests?which=all&sort=owner").text)
    (later,) = first.xpath("//a[@rel='next']/@href")
    second = html.fromstring(browser.get(later).text)
    (codes_first, codes_second) = (one.xpath("//tbody//th/text()") for one in (first, second))
    hers = html.fromstring(browser.get(f"{CONSOLE}/data-requests?which=all&code={code}").text)

    assert "which=all" in later
    assert "sort=owner" in later
    assert (len(codes_first), len(codes_second)) == (1, 1)
    assert codes_first != codes_second
    assert hers.xpath("//tbody//th/text()") == [code]


def test_contacts_are_narrowed_to_one_participant_and_one_outcome(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    for outcome in ("reached", "not_reached"):
        send(browser, "/contacts", **CONTACT | {"outcome": outcome})

    hers = html.fromstring(browser.get(f"{CONSOLE}/contacts?of={PARTICIPANT}").text)
    reached = html.fromstring(browser.get(f"{CONSOLE}/contacts?outcome=reached").text)
    nobodys = browser.get(f"{CONSOLE}/contacts?of=SZ01-998")

    assert set(hers.xpath("//tbody//th/a/text()")) == {PARTICIPANT}
    outcomes = {one.text for one in reached.xpath("//tbody/tr/td[3]")}
    assert len(outcomes) == 1
    assert len({one.text for one in hers.xpath("//tbody/tr/td[3]")} - outcomes) >= 1
    assert "没有符合筛选的内容" in text_of(nobodys)


def test_the_newest_request_is_never_cut_off_and_each_page_leads_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correction_list, "PAGE", 1)
    before = world.clock()
    with world.database.reading() as session:  # later than what other tests have left behind
        latest = session.scalar(select(func.max(Correction.asked_at))) or before
    began = max(before, latest) + timedelta(minutes=1)
    world.clock.set(began)
    first = asked(world)
    world.clock.set(began + timedelta(minutes=1))
    browser = world.sign_in_to_console(Role.COORDINATOR)
    for _ in range(2):
        newest = asked(world)
        world.clock.set(world.clock() + timedelta(minutes=1))

    all_of_them = browser.get(f"{CONSOLE}/corrections?all=1&code={PARTICIPANT}").text
    waiting = browser.get(f"{CONSOLE}/corrections").text
    nobody = browser.get(f"{CONSOLE}/corrections?all=1&code=SZ01-998")
    world.clock.set(before)

    assert f"c-{newest}" in all_of_them
    assert f"c-{newest}" not in waiting
    assert f"c-{first}" not in all_of_them
    (later,) = html.fromstring(all_of_them).xpath("//a[@rel='next']/@href")
    assert "all=1" in later
    assert "没有符合筛选的内容" in text_of(nobody)


@pytest.mark.req("P-06")
def test_whoever_sees_no_flags_learns_of_them_from_no_column_filter_or_order(
    world: World,
) -> None:
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    manager = world.sign_in_to_console(Role.DATA_MANAGER)
    coordinator = world.sign_in_to_console(Role.COORDINATOR)

    told = [
        text_of(manager.get(f"{CONSOLE}/participants{query}"))
        for query in ("", "?having=flag", "?sort=flags&down=1")
    ]
    hers = text_of(coordinator.get(f"{CONSOLE}/participants?having=flag"))

    assert "未关闭" in hers
    assert not [one for one in told if "未关闭" in one or "信号" in one]
    assert {PARTICIPANT in one for one in told} == {True}


@pytest.mark.req("T-04")
def test_the_journal_is_told_from_either_end_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    path = f"{CONSOLE}/journal?participant={PARTICIPANT}&entity=participant"
    whole = [int(one) for one in numbers_on(browser, path)]
    monkeypatch.setattr(journal_pages, "MOST_LINES", 1)

    first = html.fromstring(browser.get(path).text)
    (turn,) = first.xpath("//nav[@aria-label='排序']/a/@href")
    told, link = [], turn
    while link:
        told += [int(one) for one in numbers_on(browser, link)]
        link = next(
            iter(html.fromstring(browser.get(link).text).xpath("//a[@rel='next']/@href")), ""
        )
    fields = dict(html.fromstring(browser.get(turn).text).forms[-1].form_values())

    assert len(whole) >= 2
    assert whole == sorted(whole)
    assert told == whole[::-1]
    assert fields["down"] == "1"  # whoever searches on keeps the order


def numbers_on(browser: FlaskClient, path: str) -> list[str]:
    """Return the places in the chain that a page of the journal tells of."""
    lines = html.fromstring(browser.get(path).text).xpath("//li[@data-line]/span[1]")
    return [one.text_content() for one in lines]


@pytest.mark.req("B-04")
def test_the_table_of_events_is_put_in_order_and_tells_nothing_of_what_it_hides(
    world: World,
) -> None:
    enter_event(world)
    hers, theirs = (
        {
            query: table_at(world, role, query)
            for query in ("", "?sort=events", "?sort=events&down=1", "?sort=row&down=1")
        }
        for role in (Role.INVESTIGATOR, Role.DATA_MANAGER)
    )

    counts = [int(count) for _, count in hers["?sort=events"]]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert [int(count) for _, count in hers["?sort=events&down=1"]] == counts[::-1]
    assert hers["?sort=row&down=1"] == hers[""][::-1]
    hidden = [row for row, count in theirs[""] if count == "隐藏"]
    assert hidden
    for query in ("?sort=events", "?sort=events&down=1"):
        assert [row for row, _ in theirs[query]][-len(hidden) :] == hidden


def table_at(world: World, role: Role, query: str) -> list[tuple[str, str]]:
    page = world.sign_in_to_console(role).get(f"{CONSOLE}/events/table{query}")
    rows = html.fromstring(page.text).xpath("//tbody/tr")
    return [(one.xpath("string(th)"), one.xpath("string(td[2])")) for one in rows]


@pytest.mark.req("A-07")
def test_the_numbers_of_a_site_stand_by_when_they_were_last_called(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    said = {"site": HERE, "which": "study_phone", "is_answered": "yes"}
    send(browser, "/number-checks", **said, called_at="2026-02-28T09:00")
    send(browser, "/number-checks", **said | {"which": "site_phone"}, called_at="2026-02-27T09:00")

    up, down = (numbers_called(browser, turn) for turn in ("", "&down=1"))

    assert up == ["中心电话", "24"]
    assert down == up[::-1]


def numbers_called(browser: FlaskClient, turn: str) -> list[str]:
    page = html.fromstring(browser.get(f"{CONSOLE}/drills?sort=called{turn}").text)
    rows = page.xpath("//table[contains(@class, 'cards')]/tbody/tr[.//time]/th")
    return [one.text_content().split()[0] for one in rows]
