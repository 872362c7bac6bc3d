"""The journal in words: what happened to one value, one thing, or one participant."""

from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import current_actor, now, reading, sequenced_reading
from epro.services import journal, journal_reach, journal_words, participant_list
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.session import page

blueprint = new_blueprint("journal")

MOST_LINES = 100
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
    is_one = bool(entity and entity_id)
    if participant or is_one:
        with sequenced_reading() as session:
            found = journal.history_of(
                session, entity_type=entity if is_one else None,
                entity_id=entity_id if is_one else None,
                participant_code=participant or None,
                within=journal_reach.reach_of(session, current_actor()),
                after_seq=after_seq, limit=MOST_LINES + 1,
            )  # fmt: skip
    with reading() as session:
        zones = {site.code: site.zone for site in participant_list.sites_of(session, None)}
    lines = [
        {
            "seq": one.seq,
            "hash": one.hash[:12],
            "at": datetime.fromisoformat(one.content["recorded_at"]),
            "zone": zones.get(one.content["site"], NO_SITES_ZONE),
            "by": one.content["actor"]["name"],
            "words": journal_words.sentence(one.content, language=language),
            "reason": one.content["reason"],
            "changes": journal_words.changes(one.content),
        }
        for one in found[:MOST_LINES]
    ]
    return render_framed(
        "journal.html", here="journal", lines=lines, participant=participant, entity=entity,
        entity_id=entity_id, is_asked=bool(participant or is_one), at=now(),
        next_after=lines[-1]["seq"] if len(found) > MOST_LINES else None,
    )  # fmt: skip
