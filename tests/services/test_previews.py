"""What a change of an anchor would do, shown before it is saved."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.errors import AnchorNotPossible
from epro.models import Anchor, Assessment, JournalEntry
from epro.services import previews
from questionnaires.schedule import AnchorEvent
from tests.services.given import Given, answered, begin_after_infusion, local

D1 = date(2026, 3, 1)
DAY = timedelta(days=1)
NOW = local(D1 + 5 * DAY, 12)

pytestmark = pytest.mark.req("S-04")


@pytest.fixture
def given(session: Session) -> Given:
    given = begin_after_infusion(session, at=local(D1, 10))
    for number in range(1, 5):
        diary = given.diary_on(session, D1 + number * DAY)
        given.submit(session, answered(diary), now=diary.opens_at)
    return given


def counts(session: Session) -> list[int | None]:
    tables = (Anchor, Assessment, JournalEntry)
    return [session.scalar(select(func.count()).select_from(one)) for one in tables]


@pytest.mark.parametrize("days", [-2, 2, 0])
def test_a_preview_is_what_saving_does_and_writes_nothing(
    session: Session, given: Given, days: int
) -> None:
    to = local(D1 + days * DAY, 9)
    before = counts(session)

    shown = previews.of_anchor(
        session, given.participant, AnchorEvent.INF1,
        occurred_at=to, catalogue=given.catalogue, now=NOW,
    )  # fmt: skip

    assert counts(session) == before
    changes = given.record(session, AnchorEvent.INF1, to, now=NOW, reason="wrong day").changes
    assert [len(shown.comes), len(shown.moves), len(shown.goes), len(shown.stays)] == [
        len(changes.create) + len(changes.revive), len(changes.move), len(changes.cancel),
        len(changes.keep),
    ]  # fmt: skip


def test_each_assessment_is_told_once_with_where_it_was_and_will_be(
    session: Session, given: Given
) -> None:
    shown = previews.of_anchor(
        session, given.participant, AnchorEvent.INF1,
        occurred_at=local(D1 + 2 * DAY, 10), catalogue=given.catalogue, now=NOW,
    )  # fmt: skip

    told = [
        (it.family, it.occurrence) for it in (*shown.comes, *shown.moves, *shown.goes, *shown.stays)
    ]
    assert len(told) == len(set(told))
    evenings = [it for it in shown.comes if it.family == "daily"]
    assert {it.after.on for it in evenings if it.after} == {D1 + 28 * DAY, D1 + 29 * DAY}
    assert all(it.before and it.after and it.before != it.after for it in shown.moves)
    assert all(it.before == it.after for it in shown.stays)
    answered_days = {(D1 + number * DAY).isoformat() for number in range(1, 5)}
    assert answered_days <= {it.occurrence for it in shown.stays}


def test_what_saving_refuses_the_preview_refuses(session: Session, given: Given) -> None:
    with pytest.raises(AnchorNotPossible):
        previews.of_anchor(
            session, given.participant, AnchorEvent.INF1,
            occurred_at=NOW + DAY, catalogue=given.catalogue, now=NOW,
        )  # fmt: skip
