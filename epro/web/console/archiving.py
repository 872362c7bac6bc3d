"""The investigator's own copies of a site's record: which there are, and that one was received."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, keyring, now, reading
from epro.services import archives, participant_list, retention
from epro.web.console import typed
from epro.web.console.asked import wanted
from epro.web.console.ordering import order_of
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("archiving")


@blueprint.get("/archives")
@page(Permission.SIGN_OFF_RECORD)
def show() -> ResponseReturnValue:
    """Show the copies of one's sites, who has received them, and how long all is kept."""
    return archives_page()


@blueprint.post("/archives/<uuid:archive_id>/receipt")
@page(Permission.SIGN_OFF_RECORD)
def receive(archive_id: UUID) -> ResponseReturnValue:
    """Confirm that one holds a copy: by the hash of its manifest, password and one-time code."""

    def act(session: Session) -> None:
        archives.receive(
            session, current_actor(), archive_id, typed.needed_line("sha256"), typed.proof(),
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt(
        f"receipt-{archive_id}", act, show=archives_page, to=url_for("console_archiving.show")
    )


def archives_page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    """Return the page of copies; a refusal stands beside its form."""
    actor, asked = current_actor(), wanted(archives.Column)
    with reading() as session:
        found = archives.list_page(session, actor, asked)
        hers = participant_list.sites_of(session, actor.sites_for(Permission.SIGN_OFF_RECORD))
        kept = {one.code: retention.of_site(session, one).until_on for one in hers}
    return render_framed(
        "archives.html", status=status, here="archives", refused=refused, found=found, kept=kept,
        sites=hers, wanted=asked, order=order_of(asked), columns=list(archives.Column),
    )  # fmt: skip
