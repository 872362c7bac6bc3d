"""Who is on call: without a gap, with deputies and holidays; who is told by it; and drills."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Role
from epro.errors import (
    AlreadyAcknowledged,
    InvalidInput,
    NotFound,
)
from epro.errors_of_flags import RosterGap
from epro.models import (
    Duty,
    Incident,
    IncidentKind,
    JournalEntry,
    SafetyFlag,
    Site,
    SiteMembership,
    User,
    WorkItem,
    WorkKind,
)
from epro.services import drills, escalation, flags, roster, sponsor_contacts, watchdog
from epro.services.roster import NewRoster, NewShift
from notifications.messages import OutboxMessage
from questionnaires.tiers import Tier
from tests.factories import (
    SYSTEM,
    add_principal_investigator,
    add_site,
    add_user,
    make_keyring,
    shipped_package,
    user_actor,
)
from tests.services.given import local
from tests.services.line import Line, begin_line, flags_of, messages_of

# A Friday; the long weekend of the spring equinox has Monday the 6th of April free as well.
FRIDAY, TUESDAY = date(2026, 4, 3), date(2026, 4, 7)
NIGHT = local(FRIDAY, 21, 30)
OFFICE = shipped_package().escalation.office_hours


@pytest.fixture
def line(session: Session) -> Line:
    line = begin_line(session)
    for username in ("an.lan", "bo.hai", "cui.yu"):
        add_user(session, username, roles=[Role.INVESTIGATOR])
    add_principal_investigator(session, line.given.site)
    return line


def shift(duty: Duty, person: str, begin: datetime, end: datetime, **but: Any) -> NewShift:
    return NewShift(duty=duty, person=person, begins_at=begin, ends_at=end, **but)


def weekend(*more: NewShift) -> NewRoster:
    """Return a roster from Friday to Tuesday: An is on call and Bo her backup."""
    begin, end = local(FRIDAY, 0), local(TUESDAY + timedelta(days=1), 0)
    shifts = (shift(Duty.ON_CALL, "an.lan", begin, end), shift(Duty.BACKUP, "bo.hai", begin, end))
    return NewRoster(site="SZ01", from_on=FRIDAY, to_on=TUESDAY, shifts=(*shifts, *more))


def enter(session: Session, line: Line, new: NewRoster, now: datetime = NIGHT) -> None:
    roster.enter(session, line.coordinator, new, now=now)


def raise_flag(session: Session, line: Line, at: datetime = NIGHT, **but: Any) -> SafetyFlag:
    line.answer(session, None, now=at, **(but or {"help_now": True}))
    return flags_of(session)[-1]


def climb(session: Session, line: Line, at: datetime) -> None:
    escalation.climb(session, catalogue=line.given.catalogue, now=at)


def names_told(session: Session, since: datetime, purpose: str = "safety") -> set[str]:
    """Return the user names told from an instant on, and the kind of whoever has none."""
    found = set()
    for message in messages_of(session, purpose):
        kind, _, id_ = message.recipient_ref.partition(":")
        if message.created_at >= since:
            user = session.get(User, type(message.id)(id_)) if kind == "user" else None
            found.add(user.username if user else kind)
    return found


@pytest.mark.req("C-05")
def test_a_gap_is_refused_and_named_line_by_line(session: Session, line: Line) -> None:
    begin, end = local(FRIDAY, 0), local(FRIDAY + timedelta(days=1), 0)
    new = NewRoster(
        site="SZ01", from_on=FRIDAY, to_on=FRIDAY,
        shifts=(
            shift(Duty.ON_CALL, "an.lan", begin, local(FRIDAY, 8)),
            shift(Duty.ON_CALL, "bo.hai", local(FRIDAY, 9), end),
        ),
    )  # fmt: skip

    with pytest.raises(RosterGap) as refused:
        enter(session, line, new)

    assert refused.value.details["gaps"] == [
        {"duty": "on_call", "from": "2026-04-03T08:00:00+08:00", "to": "2026-04-03T09:00:00+08:00"},
        {"duty": "backup", "from": "2026-04-03T00:00:00+08:00", "to": "2026-04-04T00:00:00+08:00"},
    ]


@pytest.mark.req("C-05")
def test_a_roster_joins_the_one_before_it_without_a_day_between(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend())
    begin = TUESDAY + timedelta(days=2)
    later = [local(begin, 0), local(begin + timedelta(days=1), 0)]
    new = NewRoster(
        site="SZ01", from_on=begin, to_on=begin,
        shifts=(shift(Duty.ON_CALL, "an.lan", *later), shift(Duty.BACKUP, "bo.hai", *later)),
    )  # fmt: skip

    with pytest.raises(RosterGap) as refused:
        enter(session, line, new)

    assert {gap["from"] for gap in refused.value.details["gaps"]} == {"2026-04-08T00:00:00+08:00"}


@pytest.mark.req("C-05")
@pytest.mark.parametrize(
    "more",
    [
        shift(Duty.ON_CALL, "cui.yu", local(FRIDAY, 1), local(FRIDAY, 2)),
        shift(Duty.ON_CALL, "bo.hai", local(FRIDAY, 1), local(FRIDAY, 2), is_deputy=True),
        shift(Duty.ON_CALL, "li.min", local(FRIDAY, 1), local(FRIDAY, 2), is_deputy=True),
        shift(Duty.BACKUP, "cui.yu", local(FRIDAY, 2), local(FRIDAY, 2), is_deputy=True),
        shift(Duty.BACKUP, "nobody", local(FRIDAY, 1), local(FRIDAY, 2), is_deputy=True),
    ],
    ids=["two on one line", "one's own backup", "a coordinator", "no time at all", "no account"],
)
def test_hours_that_cannot_be_are_refused(session: Session, line: Line, more: NewShift) -> None:
    with pytest.raises(InvalidInput):
        enter(session, line, weekend(more))


@pytest.mark.req("C-05", "A-06")
def test_at_each_hour_the_person_on_call_is_told_and_a_deputy_before_her(
    session: Session, line: Line
) -> None:
    away = [local(FRIDAY, 21), local(FRIDAY, 22)]
    enter(session, line, weekend(shift(Duty.ON_CALL, "cui.yu", *away, is_deputy=True)))

    raise_flag(session, line)

    assert names_told(session, NIGHT) == {"li.min", "cui.yu"}
    at = [away[0] - timedelta(microseconds=1), away[0], away[1]]
    on_duty = [roster.on_duty(session, line.given.site, Duty.ON_CALL, at=one) for one in at]
    assert [one.username if one else None for one in on_duty] == ["an.lan", "cui.yu", "an.lan"]


@pytest.mark.req("C-05")
def test_a_roster_entered_later_counts_from_its_first_day(session: Session, line: Line) -> None:
    enter(session, line, weekend())
    new = weekend()
    swapped = {"an.lan": "cui.yu"}
    shifts = tuple(replace(one, person=swapped.get(one.person, one.person)) for one in new.shifts)

    enter(session, line, replace(new, shifts=shifts))

    found = roster.on_duty(session, line.given.site, Duty.ON_CALL, at=NIGHT)
    assert found is not None
    assert found.username == "cui.yu"


@pytest.mark.req("A-07", "C-05")
def test_the_ladder_climbs_over_backup_root_and_sponsor_on_a_silent_long_weekend(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend())
    sponsor_contacts.set_contact(
        session, SYSTEM, line.given.site, name="Safety desk", email="safety@example.org",
        phone=None, keyring=make_keyring(), now=NIGHT,
    )  # fmt: skip
    raise_flag(session, line)
    told = []

    for minutes in (30, 60, 120):
        now = NIGHT + timedelta(minutes=minutes)
        climb(session, line, now - timedelta(seconds=1))
        assert names_told(session, now) == set()
        climb(session, line, now)
        told.append(names_told(session, now))

    assert told == [{"bo.hai", "pi.chen"}, {"pi.chen"}, {"sponsor"}]
    tasks = session.scalars(select(WorkItem.kind)).all()
    assert tasks.count(WorkKind.CALL_PRINCIPAL_INVESTIGATOR) == 1
    sponsor = [one for one in messages_of(session, "safety") if one.template.startswith("sponsor")]
    assert {tuple(one.params.items()) for one in sponsor} == {(("site", "SZ01"),)}
    assert session.scalars(select(Incident)).all() == []


@pytest.mark.req("A-07", "C-05")
def test_what_waits_for_a_working_day_waits_over_the_holidays(session: Session, line: Line) -> None:
    """YELLOW of Friday night is for Tuesday, and climbs on Wednesday: Monday is a holiday."""
    enter(session, line, weekend())
    flag = raise_flag(session, line)
    flag.tier, flag.tonight, flag.rung_count = Tier.YELLOW, False, 0
    flag.next_rung_at = NIGHT
    session.flush()

    climb(session, line, NIGHT)

    session.expire_all()
    assert flag.next_rung_at == local(TUESDAY + timedelta(days=1), 12)


@pytest.mark.req("C-05", "A-14")
def test_an_hour_without_anybody_on_the_roster_tells_all_physicians_and_is_an_incident(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend(), now=NIGHT)
    after = local(TUESDAY + timedelta(days=2), 21)

    raise_flag(session, line, at=after)

    assert {"an.lan", "bo.hai", "cui.yu", "wang.fang"} <= names_told(session, after)
    assert [one.kind for one in session.scalars(select(Incident))] == [IncidentKind.ROSTER_GAP]


@pytest.mark.req("C-05", "A-14", "P-06")
def test_whoever_is_no_physician_of_the_site_any_more_is_not_the_one_on_call(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend())
    add_site(session, "SZ02")
    was_there = session.scalars(select(User).where(User.username == "an.lan")).one()
    (held,) = was_there.memberships
    elsewhere = session.scalars(select(Site.id).where(Site.code == "SZ02")).one()
    held.site_id = elsewhere
    was_there.memberships.append(
        SiteMembership(user_id=was_there.id, site_id=line.given.site.id, role=Role.COORDINATOR)
    )
    session.flush()

    raise_flag(session, line)

    told = names_told(session, NIGHT)
    assert {"bo.hai", "cui.yu", "wang.fang"} <= told
    assert [one.about for one in session.scalars(select(Incident))] == ["roster:SZ01:on_call"]
    now_on = roster.on_duty(session, line.given.site, Duty.BACKUP, at=NIGHT)
    assert now_on is not None
    assert now_on.username == "bo.hai"


@pytest.mark.req("C-05")
def test_a_deputy_who_left_gives_way_to_the_person_on_call(session: Session, line: Line) -> None:
    away = [local(FRIDAY, 21), local(FRIDAY, 22)]
    enter(session, line, weekend(shift(Duty.ON_CALL, "cui.yu", *away, is_deputy=True)))
    deputy = session.scalars(select(User).where(User.username == "cui.yu")).one()
    (held,) = deputy.memberships
    held.role = Role.COORDINATOR
    session.flush()

    found = roster.on_duty(session, line.given.site, Duty.ON_CALL, at=NIGHT)

    assert found is not None
    assert found.username == "an.lan"


@pytest.mark.req("C-05", "A-14")
def test_a_gap_is_an_incident_until_somebody_is_on_duty_again(session: Session, line: Line) -> None:
    enter(session, line, weekend())
    night = local(TUESDAY + timedelta(days=1), 21)
    raise_flag(session, line, at=night)
    watch = partial(watchdog.watch, session, every={}, catalogue=line.given.catalogue)
    still = watch(now=night, wall_now=night)
    on = TUESDAY + timedelta(days=1)
    begin, end = local(on, 0), local(on + timedelta(days=7), 0)
    shifts = tuple(
        shift(duty, who, begin, end) for duty, who in zip(Duty, ("an.lan", "bo.hai"), strict=True)
    )
    new = NewRoster(site="SZ01", from_on=on, to_on=on + timedelta(days=6), shifts=shifts)

    enter(session, line, new, now=night)
    over = watch(now=night, wall_now=night)

    assert (still, over) == (0, 1)
    assert [one.resolved_at for one in session.scalars(select(Incident))] == [night]


@pytest.mark.req("C-05")
def test_a_week_before_its_end_the_next_roster_is_asked_for_once(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend(), now=NIGHT - timedelta(days=30))

    counts = [roster.watch(session, now=NIGHT - timedelta(days=days)) for days in (20, 2, 1)]

    assert counts == [0, 1, 0]


@pytest.mark.req("C-05")
def test_the_roster_shows_holidays_and_who_is_on_duty(session: Session, line: Line) -> None:
    enter(session, line, weekend())

    days = roster.days_of(
        session, line.coordinator, "SZ01", from_on=FRIDAY, to_on=TUESDAY, office=OFFICE
    )

    assert [day.is_working_day for day in days] == [True, False, False, False, True]
    assert {one.person.username for day in days for one in day.shifts} == {"an.lan", "bo.hai"}


@pytest.mark.req("C-05")
def test_a_drill_tells_whom_an_emergency_would_says_that_it_is_one_and_is_no_flag(
    session: Session, line: Line
) -> None:
    enter(session, line, weekend())

    drill = drills.start(
        session, line.coordinator, "SZ01", catalogue=line.given.catalogue, now=NIGHT
    )
    drills.acknowledge(session, line.investigator, drill.id, now=NIGHT + timedelta(minutes=2))

    assert names_told(session, NIGHT, "drill") == {"li.min", "an.lan"}
    for message in session.scalars(select(OutboxMessage)):
        text = shipped_package().text(message.template)
        assert text is not None
        assert text.body.en.startswith("DRILL")
        assert text.body.zh.startswith("【演练】")
    assert session.scalar(select(func.count()).select_from(SafetyFlag)) == 0
    recorded = select(JournalEntry.verb).where(JournalEntry.entity_type == "drill")
    assert session.scalars(recorded).all() == ["drill.started", "drill.acknowledged"]
    with pytest.raises(AlreadyAcknowledged):
        drills.acknowledge(session, line.coordinator, drill.id, now=NIGHT)


@pytest.mark.req("C-01", "C-05")
def test_nobody_of_another_site_reads_or_enters_it(session: Session, line: Line) -> None:
    add_site(session, "GZ02")
    stranger = user_actor(add_user(session, "wu.lan", site="GZ02").user)

    with pytest.raises(NotFound):
        roster.enter(session, stranger, weekend(), now=NIGHT)
    with pytest.raises(NotFound):
        drills.start(session, stranger, "SZ01", catalogue=line.given.catalogue, now=NIGHT)


@pytest.mark.req("A-07")
def test_a_taken_flag_tells_nobody_of_the_roster_any_more(session: Session, line: Line) -> None:
    enter(session, line, weekend())
    flag = raise_flag(session, line)
    flags.acknowledge(session, line.coordinator, flag.id, now=NIGHT + timedelta(minutes=1))

    climb(session, line, NIGHT + timedelta(hours=9))

    assert names_told(session, NIGHT + timedelta(minutes=2)) == set()
