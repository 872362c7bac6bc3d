"""Taking a flag: by whoever is first, once, also when a phone sends it twice."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from epro.access import Role
from epro.models import JournalEntry
from tests.api.world import API, PARTICIPANT, World
from tests.services.together import at_once
from tests.web.pages import send, text_of


def verbs(world: World, flag_id: UUID) -> list[str]:
    with world.database.reading() as session:
        return list(
            session.scalars(
                select(JournalEntry.verb)
                .where(JournalEntry.entity_id == str(flag_id))
                .order_by(JournalEntry.id)
            )
        )


def taking(world: World, flag_id: UUID, by: str, **headers: str) -> Callable[[], int]:
    """Return what takes a flag over the API, signed in beforehand."""
    signed_in, path = world.sign_in(by), f"{API}/flags/{flag_id}/acknowledgement"
    return lambda: world.request("POST", path, headers=signed_in | headers).status_code


@pytest.mark.req("A-07", "A-08")
def test_of_two_people_in_the_same_instant_one_takes_the_flag(world: World) -> None:
    for _ in range(5):
        # A further emergency makes a flag urgent again, which has then to be taken anew.
        flag_id = world.complain(PARTICIPANT, help_now=True)
        before = verbs(world, flag_id).count("flag.acknowledged")

        answers = at_once(
            taking(world, flag_id, Role.COORDINATOR), taking(world, flag_id, Role.INVESTIGATOR)
        )

        assert sorted(answers) == [200, 409]
        assert verbs(world, flag_id).count("flag.acknowledged") == before + 1


@pytest.mark.req("A-08")
def test_a_double_tap_takes_the_flag_once_and_succeeds_twice(world: World) -> None:
    flag_id = world.complain(PARTICIPANT, help_now=True)
    before = verbs(world, flag_id).count("flag.acknowledged")
    tap = taking(world, flag_id, Role.COORDINATOR, **{"Idempotency-Key": str(uuid4())})

    assert at_once(tap, tap) == [200, 200]
    assert verbs(world, flag_id).count("flag.acknowledged") == before + 1
    assert taking(world, flag_id, Role.COORDINATOR)() == 409


@pytest.mark.req("A-08")
def test_ones_own_second_tap_on_the_page_leads_to_the_flag(world: World) -> None:
    flag_id = world.complain(PARTICIPANT, help_now=True)
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answers = [send(browser, f"/flags/{flag_id}/acknowledgement") for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    page = browser.get(answers[1].headers["Location"])
    assert "不必重复处理" not in text_of(page)
