"""Scores over time: change from baseline, and who responded, beside what else was given."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from epro.services import course
from epro.services.course import Course
from questionnaires.catalogue import Catalogue
from questionnaires.scoring import sledai2k_weights
from tests.clock import START
from tests.questionnaires.forms import shipped_form
from tests.services.given import SMALL, Given, answered, begin_after_infusion

RATING = shipped_form("sledai_2k")
BASELINE = START - timedelta(days=3)


@pytest.fixture
def given(session: Session) -> Given:
    """The small study with the shipped rating, which here can be filled in at any hour."""
    given = begin_after_infusion(session)
    schedule = replace(SMALL.schedule, always_open=(*SMALL.schedule.always_open, RATING.code))
    package = replace(SMALL, questionnaires=(*SMALL.questionnaires, RATING), schedule=schedule)
    return replace(given, catalogue=Catalogue({given.version.id: package}))


def rate(session: Session, given: Given, at: datetime, *present: str, **others: Any) -> UUID:
    """Submit a rating with these descriptors present; `others` answers items otherwise."""
    values: Mapping[str, Any] = (
        {"assessed_on": at.date().isoformat(), "rescue_therapy": False, "steroid_per_day": 10.0}
        | {name: "present" if name in present else "absent" for name in sledai2k_weights()}
        | others
    )
    answers = [{"link_id": name, "value": value} for name, value in values.items()]
    response_id = uuid4()
    given.submit(
        session,
        answered(None, *answers, code=RATING.code, questionnaire_version=RATING.version),
        now=at,
        response_id=response_id,
    )
    return response_id


def week(number: float, *, days: int = 0) -> datetime:
    first = START.astimezone(UTC).date()
    return datetime.combine(first + timedelta(weeks=number, days=days), time(4), tzinfo=UTC)


def course_of(session: Session, given: Given) -> Course:
    (found,) = course.of_participant(session, given.participant, catalogue=given.catalogue)
    return found


@pytest.mark.req("Q-08")
def test_change_is_counted_from_the_last_value_before_the_first_infusion(
    session: Session, given: Given
) -> None:
    rate(session, given, BASELINE - timedelta(days=2), "seizure", "arthritis", "rash")
    baseline = rate(session, given, BASELINE, "seizure", "arthritis")
    rate(session, given, week(4), "seizure")
    rate(session, given, week(12), "arthritis", fever="not-assessed")

    found = course_of(session, given)

    assert (found.baseline, found.baseline_response_id) == (12, baseline)
    assert [point.value for point in found.points] == [14, 12, 8, None]
    assert [point.change for point in found.points] == [None, None, -4, None]
    assert (found.points[-1].reason, list(found.points[-1].missing)) == ("not_assessed", ["fever"])


@pytest.mark.req("Q-08")
@pytest.mark.parametrize(
    ("present", "is_responder"), [(("seizure",), True), (("seizure", "fever"), False)]
)
def test_a_responder_is_judged_raw_at_week_24_beside_rescue_therapy(
    session: Session, given: Given, present: tuple[str, ...], is_responder: bool
) -> None:
    rate(session, given, BASELINE, "seizure", "arthritis")
    rate(session, given, week(12))
    judged = rate(session, given, week(24, days=6), *present, rescue_therapy=True)

    responder = course_of(session, given).responder

    assert responder is not None
    assert (responder.week, responder.response_id) == (24, judged)
    assert responder.is_responder is is_responder
    assert responder.beside == {"rescue_therapy": True, "steroid_per_day": 10.0}


@pytest.mark.req("Q-08")
def test_without_a_visit_near_week_24_nobody_is_judged(session: Session, given: Given) -> None:
    rate(session, given, BASELINE, "seizure")
    rate(session, given, week(24, days=8))

    responder = course_of(session, given).responder

    assert responder is not None
    assert (responder.response_id, responder.is_responder) == (None, None)


@pytest.mark.req("Q-08")
def test_a_total_that_is_missing_is_never_a_response(session: Session, given: Given) -> None:
    rate(session, given, BASELINE, "seizure")
    rate(session, given, week(24), seizure="not-assessed")

    responder = course_of(session, given).responder

    assert responder is not None
    assert responder.response_id is not None
    assert responder.is_responder is None


@pytest.mark.req("Q-08")
def test_of_several_visits_the_one_nearest_to_the_week_is_judged(
    session: Session, given: Given
) -> None:
    rate(session, given, BASELINE, "seizure")
    rate(session, given, week(24, days=-3), "seizure")
    nearest = rate(session, given, week(24, days=1))
    rate(session, given, week(24, days=5), "seizure")

    responder = course_of(session, given).responder

    assert responder is not None
    assert (responder.response_id, responder.is_responder) == (nearest, True)


def test_the_first_infusion_of_the_small_study_is_where_these_tests_think_it_is(
    given: Given,
) -> None:
    assert START.date() == date(2026, 3, 1)
