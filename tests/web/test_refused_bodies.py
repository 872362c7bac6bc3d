"""What a phone sent and was not taken: one click from its count, in words, and to nobody else."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from lxml import html
from werkzeug.test import TestResponse

from epro.access import Role
from epro.services import refused_bodies
from tests.api.world import API, ELSEWHERE, EVENING, PARTICIPANT, World
from tests.factories import shipped_package
from tests.web.cases_participants import somebody
from tests.web.pages import CONSOLE, text_of

pytestmark = pytest.mark.req("C-01", "S-02", "P-06")
REPORT = shipped_package().questionnaire("ae_report")
assert REPORT
HAN = re.compile(r"[\u4e00-\u9fff]")
PATH = f"{CONSOLE}/participants/{PARTICIPANT}/refused"
NOWHERE, TITLE = str(UUID(int=404)), REPORT.title.zh


def report(*answers: dict[str, Any], **but: Any) -> dict[str, Any]:
    """Return a report as a phone sends it, with these answers alone."""
    assert REPORT
    return {
        "questionnaire": {"code": REPORT.code, "version": REPORT.version}, "revision": 1,
        "status": "completed", "language": "zh", "answered_at": "2026-03-01T10:00:00+00:00",
        "answers": list(answers), **but,
    }  # fmt: skip


def refuse(world: World, body: object, code: str = PARTICIPANT) -> TestResponse:
    """Have a phone send what is not taken."""
    answer = world.request(
        "PUT", f"{API}/me/responses/{uuid4()}", json=body,
        headers={**world.sign_in(code), "Answer-Age": "60"},
    )  # fmt: skip
    assert answer.status_code in {404, 409, 422}, answer.text
    return answer


def body_with(world: World, words: str) -> html.HtmlElement:
    """Return what the page says about the body in which these words stand."""
    browser, link = world.sign_in_to_console(Role.COORDINATOR), f"{PATH}?sort=received"
    while link:  # all came in one and the same moment: whatever test came before, on any page
        page = html.fromstring(browser.get(link).text)
        for one in page.xpath("//section[@data-line]"):
            if words in one.xpath("string(./details)"):
                found: html.HtmlElement = one
                return found
        link = next(iter(page.xpath("//a[@rel='next']/@href")), "")
    raise AssertionError(words)


def page_of(world: World, role: str = Role.COORDINATOR, query: str = "") -> TestResponse:
    return world.sign_in_to_console(role).get(f"{PATH}{query}")


def test_what_was_refused_is_read_in_words_with_the_reason_and_the_rest_as_it_came(
    world: World,
) -> None:
    refuse(
        world,
        report(
            {"link_id": "what", "value": "fever"},
            {"link_id": "what_text", "value": "<b>发烧"},
            {"link_id": "still", "value": "perhaps"},
            {"link_id": "no_such_item", "value": 7},
        ),
    )

    answer, shown = page_of(world), body_with(world, "no_such_item")

    told = {
        one.findtext("dt"): " ".join(one.find("dd").text_content().split())
        for one in shown.xpath(".//dl/div")
    }
    assert TITLE in shown.xpath("string(./h2)")
    assert "没有接受的原因: 回答不符合问卷" in shown.text_content()
    assert told == {
        "您想报告什么情况？": "发热",
        "请简单说说是什么情况。": "<b>发烧",
        "现在还有吗？": '"perhaps"',
        "问卷里没有这一题": '{"link_id": "no_such_item", "value": 7}',
    }
    problems = [one.text_content() for one in shown.xpath(".//ul/li")]
    assert "现在还有吗？ – 这一题没有这个选项。" in problems
    assert [one for one in problems if one.endswith(" – 问卷里没有这一题。")]
    assert "<b>" not in answer.text


def test_each_problem_of_a_body_is_told_in_chinese(world: World) -> None:
    refuse(
        world,
        report(
            revision="first", status="incomplete", language="fr", answered_at="yesterday",
            assessment_id="4711", cleared=["x" * 40], another=1,
        ),
    )  # fmt: skip
    refuse(
        world,
        report(
            {"link_id": "what_text", "value": "长" * 900},
            {"link_id": "what", "value": "other"},
            {"link_id": "temp", "value": 38.123},
            {"link_id": "began_at", "value": "1 March"},
            {"link_id": "still", "value": []},
        ),
    )  # fmt: skip

    told = [
        one.text_content()
        for words in ('"first"', "1 March")
        for one in body_with(world, words).xpath(".//ul/li")
    ]

    assert len(told) >= 10
    said = [one.rpartition(" – ")[2] for one in told]
    assert [one for one in said if not HAN.search(one)] == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("unsupported_media_type", "内容类型不对"),
        ("413", "在途中被拒绝（413）"),
        ("http_error", "在途中被拒绝"),
    ],
)
def test_whatever_refused_it_on_the_way_is_named(world: World, code: str, why: str) -> None:
    kept = world.request(
        "POST", f"{API}/me/stuck", headers=world.sign_in(PARTICIPANT),
        json={"response_id": str(uuid4()), "refusal": code, "body": f"by {code}"},
    )  # fmt: skip
    assert kept.status_code in {200, 201}, kept.text

    assert why in body_with(world, f"by {code}").text_content()


@pytest.mark.parametrize(
    ("body", "reason", "shown"),
    [
        (report(questionnaire={"code": "daily", "version": "9.9.9"}), "没有这份问卷", "9.9.9"),
        (report(assessment_id=NOWHERE), "没有这项安排", NOWHERE),
    ],
)
def test_a_body_that_no_form_fits_is_shown_as_it_came(
    world: World, body: dict[str, Any], reason: str, shown: str
) -> None:
    refuse(world, body)

    one = body_with(world, shown)

    assert reason in one.text_content()
    assert shown in one.xpath("string(./details[@open])")


def test_an_answer_to_the_question_for_help_that_was_not_known_is_told_first_of_all(
    world: World,
) -> None:
    kept = world.request(
        "POST", f"{API}/me/stuck", headers=world.sign_in(PARTICIPANT),
        json={
            "response_id": str(uuid4()), "refusal": "not_found", "answer_age_s": 60,
            "body": '{"help_now": true, "hospital": "unplanned"}',
        },
    )  # fmt: skip
    assert kept.status_code in {200, 201}, kept.text

    newest = body_with(world, "help_now")

    assert "她说现在需要紧急帮助 · 临时决定的住院" in newest.text_content()


def test_the_count_leads_there_and_one_of_whom_nothing_was_refused_says_so(world: World) -> None:
    refuse(world, report(questionnaire={"code": "daily", "version": "8.8.8"}))
    browser = world.sign_in_to_console(Role.COORDINATOR)

    for path in (f"/participants?code={PARTICIPANT}", f"/participants/{PARTICIPANT}"):
        page = html.fromstring(browser.get(f"{CONSOLE}{path}").text)
        (link,) = page.xpath(f"//a[@href='{CONSOLE}/participants/{PARTICIPANT}/refused']")
        count = int(link.text_content().split()[0])
        total = html.fromstring(browser.get(link.get("href")).text).xpath("string(//h1/span)")
        assert count == int(total) > 0
    nobodys = browser.get(f"{CONSOLE}/participants/{somebody(world)}/refused")

    assert "没有未被接受的提交" in text_of(nobodys)


def test_it_goes_by_the_site_and_by_the_right_to_read_answers(world: World) -> None:
    refuse(world, report(questionnaire={"code": "daily", "version": "7.7.7"}))

    seen = {role: page_of(world, role).status_code for role in (Role.MONITOR, Role.SYSTEM_ADMIN)}
    elsewhere = world.sign_in_to_console(Role.COORDINATOR).get(
        f"{CONSOLE}/participants/{ELSEWHERE}/refused"
    )

    assert seen == {Role.MONITOR: 200, Role.SYSTEM_ADMIN: 403}
    assert elsewhere.status_code == 404


def test_they_stand_in_the_order_that_is_asked_for_and_each_page_leads_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_bodies, "PAGE", 1)
    for minutes, version in enumerate(("6.6.6", "5.5.5"), start=1):
        world.clock.set(EVENING + timedelta(minutes=minutes))
        refuse(world, report(questionnaire={"code": "daily", "version": version}))

    up = html.fromstring(page_of(world, query="?sort=received").text)
    (on,) = up.xpath("//a[@rel='next']/@href")
    down = html.fromstring(page_of(world, query="?sort=received&down=1").text)
    world.clock.set(EVENING)

    assert "sort=received" in on
    assert "6.6.6" not in down.xpath("string(//details)")
    assert "5.5.5" in down.xpath("string(//details)")
    assert "5.5.5" not in up.xpath("string(//details)")
    assert up.xpath("//nav[@aria-label='排序']/a[@aria-current]")
