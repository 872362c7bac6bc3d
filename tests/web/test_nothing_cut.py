"""No list ends without a word: how many there are stands above it, and a link leads to the rest."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select

from epro.access import Role
from epro.models import Contact, Participant
from epro.services import audit_review, drills, hand_over
from tests.api.world import HERE, PARTICIPANT, World
from tests.web.pages import CONSOLE, send

pytestmark = pytest.mark.req("C-01")


def part(browser: FlaskClient, path: str, key: str) -> html.HtmlElement:
    """Return what a page says below one of its headings, and the heading with it."""
    page = html.fromstring(browser.get(path).text)
    found: html.HtmlElement = page.xpath(f"//*[@id='{key}']/..")[0]
    return found


def pages(browser: FlaskClient, path: str, key: str) -> Iterator[html.HtmlElement]:
    """Follow the link to the rest until there is none."""
    links = [path]
    while links:
        found = part(browser, str(links[0]), key)
        yield found
        links = found.xpath(".//a[@rel='next']/@href")


def total_of(found: html.HtmlElement, key: str) -> int:
    return int(found.xpath(f"string(.//*[@id='{key}']/span[@class='hint'])"))


def test_the_notes_of_earlier_shifts_are_a_link_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "NOTES_A_PAGE", 2)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    for text in ("第一条", "第二条", "第三条"):
        send(browser, "/today/notes", site=HERE, text=text)

    shown = list(pages(browser, f"{CONSOLE}/today", "notes"))
    notes = [text for one in shown for text in one.xpath(".//ol/li/span[@class='words']/text()")]

    assert len(shown[0].xpath(".//ol/li")) == 2
    # A page of several lists names the one that is turned: else their landmarks are all alike.
    assert shown[0].xpath(".//nav/@aria-label") == ["分页: 交班记录"]
    assert total_of(shown[0], "notes") == len(notes)
    assert {"第一条", "第二条", "第三条"} <= set(notes)


@pytest.mark.req("T-09")
def test_every_review_of_the_audit_trail_can_be_read_and_the_period_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_review, "REVIEWS_A_PAGE", 1)
    browser = world.sign_in_to_console(Role.MONITOR)
    for remark in ("第一次", "第二次"):
        said = {"site": HERE, "upto_on": "2026-03-01", "remark": remark}
        assert send(browser, "/audit-review/reviews", **said).status_code == 303

    first = part(browser, f"{CONSOLE}/audit-review?from=2026-02-01&by=user", "reviews")
    (on,) = first.xpath(".//a[@rel='next']/@href")
    second = part(browser, on, "reviews")

    assert total_of(first, "reviews") >= 2
    assert "from=2026-02-01" in on
    assert "by=user" in on
    told = [one.xpath("string(.//ol)") for one in (first, second)]
    assert told[0] != told[1]
    assert "第" in told[1]


@pytest.mark.req("C-05")
def test_every_trial_of_the_alarm_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drills, "PAGE", 1)
    browser = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)
    for _ in range(2):
        assert send(browser, "/drills", site=HERE).status_code == 303

    shown = list(pages(browser, f"{CONSOLE}/drills", "drills-1"))

    assert len(shown) == total_of(shown[0], "drills-1") >= 2
    assert {len(one.xpath(".//ol/li")) for one in shown} == {1}


@pytest.mark.req("C-03")
def test_how_many_contacts_there_are_stands_beside_the_latest(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    said = {"code": PARTICIPANT, "outcome": "reached", "channel": "telephone"}
    for _ in range(21):
        send(browser, "/contacts", **said)

    hers = part(browser, f"{CONSOLE}/participants/{PARTICIPANT}", "contacts")
    (link,) = hers.xpath(f".//a[contains(@href, 'of={PARTICIPANT}')]")
    with world.database.reading() as session:
        total = session.scalar(
            select(func.count(Contact.id))
            .join(Participant, Participant.id == Contact.participant_id)
            .where(Participant.code == PARTICIPANT)
        )

    assert len(hers.xpath(".//ol/li")) == 20
    assert f"({total})" in link.text_content()
