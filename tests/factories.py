"""Rows that tests begin with. They flush and never commit; what a test is about it says itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, system_actor
from epro.crypto import Keyring
from epro.models import (
    Assessment,
    Delegation,
    DeviceSession,
    Participant,
    ParticipantCredential,
    SignatureMeaning,
    Site,
    SiteActivation,
    StudyVersion,
    Task,
    User,
)
from epro.services import delegation, signing, staff
from epro.services.event_facts import EventFacts, GradeFrom
from epro.services.sessions import Caller
from epro.services.signing_in import Proof
from questionnaires.adverse_events import ActionTaken, Outcome
from questionnaires.definition import Language, StudyPackage, ThermometerRoute
from questionnaires.lint import refuse_faulty
from questionnaires.reading import read_package, to_canonical_json
from tests.clock import START

SHIPPED = Path(__file__).parent.parent / "questionnaires" / "studies" / "bk-sle-i-01"
PASSWORD = "seven grey herons"
PIN = "274913"
# Cheap on purpose: tests hash hundreds of secrets.
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FIELD_KEY = Fernet.generate_key().decode()
LOOKUP_KEY = b"a look-up key that only tests know"

SYSTEM = system_actor("test")


def make_keyring(*field_keys: str) -> Keyring:
    """Return a keyring with fast hashing; the first field key seals."""
    return Keyring(field_keys=field_keys or (FIELD_KEY,), lookup_key=LOOKUP_KEY, hasher=HASHER)


@dataclass(frozen=True, slots=True)
class _Checked:
    package: StudyPackage
    text: str
    sha256: str


_CHECKED: list[_Checked] = []


@cache
def shipped_package() -> StudyPackage:
    return read_package(SHIPPED)


def add_site(session: Session, code: str = "SZ01", **facts: Any) -> Site:
    values = {
        "code": code,
        "name_zh": "深圳测试医院",
        "name_en": "Shenzhen Test Hospital",
        "zone": "Asia/Shanghai",
        "phone": "0755-0000000",
        "phone_24h": "0755-0000001",
    }
    site = Site(**(values | facts))
    session.add(site)
    session.flush()
    return site


def add_study_version(
    session: Session,
    *sites: Site,
    package: StudyPackage | None = None,
    from_on: date = date(2026, 1, 1),
    now: datetime = START,
) -> StudyVersion:
    """Have a study package (the shipped one) published and in force at these sites, as found."""
    checked = _checked(package or shipped_package())
    named = {
        "study_code": checked.package.code,
        "version": checked.package.version,
        "sha256": checked.sha256,
    }
    stored = session.scalars(select(StudyVersion).filter_by(**named)).first()
    version = stored or StudyVersion(
        **named, canonical_json=checked.text, published_at=now, published_by=SYSTEM.name
    )
    session.add(version)
    session.flush()
    session.add_all(
        SiteActivation(site_id=site.id, study_version_id=version.id, from_on=from_on)
        for site in sites
    )
    session.flush()
    return version


def _checked(package: StudyPackage) -> _Checked:
    """Check a package once in a process: it takes a second, and what comes of it never differs."""
    known = next((one for one in _CHECKED if one.package is package), None)
    if known is None:
        refuse_faulty(package)
        text = to_canonical_json(package)
        known = _Checked(package, text, sha256(text.encode()).hexdigest())
        _CHECKED.append(known)
    return known


def add_participant(
    session: Session, site: Site, code: str = "SZ01-014", *, pin: str | None = None, **facts: Any
) -> Participant:
    """Add a participant; with a PIN she can sign in."""
    values = {
        "code": code,
        "site_id": site.id,
        "language": Language.ZH,
        "zone": site.zone,
        "thermometer_route": ThermometerRoute.AXILLARY,
        "enrolled_at": START,
    }
    participant = Participant(**(values | facts))
    session.add(participant)
    session.flush()
    if pin:
        pin_hash = HASHER.hash(pin)
        session.add(
            ParticipantCredential(participant_id=participant.id, pin_hash=pin_hash, chosen_at=START)
        )
        session.flush()
    return participant


def add_device(session: Session, participant: Participant, **facts: Any) -> DeviceSession:
    values = {
        "participant_id": participant.id,
        "client": "test",
        "started_at": START,
        "last_seen_at": START,
    }
    device = DeviceSession(**(values | facts))
    session.add(device)
    session.flush()
    return device


def participant_actor(session: Session, participant: Participant) -> Actor:
    """Return the participant as an actor, signed in on a device of her own."""
    return Actor(
        kind=ActorKind.PARTICIPANT,
        id=participant.id,
        name=participant.code,
        grants=(Grant(Role.PARTICIPANT, participant.site_id),),
        device_session_id=add_device(session, participant).id,
        client="test",
    )


def add_user(
    session: Session,
    username: str = "zhang.jing",
    *,
    roles: Sequence[Role] = (Role.COORDINATOR,),
    site: str | None = "SZ01",
    keyring: Keyring | None = None,
    now: datetime = START,
) -> staff.NewUser:
    """Add a user with PASSWORD; `site` None grants the roles everywhere."""
    return staff.add_user(
        session,
        SYSTEM,
        username=username,
        full_name="Zhang Jing",
        email=f"{username}@example.org",
        password=PASSWORD,
        roles=roles,
        site=site,
        keyring=keyring or make_keyring(),
        now=now,
    )


def user_actor(user: User) -> Actor:
    """Return a user as an actor, without a session."""
    return Actor(
        kind=ActorKind.USER,
        id=user.id,
        name=user.username,
        grants=tuple(Grant(held.role, held.site_id) for held in user.memberships),
        client="test",
    )


def add_principal_investigator(session: Session, site: Site, username: str = "pi.chen") -> User:
    """Return the site's principal investigator, who is added if there is none of that name."""
    known = session.scalars(select(User).where(User.username == username)).first()
    roles = [Role.PRINCIPAL_INVESTIGATOR]
    return known or add_user(session, username, roles=roles, site=site.code).user


def add_delegation(
    session: Session,
    site: Site,
    user: User,
    *tasks: Task,
    from_on: date = date(2026, 1, 1),
    to_on: date | None = None,
) -> list[Delegation]:
    """Delegate tasks (none named: all) to a user, signed by the site's principal investigator."""
    root = user_actor(add_principal_investigator(session, site))
    rows = []
    for task in tasks or Task:
        row = Delegation(site_id=site.id, user_id=user.id, task=task, from_on=from_on, to_on=to_on,
                         recorded_at=START)  # fmt: skip
        session.add(row)
        session.flush()
        record = delegation.record_of(row, site, user)
        signing.attach(session, root, record, meaning=SignatureMeaning.DELEGATED, now=START)
        rows.append(row)
    return rows


def event_facts(onset_on: date, **facts: Any) -> EventFacts:
    """Return what a physician says of a mild event that goes on; `facts` replace parts of it."""
    values: dict[str, Any] = {
        "term": "headache",
        "onset_on": onset_on,
        "outcome": Outcome.NOT_RECOVERED,
        "action_taken": ActionTaken.NONE,
        "relationship": "possible",
        "grades": (GradeFrom(1, onset_on),),
    }
    return EventFacts(**(values | facts))


def proof_of(new: staff.NewUser, wall_now: datetime, **wrong: str) -> Proof:
    """Return what a user types to sign at a wall-clock time; `wrong` replaces parts of it."""
    typed = {"password": PASSWORD, "totp": totp_at(new, wall_now)} | wrong
    caller = Caller(client="test", address="192.0.2.9")
    return Proof(**typed, caller=caller, wall_now=wall_now)


def totp_at(new: staff.NewUser, wall_now: datetime) -> str:
    """Return the one-time code that the user's app shows at a wall-clock time."""
    return TOTP(new.totp_secret).at(wall_now)


def add_assessment(
    session: Session, participant: Participant, version: StudyVersion, **facts: Any
) -> Assessment:
    """Add the diary of one evening: opens 17:00, due 21:00, closes at midnight, in Shenzhen."""
    block = next(block for block in shipped_package().schedule.blocks if block.code == "S1")
    questionnaire = shipped_package().questionnaire(block.questionnaire)
    assert questionnaire
    values = {
        "participant_id": participant.id,
        "study_version_id": version.id,
        "family": "daily",
        "occurrence": "2026-03-01",
        "block": block.code,
        "questionnaire_code": questionnaire.code,
        "questionnaire_version": questionnaire.version,
        "planned_on": date(2026, 3, 1),
        "opens_at": START.replace(hour=9),
        "due_at": START.replace(hour=13),
        "closes_at": START.replace(hour=16),
        "late_until": START.replace(hour=16),
        "planned_at": START,
    }
    assessment = Assessment(**(values | facts))
    session.add(assessment)
    session.flush()
    return assessment
