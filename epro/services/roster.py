"""The on-call roster of a site: two lines, on call and backup, without a gap.

It is entered for whole local days; a later roster counts where it overlaps an earlier one, and
nothing is removed. A deputy's hours count before those of the person who is away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from epro.access import Actor, Permission, system_actor
from epro.errors import InvalidInput, NotFound
from epro.errors_of_flags import RosterGap
from epro.models import Duty, Roster, RosterShift, Site, User, WorkKind
from epro.services import journal, sites, staff, work_list
from epro.services.journal import Subject
from questionnaires.hours import OfficeHours

WATCH = system_actor("roster watch")
# How long before its end somebody has to enter the next one.
ENDS_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShift:
    """Hours of one person (user name) on one line; a deputy's lie over somebody else's."""

    duty: Duty
    person: str
    begins_at: datetime
    ends_at: datetime
    is_deputy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoster:
    """A roster for local days of a site (code), the last one included."""

    site: str
    from_on: date
    to_on: date
    shifts: tuple[NewShift, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours at which a line of the roster has nobody."""

    duty: Duty
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownShift:
    """Hours of a roster as people read them."""

    duty: Duty
    person: User
    begins_at: datetime
    ends_at: datetime
    is_deputy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDay:
    """One local day: whether the site works, and who is on duty in it, in order of beginning."""

    on: date
    is_working_day: bool
    shifts: Sequence[ShownShift]


def enter(session: Session, actor: Actor, new: NewRoster, *, now: datetime) -> Roster:
    """Enter a roster; from its first day on it counts instead of what was there.

    Raises NotFound for a site out of reach, InvalidInput naming each place, and RosterGap naming
    each gap: in itself, or between the end of what is entered so far and its own beginning.
    """
    site = _site(session, actor, new.site, Permission.EDIT_ROSTER)
    begins_at, ends_at = _begin_of(new.from_on, site), _begin_of(_next(new.to_on), site)
    people = {
        shift.person: staff.find_at(session, shift.person, site, Permission.ASSESS_FLAG)
        for shift in new.shifts
    }
    if problems := list(_problems(new, people, begins_at, ends_at, now=now)):
        raise InvalidInput(details={"problems": problems})
    gaps = [gap for duty in Duty for gap in gaps_in(new.shifts, duty, begins_at, ends_at)]
    covered_until = _covered_until(session, site)
    if covered_until is not None and covered_until < begins_at:
        gaps = [*(Gap(duty, covered_until, begins_at) for duty in Duty), *gaps]
    if gaps:
        raise RosterGap(details={"gaps": [_as_said(gap, site) for gap in gaps]})
    number = session.scalar(select(func.max(Roster.number)).where(Roster.site_id == site.id)) or 0
    roster = Roster(
        site_id=site.id, number=number + 1, begins_at=begins_at, ends_at=ends_at, entered_at=now,
        entered_by_id=actor.id,
    )  # fmt: skip
    session.add(roster)
    session.flush()
    session.add_all(
        RosterShift(
            roster_id=roster.id, duty=shift.duty, user_id=person.id, begins_at=shift.begins_at,
            ends_at=shift.ends_at, is_deputy=shift.is_deputy,
        )
        for shift in new.shifts
        if (person := people[shift.person]) is not None
    )  # fmt: skip
    session.flush()
    journal.record(
        session, actor, "roster.entered",
        Subject(entity_type="roster", entity_id=str(roster.id), site_code=site.code,
                site_id=site.id),
        after={
            "number": roster.number, "from_on": new.from_on, "to_on": new.to_on,
            "shifts": [
                {"duty": one.duty, "person": one.person, "begins_at": one.begins_at,
                 "ends_at": one.ends_at, "is_deputy": one.is_deputy}
                for one in new.shifts
            ],
        },
        now=now,
    )  # fmt: skip
    return roster


def on_duty(session: Session, site: Site, duty: Duty, *, at: datetime) -> User | None:
    """Return who is on duty at an instant; None without a roster, or where she may no more.

    Whose account is closed, or who may not assess flags at the site any more, is passed over: the
    roster was entered before, and what she is told nobody else would be.
    """
    roster = session.scalars(
        select(Roster)
        .where(Roster.site_id == site.id, Roster.begins_at <= at, Roster.ends_at > at)
        .order_by(Roster.number.desc())
    ).first()
    if roster is None:
        return None
    return session.scalars(
        select(User)
        .join(RosterShift, RosterShift.user_id == User.id)
        .where(
            RosterShift.roster_id == roster.id,
            RosterShift.duty == duty,
            RosterShift.begins_at <= at,
            RosterShift.ends_at > at,
            staff.may_at(site, Permission.ASSESS_FLAG),
        )
        .order_by(RosterShift.is_deputy.desc())
    ).first()


def people_from(session: Session, site: Site, *, now: datetime) -> Sequence[User]:
    """Return who is still on duty from an instant on, by name; whoever may no more is left out.

    Hours that lie within a roster entered later do not count.
    """
    later = aliased(Roster)
    is_replaced = exists().where(
        later.site_id == Roster.site_id,
        later.number > Roster.number,
        later.begins_at <= RosterShift.begins_at,
        later.ends_at >= RosterShift.ends_at,
    )
    on_it = (
        select(RosterShift.user_id)
        .join(Roster, Roster.id == RosterShift.roster_id)
        .where(Roster.site_id == site.id, RosterShift.ends_at > now, ~is_replaced)
    )
    return session.scalars(
        select(User)
        .where(User.id.in_(on_it), staff.may_at(site, Permission.ASSESS_FLAG))
        .order_by(User.full_name, User.username)
    ).all()


def has_any(session: Session, site: Site) -> bool:
    """Tell whether a roster was ever entered for a site."""
    return session.scalars(select(Roster.id).where(Roster.site_id == site.id)).first() is not None


def days_of(
    session: Session,
    actor: Actor,
    site_code: str,
    *,
    from_on: date,
    to_on: date,
    office: OfficeHours,
) -> list[RosterDay]:
    """Return who is on duty on local days of a site, working days marked. Raises NotFound."""
    site = _site(session, actor, site_code, Permission.READ_ROSTER)
    rosters = session.scalars(
        select(Roster)
        .where(
            Roster.site_id == site.id,
            Roster.begins_at < _begin_of(_next(to_on), site),
            Roster.ends_at > _begin_of(from_on, site),
        )
        .order_by(Roster.number.desc())
    ).all()
    days = []
    on = from_on
    while on <= to_on:
        begin, end = _begin_of(on, site), _begin_of(_next(on), site)
        counting = next((one for one in rosters if one.begins_at <= begin < one.ends_at), None)
        days.append(
            RosterDay(
                on=on,
                is_working_day=office.is_working_day(on, ()),
                shifts=_shifts_between(session, counting, begin, end) if counting else [],
            )
        )
        on = _next(on)
    return days


def watch(session: Session, *, now: datetime) -> int:
    """Put on the work list that a site's roster ends within a week; return of how many sites."""
    added = 0
    for site in session.scalars(select(Site).order_by(Site.code)).all():
        until = _covered_until(session, site)
        if until is None or until - now > ENDS_SOON:
            continue
        line = work_list.add(
            session, WATCH, WorkKind.ROSTER_ENDS, about=f"roster:{site.code}:{until.isoformat()}",
            site_id=site.id, participant_id=None, now=now,
        )  # fmt: skip
        added += line is not None
    return added


def gaps_in(
    shifts: Sequence[NewShift], duty: Duty, begins_at: datetime, ends_at: datetime
) -> list[Gap]:
    """Return the hours of a stretch in which a line has nobody, in order; ends are half open."""
    gaps, covered_until = [], begins_at
    own = sorted((one for one in shifts if one.duty is duty), key=lambda one: one.begins_at)
    for shift in own:
        if shift.begins_at > covered_until:
            gaps.append(Gap(duty, covered_until, min(shift.begins_at, ends_at)))
        covered_until = max(covered_until, shift.ends_at)
    if covered_until < ends_at:
        gaps.append(Gap(duty, covered_until, ends_at))
    return gaps


def _shifts_between(
    session: Session, roster: Roster, begin: datetime, end: datetime
) -> list[ShownShift]:
    rows = session.execute(
        select(RosterShift, User)
        .join(User, User.id == RosterShift.user_id)
        .where(
            RosterShift.roster_id == roster.id,
            RosterShift.begins_at < end,
            RosterShift.ends_at > begin,
        )
        .order_by(RosterShift.begins_at, RosterShift.duty, RosterShift.is_deputy)
    )
    return [
        ShownShift(
            duty=shift.duty, person=person, begins_at=shift.begins_at, ends_at=shift.ends_at,
            is_deputy=shift.is_deputy,
        )
        for shift, person in rows
    ]  # fmt: skip


def _covered_until(session: Session, site: Site) -> datetime | None:
    """Return until when somebody is entered without interruption; None without any roster.

    Each roster is whole in itself and joins the ones before it, so the latest end is the one.
    """
    return session.scalar(select(func.max(Roster.ends_at)).where(Roster.site_id == site.id))


def _problems(
    new: NewRoster,
    people: dict[str, User | None],
    begins_at: datetime,
    ends_at: datetime,
    *,
    now: datetime,
) -> Iterator[dict[str, str]]:
    if new.to_on < new.from_on:
        yield {"place": "to_on", "message": "The last day lies before the first one."}
        return
    if ends_at <= now:
        yield {"place": "to_on", "message": "These days are over."}
    for number, shift in enumerate(new.shifts):
        place = f"shifts[{number}]"
        if not begins_at <= shift.begins_at < shift.ends_at <= ends_at:
            yield {"place": place, "message": "These hours do not lie within the days."}
        if people[shift.person] is None:
            yield {"place": f"{place}.person", "message": "On call are physicians of the site."}
        for other in new.shifts[number + 1 :]:
            if _clash(shift, other):
                message = "These hours overlap others of the same line or the same person."
                yield {"place": place, "message": message}
                break


def _clash(one: NewShift, other: NewShift) -> bool:
    if min(one.ends_at, other.ends_at) <= max(one.begins_at, other.begins_at):
        return False
    # Who is on call cannot be one's own backup, and two cannot hold one line.
    is_same_layer = one.duty is other.duty and one.is_deputy == other.is_deputy
    return is_same_layer or (one.duty is not other.duty and one.person == other.person)


def _as_said(gap: Gap, site: Site) -> dict[str, str]:
    zone = ZoneInfo(site.zone)
    return {
        "duty": gap.duty.value,
        "from": gap.begins_at.astimezone(zone).isoformat(),
        "to": gap.ends_at.astimezone(zone).isoformat(),
    }


def _site(session: Session, actor: Actor, code: str, permission: Permission) -> Site:
    site = sites.get_site(session, code)
    if not actor.may_at(permission, site.id):
        raise NotFound
    return site


def _begin_of(on: date, site: Site) -> datetime:
    return datetime.combine(on, time(), tzinfo=ZoneInfo(site.zone))


def _next(on: date) -> date:
    return on + timedelta(days=1)
