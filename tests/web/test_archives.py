"""The page of the investigator's copies: what waits, the receipt, who does not see it."""

import pytest
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.models import JournalEntry
from tests.api.world import HERE, World
from tests.web.cases_record import a_copy
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("V-05")

PAGE = f"{CONSOLE}/archives"


def test_an_investigator_receives_a_copy_by_the_hash_that_only_the_copy_shows(
    world: World,
) -> None:
    archive_id, sha256 = a_copy(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/archives/{archive_id}/receipt"

    waiting = browser.get(PAGE)
    by_its_beginning = send(browser, path, sha256=sha256[:12], **world.proof(Role.INVESTIGATOR))
    unproven = send(browser, path, sha256=sha256, password="no", totp="1")
    received = send(browser, path, sha256=sha256, **world.proof(Role.INVESTIGATOR))

    assert sha256[:12] in text_of(waiting)
    assert sha256 not in waiting.text
    assert by_its_beginning.status_code == 422
    assert f'id="receipt-{archive_id}-sha256-wrong"' in by_its_beginning.text
    assert "这不是这份存档" in text_of(by_its_beginning)
    assert unproven.status_code == 403
    assert received.status_code == 303
    page = browser.get(PAGE)
    assert f"/archives/{archive_id}/receipt" not in page.text
    assert "收到" in text_of(page)
    assert f"{HERE} 的记录无限期保存" in text_of(page)
    with world.database.reading() as session:
        body = session.scalars(
            select(JournalEntry.body).where(
                JournalEntry.verb == "archive.received",
                JournalEntry.entity_id == str(archive_id),
            )
        ).one()
    assert sha256 in body


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.DATA_MANAGER, Role.MONITOR])
def test_nobody_else_sees_the_page_or_confirms(world: World, role: Role) -> None:
    archive_id, sha256 = a_copy(world)
    browser = world.sign_in_to_console(role)

    page = browser.get(PAGE)
    sent = send(browser, f"/archives/{archive_id}/receipt", sha256=sha256, **world.proof(role))

    assert (page.status_code, sent.status_code) == (403, 403)
    assert html.fromstring(page.text).xpath("//form[contains(@action, 'receipt')]") == []
