"""What candidates follow from, read for many participants at once.

How many statements it takes follows from `BATCH`, never from how many participants there are.
Columns are read rather than objects: what another transaction has stored since shows as it is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from epro.models import (
    AdverseEvent,
    Assessment,
    CandidateDecision,
    EventSource,
    FlagNote,
    FlagTrigger,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SafetyFlag,
    Screening,
    ScreeningSource,
    Site,
)
from epro.services import planning
from questionnaires.episodes import Entry
from questionnaires.schedule import Anchors
from questionnaires.tiers import Tier

# Half a year's diaries of so many participants are in memory together, whatever the trial's size.
BATCH = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report by herself, as it was last stored."""

    id: UUID
    study_version_id: int
    questionnaire_code: str
    status: ResponseStatus
    revision: int
    answers: list[dict[str, Any]]
    answered_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One trigger of a flag; the answer that it was about may be another one than the first."""

    flag_id: UUID
    tier: Tier
    raised_at: datetime
    rule: str
    source_id: str
    answered_at: datetime


@dataclass(slots=True, kw_only=True)
class CandidateRecord:
    """All that candidates of one participant follow from.

    `study_version_id` is that of her latest answer; `entries` are all stored forms about a day.
    Days are hers (`zone`); an infusion's is the one it has where it took place (`site_zone`).
    """

    participant: Participant
    zone: ZoneInfo
    site_zone: ZoneInfo
    anchors: Anchors
    study_version_id: int | None = None
    entries: list[Entry] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    corrected_flags: list[UUID] = field(default_factory=list)
    decisions: dict[tuple[EventSource, str], CandidateDecision] = field(default_factory=dict)
    voided_events: set[UUID] = field(default_factory=set)


def read(
    session: Session, participants: Sequence[Participant], *, report_codes: Collection[str]
) -> Iterator[CandidateRecord]:
    """Yield the record of each participant, in their order; reports are of these questionnaires."""
    zones = {id_: ZoneInfo(zone) for id_, zone in session.execute(select(Site.id, Site.zone))}
    for begin in range(0, len(participants), BATCH):
        some = participants[begin : begin + BATCH]
        ids = [one.id for one in some]
        anchors = planning.anchors_of(session, ids)
        records = {
            one.id: CandidateRecord(
                participant=one, zone=ZoneInfo(one.zone), site_zone=zones[one.site_id],
                anchors=anchors[one.id],
            )
            for one in some
        }  # fmt: skip
        _read_versions(session, records)
        _read_entries(session, records)
        _read_reports(session, records, report_codes)
        _read_flags(session, records)
        _read_decisions(session, records)
        yield from records.values()


def _read_versions(session: Session, records: Mapping[UUID, CandidateRecord]) -> None:
    """Read by which study version each of them answered last."""
    rows = session.execute(
        select(QuestionnaireResponse.participant_id, QuestionnaireResponse.study_version_id)
        .where(QuestionnaireResponse.participant_id.in_(records))
        .group_by(QuestionnaireResponse.participant_id, QuestionnaireResponse.study_version_id)
        .order_by(func.max(QuestionnaireResponse.answered_at))
    )
    for participant_id, study_version_id in rows:
        records[participant_id].study_version_id = study_version_id


def _read_entries(session: Session, records: Mapping[UUID, CandidateRecord]) -> None:
    """Read what each form about a day says, with its derivations as its revision was screened.

    Every stored form counts here: late, doubled and abandoned ones as well. Answers are fetched
    only of a form that was never screened. A form that is open for some days and answered before
    the one it is planned for is about the day on which she answered it, where she was.
    """
    rows = session.execute(
        select(
            QuestionnaireResponse.participant_id, QuestionnaireResponse.id, Assessment.planned_on,
            QuestionnaireResponse.answered_at, QuestionnaireResponse.zone,
            Screening.source_id, Screening.inputs,
            case((Screening.id.is_(None), QuestionnaireResponse.answers)).label("answers"),
        )
        .join(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .outerjoin(
            ResponseRevision,
            (ResponseRevision.response_id == QuestionnaireResponse.id)
            & (ResponseRevision.revision == QuestionnaireResponse.revision),
        )
        .outerjoin(
            Screening,
            (Screening.participant_id == QuestionnaireResponse.participant_id)
            & (Screening.source == ScreeningSource.RESPONSE)
            & (Screening.revision == ResponseRevision.revision)
            & (Screening.body_sha256 == ResponseRevision.digest),
        )
        .where(QuestionnaireResponse.participant_id.in_(records))
    )  # fmt: skip
    entries: dict[UUID, tuple[UUID, Entry]] = {}
    for participant_id, id_, planned_on, answered_at, zone, source_id, inputs, answers in rows:
        # Two forms that say the very same are each other's match: its own screening goes first.
        if id_ not in entries or source_id == str(id_):
            said = values_of(answers) if inputs is None else inputs
            answered_on = answered_at.astimezone(ZoneInfo(zone)).date()
            entries[id_] = participant_id, Entry(min(planned_on, answered_on), said)
    for participant_id, entry in entries.values():
        records[participant_id].entries.append(entry)


def _read_reports(
    session: Session, records: Mapping[UUID, CandidateRecord], codes: Collection[str]
) -> None:
    rows = session.execute(
        select(
            QuestionnaireResponse.participant_id, QuestionnaireResponse.id,
            QuestionnaireResponse.study_version_id, QuestionnaireResponse.questionnaire_code,
            QuestionnaireResponse.status, QuestionnaireResponse.revision,
            QuestionnaireResponse.answers, QuestionnaireResponse.answered_at,
            QuestionnaireResponse.received_at,
        )
        .where(
            QuestionnaireResponse.participant_id.in_(records),
            QuestionnaireResponse.questionnaire_code.in_(codes),
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    )  # fmt: skip
    for row in rows:
        records[row.participant_id].reports.append(
            Report(
                id=row.id, study_version_id=row.study_version_id,
                questionnaire_code=row.questionnaire_code, status=row.status,
                revision=row.revision, answers=row.answers, answered_at=row.answered_at,
                received_at=row.received_at,
            )
        )  # fmt: skip


def _read_flags(session: Session, records: Mapping[UUID, CandidateRecord]) -> None:
    """Read the flags that answers raised; YELLOW ones are parts of episodes, silence is none."""
    rows = session.execute(
        select(
            SafetyFlag.participant_id, SafetyFlag.id, SafetyFlag.tier, SafetyFlag.raised_at,
            FlagTrigger.rule, Screening.source_id, Screening.answered_at,
        )
        .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
        .join(Screening, Screening.id == FlagTrigger.screening_id)
        .where(
            SafetyFlag.participant_id.in_(records),
            SafetyFlag.tier != Tier.YELLOW,
            Screening.source != ScreeningSource.SILENCE,
        )
        .order_by(SafetyFlag.raised_at, SafetyFlag.id, FlagTrigger.id)
    )  # fmt: skip
    for row in rows:
        records[row.participant_id].raised.append(
            Raised(
                flag_id=row.id, tier=row.tier, raised_at=row.raised_at, rule=row.rule,
                source_id=row.source_id, answered_at=row.answered_at,
            )
        )  # fmt: skip
    corrected = session.execute(
        select(SafetyFlag.participant_id, FlagNote.flag_id)
        .join(SafetyFlag, SafetyFlag.id == FlagNote.flag_id)
        .where(SafetyFlag.participant_id.in_(records), FlagNote.kind == "corrected")
    )
    for participant_id, flag_id in corrected:
        records[participant_id].corrected_flags.append(flag_id)


def _read_decisions(session: Session, records: Mapping[UUID, CandidateRecord]) -> None:
    """Read the latest decision about each candidate, and which events were voided since."""
    made = session.scalars(
        select(CandidateDecision)
        .where(CandidateDecision.participant_id.in_(records))
        .order_by(CandidateDecision.decided_at, CandidateDecision.number)
    )
    for one in made:
        records[one.participant_id].decisions[one.source, one.source_key] = one
    voided = session.execute(
        select(AdverseEvent.participant_id, AdverseEvent.id).where(
            AdverseEvent.participant_id.in_(records), AdverseEvent.voided_at.is_not(None)
        )
    )
    for participant_id, event_id in voided:
        records[participant_id].voided_events.add(event_id)


def values_of(answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return answers by question; a question without a value is left out."""
    return {one["link_id"]: one["value"] for one in answers if "value" in one}
