"""The safety inbox and one flag: seen, taken, and followed by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

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
from epro.models import ContactChannel, ContactOutcome, NextStep
from epro.services import (
    assessing,
    awareness,
    closing,
    contacts,
    flag_notes,
    flags,
    journal,
    journal_reach,
    safety_inbox,
    staff,
    trends,
)
from epro.services.awareness import Clock
from epro.services.journal_reading import JournalReader
from epro.services.safety_inbox import InboxColumn, Standing, Wanted
from epro.web.console import answers
from epro.web.console.asked import asked_for, is_down, page_number
from epro.web.console.pages import (
    current_language,
    new_blueprint,
    reason_against,
    render,
    render_framed,
)
from epro.web.console.refused import Refused
from epro.web.console.session import page
from epro.web.console.typed import YesNo
from questionnaires.adverse_events import GRADES, ActionTaken, Outcome, Seriousness
from questionnaires.tiers import Tier

blueprint = new_blueprint("safety")

MOST_HISTORY = 200
ASKED = ("standing", "tier", "site", "participant", "mine", "sort", "down", "page")
CHOICES = {
    "channels": list(ContactChannel),
    "reached": list(ContactOutcome),
    "next_steps": list(NextStep),
    "seriousness": list(Seriousness),
    "actions": list(ActionTaken),
    "outcomes": list(Outcome),
    "answers": list(YesNo),
    "grades": [(str(grade), str(grade)) for grade in GRADES],
}


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
    """Show one flag with everything that made it and everything that was done.

    Whoever of the site looks first makes the site aware of it, which is on record.
    """
    with reading() as session:
        flag = flags.get_flag(session, current_actor(), flag_id)
        is_first_view = awareness.is_first_view(current_actor(), flag)
    if is_first_view:
        with transaction() as session:
            awareness.note_viewed(session, current_actor(), flag_id, now=now())
    return flag_page(flag_id)


@blueprint.post("/flags/<uuid:flag_id>/acknowledgement")
@page(Permission.ACKNOWLEDGE_FLAG)
def acknowledge(flag_id: UUID) -> ResponseReturnValue:
    """Take a flag. Whoever is second is told who was first; one's own second tap is harmless."""
    actor = current_actor()
    try:
        with transaction() as session:
            flags.acknowledge(session, actor, flag_id, now=now())
    except AlreadyAcknowledged as first:
        with reading() as session:
            is_own = flags.get_flag(session, actor, flag_id).acknowledged_by_id == actor.id
        if not is_own:
            return flag_page(flag_id, status=first.status, taken_before=first.details)
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
        inbox = safety_inbox.inbox(
            session, current_actor(), wanted, catalogue=catalogue(session), now=now()
        )
    return {
        "inbox": inbox,
        "lines": inbox.found.lines,
        "args": {name: value for name in ASKED if (value := request.args.get(name))},
        "wanted": wanted,
        "is_filtered": wanted.is_narrowed,
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
        column=asked_for("sort", InboxColumn),
        is_descending=is_down(),
        page=page_number(),
    )


def flag_page(
    flag_id: UUID,
    *,
    status: int = 200,
    taken_before: Mapping[str, Any] | None = None,
    refused: Refused | None = None,
    phone: str | None = None,
) -> ResponseReturnValue:
    """Return the page of a flag; a refusal stands beside its form."""
    actor, language = current_actor(), current_language()
    with sequenced_reading() as session:
        flag = flags.get_flag(session, actor, flag_id)
        case = flags.case_of(session, flag)
        package = catalogue(session).package(flag.study_version_id)
        entries = journal.history_of(
            session, entity_type="flag", entity_id=str(flag.id),
            within=journal_reach.reach_of(session, actor), limit=MOST_HISTORY,
        )  # fmt: skip
        clock = awareness.clock_of(session, case, package)
        reader = JournalReader(
            language=language, catalogue=catalogue(session), zone=ZoneInfo(case.site.zone),
            people=staff.full_names(session),
        )  # fmt: skip
        shown: dict[str, Any] = {
            "flag": flag,
            "line": safety_inbox.line_of(session, flag, catalogue=catalogue(session), now=now()),
            "zone": case.site.zone,
            "triggers": flags.triggers_of(session, flag),
            "notes": flag_notes.told(session, flag),
            "package": package,
            "history": [_step(entry.content, reader) for entry in entries],
            "acts": {
                one.act.value: one for one in closing.acts_of(session, actor, case, now=now())
            },
            "clock": clock,
            "times": _times(clock),
            "contacts": contacts.of_flag(session, flag.id),
            "assessments": assessing.versions_of(session, flag.id),
            "signatures": closing.signatures_of(session, case),
            "colleagues": [
                (one.username, one.full_name)
                for one in staff.who_may(session, case.site, Permission.ACKNOWLEDGE_FLAG)
            ],
            "relationships": [
                (one.code, one.title.in_language(language))
                for one in package.adverse_events.relationships
            ],
            "names": staff.names(session),
        }
        if actor.may_at(Permission.READ_RESPONSE, flag.site_id):
            known = catalogue(session)
            shown["told"] = answers.told(
                session, shown["triggers"], catalogue=known, language=language,
                zone=ZoneInfo(case.site.zone),
            )  # fmt: skip
            trends_before = trends.of_last_days(
                session, case.participant, catalogue=known, until=max(flag.urgent_since, now())
            )
            shown["charts"] = [answers.chart(one, language) for one in trends_before]
    return render_framed(
        "flag.html", status=status, here="flags", taken_before=taken_before, refused=refused,
        reason_against=reason_against, phone=phone, Standing=Standing, choices=CHOICES,
        may_acknowledge=actor.may_at(Permission.ACKNOWLEDGE_FLAG, flag.site_id),
        may_follow_up=not actor.is_by_pin,
        may_read_identity=actor.may_at(Permission.READ_IDENTITY, flag.site_id), **shown,
    )  # fmt: skip


def _times(clock: Clock) -> list[tuple[str, datetime | None]]:
    """Return every time of a flag in the order in which they come."""
    return [
        ("created", clock.created_at), ("delivered", clock.delivered_at),
        ("viewed", clock.viewed_at), ("acknowledged", clock.acknowledged_at),
        ("aware", clock.aware_at), ("due", clock.due_at), ("sent", clock.sent_at),
        ("sponsor", clock.sponsor_due_at),
    ]  # fmt: skip


def _step(content: dict[str, Any], reader: JournalReader) -> Step:
    return Step(
        at=datetime.fromisoformat(content["recorded_at"]),
        by=reader.actor(content),
        words=reader.sentence(content),
        reason=reader.reason(content),
    )
