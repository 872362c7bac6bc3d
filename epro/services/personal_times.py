"""Where a participant is, and when of a day she keeps her diary: both for what is to come only."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import InvalidInput
from epro.models import Participant, Site
from epro.services import journal, planning, reminders, suspension
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import DiarySlot


def move_to_zone(
    session: Session,
    actor: Actor,
    participant: Participant,
    zone: str,
    *,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> Participant:
    """Let what has not opened follow a participant into another IANA zone, reminders included.

    Her study days stay: infusions took place where the site is. Raises InvalidInput for an unknown
    zone.
    """
    participant = planning.lock_participant(session, participant.id)
    if zone not in available_timezones():
        problem = {"place": "zone", "message": "This is not the name of an IANA time zone."}
        raise InvalidInput(details={"problems": [problem]})
    if participant.zone == zone:
        return participant
    before = {"zone": participant.zone}
    participant.zone = zone
    _store(
        session, actor, participant, "participant.moved_to_zone", before,
        reason=reason, catalogue=catalogue, now=now,
    )  # fmt: skip
    return participant


def choose_slot(
    session: Session,
    actor: Actor,
    participant: Participant,
    slot: DiarySlot,
    *,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> Participant:
    """Let a participant keep her diary at another time of day: from tomorrow on, in her zone.

    Today's diary stays where it is. Before the diary is activated the choice holds at once.
    """
    participant = planning.lock_participant(session, participant.id)
    if participant.diary_slot is slot:
        return participant
    names = ("diary_slot", "diary_slot_from_on")
    before = {name: getattr(participant, name) for name in names}
    today = now.astimezone(ZoneInfo(participant.zone)).date()
    # What was chosen earlier today for tomorrow never held.
    holds_already = participant.slots.on(today) is slot or participant.activated_at is None
    participant.diary_slot = slot
    participant.diary_slot_from_on = None if holds_already else today + timedelta(days=1)
    _store(
        session, actor, participant, "participant.diary_slot_chosen", before,
        reason=reason, catalogue=catalogue, now=now,
    )  # fmt: skip
    return participant


def _store(
    session: Session,
    actor: Actor,
    participant: Participant,
    verb: str,
    before: dict[str, Any],
    *,
    reason: str | None,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    participant.version += 1
    session.flush()
    site = session.get_one(Site, participant.site_id)
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="participant", entity_id=participant.code, version=participant.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={**participant.facts, "site": site.code}, before=before, reason=reason, now=now,
    )  # fmt: skip
    changes = planning.replan(
        session, actor, participant, catalogue=catalogue, reason=reason, now=now
    )
    reminders.cancel_for(session, changes.cancel, reason="cancelled", now=now)
    suspension.follow(session, actor, participant, catalogue=catalogue, reason=reason, now=now)
