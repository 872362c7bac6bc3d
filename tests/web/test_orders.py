"""Lists by link: each can be put in order, turned round and narrowed by its address alone."""

from datetime import timedelta

import pytest
from lxml import html
from sqlalchemy import func, select

from epro.access import Role
from epro.models import Correction
from epro.services import correction_list, paging
from tests.api.world import PARTICIPANT, World
from tests.factories import add_user
from tests.services.changes_of_protection import record_incident, record_request
from tests.web.cases_record import asked, enter_event
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("C-01")
CONTACT = {"code": PARTICIPANT, "outcome": "reached", "channel": "telephone"}
LISTS = {
    "/participants": Role.COORDINATOR, "/reviews?all=1": Role.INVESTIGATOR,
    "/events": Role.INVESTIGATOR, "/delegations": Role.MONITOR, "/staff": Role.MONITOR,
    "/accounts": Role.SYSTEM_ADMIN, "/messages?days=30": Role.COORDINATOR,
    "/flags": Role.COORDINATOR, "/contacts": Role.COORDINATOR,
    "/data-requests": Role.COORDINATOR, "/data-incidents": Role.COORDINATOR,
}  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_each_column_that_offers_it_puts_the_list_in_order_and_turns_it_round(
    world: World, path: str
) -> None:
    enter_event(world)
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    record_request(world)
    record_incident(world)
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
