"""What one submission consists of: what the device sent, what it is about, what was decided."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from epro.models import (
    Completer,
    DeviceClass,
    EntryMode,
    QuestionnaireResponse,
    ResponseStatus,
    Timeliness,
)
from epro.services.held import HeldAssessment, HeldParticipant, HeldSite
from epro.services.known import Known
from questionnaires.definition import Language, Questionnaire, StudyPackage
from questionnaires.schedule import AnsweredBy
from questionnaires.validation import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One revision as the device made it; equal on every repeat of the same sending.

    `device_answered_at` and `device_opened_at` are by the device's own clock, aware. `answers` are
    raw: judged against the questionnaire, not by a schema. `cleared` names items that were answered
    until another answer hid them; `last_entry_on` is the day that the questions named.
    The advice times say when the phone showed its emergency screen for these answers,
    `mistaken_at` when she said there that she had pressed by mistake; they play no part in what is
    a repeat.
    """

    assessment_id: UUID | None
    questionnaire_code: str
    questionnaire_version: str
    revision: int
    status: ResponseStatus
    language: Language
    completer: Completer
    mode: EntryMode
    device_answered_at: datetime
    answers: list[Any]
    cleared: tuple[str, ...] = ()
    device_opened_at: datetime | None = None
    last_entry_on: date | None = None
    advice_shown_at: datetime | None = None
    advice_acknowledged_at: datetime | None = None
    mistaken_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        return self.status is ResponseStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose record it becomes, and who is meant to answer what it answers."""

    participant_id: UUID | None
    answered_by: AnsweredBy = AnsweredBy.PARTICIPANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is true of one sending only: how long ago the answer was given, and the exact bytes.

    `answer_age_s` is the time since answering by the device's own clock, in seconds; None where
    the device did not say it readably.
    """

    answer_age_s: float | None
    app_version: str
    body: bytes
    device_class: DeviceClass | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a submission is about, locked and looked up: all that it is judged by.

    `response` is what is stored of it so far.
    """

    response_id: UUID
    participant: HeldParticipant
    site: HeldSite
    assessment: HeldAssessment | None
    response: QuestionnaireResponse | None
    known: Known
    study_version_id: int
    package: StudyPackage
    questionnaire: Questionnaire


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Everything decided about one revision; what is left is to write it down.

    `clock_offset_s` is how far the device's clock runs ahead, in seconds.
    """

    judgement: Judgement
    digest: str
    answered_at: datetime
    clock_offset_s: float
    clock_unsure: bool
    timeliness: Timeliness
    received_late: bool
    counts: bool
    duplicate_of_id: UUID | None
    day_label: str | None
    cleared: tuple[str, ...]
    opened_at: datetime | None
    scores: list[dict[str, Any]]
