"""The roster of a site entered day by day: two lines, and deputies for hours of somebody away.

A day of duty begins at the hour at which the site hands over, so that a night is one shift. What is
left of the night before the first day is asked for as well; the last night ends with the last day,
and is that night before in the roster that follows.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.errors import DomainError, InvalidInput, NoActiveStudyVersion, NotFound
from epro.models import Duty, Site
from epro.services import participant_list, roster, sites, staff, studies
from epro.services.roster import NewRoster, NewShift, RosterDay
from epro.web.console import asked, typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("rosters")

FORM = "roster"
USUAL_DAYS, MOST_DAYS = 7, 62
DEPUTY_ROWS = range(4)
FARTHEST = timedelta(days=3 * 366)
DAY = timedelta(days=1)
MIDNIGHT = time()
BEFORE = "before"


@blueprint.get("/rosters/new")
@page(Permission.EDIT_ROSTER)
def show() -> ResponseReturnValue:
    """Show the form for days of a site, filled in with what is entered for them already."""
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.EDIT_ROSTER))
    if not hers:
        raise NotFound
    wanted = request.args.get("site", "")
    site = next((one for one in hers if one.code == wanted), hers[0])
    today = now().astimezone(ZoneInfo(site.zone)).date()
    from_on = asked.day("from_on") or today
    _refuse_far(from_on)
    to_on = asked.day("to_on") or from_on + timedelta(days=USUAL_DAYS - 1)
    turns_at = _clock_time(request.args.get("turns_at", ""))
    return _page(site.code, from_on, max(from_on, to_on), turns_at=turns_at, hers=hers)


@blueprint.post("/rosters")
@page(Permission.EDIT_ROSTER)
def enter() -> ResponseReturnValue:
    """Enter a roster; whatever hours it leaves to nobody are named, and nothing is stored."""
    code = typed.line("site")
    from_on, to_on = typed.needed_day("from_on"), typed.needed_day("to_on")
    _refuse_far(from_on)
    _refuse_far(to_on)
    turns_at = _clock_time(typed.line("turns_at")) or MIDNIGHT

    def act(session: Session) -> None:
        zone = ZoneInfo(sites.get_site(session, code).zone)
        shifts = [*_shifts_by_day(_days(from_on, to_on), turns_at, zone), *_deputies(zone)]
        new = NewRoster(
            site=code, from_on=from_on, to_on=to_on, shifts=tuple(one for _, one in shifts)
        )
        try:
            roster.enter(session, current_actor(), new, now=now())
        except InvalidInput as refusal:
            _name_fields(refusal, [field for field, _ in shifts])
            raise

    return typed.attempt(
        FORM,
        act,
        show=partial(_page, code, from_on, to_on, turns_at=turns_at),
        to=url_for("console_duty.show"),
    )


# --- what was typed -------------------------------------------------------------------------------


def _days(from_on: date, to_on: date) -> list[date]:
    """Return the days the form is for, the last one included; no more than it takes."""
    count = min((to_on - from_on).days + 1, MOST_DAYS)
    return [from_on + timedelta(days=number) for number in range(count)]


def _refuse_far(on: date) -> None:
    """Raise InvalidInput for a day that nobody makes a roster for."""
    if abs(on - now().date()) > FARTHEST:
        raise typed.not_right("from_on", "These days are too far away.")


def _clock_time(written: str) -> time | None:
    """Return a time of day, to the minute; None for anything that is none."""
    try:
        return time.fromisoformat(written).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _shifts_by_day(
    days: Sequence[date], turns_at: time, zone: ZoneInfo
) -> list[tuple[str, NewShift]]:
    """Return a shift for each line and day that somebody was chosen for, with its field."""
    if not days:
        return []
    begin = datetime.combine(days[0], MIDNIGHT, tzinfo=zone)
    end = datetime.combine(days[-1] + DAY, MIDNIGHT, tzinfo=zone)
    turns = [datetime.combine(on, turns_at, tzinfo=zone) for on in days]
    ends = [*turns[1:], end]
    hours = {str(on): (at, until) for on, at, until in zip(days, turns, ends, strict=True)}
    if turns[0] > begin:
        hours = {BEFORE: (begin, turns[0]), **hours}
    found = []
    for name, (begins_at, ends_at) in hours.items():
        for duty in Duty:
            field = f"{duty.value}-{name}"
            if person := typed.line(field):
                shift = NewShift(duty=duty, person=person, begins_at=begins_at, ends_at=ends_at)
                found.append((field, shift))
    return found


def _deputies(zone: ZoneInfo) -> list[tuple[str, NewShift]]:
    """Return the hours of deputies, each with its field. Raises InvalidInput."""
    found = []
    for row in DEPUTY_ROWS:
        field = f"deputy-{row}-person"
        if not (person := typed.line(field)):
            continue
        shift = NewShift(
            duty=typed.chosen(f"deputy-{row}-duty", Duty), person=person, is_deputy=True,
            begins_at=typed.needed_instant(f"deputy-{row}-begins_at", zone.key),
            ends_at=typed.needed_instant(f"deputy-{row}-ends_at", zone.key),
        )  # fmt: skip
        found.append((field, shift))
    return found


def _name_fields(refusal: DomainError, fields: Sequence[str]) -> None:
    """Name what is wrong with a shift by the field that it was typed into."""
    by_place = {f"shifts[{number}]": field for number, field in enumerate(fields)}
    for problem in refusal.details["problems"]:
        place = problem["place"].removesuffix(".person")
        problem["place"] = by_place.get(place, place)


# --- the page -------------------------------------------------------------------------------------


def _page(
    code: str, from_on: date, to_on: date, *, turns_at: time | None, hers: Sequence[Site] = (),
    status: int = 200, refused: Refused | None = None,
) -> ResponseReturnValue:  # fmt: skip
    actor = current_actor()
    with reading() as session:
        site = sites.get_site(session, code)
        if not actor.may_at(Permission.EDIT_ROSTER, site.id):
            raise NotFound
        days = _days(from_on, to_on)
        known = _known(session, actor, site, days) if days else []
        night_before = _known(session, actor, site, [from_on - DAY])
        people = staff.who_may(session, site, Permission.ASSESS_FLAG)
    turn = turns_at if turns_at is not None else _usual_turn(known or night_before, site)
    return render_framed(
        "roster.html", status=status, here="duty", refused=refused, form=FORM, site=site,
        sites=hers, days=known, from_on=from_on, to_on=to_on, duties=list(Duty),
        entered=_entered([*night_before, *known], days, turn, site), turns_at=f"{turn:%H:%M}",
        asks_before=turn != MIDNIGHT, before=BEFORE,
        people=[(one.username, f"{one.full_name} ({one.username})") for one in people],
        deputy_rows=DEPUTY_ROWS,
        gaps=refused.refusal.details.get("gaps", ()) if refused else (), most_days=MOST_DAYS,
    )  # fmt: skip


def _usual_turn(known: Sequence[RosterDay], site: Site) -> time:
    """Return the hour at which what is entered hands over; midnight where nothing tells."""
    zone = ZoneInfo(site.zone)
    begun = [
        shift.begins_at.astimezone(zone).time()
        for day in known
        for shift in day.shifts
        if not shift.is_deputy
    ]
    return next((one for one in begun if one != MIDNIGHT), MIDNIGHT)


def _entered(
    known: Sequence[RosterDay], days: Sequence[date], turn: time, site: Site
) -> dict[str, str]:
    """Return who is entered for each line and day so far: whoever has it when the day begins."""
    zone = ZoneInfo(site.zone)
    moments = {str(on): datetime.combine(on, turn, tzinfo=zone) for on in days}
    if days:
        # The night before goes on: whoever has the last minute of the day before.
        midnight = datetime.combine(days[0], MIDNIGHT, tzinfo=zone)
        moments[BEFORE] = midnight - timedelta(minutes=1)
    shifts = [one for day in known for one in day.shifts if not one.is_deputy]
    return {
        f"{shift.duty.value}-{name}": shift.person.username
        for name, at in moments.items()
        for shift in shifts
        if shift.begins_at <= at < shift.ends_at
    }


def _known(session: Session, actor: Actor, site: Site, days: Sequence[date]) -> list[RosterDay]:
    """Return the days with what is entered; before a study is in force nobody works there yet."""
    today = now().astimezone(ZoneInfo(site.zone)).date()
    try:
        package = catalogue(session).package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return [RosterDay(on=on, is_working_day=True, shifts=[]) for on in days]
    return roster.days_of(
        session, actor, site.code, from_on=days[0], to_on=days[-1],
        office=package.escalation.office_hours,
    )  # fmt: skip
