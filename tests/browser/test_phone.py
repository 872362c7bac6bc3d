"""The phone app in a real browser, against the real server."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.handset import handset, with_a_diary

pytestmark = pytest.mark.blackbox


@pytest.mark.req("P-02", "Q-03", "Q-04")
def test_a_diary_is_answered_from_the_paper_code_to_the_stored_response(
    desk: Desk, chromium: Browser
) -> None:
    somebody, diary = with_a_diary(desk.system)
    with handset(desk.system, chromium, somebody) as phone:
        phone.activate()
        assert somebody.typed["code"] not in phone.page.url
        phone.open_form(diary["title"]["zh"])
        assert phone.page.locator("input:checked").count() == 0
        phone.answer_calmly()
        phone.press()

        expect(phone.page.get_by_role("status")).to_contain_text("已送达研究中心")
        stored = phone.responses()
        assert [(one["status"], one["counts"]) for one in stored] == [("completed", True)]
        assert phone.kept("outbox") == phone.kept("draft") == []
    assert phone.watched.faults == []
