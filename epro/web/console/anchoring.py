"""What days are counted from: recorded, corrected and taken back, after a look at what moves."""

from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading, transaction
from epro.errors import DomainError
from epro.models import Participant, Site
from epro.services import anchor_queries, anchors, enrolment, planning, previews
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.participants import participant_page
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.schedule import AnchorEvent

blueprint = new_blueprint("anchoring")

FORM = "anchor"


@blueprint.get("/participants/<code:code>/anchors/preview")
@page(Permission.RECORD_ANCHOR)
def preview(code: str) -> ResponseReturnValue:
    """Show what recording or correcting an anchor would change; nothing is written."""
    event = next((one for one in AnchorEvent if one.value == request.args.get("event")), None)
    return _preview(code, event, request.args.get("occurred_at", ""))


@blueprint.post("/participants/<code:code>/anchors")
@page(Permission.RECORD_ANCHOR)
def record(code: str) -> ResponseReturnValue:
    """Record or correct an anchor, as it was shown before."""
    event, actor = typed.perhaps("event", AnchorEvent), current_actor()
    try:
        with transaction() as session:
            who = _found(session, code)
            zone = session.get_one(Site, who.site_id).zone
            anchors.record(
                session, actor, who, typed.chosen("event", AnchorEvent),
                occurred_at=_exactly(session, who, event, zone),
                reason=typed.text("reason") or None, catalogue=catalogue(session), now=now(),
            )  # fmt: skip
    except DomainError as refusal:
        refused = typed.refused(FORM, refusal)
        return _preview(
            code, event, typed.line("occurred_at"), status=refusal.status, refused=refused
        )
    return redirect(_own(code), code=303)


@blueprint.post("/participants/<code:code>/anchors/withdrawal")
@page(Permission.RECORD_ANCHOR)
def withdraw(code: str) -> ResponseReturnValue:
    """Take back an anchor that was recorded by mistake."""

    def act(session: Session) -> None:
        anchors.withdraw(
            session, current_actor(), _found(session, code),
            typed.chosen("event", AnchorEvent), reason=typed.text("reason") or None,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return typed.attempt("take_back", act, show=partial(participant_page, code), to=_own(code))


@blueprint.post("/participants/<code:code>/anchor-queries/<uuid:query_id>/decision")
@page(Permission.RECORD_ANCHOR)
def decide(code: str, query_id: UUID) -> ResponseReturnValue:
    """Say which instant is right where the clinical database has another one."""

    def act(session: Session) -> None:
        anchor_queries.decide(
            session, current_actor(), query_id, is_accepted=typed.line("is_accepted") == "yes",
            reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return typed.attempt(
        f"query-{query_id}", act, show=partial(participant_page, code), to=_own(code)
    )


def _preview(
    code: str,
    event: AnchorEvent | None,
    written: str,
    *,
    status: int = 200,
    refused: Refused | None = None,
) -> ResponseReturnValue:
    with reading() as session:
        who = _found(session, code)
        site = session.get_one(Site, who.site_id)
        try:
            if event is None:
                raise typed.not_right("event", "Please choose one.")
            occurred_at = _instant(written, site.zone)
            found = previews.of_anchor(
                session,
                who,
                event,
                occurred_at=occurred_at,
                catalogue=catalogue(session),
                now=now(),
            )
        except DomainError as refusal:
            typed_in = {"event": [event.value if event else ""], "occurred_at": [written]}
            return participant_page(
                code, status=refusal.status, refused=Refused(FORM, refusal, typed_in)
            )
        standing = planning.standing_anchors(session, who.id).get(event)
    return render_framed(
        "anchor_preview.html", status=status, here="participants", who=who, site=site,
        zone=site.zone, event=event, occurred_at=occurred_at, written=written, found=found,
        standing=standing, refused=refused,
    )  # fmt: skip


def _exactly(session: Session, who: Participant, event: AnchorEvent | None, zone: str) -> datetime:
    """Return the typed instant; where it is the standing one to the minute, that very one."""
    at = typed.needed_instant("occurred_at", zone)
    known = planning.standing_anchors(session, who.id).get(event) if event else None
    is_same = known is not None and known.replace(second=0, microsecond=0) == at
    return known if known is not None and is_same else at


def _instant(written: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise typed.not_right("occurred_at", "This is not a time.") from error


def _found(session: Session, code: str) -> Participant:
    return enrolment.get_participant(session, current_actor(), code, Permission.RECORD_ANCHOR)


def _own(code: str) -> str:
    return url_for("console_participants.show", code=code, _anchor="anchors")
