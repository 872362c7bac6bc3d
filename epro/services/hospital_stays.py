"""A stay in hospital is one case on the site's list, until it is said that she has left."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import Participant, Site, WorkItem, WorkKind
from epro.services import work_list

STAYS = system_actor("hospital stays")


def follow(
    session: Session,
    participant: Participant,
    site: Site,
    values: Mapping[str, object],
    *,
    source_id: UUID,
    now: datetime,
) -> None:
    """Open a case where a stay is told of, planned ones too; close it where she says she left.

    A further report of a stay while one is open adds nothing. The caller holds the participant's
    row, so that two reports cannot both open one.
    """
    has_left = values.get("in_hospital") == "left"
    if not has_left and values.get("hospital_planned") is None:
        return
    standing = session.scalars(
        select(WorkItem).where(
            WorkItem.participant_id == participant.id,
            WorkItem.kind == WorkKind.HOSPITAL_STAY,
            WorkItem.done_at.is_(None),
        )
    ).all()
    if has_left:
        for case in standing:
            work_list.settle(session, STAYS, WorkKind.HOSPITAL_STAY, about=case.about, now=now)
    elif not standing:
        work_list.add(
            session, STAYS, WorkKind.HOSPITAL_STAY, about=f"stay:{source_id}",
            site_id=site.id, participant_id=participant.id, now=now,
        )  # fmt: skip
