"""Every screen beside the forms: sound in both languages and each size of text, and as promised."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.handset import handset, infused, newcomer

pytestmark = pytest.mark.blackbox
WECHAT = (
    "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.40"
)


@pytest.mark.req("P-11", "P-10", "P-02", "A-05", "T-05")
def test_every_screen_is_sound_in_both_languages_and_every_size_of_text(
    desk: Desk, chromium: Browser, pictures: Path
) -> None:
    somebody = newcomer(desk.system)
    diary = infused(desk.system, somebody)
    found: list[str] = []
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page

        def go(address: str, name: str) -> None:
            page.evaluate("(address) => { location.hash = address; }", address)
            page.wait_for_timeout(150)
            found.extend(phone.look(name, pictures))

        page.goto("/p/")
        expect(page.locator("#code")).to_be_visible()
        found += phone.look("welcome", pictures)
        page.fill("#code", "abcd")
        phone.press()
        expect(page.get_by_role("alert")).to_be_focused()
        found += phone.look("welcome-problem", pictures)
        phone.activate()
        found += phone.look("today", pictures)
        phone.open_form(diary["title"]["zh"])
        phone.answer_calmly()
        phone.press()
        expect(page.locator(".good")).to_be_visible()
        found += phone.look("done", pictures)
        for name in ("history", "settings", "pin", "move", "out", "help"):
            go(f"/{name}", name)
        page.evaluate("() => { location.hash = '/history'; }")
        page.locator("button.entry").first.click()
        expect(page.locator(".review dt").first).to_be_visible()
        found += phone.look("entry", pictures)
        phone.start_again()
        found += phone.look("unlock", pictures)
        desk.system.staff("POST", f"/participants/{somebody.code}/activation-codes")
        devices = desk.system.read(f"/participants/{somebody.code}/devices")["items"]
        for device in devices:
            desk.system.staff("DELETE", f"/participants/{somebody.code}/devices/{device['id']}")
        page.fill("#pin", phone.pin)
        phone.press()
        expect(page.get_by_text("请向研究中心要一个新的激活码")).to_be_visible()
        found += phone.look("ended", pictures)
    assert found == []
    assert [one for one in phone.watched.faults if "401" not in one] == []


@pytest.mark.req("P-02")
def test_inside_wechat_the_way_out_comes_before_the_code(
    desk: Desk, chromium: Browser, pictures: Path
) -> None:
    somebody = newcomer(desk.system)
    with handset(desk.system, chromium, somebody, user_agent=WECHAT) as phone:
        phone.page.goto(f"/a#{somebody.typed['code']}")
        code = somebody.typed["code"]

        expect(phone.page.get_by_text("在浏览器打开")).to_be_visible()
        expect(phone.page.get_by_text(f"{code[:4]}-{code[4:]}")).to_be_visible()
        assert phone.page.locator("#code").count() == 0
        assert phone.look("wechat", pictures) == []


@pytest.mark.req("P-04", "A-05", "S-08")
def test_who_is_locked_out_can_still_call_and_family_can_tell_the_site(
    desk: Desk, chromium: Browser
) -> None:
    somebody = newcomer(desk.system)
    infused(desk.system, somebody)
    with handset(desk.system, chromium, somebody) as phone:
        phone.activate()
        phone.is_kept()
        expect(phone.page.locator("body")).to_contain_text("研究日")  # her profile is here
        phone.start_again()
        for _ in range(5):
            phone.page.fill("#pin", "135790")
            phone.press()
            expect(phone.page.locator("#pin")).to_have_value("")
        expect(phone.page.get_by_role("alert")).to_contain_text("输错太多次")

        phone.page.get_by_role("button", name="需要帮助").click()
        numbers = phone.page.locator("a[href^='tel:']")
        called = [numbers.nth(at).get_attribute("href") for at in range(numbers.count())]
        phone.page.get_by_role("button", name="告诉研究中心").click()

        expect(phone.page.locator(".step")).to_be_visible()
        assert called == ["tel:120", "tel:075555500199", "tel:075555500100"]


@pytest.mark.req("A-05")
def test_what_is_urgent_and_not_delivered_for_two_minutes_says_to_call(
    desk: Desk, chromium: Browser
) -> None:
    somebody = newcomer(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        phone.page.clock.install()
        phone.activate()
        phone.context.set_offline(True)
        phone.put_into_outbox(
            {"key": "urgent:1", "kind": "safety_answer", "method": "POST", "path": "/me/none",
             "body": "{}", "urgent": True}
        )  # fmt: skip
        early = phone.page.get_by_text("还没有送到研究中心").count()
        phone.page.clock.run_for(121_000)

        expect(phone.page.locator(".late")).to_contain_text("请直接打电话")
        expect(phone.page.locator(".late a[href='tel:120']")).to_be_visible()
        assert early == 0


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "attempt",
    [
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
        "document.body.append(s)",
        "document.body.innerHTML = '<img src=x onerror=\"window.ran = 1\">'",
        "document.body.setAttribute('style', 'outline-color: red');"
        "if (getComputedStyle(document.body).outlineColor === 'rgb(255, 0, 0)') window.ran = 1",
        "navigator.serviceWorker.register('/p/other.js').then(() => { window.ran = 1; })",
    ],
    ids=["script", "markup", "style", "worker"],
)
def test_the_content_policy_really_refuses(desk: Desk, chromium: Browser, attempt: str) -> None:
    with handset(desk.system, chromium, newcomer(desk.system)) as phone:
        phone.page.goto("/p/")
        expect(phone.page.locator("#code")).to_be_visible()
        # Trusted Types refuse by throwing; the rest is refused without a word to the page.
        phone.page.evaluate(f"() => {{ try {{ {attempt} }} catch (refusal) {{}} }}")

        assert phone.page.evaluate("window.ran") is None
