"""What waits for a physician says what it is about, and leads to where all of it stands."""

from datetime import date
from itertools import count
from uuid import uuid4

import pytest
from lxml import html
from lxml.html import HtmlElement

from epro.access import Role
from epro.models import EventSource
from epro.services import candidate_words
from epro.services.waiting_list import PAGE, Waiting
from questionnaires.adverse_events import Symptom
from questionnaires.catalogue import Catalogue
from tests.api.world import PARTICIPANT, World
from tests.factories import shipped_package
from tests.web.pages import CONSOLE, text_of

pytestmark = pytest.mark.req("E-04", "A-08")
PACKAGE = shipped_package()
SYMPTOMS = PACKAGE.adverse_events.episodes.symptoms
HER_WORDS = "指甲下面发黑"


def lines_of(world: World, *, role: Role, language: str) -> list[HtmlElement]:
    browser = world.sign_in_to_console(role)
    led = browser.get(f"{CONSOLE}/language/{language}?to={CONSOLE}/events")
    assert led.status_code == 303
    lines: list[HtmlElement] = []
    for number in count(1):
        page = browser.get(f"{CONSOLE}/events?code={PARTICIPANT}&waiting={number}")
        found = html.fromstring(page.text).xpath("//div[@class='version']")
        lines += found
        if len(found) < PAGE:
            break
    return lines


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    ("language", "source", "chosen"),
    [("zh", "自己报告: ", "其他、"), ("en", "her own report: ", "Something else; ")],
)
def test_a_line_says_what_was_reported_or_met_and_leads_there(
    world: World, language: str, source: str, chosen: str
) -> None:
    flag = world.complain(
        PARTICIPANT, what="something-else", what_text=HER_WORDS, urgent=("belly",), belly=("pain",)
    )
    rule = next(one.title for one in PACKAGE.rules if one.id == "R22")

    lines = lines_of(world, role=Role.INVESTIGATOR, language=language)

    (met,) = [one for one in lines if f"{CONSOLE}/flags/{flag}" in one.xpath(".//a/@href")]
    assert (rule.zh if language == "zh" else rule.en) in met.text_content()
    said = [one for one in lines if f"{source}{chosen}{HER_WORDS}" in one.text_content()]
    assert any("/answers/" in href for one in said for href in one.xpath(".//a/@href"))


def test_the_form_that_accepts_it_says_it_too(world: World) -> None:
    world.complain(PARTICIPANT, what="something-else", what_text=HER_WORDS, urgent=("limb",))
    lines = lines_of(world, role=Role.INVESTIGATOR, language="zh")
    wanted = next(one for one in lines if HER_WORDS in one.text_content())
    (form,) = [href for href in wanted.xpath(".//a/@href") if href.endswith("/acceptance")]

    page = world.sign_in_to_console(Role.INVESTIGATOR).get(form)

    assert page.status_code == 200
    assert HER_WORDS in text_of(page)


@pytest.mark.parametrize(
    "symptom", PACKAGE.adverse_events.episodes.symptoms, ids=lambda one: one.code
)
def test_an_episode_is_called_by_its_symptom(world: World, symptom: Symptom) -> None:
    with world.database.reading() as session:
        one = Waiting(
            uuid4(), uuid4(), PARTICIPANT, EventSource.EPISODE,
            f"{symptom.code}:2026-03-01", date(2026, 3, 1), "D1", True,
        )  # fmt: skip
        said = candidate_words.about(session, [one], catalogue=Catalogue({1: PACKAGE}))

    assert said[one.id].what == symptom.title
