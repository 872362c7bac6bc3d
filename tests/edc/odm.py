"""The official schema of ODM 1.3.2, read by two engines that have nothing in common."""

from functools import cache
from io import BytesIO
from pathlib import Path

import odmlib.schemas
import xmlschema
from lxml import etree

from epro.exchange import odm_check
from epro.exchange.odm_data import event_keys_in, subject_change, subject_state
from epro.exchange.odm_definitions import Fault
from epro.exchange.odm_files import OdmFile
from tests.edc.made_up_study import START, MadeUpStudy

SCHEMA = Path(odmlib.schemas.__file__).parent / "odm" / "1.3.2" / "ODM1-3-2.xsd"
PREFIXES = {"o": "http://www.cdisc.org/ns/odm/v1.3"}


@cache
def _by_lxml() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


@cache
def _by_xmlschema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMA), allow="local")


def schema_faults(text: bytes) -> list[str]:
    """Return what the official schema has against a file, by both engines."""
    document = etree.parse(BytesIO(text))
    schema = _by_lxml()
    schema.validate(document)
    found = [f"lxml: {error.line}: {error.message}" for error in schema.error_log]
    found += [f"xmlschema: {error.reason}" for error in _by_xmlschema().iter_errors(BytesIO(text))]
    return found


def fails_schema(root: etree._Element) -> bool:
    return not _by_lxml().validate(root)


def our_faults(text: bytes, *, metadata: bytes | None = None) -> list[Fault]:
    """Return what our own checker has against a file."""
    described = None if metadata is None else etree.fromstring(metadata)
    return odm_check.check(etree.fromstring(text), metadata=described)


def snapshot_of(made_up: MadeUpStudy) -> bytes:
    """Return a made-up study as an ODM snapshot."""
    by_participant: dict[str, list[object]] = {}
    for change in made_up.changes:
        by_participant.setdefault(str(change.participant), []).append(change)
    file = OdmFile(made_up.study, file_oid="made-up", file_type="Snapshot", as_of=START.isoformat())
    return b"".join(
        file.with_data(
            (
                package.version,
                (
                    state
                    for hers in by_participant.values()
                    if (state := subject_state(made_up.study, package.version, hers)) is not None  # type: ignore[arg-type]
                ),
            )
            for package in made_up.study.packages
        )
    )


def history_of(made_up: MadeUpStudy) -> bytes:
    """Return a made-up study as an ODM file of transactions."""
    keys = event_keys_in(made_up.changes)
    file = OdmFile(
        made_up.study, file_oid="made-up", file_type="Transactional", as_of=START.isoformat()
    )
    return b"".join(
        file.with_data(
            (
                package.version,
                (
                    subject_change(made_up.study, change, keys)
                    for change in made_up.changes
                    if made_up.study.version_of(change) == package.version
                ),
            )
            for package in made_up.study.packages
        )
    )
