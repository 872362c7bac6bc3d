"""The phone without network, with a lost reply, with a wrong clock: nothing she entered is lost."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.blackbox.system import System
from tests.browser.desk import Desk
from tests.browser.handset import Handset, handset, phone_with_a_diary, with_a_diary

pytestmark = pytest.mark.blackbox
DELIVERED, KEPT = "已送达研究中心", "已安全保存在本机"


def restart_web(system: System, **environment: str) -> None:
    """End the web server and start it again, set otherwise."""
    system.processes["web"].kill()
    system.environment |= environment
    system.mend()


def reach_the_server_but_hear_nothing(system: System, times: int = 1) -> Callable[[Route], None]:
    """Return a line on which requests arrive and so many of the replies are lost."""
    lost: list[str] = []

    def line(route: Route) -> None:
        request = route.request
        if len(lost) >= times:
            route.continue_()
            return
        headers = {k: v for k, v in request.all_headers().items() if not k.startswith(":")}
        with httpx.Client(base_url=system.url, trust_env=False) as another:
            answer = another.request(
                request.method, request.url, content=request.post_data_buffer, headers=headers
            )
        assert answer.status_code in {200, 201}, answer.text
        lost.append(request.url)
        route.abort("connectionreset")

    return line


@pytest.mark.req("Q-04", "S-02")
def test_a_diary_is_started_resumed_and_sent_in_without_network(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.context.set_offline(True)
        desk.system.processes["web"].kill()  # nobody would answer if the browser did ask
        phone.page.reload()
        phone.unlock()
        phone.open_form(phone.diary)
        phone.page.fill("input[inputmode=decimal]", "36.6")
        phone.next()
        where = phone.heading()

        phone.page.reload()  # a closed tab, an empty battery
        phone.page.fill("#pin", phone.pin)
        phone.press()
        expect(phone.page.get_by_role("heading", level=1)).to_have_text(where)
        phone.answer_calmly()
        phone.press()
        expect(phone.page.get_by_role("status")).to_contain_text(KEPT)
        phone.show("/history")
        expect(phone.page.get_by_text("联网后会显示已送达的记录")).to_be_visible()
        phone.show("/done")

        desk.system.mend()
        assert phone.responses() == []
        phone.context.set_offline(False)
        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)

        (stored,) = phone.responses()
        assert (stored["status"], stored["timeliness"]) == ("completed", "on_time")
        assert phone.kept("outbox") == phone.kept("draft") == []


@pytest.mark.req("S-02")
def test_what_is_sent_in_while_the_server_is_down_arrives_when_it_is_back(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        desk.system.processes["web"].kill()
        phone.page.reload()
        phone.page.fill("#pin", phone.pin)
        phone.press()
        phone.answer_calmly()
        phone.press()
        expect(phone.page.get_by_role("status")).to_contain_text(KEPT)

        desk.system.mend()
        phone.send_now()

        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        assert [one["status"] for one in phone.responses()] == ["completed"]


@pytest.mark.req("S-02")
def test_an_answer_whose_reply_was_lost_is_stored_once(desk: Desk, chromium: Browser) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.page.route(
            "**/me/responses/*", reach_the_server_but_hear_nothing(desk.system, times=1)
        )
        phone.press()

        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        stored = phone.responses()
        assert [(one["status"], one["revision"]) for one in stored] == [("completed", 1)]
        assert phone.kept("outbox") == []


@pytest.mark.req("P-04")
def test_a_lost_reply_to_the_renewal_of_access_locks_nobody_out(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.context.clear_cookies(name="epro_phone_access")
        phone.page.route(
            "**/sessions/refresh", reach_the_server_but_hear_nothing(desk.system, times=1)
        )
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.press()

        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        assert len(phone.responses()) == 1


@pytest.mark.req("Q-04")
def test_two_windows_never_write_into_one_form(desk: Desk, chromium: Browser) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.page.fill("input[inputmode=decimal]", "36.6")
        phone.next()
        where = phone.heading()
        second = phone.another_tab()

        expect(second.get_by_role("heading", level=1)).to_have_text("已在另一个窗口打开")
        second.get_by_role("button", name="在这里继续").click()

        expect(second.get_by_role("heading", level=1)).to_have_text(where)
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("已在另一个窗口打开")


@pytest.mark.req("P-08")
def test_a_phone_whose_storage_was_cleared_goes_on_with_the_pin(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.page.goto("about:blank")
        phone.page.goto("/p/img/none")  # same origin, none of the app's pages
        phone.page.evaluate("""() => new Promise((done) => {
          indexedDB.deleteDatabase('epro-phone').onsuccess = done; })""")
        phone.page.goto("/p/")

        expect(phone.page.get_by_role("heading", level=1)).to_have_text("这台手机的内容被清除了")
        phone.unlock()
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.press()
        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)


@pytest.mark.req("T-03", "S-02")
@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_wrong_changes_neither_the_day_nor_the_time(
    desk: Desk, chromium: Browser, days: int
) -> None:
    somebody, diary = with_a_diary(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        phone.page.clock.set_system_time(desk.system.now() + timedelta(days=days))
        phone.activate()
        expect(phone.page.get_by_text("这台手机的时间和研究时间不一致")).to_be_visible()
        phone.open_form(diary["title"]["zh"])
        phone.answer_calmly()
        phone.press()
        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)

        (stored,) = phone.responses()
        away = datetime.fromisoformat(stored["answered_at"]) - desk.system.now()
        assert abs(away) < timedelta(minutes=5)
        assert stored["timeliness"] == "on_time"


@pytest.mark.req("X-05")
def test_the_app_is_renewed_between_forms_and_given_up_when_switched_off(
    desk: Desk, chromium: Browser
) -> None:
    def shell(phone: Handset) -> str:
        return str(phone.page.locator("#app").get_attribute("data-version"))

    try:
        with phone_with_a_diary(desk.system, chromium) as phone:
            phone.open_form(phone.diary)
            phone.page.fill("input[inputmode=decimal]", "36.6")
            phone.next()
            where, old = phone.heading(), shell(phone)
            restart_web(desk.system, EPRO_PHONE_BUNDLE="1")

            phone.start_again()
            phone.a_new_worker_waits()
            phone.start_again()
            during = shell(phone)
            phone.page.fill("#pin", phone.pin)
            phone.press()
            expect(phone.page.get_by_role("heading", level=1)).to_have_text(where)
            phone.answer_calmly()
            phone.press()
            expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
            phone.press()
            phone.start_again()
            expect(phone.page.locator(f"#app:not([data-version='{old}'])")).to_be_visible()
            phone.unlock()
            assert during == old
            phone.is_kept()
            phone.context.set_offline(True)  # both scripts are kept
            phone.start_again()
            phone.unlock()
            phone.show("/settings")
            expect(phone.page.get_by_role("heading", name="放到主屏幕")).to_be_visible()
            phone.context.set_offline(False)
            phone.show("/today")

            restart_web(desk.system, EPRO_PHONE_OFFLINE="0")
            phone.start_again()
            phone.until(
                "() => Promise.all([navigator.serviceWorker.getRegistrations(), caches.keys()])"
                ".then(([workers, kept]) => workers.length + kept.length === 0)"
            )
            phone.unlock()
    finally:
        restart_web(desk.system, EPRO_PHONE_BUNDLE="0", EPRO_PHONE_OFFLINE="1")
