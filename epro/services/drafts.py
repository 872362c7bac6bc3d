"""Close what was never sent in: kept and handed over as incomplete, and never counted as done."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import Assessment, Participant, QuestionnaireResponse, ResponseStatus, Site
from epro.services import journal, planning
from epro.services.journal import Subject

DRAFTS = system_actor("drafts")
MOST_AT_ONCE = 200


def close(session: Session, *, now: datetime) -> int:
    """Close the unfinished forms whose assessment takes no answer any more; return how many.

    The answers stay as they came. What she still sends, given in time on a phone that had no
    network, replaces the closed form as it would have replaced the open one.
    """
    due = session.execute(
        select(QuestionnaireResponse.id, QuestionnaireResponse.participant_id)
        .join(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(
            QuestionnaireResponse.status == ResponseStatus.IN_PROGRESS,
            Assessment.late_until <= now,
        )
        .order_by(QuestionnaireResponse.participant_id, QuestionnaireResponse.id)
        .limit(MOST_AT_ONCE)
    ).all()
    for response_id, participant_id in due:
        # The participant first, as everywhere: she may be sending the next revision just now.
        participant = planning.lock_participant(session, participant_id)
        response = session.get_one(QuestionnaireResponse, response_id, populate_existing=True)
        if response.status is ResponseStatus.IN_PROGRESS:
            _close(session, participant, response, now=now)
    return len(due)


def _close(
    session: Session, participant: Participant, response: QuestionnaireResponse, *, now: datetime
) -> None:
    site = session.get_one(Site, participant.site_id)
    response.status = ResponseStatus.INCOMPLETE
    response.version += 1
    session.flush()
    journal.record(
        session, DRAFTS, "response.incomplete",
        Subject(
            entity_type="response", entity_id=str(response.id), version=response.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={column.key: getattr(response, column.key) for column in response.__table__.columns},
        before={"status": ResponseStatus.IN_PROGRESS},
        occurred_at=now.astimezone(ZoneInfo(participant.zone)), now=now,
    )  # fmt: skip
