"""The sites of a rehearsal, opened as an operator would: study, accounts, delegations, EDC client.

From then on everything goes over HTTP. The secrets are made anew and live as long as the rehearsal.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, Scope, system_actor
from epro.models import StudyVersion, Task, User
from epro.parts import Parts
from epro.rehearsal.places import Place
from epro.rehearsal.staff import EDC_CLIENT, SPONSOR_EMAIL, SPONSOR_NUMBER, Colleague
from epro.services import delegation, edc_clients, sites, sponsor_contacts, staff, studies
from epro.services.delegation import NewDelegation
from epro.services.sessions import Caller
from epro.services.signing_in import TOTP_STEP_S, Proof
from epro.services.sites import SiteFacts
from questionnaires.definition import StudyPackage

OPERATOR = system_actor("rehearsal")
CALLER = Caller(client="rehearsal", address="127.0.0.1")
PEOPLE = (
    ("coordinator", "李敏 Li Min", Role.COORDINATOR),
    ("coordinator2", "吴霞 Wu Xia", Role.COORDINATOR),
    ("principal", "刘洋 Liu Yang", Role.PRINCIPAL_INVESTIGATOR),
    ("assessor", "陈晨 Chen Chen", Role.OUTCOMES_ASSESSOR),
)
PHYSICIANS = ("王芳 Wang Fang", "周敏 Zhou Min", "孙丽 Sun Li", "何静 He Jing", "郭强 Guo Qiang")
# With three of them a rehearsal of three people waited for one-time codes two thirds of its time.
FEWEST_PHYSICIANS = 9
TASKS = (Task.ASSESS_EVENT, Task.CLOSE_FLAG, Task.DECIDE_EPISODE)


@dataclass(frozen=True, slots=True)
class OpenedSites:
    """Who works at each, with what each signs in by, and the secret of the EDC client."""

    staff: dict[str, list[Colleague]]
    edc_secret: str


def physicians_for(participants: int) -> int:
    """Return how many physicians sign in turn: a one-time code is good once, in 30 s of the wall.

    More than a site of that size has, but nothing that is compared depends on how many there are.
    """
    return max(FEWEST_PHYSICIANS, min(24, participants * 2 // 5))


def open_sites(
    parts: Parts,
    package: StudyPackage,
    at: Iterable[Place],
    *,
    physician_count: int,
    now: datetime,
) -> OpenedSites:
    """Fill an empty database with sites that can enrol from today on, at `now` by the wall."""
    staff: dict[str, list[Colleague]] = {}
    with parts.database.transaction() as session:
        version = studies.publish(session, OPERATOR, package, now=now)
        for number, place in enumerate(at):
            _open(session, parts, version, place, now=now)
            staff[place.code] = [
                _hire(session, parts, who, place, _number(number, count), now=now)
                for count, who in enumerate([*PEOPLE, *_physicians(physician_count)], start=1)
            ]
            _delegate(session, parts, staff[place.code], place, now=now)
        client = edc_clients.add_client(
            session, OPERATOR, EDC_CLIENT,
            scopes=[
                Scope.READ, Scope.FREE_TEXT, Scope.FLAGS, Scope.ADVERSE_EVENTS,
                Scope.SECOND_INFUSION, Scope.ACK,
            ],
            keyring=parts.keyring, now=now, wall_now=now,
        )  # fmt: skip
    return OpenedSites(staff, client.secret)


def _open(
    session: Session, parts: Parts, version: StudyVersion, place: Place, *, now: datetime
) -> None:
    facts = SiteFacts(
        code=place.code, name_zh="演练中心", name_en="Rehearsal site", zone=place.zone.key,
        phone="0755-00000001", phone_24h="0755-00000024",
    )  # fmt: skip
    opened = sites.add_site(session, OPERATOR, facts, now=now)
    studies.activate(session, OPERATOR, opened, version, from_on=date(2020, 1, 1), now=now)
    sites.set_alerting(session, OPERATOR, opened, digest_at=f"{place.digest_at:%H:%M}", now=now)
    sponsor_contacts.set_contact(
        session, OPERATOR, opened, name="Safety desk", email=SPONSOR_EMAIL,
        phone=SPONSOR_NUMBER, keyring=parts.keyring, now=now,
    )  # fmt: skip


def _number(site: int, person: int) -> str:
    return f"+8613900139{site}{person:02d}"


def _physicians(count: int) -> Iterator[tuple[str, str, Role]]:
    for number in range(count):
        turn, which = divmod(number, len(PHYSICIANS))
        name = f"{PHYSICIANS[which]} {turn + 1}" if turn else PHYSICIANS[which]
        yield f"investigator{number + 1}", name, Role.INVESTIGATOR


def _hire(
    session: Session,
    parts: Parts,
    who: tuple[str, str, Role],
    place: Place,
    phone: str,
    *,
    now: datetime,
) -> Colleague:
    name, full_name, role = who
    username = f"{name}.{place.code.lower()}"
    password = secrets.token_urlsafe(12)
    added = staff.add_user(
        session, OPERATOR, username=username, full_name=full_name,
        email=f"{username}@example.org", phone=phone, password=password, roles=[role],
        site=place.code, keyring=parts.keyring, now=now,
    )  # fmt: skip
    return Colleague(username, role.value, phone, password, added.totp_secret)


def _delegate(
    session: Session, parts: Parts, people: list[Colleague], place: Place, *, now: datetime
) -> None:
    """Have the principal investigator sign who decides what, each line with a code of its own.

    The codes are of yesterday, so that those of today are still unused.
    """
    principal = next(one for one in people if one.role == Role.PRINCIPAL_INVESTIGATOR)
    physicians = [one for one in people if one.role == Role.INVESTIGATOR]
    signer = _actor(session, principal.username)
    tasks = [(person, task) for person in physicians for task in TASKS]
    for number, (person, task) in enumerate(tasks):
        wall = now - timedelta(days=1) + timedelta(seconds=TOTP_STEP_S * number)
        delegation.delegate(
            session, signer,
            NewDelegation(
                site=place.code, person=person.username, task=task, from_on=place.day(now)
            ),
            Proof(
                password=principal.password, totp=TOTP(principal.totp_secret).at(wall),
                caller=CALLER, wall_now=wall,
            ),
            keyring=parts.keyring, now=now,
        )  # fmt: skip


def _actor(session: Session, username: str) -> Actor:
    user = session.scalars(select(User).where(User.username == username)).one()
    grants = tuple(Grant(held.role, held.site_id) for held in user.memberships)
    return Actor(
        kind=ActorKind.USER, id=user.id, name=user.username, grants=grants, client=CALLER.client
    )
