"""Numbers that participants are told and staff are rung on are test-called, and it is logged."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import InvalidInput, NotFound
from epro.models import Duty, JournalEntry, ListedNumber, NumberCheck
from epro.services import number_checks, roster, site_today, sites
from epro.services.number_checks import NewCheck, Standing, standing_of
from epro.services.roster import NewRoster, NewShift
from tests.factories import SYSTEM, add_site, add_user, make_keyring, user_actor
from tests.services.given import local
from tests.services.line import INFUSED_ON, Line, begin_line

pytestmark = pytest.mark.req("A-07")

NOW = local(INFUSED_ON, 12)
MONTH = timedelta(days=31)
OWN = ["site_phone", "study_phone"]


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def call(session: Session, line: Line, which: str = "site_phone", **but: Any) -> NumberCheck:
    said: dict[str, Any] = {"is_answered": True, "called_at": NOW} | but
    new = NewCheck(which=ListedNumber(which), **said)
    return number_checks.log(session, line.coordinator, "SZ01", new, now=NOW)


def standings(session: Session, line: Line, now: datetime = NOW) -> Mapping[str, Standing]:
    found = number_checks.list_of(session, line.investigator, "SZ01", now=now)
    return {one.key: one.standing for one in found}


def named_today(session: Session, line: Line, now: datetime = NOW) -> list[str]:
    catalogue = line.given.catalogue
    today = site_today.of_site(session, line.coordinator, catalogue=catalogue, now=now)
    return [one.key for one in today.numbers]


def put_on_duty(session: Session, line: Line, days: int, *usernames: str) -> None:
    """Have two people on the roster from today on, for so many days."""
    to_on = INFUSED_ON + timedelta(days=days - 1)
    begins_at, ends_at = local(INFUSED_ON, 0), local(to_on + timedelta(days=1), 0)
    shifts = tuple(
        NewShift(duty=duty, person=person, begins_at=begins_at, ends_at=ends_at)
        for duty, person in zip(Duty, usernames, strict=True)
    )
    new = NewRoster(site="SZ01", from_on=INFUSED_ON, to_on=to_on, shifts=shifts)
    roster.enter(session, line.coordinator, new, now=NOW)


@pytest.mark.parametrize(
    ("called", "is_answered", "waited", "standing"),
    [
        (None, True, timedelta(0), Standing.NEVER_CALLED),
        ("1", True, MONTH - timedelta(microseconds=1), Standing.IN_TIME),
        ("1", True, MONTH, Standing.OVERDUE),
        ("1", False, timedelta(0), Standing.UNANSWERED),
        ("2", True, timedelta(0), Standing.CHANGED),
        ("2", False, MONTH, Standing.CHANGED),
    ],
)
def test_a_number_is_due_a_month_after_an_answered_call_and_else_at_once(
    called: str | None, is_answered: bool, waited: timedelta, standing: Standing
) -> None:
    last = NumberCheck(number=called, is_answered=is_answered, called_at=NOW) if called else None

    assert standing_of(last, "1", days=31, now=NOW + waited) is standing


def test_today_names_a_number_until_somebody_answers_it_and_again_after_a_month(
    session: Session, line: Line
) -> None:
    at_first = named_today(session, line)

    call(session, line, "study_phone")
    call(session, line, called_at=NOW - timedelta(hours=2), is_answered=False)
    unanswered = named_today(session, line)
    call(session, line, called_at=NOW - timedelta(hours=1))

    assert (at_first, unanswered) == (OWN, ["site_phone"])
    assert named_today(session, line) == []
    assert named_today(session, line, NOW + MONTH - timedelta(hours=1)) == ["site_phone"]


def test_a_number_that_was_changed_is_called_again_at_once(session: Session, line: Line) -> None:
    called = call(session, line)
    assert standings(session, line)["site_phone"] is Standing.IN_TIME

    line.given.site.phone = "0755-9999999"

    assert standings(session, line)["site_phone"] is Standing.CHANGED
    assert called.number == "0755-0000000"


def test_a_site_may_have_them_called_more_often_and_never_less(
    session: Session, line: Line
) -> None:
    call(session, line)

    sites.set_alerting(session, SYSTEM, line.given.site, number_check_days=7, now=NOW)

    assert standings(session, line, NOW + timedelta(days=7))["site_phone"] is Standing.OVERDUE
    with pytest.raises(InvalidInput):
        sites.set_alerting(session, SYSTEM, line.given.site, number_check_days=32, now=NOW)


def test_of_people_on_duty_who_have_a_number_only_whose_it_is_is_kept(
    session: Session, line: Line
) -> None:
    keyring = make_keyring()
    for username in ("an.lan", "bo.hai"):
        person = add_user(session, username, roles=[Role.INVESTIGATOR]).user
        person.phone_sealed = keyring.seal("+8613800138000")
    add_user(session, "cui.yu", roles=[Role.INVESTIGATOR])
    put_on_duty(session, line, 3, "an.lan", "cui.yu")
    by_the_first = set(standings(session, line)) - set(OWN)

    put_on_duty(session, line, 5, "cui.yu", "bo.hai")
    kept = call(session, line, "person", person="bo.hai")

    assert by_the_first == {"person:an.lan"}
    assert set(standings(session, line)) - set(OWN) == {"person:bo.hai"}
    assert standings(session, line)["person:bo.hai"] is Standing.IN_TIME
    assert kept.number is None
    later = NOW + timedelta(days=9)
    assert list(standings(session, line, later)) == OWN


@pytest.mark.parametrize(
    ("but", "place"),
    [
        ({"called_at": NOW + timedelta(minutes=1)}, "called_at"),
        ({"note": "改拨 13800138000"}, "note"),
        ({"which": "person", "person": "li.min"}, "which"),
        ({"person": "li.min"}, "which"),
        ({"which": "person"}, "which"),
    ],
)
def test_what_is_not_right_is_refused_and_named(
    session: Session, line: Line, but: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        call(session, line, **but)

    assert [one["place"] for one in refused.value.details["problems"]] == [place]


@pytest.mark.req("C-01")
def test_nobody_of_another_site_reads_or_logs_them_and_an_investigator_logs_none(
    session: Session, line: Line
) -> None:
    add_site(session, "GZ02")
    stranger = user_actor(add_user(session, "wu.lan", site="GZ02").user)
    new = NewCheck(which=ListedNumber.SITE_PHONE, is_answered=True)

    with pytest.raises(NotFound):
        number_checks.list_of(session, stranger, "SZ01", now=NOW)
    assert {one.site.code for one in number_checks.due(session, stranger, now=NOW)} == {"GZ02"}
    for actor in (stranger, line.investigator):
        with pytest.raises(NotFound):
            number_checks.log(session, actor, "SZ01", new, now=NOW)


@pytest.mark.req("T-02")
def test_a_call_is_on_record_and_is_never_rewritten(session: Session, line: Line) -> None:
    call(session, line, is_answered=False, note="占线")

    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.verb == "number_check.logged")
    ).one()
    assert '"called":"0755-0000000"' in entry.body
    for statement in ("UPDATE number_check SET is_answered = true", "DELETE FROM number_check"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))
