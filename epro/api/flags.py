"""Possible serious events: what is open, the oldest clock first, and all that is done about one."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    reading,
    requires,
    transaction,
)
from epro.api.flag_schemas import (
    ClosureSchema,
    EarlierAwarenessSchema,
    FlagDetailSchema,
    FlagListSchema,
    FlagQuerySchema,
    FlagSchema,
    LaterAwarenessSchema,
    NewAssessmentSchema,
    NewSendingSchema,
    ReassignmentSchema,
    SigningAgainSchema,
)
from epro.api.idempotency import IdempotencySchema, once
from epro.api.signatures import SIGNING_REFUSALS
from epro.errors import (
    AlreadyAcknowledged,
    IdempotencyConflict,
    InvalidInput,
    NotDelegated,
    NotFound,
    ReasonRequired,
)
from epro.errors_of_flags import (
    AwarenessNotPossible,
    ContactMissing,
    DispositionMissing,
    FlagClosed,
    FlagNotAcknowledged,
    FlagNotClosed,
    SendingMissing,
    SignatureHolds,
    SignatureMissing,
)
from epro.models import SafetyFlag
from epro.services import assessing, awareness, closing, contacts, flags, reporting
from epro.services.assessing import NewAssessment
from epro.services.closing import AllowedAct
from epro.services.reporting import NewSending
from questionnaires.definition import StudyPackage

blueprint = ApiBlueprint(
    "flags", __name__, url_prefix="/api/v1", description="Possible serious events, to be assessed."
)


@blueprint.get("/flags")
@requires(Permission.READ_FLAG)
@blueprint.arguments(FlagQuerySchema, location="query")
@blueprint.response(200, FlagListSchema)
def list_flags(query: dict[str, Any]) -> dict[str, Any]:
    """List open flags: unacknowledged ones first, the oldest clock first."""
    with reading() as session:
        found = flags.list_flags(
            session, current_actor(),
            only_unacknowledged=query["unacknowledged"], limit=query["limit"] + 1,
        )  # fmt: skip
        page = found[: query["limit"]]
        return {"items": _described(session, page), "has_more": len(found) > len(page)}


@blueprint.get("/flags/<uuid:flag_id>")
@requires(Permission.READ_FLAG)
@blueprint.response(200, FlagDetailSchema)
@blueprint.refuses(NotFound)
def read_flag(flag_id: UUID) -> dict[str, Any]:
    """Read one flag with its clocks, contacts, assessments, signatures, and what may be done now.

    Somebody of the site who reads it for the first time makes the site aware of it.
    """
    actor = current_actor()
    with reading() as session:
        is_first = awareness.is_first_view(actor, flags.get_flag(session, actor, flag_id))
    if is_first:
        with transaction() as session:
            awareness.note_viewed(session, actor, flag_id, now=now())
    with reading() as session:
        return _in_detail(session, actor, flags.get_flag(session, actor, flag_id))


@blueprint.post("/flags/<uuid:flag_id>/acknowledgement")
@requires(Permission.ACKNOWLEDGE_FLAG)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, FlagSchema)
@blueprint.refuses(NotFound, AlreadyAcknowledged, FlagClosed, IdempotencyConflict)
def acknowledge_flag(headers: dict[str, Any], flag_id: UUID) -> dict[str, Any]:
    """Take a flag. The first person wins; a second one is told who that was.

    Sent again with its key, as after a lost reply or a second tap, it succeeds again.
    """

    def act(session: Session, actor: Actor) -> None:
        flags.acknowledge(session, actor, flag_id, now=now())

    return _changed(flag_id, headers, act)


@blueprint.post("/flags/<uuid:flag_id>/reassignment")
@requires(Permission.ACKNOWLEDGE_FLAG)
@blueprint.arguments(ReassignmentSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, FlagSchema)
@blueprint.refuses(
    NotFound, FlagNotAcknowledged, FlagClosed, ReasonRequired, InvalidInput, IdempotencyConflict
)
def reassign_flag(typed: dict[str, Any], headers: dict[str, Any], flag_id: UUID) -> dict[str, Any]:
    """Hand a flag to somebody else of the site, who is told at once."""

    def act(session: Session, actor: Actor) -> None:
        package = _package(session, actor, flag_id)
        flags.reassign(session, actor, flag_id, package=package, now=now(), **typed)

    return _changed(flag_id, headers, act)


@blueprint.post("/flags/<uuid:flag_id>/assessments")
@requires(Permission.ASSESS_FLAG)
@blueprint.arguments(NewAssessmentSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, FlagDetailSchema)
@blueprint.refuses(
    NotFound, NotDelegated, FlagNotAcknowledged, ReasonRequired, InvalidInput, IdempotencyConflict
)
def assess_flag(new: NewAssessment, headers: dict[str, Any], flag_id: UUID) -> dict[str, Any]:
    """Assess a flag as a delegated physician; a correction is a new version with its reason."""

    def act(session: Session, actor: Actor) -> None:
        package = _package(session, actor, flag_id)
        assessing.assess(session, actor, flag_id, new, package=package, now=now())

    return _changed(flag_id, headers, act, in_detail=True)


@blueprint.post("/flags/<uuid:flag_id>/awareness")
@requires(Permission.FOLLOW_UP_FLAG)
@blueprint.arguments(EarlierAwarenessSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, FlagDetailSchema)
@blueprint.refuses(NotFound, ReasonRequired, AwarenessNotPossible, IdempotencyConflict)
def state_awareness(
    typed: dict[str, Any], headers: dict[str, Any], flag_id: UUID
) -> dict[str, Any]:
    """Record that the site knew earlier than its clocks say."""

    def act(session: Session, actor: Actor) -> None:
        awareness.state_earlier(
            session, actor, flag_id, at=typed["aware_at"], reason=typed["reason"], now=now()
        )

    return _changed(flag_id, headers, act, in_detail=True)


@blueprint.post("/flags/<uuid:flag_id>/later-awareness")
@requires(Permission.SET_AWARENESS_LATER)
@blueprint.arguments(LaterAwarenessSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, FlagDetailSchema)
@blueprint.refuses(
    NotFound, ReasonRequired, AwarenessNotPossible, IdempotencyConflict, *SIGNING_REFUSALS
)
def state_later_awareness(
    typed: dict[str, Any], headers: dict[str, Any], flag_id: UUID
) -> dict[str, Any]:
    """Record, signed by the principal investigator, that the site knew later than it seems."""

    def act(session: Session, actor: Actor) -> None:
        awareness.state_later(
            session, actor, flag_id, at=typed["aware_at"], reason=typed["reason"],
            proof=typed["signature"], keyring=keyring(), now=now(),
        )  # fmt: skip

    return _changed(flag_id, headers, act, in_detail=True)


@blueprint.post("/flags/<uuid:flag_id>/sendings")
@requires(Permission.FOLLOW_UP_FLAG)
@blueprint.arguments(NewSendingSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, FlagDetailSchema)
@blueprint.refuses(NotFound, FlagClosed, InvalidInput, IdempotencyConflict)
def record_sending(new: NewSending, headers: dict[str, Any], flag_id: UUID) -> dict[str, Any]:
    """Record that the report of a serious event went to the sponsor: time, person and proof."""

    def act(session: Session, actor: Actor) -> None:
        reporting.record_sending(session, actor, flag_id, new, now=now())

    return _changed(flag_id, headers, act, in_detail=True)


@blueprint.post("/flags/<uuid:flag_id>/closure")
@requires(Permission.CLOSE_FLAG)
@blueprint.arguments(ClosureSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, FlagDetailSchema)
@blueprint.refuses(
    NotFound, NotDelegated, FlagClosed, FlagNotAcknowledged, DispositionMissing, ContactMissing,
    SendingMissing, SignatureMissing, ReasonRequired, IdempotencyConflict, *SIGNING_REFUSALS,
)  # fmt: skip
def close_flag(typed: dict[str, Any], headers: dict[str, Any], flag_id: UUID) -> dict[str, Any]:
    """Close a flag with a reason: RED and ORANGE by a delegated physician's signature."""

    def act(session: Session, actor: Actor) -> None:
        closing.close(
            session, actor, flag_id, reason=typed["reason"], proof=typed["signature"],
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return _changed(flag_id, headers, act, in_detail=True)


@blueprint.post("/flags/<uuid:flag_id>/signature")
@requires(Permission.ASSESS_FLAG)
@blueprint.arguments(SigningAgainSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, FlagDetailSchema)
@blueprint.refuses(
    NotFound, NotDelegated, FlagNotClosed, SignatureHolds, IdempotencyConflict, *SIGNING_REFUSALS
)
def sign_flag_again(
    typed: dict[str, Any], headers: dict[str, Any], flag_id: UUID
) -> dict[str, Any]:
    """Sign a closure anew whose signature was broken by a later change."""

    def act(session: Session, actor: Actor) -> None:
        closing.sign_again(
            session, actor, flag_id, proof=typed["signature"], keyring=keyring(), now=now()
        )

    return _changed(flag_id, headers, act, in_detail=True)


def _changed(
    flag_id: UUID,
    headers: dict[str, Any],
    act: Callable[[Session, Actor], None],
    *,
    in_detail: bool = False,
) -> dict[str, Any]:
    """Do one act once for its key, and return the flag as it is then."""
    actor = current_actor()
    with transaction() as session:

        def acted() -> str:
            act(session, actor)
            return str(flag_id)

        once(session, actor, headers["key"], acted)
        flag = flags.get_flag(session, actor, flag_id)
        if in_detail:
            return _in_detail(session, actor, flag)
        return _described(session, [flag])[0]


def _package(session: Session, actor: Actor, flag_id: UUID) -> StudyPackage:
    """Return the study as it was when the flag was raised."""
    flag = flags.get_flag(session, actor, flag_id)
    return catalogue(session).package(flag.study_version_id)


def _described(session: Session, found: Sequence[SafetyFlag]) -> list[dict[str, Any]]:
    return [
        flags.facts_of(session, flag)
        | {
            "participant": flags.case_of(session, flag).participant.code,
            "state": flag.state,
            "next_rung_at": flag.next_rung_at,
            "version": flag.version,
        }
        for flag in found
    ]


def _in_detail(session: Session, actor: Actor, flag: SafetyFlag) -> dict[str, Any]:
    case = flags.case_of(session, flag)
    package = catalogue(session).package(flag.study_version_id)
    clock = awareness.clock_of(session, case, package)
    return _described(session, [flag])[0] | {
        "triggers": [
            {
                "rule": trigger.rule,
                "tier": trigger.tier,
                "met_at": trigger.met_at,
                "source": screening.source.value,
                "source_id": screening.source_id,
                "revision": screening.revision,
                "inputs": screening.inputs,
            }
            for trigger, screening in flags.triggers_of(session, flag)
        ],
        "notes": flags.notes_of(session, flag),
        "clock": clock,
        "contacts": [
            contacts.facts_of(one, flags.username_of(session, one.recorded_by_id) or "")
            | {"id": one.id, "recorded_at": one.recorded_at}
            for one in contacts.of_flag(session, flag.id)
        ],
        "assessments": [
            flags.disposition_of(one)
            | {
                "narrative": one.narrative,
                "reason": one.reason,
                "assessed_at": one.assessed_at,
                "assessed_by": flags.username_of(session, one.assessed_by_id),
            }
            for one in assessing.versions_of(session, flag.id)
        ],
        "signatures": closing.signatures_of(session, case) if flag.closed_at else [],
        "acts": [_act(one) for one in closing.acts_of(session, actor, case, now=now())],
    }


def _act(one: AllowedAct) -> dict[str, Any]:
    refusal = one.refusal
    return {
        "act": one.act,
        "takes_signature": one.takes_signature,
        "why_not": refusal.code if refusal else None,
        "message": refusal.text if refusal else None,
        "details": refusal.details if refusal else {},
    }
