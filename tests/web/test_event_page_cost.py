"""The pages of adverse events read all participants at once, and nobody's record as another's."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from epro.access import Role
from epro.models import Participant
from epro.services import candidate_record, candidates
from tests.api.world import World
from tests.databases import DatabaseKind, DatabaseShelf
from tests.many import FIRST_NUMBER, add_events, add_many, keep_candidates
from tests.web.pages import CONSOLE

FEW, MANY, DAYS = 20, 60, 3
PAGES = ("/events", "/events?emergent=1", "/events/table")


@pytest.fixture
def event_world(database_shelf: DatabaseShelf) -> Iterator[World]:
    with World(database_shelf.new(DatabaseKind.SQLITE)) as world:
        add_with_events(world, FEW, first=FIRST_NUMBER)
        yield world


def add_with_events(world: World, people: int, *, first: int) -> None:
    """Add participants with a diary, and to each of them an event."""
    add_many(world, people, days=DAYS, first=first)
    add_events(world)


def statements_of(world: World, browser: FlaskClient, path: str) -> int:
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        made.append(statement)

    event.listen(world.database.engine, "after_cursor_execute", note)
    try:
        answer = browser.get(f"{CONSOLE}{path}")
    finally:
        event.remove(world.database.engine, "after_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return len(made)


@pytest.mark.req("C-01", "E-04")
def test_three_times_the_participants_take_no_more_statements(
    event_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = event_world.sign_in_to_console(Role.INVESTIGATOR)
    counts = {path: statements_of(event_world, browser, path) for path in PAGES}

    add_with_events(event_world, MANY - FEW, first=FIRST_NUMBER + FEW)
    grown = {path: statements_of(event_world, browser, path) for path in PAGES}
    keep_candidates(event_world)
    monkeypatch.setattr(candidates, "follow_from", None)  # nobody needs to be reckoned by now
    kept = {path: statements_of(event_world, browser, path) for path in PAGES}

    assert grown == counts
    assert max(counts.values()) <= 50
    assert max(kept.values()) <= 35


@pytest.mark.req("E-04")
def test_candidates_read_for_many_are_those_read_for_each(
    event_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate_record, "BATCH", 7)
    studies, now = event_world.app.extensions["epro"].studies, event_world.clock.now()
    with event_world.database.reading() as session:
        asked = {"catalogue": studies.catalogue(session), "now": now}
        everybody = session.scalars(select(Participant).order_by(Participant.code)).all()

        together = list(candidates.candidates_of_each(session, everybody, **asked))

        alone = [candidates.candidates_of(session, one, **asked) for one in everybody]
        assert together == alone
        assert sum(map(len, together)) >= FEW
        assert all(
            {one.participant.id for one in hers} <= {who.id}
            for who, hers in zip(everybody, together, strict=True)
        )
