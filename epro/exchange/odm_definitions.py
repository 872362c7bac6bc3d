"""What an ODM file defines, looked up by OID: read once, to check data and references against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from epro.exchange.odm_names import NAMESPACE

PREFIXES = {"odm": NAMESPACE}
# By which element a reference is made, in which attribute, and what it has to lead to.
REFERENCES = (
    ("StudyEventRef", "StudyEventOID", "StudyEventDef"),
    ("FormRef", "FormOID", "FormDef"),
    ("ItemGroupRef", "ItemGroupOID", "ItemGroupDef"),
    ("ItemRef", "ItemOID", "ItemDef"),
    ("ItemRef", "CollectionExceptionConditionOID", "ConditionDef"),
    ("CodeListRef", "CodeListOID", "CodeList"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, by a stable code, and the line of the file where."""

    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}: {self.message}"


def fault(at: etree._Element, code: str, message: str) -> Fault:
    return Fault(at.sourceline or 0, code, message)


def tag_of(one: etree._Element) -> str:
    """Return an element's name without its namespace; nothing for a comment."""
    return etree.QName(one).localname if isinstance(one.tag, str) else ""


def children(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    return parent.iterchildren(f"{{{NAMESPACE}}}{tag}")


def descendants(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    return parent.iter(f"{{{NAMESPACE}}}{tag}")


@dataclass(slots=True)
class Version:
    """One MetaDataVersion: its definitions by kind and OID, and what each refers to."""

    defined: dict[str, dict[str, etree._Element]] = field(default_factory=dict)
    conditions: dict[str, etree.XPath] = field(default_factory=dict)

    def get(self, kind: str, oid: str | None) -> etree._Element | None:
        return self.defined.get(kind, {}).get(oid or "")

    def refers(self, definition: etree._Element, reference: str, oid: str | None) -> bool:
        """Tell whether a definition holds a reference of that kind to that OID."""
        attribute = next(name for tag, name, _ in REFERENCES if tag == reference)
        return any(one.get(attribute) == oid for one in children(definition, reference))

    def codes(self, code_list: str | None) -> set[str] | None:
        """Return the coded values of a list; None when there is no such list."""
        found = self.get("CodeList", code_list)
        if found is None:
            return None
        return {one.get("CodedValue", "") for one in found if tag_of(one).endswith("Item")}


@dataclass(slots=True)
class Definitions:
    """Everything that may be referred to: editions by (study, version), units, people, places."""

    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    admin: dict[str, dict[str, etree._Element]] = field(default_factory=dict)


def read(*roots: etree._Element) -> tuple[Definitions, list[Fault]]:
    """Gather what the files define, and what is defined twice or cannot be read."""
    found = Definitions()
    faults: list[Fault] = []
    for root in roots:
        for study in children(root, "Study"):
            found.units |= {one.get("OID", "") for one in descendants(study, "MeasurementUnit")}
            for metadata in children(study, "MetaDataVersion"):
                key = study.get("OID", ""), metadata.get("OID", "")
                found.versions[key] = _version(metadata, faults)
        for admin in children(root, "AdminData"):
            for one in admin:
                _define(found.admin, one, faults)
    return found, faults


def _version(metadata: etree._Element, faults: list[Fault]) -> Version:
    version = Version()
    for one in metadata:
        if "OID" in one.attrib:
            _define(version.defined, one, faults)
    for oid, one in version.defined.get("ConditionDef", {}).items():
        for expression in children(one, "FormalExpression"):
            if expression.get("Context") == "XPath":
                try:
                    version.conditions[oid] = etree.XPath(
                        expression.text or "", namespaces=PREFIXES
                    )
                except etree.XPathSyntaxError:
                    faults.append(fault(one, "condition", f"{oid} is no XPath"))
    return version


def _define(
    known: dict[str, dict[str, etree._Element]], one: etree._Element, faults: list[Fault]
) -> None:
    by_oid, oid = known.setdefault(tag_of(one), {}), one.get("OID", "")
    if oid in by_oid:
        faults.append(fault(one, "duplicate", f"{tag_of(one)} {oid} is defined twice"))
    by_oid[oid] = one
