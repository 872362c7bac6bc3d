"""The sheet with an activation code that is handed over in person: on screen, and on A5 paper."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import segno
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.api.context import catalogue, now, transaction, trial_parts
from epro.errors import DomainError
from epro.models import Site
from epro.services import studies
from epro.services.enrolment import IssuedCode
from epro.web.console import typed
from epro.web.console.pages import render_framed, translator

HALF = 4


def code_sheet(
    issue: Callable[[Session], IssuedCode], *, form: str, show: Callable[..., ResponseReturnValue]
) -> ResponseReturnValue:
    """Issue a code and show it this once, in the participant's language; or why there is none."""
    try:
        with transaction() as session:
            issued = issue(session)
            site = session.get_one(Site, issued.participant.site_id)
            today = now().astimezone(ZoneInfo(site.zone)).date()
            package = catalogue(session).package(studies.version_in_force(session, site, on=today))
    except DomainError as refusal:
        return show(status=refusal.status, refused=typed.refused(form, refusal))
    code = in_halves(issued.activation_code)
    base = trial_parts().settings.public_url.rstrip("/")
    return render_framed(
        "sheet.html", here="participants", issued=issued, who=issued.participant, site=site,
        zone=site.zone, code=code, address=f"{base}/a", study=package.title,
        says=translator(issued.participant.language), hers=issued.participant.language,
        picture=_picture(f"{base}/a#{code}"),
    )  # fmt: skip


def in_halves(code: str) -> str:
    """Return a code as it is read aloud: four characters, a dash, four characters."""
    return f"{code[:HALF]}-{code[HALF:]}"


def _picture(text: str) -> str:
    """Return a QR code as SVG. The code stands behind # and so is never sent to any server."""
    return segno.make(text, error="m").svg_inline(scale=4, border=4, omitsize=True)
