"""What an assessor, an investigator and two people about one answer do in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pyotp.totp import TOTP

from epro.access import Role
from epro.clock import wall_clock_now
from tests.blackbox.people import ZONE, enrolled_phone, record_anchor
from tests.blackbox.system import PASSWORD
from tests.browser.desk import Desk, Watched
from tests.browser.hands import Hands, say, speak
from tests.browser.test_console import fits
from tests.browser.test_console_day import BOTH, DESK, PHONE, pages_of
from tests.factories import shipped_package

pytestmark = pytest.mark.blackbox
RATING = shipped_package().questionnaire("sledai_2k")
assert RATING


@contextmanager
def somebody(desk: Desk, role: Role, language: str, *, has_script: bool) -> Iterator[Watched]:
    """Open the browser of one of that role, new in this trial."""
    name = f"{role.value.replace('_', '-')}.{language}"
    if name not in desk.secrets:
        desk.add_staff(name, f"{role} {language}", role)
    with desk.browser_of(name, java_script_enabled=has_script) as watched:
        speak(watched.page, language, "/console/phones")
        yield watched
    assert watched.faults == []


def looked_at(watched: Watched, pictures: Path, name: str, language: str) -> None:
    """See that a page fits and is sound, at the desk and on a phone; keep its pictures."""
    for width, height in (DESK, PHONE):
        watched.page.set_viewport_size({"width": width, "height": height})
        watched.page.screenshot(
            path=pictures / f"walk-{name}-{language}-{width}.png", full_page=True
        )
        assert fits(watched.page, width)
    watched.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


@pytest.mark.req("P-06")
@BOTH
def test_an_assessor_rates_in_a_room_that_shows_nothing_else(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = enrolled_phone(desk.system)
    record_anchor(phone, "INF1_PLANNED", desk.system.now() + timedelta(days=3))
    today = desk.system.now().astimezone(ZONE).date()
    with somebody(desk, Role.OUTCOMES_ASSESSOR, language, has_script=has_script) as watched:
        page = watched.page
        page.goto("/console/")
        offered = {path.split("/")[2] for path in pages_of(page)}
        assert offered <= {"account", "ratings", "phones", "training"}
        page.goto(f"/console/ratings?participant={phone.code}")
        page.get_by_role("row", name=phone.code).get_by_role("link").click()
        rate(page, assessed_on=today.isoformat())
        looked_at(watched, pictures, "rating-form", language)
        page.get_by_role("button", name=say("rating.save", language)).click()

        expect(page.locator(".number")).to_contain_text("4")
        page.locator("summary").click()
        page.check("[name=a-rash][value=present]")
        page.fill("[name=reason]", "looked again")
        page.get_by_role("button", name=say("rating.correct", language)).click()
        expect(page.locator(".number")).to_contain_text("6")
        looked_at(watched, pictures, "rating", language)
        if has_script:
            assert watched.findings() == []


def rate(page: Page, *, assessed_on: str) -> None:
    """Fill in the whole form: arthritis and nothing else."""
    assert RATING
    for item in RATING.items:
        name = f"[name='a-{item.link_id}']"
        if item.codes == ("present", "absent", "not-assessed"):
            code = "present" if item.link_id == "arthritis" else "absent"
            page.check(f"{name}[value={code}]")
    page.check("[name=a-rescue_therapy][value=no]")
    page.fill("[name=a-steroid_per_day]", "7.5")
    page.fill("[name=a-assessed_on]", assessed_on)


@pytest.mark.req("C-06")
@BOTH
def test_an_investigator_reviews_and_new_data_ask_again(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = desk.complaint()
    with somebody(desk, Role.INVESTIGATOR, language, has_script=has_script) as watched:
        page = watched.page
        row = page.get_by_role("row", name=phone.code)
        page.goto("/console/reviews?sort=newest&down=1")
        expect(row).to_be_visible()
        looked_at(watched, pictures, "reviews", language)
        desk.later(minutes=1)
        row.get_by_role("combobox").select_option("week_4")
        row.get_by_role("button").click()
        expect(row).to_have_count(0)
        page.goto("/console/reviews?all=1&sort=reviewed&down=1")
        expect(row).to_contain_text(say("visit.week_4", language))

        desk.later(minutes=1)
        desk.report(phone)
        page.goto("/console/reviews?sort=newest&down=1")
        expect(row).to_be_visible()


@pytest.mark.req("T-06")
@BOTH
def test_what_she_says_was_wrong_goes_from_her_words_to_the_decision_of_a_second_person(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = desk.complaint()
    with somebody(desk, Role.COORDINATOR, language, has_script=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.goto(f"/console/participants/{phone.code}/timeline")
        page.locator("a[href*='/answers/']").first.click()
        answer = page.url
        page.get_by_role("link", name=say("change.put_down", language)).click()
        page.check("[name=her-effect][value=rest]")
        hands.choose("source", "call")
        hands.fill("said_at", f"{desk.system.now().astimezone(ZONE):%Y-%m-%dT%H:%M}")
        hands.fill("said_words", "那天只是需要休息")
        hands.fill("reason", "按错了")
        assert "{" not in page.locator("main").inner_text()
        looked_at(watched, pictures, "put-down", language)
        hands.press("change.put_down")
        request = page.locator("section", has_text=phone.code)
        expect(request).to_contain_text(say("change.awaiting_participant", language))
        request.locator("summary").click()
        request.locator("[name=call_words]").fill("对，只是休息")
        request.get_by_role("button", name=say("change.is_right", language)).click()
        expect(request).to_contain_text(say("change.awaiting_decision", language))
    with somebody(desk, Role.INVESTIGATOR, language, has_script=has_script) as watched:
        page = watched.page
        page.goto(f"/console/corrections?code={phone.code}")
        looked_at(watched, pictures, "decide", language)
        page.fill("[name=reason]", "电话核实过")
        page.get_by_role("button", name=say("change.approve", language)).click()
        page.goto(answer)
        expect(page.get_by_text(say("answers.revision", language).format(count=2))).to_be_visible()


@pytest.mark.req("P-05", "P-06")
@BOTH
def test_an_administrator_hands_over_a_sheet_by_which_a_colleague_sets_herself_up(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    username = f"newly.here.{language}"
    with somebody(desk, Role.SYSTEM_ADMIN, language, has_script=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.goto("/console/accounts")
        looked_at(watched, pictures, "accounts", language)
        page.get_by_role("link", name=say("accounts.open", language)).click()
        hands.fill("full_name", "陈新 Chen Xin")
        hands.fill("username", username)
        hands.fill("email", "chen@example.org")
        hands.tick("roles", Role.COORDINATOR.value)
        hands.fill("password", PASSWORD)
        hands.fill("totp", desk.fresh_code(f"system-admin.{language}"))
        looked_at(watched, pictures, "account-new", language)
        hands.press("accounts.open")
        code = page.locator(".secret").inner_text()
        looked_at(watched, pictures, "setup-sheet", language)
        page.goto(f"/console/accounts/{username}")
        for fold in page.locator("summary").all():
            fold.click()
        looked_at(watched, pictures, "account", language)
        if has_script:
            assert watched.findings() == []
    with desk.browser(java_script_enabled=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        speak(page, language, "/console/sign-in")
        page.goto("/console/sign-in")
        page.get_by_role("link", name=say("welcome.link", language)).click()
        hands.fill("username", username)
        hands.fill("code", code)
        looked_at(watched, pictures, "welcome", language)
        hands.press("welcome.go")
        desk.secrets[username] = page.locator(".key").inner_text()
        hands.fill("password", PASSWORD)
        hands.fill("password_again", PASSWORD)
        hands.fill("totp", TOTP(desk.secrets[username]).at(wall_clock_now()))
        looked_at(watched, pictures, "welcome-password", language)
        if has_script:
            assert watched.findings() == []
        hands.press("welcome.finish")
        expect(page.get_by_role("heading", level=1)).to_have_text(say("welcome.done", language))
        desk.sign_in(page, username, to="/console/today")
        expect(page.locator(".name")).to_have_text(username)
    assert watched.faults == []
