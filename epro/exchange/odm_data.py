"""Clinical data in ODM: the state of a participant, or one change as it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lxml import etree

from epro.exchange import odm_names as names
from epro.exchange.changes import Change, EventKey, Form, Study, latest
from epro.exchange.odm_answers import add_answers, add_fields
from epro.exchange.odm_elements import add, element
from epro.exchange.odm_metadata import OF_THE_SUBJECT

EventKeys = Mapping[str, EventKey]
TRANSACTIONS: Mapping[str, str] = {"insert": "Insert", "update": "Update", "void": "Remove"}


def event_key_of(assessment: Mapping[str, Any]) -> EventKey:
    """Return where an assessment stands in the schedule; its first version decides."""
    return EventKey(assessment["block"], assessment["occurrence"])


def event_keys_in(changes: Iterable[Change]) -> dict[str, EventKey]:
    """Return where assessments stand, by id, from their changes in whichever order they come."""
    firsts: dict[str, Change] = {}
    for change in changes:
        if change.type == "assessment":
            known = firsts.setdefault(change.entity_id, change)
            if change.version < known.version:
                firsts[change.entity_id] = change
    return {name: event_key_of(first.data) for name, first in firsts.items()}


def subject_state(study: Study, version: str, changes: Sequence[Change]) -> etree._Element | None:
    """Return how one participant stands in one edition of the study; None when there is nothing.

    `changes` are all of hers, in the order of the feed.
    """
    keys = event_keys_in(changes)
    states: dict[str, dict[str, Change]] = {}
    for change in changes:
        known = states.setdefault(change.type, {})
        if latest(known, change):
            known[change.entity_id] = change
    days = _Days.of(states.get("anchor", {}).values())
    signed = {_signed_by(one): one for one in states.get("signature", {}).values()}
    standing = [
        change
        for of_type in states.values()
        for change in of_type.values()
        if not change.is_void and study.version_of(change) == version
    ]
    if not standing:
        return None
    subject = element("SubjectData", {"SubjectKey": str(standing[0].participant)})
    site = next((change.site for change in standing if change.site), None)
    add(subject, "SiteRef", LocationOID=names.site(site))
    events: dict[tuple[str, str | None], etree._Element] = {}
    for change in sorted(standing, key=lambda one: (one.recorded_at, one.seq)):
        place = _event_of(change, keys)
        if place not in events:
            events[place] = _add_event(subject, place)
        signature = signed.get((change.type, change.entity_id, change.version))
        _add_form(events[place], study, change, signature=signature, days=days)
    return subject


def subject_change(study: Study, change: Change, keys: EventKeys) -> etree._Element:
    """Return one change as a transaction, with who, when, why, and the feed's own change id."""
    subject = element(
        "SubjectData", {"SubjectKey": str(change.participant), "TransactionType": "Context"}
    )
    add(subject, "SiteRef", LocationOID=names.site(change.site))
    event = _add_event(subject, _event_of(change, keys))
    event.set("TransactionType", "Context")
    _add_form(event, study, change, transaction=TRANSACTIONS[change.op])
    return subject


def infusion_on(anchors: Iterable[Change], event: str = "INF1") -> date | None:
    """Return the local day of an infusion, from anchors as they stand and may be seen."""
    for anchor in anchors:
        if anchor.data["event"] == event and not anchor.is_void:
            return datetime.fromisoformat(anchor.data["occurred_at"]).date()
    return None


def days_since(infused: date, change: Change) -> int:
    """Return whole local days from an infusion to a response; negative before it."""
    return (datetime.fromisoformat(change.occurred_at).date() - infused).days


@dataclass(frozen=True, slots=True)
class _Days:
    """The local days of the infusions; only those that the reader may see are known here."""

    first: date | None = None
    second: date | None = None

    @classmethod
    def of(cls, anchors: Iterable[Change]) -> _Days:
        known = list(anchors)
        return cls(infusion_on(known), infusion_on(known, "INF2"))

    def values(self, change: Change) -> dict[str, Any]:
        days = {names.DAYS_SINCE_INFUSION: self.first, names.DAYS_SINCE_SECOND: self.second}
        return {name: days_since(on, change) for name, on in days.items() if on is not None}


def _signed_by(signature: Change) -> tuple[str, str, int]:
    """Return which state of which record stands above a signature."""
    data = signature.data
    return data["entity_type"], data["entity_id"], data["entity_version"]


def _event_of(change: Change, keys: EventKeys) -> tuple[str, str | None]:
    if change.type in OF_THE_SUBJECT:
        return names.SUBJECT_EVENT, None
    about = change.entity_id if change.type == "assessment" else change.data.get("assessment_id")
    if about is not None and about in keys:
        return names.event(keys[about].block), keys[about].occurrence
    return names.REPORT_EVENT, change.entity_id


def _add_event(subject: etree._Element, place: tuple[str, str | None]) -> etree._Element:
    event = add(subject, "StudyEventData", StudyEventOID=place[0])
    if place[1] is not None:
        event.set("StudyEventRepeatKey", place[1])
    return event


def _add_form(
    event: etree._Element,
    study: Study,
    change: Change,
    *,
    transaction: str | None = None,
    signature: Change | None = None,
    days: _Days | None = None,
) -> None:
    is_response = change.type == "response"
    code = change.data["questionnaire_code"] if is_response else change.type
    form = add(event, "FormData", FormOID=names.form(code), FormRepeatKey=change.entity_id)
    if transaction:
        form.set("TransactionType", transaction)
    _add_audit(form, change)
    if is_response and change.data["status"] == "completed":
        _add_signature(form, change, names.SUBMITTED)
    elif signature is not None or change.type == "signature":
        signature = signature or change
        _add_signature(form, signature, names.signature(signature.data["meaning"]))
    if transaction == "Remove":
        return
    # Whatever stood there before: each value of the form is in it.
    inner = "Insert" if transaction == "Insert" else "Upsert" if transaction else None
    values = {**change.data, **(days.values(change) if is_response and days else {})}
    add_fields(form, _form(study, change.type), values, transaction=inner)
    if is_response:
        add_answers(form, study.questionnaire(change), change, transaction=inner)


def _form(study: Study, kind: str) -> Form:
    return next(form for form in study.forms if form.type == kind)


def _add_audit(parent: etree._Element, change: Change) -> None:
    audit = add(parent, "AuditRecord")
    add(audit, "UserRef", UserOID=names.user(change.actor))
    add(audit, "LocationRef", LocationOID=names.site(change.site))
    add(audit, "DateTimeStamp", change.recorded_at)
    if change.reason:
        add(audit, "ReasonForChange", change.reason)
    add(audit, "SourceID", change.change_id)


def _add_signature(parent: etree._Element, change: Change, meaning: str) -> None:
    signature = add(parent, "Signature")
    add(signature, "UserRef", UserOID=names.user(change.actor))
    add(signature, "LocationRef", LocationOID=names.site(change.site))
    add(signature, "SignatureRef", SignatureOID=meaning)
    add(signature, "DateTimeStamp", change.recorded_at)
