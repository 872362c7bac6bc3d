"""A sound ODM file, spoiled in one place: the official schema or our own checker notices each."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache

import pytest
from lxml import etree

from epro.exchange import odm_check
from tests.edc.made_up_study import MadeUpStudy
from tests.edc.odm import PREFIXES, fails_schema, history_of, snapshot_of

Spoil = Callable[[etree._Element], None]
# The first edition's data and definitions: the same OID may be another item in the second.
DATA, DEFINED = "//o:ClinicalData[1]//o:ItemData", "//o:MetaDataVersion[1]/o:ItemDef"
ANSWER = f"{DATA}[@ItemOID={DEFINED}[o:Question]/@OID]"
MADE_UP = MadeUpStudy(3)


def first(root: etree._Element, path: str) -> etree._Element:
    found = root.xpath(f"({path})[1]", namespaces=PREFIXES)
    assert found, path
    return found[0]  # type: ignore[no-any-return]


def set_to(path: str, name: str, value: str) -> Spoil:
    return lambda root: first(root, path).set(name, value)


def without(path: str, name: str) -> Spoil:
    return lambda root: first(root, path).attrib.__delitem__(name)


def write(path: str, text: str) -> Spoil:
    return lambda root: setattr(first(root, path), "text", text)


def remove(path: str) -> Spoil:
    def spoil(root: etree._Element) -> None:
        one = first(root, path)
        parent = one.getparent()
        assert parent is not None
        parent.remove(one)

    return spoil


def repeat(path: str) -> Spoil:
    def spoil(root: etree._Element) -> None:
        one = first(root, path)
        one.addnext(deepcopy(one))

    return spoil


def in_item(kind: str, having: str = "") -> str:
    """Return the first answered item of a data type, whose definition holds something."""
    return f"{DATA}[@Value][@ItemOID={DEFINED}[o:Question][@DataType='{kind}']{having}/@OID]"


MUTATIONS: Mapping[str, tuple[str, Spoil]] = {
    # --- the schema's own ---
    "an unknown element": ("schema", lambda root: etree.SubElement(root, "Nonsense").clear()),
    "an unknown attribute": ("schema", set_to("//o:FormData", "Colour", "red")),
    "no file type": ("schema", without("/o:ODM", "FileType")),
    "a file type that is none": ("schema", set_to("/o:ODM", "FileType", "Sometimes")),
    "a data type that is none": ("schema", set_to("//o:ItemDef", "DataType", "mood")),
    "an audit without a user": ("schema", remove("//o:AuditRecord/o:UserRef")),
    "an audit without a place": ("schema", remove("//o:AuditRecord/o:LocationRef")),
    "a time that is none": ("schema", write("//o:DateTimeStamp", "yesterday")),
    "an item defined twice": ("schema", repeat("//o:ItemDef")),
    "a user type that is none": ("schema", set_to("//o:User", "UserType", "Patient")),
    # --- what only a reader can tell ---
    "a time without zone": ("zone", write("//o:DateTimeStamp", "2026-03-01T09:00:00")),
    "a file's time without zone": ("zone", set_to("/o:ODM", "AsOfDateTime", "2026-03-01T09:00:00")),
    "an answered time without zone": ("zone", set_to(in_item("datetime"), "Value",
                                                    "2026-03-01T09:00:00")),
    "a form nobody defined": ("reference", set_to("//o:FormData", "FormOID", "F.none")),
    "an event nobody defined": ("reference", set_to("//o:StudyEventData", "StudyEventOID", "SE.X")),
    "a group nobody defined": ("reference", set_to("//o:ItemGroupData", "ItemGroupOID", "IG.X")),
    "an item nobody defined": ("reference", set_to(ANSWER, "ItemOID", "I.none")),
    "a user nobody knows": ("reference", set_to("//o:AuditRecord/o:UserRef", "UserOID", "U.X")),
    "a place nobody knows": ("reference", set_to("//o:SiteRef", "LocationOID", "L.X")),
    "a signature nobody knows": ("reference", set_to("//o:SignatureRef", "SignatureOID", "S.X")),
    "a code list nobody defined": ("reference", set_to("//o:CodeListRef", "CodeListOID", "CL.X")),
    "a condition nobody defined": ("reference", set_to(
        "//o:ItemRef[@CollectionExceptionConditionOID]", "CollectionExceptionConditionOID", "C.X",
    )),
    "a unit nobody defined": ("reference", set_to(
        "//o:ItemDef/o:MeasurementUnitRef", "MeasurementUnitOID", "MU.X",
    )),
    "an edition nobody defined": ("reference", set_to(
        "//o:ClinicalData", "MetaDataVersionOID", "MDV.9.9.9",
    )),
    "an item of another form": ("place", lambda root: first(root, ANSWER).set("ItemOID", next(
        str(oid) for oid in root.xpath("//o:ItemDef[o:Question]/@OID", namespaces=PREFIXES)
        if str(oid).split(".")[1] != first(root, ANSWER).get("ItemOID", "").split(".")[1]
    ))),
    "a code that is not in the list": ("code", set_to(
        in_item("text", "[o:CodeListRef]"),
        "Value", "x-9",
    )),
    "a reason that is none": ("code", write("//o:FlagValue", "DUNNO")),
    "words for a number": ("type", set_to(in_item("integer"), "Value", "many")),
    "a word for a truth": ("type", set_to(in_item("boolean"), "Value", "maybe")),
    "a rating of eleven": ("limit", set_to(
        in_item("integer", "[o:RangeCheck]"),
        "Value", "99999",
    )),
    "an answer taken away": ("missing", remove(
        f"{DATA}[@ItemOID=//o:MetaDataVersion[1]//o:ItemRef[@Mandatory='Yes']/@ItemOID]",
    )),
    "an answer given twice": ("duplicate", repeat(ANSWER)),
    "a value that is null": ("value", set_to("//o:ItemData[@Value]", "IsNull", "Yes")),
    "neither value nor null": ("value", without("//o:ItemData[@Value]", "Value")),
    "a gap without a reason": ("reason", remove(f"{ANSWER}[@IsNull]/o:Annotation")),
    "hidden, but asked": ("condition", write("//o:FlagValue[.='DECLINED']", "HIDDEN")),
    "asked, but hidden": ("condition", write("//o:FlagValue[.='HIDDEN']", "DECLINED")),
    "data of one edition twice": ("duplicate", repeat("//o:ClinicalData")),
    "a participant who investigates": ("role", set_to("//o:User", "UserType", "Investigator")),
    "a form without an audit": ("audit", remove("//o:FormData/o:AuditRecord")),
    "a form without a repeat key": ("repeat", without("//o:FormData", "FormRepeatKey")),
    "a question in one language": ("language", remove("//o:Question/o:TranslatedText")),
    "choices out of order": ("order", set_to("//o:CodeListItem", "OrderNumber", "7")),
}  # fmt: skip
IN_A_HISTORY: Mapping[str, tuple[str, Spoil]] = {
    "a transaction that does nothing": ("transaction", without("//o:FormData", "TransactionType")),
}
IN_A_SNAPSHOT: Mapping[str, tuple[str, Spoil]] = {
    "a transaction in a state": (
        "transaction", set_to("//o:FormData", "TransactionType", "Insert"),
    ),
    "a participant twice": ("duplicate", repeat("//o:SubjectData")),
}  # fmt: skip


@cache
def sound(kind: str) -> bytes:
    return history_of(MADE_UP) if kind == "history" else snapshot_of(MADE_UP)


def codes_of(root: etree._Element) -> set[str]:
    found = {fault.code for fault in odm_check.check(root)}
    return found | {"schema"} if fails_schema(root) else found


@pytest.mark.parametrize("kind", ["history", "snapshot"])
def test_the_file_is_sound_before_it_is_spoiled(kind: str) -> None:
    assert codes_of(etree.fromstring(sound(kind))) == set()


@pytest.mark.req("E-03")
@pytest.mark.parametrize(
    ("kind", "mutation"),
    [
        *(("history", name) for name in (*MUTATIONS, *IN_A_HISTORY)),
        *(("snapshot", name) for name in IN_A_SNAPSHOT),
    ],
)
def test_each_spoiled_file_is_noticed_for_what_is_wrong_with_it(kind: str, mutation: str) -> None:
    code, spoil = {**MUTATIONS, **IN_A_HISTORY, **IN_A_SNAPSHOT}[mutation]
    root = etree.fromstring(sound(kind))

    spoil(root)

    assert code in codes_of(root)
