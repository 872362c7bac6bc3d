"""The participant's app on the site's own tablet, opened from the console, in a real browser."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.handset import Handset, with_a_diary

pytestmark = pytest.mark.blackbox


@pytest.mark.req("P-08")
def test_the_site_opens_her_app_hands_it_over_and_gets_its_console_back(
    desk: Desk, chromium: Browser
) -> None:
    somebody, diary = with_a_diary(desk.system)
    title = diary["title"]["zh"]
    where = f"/console/participants/{somebody.code}"
    with desk.desktop(width=820, height=1100) as watched:
        page = watched.page
        page.goto(f"{where}/on-behalf")
        page.get_by_label("平板").check()
        page.get_by_role("button", name="打开日记").click()
        tablet = Handset(desk.system, page.context, watched, somebody)

        expect(page.locator(".behalf")).to_contain_text(somebody.code)
        assert page.get_by_label("6 位密码").count() == 0
        expect(tablet.card(title)).to_be_visible()
        page.reload()
        tablet.open_form(title)
        tablet.answer_calmly()
        tablet.press()
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")
        assert watched.findings() == []
        assert page.evaluate("indexedDB.databases().then((found) => found.length)") == 0
        page.get_by_role("button", name="交还给研究人员").click()

        page.wait_for_url(f"**{where}")
        (stored,) = tablet.responses()
        assert (stored["mode"], stored["status"]) == ("site_tablet", "completed")
        page.goto("/p/")
        expect(page.locator("#code, #year").first).to_be_visible()
    assert [one for one in watched.faults if "401" not in one] == []
