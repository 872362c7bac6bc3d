"""Enrolling: eight things to fill in, and the sheet to hand over."""

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, keyring, now, reading
from epro.errors import NoActiveStudyVersion, NotFound
from epro.models import Site, User
from epro.services import enrolment, participant_list, sites, studies
from epro.services.enrolment_form import Enrolment, GivenConsent
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from epro.web.console.sheet import code_sheet
from questionnaires.definition import ConsentKind, Language, StudyPackage, ThermometerRoute
from questionnaires.schedule import DiarySlot

blueprint = new_blueprint("enrolling")

SITE_CODE_LENGTH = 4


@blueprint.get("/participants/new")
@page(Permission.ENROL_PARTICIPANT)
def ask() -> ResponseReturnValue:
    """Ask for what is needed to enrol somebody."""
    return _form()


@blueprint.post("/participants/new")
@page(Permission.ENROL_PARTICIPANT)
def enrol() -> ResponseReturnValue:
    """Enrol, and show the sheet with her activation code."""

    def act(session: Session) -> enrolment.IssuedCode:
        filled_in = _filled_in(session)
        return enrolment.enrol(
            session, current_actor(), filled_in, keyring=keyring(),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return code_sheet(act, form="enrol", show=_form)


def _form(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        open_to_her = participant_list.sites_of(
            session, actor.sites_for(Permission.ENROL_PARTICIPANT)
        )
        package = _package(session, open_to_her[0]) if open_to_her else None
        explained_by = session.get_one(User, actor.id).full_name
    return render_framed(
        "enrol.html", status=status, here="participants", refused=refused, sites=open_to_her,
        consents=package.consents if package else (), explained_by=explained_by,
        zone=open_to_her[0].zone if open_to_her else "UTC",
        languages=list(Language), routes=list(ThermometerRoute), slots=list(DiarySlot),
        package=package,
    )  # fmt: skip


def _filled_in(session: Session) -> Enrolment:
    code = typed.line("code").upper()
    try:
        site = sites.get_site(session, code[:SITE_CODE_LENGTH])
    except NotFound as error:
        raise typed.not_right("code", "A participant's code begins with her site's.") from error
    year = typed.number("year_of_birth")
    if year is None:
        raise typed.not_right("year_of_birth", "A year is needed.")
    given_at = typed.needed_instant("given_at", site.zone)
    return Enrolment(
        code=code,
        site=site.code,
        language=typed.chosen("language", Language),
        consents=_consents(given_at),
        zone=typed.line("zone") or None,
        thermometer_route=typed.perhaps("thermometer_route", ThermometerRoute),
        diary_slot=typed.perhaps("diary_slot", DiarySlot) or DiarySlot.EVENING,
        year_of_birth=year,
        phone=typed.line("phone").replace(" ", ""),
        email=typed.line("email") or None,
    )


def _consents(given_at: datetime) -> tuple[GivenConsent, ...]:
    """Return a row for each kind that was ticked; all stand on the same signed paper."""
    for field in ("document_version", "explained_by", "paper_location"):
        if not typed.line(field):
            raise typed.not_right(field, "This is needed.")
    paper = partial(
        GivenConsent, document_version=typed.line("document_version"), given_at=given_at,
        explained_by=typed.line("explained_by"), paper_location=typed.line("paper_location"),
    )  # fmt: skip
    asked = set(request.form.getlist("consents"))
    return tuple(paper(kind=kind) for kind in ConsentKind if kind.value in asked)


def _package(session: Session, site: Site) -> StudyPackage | None:
    """Return the study as it is in force at a site today; None where there is none."""
    today = now().astimezone(ZoneInfo(site.zone)).date()
    try:
        return catalogue(session).package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return None
