"""What the clinical database puts in: by code alone, and never over what the site has recorded."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from werkzeug.test import TestResponse

from epro.access import Role, Scope
from tests.api.world import (
    API,
    ENROLLED,
    HERE,
    INFUSED_AT,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    enrolment,
)
from tests.edc.pulling import EDC, READ, Puller, refusal_of

NUMBERS = count(501)
ANOTHER = (INFUSED_AT + timedelta(hours=3)).isoformat()


@pytest.fixture
def writer(world: World) -> Puller:
    return Puller.of(world, Scope.WRITE)


def coded(code: str, /, **changed: Any) -> dict[str, Any]:
    body = {**enrolment(code), **changed}
    return {name: value for name, value in body.items() if name not in {"phone", "year_of_birth"}}


def post(writer: Puller, path: str, body: dict[str, Any]) -> TestResponse:
    return writer.world.request("POST", f"{EDC}{path}", json=body, headers=writer.headers)


def give(writer: Puller, code: str, at: str, event: str = "INF1") -> TestResponse:
    body = {"event": event, "occurred_at": at, "reason": "from the infusion form"}
    return post(writer, f"/participants/{code}/anchors", body)


def as_coordinator(world: World, method: str, path: str, body: Any = None) -> TestResponse:
    return world.request(method, f"{API}{path}", json=body, headers=world.sign_in(Role.COORDINATOR))


def lines_about(world: World, kind: str) -> list[dict[str, Any]]:
    items = as_coordinator(world, "GET", "/work-items").get_json()["items"]
    return [item for item in items if item["kind"] == kind]


def standing(world: World, code: str) -> list[str]:
    found = as_coordinator(world, "GET", f"/participants/{code}/anchors").get_json()["items"]
    return [
        anchor["occurred_at"]
        for anchor in found
        if anchor["event"] == "INF1" and anchor["superseded_at"] is None
    ]


# --- enrolment ------------------------------------------------------------------------------------


@pytest.mark.req("P-01", "E-01")
def test_a_participant_is_enrolled_by_code_and_her_site_is_asked_who_she_is(
    writer: Puller,
) -> None:
    world, code = writer.world, f"SZ01-{next(NUMBERS)}"

    enrolled = post(writer, "/participants", coded(code))
    line = next(item for item in lines_about(world, "identity_missing")
                if item["participant"] == code)  # fmt: skip
    too_early = as_coordinator(world, "POST", f"/participants/{code}/activation-codes")
    told = {"phone": "+8613800138099", "year_of_birth": YEAR_OF_BIRTH}
    recorded = as_coordinator(world, "POST", f"/participants/{code}/identity", told)
    again = as_coordinator(world, "POST", f"/participants/{code}/identity", told)
    issued = as_coordinator(world, "POST", f"/participants/{code}/activation-codes")

    assert (enrolled.status_code, enrolled.get_json()["code"]) == (201, code)
    assert line["done_at"] is None
    assert refusal_of(too_early) == (409, "identity_missing")
    assert recorded.status_code == 204
    assert refusal_of(again) == (409, "already_exists")
    assert issued.status_code == 201
    assert code not in {item["participant"] for item in lines_about(world, "identity_missing")}


@pytest.mark.req("P-01", "E-06")
@pytest.mark.parametrize("name", ["phone", "year_of_birth", "name", "email"])
def test_identity_is_refused_whatever_it_is_called(writer: Puller, name: str) -> None:
    refused = post(writer, "/participants", coded("SZ01-599") | {name: "13800138000"})

    assert refusal_of(refused) == (422, "invalid_request")
    assert "13800138000" not in refused.text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"consents": []}, (422, "consent_missing")),
        ({"site": "XX99", "code": "XX99-001"}, (404, "not_found")),
        ({"code": PARTICIPANT}, (409, "already_exists")),
        ({"zone": "Mars/Olympus"}, (422, "invalid_input")),
    ],
)
def test_an_enrolment_keeps_the_rules_of_the_site(
    writer: Puller, changed: dict[str, Any], status: tuple[int, str]
) -> None:
    assert refusal_of(post(writer, "/participants", coded("SZ01-598", **changed))) == status


@pytest.mark.req("E-01")
def test_writing_needs_its_own_scope(world: World) -> None:
    reader = Puller.of(world, *READ)

    assert post(reader, "/participants", coded("SZ01-597")).status_code == 403
    assert give(reader, PARTICIPANT, ANOTHER).status_code == 403
    assert reader.ask("/anchor-queries").status_code == 403


# --- anchors --------------------------------------------------------------------------------------


@pytest.mark.req("S-01")
def test_an_anchor_that_nobody_recorded_is_taken_once(own_world: World) -> None:
    writer, at = Puller.of(own_world, Scope.WRITE), INFUSED_AT.isoformat()

    first, again = give(writer, ENROLLED, at), give(writer, ENROLLED, at)

    assert first.status_code == again.status_code == 200
    assert first.get_json()["query"] is None
    assert first.get_json()["anchor"]["version"] == again.get_json()["anchor"]["version"] == 1
    assert len(standing(own_world, ENROLLED)) == 1
    planned = as_coordinator(own_world, "GET", f"/participants/{ENROLLED}/assessments").get_json()
    assert planned["items"]


@pytest.mark.req("S-01")
def test_another_instant_than_the_sites_opens_one_query_and_changes_nothing(
    own_world: World,
) -> None:
    writer, before = Puller.of(own_world, Scope.WRITE), standing(own_world, PARTICIPANT)

    first, again = (give(writer, PARTICIPANT, ANOTHER) for _ in range(2))

    assert first.get_json()["anchor"] is None
    assert first.get_json()["query"]["id"] == again.get_json()["query"]["id"]
    assert standing(own_world, PARTICIPANT) == before
    assert [line["participant"] for line in lines_about(own_world, "anchor_differs")] == [
        PARTICIPANT
    ]


@pytest.mark.req("S-01", "E-02")
def test_queries_are_told_page_by_page_and_none_is_cut_off(own_world: World) -> None:
    writer, opened = Puller.of(own_world, Scope.WRITE), []
    for hours in (3, 5):
        at = (INFUSED_AT + timedelta(hours=hours)).isoformat()
        opened.append(give(writer, PARTICIPANT, at).get_json()["query"]["id"])
        as_coordinator(
            own_world, "POST", f"/anchor-queries/{opened[-1]}/decision",
            {"is_accepted": False, "reason": "looked at the paper"},
        )  # fmt: skip

    first = writer.ask("/anchor-queries", limit=1).get_json()
    second = writer.ask("/anchor-queries", limit=1, cursor=first["next_cursor"]).get_json()

    told = [one["id"] for page in (first, second) for one in page["items"]]
    assert sorted(told) == sorted(opened)
    assert second["next_cursor"] is None


@pytest.mark.req("S-01", "T-04")
@pytest.mark.parametrize("is_accepted", [True, False])
def test_the_site_decides_which_instant_is_right(own_world: World, is_accepted: bool) -> None:
    writer, before = Puller.of(own_world, Scope.WRITE), standing(own_world, PARTICIPANT)
    query = give(writer, PARTICIPANT, ANOTHER).get_json()["query"]
    decision = {"is_accepted": is_accepted, "reason": "looked at the paper"}
    path = f"/anchor-queries/{query['id']}/decision"

    decided = [as_coordinator(own_world, "POST", path, decision) for _ in range(2)]
    otherwise = as_coordinator(own_world, "POST", path, decision | {"is_accepted": not is_accepted})

    assert [answer.status_code for answer in decided] == [200, 200]
    assert refusal_of(otherwise) == (409, "already_decided")
    changed = standing(own_world, PARTICIPANT) != before
    assert changed is is_accepted
    assert lines_about(own_world, "anchor_differs") == []
    told = writer.ask("/anchor-queries").get_json()["items"]
    assert [(one["is_accepted"], one["decision_reason"]) for one in told] == [
        (is_accepted, "looked at the paper")
    ]
    assert as_coordinator(own_world, "GET", "/anchor-queries").get_json()["items"] == []
    # Given once more: the decision stands, or it is on record now.
    once_more = give(writer, PARTICIPANT, ANOTHER).get_json()
    assert (once_more["query"] is None) is is_accepted


@pytest.mark.req("S-01")
@pytest.mark.parametrize("years", [-130, -11, 1, 11])
def test_what_cannot_have_happened_is_no_question_to_the_site(writer: Puller, years: int) -> None:
    at = (INFUSED_AT + timedelta(days=365 * years)).isoformat()

    assert refusal_of(give(writer, PARTICIPANT, at)) == (422, "anchor_not_possible")
    assert lines_about(writer.world, "anchor_differs") == []


@pytest.mark.req("C-01")
def test_a_query_of_another_site_looks_like_none(own_world: World) -> None:
    writer = Puller.of(own_world, Scope.WRITE)
    query = give(writer, PARTICIPANT, ANOTHER).get_json()["query"]

    answer = own_world.request(
        "POST", f"{API}/anchor-queries/{query['id']}/decision",
        json={"is_accepted": True, "reason": "x"}, headers=own_world.sign_in("from.elsewhere"),
    )  # fmt: skip

    assert refusal_of(answer) == (404, "not_found")
    assert HERE in PARTICIPANT


@pytest.mark.parametrize("event", ["ENR", "END", "INF9"])
def test_other_anchors_are_not_given_from_outside(writer: Puller, event: str) -> None:
    assert give(writer, PARTICIPANT, ANOTHER, event).status_code == 422


# --- withdrawal -----------------------------------------------------------------------------------


def withdraw(
    writer: Puller, code: str, part: str, *, at: str | None = None, reason: str = "told there"
) -> TestResponse:
    when = at or writer.world.clock.now().isoformat()
    body = {"withdrawn_from": part, "occurred_at": when, "reason": reason}
    return post(writer, f"/participants/{code}/withdrawal", body)


def to_come(world: World, code: str) -> list[str]:
    """Return what can still be answered."""
    items = as_coordinator(world, "GET", f"/participants/{code}/assessments").get_json()["items"]
    return [item["id"] for item in items if item["state"] == "scheduled"]


@pytest.mark.req("P-09", "E-01")
def test_who_withdraws_is_left_alone_at_once_and_her_site_is_told(own_world: World) -> None:
    writer, before = Puller.of(own_world, Scope.WRITE), to_come(own_world, PARTICIPANT)

    first = withdraw(writer, PARTICIPANT, "diary")
    again = withdraw(writer, PARTICIPANT, "diary")

    assert before
    assert first.status_code == again.status_code == 200
    assert first.get_json() == again.get_json()
    assert first.get_json()["life_cycle"] == "withdrawn_from_diary"
    assert first.get_json()["query"] is None
    assert to_come(own_world, PARTICIPANT) == []
    lines = [line["participant"] for line in lines_about(own_world, "withdrawn_elsewhere")]
    assert lines == [PARTICIPANT]


@pytest.mark.req("P-09")
def test_whoever_leaves_the_infusions_keeps_her_diary(own_world: World) -> None:
    writer, before = Puller.of(own_world, Scope.WRITE), to_come(own_world, PARTICIPANT)

    told = withdraw(writer, PARTICIPANT, "infusion").get_json()

    assert told["life_cycle"] == "withdrawn_from_infusion"
    assert to_come(own_world, PARTICIPANT) == before


@pytest.mark.req("P-09", "S-01")
def test_the_end_that_the_site_recorded_stays_and_another_one_is_a_query(own_world: World) -> None:
    writer, now = Puller.of(own_world, Scope.WRITE), own_world.clock.now()
    ended = {"event": "END", "occurred_at": (now - timedelta(hours=2)).isoformat()}
    recorded = as_coordinator(own_world, "POST", f"/participants/{PARTICIPANT}/anchors", ended)

    first, again = (withdraw(writer, PARTICIPANT, "all", at=now.isoformat()) for _ in range(2))

    assert recorded.status_code == 201, recorded.text
    told = first.get_json()
    assert told["life_cycle"] == "withdrawn_from_all"
    assert told["query"]["id"] == again.get_json()["query"]["id"]
    assert ends_of(own_world) == [now - timedelta(hours=2)]
    assert len(lines_about(own_world, "anchor_differs")) == 1


@pytest.mark.req("P-09", "S-01")
@pytest.mark.parametrize("part", ["diary", "contact", "all"])
def test_an_end_that_is_only_planned_does_not_keep_her_from_leaving(
    own_world: World, part: str
) -> None:
    writer, now = Puller.of(own_world, Scope.WRITE), own_world.clock.now()
    planned = {"event": "END", "occurred_at": (now + timedelta(days=90)).isoformat()}
    recorded = as_coordinator(own_world, "POST", f"/participants/{PARTICIPANT}/anchors", planned)
    before = to_come(own_world, PARTICIPANT)

    first, again = (withdraw(writer, PARTICIPANT, part, at=now.isoformat()) for _ in range(2))

    assert recorded.status_code == 201, recorded.text
    assert before
    assert first.status_code == 200, first.text
    assert first.get_json() == again.get_json()
    assert first.get_json()["life_cycle"] == f"withdrawn_from_{part}"
    assert first.get_json()["query"] is None
    assert to_come(own_world, PARTICIPANT) == []
    assert ends_of(own_world) == [now]


@pytest.mark.req("P-09", "S-01")
def test_whoever_leaves_only_the_infusions_keeps_the_end_that_is_planned(own_world: World) -> None:
    writer, now = Puller.of(own_world, Scope.WRITE), own_world.clock.now()
    at = now + timedelta(days=90)
    planned = {"event": "END", "occurred_at": at.isoformat()}
    as_coordinator(own_world, "POST", f"/participants/{PARTICIPANT}/anchors", planned)

    told = withdraw(writer, PARTICIPANT, "infusion", at=now.isoformat())

    assert told.status_code == 200, told.text
    assert ends_of(own_world) == [at]


def ends_of(world: World) -> list[datetime]:
    """Return where her diary ends by the anchor in force."""
    anchors = as_coordinator(world, "GET", f"/participants/{PARTICIPANT}/anchors").get_json()
    return [
        datetime.fromisoformat(one["occurred_at"])
        for one in anchors["items"]
        if one["event"] == "END" and one["superseded_at"] is None
    ]


@pytest.mark.req("P-09")
def test_a_stronger_withdrawal_adds_to_a_weaker_one_and_never_the_reverse(own_world: World) -> None:
    writer = Puller.of(own_world, Scope.WRITE)

    parts = ("diary", "all", "infusion", "diary")
    told = [withdraw(writer, PARTICIPANT, part).get_json()["life_cycle"] for part in parts]

    assert told == ["withdrawn_from_diary", *["withdrawn_from_all"] * 3]


@pytest.mark.req("P-09", "S-01")
def test_how_the_site_says_that_she_left_is_not_replaced(own_world: World) -> None:
    writer, now = Puller.of(own_world, Scope.WRITE), own_world.clock.now().isoformat()
    lost = {"life_cycle": "lost", "occurred_at": now, "reason": "moved away"}
    as_coordinator(own_world, "PUT", f"/participants/{PARTICIPANT}/life-cycle", lost)

    refused = withdraw(writer, PARTICIPANT, "all")

    assert refusal_of(refused) == (409, "life_cycle_not_possible")
    standing = as_coordinator(own_world, "GET", f"/participants/{PARTICIPANT}/life-cycle")
    assert standing.get_json()["life_cycle"] == "lost"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"part": "everything"}, 422), ({"reason": ""}, 422), ({"reason": "  "}, 422),
        ({"at": "2019-01-01T00:00:00+08:00"}, 409), ({"at": "2099-01-01T00:00:00+08:00"}, 409),
    ],
)  # fmt: skip
def test_a_withdrawal_keeps_the_rules_of_the_site(
    own_world: World, changed: dict[str, str], status: int
) -> None:
    writer = Puller.of(own_world, Scope.WRITE)

    refused = withdraw(writer, PARTICIPANT, **{"part": "diary"} | changed)

    assert refused.status_code == status, refused.text
    assert withdraw(Puller.of(own_world, *READ), PARTICIPANT, "diary").status_code == 403
