"""A line of the work list says what it is about: which form, and of which day."""

import pytest

from epro.access import Role
from epro.models import Assessment, Participant, WorkKind
from epro.services import work_list
from tests.api.world import World
from tests.factories import SYSTEM, shipped_package
from tests.web.pages import CONSOLE
from tests.web.test_day import section


@pytest.mark.req("C-01", "P-10")
def test_a_line_about_a_form_says_which_and_of_which_day(world: World) -> None:
    with world.database.transaction() as session:
        row = session.get_one(Assessment, world.known.assessment)
        who = session.get_one(Participant, row.participant_id)
        work_list.add(
            session, SYSTEM, WorkKind.CALL_NOW, about=f"assessment:{row.id}", site_id=who.site_id,
            participant_id=who.id, now=world.clock(),
        )  # fmt: skip
        planned_on = row.planned_on
    title = shipped_package().block_title(row.block)
    assert title

    for language, said in (("zh", title.zh), ("en", title.en)):
        browser = world.sign_in_to_console(Role.COORDINATOR)
        browser.get(f"{CONSOLE}/language/{language}?to={CONSOLE}/today")
        calls = section(browser.get(f"{CONSOLE}/today").text, "calls")

        assert f"{said} {planned_on}" in calls
