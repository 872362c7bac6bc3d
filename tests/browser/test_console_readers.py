"""A day of those who watch over the trial: a data manager and a monitor, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from epro.access import Role
from tests.blackbox.people import ZONE
from tests.blackbox.system import PASSWORD
from tests.browser.desk import Desk
from tests.browser.hands import Hands, say
from tests.browser.test_console_day import BOTH, pages_of
from tests.browser.test_console_roles import looked_at, somebody

pytestmark = pytest.mark.blackbox
TELLS_OF_EVENTS = {f"/console/{one}" for one in ("flags", "events", "contacts", "messages")}


@pytest.mark.req("X-06", "B-04", "T-04", "P-05")
@BOTH
def test_a_data_manager_keeps_a_breach_reads_how_it_came_about_and_takes_a_file(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    with somebody(desk, Role.DATA_MANAGER, language, has_script=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.goto("/console/")
        assert not set(pages_of(page)) & TELLS_OF_EVENTS

        page.goto("/console/data-incidents")
        page.get_by_text(say("incident.record", language)).click()
        hands.choose("kind", "wrong_recipient")
        hands.choose("severity", "minor")
        hands.fill("found_at", f"{desk.system.now().astimezone(ZONE):%Y-%m-%dT%H:%M}")
        hands.fill("found_by", "数据管理员")
        hands.fill("happened", "两份导出发给了另一个研究的邮箱")
        hands.fill("data_concerned", "参与者编号和填写日期")
        hands.press("act.save")
        page.get_by_role("link", name=say("incident.kind.wrong_recipient", language)).last.click()
        looked_at(watched, pictures, "breach", language)
        page.get_by_role("link", name=say("timeline.journal", language)).click()
        told = page.locator("[data-line]").first
        expect(told).to_contain_text(
            "登记了数据安全事件(发给了错误的人，轻微)"
            if language == "zh"
            else "recorded a breach (wrong recipient, minor)"
        )
        looked_at(watched, pictures, "breach-journal", language)

        page.goto("/console/exports")
        hands.choose("kind", "compliance")
        hands.fill("password", PASSWORD)
        hands.fill("totp", desk.fresh_code(f"data-manager.{language}"))
        with page.expect_download() as taken:
            hands.press("export.take")
        assert taken.value.path().read_bytes()
        page.reload()
        expect(page.locator("tbody tr").first).to_contain_text(re.compile("[0-9a-f]{64}"))
        looked_at(watched, pictures, "exports", language)
        if has_script:
            assert watched.findings() == []


@pytest.mark.req("T-04", "T-09", "C-05")
@BOTH
def test_a_monitor_follows_one_answer_to_its_journal_and_says_that_she_reviewed(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = desk.complaint()
    with somebody(desk, Role.MONITOR, language, has_script=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.goto(f"/console/participants/{phone.code}/timeline?kind=answer")
        looked_at(watched, pictures, "timeline-of-one", language)
        page.locator("a[data-open]").first.click()
        page.get_by_role("link", name=say("timeline.journal", language)).click()
        expect(page.locator("[data-line]").first).to_contain_text(
            "提交了报告身体不适" if language == "zh" else "submitted report a problem"
        )
        assert not re.search("[a-z]+_[a-z]+", page.locator("ol.history").inner_text())

        page.goto("/console/audit-review")
        hands.fill("remark", "看过，没有发现")
        hands.press("audit.mark")
        expect(page.locator("ol.history").last).to_contain_text("看过，没有发现")
        looked_at(watched, pictures, "audit-review", language)
        if has_script:
            assert watched.findings() == []
