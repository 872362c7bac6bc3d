"""Close what was never sent in: kept and handed over as incomplete, and never counted as done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import Assessment, Participant, QuestionnaireResponse, ResponseStatus, Site
from epro.services import journal, planning, studies
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue

DRAFTS = system_actor("drafts")
MOST_AT_ONCE = 200
# Literal text, as in the index of what is unfinished: a planner matches no parameter with it.
IS_UNFINISHED = QuestionnaireResponse.status == literal_column("'in_progress'")


def close(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Close the unfinished forms that take no answer any more; return how many.

    A form that was due takes none once its late part is over. One that is always open has no
    window: it is closed when nothing has come for as long as its author could have changed it
    unasked, `report_correction_hours` of its study version. The answers stay as they came. What she
    still sends, as what was given in time on a phone without a network, replaces the closed form as
    it would have replaced the open one.
    """
    due = session.execute(
        select(QuestionnaireResponse.id, QuestionnaireResponse.participant_id)
        .outerjoin(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(
            IS_UNFINISHED,
            or_(Assessment.late_until <= now, *_left_alone(session, catalogue, now=now)),
        )
        .limit(MOST_AT_ONCE)
    ).all()
    # Sorted here: to have them in order, a database may go through all that was ever answered.
    for response_id, participant_id in sorted(due, key=lambda row: (row.participant_id, row.id)):
        # The participant first, as everywhere: she may be sending the next revision just now.
        participant = planning.lock_participant(session, participant_id)
        response = session.get_one(QuestionnaireResponse, response_id, populate_existing=True)
        if response.status is ResponseStatus.IN_PROGRESS:
            _close(session, participant, response, now=now)
    return len(due)


def _left_alone(
    session: Session, catalogue: Catalogue, *, now: datetime
) -> Iterator[ColumnElement[bool]]:
    """Yield for each study version what its unfinished forms without a window are closed by."""
    for version_id in studies.ids(session):
        hours = catalogue.package(version_id).schedule.report_correction_hours
        yield and_(
            QuestionnaireResponse.assessment_id.is_(None),
            QuestionnaireResponse.study_version_id == version_id,
            QuestionnaireResponse.received_at <= now - timedelta(hours=hours),
        )


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
