"""From words of danger on a phone without network to the line in the console, with its time."""

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.blackbox.system import wait_for
from tests.browser.desk import Desk
from tests.browser.gallery import Gallery
from tests.browser.handset import Handset, handset, newcomer

pytestmark = pytest.mark.blackbox
WORDS = "今天头晕，被送急诊了"
# Numbers to call that are out of sight, or that something lies over.
COVERED = """() => [...document.querySelectorAll('.frame .call')].filter((one) => {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  return [top + 3, bottom - 3]
    .some((y) => !one.contains(document.elementFromPoint((left + right) / 2, y)));
}).map((one) => one.href)"""


def write_of_danger(phone: Handset) -> None:
    """Report without network what sounds like danger, up to what is asked back."""
    phone.activate()
    phone.diary = "报告身体不适"
    phone.is_kept()
    phone.context.set_offline(True)
    phone.page.get_by_role("button", name=phone.diary).click()
    phone.page.locator("label.row").last.click()
    phone.next()
    phone.page.fill("textarea", WORDS)
    phone.next()


@pytest.mark.req("A-05", "A-08", "A-11", "C-01")
def test_words_of_danger_are_asked_back_and_her_yes_stands_in_the_inbox_with_its_clock(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with handset(desk.system, chromium, newcomer(desk.system)) as phone:
        page = phone.page
        write_of_danger(phone)

        expect(page.get_by_role("heading", level=1)).to_contain_text("您写到了医院")
        assert page.locator("input:checked").count() == 0
        phone.press()
        expect(page.get_by_role("alert")).to_contain_text("请选择现在是否需要紧急帮助")
        found = phone.look("asked-back", gallery)
        page.locator("#asking-help label.row").first.click()
        page.locator("#asking-stay label.row").first.click()
        phone.next()
        expect(page.get_by_role("heading", level=1)).to_have_text("请立即寻求帮助")
        expect(page.get_by_role("status")).to_contain_text("还没有送到研究中心")
        found += phone.look("advice-after-yes", gallery)
        usual = page.viewport_size
        page.set_viewport_size({"width": 360, "height": 640})
        for language in ("en", "zh"):
            phone.speak(language)
            assert page.evaluate(COVERED) == [], language
        assert usual
        page.set_viewport_size(usual)
        assert phone.responses() == []
        desk.later(minutes=7)
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/safety-questions/**", hold)
        phone.context.set_offline(False)
        # The words have arrived, her yes has not: nothing says that it had.
        wait_for(lambda: bool(page.evaluate("1") and held), "her yes is on its way")
        expect(page.get_by_role("status")).to_contain_text("还没有送到研究中心")
        held[0].continue_()
        page.unroute("**/safety-questions/**")
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")

        with desk.desktop() as watched:
            line = watched.page.get_by_role("row", name=phone.somebody.code)
            watched.page.goto(f"/console/flags?participant={phone.somebody.code}")
            expect(line).to_contain_text("现在需要紧急帮助")
            # The clock runs from when the site could know, not from when she wrote it.
            expect(line).to_contain_text("剩 29 分")
            desk.later(minutes=12)
            watched.page.reload()
            expect(line).to_contain_text("剩 17 分")
            assert watched.faults == []
        (stored,) = phone.responses()
        assert (stored["status"], stored["received_late"]) == ("in_progress", False)
        assert phone.kept("outbox") == []
        assert found == []


@pytest.mark.req("A-05", "S-02")
def test_her_yes_that_is_refused_on_its_way_is_handed_over_flagged_and_can_be_put_away(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=404, json={"error": {"code": "not_found"}})

    with handset(desk.system, chromium, newcomer(desk.system)) as phone:
        page = phone.page
        write_of_danger(phone)
        page.locator("#asking-help label.row").first.click()
        page.locator("#asking-stay label.row").first.click()
        phone.next()
        page.route("**/safety-questions/**", refuse)
        phone.context.set_offline(False)
        # Nobody has put away anything, and it is at the site already.
        wait_for(
            lambda: [one.get("isKept") for one in phone.kept("outbox")] == [True], "it is kept"
        )
        assert len(desk.system.listed_of(phone.somebody.code, "/flags")) == 1

        phone.show("/history")
        page.get_by_role("button", name="查看").click()
        expect(page.locator(".review")).to_contain_text("您现在需要紧急帮助吗？")
        expect(page.locator(".review dd").first).to_have_text("是")
        assert phone.look("parked-yes", gallery) == []
        page.get_by_role("button", name="从本机收起").click()
        page.get_by_role("button", name="确定收起").click()
        expect(page.get_by_text("这条记录已不在本机")).to_be_visible()
        assert phone.kept("outbox") == []
