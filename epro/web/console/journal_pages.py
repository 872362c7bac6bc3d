"""The journal in words: what happened to one value, one thing, or one participant."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading, sequenced_reading
from epro.services import journal, journal_reach, participant_list, staff
from epro.services.code_words import CODE_WORDS
from epro.services.journal_reading import JournalReader
from epro.web.console.asked import is_down, query
from epro.web.console.ordering import Order
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.session import page
from questionnaires.definition import Language

blueprint = new_blueprint("journal")

MOST_LINES = 100


class Column(StrEnum):
    """What the journal is told by: its own order, from either end."""

    RECORDED = "recorded"


# Of what belongs to no site, as an edition of the study.
NO_SITES_ZONE = "UTC"


@blueprint.get("/journal")
@page(Permission.READ_JOURNAL)
def show() -> ResponseReturnValue:
    """Search the journal: by participant, by one thing, or both."""
    participant = request.args.get("participant", "").strip().upper()[:32]
    entity, entity_id = (request.args.get(name, "").strip()[:128] for name in ("entity", "id"))
    after = request.args.get("after", "")
    after_seq = int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0
    language, found = current_language(), []
    order = Order(Column.RECORDED, is_down(), query() | {"after": ""})
    is_asked = bool(participant or (entity and entity_id))
    if is_asked:
        with sequenced_reading() as session:
            found = journal.history_of(
                session, entity_type=entity or None,
                entity_id=entity_id if entity and entity_id else None,
                participant_code=participant or None,
                within=journal_reach.reach_of(session, current_actor()),
                after_seq=after_seq, is_newest_first=order.is_descending, limit=MOST_LINES + 1,
            )  # fmt: skip
    with reading() as session:
        zones = {site.code: site.zone for site in participant_list.sites_of(session, None)}
        known, people = catalogue(session), staff.full_names(session)
    lines = []
    for one in found[:MOST_LINES]:
        zone = zones.get(one.content["site"], NO_SITES_ZONE)
        reader = JournalReader(
            language=language, catalogue=known, zone=ZoneInfo(zone), people=people
        )
        lines.append(
            {
                "seq": one.seq,
                "hash": one.hash[:12],
                "at": datetime.fromisoformat(one.content["recorded_at"]),
                "zone": zone,
                "by": reader.actor(one.content),
                "words": reader.sentence(one.content),
                "reason": reader.reason(one.content),
                "changes": reader.changes(one.content),
            }
        )
    return render_framed(
        "journal.html", here="journal", lines=lines, entities=_entities(language),
        participant=participant, entity=entity, entity_id=entity_id, is_asked=is_asked, at=now(),
        columns=list(Column), order=order,
        next_after=lines[-1]["seq"] if len(found) > MOST_LINES else None,
    )  # fmt: skip


def _entities(language: Language) -> list[tuple[str, str]]:
    """Return the kinds of thing that the journal tells of, with their names, by name."""
    named = ((code, said.in_language(language)) for code, said in CODE_WORDS["entity"].items())
    return sorted(named, key=lambda one: one[1])
