"""The work list over HTTP: one's own sites, by subject number, until a person says it is done."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from epro.models import JournalEntry, Site, WorkItem, WorkKind
from epro.services import work_list
from tests.api.conftest import Trial
from tests.clock import START
from tests.factories import SYSTEM, add_participant

pytestmark = pytest.mark.req("N-05")


@pytest.fixture
def item_id(trial: Trial) -> UUID:
    with trial.database.transaction() as session:
        site = session.scalars(select(Site).where(Site.code == "SZ01")).one()
        her = add_participant(session, site)
        item = work_list.add(
            session, SYSTEM, WorkKind.NOT_REACHED, about="participant:1:2026-03-01",
            site_id=site.id, participant_id=her.id, now=START,
        )  # fmt: skip
        assert item
        return item.id


def test_the_list_names_the_participant_by_her_number_and_the_reason(
    trial: Trial, item_id: UUID
) -> None:
    answer = trial.signed_in("sz.coordinator").get("/work-items")

    assert answer.get_json() == {
        "items": [
            {"id": str(item_id), "kind": "not_reached", "participant": "SZ01-014",
             "created_at": START.isoformat(), "done_at": None}
        ],
        "has_more": False,
    }  # fmt: skip


def test_a_list_that_was_cut_short_says_so(trial: Trial, item_id: UUID) -> None:
    with trial.database.transaction() as session:
        site = session.scalars(select(Site).where(Site.code == "SZ01")).one()
        work_list.add(
            session, SYSTEM, WorkKind.NOT_REACHED, about="participant:1:2026-03-02",
            site_id=site.id, participant_id=None, now=START,
        )  # fmt: skip
    coordinator = trial.signed_in("sz.coordinator")

    cut, whole = (coordinator.get(f"/work-items?limit={limit}").get_json() for limit in (1, 2))

    assert (len(cut["items"]), cut["has_more"]) == (1, True)
    assert (len(whole["items"]), whole["has_more"]) == (2, False)


def test_what_is_done_leaves_the_list_and_is_on_record_with_the_person(
    trial: Trial, item_id: UUID
) -> None:
    coordinator = trial.signed_in("sz.coordinator")

    done = coordinator.post(f"/work-items/{item_id}/done")
    again = coordinator.post(f"/work-items/{item_id}/done")

    assert (done.status_code, again.status_code) == (200, 200)
    assert done.get_json() == again.get_json()
    assert done.get_json()["done_at"] == START.isoformat()
    assert coordinator.get("/work-items").get_json() == {"items": [], "has_more": False}
    with trial.database.reading() as session:
        entries = session.scalars(
            select(JournalEntry.body).where(JournalEntry.verb == "work_item.done")
        ).all()
    assert len(entries) == 1
    assert '"done_by":"sz.coordinator"' in entries[0]


@pytest.mark.req("C-01")
def test_a_line_of_another_site_looks_like_one_that_does_not_exist(
    trial: Trial, item_id: UUID
) -> None:
    elsewhere = trial.signed_in("gz.coordinator")

    listed = elsewhere.get("/work-items").get_json()
    theirs, invented = (elsewhere.post(f"/work-items/{one}/done") for one in (item_id, uuid4()))

    assert listed == {"items": [], "has_more": False}
    assert (theirs.status_code, theirs.get_json()) == (404, invented.get_json())
    with trial.database.reading() as session:
        assert session.get_one(WorkItem, item_id).done_at is None


def test_the_same_reason_stands_on_the_list_once(trial: Trial, item_id: UUID) -> None:
    with trial.database.transaction() as session:
        standing = session.get_one(WorkItem, item_id)
        again = work_list.add(
            session, SYSTEM, standing.kind, about=standing.about, site_id=standing.site_id,
            participant_id=standing.participant_id, now=START,
        )  # fmt: skip
        other = work_list.add(
            session, SYSTEM, WorkKind.CALL_NOW, about=standing.about, site_id=standing.site_id,
            participant_id=None, now=START,
        )  # fmt: skip

    assert again is None
    assert other is not None
    assert len(trial.signed_in("sz.coordinator").get("/work-items").get_json()["items"]) == 2
