"""Snapshots: everything up to one place of the feed, as files, and the cursor to go on from."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as WerkzeugResponse

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, keyring, now, parts, reading, requires, transaction
from epro.db import Database
from epro.errors import InvalidInput, NotFound
from epro.models import EdcSnapshot, EdcSnapshotFile
from epro.services import journal, snapshots
from epro.services.snapshots import KINDS

blueprint = ApiBlueprint(
    "edc snapshots", __name__, url_prefix="/api/edc/v1",
    description="Everything at once, for a clinical database that begins.",
)  # fmt: skip


class SnapshotRequestSchema(Schema):
    files = fields.List(
        fields.String(validate=validate.OneOf(list(KINDS))), required=True,
        metadata={"description": "Which files; an empty list: all."},
    )  # fmt: skip


class SnapshotFileSchema(Schema):
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "In bytes."})
    sha256 = fields.String(required=True)
    href = fields.String(required=True)


class SnapshotSchema(Schema):
    """Files of everything up to `upto`; `cursor` goes on behind it. It is kept for a week."""

    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["pending", "ready"]))
    upto = fields.Integer(required=True)
    cursor = fields.String(required=True)
    requested_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    files = fields.List(fields.Nested(SnapshotFileSchema), required=True)


@blueprint.post("/snapshots")
@requires(Permission.READ_FEED)
@blueprint.arguments(SnapshotRequestSchema)
@blueprint.response(202, SnapshotSchema)
@blueprint.refuses(InvalidInput)
def request_snapshot(wanted: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Ask for files of everything so far; the worker makes them, look at Location until ready."""
    with transaction() as session:
        journal.sequence(session)
        snapshot = snapshots.request(session, current_actor(), wanted["files"], now=now())
        cursor = snapshots.cursor_of(session, snapshot, keyring=keyring())
        files = snapshots.files_of(session, snapshot)
    place = url_for("edc snapshots.read_snapshot", snapshot_id=snapshot.id)
    return _described(snapshot, list(files), cursor), 202, {"Location": place, "Retry-After": "2"}


@blueprint.get("/snapshots/<uuid:snapshot_id>")
@requires(Permission.READ_FEED)
@blueprint.response(200, SnapshotSchema)
@blueprint.refuses(NotFound)
def read_snapshot(snapshot_id: UUID) -> dict[str, Any]:
    """Return how far a snapshot is, and its files."""
    with reading() as session:
        snapshot = snapshots.get(session, current_actor(), snapshot_id, now=now())
        cursor = snapshots.cursor_of(session, snapshot, keyring=keyring())
        return _described(snapshot, list(snapshots.files_of(session, snapshot)), cursor)


@blueprint.get("/snapshots/<uuid:snapshot_id>/files/<slug:name>")
@requires(Permission.READ_FEED)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
@blueprint.alt_response(304, description="The copy that the client has is this one.")
@blueprint.refuses(NotFound)
def read_snapshot_file(snapshot_id: UUID, name: str) -> WerkzeugResponse:
    """Return one file; its ETag is its SHA-256."""
    with reading() as session:
        snapshot = snapshots.get(session, current_actor(), snapshot_id, now=now())
        file = snapshots.file_of(session, snapshot, name)
    with transaction() as session:
        snapshots.record_reading(session, current_actor(), snapshot, file, now=now())
    response = Response(
        pieces(parts().database, file.id), mimetype=KINDS[name].media_type,
        headers={"Content-Length": str(file.size)},
    )  # fmt: skip
    response.set_etag(file.sha256)
    return response.make_conditional(request)


def pieces(database: Database, file_id: UUID) -> Iterator[bytes]:
    """Yield a file, holding no transaction while the network takes its time."""
    number = 0
    while True:
        with database.reading() as session:
            piece = snapshots.part(session, file_id, number)
        if piece is None:
            return
        yield piece
        number += 1


def _described(snapshot: EdcSnapshot, files: list[EdcSnapshotFile], cursor: str) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "state": "ready" if snapshot.ready_at else "pending",
        "upto": snapshot.upto_seq,
        "cursor": cursor,
        "requested_at": snapshot.requested_at,
        "expires_at": snapshot.expires_at,
        "files": [
            {
                "name": file.name, "media_type": KINDS[file.name].media_type, "size": file.size,
                "sha256": file.sha256,
                "href": url_for(
                    "edc snapshots.read_snapshot_file", snapshot_id=snapshot.id, name=file.name
                ),
            }
            for file in files
        ],
    }  # fmt: skip
