"""When a reported problem is asked about next."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.following_up import OpenReport, next_asking
from tests.factories import shipped_package
from tests.services.given import local

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = shipped_package().adverse_events
ON = date(2026, 3, 5)
REPORT = OpenReport(report_id="r", last_on=ON, is_being_asked=False, is_red=False)

pytestmark = pytest.mark.req("A-12")


@pytest.mark.parametrize(("is_red", "days"), [(False, 7), (True, 3)])
def test_it_is_asked_about_again_after_seven_days_and_three_while_red(
    is_red: bool,
    days: int,
) -> None:
    asking = next_asking(replace(REPORT, is_red=is_red), POLICY, zone=SHANGHAI, today=ON)

    assert asking is not None
    on = ON + timedelta(days=days)
    assert (asking.on, asking.family, asking.questionnaire) == (on, "follow_up:r", "ae_follow_up")
    assert (asking.opens_at, asking.due_at) == (local(on, 8), local(on, 21))
    assert asking.closes_at == asking.late_until == local(on + timedelta(days=3), 0)


def test_what_is_being_asked_is_not_asked_twice() -> None:
    asked = replace(REPORT, is_being_asked=True)

    assert next_asking(asked, POLICY, zone=SHANGHAI, today=ON) is None


def test_a_study_without_the_form_asks_nothing() -> None:
    policy = replace(POLICY, follow_up="")

    assert next_asking(REPORT, policy, zone=SHANGHAI, today=ON) is None


@given(st.integers(0, 60), st.booleans())
def test_it_is_never_asked_in_the_past(later: int, is_red: bool) -> None:
    today = ON + timedelta(days=later)

    asking = next_asking(replace(REPORT, is_red=is_red), POLICY, zone=SHANGHAI, today=today)

    assert asking is not None
    assert today <= asking.on <= max(today, ON + timedelta(days=7))
