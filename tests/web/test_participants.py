"""Participants on screen: listed, enrolled with a sheet, re-activated, paused, re-anchored."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import Anchor, Assessment, LifeCycle, Participant, QuestionnaireResponse
from questionnaires.schedule import AnchorEvent
from tests.api.world import (
    API,
    EVENING,
    HERE,
    INFUSED_AT,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    infusion,
)
from tests.factories import PIN, shipped_package
from tests.web.pages import CONSOLE, csrf_of, send, text_of

CODES = (f"{HERE}-{number}" for number in count(300))
PAPER = {
    "year_of_birth": str(YEAR_OF_BIRTH), "phone": "+86 138 0013 8000", "language": "zh",
    "document_version": "2.0", "given_at": "2026-03-01T08:00", "explained_by": "李敏",
    "paper_location": "binder 1",
}  # fmt: skip
NEEDED = [one.kind.value for one in shipped_package().consents if one.required]


def enrol(browser: FlaskClient, number: str, **but: object) -> TestResponse:
    fields = {**PAPER, "code": number, "consents": NEEDED, "csrf": csrf_of(browser), **but}
    return browser.post(f"{CONSOLE}/participants/new", data=fields)


@contextmanager
def on_another_day(world: World, **later: int) -> Iterator[None]:
    """Let the trial be some time later, and back again for the tests that follow."""
    world.clock.set(EVENING + timedelta(**later))
    yield
    world.clock.set(EVENING)


def her(world: World, code: str) -> Participant:
    with world.database.reading() as session:
        return session.scalars(select(Participant).where(Participant.code == code)).one()


@pytest.mark.req("P-02", "P-07")
def test_enrolling_takes_eight_fields_and_two_presses_to_a_printed_sheet(world: World) -> None:
    code, browser = next(CODES), world.sign_in_to_console(Role.COORDINATOR)
    form = html.fromstring(browser.get(f"{CONSOLE}/participants/new").text).forms[-1]
    names = {
        one.get("name")
        for one in form.xpath(".//*[self::input or self::select or self::textarea]")
        if one.get("name") != "csrf" and not one.xpath("ancestor::details")
    }

    sheet = enrol(browser, code)

    assert len(names) <= 8
    assert sheet.status_code == 200, text_of(sheet)
    page = html.fromstring(sheet.text)
    assert len(page.xpath("//*[@data-print]")) == 1
    secret = page.xpath("string(//*[@class='secret'])")
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", secret)
    assert page.xpath("//*[@class='qr']//*[local-name()='svg']//*[local-name()='path']")
    assert "120" in text_of(sheet)
    typed = {"code": secret, "year_of_birth": YEAR_OF_BIRTH, "pin": PIN}
    activated = world.request("POST", f"{API}/sessions/activation", json=typed)
    assert activated.status_code == 200
    watched = browser.get(f"{CONSOLE}/participants/{code}/activation")
    assert "已激活" in text_of(watched)


@pytest.mark.req("P-07")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"consents": NEEDED[:1]}, "缺少必需的知情同意"),
        ({"year_of_birth": "2020"}, "请检查标出的内容"),
        ({"year_of_birth": "x"}, "请检查标出的内容"),
        ({"code": "ZZ99-001"}, "请检查标出的内容"),
        ({"given_at": "2030-01-01T08:00"}, "请检查标出的内容"),
        ({"paper_location": ""}, "请检查标出的内容"),
        ({"code": PARTICIPANT}, "已经入组"),
    ],
)
def test_what_cannot_be_enrolled_is_said_beside_the_form_and_nothing_typed_is_lost(
    world: World, wrong: dict[str, object], says: str
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answer = enrol(browser, f"{HERE}-299", **wrong)

    assert answer.status_code in {409, 422}
    assert says in text_of(answer)
    assert 'value="binder 1"' in answer.text or "paper_location" in wrong
    assert browser.get(f"{CONSOLE}/participants/{HERE}-299").status_code == 404


@pytest.mark.req("P-02")
def test_a_new_code_ends_the_one_before(world: World) -> None:
    code, browser = next(CODES), world.sign_in_to_console(Role.COORDINATOR)
    first = html.fromstring(enrol(browser, code).text).xpath("string(//*[@class='secret'])")

    again = send(browser, f"/participants/{code}/activation-codes")

    second = html.fromstring(again.text).xpath("string(//*[@class='secret'])")
    answers = [
        world.request(
            "POST", f"{API}/sessions/activation",
            json={"code": one, "year_of_birth": YEAR_OF_BIRTH, "pin": PIN},
        ).status_code
        for one in (first, second)
    ]  # fmt: skip
    assert answers == [401, 200]
    revoked = browser.get(f"{CONSOLE}/participants/{code}")
    device = re.search(r"/devices/([0-9a-f-]+)/revocation", revoked.text)
    assert device
    send(browser, f"/participants/{code}/devices/{device[1]}/revocation")
    assert "没有可用的设备" in text_of(browser.get(f"{CONSOLE}/participants?code={code}"))


@pytest.mark.req("S-04")
def test_an_infusion_of_three_days_ago_is_recorded_and_corrected_the_next_day(
    world: World,
) -> None:
    code = next(CODES)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    enrol(browser, code)
    with on_another_day(world, days=3):
        browser = world.sign_in_to_console(Role.COORDINATOR)
        preview = browser.get(
            f"{CONSOLE}/participants/{code}/anchors/preview?event=INF1&occurred_at=2026-03-01T19:00"
        )
        assert "还没有保存任何内容" in text_of(preview)
        assert anchors(world, code) == []
        saved = send(
            browser, f"/participants/{code}/anchors", event="INF1", occurred_at="2026-03-01T19:00"
        )
        assert saved.status_code == 303
    before = answered(world, code)
    with on_another_day(world, days=4):
        browser = world.sign_in_to_console(Role.COORDINATOR)
        path = f"{CONSOLE}/participants/{code}/anchors/preview"
        preview = browser.get(f"{path}?event=INF1&occurred_at=2026-03-02T10:00")
        assert "移动" in text_of(preview)
        corrected = {"event": "INF1", "occurred_at": "2026-03-02T10:00"}
        without = send(browser, f"/participants/{code}/anchors", **corrected)
        assert without.status_code == 422
        assert "请写明理由" in text_of(without)
        saved = send(browser, f"/participants/{code}/anchors", **corrected, reason="抄错了")
        assert saved.status_code == 303

    stands = anchors(world, code)
    assert [(one.version, one.superseded_at is None) for one in stands] == [(1, False), (2, True)]
    assert answered(world, code) == before
    assert "抄错了" in text_of(browser.get(f"{CONSOLE}/participants/{code}"))


def anchors(world: World, code: str) -> list[Anchor]:
    with world.database.reading() as session:
        query = (
            select(Anchor)
            .join(Participant, Participant.id == Anchor.participant_id)
            .where(Participant.code == code, Anchor.event == AnchorEvent.INF1)
            .order_by(Anchor.version)
        )
        return list(session.scalars(query))


def answered(world: World, code: str) -> list[tuple[object, ...]]:
    with world.database.reading() as session:
        rows = session.execute(
            select(QuestionnaireResponse.id, Assessment.planned_on)
            .join(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
            .join(Participant, Participant.id == Assessment.participant_id)
            .where(Participant.code == code)
        )
        return [tuple(row) for row in rows]


@pytest.mark.req("P-09")
def test_a_participant_is_paused_and_withdrawn_by_kind_with_a_reason(world: World) -> None:
    code, browser = next(CODES), world.sign_in_to_console(Role.COORDINATOR)
    enrol(browser, code)
    path = f"/participants/{code}/life-cycle"

    without = send(browser, path, life_cycle="paused")
    paused = send(browser, path, life_cycle="paused", reason="住院")
    left = send(browser, path, life_cycle="withdrawn_from_diary", reason="太累了")
    back = send(browser, path, life_cycle="paused", reason="x")

    assert [one.status_code for one in (without, paused, left, back)] == [422, 303, 303, 409]
    assert her(world, code).life_cycle is LifeCycle.WITHDRAWN_FROM_DIARY
    assert "太累了" in text_of(browser.get(f"{CONSOLE}/participants/{code}"))


@pytest.mark.req("P-07", "X-01")
def test_a_consent_is_recorded_and_withdrawn_on_her_page_and_a_needed_one_asks_how_she_goes_on(
    world: World,
) -> None:
    code, browser = next(CODES), world.sign_in_to_console(Role.COORDINATOR)
    enrol(browser, code)
    path = f"/participants/{code}/consents"
    paper = {
        "document_version": "3.0", "given_at": "2026-03-01T09:00", "explained_by": "李敏",
        "paper_location": "binder 7",
    }  # fmt: skip

    given = send(browser, path, kind="cross_border", **paper)
    gone = send(browser, f"{path}/withdrawal", kind="cross_border")
    asks = send(browser, f"{path}/withdrawal", kind="trial")
    left = send(browser, f"{path}/withdrawal", kind="trial", life_cycle="withdrawn_from_all")

    assert [one.status_code for one in (given, gone, asks, left)] == [303, 303, 422, 303]
    assert "没有这项同意，日记不能继续" in text_of(asks)
    assert her(world, code).life_cycle is LifeCycle.WITHDRAWN_FROM_ALL
    section = html.fromstring(browser.get(f"{CONSOLE}/participants/{code}").text).xpath(
        "//section[@aria-labelledby='consents']"
    )[0]
    struck = [" ".join(one.text_content().split()) for one in section.xpath(".//s")]
    assert any(one.startswith("境外服务商 · 3.0") for one in struck)
    assert any(one.startswith("参加研究") for one in struck)


@pytest.mark.req("C-02")
def test_the_list_shows_the_week_what_is_open_and_her_phone(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    page = browser.get(f"{CONSOLE}/participants?code={PARTICIPANT}")

    row = " ".join(html.fromstring(page.text).xpath("//tr[@data-line]")[0].text_content().split())
    assert row.startswith(f"{PARTICIPANT} 进行中 研究日: D1")
    assert "按时" in row
    assert "1/1" in row


@pytest.mark.parametrize(
    "column", ["code", "state", "compliance", "contact", "flags", "device", "odd"]
)
@pytest.mark.parametrize("down", ["", "1"])
def test_the_list_is_sorted_by_any_column(world: World, column: str, down: str) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    listed = f"{CONSOLE}/participants?sort={column}&down={down}&having="
    codes = list[str]()
    for page in count():
        found = html.fromstring(browser.get(f"{listed}&page={page + 1}").text)
        lines = found.xpath("//tr[@data-line]/th/a/text()")
        if not lines:
            break
        codes += lines

    assert PARTICIPANT in codes
    assert len(codes) == len(set(codes))
    if column in {"code", "odd"}:
        assert codes == sorted(codes, reverse=bool(down))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("having=not_activated&code=SZ01-015", "SZ01-015"),
        ("having=not_activated&code=SZ01-014", "没有符合筛选的参与者"),
        ("state=deceased", "没有符合筛选的参与者"),
        ("site=GZ01", "没有符合筛选的参与者"),
        ("page=9999", "没有"),
        ("state=%00&having=odd&page=x", PARTICIPANT),
    ],
)
def test_a_filter_is_kept_in_the_address(world: World, query: str, says: str) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/participants?{query}")

    assert page.status_code == 200
    assert says in text_of(page)


def test_the_clinical_database_differs_and_the_site_decides_on_her_page(world: World) -> None:
    code, browser = next(CODES), world.sign_in_to_console(Role.COORDINATOR)
    enrol(browser, code)
    headers = world.sign_in(Role.COORDINATOR)
    world.request("POST", f"{API}/participants/{code}/anchors", json=infusion(), headers=headers)
    theirs = (INFUSED_AT + timedelta(hours=2)).isoformat()
    world.request(
        "POST", f"/api/edc/v1/participants/{code}/anchors",
        json={"event": "INF1", "occurred_at": theirs}, headers=world.sign_in(Role.EDC_CLIENT),
    )  # fmt: skip

    page = browser.get(f"{CONSOLE}/participants/{code}")

    found = re.search(r'action="[^"]*(/participants/[^"]*/decision)"', page.text)
    assert found, text_of(page)
    decided = send(browser, found[1], is_accepted="yes", reason="对方查了病历")
    assert decided.status_code == 303
    assert [one.occurred_at.isoformat() for one in anchors(world, code)][-1] == theirs
