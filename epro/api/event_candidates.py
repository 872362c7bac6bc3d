"""What might be an adverse event, and a physician's decision about it."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate

from epro.access import Permission
from epro.api.adverse_events import EventFactsSchema, words
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.errors import (
    IdempotencyConflict,
    InvalidInput,
    NoActiveStudyVersion,
    NotDelegated,
    NotFound,
    ReasonRequired,
)
from epro.models import CandidateState, Disposition, EventSource
from epro.services import adverse_events, candidates, enrolment, waiting_list
from epro.services.adverse_events import Choice
from epro.services.candidates import Candidate

blueprint = ApiBlueprint(
    "event_candidates", __name__, url_prefix="/api/v1",
    description="What might be an adverse event, until a physician decides.",
)  # fmt: skip


class CandidateSchema(Schema):
    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    source = fields.Enum(EventSource, by_value=True, required=True)
    source_key = fields.String(required=True)
    state = fields.Enum(CandidateState, by_value=True, required=True)
    began_on = fields.Date(required=True)
    study_day = fields.String(required=True, allow_none=True)
    is_in_window = fields.Boolean(
        required=True, metadata={"description": "Began on day 1 to 28 of an infusion."}
    )
    about = fields.Raw(required=True, metadata={"description": "What it rests on."})
    disposition = fields.Enum(Disposition, by_value=True, required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class CandidateListSchema(Schema):
    undecided_count = fields.Integer(required=True)
    items = fields.List(fields.Nested(CandidateSchema), required=True)


class CandidateQuerySchema(Schema):
    decided = fields.Boolean(
        load_default=False, metadata={"description": "Show those that are decided too."}
    )


class ChoiceSchema(Schema):
    """`event` for a new one (accepted), `event_number` for one on record (merged, linked)."""

    disposition = fields.Enum(Disposition, by_value=True, required=True)
    reason = words(500)
    event = fields.Nested(EventFactsSchema, load_default=None, allow_none=True)
    event_number = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=1, max=9_999)
    )

    @post_load
    def _as_choice(self, chosen: dict[str, Any], **_kwargs: Any) -> Choice:
        return Choice(facts=chosen.pop("event"), **chosen)


@blueprint.get("/adverse-event-candidates")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.arguments(CandidateQuerySchema, location="query")
@blueprint.response(200, CandidateListSchema)
def list_candidates(query: dict[str, Any]) -> dict[str, Any]:
    """List what nobody has decided about at one's sites, by the day it began."""
    with reading() as session:
        found = waiting_list.list_whole(
            session, current_actor(), only_undecided=not query["decided"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _listed(found)


@blueprint.get("/participants/<code:code>/adverse-event-candidates")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.response(200, CandidateListSchema)
@blueprint.refuses(NotFound)
def list_candidates_of(code: str) -> dict[str, Any]:
    """List every candidate of a participant, decided ones too."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_ADVERSE_EVENT
        )
        return _listed(
            candidates.candidates_of(
                session, participant, catalogue=catalogue(session), now=now()
            )
        )  # fmt: skip


@blueprint.post("/participants/<code:code>/adverse-event-candidates/<uuid:candidate_id>/decision")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(ChoiceSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, CandidateSchema)
@blueprint.refuses(
    NotFound, NotDelegated, ReasonRequired, InvalidInput, NoActiveStudyVersion, IdempotencyConflict
)
def decide_candidate(
    choice: Choice, headers: dict[str, Any], code: str, candidate_id: UUID
) -> dict[str, Any]:
    """Decide about a candidate: accept, merge, link, pre-existing or decline, with a reason."""
    actor = current_actor()
    with transaction() as session:
        known = catalogue(session)
        participant = enrolment.get_participant(
            session, actor, code, Permission.ASSESS_ADVERSE_EVENT
        )

        def act() -> str:
            decided = adverse_events.decide(
                session, actor, participant, candidate_id, choice, catalogue=known, now=now()
            )
            return str(decided.id)

        decided_id = UUID(once(session, actor, headers["key"], act))
        found = candidates.candidates_of(session, participant, catalogue=known, now=now())
        return _described(next(one for one in found if one.id == decided_id))


def _listed(found: list[Candidate]) -> dict[str, Any]:
    return {
        "undecided_count": sum(one.state is not CandidateState.DECIDED for one in found),
        "items": [_described(one) for one in found],
    }


def _described(candidate: Candidate) -> dict[str, Any]:
    decision = candidate.decision
    return {
        "id": candidate.id,
        "participant": candidate.participant.code,
        "source": candidate.source,
        "source_key": candidate.key,
        "state": candidate.state,
        "began_on": candidate.began_on,
        "study_day": candidate.study_day,
        "is_in_window": candidate.is_in_window,
        "about": dict(candidate.about),
        "disposition": decision.disposition if decision else None,
        "reason": decision.reason if decision else None,
        "decided_at": decision.decided_at if decision else None,
    }
