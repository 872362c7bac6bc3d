"""What the server refuses, for good or for now, and what the phone cannot keep: all is said."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Request, expect
from sqlalchemy import text

from epro.models import Participant, RecordLock, User
from tests.browser.desk import Desk
from tests.browser.gallery import Gallery
from tests.browser.handset import Handset, phone_with_a_diary

pytestmark = pytest.mark.blackbox
HAS_LEFT = """(key) => import(document.getElementById('app').dataset.base + 'js/state.js')
  .then(({ state }) => !state().waiting.some((one) => one.key === key))"""
NOTHING_WAITS = """() => import(document.getElementById('app').dataset.base + 'js/state.js')
  .then(({ state }) => state().waiting.length === 0)"""
STATE = """() => import(document.getElementById('app').dataset.base + 'js/state.js')
  .then(({ state }) => state().storage)"""
DELIVERED, NOT_DELIVERED = "已送达研究中心", "没能送达"
PREFERENCE = {
    "kind": "preference", "method": "PATCH", "path": "/me/preferences", "body": '{"language":"zh"}',
}  # fmt: skip
REFUSE_TO_KEEP = """() => {
  const put = IDBObjectStore.prototype.put;
  window.giveRoom = () => { IDBObjectStore.prototype.put = put; };
  IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };
}"""
# Real, and slow: as much as the browser takes, in a database of its own that can be given up.
FILL_UP = """async () => {
  const opening = indexedDB.open('filler', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('all', { autoIncrement: true });
  const filler = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  for (let size = 1 << 23; size > 16; ) {
    const isKept = await new Promise((done) => {
      const writing = filler.transaction('all', 'readwrite');
      writing.oncomplete = () => done(true);
      writing.onabort = () => done(false);
      const noise = new Uint8Array(size);
      for (let at = 0; at < size; at += 65536) {
        crypto.getRandomValues(noise.subarray(at, at + 65536));
      }
      writing.objectStore('all').add(noise);
    });
    if (!isKept) size = size >> 1;
  }
  filler.close();
  window.giveRoom = () => new Promise((done) => {
    indexedDB.deleteDatabase('filler').onsuccess = done;
  });
}"""


def a_report(phone: Handset, **but: Any) -> dict[str, Any]:
    """Return a record that the server refuses for good: an answer that the form does not have."""
    response_id = str(uuid4())
    body = {
        "assessment_id": None, "questionnaire": {"code": "ae_report", "version": "1.0.0"},
        "revision": 1, "status": "completed", "language": "zh",
        "answered_at": phone.system.now().isoformat(),
        "answers": [{"link_id": "what", "value": "nonsense"}],
    }  # fmt: skip
    return {
        "key": f"{response_id}:1", "kind": "response", "method": "PUT", "status": "completed",
        "path": f"/me/responses/{response_id}", "body": json.dumps(body), "revision": 1,
        "response_id": response_id, "title": {"zh": "报告身体不适", "en": "Report a problem"},
    } | but  # fmt: skip


def another_body(draft: dict[str, Any]) -> dict[str, Any]:
    questionnaire = draft["form"]["questionnaire"]
    return {
        "assessment_id": draft["assessmentId"],
        "questionnaire": {"code": questionnaire["code"], "version": questionnaire["version"]},
        "revision": 1, "status": "in_progress", "language": "zh",
        "answered_at": "2026-01-01T00:00:00+08:00", "answers": [],
    }  # fmt: skip


def standing(phone: Handset) -> list[tuple[str, str]]:
    return [(one["state"], one["refusal"]) for one in phone.kept("outbox")]


def stuck_lines(phone: Handset) -> list[str]:
    """Return what stands on the site's work list about her."""
    lines = phone.system.listed_of(phone.somebody.code, "/work-items")
    return [one["kind"] for one in lines]


@contextmanager
def a_server_that_fails(desk: Desk) -> Iterator[None]:
    """Have the server fail, really, whenever it stores an answer."""
    with desk._parts.database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON questionnaire_response "
                "BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
        )
    try:
        yield
    finally:
        with desk._parts.database.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER broken"))


def lock_record(desk: Desk, code: str) -> None:
    """Lock her record, as after its signature."""
    with desk._parts.database.transaction() as session:
        her = session.query(Participant).filter_by(code=code).one()
        somebody = session.query(User).first()
        assert somebody is not None
        session.add(
            RecordLock(
                participant_id=her.id, site_id=her.site_id, locked_at=desk.system.now(),
                locked_by_id=somebody.id,
            )
        )  # fmt: skip


@pytest.mark.req("S-02", "A-05")
def test_what_is_refused_is_said_in_words_and_in_nobodys_way_and_danger_goes_first(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method in {"PUT", "PATCH"}:
            sent.append(request.url)

    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        phone.context.set_offline(True)
        refused, urgent = a_report(phone), a_report(phone, urgent=True)
        for record in (refused, {"key": "next", **PREFERENCE}, urgent):
            phone.put_into_outbox(record)
        page.on("request", note)
        phone.context.set_offline(False)
        phone.until(HAS_LEFT, "next")

        # Whatever was cut off on its way went out once more.
        assert [*dict.fromkeys(one.rsplit("/", 1)[1] for one in sent)][:3] == [
            urgent["response_id"], refused["response_id"], "preferences",
        ]  # fmt: skip
        assert standing(phone) == [("parked", "invalid_answers")] * 2
        phone.open_form(phone.diary)
        phone.answer_calmly()
        # Another revision 1 of the same response has arrived: a conflict for good.
        (draft,) = phone.kept("draft")
        phone.send_as_her(f"/me/responses/{draft['response_id']}", another_body(draft))
        phone.press()
        expect(page.get_by_role("status")).to_contain_text(NOT_DELIVERED)
        phone.show("/history")
        unsent = page.locator("section.note")
        expect(unsent).to_contain_text("有的回答不符合要求")
        expect(unsent).to_contain_text("研究中心已经有另一份内容")
        found = phone.look("history-refused", gallery)
        page.get_by_role("button", name="查看").first.click()
        page.get_by_role("button", name="从本机收起").click()
        found += phone.look("parked", gallery)
        assert len(standing(phone)) == 3
        page.get_by_role("button", name="确定收起").click()
        expect(page.get_by_text("这条记录已不在本机")).to_be_visible()
        assert len(standing(phone)) == 2
        phone.show("/today")
        expect(page.locator(".card.stuck")).to_contain_text(NOT_DELIVERED)
        found += phone.look("today-refused", gallery)
        assert found == []
        assert stuck_lines(phone) == ["stuck_record"] * 3


@pytest.mark.req("S-02")
def test_what_the_server_fails_to_store_is_kept_and_the_next_goes_out(
    desk: Desk, chromium: Browser
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        phone.open_form(phone.diary)
        phone.answer_calmly()
        with a_server_that_fails(desk):
            phone.press()
            expect(phone.page.get_by_role("status")).to_contain_text("已安全保存在本机")
            phone.put_into_outbox({"key": "next", **PREFERENCE})
            phone.until(HAS_LEFT, "next")
            phone.show("/history")
            expect(phone.page.locator("section.note")).to_contain_text("系统现在有问题")
            assert standing(phone) == [("waiting", "internal_error")]
            assert stuck_lines(phone) == []

        phone.send_now()
        expect(phone.page.locator("button.entry")).to_have_count(1)
        assert standing(phone) == []
        assert [one["status"] for one in phone.responses()] == ["completed"]


@pytest.mark.req("S-02", "P-04")
def test_what_waits_when_the_session_has_ended_goes_out_after_a_new_activation(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page, her = phone.page, f"/participants/{phone.somebody.code}"
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.context.set_offline(True)
        phone.press()
        expect(page.get_by_role("status")).to_contain_text("已安全保存在本机")
        issued = desk.system.staff("POST", f"{her}/activation-codes").json()
        for device in desk.system.read(f"{her}/devices")["items"]:
            desk.system.staff("DELETE", f"{her}/devices/{device['id']}")
        phone.context.set_offline(False)

        expect(page.get_by_text("有 1 条记录还没送达")).to_be_visible()
        assert standing(phone) == [("waiting", "session_revoked")]
        assert phone.look("ended-waiting", gallery) == []
        phone.press()
        page.fill("#code", issued["activation_code"])
        page.fill("#year", str(phone.somebody.typed["year_of_birth"]))
        phone.press()
        page.fill("#pin", phone.pin)
        page.fill("#again", phone.pin)
        phone.press()
        expect(page.locator(".card.done")).to_be_visible()
        phone.until(NOTHING_WAITS)
        assert [one["status"] for one in phone.responses()] == ["completed"]
        assert standing(phone) == []


@pytest.mark.req("S-02", "P-08")
@pytest.mark.parametrize(
    "use_up",
    [REFUSE_TO_KEEP, pytest.param(FILL_UP, marks=pytest.mark.long)],
    ids=["refused", "really-full"],
)
def test_a_full_phone_says_so_loses_nothing_and_keeps_again_once_there_is_room(
    desk: Desk, chromium: Browser, gallery: Gallery, use_up: str
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        page.evaluate(use_up)
        phone.open_form(phone.diary)
        phone.answer_calmly()
        expect(page.locator(".step")).to_contain_text("没有保存在本机")
        phone.context.set_offline(True)
        phone.press()

        expect(page.get_by_role("status")).to_contain_text("不要关闭这个页面")
        found = phone.look("done-full", gallery)
        assert phone.kept("outbox") == []
        phone.context.set_offline(False)
        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        assert [one["status"] for one in phone.responses()] == ["completed"]
        phone.press()
        expect(page.get_by_text("手机存储空间不足")).to_be_visible()
        found += phone.look("today-full", gallery)
        assert found == []

        page.evaluate("() => window.giveRoom()")
        phone.put_into_outbox({"key": "after", **PREFERENCE})
        phone.until(STATE + "\n.then((storage) => storage === 'kept')")
        assert phone.kept("draft") == []
        assert len(phone.kept("sent")) == 1


@pytest.mark.req("Q-10", "S-02")
def test_a_correction_of_a_locked_record_is_refused_in_words_that_say_what_happens(
    desk: Desk, chromium: Browser, gallery: Gallery
) -> None:
    with phone_with_a_diary(desk.system, chromium) as phone:
        page = phone.page
        phone.open_form(phone.diary)
        phone.answer_calmly()
        phone.press()
        expect(page.get_by_role("status")).to_contain_text(DELIVERED)
        (stored,) = phone.responses()
        lock_record(desk, phone.somebody.code)
        phone.show(f"/form/correct/{stored['id']}")
        page.locator(".review button").first.click()
        page.fill("input[inputmode=decimal]", "36.9")
        phone.next()
        found = phone.look("correction", gallery)
        page.fill("#reason", "看错了体温计")
        phone.press()

        expect(page.get_by_role("status")).to_contain_text(NOT_DELIVERED)
        phone.show("/history")
        expect(page.locator("section.note")).to_contain_text("签署并锁定")
        found += phone.look("history-locked", gallery)
        assert standing(phone) == [("parked", "record_locked")]
        assert stuck_lines(phone) == ["stuck_record"]
        assert found == []
