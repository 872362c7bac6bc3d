"""Who is on call at a site, and trials of its alarm."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.errors import (
    AlreadyAcknowledged,
    IdempotencyConflict,
    InvalidInput,
    NoActiveStudyVersion,
    NotFound,
)
from epro.errors_of_flags import RosterGap
from epro.models import AlarmDrill, Duty, Roster
from epro.services import drills, roster, sites, studies
from epro.services.roster import NewRoster, NewShift, RosterDay

blueprint = ApiBlueprint(
    "rosters", __name__, url_prefix="/api/v1", description="Who is on call at a site."
)
MOST_SHIFTS = 500
LONGEST_LOOK = timedelta(days=120)
MAX_PAGE = 200


class NewShiftSchema(Schema):
    duty = fields.Enum(Duty, by_value=True, required=True)
    person = fields.String(required=True, validate=validate.Length(min=1, max=64))
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    is_deputy = fields.Boolean(
        load_default=False,
        metadata={"description": "Lies over the hours of somebody who is away, and counts first."},
    )

    @post_load
    def _as_shift(self, typed: dict[str, Any], **_kwargs: Any) -> NewShift:
        return NewShift(**typed)


class NewRosterSchema(Schema):
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    shifts = fields.List(
        fields.Nested(NewShiftSchema), required=True, validate=validate.Length(max=MOST_SHIFTS)
    )


class EnteredRosterSchema(Schema):
    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    entered_at = fields.AwareDateTime(required=True)


class ShiftSchema(Schema):
    duty = fields.Enum(Duty, by_value=True, required=True)
    person = fields.String(required=True)
    person_name = fields.String(required=True)
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    is_deputy = fields.Boolean(required=True)


class RosterDaySchema(Schema):
    on = fields.Date(required=True)
    is_working_day = fields.Boolean(required=True)
    shifts = fields.List(fields.Nested(ShiftSchema), required=True)


class RosterSchema(Schema):
    days = fields.List(fields.Nested(RosterDaySchema), required=True)


class RosterQuerySchema(Schema):
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)


class DrillSchema(Schema):
    id = fields.UUID(required=True)
    started_at = fields.AwareDateTime(required=True)
    started_by = fields.String(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)


class DrillListSchema(Schema):
    items = fields.List(fields.Nested(DrillSchema), required=True)


class DrillQuerySchema(Schema):
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=MAX_PAGE))


@blueprint.get("/sites/<code:site>/roster")
@requires(Permission.READ_ROSTER)
@blueprint.arguments(RosterQuerySchema, location="query")
@blueprint.response(200, RosterSchema)
@blueprint.refuses(NotFound, InvalidInput, NoActiveStudyVersion)
def read_roster(query: dict[str, date], site: str) -> dict[str, Any]:
    """Say who is on duty on local days of a site, holidays and worked weekends regarded."""
    from_on, to_on = query["from_on"], query["to_on"]
    if not from_on <= to_on <= _latest(from_on):
        message = f"Ask for at most {LONGEST_LOOK.days} days, the first one first."
        raise InvalidInput(details={"problems": [{"place": "to_on", "message": message}]})
    with reading() as session:
        place = sites.get_site(session, site)
        package = catalogue(session).package(studies.version_in_force(session, place, on=from_on))
        days = roster.days_of(
            session, current_actor(), site, from_on=from_on, to_on=to_on,
            office=package.escalation.office_hours,
        )  # fmt: skip
        return {"days": [_day(one) for one in days]}


@blueprint.post("/sites/<code:site>/rosters")
@requires(Permission.EDIT_ROSTER)
@blueprint.arguments(NewRosterSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, EnteredRosterSchema)
@blueprint.refuses(NotFound, InvalidInput, RosterGap, IdempotencyConflict)
def enter_roster(typed: dict[str, Any], headers: dict[str, Any], site: str) -> Roster:
    """Enter a roster for whole local days; one with a gap is refused and each gap named."""
    actor = current_actor()
    new = NewRoster(site=site, **typed | {"shifts": tuple(typed["shifts"])})
    with transaction() as session:
        roster_id = once(
            session, actor, headers["key"],
            lambda: str(roster.enter(session, actor, new, now=now()).id),
        )  # fmt: skip
        return session.get_one(Roster, UUID(roster_id))


@blueprint.get("/sites/<code:site>/drills")
@requires(Permission.READ_ROSTER)
@blueprint.arguments(DrillQuerySchema, location="query")
@blueprint.response(200, DrillListSchema)
@blueprint.refuses(NotFound)
def list_drills(query: dict[str, Any], site: str) -> dict[str, Any]:
    """List the trials of a site's alarm, the latest first."""
    with reading() as session:
        found = drills.list_drills(session, current_actor(), site, limit=query["limit"])
        return {"items": [drills.facts_of(session, drill) for drill in found]}


@blueprint.post("/sites/<code:site>/drills")
@requires(Permission.EDIT_ROSTER)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, DrillSchema)
@blueprint.refuses(NotFound, NoActiveStudyVersion, IdempotencyConflict)
def start_drill(headers: dict[str, Any], site: str) -> dict[str, Any]:
    """Try the alarm: whom an emergency would tell first at this hour is told that it is a drill."""
    actor = current_actor()
    with transaction() as session:
        drill_id = once(
            session, actor, headers["key"],
            lambda: str(
                drills.start(session, actor, site, catalogue=catalogue(session), now=now()).id
            ),
        )  # fmt: skip
        return drills.facts_of(session, session.get_one(AlarmDrill, UUID(drill_id)))


@blueprint.post("/drills/<uuid:drill_id>/acknowledgement")
@requires(Permission.ACKNOWLEDGE_FLAG)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, DrillSchema)
@blueprint.refuses(NotFound, AlreadyAcknowledged, IdempotencyConflict)
def acknowledge_drill(headers: dict[str, Any], drill_id: UUID) -> dict[str, Any]:
    """Say that the drill was heard. The first person stays on record."""
    actor = current_actor()
    with transaction() as session:
        once(
            session, actor, headers["key"],
            lambda: str(drills.acknowledge(session, actor, drill_id, now=now()).id),
        )  # fmt: skip
        return drills.facts_of(session, session.get_one(AlarmDrill, drill_id))


def _latest(from_on: date) -> date:
    try:
        return from_on + LONGEST_LOOK
    except OverflowError:
        return date.max


def _day(day: RosterDay) -> dict[str, Any]:
    return {
        "on": day.on,
        "is_working_day": day.is_working_day,
        "shifts": [
            {
                "duty": shift.duty,
                "person": shift.person.username,
                "person_name": shift.person.full_name,
                "begins_at": shift.begins_at,
                "ends_at": shift.ends_at,
                "is_deputy": shift.is_deputy,
            }
            for shift in day.shifts
        ],
    }
