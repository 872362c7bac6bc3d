"""Every screen beside the forms: sound in both languages and each size of text, and as promised."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.blackbox.people import PIN
from tests.browser.desk import Desk
from tests.browser.gallery import Gallery
from tests.browser.handset import (
    Handset,
    Somebody,
    handset,
    newcomer,
    phone_with_a_diary,
    with_a_diary,
)

pytestmark = pytest.mark.blackbox
NOBODY = Somebody("", {})
WECHAT = (
    "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.40"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
URGENT = {
    "key": "urgent:1", "kind": "safety_answer", "method": "POST", "path": "/me/none",
    "body": "{}", "urgent": True,
}  # fmt: skip
# The words in a drawn step, where they go beyond its frame or over the sign at their end.
CUT_WORDS = """() => [...document.querySelectorAll('.picture text')]
  .filter((one) => { const { x, width } = one.getBBox(); return x < 14 || x + width > 200; })
  .map((one) => one.textContent)"""
FORGET = """() => new Promise((done) => {
  indexedDB.deleteDatabase('epro-phone').onsuccess = done; })"""


def look_at_the_way_in(phone: Handset, gallery: Gallery) -> list[str]:
    """Look at what is asked before a phone is activated, and at what is said to wrong answers."""
    page, typed = phone.page, phone.somebody.typed
    found: list[str] = []
    page.goto("/p/")
    expect(page.locator("#code")).to_be_visible()
    found += phone.look("welcome", gallery)
    page.fill("#code", "abcd")
    phone.press()
    expect(page.get_by_role("alert")).to_be_focused()
    found += phone.look("welcome-problem", gallery)
    page.fill("#code", typed["code"])
    page.fill("#year", str(typed["year_of_birth"]))
    phone.press()
    page.fill("#pin", "123456")
    phone.press()
    expect(page.get_by_role("alert")).to_contain_text("太容易")
    found += phone.look("pin-choice", gallery)
    return found


def look_at_the_settings(phone: Handset, gallery: Gallery) -> list[str]:
    """Look at the settings and what lies behind them, with what they answer."""
    page = phone.page
    found: list[str] = []
    phone.show("/settings")
    expect(page.locator("#reminder-time")).to_be_visible()
    found += phone.look("settings", gallery)
    assert [len(told) for told in told_in_pictures(phone)] == [3, 3]  # to the home screen
    page.get_by_label("不提醒").check()
    page.get_by_role("button", name="保存提醒设置").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    found += phone.look("settings-saved", gallery)
    phone.show("/pin")
    page.fill("#old", "135")
    phone.press()
    expect(page.get_by_role("alert")).to_be_focused()
    found += phone.look("pin-problem", gallery)
    phone.show("/move")
    page.fill("#pin", PIN)
    found += phone.look("move", gallery)
    phone.press()
    expect(page.locator(".code-shown")).to_be_visible()
    return [*found, *phone.look("move-code", gallery)]


@pytest.mark.req("P-11", "P-10", "P-02", "A-05", "T-05")
def test_every_screen_is_sound_in_both_languages_and_every_size_of_text(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    somebody, diary = with_a_diary(desk.system)
    found: list[str] = []
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page

        def go(name: str, shown: str) -> None:
            phone.show(f"/{name}")
            expect(page.locator(shown).first).to_be_visible()
            found.extend(phone.look(name, gallery))

        found += look_at_the_way_in(phone, gallery)
        phone.activate()
        found += phone.look("today", gallery)
        phone.open_form(diary["title"]["zh"])
        second = phone.another_tab()
        expect(second.get_by_role("heading", level=1)).to_have_text("已在另一个窗口打开")
        found += Handset.of(second).look("elsewhere", gallery)
        second.close()
        phone.answer_calmly()
        phone.press()
        expect(page.locator(".good")).to_be_visible()
        found += phone.look("done", gallery)
        go("history", "button.entry")
        found += look_at_the_settings(phone, gallery)
        go("out", ".bar .main")
        go("help", ".call.urgent")
        go("reports", "button.wide")
        phone.show("/history")
        page.locator("button.entry").first.click()
        expect(page.locator(".review dt").first).to_be_visible()
        phone.speak("en")
        expect(page.locator(".review dt").first).to_contain_text(re.compile("[a-z]{4}"))
        found += phone.look("entry", gallery)
        phone.start_again()
        page.fill("#pin", "135790")
        phone.press()
        expect(page.get_by_role("alert")).to_contain_text("还可以试 4 次")
        found += phone.look("unlock", gallery)
        page.goto("/p/img/none")  # same origin, none of the app's pages
        page.evaluate(FORGET)
        page.goto("/p/")
        expect(page.get_by_role("heading", level=1)).to_have_text("这台手机的内容被清除了")
        page.fill("#pin", "135790")
        phone.press()
        expect(page.get_by_role("alert")).to_contain_text("密码不对")
        found += phone.look("cleared", gallery)
    assert found == []
    assert [one for one in phone.watched.faults if "401" not in one and "404" not in one] == []


def told_in_pictures(phone: Handset) -> list[tuple[str, ...]]:
    """Return what the drawn steps are called, in both languages; no word in them is cut."""
    told = []
    for language in ("en", "zh"):
        phone.speak(language)
        pictures = phone.page.get_by_role("img")
        told.append(tuple(str(one.get_attribute("aria-label")) for one in pictures.all()))
        assert phone.page.evaluate(CUT_WORDS) == []
    return told


@pytest.mark.req("P-02", "P-10", "P-11")
@pytest.mark.parametrize(
    ("agent", "name", "says", "drawn"),
    [(WECHAT, "wechat", "在浏览器打开", ("三个点", "在浏览器打开")),
     (IPHONE, "iphone", "添加到主屏幕", ("分享按钮", "添加到主屏幕", "“日记”图标"))],
    ids=["wechat", "iphone"],
)  # fmt: skip
def test_where_nothing_would_be_kept_the_way_out_comes_before_the_code_in_words_and_pictures(
    desk: Desk, chromium: Browser, gallery: Gallery,
    agent: str, name: str, says: str, drawn: tuple[str, ...],
) -> None:  # fmt: skip
    somebody = newcomer(desk.system)
    with handset(desk.system, chromium, somebody, user_agent=agent) as phone:
        phone.page.goto(f"/a#{somebody.typed['code']}")
        code = somebody.typed["code"]

        expect(phone.page.locator("ol")).to_contain_text(says)
        expect(phone.page.get_by_text(f"{code[:4]}-{code[4:]}")).to_be_visible()
        assert phone.page.locator("#code").count() == 0
        assert phone.look(name, gallery) == []
        english, chinese = told_in_pictures(phone)
        assert all(word in told for word, told in zip(drawn, chinese, strict=True))
        assert all(one.startswith("Picture: ") for one in english)
        assert phone.watched.faults == []


@pytest.mark.req("P-04", "A-05")
def test_five_wrong_pins_pause_and_ten_lead_back_to_the_site_and_help_needs_none(
    desk: Desk, chromium: Browser
) -> None:
    somebody, _diary = with_a_diary(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page
        page.clock.install(time=desk.system.now())
        phone.activate()
        expect(page.locator("body")).to_contain_text(
            re.compile("研究第 [12] 天")
        )  # her profile is here
        phone.start_again()
        for _ in range(5):
            page.fill("#pin", "135790")
            phone.press()
            expect(page.locator("#pin")).to_have_value("")
        expect(page.get_by_role("alert")).to_contain_text("输错太多次")
        page.fill("#pin", phone.pin)  # not even the right one, for a quarter of an hour
        phone.press()
        expect(page.locator("#pin")).to_have_value("")

        page.get_by_role("button", name="需要帮助").click()
        numbers = page.locator("a[href^='tel:']")
        called = [numbers.nth(at).get_attribute("href") for at in range(numbers.count())]
        page.get_by_role("button", name="返回").click()
        page.clock.run_for(15 * 60_000)
        for _ in range(4):
            page.fill("#pin", "135790")
            phone.press()
            expect(page.locator("#pin")).to_have_value("")
        page.fill("#pin", "135790")
        phone.press()

        expect(page.get_by_role("heading", level=1)).to_have_text("这台手机需要重新激活")
        assert called == ["tel:120", "tel:075555500199", "tel:075555500100"]


@pytest.mark.req("A-05", "T-03")
def test_what_is_urgent_and_not_delivered_for_two_minutes_says_to_call(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    somebody = newcomer(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page
        page.clock.install(time=desk.system.now() + timedelta(hours=3))
        phone.activate()
        phone.context.set_offline(True)
        phone.put_into_outbox(URGENT)
        early = page.get_by_text("还没有送到研究中心").count()
        page.clock.run_for(121_000)

        expect(page.locator(".late")).to_contain_text("请直接打电话")
        expect(page.locator(".late a[href='tel:120']")).to_be_visible()
        expect(page.get_by_text("这台手机的时间和研究时间不一致")).to_be_visible()
        assert early == 0
        assert phone.look("banners", gallery) == []


@pytest.mark.req("A-08", "P-11")
def test_two_problems_that_are_asked_about_again_are_told_apart(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    def twice_more(route: Route) -> None:
        diary = route.fetch().json()
        due = next(one for one in diary["items"] if one["state"] == "open")
        for on, words in (("2026-11-20", {"zh": "头晕", "en": "dizzy"}), ("2026-11-21", None)):
            follow_up = {"id": str(uuid4()), "about": {"on": on, "words": words}}
            diary["items"].append(due | follow_up)
        route.fulfill(json=diary)

    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.page.route("**/api/v1/me/assessments", twice_more)
        phone.start_again()
        phone.unlock()

        expect(phone.page.get_by_role("region", name="11月20日 周五报告的：头晕")).to_be_visible()
        expect(phone.page.get_by_role("region", name="11月21日 周六报告的")).to_be_visible()
        assert phone.look("follow-ups", gallery) == []


REALLY_REFUSED = {
    "script": "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
    "document.body.append(s)",
    "markup": "document.body.innerHTML = '<img src=x onerror=\"window.ran = 1\">'",
    "style": "document.body.setAttribute('style', 'outline-color: red');"
    "if (getComputedStyle(document.body).outlineColor === 'rgb(255, 0, 0)') window.ran = 1",
    "worker": "navigator.serviceWorker.register('/p/sw.js?other').then(() => { window.ran = 1; })",
}
LOOSENED = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self'; connect-src 'self'; worker-src 'self'"
)


def loosely(route: Route) -> None:
    """Hand on the page with a policy that allows what ours forbids."""
    answer = route.fetch()
    route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": LOOSENED})


@pytest.mark.req("X-05")
def test_the_content_policy_really_refuses_what_a_looser_one_allows(
    desk: Desk, chromium: Browser
) -> None:
    def what_comes_through(*, is_loose: bool) -> list[str]:
        # A browser of its own: else the app's own worker would hand out the page it has kept.
        found = []
        with handset(desk.system, chromium, NOBODY) as phone:
            if is_loose:
                phone.page.route("**/p/", loosely)
            phone.page.goto("/p/")
            expect(phone.page.locator("#code")).to_be_visible()
            for name, attempt in REALLY_REFUSED.items():
                # Trusted Types refuse by throwing; the rest is refused without a word to the page.
                phone.page.evaluate(
                    f"() => {{ window.ran = 0; try {{ {attempt} }} catch (refusal) {{}} }}"
                )
                if is_loose:
                    phone.until("() => window.ran === 1")
                else:
                    phone.page.wait_for_timeout(300)
                if phone.page.evaluate("window.ran === 1"):
                    found.append(name)
        return found

    assert what_comes_through(is_loose=False) == []
    assert what_comes_through(is_loose=True) == list(REALLY_REFUSED)
