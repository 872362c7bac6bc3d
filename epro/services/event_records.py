"""The versions of adverse events: each is kept whole, put on record, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import ReasonRequired
from epro.models import AdverseEvent, AdverseEventVersion, EventSource, Participant, Site
from epro.services import journal, planning, studies
from epro.services.event_facts import EventFacts, as_plain, refuse_impossible
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.event_tables import infusion_days
from questionnaires.schedule import AnchorEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCase:
    """An event with all that it hangs on; for a change, locked."""

    event: AdverseEvent
    participant: Participant
    site: Site
    package: StudyPackage

    @property
    def subject(self) -> Subject:
        """What journal entries and signatures about the event are about."""
        return Subject(
            entity_type="adverse_event",
            entity_id=str(self.event.id),
            version=self.event.version,
            participant_code=self.participant.code,
            site_code=self.site.code,
            site_id=self.site.id,
        )


def create(
    session: Session,
    actor: Actor,
    participant: Participant,
    facts: EventFacts,
    source: EventSource,
    *,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AdverseEvent:
    """Put a new event on record as the next one of the participant. Raises InvalidInput."""
    zone, site = ZoneInfo(participant.zone), session.get_one(Site, participant.site_id)
    version_id = studies.version_in_force(session, site, on=now.astimezone(zone).date())
    package = catalogue.package(version_id)
    refuse_impossible(facts, package.adverse_events, zone=zone, now=now)
    last = session.scalar(
        select(func.max(AdverseEvent.number)).where(AdverseEvent.participant_id == participant.id)
    )
    event = AdverseEvent(
        participant_id=participant.id, site_id=site.id, study_version_id=version_id,
        number=(last or 0) + 1, source=source, linked_responses=[], recorded_at=now,
        **facts.values(),
    )  # fmt: skip
    session.add(event)
    session.flush()
    case = EventCase(event=event, participant=participant, site=site, package=package)
    _keep(session, actor, case, verb="adverse_event.recorded", before={}, reason=reason, now=now)
    return event


def change(
    session: Session,
    actor: Actor,
    case: EventCase,
    values: Mapping[str, Any],
    *,
    verb: str,
    reason: str,
    now: datetime,
) -> AdverseEvent:
    """Change an event to its next version. Raises ReasonRequired."""
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    event = case.event
    before = {name: getattr(event, name) for name in values}
    for name, value in values.items():
        setattr(event, name, value)
    event.version += 1
    session.flush()
    changed = {name: old for name, old in before.items() if old != values[name]}
    _keep(session, actor, case, verb=verb, before=changed, reason=reason, now=now)
    return event


def _keep(
    session: Session,
    actor: Actor,
    case: EventCase,
    *,
    verb: str,
    before: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> None:
    """Keep the version whole and put it on record, with its days by each infusion."""
    event, facts = case.event, facts_of(case.event)
    session.add(
        AdverseEventVersion(
            event_id=event.id, version=event.version, content=journal.plain(facts), reason=reason,
            recorded_at=now, recorded_by_id=actor.id,
        )
    )  # fmt: skip
    session.flush()
    days = infusion_days(
        planning.standing_anchors(session, case.participant.id), event.onset_on,
        zone=ZoneInfo(case.site.zone),
        infusion_day_number=case.package.infusion_day_number,
    )  # fmt: skip
    days_kept = {
        "study_day": days.get(AnchorEvent.INF1),
        "study_day_second": days.get(AnchorEvent.INF2),
        # Every event on record is a physician's decision; what waits for one is a candidate.
        "disposition": "recorded",
    }
    journal.record(
        session, actor, verb, case.subject, after=facts | days_kept, before=before, reason=reason,
        now=now,
    )  # fmt: skip


def facts_of(event: AdverseEvent) -> dict[str, Any]:
    """Return an event as plain values, as the journal and its versions keep it."""
    columns = AdverseEvent.__table__.columns
    return as_plain({column.key: getattr(event, column.key) for column in columns})
