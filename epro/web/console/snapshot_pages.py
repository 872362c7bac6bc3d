"""Snapshots of the feed for people: asked for, made by the worker, taken away with a signature."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, keyring, now, parts, transaction
from epro.api.edc.snapshots import pieces
from epro.errors import DomainError
from epro.services import journal, signing, snapshots
from epro.web.console import exporting, typed
from epro.web.console.pages import new_blueprint
from epro.web.console.session import page

blueprint = new_blueprint("snapshots")

ORDER, FILE = "snapshot", "file"


@blueprint.post("/exports/snapshots")
@page(Permission.EXPORT_DATA)
def order() -> ResponseReturnValue:
    """Ask for files of everything so far: those that were ticked, or all."""

    def act(session: Session) -> None:
        wanted = typed.ticked_of("files", snapshots.KINDS)
        journal.sequence(session)
        snapshots.request(session, current_actor(), wanted, now=now())

    return typed.attempt(
        ORDER, act, show=exporting.exports_page, to=url_for("console_exporting.show")
    )


@blueprint.post("/exports/snapshots/<uuid:snapshot_id>/file")
@page(Permission.EXPORT_DATA)
def take(snapshot_id: UUID) -> ResponseReturnValue:
    """Hand over one file, signed for with password and one-time code."""
    actor = current_actor()
    try:
        with transaction() as session:
            snapshot = snapshots.get(session, actor, snapshot_id, now=now())
            name = typed.needed_line("name")
            signing.prove(session, actor, typed.proof(), keyring=keyring(), now=now())
            file = snapshots.file_of(session, snapshot, name)
            snapshots.record_reading(session, actor, snapshot, file, now=now())
    except DomainError as refusal:
        form = f"{FILE}-{snapshot_id}"
        return exporting.exports_page(status=refusal.status, refused=typed.refused(form, refusal))
    response = Response(
        pieces(parts().database, file.id), mimetype=snapshots.KINDS[name].media_type,
        headers={"Content-Length": str(file.size)},
    )  # fmt: skip
    response.headers["Content-Disposition"] = f'attachment; filename="{snapshot.upto_seq}-{name}"'
    response.headers["Content-SHA256"] = file.sha256
    return response
