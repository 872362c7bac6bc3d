"""Compliance: completed ÷ expected, both numbers stated, on time and late apart."""

from fractions import Fraction
from typing import Any

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.errors import NotFound
from epro.services import compliance, enrolment
from epro.services.compliance import Report, Wanted
from questionnaires.compliance import Compliance, Grouping

blueprint = ApiBlueprint(
    "compliance", __name__, url_prefix="/api/v1", description="How much of what was due came."
)
_NAME = validate.Length(min=1, max=32)


class ComplianceQuerySchema(Schema):
    by = fields.Enum(Grouping, by_value=True, load_default=Grouping.BLOCK)
    block = fields.String(load_default=None, validate=_NAME)
    from_on = fields.Date(
        load_default=None, metadata={"description": "The first local day that is counted."}
    )
    to_on = fields.Date(
        load_default=None, metadata={"description": "The last local day that is counted."}
    )


class SiteComplianceQuerySchema(ComplianceQuerySchema):
    site = fields.String(load_default=None, validate=_NAME)


class ComplianceSchema(Schema):
    """`completed` ÷ `expected`; what is left out of both is counted beside them."""

    expected = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    late = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    not_offered = fields.Integer(required=True)
    suspended = fields.Integer(required=True)
    percent = fields.Float(
        required=True, allow_none=True,
        metadata={"description": "Rounded to one decimal; null where nothing was expected."},
    )  # fmt: skip


class GroupSchema(ComplianceSchema):
    name = fields.String(required=True)


class ComplianceReportSchema(Schema):
    by = fields.Enum(Grouping, by_value=True, required=True)
    whole = fields.Nested(ComplianceSchema, required=True)
    groups = fields.List(fields.Nested(GroupSchema), required=True)


@blueprint.get("/compliance")
@requires(Permission.READ_COMPLIANCE)
@blueprint.arguments(SiteComplianceQuerySchema, location="query")
@blueprint.response(200, ComplianceReportSchema)
def read_compliance(query: dict[str, Any]) -> dict[str, Any]:
    """Count what was expected and answered at one's sites, by participant, block, site or month."""
    by = query.pop("by")
    with reading() as session:
        found = compliance.report(
            session, current_actor(), Wanted(**query),
            by=by, catalogue=catalogue(session), now=now(),
        )  # fmt: skip
    return _told(by, found)


@blueprint.get("/participants/<code:code>/compliance")
@requires(Permission.READ_COMPLIANCE)
@blueprint.arguments(ComplianceQuerySchema, location="query")
@blueprint.response(200, ComplianceReportSchema)
@blueprint.refuses(NotFound)
def read_participant_compliance(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Count what was expected of one participant and answered by her."""
    by, actor = query.pop("by"), current_actor()
    with reading() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_COMPLIANCE)
        found = compliance.report(
            session, actor, Wanted(participant=participant.code, **query),
            by=by, catalogue=catalogue(session), now=now(),
        )  # fmt: skip
    return _told(by, found)


def _told(by: Grouping, found: Report) -> dict[str, Any]:
    groups = [{"name": name} | _numbers(one) for name, one in found.groups.items()]
    return {"by": by, "whole": _numbers(found.whole), "groups": groups}


def _numbers(one: Compliance) -> dict[str, Any]:
    names = ("expected", "completed", "on_time", "late", "missed", "not_offered", "suspended")
    return {name: getattr(one, name) for name in names} | {"percent": _percent(one.rate)}


def _percent(rate: Fraction | None) -> float | None:
    return None if rate is None else round(float(rate * 100), 1)
