"""`epro study calendar`: the 24 weeks as iCalendar and as a page, from the plan itself."""

from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from icalendar import Calendar

from epro.cli import main
from questionnaires.planner import plan
from questionnaires.schedule import AnchorEvent, Plan
from tests.questionnaires.forms import shipped

pytestmark = pytest.mark.req("S-01", "S-03")

# London, where clocks go forward on 29 March, in the night before the second visit.
TIMES = ("--infusion", "2026-03-01T10:00", "--second", "2026-03-29T10:00")
LONDON = ZoneInfo("Europe/London")


def calendar(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["study", "calendar", *TIMES, *arguments])


def planned() -> Plan:
    first, second = (datetime.fromisoformat(TIMES[at]).replace(tzinfo=LONDON) for at in (1, 3))
    anchors = {
        AnchorEvent.INF1_PLANNED: first, AnchorEvent.INF1: first, AnchorEvent.INF2: second,
    }  # fmt: skip
    return plan(shipped().schedule, anchors, zone=LONDON)


def test_the_icalendar_has_every_window_in_its_own_instants() -> None:
    result = calendar("--ics", "--zone", "Europe/London", "--language", "en")

    entries = Calendar.from_ical(result.output).walk("VEVENT")
    windows = Counter((one.decoded("dtstart"), one.decoded("dtend")) for one in entries)
    expected = Counter((one.opens_at, one.closes_at) for one in planned().assessments)
    visits = windows - expected
    assert expected - windows == Counter()
    assert {start for start, end in visits if start == end} == {
        datetime(2026, 3, 1, 10, tzinfo=UTC),
        datetime(2026, 3, 29, 9, tzinfo=UTC),  # in summer time by then
    }
    assert len({str(one["uid"]) for one in entries}) == len(entries)
    assert "D29 Infusion evening diary" in {str(one["summary"]) for one in entries}


def test_the_icalendar_of_the_same_visits_is_the_same_file() -> None:
    one, other = (calendar("--ics").output for _ in range(2))

    assert one == other
    assert one.startswith("BEGIN:VCALENDAR")


class Page(HTMLParser):
    """What a page consists of: its tags, what its table says, what its pictures' fields say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.rows: list[list[str]] = []
        self.fields: list[str] = []
        self.addresses: list[str] = []
        self._inside: list[str] = []
        self.feed(text)
        assert self._inside == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        if tag != "meta":
            self._inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, text: str) -> None:
        if self._inside[-1:] == ["td"]:
            self.rows[-1][-1] += text
        elif self._inside[-2:] == ["g", "title"]:
            self.fields.append(text)


def test_the_page_lists_each_form_with_its_hours_and_draws_every_day() -> None:
    page = Page(calendar("--html", "--zone", "Europe/London", "--language", "en").output)

    made = planned()
    titles = Counter(row[2] for row in page.rows if len(row) == 8)
    package = shipped()
    for one in made.assessments:
        title = package.block_title(one.block)
        assert title is not None
        titles[title.en] -= 1
    assert {name for name, count in titles.items() if count} == {
        "", "planned infusion visit", "infusion visit 1", "infusion visit 2",
    }  # fmt: skip
    assert ["2026-03-30 Mon", "D30", "Morning check", "06:00", "09:00", "12:00", "",
            "08:00 18:00 21:00"] in page.rows  # fmt: skip
    first, last = page.fields[0], page.fields[-1]
    assert (first, last) == ("2026-02-26 D-3", "2026-08-18 D171")
    assert len(page.fields) == 174
    assert "2026-03-29 D29 infusion visit 2" in page.fields


def test_days_without_anything_share_a_line_of_the_page() -> None:
    page = Page(calendar("--html", "--language", "en").output)

    assert ["2026-04-29 Wed", "D60", "nothing"] not in page.rows
    assert ["2026-04-29 – 05-02", "D60 – D63", "nothing"] in page.rows


def test_the_page_asks_nothing_of_any_server_and_is_in_either_language() -> None:
    pages = {
        language: calendar("--html", "--language", language).output for language in ("zh", "en")
    }

    for text in pages.values():
        page = Page(text)
        assert page.addresses == []
        assert not page.tags.keys() & {"script", "link", "img", "iframe"}
        assert "url(" not in text
        assert page.tags["svg"] == page.tags["table"] == page.tags["h1"] == 1
    assert '<html lang="zh-Hans">' in pages["zh"]
    assert "每日日记" in pages["zh"]
    assert "日记" not in pages["en"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ics", "--html"), "Choose --ics or --html."),
        (("--zone", "Europe/Atlantis"), "Europe/Atlantis is no IANA time zone"),
        (("--slot", "noon"), "'noon' is not one of"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    result = calendar(*arguments)

    assert result.exit_code == 2
    assert said in result.output
