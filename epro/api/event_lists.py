"""Listing and table of adverse events, as values and as CSV; comparing with an EDC's list."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.errors_of_record import UnreadableEventList
from epro.services import event_lists
from questionnaires.event_tables import EventTable, RowName
from questionnaires.reconciling import DifferenceKind, ListedEvent, UnreadableList, read_list

blueprint = ApiBlueprint(
    "event_lists", __name__, url_prefix="/api/v1",
    description="Adverse events counted and compared; blinded totals only.",
)  # fmt: skip
MAX_CSV = 200_000


class ListingQuerySchema(Schema):
    treatment_emergent = fields.Boolean(load_default=False)


class ListingRowSchema(Schema):
    participant = fields.String(required=True)
    number = fields.Integer(required=True)
    term = fields.String(required=True)
    onset_on = fields.String(required=True)
    study_day = fields.String(required=True, allow_none=True)
    ended_on = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True)
    worst_grade = fields.Integer(required=True)
    serious = fields.Boolean(required=True)
    seriousness = fields.List(fields.String(), required=True)
    relationship = fields.String(required=True)
    related = fields.Boolean(required=True)
    action_taken = fields.String(required=True)
    treatment_emergent = fields.Boolean(required=True)
    source = fields.String(required=True)
    version = fields.Integer(required=True)
    signed = fields.Boolean(required=True)


class ListingSchema(Schema):
    items = fields.List(fields.Nested(ListingRowSchema), required=True)


class TableRowSchema(Schema):
    name = fields.Enum(RowName, by_value=True, required=True)
    participant_count = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null where hidden."}
    )
    event_count = fields.Integer(required=True, allow_none=True)


class TableSchema(Schema):
    infused_count = fields.Integer(required=True)
    undecided_count = fields.Integer(
        required=True, allow_none=True,
        metadata={"description": "Candidates of day 1 to 28 that nobody has decided about."},
    )  # fmt: skip
    rows = fields.List(fields.Nested(TableRowSchema), required=True)


class OtherListSchema(Schema):
    csv = fields.String(
        required=True, validate=validate.Length(min=1, max=MAX_CSV),
        metadata={"description": "Columns: participant, number, term, onset_on, ended_on, grade, "
                                 "serious; a header first."},
    )  # fmt: skip


class ListedEventSchema(Schema):
    number = fields.Integer(required=True, allow_none=True)
    term = fields.String(required=True)
    onset_on = fields.Date(required=True)
    ended_on = fields.Date(required=True, allow_none=True)
    grade = fields.Integer(required=True)
    serious = fields.Boolean(required=True)
    line = fields.Integer(required=True, allow_none=True)


class FieldDifferenceSchema(Schema):
    field = fields.String(required=True)
    here = fields.String(required=True)
    there = fields.String(required=True)


class DifferenceSchema(Schema):
    kind = fields.Enum(DifferenceKind, by_value=True, required=True)
    participant = fields.String(required=True)
    here = fields.Nested(ListedEventSchema, required=True, allow_none=True)
    there = fields.Nested(ListedEventSchema, required=True, allow_none=True)
    fields_ = fields.List(
        fields.Nested(FieldDifferenceSchema), required=True, data_key="fields", attribute="fields"
    )


class ReconciliationSchema(Schema):
    items = fields.List(fields.Nested(DifferenceSchema), required=True)


@blueprint.get("/adverse-events")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.arguments(ListingQuerySchema, location="query")
@blueprint.response(200, ListingSchema)
def list_all_events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events at one's sites that stand, by participant and number."""
    with reading() as session:
        found = event_lists.listing(
            session, current_actor(), only_treatment_emergent=query["treatment_emergent"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return {"items": [event_lists.listing_row(one) for one in found]}


@blueprint.get("/adverse-events.csv")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.arguments(ListingQuerySchema, location="query")
@blueprint.response(200, {"format": "binary", "type": "string"}, content_type="text/csv")
def list_all_events_as_csv(query: dict[str, Any]) -> Response:
    """Return the listing as CSV."""
    with reading() as session:
        found = event_lists.listing(
            session, current_actor(), only_treatment_emergent=query["treatment_emergent"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _csv(event_lists.listing_as_csv(found), "adverse-events")


@blueprint.get("/adverse-event-table")
@requires(Permission.READ_EVENT_TABLE)
@blueprint.response(200, TableSchema)
def read_event_table() -> EventTable:
    """Count events that began on day 1 to 28: blinded totals, with the undecided candidates."""
    with reading() as session:
        return event_lists.table(
            session, current_actor(), catalogue=catalogue(session), now=now()
        )  # fmt: skip


@blueprint.get("/adverse-event-table.csv")
@requires(Permission.READ_EVENT_TABLE)
@blueprint.response(200, {"format": "binary", "type": "string"}, content_type="text/csv")
def read_event_table_as_csv() -> Response:
    """Return the table as CSV; a count that is hidden says so."""
    with reading() as session:
        counted = event_lists.table(
            session, current_actor(), catalogue=catalogue(session), now=now()
        )
        return _csv(event_lists.table_as_csv(counted), "adverse-event-table")


@blueprint.post("/adverse-event-reconciliation")
@requires(Permission.RECONCILE_EVENTS)
@blueprint.arguments(OtherListSchema)
@blueprint.response(200, ReconciliationSchema)
@blueprint.refuses(UnreadableEventList)
def reconcile_events(typed: dict[str, Any]) -> dict[str, Any]:
    """Compare with another system's list; one that cannot be read is refused, each line named."""
    there = _read(typed["csv"])
    with transaction() as session:
        return {"items": event_lists.reconcile(session, current_actor(), there, now=now())}


def _read(text: str) -> tuple[ListedEvent, ...]:
    try:
        return read_list(text)
    except UnreadableList as unreadable:
        raise UnreadableEventList(
            details={
                "problems": [
                    {"place": f"line {one.line}, {one.column}", "message": one.reason}
                    for one in unreadable.faults[:100]
                ]
            }
        ) from unreadable


def _csv(text: str, name: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
