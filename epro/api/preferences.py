"""What a participant chooses for herself: language, time and way of her reminders."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.errors import InvalidInput, NoActiveStudyVersion
from epro.models import ReminderChannel
from epro.services import preferences
from questionnaires.definition import Language

blueprint = ApiBlueprint(
    "preferences",
    __name__,
    url_prefix="/api/v1/me/preferences",
    description="Her language, and when and how she is reminded.",
)


class WishesSchema(Schema):
    language = fields.Enum(Language, by_value=True)
    reminder_time = fields.String(
        allow_none=True,
        validate=validate.Length(equal=5),
        metadata={"description": "As 18:30, in her own zone; null leaves it to the study."},
    )
    reminder_channel = fields.Enum(ReminderChannel, by_value=True, allow_none=True)

    @validates_schema
    def _names_something(self, wishes: dict[str, Any], **_kwargs: Any) -> None:
        if not wishes:
            raise ValidationError("Name at least one choice.")


class PreferencesSchema(Schema):
    language = fields.Enum(Language, by_value=True, required=True)
    reminder_time = fields.String(required=True, allow_none=True)
    reminder_channel = fields.Enum(ReminderChannel, by_value=True, required=True, allow_none=True)
    earliest = fields.String(required=True, allow_none=True)
    latest = fields.String(required=True, allow_none=True)
    channels = fields.List(fields.Enum(ReminderChannel, by_value=True), required=True)


@blueprint.get("")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, PreferencesSchema)
@blueprint.refuses(NoActiveStudyVersion)
def read_preferences() -> Any:
    """Return her choices, and between what she may choose."""
    with reading() as session:
        return preferences.read(session, current_actor(), catalogue=catalogue(session), now=now())


@blueprint.patch("")
@requires(Permission.CHOOSE_PREFERENCES)
@blueprint.arguments(WishesSchema)
@blueprint.response(200, PreferencesSchema)
@blueprint.refuses(InvalidInput, NoActiveStudyVersion)
def choose_preferences(wishes: dict[str, Any]) -> Any:
    """Store what is named; what is not named stays. Her reminders follow at once."""
    with transaction() as session:
        return preferences.change(
            session, current_actor(), wishes, catalogue=catalogue(session), now=now()
        )
