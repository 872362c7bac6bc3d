"""Looking back: charts with their table, everything in order, heat map, journal in words."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.models import Participant, Site
from epro.services.timeline import Kind
from epro.web.console.pages import local_time
from notifications.messages import ChannelName, MessageState, OutboxMessage
from tests.api.world import ELSEWHERE, HERE, PARTICIPANT, World
from tests.web.cases_day import mark_reviewed
from tests.web.pages import CONSOLE, send, text_of


def timeline(world: World, query: str = "", role: Role = Role.COORDINATOR) -> html.HtmlElement:
    browser = world.sign_in_to_console(role)
    page = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/timeline?{query}")
    assert page.status_code == 200, text_of(page)
    return html.fromstring(page.text)


@pytest.mark.req("P-11")
def test_the_charts_say_in_a_table_what_they_draw(world: World) -> None:
    page = timeline(world, "days=30")

    (picture,) = page.xpath("//*[local-name()='svg'][@role='img']")
    dots = picture.xpath(".//*[local-name()='circle']")
    filled = [one for one in page.xpath("//details//td/text()") if one != "–"]
    gaps = picture.xpath(".//*[local-name()='rect'][@class='gap']")
    series = page.xpath("//details//thead/tr/th")[1:]
    assert picture.get("aria-label")
    assert len(dots) == len(filled) > 0
    assert len(gaps) == 30 * len(series) - len(dots)
    assert len(picture.xpath(".//*[local-name()='line'][@class='infusion']")) == 1


@pytest.mark.req("T-04")
def test_a_value_leads_to_its_journal_in_words(world: World) -> None:
    browser = world.sign_in_to_console(Role.MONITOR)
    page = timeline(world, "kind=answer", Role.MONITOR)
    link = next(one for one in page.xpath("//a/@href") if str(world.known.response) in one)

    answer = browser.get(link)
    journal = re.search(r'href="([^"]*/journal\?[^"]+)"', answer.text)
    assert journal
    told = browser.get(journal[1].replace("&amp;", "&"))

    assert "提交了" in text_of(told)
    assert PARTICIPANT in told.text


@pytest.mark.parametrize(
    "kind", ["answer", "flag", "contact", "message", "visit", "device", "review"]
)
def test_the_list_is_filtered_by_a_link(world: World, kind: Kind) -> None:
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    send(
        world.sign_in_to_console(Role.COORDINATOR), "/contacts", code=PARTICIPANT,
        outcome="reached", channel="telephone",
    )  # fmt: skip
    mark_reviewed(world.sign_in_to_console(Role.INVESTIGATOR))

    everything = timeline(world, "days=180")
    # A phone signs in by the wall clock, which is later than the trial's.
    some = timeline(world, f"days=180&kind={kind}")

    lines = [len(page.xpath("//li[@data-line]")) for page in (some, everything)]
    assert 0 < lines[0] < lines[1]


@pytest.mark.req("T-04", "P-10")
@pytest.mark.parametrize(
    ("said", "language", "words"),
    [("delivered", "zh", "已送达"), ("undelivered", "zh", "失败"), ("undelivered", "en", "Failed"),
     (None, "en", "delivery unknown")],
)  # fmt: skip
def test_what_became_of_a_message_is_said_in_words(
    world: World, said: str | None, language: str, words: str
) -> None:
    at = world.clock.now()
    with world.database.transaction() as session:
        who = session.scalars(select(Participant.id).where(Participant.code == PARTICIPANT)).one()
        message = OutboxMessage(
            purpose="reminder", is_vital=False, channel=ChannelName.SMS, template="said_in_words",
            template_version="1.0.0", params={}, language="zh",
            recipient_ref=f"participant:{who}", created_at=at, not_before=at,
            state=MessageState.SENT, next_attempt_at=at, attempt_count=1, doubt_count=0,
            ask_count=0, delivery_status=said,
        )  # fmt: skip
        session.add(message)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    browser.get(f"{CONSOLE}/language/{language}?to={CONSOLE}/messages")

    page = html.fromstring(
        browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/timeline?kind=message&days=180").text
    )

    (line,) = page.xpath(f"//li[@data-line][.//a[contains(@href, '{message.id}')]]")
    assert words in line.text_content()
    assert said is None or said not in line.text_content()


@pytest.fixture
def further_west(world: World) -> Iterator[str]:
    """Have the site keep another clock for a while; return the zone."""

    def keep(zone: str) -> None:
        with world.database.transaction() as session:
            session.scalars(select(Site).where(Site.code == HERE)).one().zone = zone

    keep("Asia/Urumqi")
    yield "Asia/Urumqi"
    keep("Asia/Shanghai")


@pytest.mark.req("T-01")
def test_the_journal_tells_times_as_the_clock_of_the_site_does(
    world: World, further_west: str
) -> None:
    answer = world.sign_in_to_console(Role.COORDINATOR).get(
        f"{CONSOLE}/journal?participant={PARTICIPANT}"
    )

    lines = html.fromstring(answer.text).xpath("//li[@data-line]")
    assert lines
    for line in lines:
        at = datetime.fromisoformat(line.xpath("time/@datetime")[0])
        assert line.xpath("string(time)") == f"{at.astimezone(ZoneInfo(further_west)):%m-%d %H:%M}"
        assert further_west in line.text_content()


def test_whoever_may_not_see_flags_sees_none_on_the_timeline(world: World) -> None:
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))

    page = timeline(world, "kind=flag", Role.DATA_MANAGER)

    assert page.xpath("//li[@data-line]") == []
    assert not page.xpath("//*[local-name()='svg']//*[@class='red' or @class='amber']")


def test_an_answer_is_found_under_its_own_participant_alone(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    paths = [
        f"{CONSOLE}/participants/SZ01-015/answers/{world.known.response}",
        f"{CONSOLE}/participants/{ELSEWHERE}/answers/{world.known_elsewhere.response}",
    ]

    assert [browser.get(path).status_code for path in paths] == [404, 404]


@pytest.mark.req("C-02", "B-04")
@pytest.mark.parametrize("query", ["", "days=28&sort=code", "days=168", "days=x&page=y", "page=99"])
def test_the_heat_map_is_a_table_with_letters_and_both_numbers(world: World, query: str) -> None:
    browser = world.sign_in_to_console(Role.MONITOR)

    answer = browser.get(f"{CONSOLE}/compliance?{query}")

    page = html.fromstring(answer.text)
    assert answer.status_code == 200
    assert ELSEWHERE not in answer.text
    if "page=99" not in query:
        (row,) = [
            one for one in page.xpath("//tr[@data-line]") if PARTICIPANT in one.text_content()
        ]
        assert row.xpath("string(td[1])") == "1/1"
        assert row.xpath("td[@class='on_time']/text()") == ["✓"]
        assert "应填" in text_of(answer)


@pytest.mark.req("T-04")
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "输入参与者编号"),
        (f"participant={PARTICIPANT.lower()}", "登记了参与者"),
        (f"participant={ELSEWHERE}", "没有您可以查看的记录"),
        ("entity=flag", "输入参与者编号"),
        (f"participant={PARTICIPANT}&after=x", "登记了参与者"),
        ("entity=anchor&id=SZ01-014:INF1", "记录了输液访视 1 的时间"),
    ],
)
def test_the_journal_is_searched_within_ones_own_sites(world: World, query: str, says: str) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/journal?{query}")

    assert page.status_code == 200
    assert says in text_of(page)


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (datetime(2026, 2, 28, 20, 30, tzinfo=UTC), "03-01 04:30"),
        # Still last year in London, this year where the site is.
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "01-01 00:00"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025-12-31 23:59"),
        (datetime(2027, 1, 4, 0, 0, tzinfo=UTC), "2027-01-04 08:00"),
    ],
)
def test_a_time_of_another_year_says_which(world: World, instant: datetime, shown: str) -> None:
    with world.app.test_request_context():
        assert local_time(instant, "Asia/Shanghai") == shown
