"""The page of the roster and of drills: the message of a drill leads to it, one press answers."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import AlarmDrill, SafetyFlag
from notifications.messages import OutboxMessage
from tests.api.world import HERE, World
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("C-05")

SHANGHAI = ZoneInfo("Asia/Shanghai")


def drill(world: World) -> AlarmDrill:
    """Start a drill on the page; return it."""
    answer = send(world.sign_in_to_console(Role.COORDINATOR), "/drills", site=HERE)
    assert answer.status_code == 303, text_of(answer)
    with world.database.reading() as session:
        return session.scalars(
            select(AlarmDrill).where(AlarmDrill.acknowledged_at.is_(None))
        ).all()[-1]


def test_the_link_in_the_message_of_a_drill_leads_to_the_page_that_answers_it(world: World) -> None:
    started = drill(world)
    with world.database.reading() as session:
        (link,) = {
            one.params["link"]
            for one in session.scalars(
                select(OutboxMessage).where(OutboxMessage.about == f"drill:{started.id}")
            )
        }
        flags_before = len(session.scalars(select(SafetyFlag.id)).all())
    browser = world.sign_in_to_console(Role.INVESTIGATOR)

    page = browser.get(link)
    heard = send(browser, f"/drills/{started.id}/acknowledgement")
    again = send(browser, f"/drills/{started.id}/acknowledgement")

    assert page.status_code == 200
    assert "还没有人确认" in text_of(page)
    assert (heard.status_code, again.status_code) == (303, 303)
    with world.database.reading() as session:
        kept = session.get_one(AlarmDrill, started.id)
        assert kept.acknowledged_at is not None
        assert len(session.scalars(select(SafetyFlag.id)).all()) == flags_before


def test_who_may_not_start_a_drill_sees_no_button(world: World) -> None:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)

    page = browser.get(f"{CONSOLE}/drills")
    refused = send(browser, "/drills", site=HERE)

    assert "开始演练" not in page.text
    assert refused.status_code == 403


def test_without_a_roster_the_page_says_who_is_told_instead(world: World) -> None:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/drills")

    assert "提示会通知中心的所有医生" in text_of(page)


@pytest.mark.req("A-07")
def test_a_call_that_nobody_answered_stands_on_both_pages_until_one_is_answered(
    world: World,
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    def called(minutes_ago: int, **but: str) -> TestResponse:
        at = world.clock().astimezone(SHANGHAI) - timedelta(minutes=minutes_ago)
        said = {"site": HERE, "which": "study_phone", "called_at": f"{at:%Y-%m-%dT%H:%M}"}
        return send(browser, "/number-checks", **said | but)

    def shown() -> list[bool]:
        pages = [browser.get(f"{CONSOLE}{path}") for path in ("/drills", "/today")]
        return ["无人接听" in text_of(page) for page in pages]

    forgotten = called(2)
    sent = called(2, is_answered="no", note="响了十声")
    unanswered = shown()
    called(1, is_answered="yes")
    page = browser.get(f"{CONSOLE}/drills")

    assert (forgotten.status_code, sent.status_code) == (422, 303)
    assert unanswered == [True, True]
    assert shown() == [False, False]
    assert "0755-0000001" in text_of(page)
    reader = world.sign_in_to_console(Role.INVESTIGATOR).get(f"{CONSOLE}/drills")
    assert "试拨号码" in text_of(reader)
    assert "记录试拨" not in text_of(reader)
