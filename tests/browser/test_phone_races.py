"""Two things at one moment on one phone: pressed twice, heard too late, taken away meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from tests.browser.desk import Desk
from tests.browser.filling import Filling, as_form
from tests.browser.handset import Handset, phone_with_a_diary
from tests.questionnaires.forms import shipped, shipped_form

pytestmark = pytest.mark.blackbox
DELIVERED, KEPT = "已送达研究中心", "已安全保存在本机"
PRESS_TWICE = """() => {
  const button = document.querySelector('.bar button.main');
  button.click();
  button.click();
}"""
# A slow disk: what is to be written waits until another connection lets go of the stores.
HOLD_THE_DISK = """() => new Promise((resolve) => {
  indexedDB.open('epro-phone').onsuccess = ({ target: { result: database } }) => {
    const all = [...database.objectStoreNames];
    const held = database.transaction(all, 'readwrite').objectStore('meta');
    let isHeld = true;
    window.letGo = () => { isHeld = false; };
    const again = () => {
      if (isHeld) held.get('probe').onsuccess = again;
      else database.close();
    };
    held.get('probe').onsuccess = () => { resolve(); again(); };
  };
})"""
CLEAR_THE_STORAGE = """() => new Promise((done) => {
  indexedDB.deleteDatabase('epro-phone').onsuccess = () => done();
})"""
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
OUT_OF_THE_FORM = "() => history.state && history.state.depth === history.state.entry"
BOTH_AT_ONCE = """([response, question, given]) =>
  import(document.getElementById('app').dataset.base + 'js/questions.js').then((questions) => {
    const record = { kind: 'response', response_id: response };
    return Promise.all([
      questions.answerQuestion(response, given),
      questions.hearReply(record, { safety_question: { id: question } }),
    ]);
  })"""
FLUSH = """() => import(document.getElementById('app').dataset.base + 'js/outbox.js')
  .then((outbox) => outbox.flush())"""
REFRESH = """() => import(document.getElementById('app').dataset.base + 'js/diary.js')
  .then((diary) => diary.refresh())"""


def keep_in(held: list[Route]) -> Callable[[Route], None]:
    """Return a line on which requests wait; Playwright takes no built-in function for one."""

    def line(route: Route) -> None:
        held.append(route)

    return line


def sent_off(phone: Handset) -> list[tuple[str, int]]:
    return [(one["status"], one["revision"]) for one in phone.responses()]


@pytest.mark.req("Q-04", "S-02")
def test_what_is_sent_off_twice_in_one_moment_is_sent_once(desk: Desk, chromium: Browser) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.answer_calmly()

        phone.page.evaluate(PRESS_TWICE)

        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        assert sent_off(phone) == [("completed", 1)]
        assert phone.kept("outbox") == phone.kept("draft") == []


@pytest.mark.req("Q-04", "S-02")
def test_nothing_more_is_pressed_while_a_slow_disk_takes_what_was_sent_off(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.page.evaluate(HOLD_THE_DISK)
        phone.press()
        phone.until(OUT_OF_THE_FORM)
        for button in (".bar button.main", ".review button"):
            phone.page.locator(button).first.evaluate("(button) => button.click()")

        phone.page.evaluate("() => window.letGo()")

        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        assert sent_off(phone) == [("completed", 1)]
        assert phone.kept("outbox") == phone.kept("draft") == []


@pytest.mark.req("Q-04", "S-02")
def test_a_form_that_another_window_has_taken_is_sent_from_there_alone_and_let_go(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.page.fill("input[inputmode=decimal]", "36.6")
        phone.next()
        page = phone.another_tab()
        page.get_by_role("button", name="在这里继续").click()
        expect(page.locator(".step")).to_be_visible()
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("已在另一个窗口打开")
        taken = Handset.of(page)
        taken.answer_calmly()
        taken.press()

        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        assert sent_off(phone) == [("completed", 1)]
        assert phone.kept("outbox") == []
        taken.show("/today")
        held = page.evaluate("() => navigator.locks.query().then(({ held }) => held.length)")
        assert held == 0  # else no newer app would ever be taken over


@pytest.mark.req("A-05")
def test_her_answer_and_the_question_that_arrive_at_once_are_brought_together(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.context.set_offline(True)

        phone.page.evaluate(BOTH_AT_ONCE, ["one", "another", {"help_now": True, "hospital": "no"}])

        assert [one["path"] for one in phone.kept("outbox")] == [
            "/me/safety-questions/another/answer"
        ]


@pytest.mark.req("Q-04", "S-02")
def test_a_list_from_before_that_is_heard_after_does_not_open_the_diary_again(
    desk: Desk, chromium: Browser
) -> None:
    held: list[Route] = []

    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        before = page.evaluate("() => fetch('/api/v1/me/assessments').then((one) => one.text())")
        phone.open_form(phone.diary)
        phone.answer_calmly()
        page.route("**/api/v1/me/assessments", keep_in(held))
        page.evaluate(f"() => {{ ({REFRESH})(); }}")
        phone.press()
        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        phone.press()
        expect(phone.card(phone.diary)).to_contain_text("已送达")

        with page.expect_response("**/api/v1/me"):
            held[0].fulfill(body=before, content_type="application/json")

        page.evaluate(FLUSH)
        expect(phone.card(phone.diary)).to_contain_text("已送达")
        assert phone.card(phone.diary).get_by_role("button").count() == 0


@pytest.mark.req("S-02")
def test_a_page_of_somebody_on_the_way_is_no_word_of_the_server(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        phone.open_form(phone.diary)
        phone.answer_calmly()
        page.route(
            "**/api/v1/**",
            lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Log in"),
        )
        with page.expect_response("**/me/responses/*"):
            phone.press()
        page.evaluate(FLUSH)
        expect(page.get_by_role("status")).to_contain_text(KEPT)
        assert phone.responses() == []
        page.unroute("**/api/v1/**")
        phone.send_now()

        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        assert sent_off(phone) == [("completed", 1)]


@pytest.mark.req("S-02", "P-08")
def test_a_diary_goes_on_and_out_when_the_storage_is_cleared_under_it(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.page.fill("input[inputmode=decimal]", "36.6")
        phone.next()

        phone.page.evaluate(CLEAR_THE_STORAGE)

        phone.answer_calmly()
        phone.press()
        expect(phone.page.get_by_role("status")).to_contain_text(DELIVERED)
        assert sent_off(phone) == [("completed", 1)]
        assert phone.kept("draft") == phone.kept("outbox") == []


@pytest.mark.req("S-02")
def test_where_a_browser_has_no_locks_a_record_still_goes_out_once(
    desk: Desk, chromium: Browser
) -> None:
    sent: list[Request] = []
    held: list[Route] = []
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        page.add_init_script(NO_LOCKS)
        phone.start_again()
        phone.unlock()
        phone.open_form(phone.diary)
        phone.answer_calmly()
        page.on("request", lambda one: sent.append(one) if one.method == "PUT" else None)
        page.route("**/me/responses/*", keep_in(held))
        with page.expect_request("**/me/responses/*"):
            phone.press()
        page.evaluate(f"() => {{ ({FLUSH})(); dispatchEvent(new Event('online')); }}")
        page.wait_for_timeout(200)
        for route in held:
            route.continue_()

        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        assert len(sent) == 1


@pytest.mark.req("Q-04", "S-08")
@pytest.mark.parametrize("hours", [24, 49])
def test_a_report_begun_goes_on_for_two_days_and_then_the_next_one_begins(
    desk: Desk, chromium: Browser, hours: int
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.show("/form/open/medicines")
        first = phone.page.locator(".step")
        expect(first).to_contain_text("第 1 题")
        phone.page.locator("label.row").first.click()
        phone.next()
        phone.show("/reports")
        begun = phone.page.get_by_text("填写到一半")
        expect(begun).to_have_count(1)

        # By the phone's own clock: that of the trial is days ahead where other tests have moved it.
        hers = datetime.fromtimestamp(phone.page.evaluate("Date.now()") / 1000, UTC)
        phone.page.clock.set_system_time(hers + timedelta(hours=hours))
        phone.show("/today")
        phone.show("/form/open/medicines")

        expect(first).to_contain_text("第 2 题" if hours < 48 else "第 1 题")
        assert phone.page.locator("input:checked").count() == 0


@pytest.mark.req("A-05", "P-11")
def test_the_second_of_two_quick_taps_is_no_answer_to_the_next_screen(filling: Filling) -> None:
    page = filling.page
    filling.open(as_form(shipped_form("daily"), shipped().rules))
    filling.step(temp=36.6)
    filling.step(pain=2)
    filling.step(fatigue=2)
    page.locator("label.row").first.click()
    box = page.locator(".bar button.main").bounding_box()
    assert box is not None
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.clock.install()
    page.clock.pause_at("2030-01-01")

    page.touchscreen.tap(*at)
    expect(page.locator(".frame")).to_be_visible()
    under = "([x, y]) => document.elementFromPoint(x, y).textContent"
    assert page.evaluate(under, at) == "我已了解，继续"
    page.touchscreen.tap(*at)
    page.wait_for_timeout(100)
    assert page.locator(".frame").count() == 1

    page.clock.run_for(500)
    page.touchscreen.tap(*at)
    expect(page.locator(".frame")).to_have_count(0)
    page.clock.resume()
