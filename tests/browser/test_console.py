"""The console in a real browser: with and without script, by keyboard, at the desk, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.blackbox.system import PASSWORD
from tests.browser.desk import Desk

pytestmark = pytest.mark.blackbox
RED = {"urgent": ("breathing",), "breathing": ("at-rest",)}
PAGES = ("/console/sign-in", "/console/flags", "/console/phones")
SIZES = ((1280, 900), (360, 740))


def fits(page: Page, width: int) -> bool:
    """Tell whether the page is as wide as the screen: nothing to scroll sideways."""
    measured = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return bool(measured == [width, width])


@pytest.mark.req("P-11", "P-10", "X-05")
def test_every_page_is_sound_in_both_languages_at_desk_and_phone_size(
    desk: Desk, pictures: Path
) -> None:
    code = desk.complaint(**RED).code
    found: list[str] = []
    with desk.desktop() as watched:
        page = watched.page
        page.goto("/console/flags")
        flag = page.get_by_role("row", name=code).get_by_role("link").first.get_attribute("href")
        for language in ("zh", "en"):
            page.goto(f"/console/language/{language}?to=/console/flags")
            for path in (*PAGES, flag):
                page.goto(str(path))
                for width, height in SIZES:
                    page.set_viewport_size({"width": width, "height": height})
                    name = str(path).split("/")[2]
                    detail = "-detail" if path == flag else ""
                    page.screenshot(
                        path=pictures / f"console-{name}{detail}-{language}-{width}.png",
                        full_page=True,
                    )
                    found += [f"{path} {language} {width}: {one}" for one in watched.findings()]
                    if not fits(page, width):
                        found.append(f"{path} {language} {width}: scrolls sideways")

    assert found == []
    assert watched.faults == []


@pytest.mark.req("A-07", "A-08", "C-01")
def test_the_link_in_the_mail_leads_through_the_door_to_the_flag_which_is_taken(
    desk: Desk,
) -> None:
    phone = desk.complaint(**RED)
    desk.later(minutes=1)
    mail = next(
        one["body"]
        for one in desk.system.http.get(
            "/dev/inbox", headers={"Accept": "application/json"}
        ).json()["items"]
        if phone.code in one["body"] and "/console/flags/" in one["body"]
    )
    link = "/console/flags/" + mail.split("/console/flags/")[1].split()[0]

    with desk.browser(width=360, height=740) as watched:
        page = watched.page
        desk.sign_in(page, desk.newcomer(), to=link)
        expect(page.get_by_role("heading", level=1)).to_contain_text("呼吸困难")
        page.on("dialog", lambda asked: asked.accept())
        page.get_by_role("button", name="确认收到").click()
        expect(page.get_by_text("工位 Desk", exact=False).first).to_be_visible()

    assert watched.faults == []


@pytest.mark.req("P-11")
def test_everything_works_without_script(desk: Desk) -> None:
    code = desk.complaint(**RED).code
    with desk.browser(java_script_enabled=False) as watched:
        page = watched.page
        desk.sign_in(page, desk.newcomer())
        page.get_by_label("查找参与者").fill(code)
        page.get_by_role("button", name="应用").click()
        page.get_by_role("row", name=code).get_by_role("button").click()
        expect(page.get_by_text("确认", exact=False).first).to_be_visible()
        page.goto(f"/console/flags?participant={code}&standing=taken")

        expect(page.get_by_role("row", name=code)).to_be_visible()


@pytest.mark.req("P-11")
def test_the_keyboard_alone_moves_opens_finds_and_takes(desk: Desk) -> None:
    code = desk.complaint(**RED).code
    with desk.desktop() as watched:
        page = watched.page
        asked: list[str] = []

        def agree(box: Dialog) -> None:
            asked.append(box.message)
            box.accept()

        page.on("dialog", agree)
        page.goto("/console/flags")

        page.keyboard.press("/")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**participant={code}")
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.wait_for_url("**/console/flags/*-*")

        expect(page.get_by_text("工位 Desk", exact=False).first).to_be_visible()
    assert len(asked) == 1
    assert code in asked[0]
    assert watched.faults == []


@pytest.mark.req("C-01")
def test_what_renews_itself_steals_no_focus_and_brings_what_is_new(desk: Desk) -> None:
    desk.complaint(**RED)
    with desk.desktop() as watched:
        page = watched.page
        page.clock.install()
        page.goto("/console/flags")
        page.get_by_label("查找参与者").focus()
        newer = desk.complaint(**RED).code

        page.clock.run_for(31_000)
        while_typing = page.get_by_role("row", name=newer).count()
        page.get_by_label("查找参与者").blur()
        page.clock.run_for(31_000)

        expect(page.get_by_role("row", name=newer)).to_be_visible()
        assert while_typing == 0
    assert watched.faults == []


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "attempt",
    [
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
        "document.body.append(s)",
        "document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click()",
        "document.body.insertAdjacentHTML('beforeend', '<p id=x style=\"color:red\">x</p>');"
        "window.ran = getComputedStyle(x).color === 'rgb(255, 0, 0)' ? 1 : undefined",
    ],
    ids=["script", "handler", "style"],
)
def test_the_content_policy_really_refuses(desk: Desk, attempt: str) -> None:
    with desk.browser() as watched:
        watched.page.goto("/console/sign-in")
        watched.page.evaluate(attempt)

        assert watched.page.evaluate("window.ran") is None
    assert [one for one in watched.faults if "Content Security Policy" in one]


@pytest.mark.req("P-04")
def test_a_wrong_password_is_told_at_once_and_keeps_the_name(desk: Desk) -> None:
    name = next(iter(desk.secrets))
    with desk.browser() as watched:
        page = watched.page
        page.goto("/console/sign-in")
        page.fill("#username", name)
        page.fill("#password", PASSWORD[:-1])
        page.fill("#totp", "000000")
        page.click("main button")

        expect(page.get_by_role("alert")).to_be_focused()
        expect(page.locator("#username")).to_have_value(name)
