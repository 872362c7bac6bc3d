"""The ways into a phone, past its lock and out of it, each to its end."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.blackbox.people import PIN
from tests.blackbox.system import wait_for
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
ANOTHER_PIN = "592640"
DELIVERED = "已送达研究中心"
KEEPS_NOTHING = "Object.defineProperty(window, 'indexedDB', { value: undefined })"
HIDE = """(how) => {
  Object.defineProperty(document, 'visibilityState', { value: how, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.mark.req("P-02", "A-05")
def test_a_newcomer_whose_network_fails_while_the_app_comes_asks_again_and_has_numbers_to_call(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    somebody = newcomer(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        page, failing = phone.page, "**/js/screens/welcome.js"
        page.route(failing, lambda route: route.abort())
        page.goto(f"/a#{somebody.typed['code']}")
        expect(page.get_by_role("status")).to_have_text("这一步需要网络。请联网后再试。")
        assert phone.look("not-there-yet", gallery) == []
        page.get_by_role("button", name="需要帮助").click()
        expect(page.locator("a[href='tel:120']")).to_be_visible()
        page.get_by_role("button", name="返回").click()
        page.unroute(failing)
        phone.press()

        expect(page.locator("#code")).to_have_value(
            f"{somebody.typed['code'][:4]}-{somebody.typed['code'][4:]}"
        )


@pytest.mark.req("P-04", "S-08", "A-08")
def test_family_tells_the_site_past_the_lock_hears_that_it_arrived_and_gets_no_further(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        phone.start_again()
        page.get_by_role("button", name="需要帮助").click()
        page.get_by_role("button", name="告诉研究中心").click()
        phone.answer_calmly()
        phone.press()

        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        expect(page.locator("main .call.urgent")).to_have_attribute("href", "tel:120")
        assert page.get_by_text("下一份日记").count() == 0  # hers to know
        assert page.get_by_text("如果加重").count() == 0  # it may have been a death
        assert phone.look("done-family", gallery) == []
        for address in ("/today", "/history", "/settings", "/form/open/ae_report"):
            phone.show(address)
            expect(page.locator("#pin")).to_be_visible()
        (stored,) = phone.responses()
        assert stored["questionnaire_code"] == "relative_report"
        assert (stored["status"], stored["completer"]) == ("completed", "answered_for_me")
        phone.show("/today")
        phone.unlock()
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.press()
        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        phone.start_again()  # what she has sent herself is not told past the lock
        phone.show("/done")
        expect(page.locator("#pin")).to_be_visible()
        phone.show("/settings")
        phone.unlock_at("#reminder-time")
        expect(page.get_by_text("上次成功发送")).to_be_visible()  # before this start


@pytest.mark.req("P-03", "P-04")
def test_a_code_moves_the_diary_to_another_phone_and_signs_the_first_one_out(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as first:
        first.show("/move")
        first.page.fill("#pin", first.pin)
        first.press()
        code = first.page.locator(".code-shown").inner_text()
        her = Somebody(first.somebody.code, first.somebody.typed | {"code": code.replace("-", "")})
        with handset(desk.system, chromium, her) as second:
            second.activate()
            second.open_form(first.diary)
            second.answer_calmly()
            second.press()
            expect(second.page.get_by_role("status")).to_contain_text(DELIVERED)

        first.start_again()
        first.page.fill("#pin", first.pin)
        first.press()
        expect(first.page.get_by_role("heading", level=1)).to_have_text("这台手机需要重新激活")
        assert [one["status"] for one in first.responses()] == ["completed"]


@pytest.mark.req("P-04", "S-02")
def test_signing_out_waits_for_what_is_unsent_and_then_leaves_nothing_of_hers(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.context.set_offline(True)
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("已安全保存在本机")
        phone.show("/out")
        expect(page.get_by_text("还有记录没有送达")).to_be_visible()
        assert page.get_by_role("button", name="退出", exact=True).count() == 0
        assert phone.look("out-unsent", gallery) == []

        phone.context.set_offline(False)
        page.get_by_role("button", name="退出", exact=True).click()

        expect(page.locator("#code")).to_be_visible()
        assert [one["status"] for one in phone.responses()] == ["completed"]
        for store in ("draft", "outbox", "sent", "form"):
            assert phone.kept(store) == []
        assert not [one for one in phone.kept("meta") if phone.somebody.code in str(one)]
        assert "epro_phone_csrf" not in {one.get("name") for one in phone.context.cookies()}


@pytest.mark.req("P-03", "P-04", "P-10", "P-11")
def test_what_she_chose_is_so_after_a_cold_start_and_the_lock_closes_by_itself(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    somebody, _diary = with_a_diary(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page
        page.clock.install(time=desk.system.now())
        phone.activate()
        phone.show("/pin")
        for field, pin in (("old", PIN), ("pin", ANOTHER_PIN), ("again", ANOTHER_PIN)):
            page.fill(f"#{field}", pin)
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("请用新密码")
        assert phone.look("pin-changed", gallery) == []
        phone.show("/settings")
        page.fill("#reminder-time", "18:30")
        page.dispatch_event("#reminder-time", "change")
        page.get_by_label("不提醒").check()
        page.get_by_role("button", name="保存提醒设置").click()
        expect(page.get_by_text("已保存。")).to_be_visible()
        page.get_by_label("English").check()
        page.get_by_label("Largest").check()
        chosen = {"language": "en", "textSize": "largest"}
        wait_for(lambda: chosen in phone.kept("meta"), "what she chose is kept")
        phone.start_again()

        expect(page.get_by_role("heading", level=1)).to_have_text("Enter your PIN")
        expect(page.locator("html[data-text=largest]")).to_have_count(1)
        unlock(phone, PIN, "That is not your PIN")
        unlock(phone, ANOTHER_PIN, "Save reminders")
        expect(page.locator("#reminder-time")).to_have_value("18:30")
        expect(page.get_by_label("No reminders")).to_be_checked()
        lie_about(phone, timedelta(minutes=4, seconds=50))
        expect(page.locator("#reminder-time")).to_be_visible()
        lie_about(phone, timedelta(minutes=5))
        expect(page.locator("#pin")).to_be_visible()


def unlock(phone: Handset, pin: str, heard: str) -> None:
    phone.page.fill("#pin", pin)
    phone.press()
    expect(phone.page.locator("body")).to_contain_text(heard)


def lie_about(phone: Handset, time: timedelta) -> None:
    """Be out of sight for a while."""
    phone.page.evaluate(HIDE, "hidden")
    phone.page.clock.run_for(int(time.total_seconds() * 1000))
    phone.page.evaluate(HIDE, "visible")


@pytest.mark.req("P-08", "S-02")
def test_where_the_browser_keeps_nothing_it_is_said_and_a_diary_is_delivered_all_the_same(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    somebody, diary = with_a_diary(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        page = phone.page
        page.add_init_script(KEEPS_NOTHING)
        phone.activate()
        expect(page.get_by_text("此浏览器不能保存记录")).to_be_visible()
        assert phone.look("today-blocked", gallery) == []
        phone.open_form(diary["title"]["zh"])
        phone.answer_calmly()
        phone.context.set_offline(True)
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("不要关闭这个页面")
        phone.context.set_offline(False)

        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        assert [one["status"] for one in phone.responses()] == ["completed"]
