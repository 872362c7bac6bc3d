"""A study asks for a new edition of a document: the site is reminded until she has signed it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html

from epro.access import Role
from epro.services import sites, studies
from questionnaires.definition import ConsentKind
from tests.api.world import HERE, PARTICIPANT, World
from tests.factories import SYSTEM, shipped_package
from tests.web.pages import CONSOLE, send, text_of

EDITION = "9.1"


@pytest.fixture
def amended(world: World) -> World:
    """A trial of which the study names, from the day after on, an edition to be signed."""
    package = shipped_package()
    named = tuple(
        replace(one, document_version=EDITION) if one.kind is ConsentKind.TRIAL else one
        for one in package.consents
    )
    with world.database.transaction() as session:
        version = studies.publish(
            session, SYSTEM, replace(package, version="99.0.0", consents=named), now=world.clock()
        )
        site = sites.get_site(session, HERE)
        studies.activate(
            session, SYSTEM, site, version, from_on=(world.clock() + timedelta(days=1)).date(),
            now=world.clock(),
        )  # fmt: skip
    world.clock.advance(days=2)
    return world


@pytest.mark.req("P-07", "C-02")
def test_a_document_to_be_signed_anew_stands_on_today_and_on_her_page_until_it_is(
    amended: World,
) -> None:
    browser = amended.sign_in_to_console(Role.COORDINATOR)
    before = html.fromstring(browser.get(f"{CONSOLE}/today").text)
    own = text_of(browser.get(f"{CONSOLE}/participants/{PARTICIPANT}"))

    signed = send(
        browser, f"/participants/{PARTICIPANT}/consents", kind="trial", document_version=EDITION,
        given_at="2026-03-03T09:00", explained_by="李敏", paper_location="binder 9",
    )  # fmt: skip

    listed = before.xpath("//section[@aria-labelledby='consents']//li")
    assert PARTICIPANT in [one.xpath("string(.//a/text())") for one in listed]
    assert f"参加研究：请她签署 {EDITION} 版同意书" in own
    assert signed.status_code == 303
    page = text_of(browser.get(f"{CONSOLE}/participants/{PARTICIPANT}"))
    assert "请她签署" not in page
    assert "改签新版本" in page
    today = html.fromstring(browser.get(f"{CONSOLE}/today").text)
    left = today.xpath("//section[@aria-labelledby='consents']//li//a/text()")
    assert len(left) == len(listed) - 1
