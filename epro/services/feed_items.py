"""What of the journal leaves for the clinical database, and in which shape: a list of what may.

Only what is named here goes out. A field that is added to a table stays inside until somebody
decides; a test asks for that decision.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from epro.access import Scope
from epro.services import journal
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ItemType


class FeedType(StrEnum):
    """The kinds of entity whose changes are served."""

    ADVERSE_EVENT = "adverse_event"
    ANCHOR = "anchor"
    ASSESSMENT = "assessment"
    CANDIDATE = "candidate"
    COMPLIANCE = "compliance"
    CONSENT = "consent"
    CONTACT = "contact"
    FLAG = "flag"
    PARTICIPANT = "participant"
    RECORD_LOCK = "record_lock"
    REMINDER = "reminder"
    RESPONSE = "response"
    SIGNATURE = "signature"


class HeldBack(StrEnum):
    """What is told as a number only: candidates and flags until a physician has decided.

    Contacts about a flag stay a number: each would tell of the flag.
    """

    CANDIDATE = "candidate"
    CONTACT = "contact"
    FLAG = "flag"


FIELDS: Mapping[FeedType, tuple[str, ...]] = {
    FeedType.ADVERSE_EVENT: (
        "number", "source", "term", "onset_on", "onset_at", "ended_on", "outcome", "action_taken",
        "relationship", "seriousness", "grades", "linked_responses", "recorded_at", "voided_at",
        "duplicate_of_number", "study_day", "study_day_second",
    ),
    FeedType.ANCHOR: ("event", "occurred_at", "zone"),
    FeedType.ASSESSMENT: (
        "family", "occurrence", "block", "questionnaire_code", "questionnaire_version",
        "planned_on", "opens_at", "due_at", "closes_at", "late_until", "planned_at", "not_offered",
        "completed_at", "cancelled_at", "missed_noticed_at", "answered_by", "suspended_at",
    ),
    FeedType.CANDIDATE: ("source", "source_key", "disposition", "event_number"),
    FeedType.COMPLIANCE: (
        "block", "expected", "completed", "on_time", "late", "missed", "not_offered", "suspended",
    ),
    FeedType.CONSENT: ("kind", "document_version", "given_at", "withdrawn_at", "superseded_at"),
    FeedType.CONTACT: ("channel", "outcome", "next_step", "contacted_at", "assessment_id"),
    FeedType.FLAG: (
        "tier", "tonight", "possible_serious", "rules", "raised_at", "urgent_since",
        "acknowledged_at", "aware_at", "sent_at", "assessed_at", "disposition", "closed_at",
    ),
    FeedType.PARTICIPANT: (
        "site", "language", "zone", "thermometer_route", "enrolled_at", "activated_at",
        "reminder_time", "reminder_channel",
        "life_cycle", "life_cycle_at", "diary_slot", "diary_slot_from_on",
    ),
    FeedType.RECORD_LOCK: ("locked_at", "unlocked_at"),
    FeedType.REMINDER: (
        "assessment_id", "step", "due_at", "template", "template_version", "channel", "decided_at",
        "skipped_reason", "sent_at", "not_sent_reason",
    ),
    FeedType.RESPONSE: (
        "assessment_id", "questionnaire_code", "questionnaire_version", "status", "language",
        "completer", "mode", "answers", "hidden", "not_reached", "cleared", "scores",
        "last_entry_on", "opened_at", "answered_at",
        "utc_offset_minutes", "zone", "clock_unsure", "received_at", "received_late", "timeliness",
        "counts", "duplicate_of_id", "day_label", "app_version", "device_class", "source_check",
    ),
    FeedType.SIGNATURE: (
        "entity_type", "entity_id", "entity_version", "meaning", "signer", "signed_at", "zone",
        "record_sha256",
    ),
}  # fmt: skip
# Said elsewhere in the item, or of no use outside: numbers of our own tables, devices, reminders.
KEPT_INSIDE: Mapping[FeedType, frozenset[str]] = {
    FeedType.ADVERSE_EVENT: frozenset(
        {"id", "participant_id", "site_id", "study_version_id", "version"}
    ),
    FeedType.ASSESSMENT: frozenset(
        {"id", "participant_id", "study_version_id", "version", "next_reminder_at", "next_look_at"}
    ),
    FeedType.CONTACT: frozenset(
        {"id", "participant_id", "site_id", "flag_id", "note", "recorded_at", "recorded_by_id"}
    ),
    # Why it was unlocked is the reason of the change.
    FeedType.RECORD_LOCK: frozenset(
        {
            "id",
            "participant_id",
            "site_id",
            "version",
            "locked_by_id",
            "unlocked_by_id",
            "unlock_reason",
        }
    ),
    FeedType.REMINDER: frozenset({"id", "message_id", "version"}),
    FeedType.FLAG: frozenset(
        {
            "id",
            "acknowledged_by",
            "owner",
            "delivered_at",
            "viewed_at",
            "news_at",
            "narrative",
            "closed_by",
            "close_reason",
        }
    ),
    FeedType.RESPONSE: frozenset(
        {"id", "participant_id", "study_version_id", "version", "revision", "device_session_id"}
    ),
    FeedType.SIGNATURE: frozenset({"id", "signer_id", "signer_name", "signer_role"}),
}
# Served with a scope of their own only, and only once a physician has decided about them.
DECIDED: Mapping[FeedType, Scope] = {
    FeedType.ADVERSE_EVENT: Scope.ADVERSE_EVENTS,
    FeedType.CANDIDATE: Scope.ADVERSE_EVENTS,
    FeedType.FLAG: Scope.FLAGS,
}
# Which records' signatures are served, and by which scope: those that are served themselves.
SIGNED: Mapping[str, Scope] = {
    FeedType.ADVERSE_EVENT: Scope.ADVERSE_EVENTS,
    FeedType.FLAG: Scope.FLAGS,
    FeedType.PARTICIPANT: Scope.READ,
    FeedType.RESPONSE: Scope.READ,
    # The sign-off, which stands for all of them and tells of none.
    "participant_record": Scope.READ,
}
# Fields that need a scope beside that of their type.
SCOPE_OF_FIELD: Mapping[str, Scope] = {"study_day_second": Scope.SECOND_INFUSION}
VOIDING = frozenset({"adverse_event.voided", "anchor.withdrawn", "assessment.cancelled"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What one request asks of the feed: types (none named: all), and how much it may see.

    `site` limits a copy to one site (its code); the feed itself is of the whole study.
    """

    types: frozenset[FeedType] | None
    scopes: frozenset[Scope]
    site: str | None = None

    @property
    def filter(self) -> str:
        """The choice of types as a cursor keeps it."""
        return "*" if self.types is None else ",".join(sorted(self.types))

    @property
    def entity_types(self) -> list[str]:
        """The types that may be served to these scopes."""
        unseen = {kind for kind, scope in DECIDED.items() if scope not in self.scopes}
        return sorted((self.types or frozenset(FeedType)) - unseen)


def line_of(
    seq: int, digest: str, body: str, *, scopes: frozenset[Scope], catalogue: Catalogue
) -> str:
    """Return one change as the text that is served: canonical JSON, so equal for ever."""
    return journal.canonical(item_of(seq, digest, body, scopes=scopes, catalogue=catalogue))


def item_of(
    seq: int, digest: str, body: str, *, scopes: frozenset[Scope], catalogue: Catalogue
) -> dict[str, Any]:
    """Return one change as values.

    `hash` is that of the journal's link and covers the record as it was written; `data_sha256`
    covers the canonical JSON of `data` as it stands here, after anything was withheld.
    """
    content = json.loads(body)
    after = content["after"]
    data = {
        name: after[name]
        for name in FIELDS[FeedType(content["entity_type"])]
        if name in after and SCOPE_OF_FIELD.get(name) in {None, *scopes}
    }
    if Scope.FREE_TEXT not in scopes and "answers" in data:
        data["answers"] = _without_free_text(data, catalogue)
    version_id = after.get("study_version_id")
    actor = content["actor"]
    return {
        "seq": seq,
        "change_id": content["change_id"],
        "type": content["entity_type"],
        "op": _op_of(content),
        "entity_id": content["entity_id"],
        "version": content["version"],
        "participant": content["participant"],
        "site": content["site"],
        "occurred_at": content["occurred_at"],
        "recorded_at": content["recorded_at"],
        "actor": {"kind": actor["kind"], "name": actor["name"], "role": actor["role"]},
        "reason": content["reason"],
        "study_version": catalogue.package(version_id).version if version_id else None,
        "data": data,
        "data_sha256": hashlib.sha256(journal.canonical(data).encode()).hexdigest(),
        "hash": digest,
    }


def _op_of(content: Mapping[str, Any]) -> str:
    if content["verb"] in VOIDING:
        return "void"
    return "update" if content["before"] else "insert"


def _without_free_text(data: Mapping[str, Any], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Say of each answer in a person's own words only that there is one."""
    questionnaire = catalogue.questionnaire(
        data["questionnaire_code"], data["questionnaire_version"]
    )
    # What is no known choice or number is treated as free text, whatever it is.
    plain = {item.link_id for item in questionnaire.items if item.type is not ItemType.TEXT}
    return list(_withheld(data["answers"], except_for=plain))


def _withheld(
    answers: Iterable[dict[str, Any]], *, except_for: set[str]
) -> Iterable[dict[str, Any]]:
    for answer in answers:
        is_open = answer["link_id"] in except_for or "value" not in answer
        yield answer if is_open else {"link_id": answer["link_id"], "withheld": True}
