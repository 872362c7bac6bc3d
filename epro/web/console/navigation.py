"""Which pages somebody is offered: those that the roles held open, in the order of a day's work."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from epro.access import Actor, Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu; `key` names its text and marks the page that is open."""

    group: str
    key: str
    endpoint: str
    permission: Permission


ENTRIES = (
    Entry("day", "flags", "console_safety.show_inbox", Permission.READ_FLAG),
    Entry("day", "today", "console_today.show", Permission.READ_WORK_LIST),
    Entry("day", "contacts", "console_contacting.show", Permission.READ_FLAG),
    Entry("day", "messages", "console_messages.show", Permission.READ_MESSAGE),
    Entry("day", "duty", "console_duty.show", Permission.READ_ROSTER),
    Entry("people", "participants", "console_participants.show_list", Permission.READ_PARTICIPANT),
    Entry("people", "compliance", "console_compliance.show", Permission.READ_COMPLIANCE),
    Entry("people", "reviews", "console_reviewing.show", Permission.READ_RESPONSE),
    Entry("people", "ratings", "console_rating.show_list", Permission.RATE_OUTCOME),
    Entry("record", "corrections", "console_changing.show", Permission.READ_RESPONSE),
    Entry(
        "record", "transcriptions", "console_transcribing.show_waiting", Permission.READ_RESPONSE
    ),
    Entry("record", "events", "console_events.show", Permission.READ_ADVERSE_EVENT),
    Entry("record", "event_table", "console_events.show_table", Permission.READ_EVENT_TABLE),
    Entry("record", "exports", "console_exporting.show", Permission.EXPORT_DATA),
    Entry("record", "archives", "console_archiving.show", Permission.SIGN_OFF_RECORD),
    Entry("record", "journal", "console_journal.show", Permission.READ_JOURNAL),
    Entry("record", "audit_review", "console_auditing.show", Permission.READ_AUDIT_REVIEW),
    Entry(
        "record", "data_requests", "console_data_requests.show_list", Permission.READ_DATA_REQUEST
    ),
    Entry(
        "record",
        "data_incidents",
        "console_data_incidents.show_list",
        Permission.READ_DATA_INCIDENT,
    ),
    Entry("team", "delegations", "console_team.show_delegations", Permission.READ_DELEGATION),
    Entry("team", "staff", "console_team.show_staff", Permission.READ_DELEGATION),
    Entry("team", "versions", "console_system.show_versions", Permission.READ_QUESTIONNAIRE),
    Entry("team", "system", "console_system.show", Permission.READ_SYSTEM),
    Entry("team", "accounts", "console_accounts.show_list", Permission.KEEP_ACCOUNTS),
    Entry("own", "training", "console_training.show", Permission.PRACTISE),
    Entry("own", "own_account", "console_own_account.show", Permission.OWN_SESSION),
    Entry("own", "phones", "console_sign_in.show_phones", Permission.OWN_SESSION),
)
# What a training room has no page of.
OF_THE_TRIAL = frozenset({"own_account"})


def entries_for(actor: Actor, *, is_training: bool) -> Iterator[tuple[str, list[Entry]]]:
    """Yield each group of the menu with what the actor may open in it, in the trial or a room."""
    open_to_her = [
        one
        for one in ENTRIES
        if actor.holds(one.permission) and not (is_training and one.key in OF_THE_TRIAL)
    ]
    for group, entries in groupby(open_to_her, key=lambda one: one.group):
        yield group, list(entries)


def home_of(actor: Actor) -> Entry:
    """Return the first page of the menu that the actor may open."""
    return next(one for one in ENTRIES if actor.holds(one.permission))
