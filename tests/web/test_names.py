"""People are named as they are called; the name of the account stands beside it and is found."""

import pytest
from lxml import html

from epro.access import Role
from tests.api.world import HERE, PARTICIPANT, World
from tests.services.changes_of_protection import record_incident, record_request
from tests.web.pages import CONSOLE, send, text_of

NAMED = "Zhang Jing (coordinator)"


@pytest.mark.req("T-04")
def test_the_journal_names_who_did_it(world: World) -> None:
    said = {"code": PARTICIPANT, "outcome": "reached", "channel": "telephone"}
    send(world.sign_in_to_console(Role.COORDINATOR), "/contacts", **said)

    page = world.sign_in_to_console(Role.MONITOR).get(
        f"{CONSOLE}/journal?participant={PARTICIPANT}&entity=contact"
    )

    lines = html.fromstring(page.text).xpath("//li[@data-line]")
    assert lines
    assert [one for one in lines if f"{NAMED}:" not in one.text_content()] == []


@pytest.mark.req("X-06")
def test_registers_and_the_audit_review_name_people_too(world: World) -> None:
    request = record_request(world).get_json()["id"]
    incident = record_incident(world).get_json()["id"]
    browser = world.sign_in_to_console(Role.COORDINATOR)

    shown = [
        text_of(browser.get(f"{CONSOLE}/{path}"))
        for path in (f"data-requests/{request}", f"data-incidents/{incident}")
    ]
    send(world.sign_in_to_console(Role.MONITOR), "/exports", kind="compliance", totp="0")
    by_user = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR).get(
        f"{CONSOLE}/audit-review?by=user&site={HERE}&from=2020-01-01"
    )

    assert [one for one in shown if "Zhang Jing (" not in one] == []
    heads = html.fromstring(by_user.text).xpath("//tbody/tr/th")
    said = [" ".join(one.text_content().split()) for one in heads]
    exporter = world.staff[Role.MONITOR].user.username
    assert f"Zhang Jing ({exporter})" in said
    assert exporter not in said
