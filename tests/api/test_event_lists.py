"""Listing, table and comparison over HTTP and from the shell: who sees which numbers."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from epro.access import Role
from epro.cli import main
from epro.models import AdverseEvent, Participant
from tests.api.world import API, ELSEWHERE, PARTICIPANT, World, new_event

HEADER = "participant,number,term,onset_on,ended_on,grade,serious\n"
pytestmark = pytest.mark.req("B-04", "E-04")


def enter(world: World, code: str = PARTICIPANT, **facts: Any) -> dict[str, Any]:
    who = Role.INVESTIGATOR if code == PARTICIPANT else "from.elsewhere"
    answer = world.request(
        "POST", f"{API}/participants/{code}/adverse-events", json=new_event(**facts),
        headers=world.sign_in(who),
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.get_json()
    return entered


def as_an_edc_has_it(world: World) -> Iterator[str]:
    """Yield every event of both sites as a line of another system's list."""
    with world.database.reading() as session:
        query = select(AdverseEvent, Participant.code).join(
            Participant, Participant.id == AdverseEvent.participant_id
        )
        for event, code in session.execute(query):
            serious = "yes" if event.seriousness else "no"
            facts = f"{event.onset_on},,{event.worst_grade},{serious}"
            yield f'{code},{event.number},"{event.term}",{facts}\n'


def get(world: World, path: str, who: str) -> Any:
    return world.request("GET", f"{API}/{path}", headers=world.sign_in(who))


def row_of(world: World, who: str, name: str = "any") -> tuple[int | None, int | None]:
    table = get(world, "adverse-event-table", who).get_json()
    row = next(one for one in table["rows"] if one["name"] == name)
    return row["participant_count"], row["event_count"]


def test_a_site_counts_its_own_events_and_a_data_manager_sees_no_small_counts(
    world: World,
) -> None:
    enter(world)
    before, related = (row_of(world, Role.INVESTIGATOR, name)[1] for name in ("any", "related"))

    enter(world, term="rash", relationship="unlikely")
    enter(world, ELSEWHERE)

    assert before is not None
    assert row_of(world, Role.INVESTIGATOR) == (1, before + 1)
    assert row_of(world, Role.INVESTIGATOR, "related") == (1, related)
    assert row_of(world, Role.DATA_MANAGER) == (None, None)
    assert row_of(world, Role.DATA_MANAGER, "grade_5") == (0, 0)


def test_the_table_says_how_many_candidates_nobody_has_decided_about(world: World) -> None:
    listed = get(world, "adverse-event-candidates", Role.MONITOR).get_json()
    table = get(world, "adverse-event-table", Role.INVESTIGATOR).get_json()

    assert table["undecided_count"] == listed["undecided_count"]
    assert table["infused_count"] == 1


def test_the_table_counts_what_the_listing_lists(world: World) -> None:
    """The table reads columns as they are written, the listing every event whole."""
    worse, before = ({"grade": 3, "from_on": "2026-03-01"}, {"grade": 2, "from_on": "2026-02-01"})
    enter(world, term="sepsis", grades=[worse], seriousness=["disability", "medically_important"])
    enter(world, term="cough", relationship="unlikely", seriousness=["hospitalisation"])
    enter(world, term="itching")
    enter(world, term="sprain", onset_on="2026-02-01", grades=[before])

    listed = get(world, "adverse-events?treatment_emergent=1", Role.INVESTIGATOR).get_json()
    whole = get(world, "adverse-events", Role.INVESTIGATOR).get_json()
    events = listed["items"]
    worst: dict[str, int] = {}
    for one in events:
        worst[one["participant"]] = max(one["worst_grade"], worst.get(one["participant"], 0))
    naive = {
        "any": events,
        "serious": [one for one in events if one["serious"]],
        "related": [one for one in events if one["related"]],
        "serious_and_related": [one for one in events if one["serious"] and one["related"]],
    }

    for name, those in naive.items():
        people = {one["participant"] for one in those}
        assert row_of(world, Role.INVESTIGATOR, name) == (len(people), len(those)), name
    for grade in range(1, 6):
        expected = (
            sum(grade == one for one in worst.values()),
            sum(grade == one["worst_grade"] for one in events),
        )
        assert row_of(world, Role.INVESTIGATOR, f"grade_{grade}") == expected, grade
    assert row_of(world, Role.INVESTIGATOR, "grade_3")[0] == 1
    assert len(whole["items"]) > len(events)


def test_the_listing_and_the_table_as_csv(world: World) -> None:
    enter(world, term="=HYPERLINK(1)")

    listing = get(world, "adverse-events.csv", Role.MONITOR)
    table = get(world, "adverse-event-table.csv", Role.DATA_MANAGER)

    listed = csv.DictReader(io.StringIO(listing.text))
    row = next(one for one in listed if "HYPERLINK" in one["term"])
    rows = {one["row"]: one for one in csv.DictReader(io.StringIO(table.text))}
    assert listing.mimetype == table.mimetype == "text/csv"
    assert (row["participant"], row["study_day"]) == (PARTICIPANT, "D1")
    assert row["term"] == "'=HYPERLINK(1)", "no spreadsheet runs it"
    assert rows["any"]["participants"] == "hidden"
    assert rows["grade_4"]["participants"] == "0"


@pytest.mark.req("B-01", "B-04")
def test_no_list_counts_or_names_a_second_infusion(world: World) -> None:
    enter(world)

    for path in ("adverse-events", "adverse-event-table", "adverse-events.csv"):
        text = get(world, path, Role.INVESTIGATOR).text
        assert "second" not in text
        assert "INF" not in text


@pytest.mark.req("P-06")
def test_a_data_manager_sees_no_event(world: World) -> None:
    assert get(world, "adverse-events", Role.DATA_MANAGER).status_code == 403


@pytest.mark.req("E-05")
def test_an_edcs_list_is_compared_within_ones_sites(world: World) -> None:
    number = enter(world, term="toothache")["number"]
    enter(world, ELSEWHERE, term="cramp")
    lines = [f"{number},toothache,2026-03-01,,2,yes", ",bruise,2026-03-02,,1,no"]
    there = HEADER + "".join(f"{PARTICIPANT},{line}\n" for line in lines)

    answer = world.request(
        "POST", f"{API}/adverse-event-reconciliation", json={"csv": there},
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip

    items = answer.get_json()["items"]
    (differs,) = (one for one in items if one["kind"] == "differs")
    (missing,) = (one for one in items if one["kind"] == "missing_here")
    assert {one["participant"] for one in items} == {PARTICIPANT}
    assert {one["field"] for one in differs["fields"]} == {"grade", "serious"}
    assert (missing["there"]["term"], missing["there"]["line"]) == ("bruise", 3)


@pytest.mark.req("E-05")
def test_a_list_that_cannot_be_read_is_refused_line_by_line(world: World) -> None:
    answer = world.request(
        "POST", f"{API}/adverse-event-reconciliation",
        json={"csv": f"{HEADER}{PARTICIPANT},,x,yesterday,,1,no\n"},
        headers=world.sign_in(Role.MONITOR),
    )  # fmt: skip

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (422, "unreadable_event_list")
    assert error["details"]["problems"][0]["place"] == "line 2, onset_on"


@pytest.mark.req("E-05")
def test_the_same_from_the_shell(
    world: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = enter(world, term="stiff neck")["number"]
    monkeypatch.setenv("EPRO_DATABASE_URL", world.database.url)
    monkeypatch.setenv("EPRO_VAR", str(tmp_path))
    wrong, right, bad = (tmp_path / name for name in ("wrong.csv", "right.csv", "bad.csv"))
    one = f"{PARTICIPANT},{number},stiff neck"
    wrong.write_text(f"{HEADER}{one},2026-03-04,,1,no\n", encoding="utf-8")
    right.write_text(HEADER + "".join(as_an_edc_has_it(world)), encoding="utf-8")
    bad.write_text(f"{HEADER}{one},2026-03-01,,7,no\n", encoding="utf-8")

    said = {
        name: CliRunner().invoke(main, ["events", *command])
        for name, command in {
            "list": ["list"], "table": ["table"], "wrong": ["reconcile", str(wrong)],
            "right": ["reconcile", str(right)], "bad": ["reconcile", str(bad)],
        }.items()
    }  # fmt: skip

    assert [one.exit_code for one in said.values()] == [0, 0, 1, 0, 1]
    assert f"{one},2026-03-01,D1" in said["list"].output
    assert said["table"].output.startswith("row,participants,events\ninfused,2,\nany,")
    assert "onset_on here 2026-03-01, there 2026-03-04" in said["wrong"].output
    assert "bad.csv, line 2: grade is not 1 to 5" in said["bad"].output
