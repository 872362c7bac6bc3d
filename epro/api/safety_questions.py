"""Her answer to what was asked because her own words sounded like danger."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, requires, transaction
from epro.errors import NotFound
from epro.services import helping
from epro.services.safety_questions import HelpAnswer, HospitalAnswer

blueprint = ApiBlueprint(
    "safety_questions", __name__, url_prefix="/api/v1",
    description="What is asked when words in free text sound like danger.",
)  # fmt: skip


class HelpAnswerSchema(Schema):
    help_now = fields.Boolean(
        required=True,
        metadata={"description": "Do you need help now?"},
    )  # fmt: skip
    hospital = fields.Enum(
        HospitalAnswer, by_value=True, required=True,
        metadata={"description": "Were you admitted to hospital?"},
    )  # fmt: skip

    @post_load
    def _as_answer(self, answer: dict[str, Any], **_kwargs: Any) -> HelpAnswer:
        return HelpAnswer(**answer)


class AnsweredSchema(Schema):
    id = fields.UUID(required=True)
    answered_at = fields.AwareDateTime(required=True)


@blueprint.post("/me/safety-questions/<uuid:question_id>/answer")
@requires(Permission.SUBMIT_RESPONSE)
@blueprint.arguments(HelpAnswerSchema)
@blueprint.response(200, AnsweredSchema)
@blueprint.refuses(NotFound)
def answer_safety_question(given: HelpAnswer, question_id: UUID) -> Any:
    """Say whether help is needed, and whether she was admitted; the same answer again is harmless.

    Another answer later is heard as well: who said no first may need help after.
    """
    with transaction() as session:
        return helping.answer(
            session, current_actor(), question_id, given, catalogue=catalogue(session), now=now()
        )
