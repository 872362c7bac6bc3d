"""OIDs: how the parts of a study are called in ODM. They are stable: importers map by them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from epro.exchange.changes import Who
from questionnaires.definition import Item, ItemType

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"
ODM_VERSION = "1.3.2"
SUBJECT_EVENT, REPORT_EVENT = "SE.SUBJECT", "SE.REPORT"
SYSTEM_USER, SYSTEM_LOCATION = "U.SYSTEM", "L.SYSTEM"
SUBMITTED = "SIG.SUBMITTED"
NULL_REASONS, TICKED, REMARKS = "CL.NULL_REASON", "CL.TICKED", "CL.REMARK"
DAYS_SINCE_INFUSION = "days_since_first_infusion"
DAYS_SINCE_SECOND = "days_since_second_infusion"

# Why an item has no value; zero is never one of them.
NULL_REASON: Mapping[str, str] = MappingProxyType(
    {
        "DECLINED": "Asked; the participant preferred not to answer",
        "HIDDEN": "Not asked, because of an earlier answer",
        "NOT_REACHED": "Not reached in a form that was left unfinished",
        "BLANK": "An optional question left empty",
        "WITHHELD": "Answered in the participant's own words, which this reader may not see",
    }
)
REMARK: Mapping[str, str] = MappingProxyType(
    {"CONFIRMED": "An unusual value that the participant confirmed"}
)
# An hour and a minute are no whole time to ODM.
DATA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "boolean": "boolean",
        "date": "date",
        "datetime": "datetime",
        "nrs": "integer",
        "time": "partialTime",
        "vas": "integer",
    }
)


def study(code: str) -> str:
    return f"ST.{code.upper()}"


def metadata_version(version: str) -> str:
    return f"MDV.{version}"


def event(block: str) -> str:
    return f"SE.{block}"


def form(code: str) -> str:
    """Return the OID of a questionnaire's form, or that of a kind of entity."""
    return f"F.{code}"


def group(code: str) -> str:
    return f"IG.{code}"


def item(code: str, link_id: str, choice: str | None = None) -> str:
    """Return the OID of an item; of several choices that may be ticked, each has its own."""
    return f"I.{code}.{link_id}" + (f".{choice}" if choice else "")


def code_list(code: str, link_id: str) -> str:
    return f"CL.{code}.{link_id}"


def condition(code: str, link_id: str) -> str:
    return f"COND.{code}.{link_id}"


def unit(name: str) -> str:
    """Return the OID of a unit of measurement, in ASCII whatever sign it has."""
    return "MU." + "".join(c if c.isascii() and c.isalnum() else f"{ord(c):X}" for c in name)


def signature(meaning: str) -> str:
    """Return the OID of what a person signs for."""
    return f"SIG.{meaning}"


def site(code: str | None) -> str:
    return f"L.{code}" if code else SYSTEM_LOCATION


def user(who: Who) -> str:
    """Return who acted; what the software does by itself is one user."""
    kinds = {"participant": "P", "user": "S", "client": "C"}
    return f"U.{kinds[who.kind]}.{who.name}" if who.kind in kinds else SYSTEM_USER


def has_several(one: Item) -> bool:
    """Tell whether an item is stored as one value for each of its choices."""
    return one.type is ItemType.MULTI


def data_type(one: Item) -> str:
    """Return ODM's type of an item that is one value."""
    if one.type is ItemType.NUMBER:
        return "float" if one.decimals else "integer"
    return DATA_TYPES.get(one.type.value, "text")
