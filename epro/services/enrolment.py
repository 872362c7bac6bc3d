"""Take participants into the trial, hand out their activation codes, and find them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring, new_activation_code
from epro.db import insert_if_absent
from epro.errors import AlreadyExists, ConsentMissing, IdentityMissing, InvalidInput, NotFound
from epro.models import ActivationCode, LifeCycle, Participant, Site, WorkKind
from epro.services import anchors, consents, identity, journal, studies, work_list
from epro.services.activation import activation_lookup
from epro.services.enrolment_form import (
    CodedEnrolment,
    Enrolment,
    identity_problems,
    missing_consents,
    problems_of,
)
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.schedule import AnchorEvent

# PRODUCT P-02.
ACTIVATION_CODE_LIFE = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A fresh activation code, readable this once; good until `expires_at`."""

    participant: Participant
    activation_code: str
    expires_at: datetime


def enrol(
    session: Session,
    actor: Actor,
    enrolment: Enrolment,
    *,
    keyring: Keyring,
    catalogue: Catalogue,
    now: datetime,
) -> IssuedCode:
    """Enrol a participant: code, sealed identity, consents, the ENR anchor, an activation code.

    Raises NotFound for a site where the actor may not enrol, InvalidInput naming every value that
    is not right, ConsentMissing naming the kinds the study needs, AlreadyExists for a taken code,
    NoActiveStudyVersion.
    """
    site = _site_to_enrol_at(session, actor, enrolment.site, Permission.ENROL_PARTICIPANT)
    participant = _take_in(session, actor, site, enrolment, catalogue=catalogue, now=now)
    identity.seal(
        session, actor, participant,
        phone=enrolment.phone, email=enrolment.email, year_of_birth=enrolment.year_of_birth,
        keyring=keyring, now=now,
    )  # fmt: skip
    return _issue(session, actor, participant, site, keyring=keyring, now=now)


def enrol_by_code(
    session: Session,
    actor: Actor,
    enrolment: CodedEnrolment,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Participant:
    """Enrol a participant of whom only the code is known; her site is asked who she is.

    She cannot be activated before. Raises what `enrol` raises.
    """
    site = _site_to_enrol_at(session, actor, enrolment.site, Permission.WRITE_FROM_EDC)
    participant = _take_in(session, actor, site, enrolment, catalogue=catalogue, now=now)
    work_list.add(
        session, actor, WorkKind.IDENTITY_MISSING, about=participant.code,
        site_id=site.id, participant_id=participant.id, now=now,
    )  # fmt: skip
    return participant


def record_identity(
    session: Session,
    actor: Actor,
    code: str,
    *,
    phone: str,
    year_of_birth: int,
    keyring: Keyring,
    now: datetime,
) -> Participant:
    """Write down who a participant is that was enrolled by code alone.

    Raises NotFound for one out of reach, InvalidInput naming what is not right, AlreadyExists.
    """
    participant = get_participant(session, actor, code, Permission.RECORD_IDENTITY)
    session.refresh(participant, with_for_update={"key_share": True})
    if identity.is_known(session, participant.id):
        raise AlreadyExists("Who she is, is written down already.")
    found = identity_problems(phone, year_of_birth, now=now)
    if problems := [{"place": place, "message": message} for place, message in found]:
        raise InvalidInput(details={"problems": problems})
    identity.seal(
        session, actor, participant,
        phone=phone, email=None, year_of_birth=year_of_birth, keyring=keyring, now=now,
    )  # fmt: skip
    work_list.settle(session, actor, WorkKind.IDENTITY_MISSING, about=participant.code, now=now)
    return participant


def _take_in(
    session: Session,
    actor: Actor,
    site: Site,
    enrolment: CodedEnrolment,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Participant:
    zone = enrolment.zone or site.zone
    if problems := problems_of(enrolment, zone=zone, now=now):
        raise InvalidInput(details={"problems": problems})
    today = now.astimezone(ZoneInfo(zone)).date()
    package = catalogue.package(studies.version_in_force(session, site, on=today))
    if missing := missing_consents(enrolment, package):
        raise ConsentMissing(details={"kinds": missing})
    participant = _store_participant(session, actor, site, enrolment, package, zone=zone, now=now)
    for consent in enrolment.consents:
        consents.store(session, actor, participant, consent, now=now)
    anchors.record(
        session, actor, participant, AnchorEvent.ENR,
        occurred_at=now, reason=None, catalogue=catalogue, now=now,
    )  # fmt: skip
    return participant


def issue_activation_code(
    session: Session, actor: Actor, code: str, *, keyring: Keyring, now: datetime
) -> IssuedCode:
    """Hand out a new activation code; the one that stands is revoked.

    Raises NotFound for a participant whom the actor may not issue codes to, IdentityMissing.
    """
    participant = get_participant(session, actor, code, Permission.ISSUE_ACTIVATION_CODE)
    # The row is what two coordinators who press at the same moment queue for.
    session.refresh(participant, with_for_update={"key_share": True})
    return issue_code(session, actor, participant, keyring=keyring, now=now)


def issue_code(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    life: timedelta = ACTIVATION_CODE_LIFE,
    keyring: Keyring,
    now: datetime,
) -> IssuedCode:
    """Hand out a code for a participant whose row the caller holds; 72 hours unless told otherwise.

    Raises IdentityMissing: without a year of birth no code could ever be used.
    """
    if not identity.is_known(session, participant.id):
        raise IdentityMissing
    site = session.get_one(Site, participant.site_id)
    return _issue(session, actor, participant, site, life=life, keyring=keyring, now=now)


def get_participant(
    session: Session, actor: Actor, code: str, permission: Permission
) -> Participant:
    """Return the participant of that code, within the sites where the actor has the permission.

    Raises NotFound alike for one who does not exist and one who is out of reach.
    """
    query = select(Participant).where(Participant.code == code)
    site_ids = actor.sites_for(permission)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    participant = session.scalars(query).first()
    if participant is None:
        raise NotFound
    return participant


def list_participants(
    session: Session, actor: Actor, *, site: str | None = None, after: str = "", limit: int = 100
) -> Sequence[Participant]:
    """Return participants the actor may read, by code, those that follow `after`."""
    query = (
        select(Participant).where(Participant.code > after).order_by(Participant.code).limit(limit)
    )
    site_ids = actor.sites_for(Permission.READ_PARTICIPANT)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    if site is not None:
        query = query.join(Site, Site.id == Participant.site_id).where(Site.code == site)
    return session.scalars(query).all()


def latest_activation_code(session: Session, participant: Participant) -> ActivationCode | None:
    """Return the activation code issued last: how it stands, never what it reads."""
    return session.scalars(
        select(ActivationCode)
        .where(ActivationCode.participant_id == participant.id)
        .order_by(ActivationCode.issued_at.desc(), ActivationCode.revoked_at.is_(None).desc())
        .limit(1)
    ).first()


def _site_to_enrol_at(session: Session, actor: Actor, code: str, permission: Permission) -> Site:
    site = session.scalars(select(Site).where(Site.code == code)).first()
    if site is None or not actor.may_at(permission, site.id):
        raise NotFound
    return site


def _store_participant(
    session: Session,
    actor: Actor,
    site: Site,
    enrolment: CodedEnrolment,
    package: StudyPackage,
    *,
    zone: str,
    now: datetime,
) -> Participant:
    facts = {
        "code": enrolment.code,
        "language": enrolment.language,
        "zone": zone,
        "thermometer_route": enrolment.thermometer_route or package.thermometer_route,
        "enrolled_at": now,
        "life_cycle": LifeCycle.SCREENED,
        "diary_slot": enrolment.diary_slot,
    }
    participant_id = uuid4()
    is_new = insert_if_absent(
        session, Participant,
        {"id": participant_id, "site_id": site.id, "activated_at": None, "version": 1, **facts},
    )  # fmt: skip
    if not is_new:
        raise AlreadyExists(f"Participant {enrolment.code} is enrolled already.")
    participant = session.get_one(Participant, participant_id)
    subject = _subject("participant", participant.code, participant, site)
    journal.record(
        session,
        actor,
        "participant.enrolled",
        subject,
        after={**participant.facts, "site": site.code},
        now=now,
    )
    return participant


def _issue(
    session: Session,
    actor: Actor,
    participant: Participant,
    site: Site,
    *,
    life: timedelta = ACTIVATION_CODE_LIFE,
    keyring: Keyring,
    now: datetime,
) -> IssuedCode:
    _revoke_standing_code(session, actor, participant, site, now=now)
    code = new_activation_code()
    issued = ActivationCode(
        participant_id=participant.id,
        code_lookup=activation_lookup(code, keyring=keyring),
        issued_at=now,
        expires_at=now + life,
    )
    session.add(issued)
    session.flush()
    journal.record(
        session, actor, "activation_code.issued",
        _subject("activation_code", str(issued.id), participant, site),
        after={"issued_at": issued.issued_at, "expires_at": issued.expires_at}, now=now,
    )  # fmt: skip
    return IssuedCode(participant=participant, activation_code=code, expires_at=issued.expires_at)


def _revoke_standing_code(
    session: Session, actor: Actor, participant: Participant, site: Site, *, now: datetime
) -> None:
    standing = session.scalars(
        select(ActivationCode)
        .where(
            ActivationCode.participant_id == participant.id,
            ActivationCode.used_at.is_(None),
            ActivationCode.revoked_at.is_(None),
        )
        .with_for_update()
    ).first()
    if standing is None:
        return
    standing.revoked_at = now
    session.flush()
    journal.record(
        session, actor, "activation_code.revoked",
        _subject("activation_code", str(standing.id), participant, site, version=2),
        after={"revoked_at": now}, before={"revoked_at": None}, now=now,
    )  # fmt: skip


def _subject(
    entity_type: str, entity_id: str, participant: Participant, site: Site, *, version: int = 1
) -> Subject:
    return Subject(
        entity_type=entity_type,
        entity_id=entity_id,
        version=version,
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )
