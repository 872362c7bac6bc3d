"""All tables in one place, so that metadata is complete wherever one of them is used."""

from epro.models.identity import ParticipantCredential, ParticipantIdentity
from epro.models.journal import JournalEntry, JournalKind, JournalLink
from epro.models.operation import IdempotencyKey, JobRun, RehearsalClock
from epro.models.participant import Consent, Participant
from epro.models.response import (
    Completer,
    EntryMode,
    Quarantine,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Timeliness,
)
from epro.models.schedule import Anchor, Assessment, AssessmentState
from epro.models.session import ActivationCode, DeviceSession, Lockout
from epro.models.site import Site
from epro.models.staff import SiteMembership, User
from epro.models.study_version import SiteActivation, StudyVersion

__all__ = [
    "ActivationCode",
    "Anchor",
    "Assessment",
    "AssessmentState",
    "Completer",
    "Consent",
    "DeviceSession",
    "EntryMode",
    "IdempotencyKey",
    "JobRun",
    "JournalEntry",
    "JournalKind",
    "JournalLink",
    "Lockout",
    "Participant",
    "ParticipantCredential",
    "ParticipantIdentity",
    "Quarantine",
    "QuestionnaireResponse",
    "RehearsalClock",
    "ResponseRevision",
    "ResponseStatus",
    "Site",
    "SiteActivation",
    "SiteMembership",
    "StudyVersion",
    "Timeliness",
    "User",
]
