"""An amendment takes effect at a site on its day: later forms follow it, earlier ones stay."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.models import StudyVersion
from epro.services import amendments, diary, responses, studies
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from tests.clock import START
from tests.factories import SYSTEM, add_site
from tests.services.given import (
    DIARY,
    REPORT,
    SMALL,
    Given,
    answered,
    begin_after_infusion,
    local,
)

NEW_DIARY = replace(DIARY, version="2.0.0", title=Translated("新日记", "New diary"))
NEW_REPORT = replace(REPORT, version="2.0.0", title=Translated("新报告", "New report"))
AMENDED = replace(
    SMALL,
    version="2.0.0",
    questionnaires=tuple(
        {DIARY.code: NEW_DIARY, REPORT.code: NEW_REPORT}.get(one.code, one)
        for one in SMALL.questionnaires
    ),
)
FROM_ON = date(2026, 3, 6)
EVENING_BEFORE = local(date(2026, 3, 5), 20)
THAT_MORNING = local(FROM_ON, 0, 1)


def amend(session: Session, given: Given) -> tuple[StudyVersion, Catalogue]:
    version = studies.publish(session, SYSTEM, AMENDED, now=START)
    studies.activate(session, SYSTEM, given.site, version, from_on=FROM_ON, now=START)
    return version, Catalogue({given.version.id: SMALL, version.id: AMENDED})


def editions(session: Session, given: Given) -> dict[date, str]:
    return {one.planned_on: one.questionnaire_version for one in given.assessments(session)}


def always_open(session: Session, given: Given, catalogue: Catalogue, now: datetime) -> set[str]:
    shown = diary.own_diary(session, given.actor, catalogue=catalogue, now=now)
    return {one.version for one in shown.always_open}


@pytest.mark.req("S-10")
def test_before_its_day_an_amendment_changes_nothing(session: Session) -> None:
    given = begin_after_infusion(session)
    _, catalogue = amend(session, given)

    assert amendments.follow(session, catalogue=catalogue, now=EVENING_BEFORE) == 0

    assert set(editions(session, given).values()) == {"1.0.0"}
    assert always_open(session, given, catalogue, EVENING_BEFORE) == {"1.0.0"}


@pytest.mark.req("S-10", "Q-01")
def test_from_its_day_on_what_has_not_opened_follows_and_the_rest_stays(session: Session) -> None:
    given = begin_after_infusion(session)
    version, catalogue = amend(session, given)

    assert amendments.follow(session, catalogue=catalogue, now=THAT_MORNING) == 1
    assert amendments.follow(session, catalogue=catalogue, now=THAT_MORNING) == 0

    by_day = editions(session, given)
    assert {on for on, edition in by_day.items() if edition == "1.0.0"} == {
        on for on in by_day if on < FROM_ON
    }
    assert {on for on, edition in by_day.items() if edition == "2.0.0"} >= {
        FROM_ON, FROM_ON + timedelta(days=5)
    }  # fmt: skip
    moved = given.diary_on(session, FROM_ON)
    assert moved.study_version_id == version.id
    assert always_open(session, given, catalogue, THAT_MORNING) == {"2.0.0"}


@pytest.mark.req("Q-01", "S-10")
def test_an_answer_from_before_is_read_by_the_edition_it_was_given_in(session: Session) -> None:
    given = begin_after_infusion(session)
    first = given.diary_on(session, FROM_ON - timedelta(days=1))
    given.submit(session, answered(first), now=EVENING_BEFORE)
    _, catalogue = amend(session, given)
    amendments.follow(session, catalogue=catalogue, now=THAT_MORNING)

    (stored,) = responses.list_of(session, given.coordinator, given.participant)

    seen = catalogue.questionnaire(stored.questionnaire_code, stored.questionnaire_version)
    assert seen == DIARY
    assert first.questionnaire_version == "1.0.0"


@pytest.mark.req("S-10")
def test_where_the_day_has_not_begun_for_her_she_follows_later(session: Session) -> None:
    given = begin_after_infusion(session, zone="Europe/London")
    _, catalogue = amend(session, given)

    assert amendments.follow(session, catalogue=catalogue, now=THAT_MORNING) == 0
    midnight_in_london = datetime(2026, 3, 6, 0, 1, tzinfo=UTC)
    assert amendments.follow(session, catalogue=catalogue, now=midnight_in_london) == 1


@pytest.mark.req("S-10")
def test_a_site_that_opens_later_with_an_amendment_planned_keeps_no_other_from_following(
    session: Session,
) -> None:
    given = begin_after_infusion(session)
    version, catalogue = amend(session, given)
    site = add_site(session, "SZ02")
    for one, from_on in ((given.version, date(2026, 4, 1)), (version, date(2026, 4, 15))):
        studies.activate(session, SYSTEM, site, one, from_on=from_on, now=START)

    assert amendments.follow(session, catalogue=catalogue, now=THAT_MORNING) == 1
