"""What a participant chooses for herself over HTTP, and what is refused with its reason."""

import pytest

from epro.access import Role
from epro.models import JournalEntry, Participant
from tests.api.world import API, PARTICIPANT, World

PATH = f"{API}/me/preferences"


@pytest.mark.req("N-02")
def test_she_moves_her_reminder_inside_the_allowed_span(world: World) -> None:
    her = world.sign_in(Role.PARTICIPANT)
    before = world.request("GET", PATH, headers=her).get_json()

    answer = world.request("PATCH", PATH, json={"reminder_time": "19:15"}, headers=her)

    assert (before["earliest"], before["latest"]) == ("17:00", "20:30")
    assert answer.status_code == 200
    assert answer.get_json()["reminder_time"] == "19:15"
    assert world.request("GET", PATH, headers=her).get_json() == answer.get_json()
    with world.database.reading() as session:
        entry = (
            session.query(JournalEntry)
            .filter_by(verb="participant.preferences_changed", participant_code=PARTICIPANT)
            .order_by(JournalEntry.id.desc())
            .first()
        )
        assert entry
        assert '"reminder_time":"19:15"' in entry.body


@pytest.mark.req("N-02")
@pytest.mark.parametrize("at", ["16:59", "20:31", "7:15h", "25:00", "19.15"])
def test_a_time_outside_the_span_is_refused_with_the_span(world: World, at: str) -> None:
    answer = world.request(
        "PATCH", PATH, json={"reminder_time": at}, headers=world.sign_in(Role.PARTICIPANT)
    )

    assert answer.status_code == 422
    (problem,) = answer.get_json()["error"]["details"]["problems"]
    assert problem["place"] == "reminder_time"
    assert "17:00 to 20:30" in problem["message"]


@pytest.mark.req("N-05", "X-01")
def test_a_way_that_does_not_reach_her_cannot_be_chosen(world: World) -> None:
    her = world.sign_in(Role.PARTICIPANT)
    offered = world.request("GET", PATH, headers=her).get_json()["channels"]

    answer = world.request("PATCH", PATH, json={"reminder_channel": "email"}, headers=her)

    assert "email" not in offered
    assert "none" in offered
    assert answer.status_code == 422
    assert answer.get_json()["error"]["details"]["problems"][0]["place"] == "reminder_channel"


@pytest.mark.req("P-10")
def test_her_language_is_hers_to_choose(world: World) -> None:
    her = world.sign_in(Role.PARTICIPANT)

    world.request("PATCH", PATH, json={"language": "en"}, headers=her)
    said = world.request("GET", f"{API}/me", headers=her).get_json()["language"]
    world.request("PATCH", PATH, json={"language": "zh"}, headers=her)

    assert said == "en"


def test_the_same_wish_again_is_harmless_and_leaves_no_entry(world: World) -> None:
    her = world.sign_in(Role.PARTICIPANT)
    wish = {"reminder_time": "20:00", "language": "zh"}
    world.request("PATCH", PATH, json=wish, headers=her)
    with world.database.reading() as session:
        version = session.query(Participant).filter_by(code=PARTICIPANT).one().version

    assert world.request("PATCH", PATH, json=wish, headers=her).status_code == 200
    with world.database.reading() as session:
        assert session.query(Participant).filter_by(code=PARTICIPANT).one().version == version


def test_a_request_that_wishes_nothing_is_refused(world: World) -> None:
    her = world.sign_in(Role.PARTICIPANT)

    assert world.request("PATCH", PATH, json={}, headers=her).status_code == 422
    assert world.request("PATCH", PATH, headers=her).status_code == 422
