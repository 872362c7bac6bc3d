"""Forms on a phone in a real browser: what is asked, kept and sent, and what is said at once."""

import re
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from questionnaires.definition import ItemType
from questionnaires.validation import Answer, judge
from tests.blackbox.people import Phone, assessments_of, enrolled_phone
from tests.blackbox.system import as_bytes
from tests.browser.desk import Desk
from tests.browser.filling import NOW, Filling, as_form, by_chance
from tests.browser.gallery import Gallery
from tests.browser.handset import (
    Handset,
    handset,
    infused,
    newcomer,
    phone_with_a_diary,
)
from tests.questionnaires.forms import shipped, shipped_form

pytestmark = pytest.mark.blackbox

SEED, MORE_SEEDS = 1, (2, 3)
NOTHING_WAITS = """() => import(document.getElementById('app').dataset.base + 'js/state.js')
  .then(({ state }) => state().waiting.length === 0)"""
NO_NETWORK = "ERR_INTERNET_DISCONNECTED"
NRS_IN = "practice"
REPORTS = ("ae_report", "medicines", "contacts", "relative_report")
COUNT_TAPS = """() => {
  window.taps = 0;
  addEventListener("pointerdown", () => { window.taps += 1; }, true);
  addEventListener("beforeinput", () => { window.taps += 1; }, true);
}"""


def said(answers: tuple[Answer, ...]) -> list[tuple[Any, ...]]:
    return [(one.link_id, one.value, one.declined, one.confirmed) for one in answers]


def without_times(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    times = {"shown_at", "changed_at", "change_count"}
    return [{name: one[name] for name in one if name not in times} for one in answers]


@pytest.mark.req("Q-03", "Q-05", "Q-06", "Q-07")
@pytest.mark.parametrize("code", [one.code for one in shipped().questionnaires])
def test_a_form_answered_on_the_phone_fits_it_and_says_what_it_says_over_the_api(
    filling: Filling, code: str, pytestconfig: pytest.Config
) -> None:
    questionnaire = shipped_form(code)
    for seed in (SEED, *(MORE_SEEDS if pytestconfig.getoption("--long") else ())):
        answers = by_chance(questionnaire, Random(f"{code} {seed}"), now=NOW)
        filling.open(as_form(questionnaire, shipped().rules), "zh" if seed % 2 else "en")

        with Handset.of(filling.page).at_its_hardest() as look:
            sent = filling.answer(answers, look)

        assert filling.wrong() == []
        by_phone = judge(questionnaire, sent["answers"], is_complete=True)
        by_api = judge(questionnaire, list(answers), is_complete=True)
        assert by_phone.problems == by_api.problems == ()
        assert said(by_phone.answers) == said(by_api.answers)
        assert all(one.shown_at and one.changed_at for one in by_phone.answers)


@pytest.mark.req("S-08", "Q-03")
def test_a_form_from_the_phone_is_stored_as_one_over_the_api_whatever_it_asks(
    desk: Desk, filling: Filling
) -> None:
    # The reports, which are due at no hour, ask in every way that there is but one.
    asked = {item.type for code in REPORTS for item in shipped_form(code).items}
    shipped_types = {item.type for one in shipped().questionnaires for item in one.items}
    assert shipped_types - asked == {ItemType.NRS}
    phone: Phone = enrolled_phone(desk.system)
    practice = next(one for one in assessments_of(phone) if one["questionnaire"]["code"] == NRS_IN)
    for number, code in enumerate((*REPORTS, NRS_IN)):
        answers = by_chance(shipped_form(code), Random(code), now=NOW)
        filling.open(as_form(shipped_form(code)))
        by_phone = filling.answer(answers)
        by_phone["assessment_id"] = practice["id"] if code == NRS_IN else None
        ids = [f"00000000-0000-4000-8000-00000000{number}00{way}" for way in (1, 2)]

        for response_id, body in zip(ids, (by_phone, by_phone | {"answers": answers}), strict=True):
            stored = phone.request(
                "PUT", f"/me/responses/{response_id}", content=as_bytes(body),
                headers={"Content-Type": "application/json", "Answer-Age": "1"},
            )  # fmt: skip
            assert stored.status_code == 201, stored.text

        first, second = (phone.request("GET", f"/me/responses/{one}").json() for one in ids)
        assert without_times(first["answers"]) == without_times(second["answers"])
        assert first["hidden"] == second["hidden"]


def open_next_day(desk: Desk, phone: Handset) -> str:
    """Have her infused and wait for the diary of the day after; return its title in English."""
    infused(desk.system, phone.somebody)
    items = desk.system.read(f"/participants/{phone.somebody.code}/assessments")["items"]
    daily = next(one for one in items if one["questionnaire"]["code"] == "daily")
    desk.system.move_to(datetime.fromisoformat(daily["opens_at"]) + timedelta(minutes=1))
    return str(daily["title"]["en"])


@pytest.mark.req("Q-03", "Q-04")
def test_a_good_day_takes_seven_questions_and_twenty_taps(desk: Desk, chromium: Browser) -> None:
    with handset(desk.system, chromium, newcomer(desk.system)) as phone:
        title = open_next_day(desk, phone)
        phone.activate()
        phone.speak("en")
        page, asked = phone.page, []
        page.evaluate(COUNT_TAPS)

        phone.open_form(title)
        while page.locator(".review").count() == 0:
            asked.append(phone.heading())
            # Whoever hears the page hears the question first, and the window has its name.
            expect(page.get_by_role("heading", level=1)).to_be_focused()
            assert page.title().startswith(asked[-1])
            assert page.locator("input:checked").count() == 0
            if page.locator("input[inputmode=decimal]").count():
                page.locator("input[inputmode=decimal]").tap()
                page.locator("input[inputmode=decimal]").press_sequentially("36.6")
            elif page.locator(".cells").count():
                page.locator(".cells label").nth(1).tap()
            else:
                page.locator("label.row").last.tap()
            assert phone.heading() == asked[-1]  # nothing goes on by itself
            phone.next()
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("Delivered")
        expect(page.locator("main")).to_contain_text(
            re.compile(r"next diary can be filled in from \w{3} \d+ \w{3} \d\d:\d\d\.")
        )

        assert len(asked) == 7
        assert page.evaluate("window.taps") <= 20
        assert [one["language"] for one in phone.responses()] == ["en"]
    assert phone.watched.faults == []


def advice_of(page: Page) -> list[str]:
    return [str(one.get_attribute("href")) for one in page.locator(".frame a.call").all()]


@pytest.mark.req("A-05", "A-08")
def test_on_a_bad_day_advice_is_one_tap_away_without_network_and_reaches_the_site_after(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        page = phone.page
        page.fill("input[inputmode=decimal]", "36.6")
        phone.next()
        phone.context.set_offline(True)
        page.locator("label.row").first.tap()
        question = phone.heading()

        phone.press()  # the one tap

        expect(page.locator(".frame")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("没有人实时查看")
        expect(page.get_by_role("status")).to_contain_text("还没有送到研究中心")
        assert [one for one in advice_of(page) if one.startswith("tel:")] == advice_of(page)
        assert advice_of(page)[0] == "tel:120"
        assert desk.system.read(f"/participants/{phone.somebody.code}/responses")["items"] == []

        phone.context.set_offline(False)
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")
        (stored,) = phone.responses()
        assert stored["status"] == "in_progress"
        (flag,) = desk.system.listed_of(phone.somebody.code, "/flags")
        assert flag["tier"] == "RED_A"
        phone.start_again()  # she has called, and the browser has let go of the page meanwhile
        phone.unlock_at(".frame")
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")

        page.get_by_role("button", name="我按错了").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(question)
        page.locator("label.row").last.tap()
        phone.next()
        assert page.locator(".frame").count() == 0
        phone.until(NOTHING_WAITS)
        seen = desk.system.read(f"/flags/{flag['id']}")
        assert [one["kind"] for one in seen["notes"]] == ["pressed_by_mistake"]
        assert seen["closed_at"] is None
    assert [one for one in phone.watched.faults if NO_NETWORK not in one] == []


@pytest.mark.req("Q-04", "Q-10")
def test_a_form_goes_on_where_it_was_and_is_corrected_without_network(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        page = phone.page
        page.locator("input[inputmode=decimal]").press_sequentially("36.")
        page.wait_for_timeout(50)
        page.reload()
        phone.unlock_at(".step")

        expect(page.locator("input[inputmode=decimal]")).to_have_value("36.")
        page.locator("input[inputmode=decimal]").press("End")
        page.locator("input[inputmode=decimal]").press_sequentially("7")
        phone.next()
        second = phone.heading()
        page.reload()
        phone.unlock_at(".step")
        assert phone.heading() == second
        page.go_back()
        expect(page.locator("input[inputmode=decimal]")).to_have_value("36.7")
        phone.next()
        phone.answer_calmly()
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")
        (stored,) = phone.responses()

        phone.context.set_offline(True)
        phone.show(f"/form/correct/{stored['id']}")
        expect(page.locator(".review")).to_contain_text("36.7")
        page.locator(".review button").first.click()
        page.fill("input[inputmode=decimal]", "36.9")
        phone.next()
        expect(page.locator(".review")).to_contain_text("36.9")
        phone.press()
        expect(page.get_by_role("alert")).to_contain_text("为什么要更正")
        found = phone.look("correction-problem", gallery)
        page.fill("#reason", "看错了体温计")
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("已安全保存在本机")
        phone.show("/today")
        phone.show(f"/form/correct/{stored['id']}")  # another would correct what is no more
        expect(page.get_by_role("heading", level=1)).to_have_text("现在打不开")
        found += phone.look("unreachable", gallery)
        phone.context.set_offline(False)
        phone.until(NOTHING_WAITS)
        phone.press()
        expect(page.locator(".review")).to_contain_text("36.9")
        assert found == []

        versions = desk.system.read(f"/responses/{stored['id']}/versions")["items"]
        temperatures = [
            answer["value"] for one in versions for answer in one["answers"]
            if answer["link_id"] == "temp"
        ]  # fmt: skip
        assert temperatures[-2:] == [36.7, 36.9]
        assert versions[-1]["reason"] == "看错了体温计"
    assert [one for one in phone.watched.faults if NO_NETWORK not in one] == []


@pytest.mark.req("Q-04", "Q-06")
def test_a_change_in_the_review_opens_and_closes_questions_and_what_is_hidden_is_not_sent(
    filling: Filling,
) -> None:
    page = filling.page
    filling.open(as_form(shipped_form("medicines")))
    filling.step(medicine_kind="steroid-immune")
    filling.step(medicine_change="interrupted")
    filling.step(medicine_name="泼尼松")
    filling.step(medicine_on="2026-11-20")
    filling.step(medicine_advised="myself")
    filling.step(steroid=["missed-one"])
    filling.step(help_now=False)
    assert page.locator(".review dt").count() == 7

    page.locator("#review-medicine_change").click()
    filling.step(medicine_change="started")
    assert page.locator(".review dt").count() == 6
    page.locator("#review-medicine_change").click()
    filling.step(medicine_change="lowered")
    page.get_by_role("button", name="有人帮我填写").click()
    page.locator(".bar button.main").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择是谁填写的")
    page.locator("label.row").first.click()
    page.locator(".bar button.main").click()

    page.wait_for_function("driver.record !== null")
    sent = page.evaluate("driver.record")
    assert "steroid" not in {one["link_id"] for one in sent["answers"]}
    assert sent["cleared"] == ["steroid"]
    assert sent["completer"] == "read_to_me"
