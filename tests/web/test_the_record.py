"""The record and the team on screen: changes of data, events, delegations, exports, the system."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from epro.access import Role
from epro.jobs.tasks import JOBS
from epro.models import Disposition, IncidentKind, Task
from epro.services import snapshots
from epro.services.exports import ExportKind
from epro.web.console.pages import known
from epro.web.console.words import WORDS
from questionnaires.event_tables import RowName
from tests.api.world import PARTICIPANT, World
from tests.web.cases_record import asked, delegate, take_export, what_she_says
from tests.web.pages import CONSOLE, send, text_of


@pytest.mark.req("T-06")
def test_a_request_shows_what_it_would_change_and_is_decided_by_a_second_person(
    world: World,
) -> None:
    correction = asked(world)
    coordinator = world.sign_in_to_console(Role.COORDINATOR)

    waiting = text_of(coordinator.get(f"{CONSOLE}/corrections"))
    early = send(
        world.sign_in_to_console(Role.INVESTIGATOR), f"/corrections/{correction}/decision",
        is_approved="yes", reason="x",
    )  # fmt: skip
    send(coordinator, f"/corrections/{correction}/call", is_right="no", call_words="不是的")
    after = coordinator.get(f"{CONSOLE}/corrections?all=1")

    assert "{" not in waiting  # the day that a question named is filled in
    assert "等待参与者确认" in waiting
    assert "36" in waiting
    assert early.status_code == 409
    assert "参与者没有确认" in text_of(after)


@pytest.mark.req("T-06")
def test_what_she_says_was_wrong_is_put_down_on_a_form_filled_in_as_she_answered(
    world: World,
) -> None:
    path = f"/participants/{PARTICIPANT}/answers/{world.known.response}/correction"
    browser = world.sign_in_to_console(Role.COORDINATOR)
    typed = what_she_says(world)

    same = send(browser, path, **typed)
    silent = send(browser, path, **(typed | {"her-temp": "36.7", "said_words": " "}))
    hot = send(browser, path, **(typed | {"her-temp": "75"}))
    taken = send(browser, path, **(typed | {"her-temp": "36.7"}))
    shown = text_of(browser.get(f"{CONSOLE}{taken.location.removeprefix(CONSOLE)}"))
    answers = text_of(browser.get(f"{CONSOLE}{path.removesuffix('/correction')}"))

    assert [one.status_code for one in (same, silent, hot)] == [422, 422, 422]
    fields = html.fromstring(silent.text).forms[-1].fields
    assert fields["her-temp"] == "36.7"
    assert html.fromstring(hot.text).xpath("//*[@name='her-temp' and @aria-invalid]")
    assert taken.status_code == 303, text_of(taken)
    assert "36.7" in shown
    assert "等待参与者确认" in shown
    assert "36.7" not in answers  # nothing is changed yet


@pytest.mark.req("T-06")
def test_only_an_answer_of_hers_can_be_said_to_be_wrong_and_not_by_an_investigator(
    world: World,
) -> None:
    path = f"/participants/{PARTICIPANT}/answers/{world.known.response}"
    investigator, coordinator = (
        world.sign_in_to_console(role) for role in (Role.INVESTIGATOR, Role.COORDINATOR)
    )
    theirs = f"/participants/{PARTICIPANT}/answers/{world.known_elsewhere.response}/correction"

    pages = [browser.get(f"{CONSOLE}{path}").text for browser in (investigator, coordinator)]

    assert [f"{path}/correction" in page for page in pages] == [False, True]
    assert investigator.get(f"{CONSOLE}{path}/correction").status_code == 403
    assert coordinator.get(f"{CONSOLE}{theirs}").status_code == 404


@pytest.mark.req("B-04")
def test_the_table_hides_small_counts_from_whoever_may_not_see_the_events(world: World) -> None:
    data_manager = world.sign_in_to_console(Role.DATA_MANAGER)

    page = data_manager.get(f"{CONSOLE}/events/table")

    assert page.status_code == 200
    assert data_manager.get(f"{CONSOLE}/events").status_code == 403
    assert "任何 TEAE" in text_of(page)


@pytest.mark.req("X-05")
def test_an_export_takes_a_second_factor_and_carries_its_checksum(world: World) -> None:
    browser = world.sign_in_to_console(Role.DATA_MANAGER)

    without = send(browser, "/exports", kind="compliance")
    taken = take_export(world)
    shown = browser.get(f"{CONSOLE}/exports")
    not_hers = send(browser, "/exports", kind="events", **world.proof(Role.DATA_MANAGER))

    assert without.status_code == 403
    assert taken.headers["Content-SHA256"] == hashlib.sha256(taken.data).hexdigest()
    assert taken.headers["Content-SHA256"] in shown.text
    assert PARTICIPANT in taken.data.decode("utf-8-sig")
    assert not_hers.status_code == 403


def test_whoever_runs_the_system_sees_its_state_and_nothing_clinical(world: World) -> None:
    browser = world.sign_in_to_console(Role.SYSTEM_ADMIN)

    page = browser.get(f"{CONSOLE}/system")

    assert browser.get(f"{CONSOLE}/").location == f"{CONSOLE}/system"
    assert "磁盘可用" in text_of(page)
    assert PARTICIPANT not in page.text


def test_published_editions_are_read_with_rules_and_forms(world: World) -> None:
    page = world.sign_in_to_console(Role.MONITOR).get(f"{CONSOLE}/versions?version=x")

    text = text_of(page)
    assert "SHA-256" in text
    assert "R01" in text
    assert "SLEDAI-2K" in text


@pytest.mark.req("P-10")
def test_when_something_was_signed_is_read_as_any_other_time_with_its_seconds(world: World) -> None:
    delegate(world)
    browser = world.sign_in_to_console(Role.MONITOR)

    times = html.fromstring(browser.get(f"{CONSOLE}/delegations").text).xpath("//td[6]/time")

    assert times
    for one in times:
        at = datetime.fromisoformat(one.get("datetime")).astimezone(ZoneInfo("Asia/Shanghai"))
        assert one.text == f"{at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.req("P-06")
def test_the_log_of_delegations_and_the_staff_are_those_of_ones_own_site(world: World) -> None:
    browser = world.sign_in_to_console(Role.MONITOR)

    delegations, staff = (browser.get(f"{CONSOLE}/{one}") for one in ("delegations", "staff"))

    people = html.fromstring(staff.text).xpath("//tr[@data-line]/td[1]/text()")
    assert "coordinator" in people
    assert "评估事件" in text_of(delegations)
    assert "GZ01" not in text_of(staff)


@pytest.mark.req("P-10")
def test_values_of_the_record_have_words() -> None:
    shown = {
        "disposition.": Disposition, "incident.": IncidentKind, "task.": Task, "role.": Role,
        "export.": ExportKind, "event_row.": RowName,
    }  # fmt: skip

    named = {f"{at}{one.value}" for at, values in shown.items() for one in values}
    assert named - set(WORDS) == set()


@pytest.mark.req("P-10")
def test_each_job_of_the_worker_has_words_on_the_page_of_the_system() -> None:
    names = {one.name for one in JOBS} | {"training_rooms", "worker_start"}

    assert len(names) > 15
    assert {name for name in names if f"job.{name}" not in WORDS} == set()
    assert known("job.of_an_older_worker").zh == "–"


@pytest.mark.req("P-10", "E-03")
def test_each_file_of_a_snapshot_says_what_is_in_it() -> None:
    assert {name for name in snapshots.KINDS if f"snapshot.of.{name}" not in WORDS} == set()
