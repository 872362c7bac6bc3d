"""The page of a record: what is open, the sign-off, the lock, and why it was undone."""

import pytest

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World
from tests.services.changes_of_records import lock, record_path
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("T-08")


def test_the_page_names_what_is_open_and_offers_no_sign_off(world: World) -> None:
    flag = world.complain(PARTICIPANT, urgent=("limb",))
    browser = world.sign_in_to_console(Role.INVESTIGATOR)

    page = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/record")

    assert f"{CONSOLE}/flags/{flag}" in page.text
    assert "签署前还要处理" in text_of(page)
    assert "/record/sign-off" not in page.text


def test_the_page_shows_the_signature_the_lock_and_its_undoing(world: World) -> None:
    path = record_path(world)
    lock(world, path)
    where = path.removeprefix(API)
    chief = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)

    locked = text_of(chief.get(f"{CONSOLE}{where}"))
    without = send(chief, f"{where}/unlock", reason=" ")
    send(chief, f"{where}/unlock", reason="漏了一条 <b>")
    unlocked = chief.get(f"{CONSOLE}{where}")

    assert "已锁定 · 签署有效" in locked
    assert "数据完整准确" in locked
    assert without.status_code == 422
    assert "未锁定 · 签署有效" in text_of(unlocked)
    assert "漏了一条 <b>" in text_of(unlocked)


def test_whoever_only_reads_gets_no_forms(world: World) -> None:
    path = record_path(world)

    page = world.sign_in_to_console(Role.DATA_MANAGER).get(f"{CONSOLE}{path.removeprefix(API)}")

    assert page.status_code == 200
    assert "/record/" not in page.text
