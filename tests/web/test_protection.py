"""The pages of the two registers: what stands there, what is offered, what a copy holds."""

import pytest
from lxml import html

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World
from tests.services.changes_of_protection import (
    on_an_incident,
    post,
    record_incident,
    record_request,
    to_erase,
)
from tests.web.pages import CONSOLE, send, text_of


def open_page(world: World, path: str, role: Role = Role.COORDINATOR) -> str:
    answer = world.sign_in_to_console(role).get(f"{CONSOLE}{path}")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


@pytest.mark.req("X-04")
def test_a_copy_is_hers_in_her_language_and_names_no_staff(world: World) -> None:
    made = record_request(world, PARTICIPANT).get_json()
    browser = world.sign_in_to_console(Role.COORDINATOR)
    browser.get(f"{CONSOLE}/language/en")

    copy = send(browser, f"/data-requests/{made['id']}/copy")
    by_machine = post(world, f"/data-requests/{made['id']}/copy").get_json()

    assert copy.headers["Content-Disposition"].startswith(f'attachment; filename="{PARTICIPANT}-')
    assert html.fromstring(copy.text).xpath("//html/@lang | /html/@lang") == ["zh-Hans"]
    said = text_of(copy)
    assert "+8613800138000" in said
    assert "您的回答" in said
    for one in by_machine["answers"]:
        assert all(said_one["question"] in said for said_one in one["said"])
    assert by_machine["answers"]
    assert not {"Zhang Jing", "coordinator", "Li Min"} & set(said.split())
    assert "Li Min" not in said


@pytest.mark.req("X-04")
def test_the_page_of_an_erasure_explains_in_her_language_what_is_kept(world: World) -> None:
    request_id = to_erase(world)

    page = open_page(world, f"/data-requests/{request_id}")

    assert "药物临床试验质量管理规范要求保存试验记录" in page
    assert "/erasure" in page
    assert 'value="fulfilled"' not in page
    browser, path = (
        world.sign_in_to_console(Role.COORDINATOR),
        f"/data-requests/{request_id}/erasure",
    )
    without_tick = send(browser, path)
    send(browser, path, confirm="yes")
    assert "请勾选确认" in text_of(without_tick)
    after = open_page(world, f"/data-requests/{request_id}")
    assert "/erasure" not in after
    code = post(world, f"/data-requests/{request_id}/steps", {"words": "x"}).get_json()[
        "participant"
    ]
    assert "没有联系信息" in open_page(world, f"/participants/{code}")


@pytest.mark.req("X-04")
def test_nobody_is_offered_to_erase_the_number_of_somebody_who_takes_part(world: World) -> None:
    request_id = record_request(world, kind="erasure").get_json()["id"]

    page = open_page(world, f"/data-requests/{request_id}")

    assert "/erasure" not in page
    assert "联系信息还不能删除" in page


@pytest.mark.req("X-04")
def test_whoever_only_reads_gets_no_forms(world: World) -> None:
    request_id = record_request(world).get_json()["id"]
    incident_id = record_incident(world).get_json()["id"]

    pages = [
        open_page(world, path, Role.MONITOR)
        for path in ("/data-requests", f"/data-requests/{request_id}", "/data-incidents",
                     f"/data-incidents/{incident_id}")
    ]  # fmt: skip

    assert not any(f'method="post" action="{CONSOLE}/data-' in page for page in pages)


@pytest.mark.req("X-04")
def test_a_list_is_narrowed_by_link_and_says_when_there_is_nothing(world: World) -> None:
    made = record_request(world).get_json()
    code = made["participant"]

    hers = open_page(world, f"/data-requests?code={code}")
    ended = {"outcome": "refused", "explanation": "已说明"}
    post(world, f"/data-requests/{made['id']}/end", ended)
    none = open_page(world, f"/data-requests?code={code}")
    all_ = open_page(world, f"/data-requests?code={code}&which=all")

    assert made["id"] in hers
    assert "没有这样的请求" in none
    assert "拒绝" in all_


@pytest.mark.req("X-06")
def test_an_entry_says_what_stands_against_closing_it(world: World) -> None:
    step = {"words": "擦除", "taken_at": world.clock().isoformat(), "taken_by": "护士",
            "is_contained": True}  # fmt: skip
    entered = on_an_incident(world, "steps", step).get_json()

    page = open_page(world, f"/data-incidents/{entered['id']}")
    refused = send(
        world.sign_in_to_console(Role.COORDINATOR), f"/data-incidents/{entered['id']}/closure",
        cause="x", prevention="y",
    )  # fmt: skip

    assert "已控制" in page
    assert "结案前还要：" in page
    assert "/closure" not in page
    assert refused.status_code == 409
    assert "还不能结案" in text_of(refused)


@pytest.mark.req("X-06")
def test_exercises_stand_on_a_list_of_their_own(world: World) -> None:
    entered = record_incident(world, is_exercise=True, happened="演练一").get_json()

    assert entered["id"] not in open_page(world, "/data-incidents?which=all")
    assert entered["id"] in open_page(world, "/data-incidents?which=exercises")
    listed = world.request(
        "GET", f"{API}/data-incidents?is_exercise=true", headers=world.sign_in(Role.MONITOR)
    ).get_json()  # fmt: skip
    assert entered["id"] in {one["id"] for one in listed["items"]}


@pytest.mark.req("X-06")
def test_what_is_refused_stands_beside_its_field(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answer = send(
        browser, "/data-incidents", site="SZ01", kind="other", severity="minor",
        found_at="2026-03-01T19:00", found_by="护士", happened="打给 13800138000",
        data_concerned="x",
    )  # fmt: skip

    assert answer.status_code == 422
    assert "请不要写电话和证件号码" in text_of(answer)
    assert "打给 13800138000" in answer.text
