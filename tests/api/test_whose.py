"""Whose request it is: what names another participant than the session's is left where it is."""

from uuid import uuid4

import pytest

from epro.models import QuestionnaireResponse
from tests.api.test_responses import Phone
from tests.api.world import API, ELSEWHERE, PARTICIPANT, World, Worlds
from tests.databases import DatabaseKind


@pytest.fixture
def world(worlds: Worlds) -> World:
    """On one kind of database: it is refused before any is asked for more than the session."""
    return worlds[DatabaseKind.SQLITE]


@pytest.mark.req("P-08", "Q-10")
@pytest.mark.parametrize("name", ["Participant", "On-Behalf-Of"])
@pytest.mark.parametrize("status", ["in_progress", "of no form"])
def test_what_is_sent_for_another_participant_is_neither_stored_nor_kept(
    world: World, name: str, status: str
) -> None:
    hers, others = Phone(world), Phone(world, ELSEWHERE)
    body, response_id = hers.answer(status=status), uuid4()
    hers.headers, own = others.headers | {name: PARTICIPANT}, hers.headers

    refused = hers.put(body, response_id=response_id)

    assert refused.status_code == 401
    assert hers.kept() == []
    with world.database.reading() as session:
        assert session.get(QuestionnaireResponse, response_id) is None
    hers.headers = own | {"Participant": PARTICIPANT}  # it waited, and is hers
    assert hers.put(body, response_id=response_id).status_code == (
        201 if status == "in_progress" else 422
    )


@pytest.mark.req("P-08")
def test_the_refusal_says_that_it_is_another_participants_session(world: World) -> None:
    headers = world.sign_in(ELSEWHERE) | {"Participant": PARTICIPANT}

    refused = world.request("GET", f"{API}/me", headers=headers)

    assert (refused.status_code, refused.get_json()["error"]["code"]) == (401, "other_participant")
