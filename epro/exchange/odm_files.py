"""Whole ODM files, piece by piece: memory holds one participant or one change at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from lxml import etree

from epro.exchange import odm_names as names
from epro.exchange.changes import Change, Study, Who
from epro.exchange.odm_data import EventKeys, subject_change
from epro.exchange.odm_elements import add, element
from epro.exchange.odm_metadata import study_element

MEDIA_TYPE = "text/xml"
USER_TYPES = {"investigator": "Investigator"}


class _Pieces:
    """What was written since it was last taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._written.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


class OdmFile:
    """One file being written; `as_of` is ISO 8601 with its offset, and the file's own time too.

    Without metadata its OIDs resolve in the metadata of the study, which change with its editions
    alone.
    """

    def __init__(
        self, study: Study, *, file_oid: str, file_type: str, as_of: str, has_metadata: bool = True
    ) -> None:
        self._study, self._has_metadata = study, has_metadata
        self._attributes = {
            "FileType": file_type, "FileOID": file_oid, "ODMVersion": names.ODM_VERSION,
            "CreationDateTime": as_of, "AsOfDateTime": as_of, "SourceSystem": "epro",
        }  # fmt: skip

    def metadata(self) -> Iterator[bytes]:
        """Yield a file that holds the metadata alone."""
        self._attributes["Granularity"] = "Metadata"
        with self._opened() as (file, pieces):
            file.write(study_element(self._study))
            yield pieces.take()
        yield pieces.take()

    def with_data(
        self, subjects_of: Iterable[tuple[str, Iterable[etree._Element]]]
    ) -> Iterator[bytes]:
        """Yield metadata, people and places, then one ClinicalData for each edition given."""
        self._attributes["Granularity"] = "All"
        with self._opened() as (file, pieces):
            if self._has_metadata:
                file.write(study_element(self._study))
            file.write(admin_element(self._study))
            for version, subjects in subjects_of:
                yield from self._clinical(file, pieces, version, subjects)
        yield pieces.take()

    def _clinical(
        self, file: Any, pieces: _Pieces, version: str, subjects: Iterable[etree._Element]
    ) -> Iterator[bytes]:
        attributes = {
            "StudyOID": names.study(self._study.packages[0].code),
            "MetaDataVersionOID": names.metadata_version(version),
        }
        with file.element(f"{{{names.NAMESPACE}}}ClinicalData", attributes):
            for subject in subjects:
                file.write(subject)
                yield pieces.take()

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, _Pieces]]:
        pieces = _Pieces()
        with etree.xmlfile(pieces, encoding="utf-8", buffered=False) as file:
            file.write_declaration()
            tag, namespaces = f"{{{names.NAMESPACE}}}ODM", {None: names.NAMESPACE}
            with file.element(tag, self._attributes, nsmap=namespaces):
                yield file, pieces


def transactional(
    study: Study, changes: Iterable[Change], keys: EventKeys, *, file_oid: str, as_of: str
) -> Iterator[bytes]:
    """Yield changes as transactions, in their order within each edition of the study."""
    by_version: dict[str, list[Change]] = {}
    for change in changes:
        by_version.setdefault(study.version_of(change), []).append(change)
    file = OdmFile(
        study, file_oid=file_oid, file_type="Transactional", as_of=as_of, has_metadata=False
    )
    yield from file.with_data(
        (version, (subject_change(study, change, keys) for change in of_version))
        for version, of_version in by_version.items()
    )


def admin_element(study: Study) -> etree._Element:
    """Return who and where: participants are users of type Other, known by code alone."""
    study_oid = names.study(study.packages[0].code)
    admin = element("AdminData", {"StudyOID": study_oid})
    for who in study.users:
        kind = USER_TYPES.get(who.role, "Other")
        user = add(admin, "User", OID=names.user(who), UserType=kind)
        add(user, "LoginName", who.name)
    system = add(admin, "User", OID=names.SYSTEM_USER, UserType="Other")
    add(system, "LoginName", "system")
    for site in study.sites:
        location = add(
            admin, "Location", OID=names.site(site.code), Name=site.name, LocationType="Site"
        )
        for version, effective_on in site.effective_on.items():
            _add_version(location, study_oid, version, effective_on)
    nowhere = add(
        admin, "Location", OID=names.SYSTEM_LOCATION, Name="The system itself", LocationType="Other"
    )
    for package in study.packages:
        _add_version(nowhere, study_oid, package.version, "1970-01-01")
    signature = add(admin, "SignatureDef", OID=names.SUBMITTED, Methodology="Electronic")
    add(signature, "Meaning", "Looked through and submitted, signed in with a secret of one's own")
    add(signature, "LegalReason", "Marks who answered; it takes the place of no handwriting")
    for code, words in study.meanings:
        one = add(admin, "SignatureDef", OID=names.signature(code), Methodology="Electronic")
        add(one, "Meaning", words)
        add(one, "LegalReason", "Proven afresh by password and one-time code at the signing")
    return admin


def _add_version(location: etree._Element, study_oid: str, version: str, effective_on: str) -> None:
    add(
        location, "MetaDataVersionRef", StudyOID=study_oid,
        MetaDataVersionOID=names.metadata_version(version), EffectiveDate=effective_on,
    )  # fmt: skip


def users_from(changes: Iterable[Change]) -> tuple[Who, ...]:
    """Return everybody who acted, each once, in the order of their OIDs."""
    found = {names.user(change.actor): change.actor for change in changes}
    found.pop(names.SYSTEM_USER, None)
    return tuple(found[oid] for oid in sorted(found))
