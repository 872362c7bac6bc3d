"""All tables in one place, so that metadata is complete wherever one of them is used."""

from epro.models.adverse_event import (
    AdverseEvent,
    AdverseEventVersion,
    CandidateDecision,
    Disposition,
    EventSource,
    worst_of,
)
from epro.models.archive import KeptFrom, RetentionRule, SiteArchive
from epro.models.audit import AuditReview, SessionPlace
from epro.models.candidate import CandidateReckoning, CandidateState, StandingCandidate
from epro.models.code_break import CodeBreak, CodeBreakKind
from epro.models.correction import Correction, CorrectionSource, CorrectionState
from epro.models.data_incident import (
    DataIncident,
    DataIncidentKind,
    DataIncidentNotice,
    DataIncidentStep,
    IncidentSeverity,
)
from epro.models.data_request import (
    AskedBy,
    DataRequest,
    DataRequestStep,
    IdentityCheck,
    RequestAct,
    RequestKind,
    RequestOutcome,
)
from epro.models.delegation import Delegation, Task
from epro.models.edc import (
    AnchorQuery,
    EdcClient,
    EdcClientSecret,
    EdcConsumer,
    EdcEpoch,
    EdcSnapshot,
    EdcSnapshotFile,
    EdcSnapshotPart,
)
from epro.models.follow_up import (
    AwarenessKind,
    AwarenessStatement,
    Contact,
    ContactChannel,
    ContactOutcome,
    FlagAssessment,
    NextStep,
    SaeSending,
)
from epro.models.identity import OptOut, OptOutSource, ParticipantCredential, ParticipantIdentity
from epro.models.journal import JournalEntry, JournalKind, JournalLink
from epro.models.operation import IdempotencyKey, JobRun, RehearsalClock
from epro.models.participant import (
    KEEPS_DIARY,
    Consent,
    LifeCycle,
    Participant,
    ReminderChannel,
)
from epro.models.record_lock import RecordLock
from epro.models.response import (
    Completer,
    DeviceClass,
    Quarantine,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    SourceCheck,
    Timeliness,
)
from epro.models.roster import (
    AlarmDrill,
    Digest,
    Duty,
    ListedNumber,
    NumberCheck,
    Roster,
    RosterShift,
    SponsorContact,
)
from epro.models.safety import (
    FlagNote,
    FlagState,
    FlagTrigger,
    SafetyFlag,
    SafetyQuestion,
    Screening,
    ScreeningSource,
)
from epro.models.schedule import Anchor, Assessment, AssessmentState
from epro.models.session import ActivationCode, DeviceSession, Lockout, TrustedPhone
from epro.models.signature import Signature, SignatureMeaning
from epro.models.site import Site
from epro.models.site_day import DataReview, Deputy, HandOverNote, Visit
from epro.models.staff import SiteMembership, StaffSetupCode, User
from epro.models.study_version import SiteActivation, StudyVersion
from epro.models.training import RoomState, TrainingRoom
from epro.models.transcription import Transcription
from epro.models.work import Incident, IncidentKind, Reminder, WorkItem, WorkKind
from questionnaires.licensing import EntryMode

__all__ = [
    "KEEPS_DIARY",
    "ActivationCode",
    "AdverseEvent",
    "AdverseEventVersion",
    "AlarmDrill",
    "Anchor",
    "AnchorQuery",
    "AskedBy",
    "Assessment",
    "AssessmentState",
    "AuditReview",
    "AwarenessKind",
    "AwarenessStatement",
    "CandidateDecision",
    "CandidateReckoning",
    "CandidateState",
    "CodeBreak",
    "CodeBreakKind",
    "Completer",
    "Consent",
    "Contact",
    "ContactChannel",
    "ContactOutcome",
    "Correction",
    "CorrectionSource",
    "CorrectionState",
    "DataIncident",
    "DataIncidentKind",
    "DataIncidentNotice",
    "DataIncidentStep",
    "DataRequest",
    "DataRequestStep",
    "DataReview",
    "Delegation",
    "Deputy",
    "DeviceClass",
    "DeviceSession",
    "Digest",
    "Disposition",
    "Duty",
    "EdcClient",
    "EdcClientSecret",
    "EdcConsumer",
    "EdcEpoch",
    "EdcSnapshot",
    "EdcSnapshotFile",
    "EdcSnapshotPart",
    "EntryMode",
    "EventSource",
    "FlagAssessment",
    "FlagNote",
    "FlagState",
    "FlagTrigger",
    "HandOverNote",
    "IdempotencyKey",
    "IdentityCheck",
    "Incident",
    "IncidentKind",
    "IncidentSeverity",
    "JobRun",
    "JournalEntry",
    "JournalKind",
    "JournalLink",
    "KeptFrom",
    "LifeCycle",
    "ListedNumber",
    "Lockout",
    "NextStep",
    "NumberCheck",
    "OptOut",
    "OptOutSource",
    "Participant",
    "ParticipantCredential",
    "ParticipantIdentity",
    "Quarantine",
    "QuestionnaireResponse",
    "RecordLock",
    "RehearsalClock",
    "Reminder",
    "ReminderChannel",
    "RequestAct",
    "RequestKind",
    "RequestOutcome",
    "ResponseRevision",
    "ResponseStatus",
    "RetentionRule",
    "RoomState",
    "Roster",
    "RosterShift",
    "SaeSending",
    "SafetyFlag",
    "SafetyQuestion",
    "Screening",
    "ScreeningSource",
    "SessionPlace",
    "Signature",
    "SignatureMeaning",
    "Site",
    "SiteActivation",
    "SiteArchive",
    "SiteMembership",
    "SourceCheck",
    "SponsorContact",
    "StaffSetupCode",
    "StandingCandidate",
    "StudyVersion",
    "Task",
    "Timeliness",
    "TrainingRoom",
    "Transcription",
    "TrustedPhone",
    "User",
    "Visit",
    "WorkItem",
    "WorkKind",
    "worst_of",
]
