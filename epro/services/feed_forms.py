"""What describes the feed to other formats: its fields with their types, its sites and people."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Enum, Integer, select
from sqlalchemy.orm import Session

from epro.access import ActorKind, Role
from epro.db import Base, UtcDateTime
from epro.exchange import odm_names
from epro.exchange.changes import Field, FieldType, Form, Site, Study, Who
from epro.models import (
    AdverseEvent,
    Anchor,
    Assessment,
    CandidateDecision,
    Consent,
    Contact,
    EdcClient,
    Participant,
    QuestionnaireResponse,
    RecordLock,
    Reminder,
    SafetyFlag,
    Signature,
    SiteActivation,
    StudyVersion,
    User,
)
from epro.models import Site as SiteRow
from epro.services import compliance_record, signing
from epro.services.feed_items import FIELDS, FeedType
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage

TABLES: Mapping[FeedType, type[Base]] = {
    FeedType.ADVERSE_EVENT: AdverseEvent,
    FeedType.ANCHOR: Anchor,
    FeedType.ASSESSMENT: Assessment,
    FeedType.CANDIDATE: CandidateDecision,
    FeedType.CONSENT: Consent,
    FeedType.CONTACT: Contact,
    FeedType.FLAG: SafetyFlag,
    FeedType.PARTICIPANT: Participant,
    FeedType.RECORD_LOCK: RecordLock,
    FeedType.REMINDER: Reminder,
    FeedType.RESPONSE: QuestionnaireResponse,
    FeedType.SIGNATURE: Signature,
}
# Numbers that are in no column of their table.
COUNTED = frozenset({"study_day", "study_day_second", "event_number", *compliance_record.NUMBERS})
# Other formats hold each answer, and each reason for none, by itself.
IN_ITEMS = frozenset({"answers", "hidden", "not_reached"})


def study_of(session: Session, catalogue: Catalogue) -> Study:
    """Return all that formats need to describe what the feed holds, but for the people in it."""
    return Study(
        packages=catalogue.packages, forms=forms(), sites=tuple(_sites(session)),
        meanings=tuple((meaning.value, words.en) for meaning, words in signing.MEANINGS.items()),
    )  # fmt: skip


def study_with_everybody(
    session: Session, catalogue: Catalogue, *, site: str | None = None
) -> Study:
    """Return the same with everybody who can have acted, for a file of the whole study.

    With a site (its code) that site alone, and of participants those who are there.
    """
    study = study_of(session, catalogue)
    sites = tuple(one for one in study.sites if site in {None, one.code})
    return replace(study, sites=sites, users=tuple(_users(session, site)))


def metadata_of(package: StudyPackage) -> Study:
    """Return one edition by itself: what it asks never changes."""
    return Study(packages=(package,), forms=forms())


def forms() -> tuple[Form, ...]:
    """Return the fields of each type, described by the columns that hold them."""
    return tuple(
        Form(kind.value, tuple(_fields(kind))) for kind in sorted(FIELDS, key=lambda one: one.value)
    )


def _fields(kind: FeedType) -> Iterator[Field]:
    # What is counted has no table: the record is all there is of it.
    columns = dict(TABLES[kind].__table__.columns) if kind in TABLES else {}
    for name in FIELDS[kind]:
        if name not in IN_ITEMS:
            yield _field(name, columns[name].type if name in columns else None)
    if kind is FeedType.RESPONSE:
        yield Field(odm_names.DAYS_SINCE_INFUSION, FieldType.INTEGER)
        yield Field(odm_names.DAYS_SINCE_SECOND, FieldType.INTEGER)


def _field(name: str, column: Any) -> Field:
    if column is None and name in COUNTED:
        return Field(name, FieldType.INTEGER)
    if isinstance(column, Enum):
        return Field(name, FieldType.TEXT, tuple(column.enums))
    for of_column, of_field in (
        (UtcDateTime, FieldType.DATETIME), (Date, FieldType.DATE), (Boolean, FieldType.BOOLEAN),
        (Integer, FieldType.INTEGER), (JSON, FieldType.TEXT),
    ):  # fmt: skip
        if isinstance(column, of_column):
            return Field(name, of_field)
    return Field(name, FieldType.TEXT)


def _sites(session: Session) -> Iterator[Site]:
    effective: dict[Any, dict[str, date]] = {}
    rows = session.execute(
        select(SiteActivation.site_id, StudyVersion.version, SiteActivation.from_on)
        .join(StudyVersion, StudyVersion.id == SiteActivation.study_version_id)
        .order_by(SiteActivation.from_on)
    )
    for site_id, version, from_on in rows:
        effective.setdefault(site_id, {}).setdefault(version, from_on)
    for site in session.scalars(select(SiteRow).order_by(SiteRow.code)):
        if versions := effective.get(site.id):
            days = {version: from_on.isoformat() for version, from_on in versions.items()}
            yield Site(site.code, site.name_en, days)


def _users(session: Session, site: str | None) -> Iterator[Who]:
    """Yield everybody who can have acted: by code or user name, as the journal has them."""
    query = select(Participant.code).order_by(Participant.code)
    if site is not None:
        query = query.join(SiteRow, SiteRow.id == Participant.site_id).where(SiteRow.code == site)
    for code in session.scalars(query):
        yield Who(ActorKind.PARTICIPANT, code, Role.PARTICIPANT)
    for user in session.scalars(select(User).order_by(User.username)):
        roles = {membership.role for membership in user.memberships}
        is_investigator = Role.INVESTIGATOR in roles
        yield Who(
            ActorKind.USER, user.username,
            Role.INVESTIGATOR if is_investigator else min(roles, default=Role.COORDINATOR),
        )  # fmt: skip
    for name in session.scalars(select(EdcClient.name).order_by(EdcClient.name)):
        yield Who(ActorKind.CLIENT, name, Role.EDC_CLIENT)
