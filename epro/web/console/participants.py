"""Who is in the trial: the list, one participant, her code, her devices, how to reach her."""

from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    reading,
    transaction,
    wall_now,
)
from epro.models import LifeCycle, Site
from epro.services import (
    anchor_queries,
    anchors,
    compliance,
    consents,
    contact_data,
    contacts,
    enrolment,
    identity,
    life_cycle,
    participant_list,
    planning,
    refused_bodies,
    sessions,
)
from epro.services.contact_data import NewIdentity
from epro.services.participant_list import Column, Having, Wanted
from epro.web.console import typed
from epro.web.console.asked import asked_for, is_down, page_number, query
from epro.web.console.pages import new_blueprint, render, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from epro.web.console.sheet import code_sheet
from questionnaires.compliance import Grouping
from questionnaires.compliance import Standing as Mark
from questionnaires.definition import ConsentKind
from questionnaires.schedule import AnchorEvent, DiarySlot

blueprint = new_blueprint("participants")

MOST_CONTACTS = 20
WITHDRAWS = (
    LifeCycle.WITHDRAWN_FROM_DIARY, LifeCycle.WITHDRAWN_FROM_CONTACT, LifeCycle.WITHDRAWN_FROM_ALL,
)  # fmt: skip
RECORDABLE = (
    AnchorEvent.INF1_PLANNED, AnchorEvent.INF1, AnchorEvent.INF2, AnchorEvent.END,
)  # fmt: skip


@blueprint.get("/participants")
@page(Permission.READ_PARTICIPANT)
def show_list() -> ResponseReturnValue:
    """Show the participants of one's sites, page by page."""
    wanted = Wanted(
        site=request.args.get("site") or None,
        code=(request.args.get("code") or "").strip().upper()[:32] or None,
        life_cycle=asked_for("state", LifeCycle),
        having=asked_for("having", Having),
        column=asked_for("sort", Column) or Column.CODE,
        is_descending=is_down(),
        page=page_number(),
    )
    reads_flags = current_actor().holds(Permission.READ_FLAG)
    if not reads_flags:
        # Who may not see flags learns nothing of them from a filter or an order either.
        wanted = replace(
            wanted,
            having=None if wanted.having is Having.FLAG else wanted.having,
            column=Column.CODE if wanted.column is Column.FLAGS else wanted.column,
        )
    with reading() as session:
        found = participant_list.list_page(
            session, current_actor(), wanted, catalogue=catalogue(session), now=now()
        )
    return render_framed(
        "participants.html", here="participants", found=found, wanted=wanted,
        pages=ceil(found.total / participant_list.PAGE), Mark=Mark, states=list(LifeCycle),
        havings=[one for one in Having if reads_flags or one is not Having.FLAG],
        reads_flags=reads_flags, is_filtered=_is_filtered(wanted), args=query(),
        may_enrol=current_actor().holds(Permission.ENROL_PARTICIPANT),
    )  # fmt: skip


@blueprint.get("/participants/<code:code>")
@page(Permission.READ_PARTICIPANT)
def show(code: str) -> ResponseReturnValue:
    """Show one participant: how she takes part, what days are counted from, her devices."""
    return participant_page(code)


@blueprint.get("/participants/<code:code>/activation")
@page(Permission.READ_PARTICIPANT, is_watching=True)
def watch_activation(code: str) -> ResponseReturnValue:
    """Return whether the code that was handed out has been used; the sheet asks by itself."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_PARTICIPANT
        )
        issued = enrolment.latest_activation_code(session, participant)
        zone = session.get_one(Site, participant.site_id).zone
    return render("activation_state.html", issued=issued, zone=zone)


@blueprint.post("/participants/<code:code>/activation-codes")
@page(Permission.ISSUE_ACTIVATION_CODE)
def issue_code(code: str) -> ResponseReturnValue:
    """Hand out a new activation code; the one before no longer opens anything."""

    def act(session: Session) -> enrolment.IssuedCode:
        return enrolment.issue_activation_code(
            session, current_actor(), code, keyring=keyring(), now=now()
        )

    return code_sheet(act, form="new_code", show=partial(participant_page, code))


@blueprint.post("/participants/<code:code>/devices/<uuid:device_id>/revocation")
@page(Permission.REVOKE_DEVICE)
def revoke_device(code: str, device_id: UUID) -> ResponseReturnValue:
    """Sign a lost phone out."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.REVOKE_DEVICE)
        sessions.revoke_device(
            session, actor, participant, device_id, now=now(), wall_now=wall_now()
        )
    return redirect(url_for("console_participants.show", code=code, _anchor="devices"), code=303)


@blueprint.post("/participants/<code:code>/phone")
@page(Permission.READ_IDENTITY)
def show_number(code: str) -> ResponseReturnValue:
    """Show how to reach her; that it was looked at is on record."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_IDENTITY)
        known = identity.read(
            session, actor, participant, reason="console", keyring=keyring(), now=now()
        )
    return participant_page(code, phone=known.phone)


@blueprint.post("/participants/<code:code>/identity")
@page(Permission.RECORD_IDENTITY)
def record_identity(code: str) -> ResponseReturnValue:
    """Write down who she is whom the clinical database enrolled by code alone."""

    def act(session: Session) -> None:
        enrolment.record_identity(
            session, current_actor(), code, phone=typed.line("phone"),
            year_of_birth=typed.number("year_of_birth") or 0, keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt("identity", act, show=partial(participant_page, code), to=_own(code))


@blueprint.post("/participants/<code:code>/identity/correction")
@page(Permission.RECORD_IDENTITY)
def correct_identity(code: str) -> ResponseReturnValue:
    """Correct how she is reached, or her year of birth; what is left empty stays."""

    def act(session: Session) -> None:
        new = NewIdentity(
            phone=typed.line("phone").replace(" ", "") or None,
            email=typed.line("email") or None, year_of_birth=typed.number("year_of_birth"),
            removes_email=bool(typed.line("removes_email")),
        )  # fmt: skip
        contact_data.correct_identity(
            session, current_actor(), code, new, reason=typed.text("reason"), keyring=keyring(),
            now=now(),
        )  # fmt: skip

    to = url_for("console_participants.show", code=code, _anchor="phone")
    return typed.attempt("correct_identity", act, show=partial(participant_page, code), to=to)


def participant_page(
    code: str, *, status: int = 200, refused: Refused | None = None, phone: str | None = None
) -> ResponseReturnValue:
    """Return the page of a participant; a refusal stands beside its form."""
    actor = current_actor()
    with reading() as session:
        who = enrolment.get_participant(session, actor, code, Permission.READ_PARTICIPANT)
        site = session.get_one(Site, who.site_id)
        standing = planning.standing_anchors(session, who.id)
        shown: dict[str, Any] = {
            "who": who,
            "site": site,
            "consents": consents.of_participant(session, who),
            "to_sign": consents.to_sign_anew(
                session, who, catalogue=catalogue(session), now=now()
            ),
            "needed_consents": sorted(
                consents.needed(session, who, catalogue=catalogue(session), now=now())
            ),
            "issued": enrolment.latest_activation_code(session, who),
            "is_known": identity.is_known(session, who.id),
            "devices": sessions.devices_of(session, who),
            "refused_count": refused_bodies.count_of(session, who),
            "history": anchors.history(session, who),
            "standing": standing,
            "queries": anchor_queries.open_of(session, actor, who),
            "report": compliance.report(
                session, actor, compliance.Wanted(participant=who.code), by=Grouping.PERIOD,
                catalogue=catalogue(session), now=now(),
            ),
        }  # fmt: skip
        if actor.may_at(Permission.READ_FLAG, site.id):
            hers = contacts.list_page(session, actor, contacts.Wanted(code=who.code))
            shown["contacts"], shown["contact_count"] = hers.lines[:MOST_CONTACTS], hers.total
    agreed = [one.kind for one in shown["consents"] if one.stands]
    may = {
        permission.value: actor.may_at(permission, site.id)
        for permission in (
            Permission.ISSUE_ACTIVATION_CODE, Permission.REVOKE_DEVICE, Permission.RECORD_ANCHOR,
            Permission.CHANGE_LIFE_CYCLE, Permission.CHANGE_PERSONAL_TIMES,
            Permission.READ_IDENTITY, Permission.RECORD_IDENTITY, Permission.FOLLOW_UP_FLAG,
            Permission.ENROL_PARTICIPANT,
            Permission.ASSESS_ADVERSE_EVENT, Permission.READ_DATA_REQUEST,
        )
    }  # fmt: skip
    return render_framed(
        "participant.html", status=status, here="participants", refused=refused, phone=phone,
        may=may, zone=site.zone, events=RECORDABLE, slots=list(DiarySlot),
        ways_on=[one for one in LifeCycle if one in life_cycle.MAY_FOLLOW[who.life_cycle]],
        ways_out=WITHDRAWS, standing_kinds=agreed,
        # What is to be signed comes first, and what stands last.
        signable_kinds=sorted(
            ConsentKind, key=lambda one: (one not in shown["to_sign"], one in agreed)
        ),
        **shown,
    )  # fmt: skip


def _is_filtered(wanted: Wanted) -> bool:
    return any((wanted.site, wanted.code, wanted.life_cycle, wanted.having))


def _own(code: str) -> str:
    return url_for("console_participants.show", code=code)
