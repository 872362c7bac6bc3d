"""The system itself: is the worker alive, what waits, what is wrong; and what was published."""

import shutil
from difflib import unified_diff
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from epro.access import Permission
from epro.api.context import catalogue, now, reading, wall_now
from epro.models import JobRun, StudyVersion
from epro.services import heartbeat, incidents, journal
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.session import page
from notifications import outbox

blueprint = new_blueprint("system")

MOST_LINES = 2_000


@blueprint.get("/system")
@page(Permission.READ_SYSTEM)
def show() -> ResponseReturnValue:
    """Show heartbeats, the oldest message that has not left, the journal's lag, and the disk."""
    disk = shutil.disk_usage(".")
    with reading() as session:
        shown: dict[str, Any] = {
            "jobs": session.scalars(select(JobRun).order_by(JobRun.job)).all(),
            "pulse": heartbeat.pulse(session),
            "lag": journal.lag(session),
            "oldest": outbox.oldest_waiting(session, now=now()),
            "incidents": incidents.open_incidents(session),
        }
    return render_framed(
        "system.html", here="system", wall=wall_now(), at=now(),
        free_gb=disk.free / 1e9, free_percent=100 * disk.free / disk.total, **shown,
    )  # fmt: skip


@blueprint.get("/versions")
@page(Permission.READ_QUESTIONNAIRE)
def show_versions() -> ResponseReturnValue:
    """Show every published edition of the study: rules, forms, and what an edition changed."""
    with reading() as session:
        versions = session.scalars(select(StudyVersion).order_by(StudyVersion.id)).all()
        chosen = _chosen(versions)
        earlier = next((one for one in reversed(versions) if chosen and one.id < chosen.id), None)
        shown: dict[str, Any] = {
            "versions": versions,
            "chosen": chosen,
            "package": catalogue(session).package(chosen.id) if chosen else None,
            "difference": _difference(earlier, chosen) if earlier and chosen else [],
            "earlier": earlier,
        }
    return render_framed("versions.html", here="versions", **shown)


def _chosen(versions: Any) -> StudyVersion | None:
    asked = request.args.get("version", "")
    named = next((one for one in versions if str(one.id) == asked), None)
    return named or (versions[-1] if versions else None)


def _difference(before: StudyVersion, after: StudyVersion) -> list[str]:
    """Return what changed, line by line of the canonical text."""
    lines = unified_diff(
        _lines(before.canonical_json), _lines(after.canonical_json), before.version,
        after.version, n=2, lineterm="",
    )  # fmt: skip
    return list(lines)[:MOST_LINES]


def _lines(canonical: str) -> list[str]:
    return canonical.replace('},{"', '},\n{"').replace(',"', ',\n"').split("\n")
