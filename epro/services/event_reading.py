"""Adverse events as people read them: days, basis, versions, and how signatures stand."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.models import (
    AdverseEvent,
    AdverseEventVersion,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    User,
)
from epro.services import candidates, event_records, journal, planning, reckoning, signing
from epro.services.candidates import Belonging
from epro.services.event_records import EventCase
from epro.services.signing import ShownSignature, SignedRecord
from questionnaires.catalogue import Catalogue
from questionnaires.event_tables import is_treatment_emergent
from questionnaires.schedule import Anchors


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """An event as people read it; the study day is counted from the first infusion."""

    event: AdverseEvent
    participant: Participant
    study_day: str | None
    is_treatment_emergent: bool
    is_related: bool
    basis: Sequence[Mapping[str, Any]]
    signatures: Sequence[ShownSignature]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCase:
    """An event and the infusions from which its days are counted, in the zone of its site."""

    case: EventCase
    anchors: Anchors

    @property
    def study_day(self) -> str | None:
        """The day of onset, counted from the first infusion."""
        return planning.day_label_on(
            self.anchors, self.case.event.onset_on, zone=ZoneInfo(self.case.site.zone),
            package=self.case.package,
        )  # fmt: skip

    @property
    def is_treatment_emergent(self) -> bool:
        """Whether it began on day 1 to 28 of an infusion, the first or the second."""
        return is_treatment_emergent(
            self.anchors, self.case.event.onset_on, at=self.case.event.onset_at,
            zone=ZoneInfo(self.case.site.zone),
            infusion_day_number=self.case.package.infusion_day_number,
        )  # fmt: skip

    @property
    def is_related(self) -> bool:
        """Whether its relationship to the treatment counts as related."""
        relationship = self.case.package.adverse_events.relationship(self.case.event.relationship)
        return relationship is not None and relationship.is_related


def get_event(session: Session, actor: Actor, event_id: UUID) -> AdverseEvent:
    """Return one event within the actor's sites; absent and out of reach look alike (NotFound)."""
    event = session.get(AdverseEvent, event_id)
    if event is None or not actor.may_at(Permission.READ_ADVERSE_EVENT, event.site_id):
        raise NotFound
    return event


def list_events(
    session: Session, actor: Actor, participant: Participant | None = None
) -> Sequence[AdverseEvent]:
    """Return the events of one participant, or of all at the actor's sites, by code and number."""
    query = (
        select(AdverseEvent)
        .join(Participant, Participant.id == AdverseEvent.participant_id)
        .order_by(Participant.code, AdverseEvent.number)
    )
    site_ids = actor.sites_for(Permission.READ_ADVERSE_EVENT)
    if site_ids is not None:
        query = query.where(AdverseEvent.site_id.in_(site_ids))
    if participant is not None:
        query = query.where(AdverseEvent.participant_id == participant.id)
    return session.scalars(query).all()


def versions_of(
    session: Session, event: AdverseEvent
) -> Sequence[tuple[AdverseEventVersion, User]]:
    """Return every version of an event, the first one first, and who made it."""
    rows = session.execute(
        select(AdverseEventVersion, User)
        .join(User, User.id == AdverseEventVersion.recorded_by_id)
        .where(AdverseEventVersion.event_id == event.id)
        .order_by(AdverseEventVersion.version)
    )
    return [(version, user) for version, user in rows]


def linkable(
    session: Session, event: AdverseEvent, *, catalogue: Catalogue
) -> Sequence[QuestionnaireResponse]:
    """Return her reports of medicines and care, which can be linked to an event, the latest first.

    Those that are linked stay in the list, whatever became of them.
    """
    allowed = catalogue.package(event.study_version_id).adverse_events.linked
    reports = session.scalars(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.participant_id == event.participant_id,
            QuestionnaireResponse.questionnaire_code.in_(allowed),
        )
        .order_by(QuestionnaireResponse.answered_at.desc(), QuestionnaireResponse.id)
    )
    linked = set(event.linked_responses)
    return [
        one
        for one in reports
        if one.status is not ResponseStatus.IN_PROGRESS or str(one.id) in linked
    ]


def case_of(session: Session, event: AdverseEvent, *, catalogue: Catalogue) -> EventCase:
    """Return an event with all that it hangs on."""
    return cases_of(session, [event], catalogue=catalogue)[0].case


def cases_of(
    session: Session, events: Sequence[AdverseEvent], *, catalogue: Catalogue
) -> Sequence[DatedCase]:
    """Return each event with all that it hangs on and the days it is counted by, in their order."""
    ids = {one.participant_id for one in events}
    participants = {
        one.id: one for one in session.scalars(select(Participant).where(Participant.id.in_(ids)))
    }
    at = {one.site_id for one in events}
    sites = {one.id: one for one in session.scalars(select(Site).where(Site.id.in_(at)))}
    anchors = planning.anchors_of(session, ids)
    return [
        DatedCase(
            case=EventCase(
                event=event, participant=participants[event.participant_id],
                site=sites[event.site_id], package=catalogue.package(event.study_version_id),
            ),
            anchors=anchors[event.participant_id],
        )
        for event in events
    ]  # fmt: skip


def shown(
    session: Session, event: AdverseEvent, *, catalogue: Catalogue, now: datetime
) -> ShownEvent:
    """Return an event with what follows from it: days, basis, and how its signatures stand."""
    return shown_each(session, [event], catalogue=catalogue, now=now)[0]


def shown_each(
    session: Session, events: Sequence[AdverseEvent], *, catalogue: Catalogue, now: datetime
) -> list[ShownEvent]:
    """Return each event with what follows from it, in their order, read for all of them at once."""
    dated = cases_of(session, events, catalogue=catalogue)
    found = _belonging(session, [one.case for one in dated], catalogue=catalogue, now=now)
    return _shown(session, dated, found)


def listed(
    session: Session, events: Sequence[AdverseEvent], *, catalogue: Catalogue, now: datetime
) -> list[ShownEvent]:
    """Return events as `shown_each` does, from candidates that are kept for lists."""
    ids = {one.participant_id for one in events}
    found = reckoning.belonging_to(session, ids, catalogue=catalogue, now=now)
    return _shown(session, cases_of(session, events, catalogue=catalogue), found)


def _shown(
    session: Session, dated: Sequence[DatedCase], found: Iterable[Belonging]
) -> list[ShownEvent]:
    records = _records([one.case for one in dated], found)
    signatures = signing.signatures_of_each(session, records)
    return [
        ShownEvent(
            event=one.case.event,
            participant=one.case.participant,
            study_day=one.study_day,
            is_treatment_emergent=one.is_treatment_emergent,
            is_related=one.is_related,
            basis=record.content["basis"],
            signatures=under,
        )
        for one, record, under in zip(dated, records, signatures, strict=True)
    ]


def record_of(
    session: Session, case: EventCase, *, catalogue: Catalogue, now: datetime
) -> SignedRecord:
    """Return what a signature under an event stands for: the assessment and what it rests on.

    The basis says of each candidate whether it still is what was decided about, so that a corrected
    diary breaks the signature even though nobody touched the event.
    """
    found = _belonging(session, [case], catalogue=catalogue, now=now)
    return _records([case], found)[0]


def _belonging(
    session: Session, cases: Sequence[EventCase], *, catalogue: Catalogue, now: datetime
) -> Iterator[Belonging]:
    participants = list({one.participant.id: one.participant for one in cases}.values())
    for hers in candidates.candidates_of_each(session, participants, catalogue=catalogue, now=now):
        yield from candidates.belonging_among(hers)


def _records(cases: Sequence[EventCase], found: Iterable[Belonging]) -> list[SignedRecord]:
    by_event: dict[UUID, list[Belonging]] = defaultdict(list)
    for one in found:
        by_event[one.event_id].append(one)
    return [_record(case, by_event[case.event.id]) for case in cases]


def _record(case: EventCase, belonging: Sequence[Belonging]) -> SignedRecord:
    basis = [
        {
            "source": one.source,
            "key": one.key,
            "decision": one.decision,
            "disposition": one.disposition,
            "is_as_decided": one.is_as_decided,
        }
        for one in sorted(belonging, key=lambda one: one.decision)
    ]
    content = event_records.facts_of(case.event) | {"basis": journal.plain(basis)}
    return SignedRecord(case.subject, content)
