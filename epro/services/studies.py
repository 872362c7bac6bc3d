"""Study versions: published once, frozen, in force at a site from a date."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import table_of
from epro.errors import ActivationInThePast, AlreadyExists, LicenceExpired, NoActiveStudyVersion
from epro.kept import KeptStatement
from epro.models import Site, SiteActivation, StudyVersion
from epro.services import journal
from epro.services.held import HeldSite
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.definition import MessageTemplate, Questionnaire, StudyPackage
from questionnaires.licensing import expired_on
from questionnaires.lint import refuse_faulty
from questionnaires.reading import from_canonical_json, to_canonical_json

_VERSION = table_of(StudyVersion).c
# Asked at every turn.
PUBLISHED = KeptStatement(select(_VERSION.id, _VERSION.sha256).order_by(_VERSION.id))
_ACTIVATION = table_of(SiteActivation).c
IN_FORCE = KeptStatement(
    select(_ACTIVATION.study_version_id)
    .where(_ACTIVATION.site_id == bindparam("site_id"), _ACTIVATION.from_on <= bindparam("day"))
    .order_by(_ACTIVATION.from_on.desc())
    .limit(1)
)


class Studies:
    """The published study versions as one process knows them; immutable, so read only once."""

    def __init__(self) -> None:
        self._catalogue = Catalogue({})
        self._known: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def catalogue(self, session: Session) -> Catalogue:
        """Return the catalogue of everything published, reading it anew when that has changed.

        Ids alone would not tell: a lower one may be committed later, and one that was rolled back
        is given again.
        """
        published = [(one.id, one.sha256) for one in PUBLISHED.rows(session, {})]
        if published != self._known:
            with self._lock:
                rows = session.scalars(select(StudyVersion)).all()
                self._catalogue = Catalogue(
                    {row.id: from_canonical_json(row.canonical_json) for row in rows}
                )
                self._known = published
        return self._catalogue


def publish(
    session: Session, actor: Actor, package: StudyPackage, *, now: datetime
) -> StudyVersion:
    """Freeze a study package under its version; the same content again changes nothing.

    Raises PackageRefused when the package has faults, LicenceExpired when it uses an instrument
    whose licence has ended, and AlreadyExists when the version, or a questionnaire's or text's
    version in it, was published with different content: an edit needs a new version (Q-01, N-01).
    """
    refuse_faulty(package)
    text = to_canonical_json(package)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    rows = session.scalars(select(StudyVersion)).all()
    for row in rows:
        if (row.study_code, row.version) == (package.code, package.version):
            if row.sha256 == sha256:
                return row
            raise AlreadyExists(
                f"Version {package.version} is published with different content. "
                "Give the changed package a new version."
            )
    _refuse_expired(package, now.astimezone(ZoneInfo(package.zone)).date())
    _refuse_changed_editions(package, [from_canonical_json(row.canonical_json) for row in rows])
    row = StudyVersion(
        study_code=package.code, version=package.version, canonical_json=text, sha256=sha256,
        published_at=now, published_by=actor.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.record(
        session, actor, "study_version.published",
        Subject(entity_type="study_version", entity_id=str(row.id)),
        after={"study": row.study_code, "version": row.version, "sha256": sha256}, now=now,
    )  # fmt: skip
    return row


def activate(
    session: Session,
    actor: Actor,
    site: Site,
    version: StudyVersion,
    *,
    from_on: date,
    now: datetime,
) -> SiteActivation:
    """Put a study version in force at a site from a local date on; earlier plans keep theirs.

    Raises LicenceExpired when an instrument in it may not be used on that date, and
    ActivationInThePast when the site has a version in force and the date is not after today.
    """
    known = session.scalars(
        select(SiteActivation).where(
            SiteActivation.site_id == site.id, SiteActivation.from_on == from_on
        )
    ).first()
    if known is not None:
        if known.study_version_id == version.id:
            return known
        raise AlreadyExists(f"Site {site.code} already changes its study version on {from_on}.")
    _refuse_expired(from_canonical_json(version.canonical_json), from_on)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    in_force = exists().where(SiteActivation.site_id == site.id, SiteActivation.from_on <= today)
    if from_on <= today and session.scalar(select(in_force)):
        raise ActivationInThePast
    activation = SiteActivation(site_id=site.id, study_version_id=version.id, from_on=from_on)
    session.add(activation)
    session.flush()
    journal.record(
        session, actor, "study_version.activated",
        Subject(entity_type="site_activation", entity_id=str(activation.id),
                site_code=site.code, site_id=site.id),
        after={"study": version.study_code, "version": version.version, "from_on": from_on},
        now=now,
    )  # fmt: skip
    return activation


def ids(session: Session) -> Sequence[int]:
    """Return the ids of all published study versions, the oldest first."""
    return session.scalars(select(StudyVersion.id).order_by(StudyVersion.id)).all()


def version_in_force(session: Session, site: HeldSite, *, on: date) -> int:
    """Return the id of the study version in force at a site on a local date."""
    found = IN_FORCE.rows(session, {"site_id": site.id, "day": on})
    if not found:
        raise NoActiveStudyVersion(details={"site": site.code, "on": on.isoformat()})
    version_id: int = found[0].study_version_id
    return version_id


class InForce:
    """The versions in force, each looked up once: for a look at many participants of few sites."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[UUID, date], int] = {}

    def at(self, site: Site, *, on: date) -> int:
        """Return the id of the version in force at a site on a local date.

        Raises NoActiveStudyVersion.
        """
        if (site.id, on) not in self._known:
            self._known[site.id, on] = version_in_force(self._session, site, on=on)
        return self._known[site.id, on]


def _refuse_expired(package: StudyPackage, day: date) -> None:
    if ended := expired_on(package.licensed, day):
        told = [f"{use.instrument} ({use.licence.valid_until})" for use in ended]
        raise LicenceExpired(
            f"On {day.isoformat()} these licences have ended: {', '.join(told)}.",
            details={"instruments": [use.instrument for use in ended]},
        )


def _refuse_changed_editions(package: StudyPackage, published: list[StudyPackage]) -> None:
    """Compare every questionnaire and text with what was published under its name and version."""
    known = {name: one for earlier in published for name, one in _editions(earlier)}
    changed = [" ".join(name) for name, one in _editions(package) if known.get(name, one) != one]
    if changed:
        raise AlreadyExists(
            "Published with different content before: "
            + ", ".join(changed)
            + ". Give each a new version."
        )


def _editions(
    package: StudyPackage,
) -> Iterator[tuple[tuple[str, str], Questionnaire | MessageTemplate]]:
    for questionnaire in package.questionnaires:
        yield (questionnaire.code, questionnaire.version), questionnaire
    for text in package.texts:
        yield (f"text {text.key}", text.version), text
