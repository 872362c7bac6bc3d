"""A second infusion visit: for anyone, and only once the study has settled how (S-06)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.errors import AnchorNotPossible, SecondInfusionNotSettled
from questionnaires.definition import SecondInfusion, SecondInfusionMode
from questionnaires.lint import check
from questionnaires.schedule import AnchorEvent
from tests.factories import shipped_package
from tests.services.given import SMALL, begin_after_infusion, local

D1 = date(2026, 3, 1)
DAY = timedelta(days=1)
pytestmark = pytest.mark.req("S-06")


def test_without_a_word_about_it_none_is_recorded(session: Session) -> None:
    given = begin_after_infusion(
        session, at=local(D1, 10), package=replace(SMALL, second_infusion=None)
    )

    with pytest.raises(SecondInfusionNotSettled):
        given.record(
            session, AnchorEvent.INF2, local(D1 + 28 * DAY, 10), now=local(D1 + 28 * DAY, 11)
        )


@pytest.mark.parametrize("mode", list(SecondInfusionMode))
def test_with_one_it_is_recorded_for_anyone(session: Session, mode: SecondInfusionMode) -> None:
    settled = replace(shipped_package(), second_infusion=SecondInfusion(mode, "SP-2025-17"))
    given = begin_after_infusion(session, at=local(D1, 10), package=settled)

    recorded = given.record(
        session, AnchorEvent.INF2, local(D1 + 28 * DAY, 10), now=local(D1 + 28 * DAY, 11)
    )

    assert recorded.anchor.event is AnchorEvent.INF2


def test_the_first_one_comes_first(session: Session) -> None:
    given = begin_after_infusion(session, at=local(D1, 10))
    given.record(session, AnchorEvent.INF2, local(D1 + 28 * DAY, 10), now=local(D1 + 28 * DAY, 11))

    with pytest.raises(AnchorNotPossible, match="cannot lie before"):
        given.record(
            session, AnchorEvent.INF2, local(D1 - DAY, 10), now=local(D1 + 29 * DAY, 11),
            reason="typing error",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("settled", "codes"),
    [
        (None, set()),
        (SecondInfusion(SecondInfusionMode.UNIFORM_56_DAYS), set()),
        (SecondInfusion(SecondInfusionMode.DUMMY_FOR_ALL), {"no_document"}),
        (SecondInfusion(SecondInfusionMode.OPEN_BY_DESIGN), {"no_document"}),
        (SecondInfusion(SecondInfusionMode.OPEN_BY_DESIGN, "SP-2025-17"), set()),
    ],
)
def test_every_mode_but_the_uniform_one_needs_the_sponsors_document(
    settled: SecondInfusion | None, codes: set[str]
) -> None:
    found = check(replace(shipped_package(), second_infusion=settled))

    assert {finding.code for finding in found} == codes


def test_the_uniform_diary_needs_its_56_days() -> None:
    shipped = shipped_package()
    blocks = tuple(one for one in shipped.schedule.blocks if one.code != "S5um")
    schedule = replace(shipped.schedule, blocks=blocks)

    found = check(replace(shipped, schedule=schedule))

    told = {finding.code: finding.reason for finding in found}
    assert "D29 has no diary for whoever keeps it in the morning" in told["not_uniform"]
