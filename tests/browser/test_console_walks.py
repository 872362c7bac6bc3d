"""A fuller day of an investigator, and an inspector's, who reads everything and changes nothing."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from epro.access import Role
from tests.blackbox.people import ZONE, Phone, responses_of
from tests.blackbox.system import PASSWORD, as_bytes
from tests.browser.desk import PHYSICIAN, Desk
from tests.browser.hands import Hands, say, speak
from tests.browser.test_console import RED
from tests.browser.test_console_day import BOTH, pages_of
from tests.browser.test_console_roles import looked_at, somebody

pytestmark = pytest.mark.blackbox
# What whoever reads may send all the same: files to take away, and what belongs to herself.
OWN_FORMS = ("/console/account", "/console/phones", "/console/exports", "/console/audit-review.csv")


def part(page: Page, key: str) -> Locator:
    """Return the part of a page below the heading of that name."""
    return page.locator(f"section[aria-labelledby='{key}']")


@pytest.mark.req("A-08", "C-06", "T-06", "C-01", "P-11")
@BOTH
def test_an_investigator_goes_from_a_flag_to_the_event_and_decides_what_she_asked_for_meanwhile(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = desk.complaint(**RED)
    ask_for_a_change(desk, phone)
    desk.delegate_to_a_physician()
    with desk.browser_of(PHYSICIAN, java_script_enabled=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.on("dialog", lambda box: box.accept())
        speak(page, language, f"/console/flags?participant={phone.code}")
        page.get_by_role("row", name=phone.code).get_by_role("button").click()
        page.goto(f"/console/flags?participant={phone.code}&standing=running")
        page.get_by_role("row", name=phone.code).get_by_role("link").first.click()
        assess(page, hands)
        looked_at(watched, pictures, "assessed", language)

        page.goto(f"/console/reviews?participant={phone.code}")
        row = page.get_by_role("row", name=phone.code)
        row.get_by_role("combobox").select_option("week_4")
        row.get_by_role("button").click()
        expect(page.locator(".empty")).to_have_text(say("list.none_found", language))
        page.goto(f"/console/reviews?all=1&participant={phone.code}")
        expect(row).to_contain_text(say("visit.week_4", language))
        looked_at(watched, pictures, "reviewed", language)

        page.goto(f"/console/corrections?code={phone.code}")
        expect(page.locator("main")).to_contain_text(say("change.awaiting_decision", language))
        looked_at(watched, pictures, "asked", language)
        hands.fill("reason", "电话核实过")
        hands.press("change.approve")
        page.goto(f"/console/corrections?all=1&code={phone.code}")
        expect(page.locator("main")).to_contain_text(say("change.applied", language))
        page.goto(f"/console/reviews?participant={phone.code}")
        expect(row).to_be_visible()  # what was changed has to be looked at again

        page.goto(f"/console/events?code={phone.code}")
        page.get_by_role("link", name=say("event.accept", language)).first.click()
        fill_in_event(hands, onset_on=f"{desk.system.now().astimezone(ZONE):%Y-%m-%d}")
        looked_at(watched, pictures, "event-form", language)
        hands.press("act.save")
        page.get_by_role("link", name=f"{phone.code} #1").click()
        expect(page.locator("h1")).to_contain_text("呼吸困难")
        looked_at(watched, pictures, "event", language)
        if has_script:
            assert watched.findings() == []
    assert watched.faults == []


def assess(page: Page, hands: Hands) -> None:
    """Assess the flag that is open: an event of grade 2 that has passed."""
    page.check("[name=is_adverse_event][value=yes]")
    hands.choose("grade", "2")
    page.locator("[name=relationship]").select_option(index=1)
    hands.choose("action_taken", "none")
    page.locator("#assess-outcome").select_option("recovered")
    hands.fill("narrative", "观察后好转")
    part(page, "assess").get_by_role("button", name=say("act.save", hands.language)).click()
    version = say("act.assess.version", hands.language).format(version=1)
    expect(part(page, "assess")).to_contain_text(version)


def fill_in_event(hands: Hands, *, onset_on: str) -> None:
    """Fill in all that an event needs."""
    hands.fill("term", "呼吸困难")
    hands.fill("onset_on", onset_on)
    hands.choose("outcome", "not_recovered")
    hands.page.locator("[name=relationship]").select_option(index=1)
    hands.choose("action_taken", "none")
    hands.page.locator("[name=grade]").first.select_option("2")
    hands.fill("reason", "由信号判断")


def ask_for_a_change(desk: Desk, phone: Phone) -> None:
    """Have her say on her phone, when it is hers alone no more, that an answer was wrong."""
    desk.later(days=2)
    (answered,) = responses_of(phone)
    said = phone.request("GET", f"/me/responses/{answered['id']}").json()
    for one in said["answers"]:
        if one["link_id"] == "effect":
            one["value"] = "rest"
    form = {one: said[f"questionnaire_{one}"] for one in ("code", "version")}
    body = {
        "questionnaire": form, "corrected_revision": said["revision"],
        "answers": said["answers"], "reason": "按错了",
        "corrected_at": desk.system.now().isoformat(),
    }  # fmt: skip
    asked = phone.request(
        "PUT", f"/me/responses/{answered['id']}/corrections/{uuid4()}", content=as_bytes(body),
        headers={"Content-Type": "application/json", "Answer-Age": "1"},
    )  # fmt: skip
    assert asked.json()["state"] == "awaiting_decision", asked.text


@pytest.mark.req("P-06", "T-04", "T-09", "P-11")
@BOTH
def test_an_inspector_follows_one_participant_through_everything_and_can_change_nothing(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    phone = desk.complaint(**RED)
    refused = {"questionnaire": {"code": "ae_report", "version": "0.0.1"}, "answers": []}
    assert not phone.put(uuid4(), as_bytes(refused), age_s=1).is_success
    with somebody(desk, Role.INSPECTOR, language, has_script=has_script) as watched:
        page, hands = watched.page, Hands(watched.page, language)
        page.goto("/console/")
        sent = {path: posts_of(page, path) for path in pages_of(page)}
        assert len(sent) > 10
        assert [
            one for all_ in sent.values() for one in all_ if not one.startswith(OWN_FORMS)
        ] == []

        page.goto(f"/console/participants?code={phone.code}")
        refused_count = say("people.refused", language).format(count=1)
        page.get_by_role("link", name=refused_count).click()
        expect(page.locator("main")).to_contain_text(say("bodies.why", language))
        expect(page.locator("details[open] .raw")).to_contain_text('"0.0.1"')
        expect(page.locator("main li").first).to_contain_text("revision")
        looked_at(watched, pictures, "refused-bodies", language)
        if has_script:
            assert watched.findings() == []

        page.goto(f"/console/flags?participant={phone.code}")
        page.get_by_role("row", name=phone.code).get_by_role("link").first.click()
        assert posts_of(page, page.url) == []
        page.goto(f"/console/participants/{phone.code}/timeline?kind=answer")
        page.locator("a[data-open]").first.click()
        assert posts_of(page, page.url) == []
        page.get_by_role("link", name=say("timeline.journal", language)).click()
        expect(page.locator("[data-line]").first).to_be_visible()
        looked_at(watched, pictures, "inspected-journal", language)

        page.goto("/console/audit-review?by=participant")
        page.locator("#participant").fill(phone.code)
        hands.press("inbox.apply")
        page.get_by_role("link", name=phone.code).first.click()
        assert posts_of(page, page.url) == []
        page.goto("/console/exports")
        hands.choose("kind", "audit_review")
        hands.fill("password", PASSWORD)
        hands.fill("totp", desk.fresh_code(f"inspector.{language}"))
        with page.expect_download() as taken:
            hands.press("export.take")
        assert taken.value.path().read_bytes()
        if has_script:
            page.goto(f"/console/participants/{phone.code}")
            assert watched.findings() == []


def posts_of(page: Page, path: str) -> list[str]:
    """Return what can be sent from a page that changes something, beside signing out."""
    page.goto(path)
    expect(page.locator("h1").first).to_be_visible()
    forms = page.locator("main form[method=post]")
    found = forms.evaluate_all("all => all.map(one => new URL(one.action).pathname)")
    return [str(one) for one in found]
