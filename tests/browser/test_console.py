"""The console in a real browser: with and without script, by keyboard, at the desk, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.blackbox.system import PASSWORD
from tests.browser.desk import PHYSICIAN, Desk

pytestmark = pytest.mark.blackbox
RED = {"urgent": ("breathing",), "breathing": ("at-rest",)}
PAGES = ("/console/sign-in", "/console/flags", "/console/drills", "/console/phones")
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
        page.goto(f"/console/flags?participant={code}")
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
        page.goto(f"/console/flags?participant={code}&standing=running")

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
        page.goto("/console/flags?sort=raised&down=1")
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


@pytest.mark.req("A-08", "A-09", "C-03", "T-08", "P-11")
def test_a_physician_goes_from_the_flag_to_its_signed_end(desk: Desk, pictures: Path) -> None:
    code = desk.complaint(**RED).code
    desk.delegate_to_a_physician()
    with desk.browser(width=360, height=740) as watched:
        page = watched.page
        page.on("dialog", lambda box: box.accept())
        desk.sign_in(page, PHYSICIAN)
        page.goto(f"/console/flags?participant={code}")
        page.get_by_role("row", name=code).get_by_role("button").click()
        page.wait_for_url("**/console/flags/*-*")

        # A contact in three presses beyond what is typed: open, save, and it stands there.
        page.get_by_text("记录一次联系").click()
        page.get_by_label("方式").select_option("telephone")
        page.get_by_label("结果").select_option("reached")
        page.get_by_label("下一步").select_option("clinic_visit")
        page.get_by_label("备注").fill("呼吸好一些了")
        page.get_by_role("button", name="保存").first.click()
        expect(page.get_by_text("呼吸好一些了")).to_be_visible()

        # What was typed into a form that is not right yet is still there.
        page.get_by_label("是", exact=True).check()
        page.get_by_label("说明").fill("输液反应，观察后好转")
        page.locator("section", has_text="2 评估").get_by_role("button", name="保存").click()
        expect(page.get_by_role("alert")).to_be_focused()
        expect(page.get_by_label("说明")).to_have_value("输液反应，观察后好转")
        page.get_by_label("CTCAE 分级").select_option("2")
        page.get_by_label("与研究用药的关系").select_option(index=1)
        page.get_by_label("对研究输液采取的措施").select_option("none")
        page.get_by_label("事件的转归").select_option("recovered")
        page.locator("section", has_text="2 评估").get_by_role("button", name="保存").click()
        expect(page.get_by_text("第 1 版")).to_be_visible()

        closing = page.locator("section", has_text="3 结案")
        closing.get_by_label("理由").fill("已恢复")
        closing.get_by_label("密码 (签名)").fill(PASSWORD)
        closing.get_by_label("动态码 (签名)").fill(desk.fresh_code(PHYSICIAN))
        closing.get_by_role("button").click()

        expect(page.get_by_text("已恢复").first).to_be_visible()
        expect(page.locator(".signature")).to_contain_text("有效")
        page.screenshot(path=pictures / "console-closed-zh-360.png", full_page=True)
        assert watched.findings() == []
        assert fits(page, 360)
    # The browser reports the refused form as an error of loading; scripts and policy had none.
    assert [one for one in watched.faults if "422" not in one] == []
