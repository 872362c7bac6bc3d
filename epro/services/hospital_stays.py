"""A stay in hospital is one case on the site's list, until it is said that she has left."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import QuestionnaireResponse, WorkItem, WorkKind
from epro.services import work_list
from epro.services.held import HeldParticipant, HeldSite

STAYS = system_actor("hospital stays")
ABOUT = "stay:"  # then which answers told of it


def follow(
    session: Session,
    participant: HeldParticipant,
    site: HeldSite,
    values: Mapping[str, object],
    *,
    source_id: UUID,
    answered_at: datetime,
    now: datetime,
) -> None:
    """Open a case where a stay is told of, planned ones too; close it where she says she left.

    A further report of a stay while one is open adds nothing; that she left says nothing of a stay
    that was told of later, as when an old report is put right. The caller holds the participant's
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
            if _told_at(session, case) > answered_at:
                continue
            work_list.settle(session, STAYS, WorkKind.HOSPITAL_STAY, about=case.about, now=now)
    elif not standing:
        work_list.add(
            session, STAYS, WorkKind.HOSPITAL_STAY, about=f"{ABOUT}{source_id}",
            site_id=site.id, participant_id=participant.id, now=now,
        )  # fmt: skip


def _told_at(session: Session, case: WorkItem) -> datetime:
    """Return when she told of a stay: by her answer, where a stored one opened the case."""
    response = session.get(QuestionnaireResponse, UUID(case.about.removeprefix(ABOUT)))
    return response.answered_at if response is not None else case.created_at
