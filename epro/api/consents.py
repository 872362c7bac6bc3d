"""What a participant agrees to after her enrolment: one kind more, or one kind no longer."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.consent_schemas import ConsentSchema, GivenConsentSchema
from epro.api.context import catalogue, current_actor, now, requires, transaction
from epro.api.schemas import Instant
from epro.errors import (
    AlreadyExists,
    AnchorNotPossible,
    ConsentIsNeeded,
    InvalidInput,
    LifeCycleNotPossible,
    NoActiveStudyVersion,
    NotFound,
)
from epro.models import KEEPS_DIARY, Consent, LifeCycle
from epro.services import consents, enrolment
from epro.services.consents import WithdrawnConsent
from epro.services.enrolment_form import GivenConsent
from questionnaires.definition import ConsentKind

blueprint = ApiBlueprint(
    "consents", __name__, url_prefix="/api/v1/participants", description="Consents, kind by kind."
)
ENDS_DIARY = tuple(one for one in LifeCycle if one not in KEEPS_DIARY)


class ConsentWithdrawalSchema(Schema):
    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    withdrawn_at = Instant(
        required=True, metadata={"description": "When she said so, ISO 8601 with its offset."}
    )
    reason = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=500),
        metadata={"description": "What she said; she owes nobody a reason."},
    )  # fmt: skip
    life_cycle = fields.Enum(
        LifeCycle, by_value=True, load_default=None, allow_none=True,
        validate=validate.OneOf(ENDS_DIARY),
        metadata={"description": "How she takes part from then on; needed with a needed consent."},
    )  # fmt: skip

    @post_load
    def _as_said(self, said: dict[str, Any], **_kwargs: Any) -> WithdrawnConsent:
        return WithdrawnConsent(leaves_as=said.pop("life_cycle"), **said)


@blueprint.post("/<code:code>/consents")
@requires(Permission.ENROL_PARTICIPANT)
@blueprint.arguments(GivenConsentSchema)
@blueprint.response(201, ConsentSchema)
@blueprint.refuses(NotFound, InvalidInput, AlreadyExists)
def give_consent(given: GivenConsent, code: str) -> Consent:
    """Record a kind that she agreed to after her enrolment, or agrees to again."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.ENROL_PARTICIPANT)
        return consents.give(session, actor, participant, given, now=now())


@blueprint.post("/<code:code>/consents/withdrawal")
@requires(Permission.CHANGE_LIFE_CYCLE)
@blueprint.arguments(ConsentWithdrawalSchema)
@blueprint.response(200, ConsentSchema)
@blueprint.refuses(
    NotFound,
    InvalidInput,
    ConsentIsNeeded,
    LifeCycleNotPossible,
    AnchorNotPossible,
    NoActiveStudyVersion,
)
def withdraw_consent(said: WithdrawnConsent, code: str) -> Consent:
    """Record that she withdrew one kind: no message goes that way any more, her answers stay."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.CHANGE_LIFE_CYCLE)
        return consents.withdraw(
            session, actor, participant, said, catalogue=catalogue(session), now=now()
        )  # fmt: skip
