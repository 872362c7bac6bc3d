"""What is due, as the participant and her site see it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.errors import NoActiveStudyVersion
from epro.models import AssessmentState
from epro.services import diary, studies
from questionnaires.catalogue import Catalogue
from questionnaires.definition import BlockTitle, Translated
from questionnaires.schedule import AnchorEvent
from tests.clock import START
from tests.factories import SYSTEM, add_site
from tests.services.given import (
    DIARY,
    SMALL,
    Given,
    answered,
    begin,
    begin_after_infusion,
    local,
)

DAY = timedelta(days=1)
ON = date(2026, 3, 3)


def own(session: Session, given: Given, *, now: object = START) -> diary.Diary:
    session.expire_all()
    return diary.own_diary(session, given.actor, catalogue=given.catalogue, now=now)  # type: ignore[arg-type]


def due_on(session: Session, given: Given, on: date, *, now: object) -> diary.Due:
    items = own(session, given, now=now).items
    return next(one for one in items if one.on == on and one.questionnaire.code == "diary")


@pytest.mark.req("S-01", "S-09")
def test_the_diary_lists_what_stands_in_order_of_opening(session: Session) -> None:
    given = begin_after_infusion(session)

    listed = own(session, given)

    opens_at = [one.opens_at for one in listed.items]
    assert opens_at == sorted(opens_at)
    assert len(listed.items) == 28 + 2
    assert listed.items[0].day == "D1"
    assert listed.items[-1].day == "D28"
    assert (listed.now, listed.zone) == (START, "Asia/Shanghai")


@pytest.mark.req("S-07")
@pytest.mark.parametrize(
    ("now", "state"),
    [
        (local(ON, 16, 59), AssessmentState.SCHEDULED),
        (local(ON, 17), AssessmentState.OPEN),
        (local(ON + DAY, 0), AssessmentState.LATE),
        (local(ON + DAY, 12), AssessmentState.MISSED),
    ],
)
def test_how_a_diary_stands_follows_from_its_window(
    session: Session, now: object, state: AssessmentState
) -> None:
    given = begin_after_infusion(session)

    assert due_on(session, given, ON, now=now).state is state


def test_what_is_answered_is_completed_whatever_the_hour(session: Session) -> None:
    given = begin_after_infusion(session)
    given.submit(session, answered(given.diary_on(session, ON)), now=local(ON, 18))

    for now in (local(ON, 19), local(ON + 10 * DAY, 9)):
        assert due_on(session, given, ON, now=now).state is AssessmentState.COMPLETED


@pytest.mark.req("S-04")
def test_what_is_cancelled_is_not_shown_and_days_follow_the_anchor(session: Session) -> None:
    given = begin_after_infusion(session)
    last = given.assessments(session)[-1]

    given.record(session, AnchorEvent.INF1, START - DAY, now=START, reason="file")

    listed = own(session, given)
    assert last.id not in [one.id for one in listed.items]
    assert due_on(session, given, ON, now=START).day == "D4"


@pytest.mark.req("S-08")
def test_reports_are_open_before_anything_is_planned(session: Session) -> None:
    given = begin(session)

    listed = own(session, given)

    assert listed.items == ()
    (report,) = listed.always_open
    assert (report.code, report.version) == ("problem_report", "1.0.0")
    assert report.title.zh


def test_a_title_is_that_of_the_block_in_both_languages(session: Session) -> None:
    titled = replace(
        SMALL, block_titles=(BlockTitle("S5", Translated("晚间日记", "Evening diary")),)
    )
    given = begin_after_infusion(session, package=titled)

    assert due_on(session, given, ON, now=START).title == Translated("晚间日记", "Evening diary")


@pytest.mark.req("V-03")
def test_an_amendment_leaves_what_was_planned_its_own_edition(session: Session) -> None:
    given = begin_after_infusion(session)
    second = replace(SMALL, version="2.0.0", questionnaires=(
        replace(DIARY, version="2.0.0"), *SMALL.questionnaires[1:],
    ))  # fmt: skip
    version = studies.publish(session, SYSTEM, second, now=START)
    studies.activate(session, SYSTEM, given.site, version, from_on=date(2026, 3, 2), now=START)
    catalogue = Catalogue({given.version.id: SMALL, version.id: second})

    listed = diary.own_diary(session, given.actor, catalogue=catalogue, now=START + DAY)

    editions = {one.questionnaire.version for one in listed.items}
    assert editions == {"1.0.0"}


# --- the profile ----------------------------------------------------------------------------------


def profile(session: Session, given: Given, *, now: object = START) -> diary.Profile:
    session.expire_all()
    return diary.profile(session, given.actor, catalogue=given.catalogue, now=now)  # type: ignore[arg-type]


@pytest.mark.req("A-05", "P-01")
def test_a_profile_names_the_code_the_day_and_whom_to_call(session: Session) -> None:
    given = begin_after_infusion(session)

    shown = profile(session, given, now=local(ON, 9))

    assert (shown.code, shown.language, shown.zone) == ("SZ01-014", "zh", "Asia/Shanghai")
    assert shown.study_day == "D3"
    assert shown.study_title == SMALL.title
    assert shown.numbers.site_phone == given.site.phone
    assert shown.numbers.study_phone == given.site.phone_24h
    assert shown.numbers.emergency_number == "120"


@pytest.mark.req("A-03", "A-05")
def test_the_latest_infusion_is_the_last_that_has_begun(session: Session) -> None:
    given = begin(session)
    given.record(session, AnchorEvent.INF1_PLANNED, START + DAY, now=START)
    assert profile(session, given).latest_infusion_at is None
    assert profile(session, given).study_day == "D-1"

    given.record(session, AnchorEvent.INF1, START, now=START)
    given.record(session, AnchorEvent.INF2, START + 28 * DAY, now=START + 28 * DAY)

    assert profile(session, given, now=START + 27 * DAY).latest_infusion_at == START
    assert profile(session, given, now=START + 28 * DAY).latest_infusion_at == START + 28 * DAY


@pytest.mark.req("S-03")
def test_the_study_day_is_that_of_the_participants_zone(session: Session) -> None:
    given = begin_after_infusion(session)
    late_evening_in_london = local(ON, 7)
    assert profile(session, given, now=late_evening_in_london).study_day == "D3"

    given.participant.zone = "Europe/London"
    session.flush()

    assert profile(session, given, now=late_evening_in_london).study_day == "D2"


@pytest.mark.req("S-10")
def test_without_a_version_in_force_there_is_no_diary(session: Session) -> None:
    given = begin(session)
    given.participant.site_id = add_site(session, "GZ02").id
    session.flush()

    with pytest.raises(NoActiveStudyVersion):
        own(session, given)
