"""The safety inbox and one flag: seen, taken, and followed by name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import (
    catalogue,
    current_actor,
    now,
    reading,
    sequenced_reading,
    transaction,
)
from epro.errors import AlreadyAcknowledged
from epro.models import Participant
from epro.services import flags, journal, journal_words, safety_inbox, sites
from epro.services.safety_inbox import Standing, Wanted
from epro.web.console.pages import current_language, new_blueprint, render, render_framed
from epro.web.console.session import page
from questionnaires.definition import Language
from questionnaires.tiers import Tier

blueprint = new_blueprint("safety")

MOST_LINES = 100
MOST_HISTORY = 200


@blueprint.get("/flags")
@page(Permission.READ_FLAG)
def show_inbox() -> ResponseReturnValue:
    """Show what is open, the most urgent first."""
    return render_framed("inbox.html", here="flags", **_inbox())


@blueprint.get("/flags/table")
@page(Permission.READ_FLAG, is_watching=True)
def show_inbox_table() -> ResponseReturnValue:
    """Return the part of the inbox that changes; the page asks for it every half minute."""
    return render("inbox_table.html", **_inbox())


@blueprint.get("/flags/<uuid:flag_id>")
@page(Permission.READ_FLAG)
def show_flag(flag_id: UUID) -> ResponseReturnValue:
    """Show one flag with everything that made it and everything that was done."""
    return _flag(flag_id)


@blueprint.post("/flags/<uuid:flag_id>/acknowledgement")
@page(Permission.ACKNOWLEDGE_FLAG)
def acknowledge(flag_id: UUID) -> ResponseReturnValue:
    """Take a flag. Whoever is second is told who was first."""
    try:
        with transaction() as session:
            flags.acknowledge(session, current_actor(), flag_id, now=now())
    except AlreadyAcknowledged as first:
        return _flag(flag_id, status=first.status, taken_before=first.details)
    return redirect(url_for("console_safety.show_flag", flag_id=flag_id), code=303)


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a flag's history, in words."""

    at: datetime
    by: str
    words: str
    reason: str | None


def _inbox() -> dict[str, Any]:
    wanted = _wanted()
    with reading() as session:
        found = safety_inbox.inbox(
            session, current_actor(), wanted, catalogue=catalogue(session), now=now()
        )
    return {
        "inbox": found,
        "lines": found.lines[:MOST_LINES],
        "wanted": wanted,
        "is_filtered": wanted != Wanted(),
        "Standing": Standing,
        "tiers": list(Tier),
        "may_acknowledge": current_actor().holds(Permission.ACKNOWLEDGE_FLAG),
    }


def _wanted() -> Wanted:
    """Read the filter from the address; what it does not know it leaves out."""
    asked = request.args
    standing = asked.get("standing")
    tier = asked.get("tier")
    return Wanted(
        standing=Standing(standing) if standing in set(Standing) else None,
        tiers=frozenset({Tier(tier)}) if tier in set(Tier) else frozenset(),
        site=asked.get("site") or None,
        participant=(asked.get("participant") or "").strip().upper()[:32] or None,
        mine=asked.get("mine") == "1",
    )


def _flag(
    flag_id: UUID, *, status: int = 200, taken_before: dict[str, Any] | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with sequenced_reading() as session:
        flag = flags.get_flag(session, actor, flag_id)
        line = safety_inbox.line_of(session, flag, catalogue=catalogue(session), now=now())
        participant = session.get_one(Participant, flag.participant_id)
        triggers = flags.triggers_of(session, flag)
        entries = journal.history_of(
            session, entity_type="flag", entity_id=str(flag.id),
            site_codes=sites.codes_for(session, actor, Permission.READ_FLAG), limit=MOST_HISTORY,
        )  # fmt: skip
        package = catalogue(session).package(flag.study_version_id)
    language = current_language()
    return render_framed(
        "flag.html", status=status, here="flags", flag=flag, line=line, triggers=triggers,
        participant=participant, taken_before=taken_before, Standing=Standing, package=package,
        history=[_step(entry.content, language) for entry in entries],
        may_acknowledge=actor.may_at(Permission.ACKNOWLEDGE_FLAG, flag.site_id),
    )  # fmt: skip


def _step(content: dict[str, Any], language: Language) -> Step:
    return Step(
        at=datetime.fromisoformat(content["recorded_at"]),
        by=content["actor"]["name"],
        words=journal_words.sentence(content, language=language),
        reason=content["reason"],
    )
