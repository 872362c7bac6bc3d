"""What the official schema does not check: references, codes, types, limits, zones, roles, keys.

The schema sees one element at a time; whether an OID leads anywhere, whether a value is in its
code list, whether a question that was not to be asked has an answer, only a reader can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from epro.exchange import odm_definitions as definitions
from epro.exchange.odm_definitions import (
    REFERENCES,
    Definitions,
    Fault,
    Version,
    children,
    descendants,
    fault,
    tag_of,
)
from epro.exchange.odm_elements import XML_LANG
from epro.exchange.odm_subjects import clinical_faults
from epro.exchange.odm_values import has_zone

# No file of ours holds a document type; one that does may make a reader fetch or swell.
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def read(file: Path | str) -> etree._Element:
    """Return the root of a file. Raises etree.XMLSyntaxError for what is no XML."""
    return etree.parse(str(file), PARSER).getroot()


def check(root: etree._Element, *, metadata: etree._Element | None = None) -> list[Fault]:
    """Return everything wrong with a file, in the order of its lines.

    `metadata` is another file that defines what this one refers to.
    """
    roots = [root] if metadata is None else [metadata, root]
    known, faults = definitions.read(*roots)
    faults = [
        *faults,
        *_zone_faults(root),
        *_metadata_faults(root, known),
        *_admin_faults(root, known),
        *_data_faults(root, known),
    ]
    return sorted(faults, key=lambda one: one.line)


def _zone_faults(root: etree._Element) -> Iterator[Fault]:
    for name in ("CreationDateTime", "AsOfDateTime"):
        if name in root.attrib and not has_zone(root.attrib[name]):
            yield fault(root, "zone", f"{name} has no offset")
    for stamp in descendants(root, "DateTimeStamp"):
        if not has_zone(stamp.text or ""):
            yield fault(stamp, "zone", "DateTimeStamp has no offset")


def _metadata_faults(root: etree._Element, known: Definitions) -> Iterator[Fault]:
    for study in children(root, "Study"):
        for metadata in children(study, "MetaDataVersion"):
            version = known.versions[study.get("OID", ""), metadata.get("OID", "")]
            yield from _reference_faults(metadata, version, known)
            yield from _text_faults(metadata)
            yield from _order_faults(metadata)


def _reference_faults(
    metadata: etree._Element, version: Version, known: Definitions
) -> Iterator[Fault]:
    for tag, attribute, kind in REFERENCES:
        for one in descendants(metadata, tag):
            oid = one.get(attribute)
            if oid is not None and version.get(kind, oid) is None:
                yield fault(one, "reference", f"there is no {kind} {oid}")
    for one in descendants(metadata, "MeasurementUnitRef"):
        if one.get("MeasurementUnitOID") not in known.units:
            unit = one.get("MeasurementUnitOID")
            yield fault(one, "reference", f"there is no MeasurementUnit {unit}")


def _text_faults(metadata: etree._Element) -> Iterator[Fault]:
    """What a participant reads is there in both languages."""
    for question in descendants(metadata, "Question"):
        spoken = {text.get(XML_LANG) for text in children(question, "TranslatedText")}
        if spoken != {"zh", "en"}:
            yield fault(question, "language", "a question stands in Chinese and in English")


def _order_faults(metadata: etree._Element) -> Iterator[Fault]:
    for listed in (*descendants(metadata, "CodeList"), *descendants(metadata, "ItemGroupDef")):
        ordered = [one for one in listed if tag_of(one) in {"CodeListItem", "ItemRef"}]
        numbers = [one.get("OrderNumber") for one in ordered]
        if numbers != [str(number) for number in range(1, len(ordered) + 1)]:
            yield fault(listed, "order", f"{listed.get('OID')} is not numbered from 1")


def _admin_faults(root: etree._Element, known: Definitions) -> Iterator[Fault]:
    subjects = {one.get("SubjectKey") for one in descendants(root, "SubjectData")}
    for user in known.admin.get("User", {}).values():
        names = {name.text for name in children(user, "LoginName")}
        if names & subjects and user.get("UserType") != "Other":
            yield fault(user, "role", "a participant is a user of type Other")
    for one in descendants(root, "MetaDataVersionRef"):
        key = one.get("StudyOID", ""), one.get("MetaDataVersionOID", "")
        if known.versions and key not in known.versions:
            yield fault(one, "reference", f"there is no MetaDataVersion {key[1]}")


def _data_faults(root: etree._Element, known: Definitions) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for clinical in children(root, "ClinicalData"):
        key = clinical.get("StudyOID", ""), clinical.get("MetaDataVersionOID", "")
        if key in seen:
            yield fault(clinical, "duplicate", "one ClinicalData per study and metadata version")
        seen.add(key)
        version = known.versions.get(key)
        if version is None:
            yield fault(clinical, "reference", f"there is no MetaDataVersion {key[1]}")
            continue
        yield from clinical_faults(
            clinical, version, known, is_snapshot=root.get("FileType") == "Snapshot"
        )
