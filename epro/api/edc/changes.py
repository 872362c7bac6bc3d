"""Handing over: the feed of changes, the totals to reconcile with, the acknowledgement."""

import json
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session
from webargs.fields import DelimitedList

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    requires,
    sequenced_reading,
    transaction,
)
from epro.api.edc.reading import XML_TYPE, choice_of, put_on_record
from epro.errors import CursorEpochUnknown, CursorFilterMismatch, CursorInvalid, NotFound
from epro.exchange.changes import Change
from epro.models import EdcConsumer
from epro.services import feed, feed_cursor, feed_exports, feed_forms, journal
from epro.services.feed import Manifest, Page
from epro.services.feed_items import FeedType, HeldBack

blueprint = ApiBlueprint(
    "edc", __name__, url_prefix="/api/edc/v1",
    description="Every change, once, for the clinical database.",
)  # fmt: skip
MAX_PAGE = 1_000
JSON, NDJSON, ODM = "json", "ndjson", "odm"
NDJSON_TYPE = "application/x-ndjson"
# Where a format has no place for the end of a page, and in the others too.
PAGE_HEADERS = {
    "next_cursor": "Epro-Next-Cursor", "has_more": "Epro-Has-More", "head": "Epro-Head",
    "lag_seconds": "Epro-Lag-Seconds",
}  # fmt: skip


def _types() -> DelimitedList:
    return DelimitedList(
        fields.Enum(FeedType, by_value=True),
        load_default=lambda: None,  # a plain None cannot be written as a list in the description
        validate=validate.Length(min=1),
        metadata={"description": "Only these types, separated by commas; left out: all."},
    )


def _cursor(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=feed_cursor.MAX_LENGTH), **options)


class ChangesQuerySchema(Schema):
    cursor = _cursor(
        load_default=None,
        metadata={"description": "From the page before; left out: from the beginning."},
    )
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=MAX_PAGE))
    type = _types()
    format = fields.String(load_default=JSON, validate=validate.OneOf([JSON, NDJSON, ODM]))


class ActingSchema(Schema):
    kind = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)


class FeedItemSchema(Schema):
    """One change of one entity: how it stands since. `hash` is its link in the journal's chain."""

    seq = fields.Integer(required=True)
    change_id = fields.UUID(required=True)
    type = fields.Enum(FeedType, by_value=True, required=True)
    op = fields.String(required=True, validate=validate.OneOf(["insert", "update", "void"]))
    entity_id = fields.String(required=True)
    version = fields.Integer(required=True)
    participant = fields.String(required=True, allow_none=True)
    site = fields.String(required=True, allow_none=True)
    occurred_at = fields.AwareDateTime(required=True, metadata={"description": "With offset."})
    recorded_at = fields.AwareDateTime(required=True, metadata={"description": "In UTC."})
    actor = fields.Nested(ActingSchema, required=True)
    reason = fields.String(required=True, allow_none=True)
    study_version = fields.String(required=True, allow_none=True)
    data = fields.Dict(required=True)
    data_sha256 = fields.String(required=True)
    hash = fields.String(required=True)


class ChangesSchema(Schema):
    """One page of the feed; `next_cursor` is there on an empty page too, and never expires."""

    items = fields.List(fields.Nested(FeedItemSchema), required=True)
    next_cursor = fields.String(required=True)
    has_more = fields.Boolean(required=True)
    head = fields.Integer(required=True, metadata={"description": "The end of the journal."})
    lag_seconds = fields.Float(
        required=True,
        metadata={"description": "Age of the oldest change that has no place in the feed yet."},
    )


class ManifestQuerySchema(Schema):
    upto = fields.Integer(
        load_default=None, validate=validate.Range(min=0, max=2**62),
        metadata={"description": "Up to this number of the journal; left out: all."},
    )  # fmt: skip
    type = _types()


class TotalSchema(Schema):
    type = fields.Enum(FeedType, by_value=True, required=True)
    count = fields.Integer(required=True)
    sha256 = fields.String(
        required=True, metadata={"description": "Over the hashes in order of seq, a line each."}
    )


class HeldBackSchema(Schema):
    type = fields.Enum(HeldBack, by_value=True, required=True)
    count = fields.Integer(required=True)


class ManifestSchema(Schema):
    """What an importer should have; of what waits for an investigator only the number."""

    epoch = fields.String(required=True)
    upto = fields.Integer(required=True)
    totals = fields.List(fields.Nested(TotalSchema), required=True)
    held_back = fields.List(
        fields.Nested(HeldBackSchema), required=True,
        metadata={"description": "How much waits now, of the kinds that the scopes may see."},
    )  # fmt: skip


class AcknowledgementSchema(Schema):
    cursor = _cursor(required=True)


class ConsumerSchema(Schema):
    """How far an importer has stored the feed."""

    consumer = fields.String(required=True, attribute="name")
    seq = fields.Integer(required=True)
    acknowledged_at = fields.AwareDateTime(required=True)


@blueprint.get("/changes")
@requires(Permission.READ_FEED)
@blueprint.arguments(ChangesQuerySchema, location="query")
@blueprint.doc(responses={"200": {"content": {
    NDJSON_TYPE: {"schema": {"type": "string"}}, "text/xml": {"schema": {"type": "string"}},
}}})  # fmt: skip
@blueprint.response(200, ChangesSchema)
@blueprint.refuses(CursorInvalid, CursorFilterMismatch, CursorEpochUnknown)
def read_changes(query: dict[str, Any]) -> Response:
    """Return what changed after a cursor, oldest first; the same cursor gives the same rows.

    As NDJSON each change is a line, and the last line holds the rest of the page, without `items`.
    As ODM it is a transactional file; the rest of the page stands in the headers `Epro-…`.
    """
    choice = choice_of(query["type"])
    with sequenced_reading() as session:
        page = feed.read_page(
            session, choice, cursor=query["cursor"], limit=query["limit"],
            catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip
        response = _as_format(session, page, query["format"])
    # What was taken is on record before it leaves.
    put_on_record(
        "feed.read",
        {
            "after_seq": page.after_seq, "upto_seq": page.upto_seq, "rows": len(page.lines),
            "filter": choice.filter, "format": query["format"], "sha256": page.sha256,
        },
    )  # fmt: skip
    for name, value in _page_end(page).items():
        response.headers[PAGE_HEADERS[name]] = json.dumps(value).strip('"')
    return response


@blueprint.get("/manifest")
@requires(Permission.READ_FEED)
@blueprint.arguments(ManifestQuerySchema, location="query")
@blueprint.response(200, ManifestSchema)
def read_manifest(query: dict[str, Any]) -> dict[str, Any]:
    """Return number and checksum of all changes up to a place, to compare with what was stored."""
    choice = choice_of(query["type"])
    with sequenced_reading() as session:
        totals = feed.manifest(
            session, choice, upto=query["upto"], catalogue=catalogue(session), now=now()
        )
    put_on_record("feed.reconciled", {"upto_seq": totals.upto, "filter": choice.filter})
    return _described(totals)


@blueprint.put("/consumers/<slug:consumer>/ack")
@requires(Permission.ACKNOWLEDGE_FEED)
@blueprint.arguments(AcknowledgementSchema)
@blueprint.response(200, ConsumerSchema)
@blueprint.refuses(CursorInvalid, CursorEpochUnknown, NotFound)
def acknowledge(typed: dict[str, Any], consumer: str) -> EdcConsumer:
    """Say that everything before a cursor is stored; an earlier one than before changes nothing."""
    with transaction() as session:
        return feed.acknowledge(
            session, current_actor(), consumer, typed["cursor"], keyring=keyring(), now=now()
        )


def _as_format(session: Session, page: Page, wanted: str) -> Response:
    if wanted == NDJSON:
        return Response(_as_ndjson(page), mimetype=NDJSON_TYPE)
    if wanted == ODM:
        return Response(_as_odm(session, page), content_type=XML_TYPE)
    return Response(_as_json(page), mimetype="application/json")


def _page_end(page: Page) -> dict[str, Any]:
    return {name: getattr(page, name) for name in PAGE_HEADERS}


def _as_json(page: Page) -> str:
    """Put the page together from the lines as they are: parsing them could only alter them."""
    end = journal.canonical(_page_end(page))
    return f'{{"items":[{",".join(page.lines)}],{end[1:]}\n'


def _as_ndjson(page: Page) -> str:
    return "".join(f"{line}\n" for line in (*page.lines, journal.canonical(_page_end(page))))


def _as_odm(session: Session, page: Page) -> bytes:
    changes = [Change.from_item(json.loads(line)) for line in page.lines]
    study = feed_forms.study_of(session, catalogue(session))
    name = f"changes.{page.after_seq}-{page.upto_seq}"
    return feed_exports.odm_page(session, study, changes, name=name)


def _described(totals: Manifest) -> dict[str, Any]:
    return {
        "epoch": totals.epoch,
        "upto": totals.upto,
        "totals": totals.totals,
        "held_back": [{"type": name, "count": count} for name, count in totals.held_back.items()],
    }
