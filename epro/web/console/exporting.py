"""Files to take away: with a checksum, a second factor, and an entry on record."""

from flask import Response
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, keyring, now, reading, transaction
from epro.errors import DomainError
from epro.services import exports, signing, snapshots
from epro.services.exports import ExportKind, Made
from epro.web.console import typed
from epro.web.console.asked import page_number
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("exporting")

FORM = "export"


@blueprint.get("/exports")
@page(Permission.EXPORT_DATA)
def show() -> ResponseReturnValue:
    """Offer the files, and show what was taken away before."""
    return exports_page()


@blueprint.post("/exports")
@page(Permission.EXPORT_DATA)
def take() -> ResponseReturnValue:
    """Make a file, signed for with password and one-time code."""
    actor = current_actor()
    try:
        kind = typed.chosen("kind", ExportKind)
        with transaction() as session:
            signing.prove(session, actor, typed.proof(), keyring=keyring(), now=now())
            made = exports.make(session, actor, kind, catalogue=catalogue(session), now=now())
    except DomainError as refusal:
        return exports_page(status=refusal.status, refused=typed.refused(FORM, refusal))
    return as_file(made)


def as_file(made: Made) -> Response:
    """Return a file to take away, with its checksum."""
    response = Response(made.content, mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response.headers["Content-SHA256"] = made.sha256
    return response


def exports_page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    """Return the page of exports; a refusal stands beside its form."""
    actor = current_actor()
    with reading() as session:
        earlier = exports.earlier(session, actor, page=page_number())
        own = [
            (one, snapshots.files_of(session, one))
            for one in snapshots.own(session, actor, now=now())
        ]
    return render_framed(
        "exports.html", status=status, here="exports", refused=refused, earlier=earlier,
        kinds=exports.kinds_for(actor), snapshots=own, files=list(snapshots.KINDS),
        may_snapshot=bool(snapshots.scopes_of(actor)),
    )  # fmt: skip
