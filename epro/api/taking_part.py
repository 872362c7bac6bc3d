"""How a participant takes part, where she is, and when of a day she keeps her diary."""

from typing import Any

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.schemas import Instant
from epro.errors import (
    AnchorNotPossible,
    InvalidInput,
    LifeCycleNotPossible,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
)
from epro.models import LifeCycle, Participant
from epro.services import enrolment, life_cycle, personal_times
from questionnaires.schedule import DiarySlot

blueprint = ApiBlueprint(
    "taking_part", __name__, url_prefix="/api/v1", description="Pauses, leaving, travel, the slot."
)
# Whoever is screened becomes active by activating the diary.
CHOSEN_BY_SITE = tuple(one for one in LifeCycle if one is not LifeCycle.SCREENED)
_REASON = validate.Length(max=500)


class LifeCycleChangeSchema(Schema):
    life_cycle = fields.Enum(
        LifeCycle, by_value=True, required=True,
        validate=validate.OneOf(CHOSEN_BY_SITE, error="She is screened until she activates."),
        metadata={"description": "`active` ends a pause, or takes back what was a mistake."},
    )  # fmt: skip
    occurred_at = Instant(
        required=True, metadata={"description": "Since when, ISO 8601 with its offset."}
    )
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class LifeCycleSchema(Schema):
    code = fields.String(required=True)
    life_cycle = fields.Enum(LifeCycle, by_value=True, required=True)
    life_cycle_at = fields.AwareDateTime(required=True, allow_none=True)
    life_cycle_reason = fields.String(required=True, allow_none=True)
    may_report = fields.Boolean(required=True)
    is_reminded = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class ZoneSchema(Schema):
    zone = fields.String(required=True, validate=validate.Length(min=1, max=64))
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class SlotSchema(Schema):
    diary_slot = fields.Enum(DiarySlot, by_value=True, required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class PersonalTimesSchema(Schema):
    code = fields.String(required=True)
    zone = fields.String(required=True)
    diary_slot = fields.Enum(DiarySlot, by_value=True, required=True)
    diary_slot_from_on = fields.Date(
        required=True, allow_none=True,
        metadata={"description": "Before this local day the other slot holds."},
    )  # fmt: skip
    version = fields.Integer(required=True)


@blueprint.put("/participants/<code:code>/life-cycle")
@requires(Permission.CHANGE_LIFE_CYCLE)
@blueprint.arguments(LifeCycleChangeSchema)
@blueprint.response(200, LifeCycleSchema)
@blueprint.refuses(
    NotFound, LifeCycleNotPossible, ReasonRequired, AnchorNotPossible, NoActiveStudyVersion
)
def change_life_cycle(change: dict[str, Any], code: str) -> Participant:
    """Pause, resume, withdraw, complete: her reminders stop or go on with this same request."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.CHANGE_LIFE_CYCLE)
        return life_cycle.change(
            session, actor, participant, change["life_cycle"],
            occurred_at=change["occurred_at"], reason=change["reason"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip


@blueprint.get("/participants/<code:code>/life-cycle")
@requires(Permission.READ_PARTICIPANT)
@blueprint.response(200, LifeCycleSchema)
@blueprint.refuses(NotFound)
def read_life_cycle(code: str) -> Participant:
    """Tell how a participant takes part, since when and why."""
    with reading() as session:
        return enrolment.get_participant(
            session, current_actor(), code, Permission.READ_PARTICIPANT
        )


@blueprint.put("/participants/<code:code>/zone")
@requires(Permission.CHANGE_PERSONAL_TIMES)
@blueprint.arguments(ZoneSchema)
@blueprint.response(200, PersonalTimesSchema)
@blueprint.refuses(NotFound, InvalidInput, NoActiveStudyVersion)
def change_zone(where: dict[str, Any], code: str) -> Participant:
    """Let what has not opened follow a participant into another time zone."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(
            session, actor, code, Permission.CHANGE_PERSONAL_TIMES
        )
        return personal_times.move_to_zone(
            session, actor, participant, where["zone"],
            reason=where["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip


@blueprint.put("/participants/<code:code>/diary-slot")
@requires(Permission.CHANGE_PERSONAL_TIMES)
@blueprint.arguments(SlotSchema)
@blueprint.response(200, PersonalTimesSchema)
@blueprint.refuses(NotFound, NoActiveStudyVersion)
def change_diary_slot(choice: dict[str, Any], code: str) -> Participant:
    """Let a participant keep her diary at another time of day, from tomorrow on."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(
            session, actor, code, Permission.CHANGE_PERSONAL_TIMES
        )
        return personal_times.choose_slot(
            session, actor, participant, choice["diary_slot"],
            reason=choice["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip


@blueprint.put("/me/zone")
@requires(Permission.CHANGE_OWN_TIMES)
@blueprint.arguments(ZoneSchema)
@blueprint.response(200, PersonalTimesSchema)
@blueprint.refuses(InvalidInput, NoActiveStudyVersion)
def change_own_zone(where: dict[str, Any]) -> Participant:
    """Say which time zone the phone is in now; what has not opened follows."""
    actor = current_actor()
    with transaction() as session:
        return personal_times.move_to_zone(
            session, actor, session.get_one(Participant, actor.id), where["zone"],
            reason=where["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip


@blueprint.put("/me/diary-slot")
@requires(Permission.CHANGE_OWN_TIMES)
@blueprint.arguments(SlotSchema)
@blueprint.response(200, PersonalTimesSchema)
@blueprint.refuses(NoActiveStudyVersion)
def change_own_diary_slot(choice: dict[str, Any]) -> Participant:
    """Choose when of a day to keep the diary, from tomorrow on."""
    actor = current_actor()
    with transaction() as session:
        return personal_times.choose_slot(
            session, actor, session.get_one(Participant, actor.id), choice["diary_slot"],
            reason=choice["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip
