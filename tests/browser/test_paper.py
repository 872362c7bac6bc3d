"""A sheet of paper in a real browser: typed at the desk, compared on a phone without script."""

from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page, expect

from epro.web.console.item_forms import HERS, filled_in
from questionnaires.invented import calm_answers
from tests.blackbox.people import ZONE
from tests.browser.desk import Desk, Watched
from tests.browser.hands import say, speak
from tests.browser.handset import infused, newcomer
from tests.browser.test_console import fits
from tests.factories import shipped_package

pytestmark = pytest.mark.blackbox
DESK, PHONE = (1280, 900), (360, 740)


def look(watched: Watched, name: str, pictures: Path) -> list[str]:
    """Keep the page as it stands, at the desk and on a phone; return what is wrong with it."""
    wrong = []
    for width, height in (DESK, PHONE):
        watched.page.set_viewport_size({"width": width, "height": height})
        if not fits(watched.page, width):
            wrong.append(f"{name} {width}: scrolls sideways")
        watched.page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
    return wrong + [f"{name}: {one}" for one in watched.findings()]


def fill_in(page: Page, desk: Desk) -> None:
    """Type what the sheet says, but for the questions that it leaves blank."""
    now = desk.system.now()
    page.fill("#sheet-written_at", f"{now.astimezone(ZONE):%Y-%m-%dT%H:%M}")
    page.select_option("#sheet-completer", "self")
    page.fill("#sheet-reason", "手机送修")
    page.fill("#sheet-source_reference", "文件夹 3，第 12 页")
    report = shipped_package().questionnaire("ae_report")
    assert report
    answers = calm_answers(report, answered_at=now, chance=Random(1))
    for name, values in filled_in(report, answers, prefix=HERS, zone=ZONE.key).items():
        if name == f"{HERS}effect":
            continue
        for value in values:
            box = page.locator(f"[name='{name}'][value='{value}']")
            if box.count():
                box.check()
            else:
                page.fill(f"[name='{name}']", value)


@pytest.mark.req("C-04", "P-10", "P-11", "X-05")
def test_a_sheet_is_typed_by_one_and_returned_by_another(desk: Desk, pictures: Path) -> None:
    somebody = newcomer(desk.system)
    infused(desk.system, somebody)
    where, found = f"/console/participants/{somebody.code}", list[str]()
    with desk.desktop() as watched:
        page = watched.page
        for language in ("zh", "en"):
            for name, path in (
                ("ways", "on-behalf"), ("which", "paper"), ("form", "paper/form?form=ae_report"),
            ):  # fmt: skip
                speak(page, language, f"{where}/{path}")
                found += look(watched, f"paper-{name}-{language}", pictures)
        fill_in(page, desk)
        page.get_by_role("button", name=say("paper.save", "en")).click()
        expect(page.get_by_text(say("said.This item has no answer.", "en"))).to_be_visible()
        found += look(watched, "paper-refused-en", pictures)
        page.locator(f"[name='{HERS}effect']").first.check()
        page.get_by_role("button", name=say("paper.save", "en")).click()
        expect(page.get_by_text(say("paper.somebody_else", "en"))).to_be_visible()
        sheet = page.url
        with desk.browser(java_script_enabled=False, width=360, height=740) as plain:
            desk.sign_in(plain.page, desk.newcomer())
            plain.page.goto(sheet)
            plain.page.fill("#comparison-differences", "“影响”：纸上是“要休息”")
            plain.page.screenshot(path=pictures / "paper-compared-zh-360.png", full_page=True)
            plain.page.get_by_role("button", name=say("paper.return", "zh")).click()
            expect(plain.page.get_by_text(say("check.differs", "zh"))).to_be_visible()
        for language in ("zh", "en"):
            speak(page, language, sheet[sheet.index("/console") :])
            found += look(watched, f"paper-returned-{language}", pictures)
        page.goto("/console/transcriptions")
        found += look(watched, "paper-waiting-en", pictures)
    assert found == []
    assert [one for one in watched.faults if "422" not in one] == []
