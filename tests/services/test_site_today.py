"""What a site has before it: nothing that is open is missing, and nothing else stands there."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, WorkItem, WorkKind
from epro.services import enrolment, identity, own_phone, paging, site_today, work_list
from epro.services.site_today import Pages, Today
from questionnaires.schedule import AnchorEvent, AnsweredBy
from tests.clock import START
from tests.factories import SYSTEM, make_keyring, shipped_package
from tests.services.given import ENROLLED_AT, Given, begin, local
from tests.services.line import INFUSED_AT, INFUSED_ON

KEYRING = make_keyring()


def today(session: Session, given: Given, now: datetime) -> Today:
    return site_today.of_site(session, given.coordinator, catalogue=given.catalogue, now=now)


@pytest.fixture
def given(session: Session) -> Given:
    given = begin(session, package=shipped_package())
    identity.seal(
        session, SYSTEM, given.participant, phone="+8613800138014", year_of_birth=1988,
        keyring=KEYRING, now=START,
    )  # fmt: skip
    return given


@pytest.mark.req("C-01")
def test_what_can_still_be_filled_in_stands_there_to_its_last_minute(
    session: Session, given: Given
) -> None:
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    rows = session.scalars(select(Assessment).order_by(Assessment.opens_at.desc())).all()
    forms = {
        one.block: one for one in rows
        if one.answered_by is AnsweredBy.PARTICIPANT and not one.not_offered
    }  # fmt: skip

    longest = max(one.late_until - one.opens_at for one in forms.values())
    assert longest > timedelta(days=14)
    for form in forms.values():
        last = form.late_until - timedelta(minutes=1)
        for now, is_open in ((form.opens_at, True), (last, True), (form.late_until, False)):
            shown = {one.assessment.id for one in today(session, given, now).open_diaries.lines}
            assert (form.id in shown) is is_open, (form.block, now)


@pytest.mark.req("C-01")
def test_the_questionnaire_before_the_visit_stands_there_all_week(
    session: Session, given: Given
) -> None:
    given.record(session, AnchorEvent.INF1_PLANNED, INFUSED_AT, now=ENROLLED_AT)

    for days in (7, 3, 1):
        now = local(INFUSED_ON - timedelta(days=days), 20)
        assert "S2" in {
            one.assessment.block for one in today(session, given, now).open_diaries.lines
        }


@pytest.mark.req("C-01")
def test_a_code_of_the_sites_that_nobody_used_stands_there_and_her_own_for_another_phone_does_not(
    session: Session, given: Given
) -> None:
    enrolment.issue_code(session, SYSTEM, given.participant, keyring=KEYRING, now=START)
    later = START + timedelta(days=4)
    from_the_site = [one.expires_at for one in today(session, given, later).codes.lines]

    enrolment.issue_code(
        session, given.actor, given.participant, life=own_phone.TRANSFER_CODE_LIFE, keyring=KEYRING,
        now=later,
    )  # fmt: skip
    while_it_lasts = today(session, given, later + timedelta(minutes=1)).codes.lines
    afterwards = today(session, given, later + timedelta(days=1)).codes.lines

    assert from_the_site == [START + timedelta(hours=72)]
    assert (while_it_lasts, afterwards) == ([], [])


@pytest.mark.req("C-01")
def test_a_call_stands_there_however_much_other_work_is_older_and_nothing_is_cut_off(
    session: Session, given: Given
) -> None:
    older, count = START + timedelta(hours=1), paging.PAGE + 3
    for number in range(count):
        _add_work(session, given, WorkKind.RATING_DUE, f"rating:{number}", at=older)
    call = _add_work(session, given, WorkKind.CALL_NOW, "call:1", at=older + timedelta(hours=1))
    now = older + timedelta(days=1)

    first = today(session, given, now)
    second = site_today.of_site(
        session, given.coordinator, pages=Pages(ratings=2), catalogue=given.catalogue, now=now
    )

    assert [item for item, _ in first.calls.lines] == [call]
    assert (first.ratings.total, first.ratings.pages) == (count, 2)
    assert (len(first.ratings.lines), len(second.ratings.lines)) == (paging.PAGE, 3)
    seen = {item.about for item, _ in (*first.ratings.lines, *second.ratings.lines)}
    assert len(seen) == count
    assert [item for item, _ in second.calls.lines] == [call]
    beyond = site_today.of_site(
        session, given.coordinator, pages=Pages(calls=9), catalogue=given.catalogue, now=now
    )
    assert [item for item, _ in beyond.calls.lines] == [call], "no list looks empty that is not"


def _add_work(
    session: Session, given: Given, kind: WorkKind, about: str, *, at: datetime
) -> WorkItem | None:
    return work_list.add(
        session, SYSTEM, kind, about=about, site_id=given.participant.site_id,
        participant_id=given.participant.id, now=at,
    )  # fmt: skip
