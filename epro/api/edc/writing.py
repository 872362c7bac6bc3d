"""What the clinical database may put in: a participant by code, an anchor, that she withdrew."""

from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from epro.access import Permission
from epro.api.anchor_queries import (
    AnchorQueriesSchema,
    AnchorQuerySchema,
    PageQuerySchema,
    described,
    page_of,
)
from epro.api.anchors import AnchorSchema
from epro.api.blueprint import ApiBlueprint
from epro.api.consent_schemas import GivenConsentSchema
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.schemas import Instant
from epro.errors import (
    AlreadyExists,
    AnchorNotPossible,
    ConsentMissing,
    InvalidInput,
    LifeCycleNotPossible,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
)
from epro.models import LifeCycle, Site
from epro.services import anchor_queries, enrolment, withdrawals
from epro.services.enrolment_form import CodedEnrolment
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.schedule import AnchorEvent

blueprint = ApiBlueprint(
    "edc writing", __name__, url_prefix="/api/edc/v1",
    description="What the clinical database may put in.",
)  # fmt: skip
GIVEN_BY_EDC = (AnchorEvent.INF1_PLANNED, AnchorEvent.INF1)


class Part(StrEnum):
    """What of the trial somebody withdraws from."""

    INFUSION = "infusion"
    DIARY = "diary"
    CONTACT = "contact"
    ALL = "all"


LIFE_CYCLES = {
    Part.INFUSION: LifeCycle.WITHDRAWN_FROM_INFUSION,
    Part.DIARY: LifeCycle.WITHDRAWN_FROM_DIARY,
    Part.CONTACT: LifeCycle.WITHDRAWN_FROM_CONTACT,
    Part.ALL: LifeCycle.WITHDRAWN_FROM_ALL,
}


class CodedEnrolmentSchema(Schema):
    """A participant by code alone: who she is, her site writes down before she gets her code."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=32))
    site = fields.String(required=True, validate=validate.Length(min=1, max=32))
    language = fields.Enum(Language, by_value=True, required=True)
    consents = fields.List(
        fields.Nested(GivenConsentSchema), required=True, validate=validate.Length(max=20)
    )
    zone = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=64)
    )
    thermometer_route = fields.Enum(
        ThermometerRoute, by_value=True, load_default=None, allow_none=True
    )

    @post_load
    def _as_enrolment(self, filled_in: dict[str, Any], **_kwargs: Any) -> CodedEnrolment:
        consents = tuple(filled_in.pop("consents"))
        return CodedEnrolment(consents=consents, **filled_in)


class CodedParticipantSchema(Schema):
    code = fields.String(required=True)
    site = fields.String(required=True)
    enrolled_at = fields.AwareDateTime(required=True)


class GivenAnchorSchema(Schema):
    event = fields.Enum(
        AnchorEvent, by_value=True, required=True,
        validate=validate.OneOf(GIVEN_BY_EDC, error="This anchor is not given from outside."),
    )  # fmt: skip
    occurred_at = Instant(
        required=True, metadata={"description": "The real time, ISO 8601 with its offset."}
    )
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class WithdrawalSchema(Schema):
    withdrawn_from = fields.Enum(
        Part, by_value=True, required=True,
        metadata={"description": "Whoever leaves the infusions alone keeps her diary."},
    )  # fmt: skip
    occurred_at = Instant(
        required=True, metadata={"description": "Since when, ISO 8601 with its offset."}
    )
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class WithdrawnSchema(Schema):
    """How she takes part now; a query, where her site had recorded another end of her diary."""

    code = fields.String(required=True)
    life_cycle = fields.Enum(LifeCycle, by_value=True, required=True)
    life_cycle_at = fields.AwareDateTime(required=True)
    query = fields.Nested(AnchorQuerySchema, required=True, allow_none=True)


class ProposedAnchorSchema(Schema):
    """Recorded, or a query that the site decides: exactly one of the two is there."""

    anchor = fields.Nested(AnchorSchema, required=True, allow_none=True)
    query = fields.Nested(AnchorQuerySchema, required=True, allow_none=True)


@blueprint.post("/participants")
@requires(Permission.WRITE_FROM_EDC)
@blueprint.arguments(CodedEnrolmentSchema)
@blueprint.response(201, CodedParticipantSchema)
@blueprint.refuses(NotFound, InvalidInput, ConsentMissing, AlreadyExists, NoActiveStudyVersion)
def enrol_from_edc(form: CodedEnrolment) -> dict[str, Any]:
    """Enrol a participant by code; her site is asked for the rest, and hands out the code."""
    with transaction() as session:
        participant = enrolment.enrol_by_code(
            session, current_actor(), form, catalogue=catalogue(session), now=now()
        )
        site = session.get_one(Site, participant.site_id)
        return {
            "code": participant.code, "site": site.code, "enrolled_at": participant.enrolled_at,
        }  # fmt: skip


@blueprint.post("/participants/<code:code>/anchors")
@requires(Permission.WRITE_FROM_EDC)
@blueprint.arguments(GivenAnchorSchema)
@blueprint.response(200, ProposedAnchorSchema)
@blueprint.refuses(NotFound, AnchorNotPossible, NoActiveStudyVersion)
def give_anchor(given: dict[str, Any], code: str) -> dict[str, Any]:
    """Record when something happened; where the site says otherwise, ask the site instead.

    Sending the same time again changes nothing.
    """
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.WRITE_FROM_EDC)
        proposed = anchor_queries.propose(
            session, actor, participant, given["event"], occurred_at=given["occurred_at"],
            reason=given["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        query = proposed.query
        return {
            "anchor": proposed.recorded.anchor if proposed.recorded else None,
            "query": described(session, query, participant) if query else None,
        }  # fmt: skip


@blueprint.post("/participants/<code:code>/withdrawal")
@requires(Permission.WRITE_FROM_EDC)
@blueprint.arguments(WithdrawalSchema)
@blueprint.response(200, WithdrawnSchema)
@blueprint.refuses(
    NotFound, LifeCycleNotPossible, ReasonRequired, AnchorNotPossible, NoActiveStudyVersion
)
def withdraw_from_edc(told: dict[str, Any], code: str) -> dict[str, Any]:
    """Stop what she withdrew from, at once; her site is told, and asked where it had it otherwise.

    Sending the same again changes nothing, and what she withdrew from stays withdrawn.
    """
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.WRITE_FROM_EDC)
        withdrawn = withdrawals.report(
            session, actor, participant, LIFE_CYCLES[told["withdrawn_from"]],
            occurred_at=told["occurred_at"], reason=told["reason"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        participant, query = withdrawn.participant, withdrawn.query
        return {
            "code": participant.code, "life_cycle": participant.life_cycle,
            "life_cycle_at": participant.life_cycle_at,
            "query": described(session, query, participant) if query else None,
        }  # fmt: skip


@blueprint.get("/anchor-queries")
@requires(Permission.WRITE_FROM_EDC)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, AnchorQueriesSchema)
def list_anchor_queries_for_edc(query: dict[str, Any]) -> dict[str, Any]:
    """List every query about an anchor and what the site decided, the oldest first, by pages."""
    with reading() as session:
        return page_of(session, Permission.WRITE_FROM_EDC, query, is_open=None)
