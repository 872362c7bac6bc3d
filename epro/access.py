"""Who may do what: roles, permissions, and the actor that every change is recorded under."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody is in the trial; staff hold a role at a site, or study-wide."""

    PARTICIPANT = "participant"
    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    PRINCIPAL_INVESTIGATOR = "principal_investigator"
    OUTCOMES_ASSESSOR = "outcomes_assessor"
    MONITOR = "monitor"
    DATA_MANAGER = "data_manager"
    INSPECTOR = "inspector"
    SYSTEM_ADMIN = "system_admin"
    EDC_CLIENT = "edc_client"
    SYSTEM = "system"


STAFF_ROLES = frozenset(Role) - {Role.PARTICIPANT, Role.EDC_CLIENT, Role.SYSTEM}


class Permission(StrEnum):
    """What a route or service asks for; named by the act, not by who does it."""

    OWN_SESSION = "own_session"
    READ_QUESTIONNAIRE = "read_questionnaire"
    READ_OWN_DIARY = "read_own_diary"
    SUBMIT_RESPONSE = "submit_response"
    CHOOSE_PREFERENCES = "choose_preferences"
    USE_OWN_PHONE = "use_own_phone"
    CORRECT_OWN_RESPONSE = "correct_own_response"
    ANSWER_ON_BEHALF = "answer_on_behalf"
    CHECK_TRANSCRIPTION = "check_transcription"
    ENROL_PARTICIPANT = "enrol_participant"
    READ_PARTICIPANT = "read_participant"
    READ_RESPONSE = "read_response"
    PUT_DOWN_CORRECTION = "put_down_correction"
    DECIDE_CORRECTION = "decide_correction"
    READ_IDENTITY = "read_identity"
    ISSUE_ACTIVATION_CODE = "issue_activation_code"
    REVOKE_DEVICE = "revoke_device"
    RECORD_ANCHOR = "record_anchor"
    READ_ANCHOR = "read_anchor"
    CHANGE_LIFE_CYCLE = "change_life_cycle"
    CHANGE_PERSONAL_TIMES = "change_personal_times"
    CHANGE_OWN_TIMES = "change_own_times"
    READ_COMPLIANCE = "read_compliance"
    READ_JOURNAL = "read_journal"
    READ_FLAG = "read_flag"
    ACKNOWLEDGE_FLAG = "acknowledge_flag"
    READ_ADVERSE_EVENT = "read_adverse_event"
    ASSESS_ADVERSE_EVENT = "assess_adverse_event"
    READ_EVENT_TABLE = "read_event_table"
    RECONCILE_EVENTS = "reconcile_events"
    READ_WORK_LIST = "read_work_list"
    DO_WORK = "do_work"
    READ_DELEGATION = "read_delegation"
    SIGN_DELEGATION = "sign_delegation"
    FOLLOW_UP_FLAG = "follow_up_flag"
    ASSESS_FLAG = "assess_flag"
    CLOSE_FLAG = "close_flag"
    SET_AWARENESS_LATER = "set_awareness_later"
    READ_ROSTER = "read_roster"
    EDIT_ROSTER = "edit_roster"
    RECORD_CODE_BREAK = "record_code_break"
    READ_CODE_BREAK = "read_code_break"
    READ_FEED = "read_feed"
    ACKNOWLEDGE_FEED = "acknowledge_feed"
    WRITE_FROM_EDC = "write_from_edc"
    WATCH_FEED = "watch_feed"
    RECORD_IDENTITY = "record_identity"
    READ_MESSAGE = "read_message"
    SEND_MESSAGE_AGAIN = "send_message_again"
    REVIEW_DATA = "review_data"
    RATE_OUTCOME = "rate_outcome"
    READ_SYSTEM = "read_system"
    EXPORT_DATA = "export_data"
    SIGN_OFF_RECORD = "sign_off_record"
    LOCK_RECORD = "lock_record"
    READ_AUDIT_REVIEW = "read_audit_review"
    REVIEW_AUDIT_TRAIL = "review_audit_trail"
    KEEP_ACCOUNTS = "keep_accounts"
    PRACTISE = "practise"
    KEEP_TRAINING_ROOM = "keep_training_room"
    READ_DATA_REQUEST = "read_data_request"
    HANDLE_DATA_REQUEST = "handle_data_request"
    READ_DATA_INCIDENT = "read_data_incident"
    HANDLE_DATA_INCIDENT = "handle_data_incident"


_OWN = {Permission.OWN_SESSION}
_READS_A_SITE = _OWN | {
    Permission.READ_QUESTIONNAIRE,
    Permission.READ_PARTICIPANT,
    Permission.READ_RESPONSE,
    Permission.READ_ANCHOR,
    Permission.READ_COMPLIANCE,
}

# Whoever works at a site can be asked by her, and finds the lost telephone first.
_AT_THE_SITE = _READS_A_SITE | {
    Permission.READ_DATA_REQUEST,
    Permission.HANDLE_DATA_REQUEST,
    Permission.READ_DATA_INCIDENT,
    Permission.HANDLE_DATA_INCIDENT,
}
_FOLLOWS = {
    Permission.READ_DATA_REQUEST,
    Permission.READ_DATA_INCIDENT,
    Permission.READ_MESSAGE,
    Permission.READ_JOURNAL,
    Permission.READ_FLAG,
    Permission.READ_DELEGATION,
    Permission.READ_ADVERSE_EVENT,
    Permission.READ_EVENT_TABLE,
    Permission.RECONCILE_EVENTS,
}
_INVESTIGATES = _AT_THE_SITE | {
    Permission.PRACTISE,
    Permission.READ_MESSAGE,
    Permission.REVIEW_DATA,
    Permission.SIGN_OFF_RECORD,
    # Decides the procedure; never originates what a participant felt (T-06).
    Permission.DECIDE_CORRECTION,
    # Says whether a copy says what her sheet says; types none of it.
    Permission.CHECK_TRANSCRIPTION,
    # Each act needs a delegation of that day as well.
    Permission.ASSESS_ADVERSE_EVENT,
    Permission.READ_ADVERSE_EVENT,
    Permission.READ_EVENT_TABLE,
    Permission.RECONCILE_EVENTS,
    Permission.READ_IDENTITY,
    Permission.REVOKE_DEVICE,
    Permission.RECORD_ANCHOR,
    Permission.READ_JOURNAL,
    Permission.READ_FLAG,
    Permission.ACKNOWLEDGE_FLAG,
    Permission.READ_WORK_LIST,
    Permission.DO_WORK,
    Permission.READ_DELEGATION,
    Permission.FOLLOW_UP_FLAG,
    Permission.ASSESS_FLAG,
    Permission.CLOSE_FLAG,
    Permission.READ_ROSTER,
    Permission.RECORD_CODE_BREAK,
    Permission.READ_CODE_BREAK,
}

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.PARTICIPANT: frozenset(
        _OWN
        | {
            Permission.READ_QUESTIONNAIRE,
            Permission.READ_OWN_DIARY,
            Permission.SUBMIT_RESPONSE,
            Permission.CHANGE_OWN_TIMES,
            Permission.CORRECT_OWN_RESPONSE,
            Permission.CHOOSE_PREFERENCES,
            Permission.USE_OWN_PHONE,
        }
    ),
    Role.COORDINATOR: frozenset(
        _AT_THE_SITE
        | {
            Permission.PRACTISE,
            Permission.KEEP_TRAINING_ROOM,
            Permission.ENROL_PARTICIPANT,
            # Hands her the app, or reads it to her; an investigator never does (T-06).
            Permission.ANSWER_ON_BEHALF,
            Permission.CHECK_TRANSCRIPTION,
            Permission.PUT_DOWN_CORRECTION,
            Permission.READ_MESSAGE,
            Permission.SEND_MESSAGE_AGAIN,
            Permission.READ_ADVERSE_EVENT,
            Permission.READ_EVENT_TABLE,
            Permission.READ_IDENTITY,
            Permission.RECORD_IDENTITY,
            Permission.ISSUE_ACTIVATION_CODE,
            Permission.REVOKE_DEVICE,
            Permission.RECORD_ANCHOR,
            Permission.CHANGE_LIFE_CYCLE,
            Permission.CHANGE_PERSONAL_TIMES,
            Permission.READ_JOURNAL,
            Permission.READ_FLAG,
            Permission.ACKNOWLEDGE_FLAG,
            Permission.READ_WORK_LIST,
            Permission.DO_WORK,
            Permission.READ_DELEGATION,
            Permission.FOLLOW_UP_FLAG,
            Permission.CLOSE_FLAG,
            Permission.READ_ROSTER,
            Permission.EDIT_ROSTER,
        }
    ),
    Role.INVESTIGATOR: frozenset(_INVESTIGATES),
    # Responsible for the site: may do each task himself, and delegates it to others.
    Role.PRINCIPAL_INVESTIGATOR: frozenset(
        _INVESTIGATES
        | {
            Permission.SIGN_DELEGATION,
            Permission.EXPORT_DATA,
            # A lock keeps corrections out, in which sponsor and data manager have no say (T-06).
            Permission.LOCK_RECORD,
            Permission.SET_AWARENESS_LATER,
            Permission.EDIT_ROSTER,
            Permission.READ_AUDIT_REVIEW,
            Permission.REVIEW_AUDIT_TRAIL,
        }
    ),
    # Rates SLEDAI-2K masked: neither diaries nor infusion dates (SAFETY section 4).
    Role.OUTCOMES_ASSESSOR: frozenset(_OWN | {Permission.RATE_OUTCOME, Permission.PRACTISE}),
    Role.MONITOR: frozenset(
        _READS_A_SITE
        | _FOLLOWS
        # That a monitor has looked is all that she puts on record (EMA 6.2.2).
        | {
            Permission.READ_AUDIT_REVIEW,
            Permission.REVIEW_AUDIT_TRAIL,
            Permission.PRACTISE,
        }
    ),
    # Sees how many events there are, small counts hidden, and not the events themselves.
    Role.DATA_MANAGER: frozenset(
        _READS_A_SITE
        | {
            Permission.READ_JOURNAL,
            Permission.READ_EVENT_TABLE,
            Permission.READ_WORK_LIST,
            # A file that went to the wrong place is found where files are handed on.
            Permission.READ_DATA_INCIDENT,
            Permission.HANDLE_DATA_INCIDENT,
            Permission.WATCH_FEED,
            Permission.READ_SYSTEM,
            Permission.EXPORT_DATA,
            Permission.READ_AUDIT_REVIEW,
            Permission.REVIEW_AUDIT_TRAIL,
        }
    ),
    Role.INSPECTOR: frozenset(
        _READS_A_SITE
        | _FOLLOWS
        | {Permission.READ_CODE_BREAK, Permission.EXPORT_DATA, Permission.READ_AUDIT_REVIEW}
    ),
    # Runs the system; sees no clinical data and changes none (EMA A3.3-A3.4).
    Role.SYSTEM_ADMIN: frozenset(_OWN | {Permission.READ_SYSTEM, Permission.KEEP_ACCOUNTS}),
    Role.EDC_CLIENT: frozenset(
        {Permission.READ_FEED, Permission.ACKNOWLEDGE_FEED, Permission.WRITE_FROM_EDC}
    ),
    Role.SYSTEM: frozenset(),
}


class Scope(StrEnum):
    """What an EDC client was given of the feed; its token may hold fewer."""

    READ = "edc:read"
    FREE_TEXT = "edc:free_text"
    FLAGS = "edc:flags"
    ADVERSE_EVENTS = "edc:adverse_events"
    SECOND_INFUSION = "edc:second_infusion"
    ACK = "edc:ack"
    WRITE = "edc:write"


# What a machine may do follows from its role and, for these, from the scopes of its token.
SCOPE_FOR = {
    Permission.READ_FEED: Scope.READ,
    Permission.ACKNOWLEDGE_FEED: Scope.ACK,
    Permission.WRITE_FROM_EDC: Scope.WRITE,
}


# A PIN alone, on a phone that was trusted before: enough to see what is urgent and to take it.
TRUSTED_PHONE_MAY = frozenset(
    {
        Permission.OWN_SESSION,
        Permission.READ_FLAG,
        Permission.ACKNOWLEDGE_FLAG,
        Permission.READ_ROSTER,
    }
)


# The app opened by the site for a participant: what is asked and answered, and nothing of her own.
ON_BEHALF_MAY = frozenset(
    {
        Permission.OWN_SESSION,
        Permission.READ_QUESTIONNAIRE,
        Permission.READ_OWN_DIARY,
        Permission.SUBMIT_RESPONSE,
    }
)


class ActorKind(StrEnum):
    PARTICIPANT = "participant"
    USER = "user"
    CLIENT = "client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at one site; `site_id` None means at every site of the study."""

    role: Role
    site_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever acts. `name` is a participant's code, a user name, or the name of a job."""

    kind: ActorKind
    id: UUID | None
    name: str
    grants: tuple[Grant, ...]
    device_session_id: UUID | None = None
    client: str = ""
    scopes: frozenset[Scope] = frozenset()
    # What this session may do at most, whatever the roles allow; None sets no limit.
    only: frozenset[Permission] | None = None
    # Who of the site opened the app for a participant, and by which mode answers are taken there.
    opened_by: str | None = None
    entry_mode: str | None = None

    def holds(self, permission: Permission) -> bool:
        """Tell whether any role of the actor, at any site, has the permission."""
        return bool(self._granting(permission))

    def may_at(self, permission: Permission, site_id: UUID) -> bool:
        """Tell whether the actor has the permission at this site."""
        sites = self.sites_for(permission)
        return sites is None or site_id in sites

    def sites_for(self, permission: Permission) -> frozenset[UUID] | None:
        """Return the sites where the actor has the permission; None means every site."""
        granting = self._granting(permission)
        if any(grant.site_id is None for grant in granting):
            return None
        return frozenset(grant.site_id for grant in granting if grant.site_id is not None)

    def role_at(self, site_id: UUID | None) -> Role:
        """Return the role to put on record for an act at this site."""
        for grant in self.grants:
            if grant.site_id in (site_id, None):
                return grant.role
        return self.grants[0].role

    @property
    def is_by_pin(self) -> bool:
        """Whether a PIN on a trusted phone opened this session, which is good for flags alone."""
        return self.only == TRUSTED_PHONE_MAY

    def _granting(self, permission: Permission) -> list[Grant]:
        if permission in SCOPE_FOR and SCOPE_FOR[permission] not in self.scopes:
            return []
        if self.only is not None and permission not in self.only:
            return []
        return [grant for grant in self.grants if permission in PERMISSIONS_OF[grant.role]]


# How the name of whoever acts from a shell begins.
COMMAND_LINE = "command line: "


def system_actor(name: str) -> Actor:
    """Return the actor for what the software does by itself: a job, a command, a start-up."""
    return Actor(kind=ActorKind.SYSTEM, id=None, name=name, grants=(Grant(Role.SYSTEM),))


def roles_with(permission: Permission) -> Iterable[Role]:
    """Return the roles that hold a permission, in the order they are declared."""
    return (role for role in Role if permission in PERMISSIONS_OF[role])
