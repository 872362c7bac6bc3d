"""Clinical data against their metadata: what may stand where, once, and with which value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from epro.exchange import odm_names as names
from epro.exchange.odm_definitions import (
    Definitions,
    Fault,
    Version,
    children,
    descendants,
    fault,
)
from epro.exchange.odm_values import value_faults

ADMIN_REFERENCES = (
    ("UserRef", "UserOID", "User"),
    ("InvestigatorRef", "UserOID", "User"),
    ("LocationRef", "LocationOID", "Location"),
    ("SiteRef", "LocationOID", "Location"),
    ("SignatureRef", "SignatureOID", "SignatureDef"),
)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of clinical data: its element, its key, and what defines it."""

    tag: str
    oid: str
    repeat: str
    definition: str
    reference: str


EVENT = Level("StudyEventData", "StudyEventOID", "StudyEventRepeatKey", "StudyEventDef",
              "StudyEventRef")  # fmt: skip
FORM = Level("FormData", "FormOID", "FormRepeatKey", "FormDef", "FormRef")
GROUP = Level("ItemGroupData", "ItemGroupOID", "ItemGroupRepeatKey", "ItemGroupDef",
              "ItemGroupRef")  # fmt: skip


def clinical_faults(
    clinical: etree._Element, version: Version, known: Definitions, *, is_snapshot: bool
) -> Iterator[Fault]:
    """Yield what is wrong with one ClinicalData."""
    yield from _admin_reference_faults(clinical, known)
    subjects = list(children(clinical, "SubjectData"))
    if is_snapshot:
        keys = [subject.get("SubjectKey") for subject in subjects]
        if len(set(keys)) < len(keys):
            yield fault(clinical, "duplicate", "a snapshot holds each participant once")
    for subject in subjects:
        yield from _transaction_faults(subject, is_snapshot=is_snapshot)
        found: list[Fault] = []
        for event, definition in _checked(subject, EVENT, None, version, found):
            for form, form_definition in _checked(event, FORM, definition, version, found):
                for group, group_definition in _checked(
                    form, GROUP, form_definition, version, found
                ):
                    found += _item_faults(group, group_definition, version, known)
                found += _condition_faults(form, version)
        yield from found


def _admin_reference_faults(clinical: etree._Element, known: Definitions) -> Iterator[Fault]:
    for tag, attribute, kind in ADMIN_REFERENCES:
        for one in descendants(clinical, tag):
            if one.get(attribute) not in known.admin.get(kind, {}):
                yield fault(one, "reference", f"there is no {kind} {one.get(attribute)}")


def _transaction_faults(subject: etree._Element, *, is_snapshot: bool) -> Iterator[Fault]:
    for form in descendants(subject, "FormData"):
        is_transaction = "TransactionType" in form.attrib
        if is_snapshot and is_transaction:
            yield fault(form, "transaction", "a snapshot holds states, not transactions")
        if not is_snapshot and not is_transaction:
            yield fault(form, "transaction", "a transaction says what it does")
        if next(children(form, "AuditRecord"), None) is None:
            yield fault(form, "audit", "a form says who, where and when")


def _checked(
    parent: etree._Element,
    level: Level,
    above: etree._Element | None,
    version: Version,
    found: list[Fault],
) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Yield each element of a level with its definition; gather what is wrong with its key."""
    seen: set[tuple[str | None, str | None]] = set()
    for one in children(parent, level.tag):
        oid, repeat = one.get(level.oid), one.get(level.repeat)
        definition = version.get(level.definition, oid)
        if definition is None:
            found.append(fault(one, "reference", f"there is no {level.definition} {oid}"))
            continue
        if above is not None and not version.refers(above, level.reference, oid):
            found.append(fault(one, "place", f"{oid} does not belong to {above.get('OID')}"))
        if (definition.get("Repeating") == "Yes") is (repeat is None):
            found.append(fault(one, "repeat", f"{oid} has a repeat key when it repeats, else none"))
        if (oid, repeat) in seen:
            found.append(fault(one, "duplicate", f"{oid} {repeat or ''} stands there twice"))
        seen.add((oid, repeat))
        yield one, definition


def _item_faults(
    group: etree._Element, definition: etree._Element, version: Version, known: Definitions
) -> Iterator[Fault]:
    seen: set[str] = set()
    for data in children(group, "ItemData"):
        oid = data.get("ItemOID", "")
        item = version.get("ItemDef", oid)
        if item is None:
            yield fault(data, "reference", f"there is no ItemDef {oid}")
            continue
        if not version.refers(definition, "ItemRef", oid):
            yield fault(data, "place", f"{oid} does not belong to {definition.get('OID')}")
        if oid in seen:
            yield fault(data, "duplicate", f"{oid} stands there twice")
        seen.add(oid)
        yield from _flag_faults(data, version)
        if ("Value" in data.attrib) is ("IsNull" in data.attrib):
            yield fault(data, "value", f"{oid} has a value or is null, and not both")
        elif "Value" in data.attrib:
            yield from value_faults(data, item, version, known)
        elif next(children(item, "Question"), None) is not None and not _flags(data):
            yield fault(data, "reason", f"{oid} does not say why it has no value")
    for reference in children(definition, "ItemRef"):
        if reference.get("Mandatory") == "Yes" and reference.get("ItemOID") not in seen:
            yield fault(group, "missing", f"{reference.get('ItemOID')} is not there")


def _flags(data: etree._Element) -> list[etree._Element]:
    return list(descendants(data, "FlagValue"))


def _flag_faults(data: etree._Element, version: Version) -> Iterator[Fault]:
    for flag in _flags(data):
        codes = version.codes(flag.get("CodeListOID"))
        if codes is None:
            yield fault(flag, "reference", f"there is no CodeList {flag.get('CodeListOID')}")
        elif flag.text not in codes:
            yield fault(flag, "code", "a flag holds a value that its code list does not")


def _condition_faults(form: etree._Element, version: Version) -> Iterator[Fault]:
    """What was not to be asked has no answer, and says so; the rest does not claim that."""
    if form.get("TransactionType") == "Remove":
        return
    for group in children(form, "ItemGroupData"):
        of_group = version.get("ItemGroupDef", group.get("ItemGroupOID"))
        if of_group is None:
            continue
        exceptions = {
            one.get("ItemOID"): one.get("CollectionExceptionConditionOID")
            for one in children(of_group, "ItemRef")
        }
        for data in children(group, "ItemData"):
            condition = version.conditions.get(exceptions.get(data.get("ItemOID")) or "")
            is_excepted = bool(condition(form)) if condition else False
            is_hidden = any(
                flag.text == "HIDDEN" and flag.get("CodeListOID") == names.NULL_REASONS
                for flag in _flags(data)
            )
            if is_excepted is not is_hidden:
                oid = data.get("ItemOID")
                yield fault(data, "condition", f"{oid} is hidden exactly when it is not asked")
