"""Who may decide what at a site, on which days: the delegation log, signed by its root.

The principal investigator answers for the whole site and may do every task; everybody else needs a
delegation that holds on the very day, in the site's zone, under an unbroken signature.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission, Role
from epro.crypto import Keyring
from epro.errors import InvalidInput, NotDelegated, NotFound, ReasonRequired
from epro.models import Delegation, SignatureMeaning, Site, SiteMembership, Task, User
from epro.services import journal, signing, sites
from epro.services.journal import Subject
from epro.services.signing import ShownSignature, SignedRecord
from epro.services.signing_in import Proof, normalise_username

PHYSICIANS = frozenset({Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR})
# Who can be given a task: diagnoses and decisions are physicians' acts for every tier.
ROLES_FOR: Mapping[Task, frozenset[Role]] = {
    **dict.fromkeys(Task, PHYSICIANS),
    Task.DATA_REVIEW: PHYSICIANS | {Role.COORDINATOR, Role.DATA_MANAGER},
}
BY_THE_ROOT = frozenset({SignatureMeaning.DELEGATED, SignatureMeaning.DELEGATION_ENDED})


class WhyNot(StrEnum):
    """Why somebody may not do a task on a day."""

    NO_PHYSICIAN = "no_physician"
    NEVER_DELEGATED = "never_delegated"
    NOT_YET = "not_yet"
    OVER = "over"
    SIGNATURE_BROKEN = "signature_broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelegation:
    """A task for a person (user name) at a site (code), from a local day to another or for good."""

    site: str
    person: str
    task: Task
    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDelegation:
    """A line of the log as people read it; `holds_today` says that it can be acted on."""

    delegation: Delegation
    site: Site
    person: User
    signatures: Sequence[ShownSignature]
    holds_today: bool


def delegate(
    session: Session,
    actor: Actor,
    new: NewDelegation,
    proof: Proof,
    *,
    keyring: Keyring,
    now: datetime,
) -> ShownDelegation:
    """Give a person a task, signed by the principal investigator in the same act.

    Raises NotFound for a site or person out of reach, InvalidInput for days that are over or a
    person whose role does not fit the task, and what `signing.sign` raises.
    """

    def prove() -> None:
        signing.prove(session, actor, proof, keyring=keyring, now=now)

    return _delegate(session, actor, new, prove, now=now)


def invent(session: Session, actor: Actor, new: NewDelegation, *, now: datetime) -> None:
    """Have an invented principal investigator delegate, who is nobody and proves nothing.

    Only in a training room: raises NotFound for a site that is real.
    """
    if not sites.is_of_training(new.site):
        raise NotFound
    _delegate(session, actor, new, lambda: None, now=now)


def _delegate(
    session: Session,
    actor: Actor,
    new: NewDelegation,
    prove: Callable[[], None],
    *,
    now: datetime,
) -> ShownDelegation:
    site = sites.get_site(session, new.site)
    if not actor.may_at(Permission.SIGN_DELEGATION, site.id):
        raise NotFound
    person = session.scalars(
        select(User).where(User.username == normalise_username(new.person))
    ).first()
    if person is None or not _roles_at(session, person, site):
        raise NotFound
    roles, today = _roles_at(session, person, site), _today(site, now)
    if problems := list(_problems(new, person, roles, today)):
        raise InvalidInput(details={"problems": problems})
    # The id is known before, so that the signature is the first thing written.
    row = Delegation(
        id=uuid4(), site_id=site.id, user_id=person.id, task=new.task, from_on=new.from_on,
        to_on=new.to_on, recorded_at=now,
    )  # fmt: skip
    prove()
    session.add(row)
    session.flush()
    record = record_of(row, site, person)
    signing.attach(session, actor, record, meaning=SignatureMeaning.DELEGATED, now=now)
    journal.record(
        session, actor, "delegation.signed", record.subject, after=record.content, now=now
    )
    return _shown(session, row, today=today)


def end(
    session: Session,
    actor: Actor,
    delegation_id: UUID,
    *,
    ended_on: date,
    reason: str,
    proof: Proof,
    keyring: Keyring,
    now: datetime,
) -> ShownDelegation:
    """End a delegation before its time; `ended_on` is the last local day on which it holds.

    Yesterday ends it at once. Raises NotFound, ReasonRequired, InvalidInput for a day outside of it
    or further back, and what `signing.sign` raises.
    """
    row = session.get(Delegation, delegation_id, with_for_update=True)
    if row is None or not actor.may_at(Permission.SIGN_DELEGATION, row.site_id):
        raise NotFound
    if not reason.strip():
        raise ReasonRequired
    site, person = session.get_one(Site, row.site_id), session.get_one(User, row.user_id)
    today = _today(site, now)
    yesterday = today - timedelta(days=1)
    last_on = min(one for one in (row.to_on, row.ended_on, date.max) if one is not None)
    if not yesterday <= ended_on <= last_on:
        message = "It can end on a day of its own, not before yesterday."
        raise InvalidInput(details={"problems": [{"place": "ended_on", "message": message}]})
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    before = {"ended_on": row.ended_on, "end_reason": row.end_reason}
    row.ended_on, row.end_reason = ended_on, reason.strip()
    session.flush()
    record = record_of(row, site, person)
    signing.attach(session, actor, record, meaning=SignatureMeaning.DELEGATION_ENDED, now=now)
    journal.record(
        session, actor, "delegation.ended", record.subject, after=record.content, before=before,
        reason=row.end_reason, now=now,
    )  # fmt: skip
    return _shown(session, row, today=today)


def log_of(
    session: Session, actor: Actor, site_code: str, *, now: datetime
) -> list[ShownDelegation]:
    """Return the delegation log of a site, the oldest line first. Raises NotFound."""
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.READ_DELEGATION, site.id):
        raise NotFound
    rows = session.scalars(
        select(Delegation)
        .where(Delegation.site_id == site.id)
        .order_by(Delegation.recorded_at, Delegation.id)
    ).all()
    return [_shown(session, row, today=_today(site, now)) for row in rows]


def get(session: Session, actor: Actor, delegation_id: UUID, *, now: datetime) -> ShownDelegation:
    """Return one line of a log within the actor's sites. Raises NotFound."""
    row = session.get(Delegation, delegation_id)
    if row is None or not actor.may_at(Permission.READ_DELEGATION, row.site_id):
        raise NotFound
    return _shown(session, row, today=_today(session.get_one(Site, row.site_id), now))


def refuse_undelegated(
    session: Session, actor: Actor, task: Task, site: Site, *, now: datetime
) -> None:
    """Raise NotDelegated unless the actor may do the task on this very day of the site."""
    if why := why_not(session, actor, task, site, now=now):
        raise NotDelegated(details={"task": task.value, "why": why.value})


def why_not(
    session: Session, actor: Actor, task: Task, site: Site, *, now: datetime
) -> WhyNot | None:
    """Return why the actor may not do a task at a site today; None when it is his to do."""
    roles = {grant.role for grant in actor.grants if grant.site_id in (site.id, None)}
    if Role.PRINCIPAL_INVESTIGATOR in roles:
        return None
    if not roles & ROLES_FOR[task]:
        return WhyNot.NO_PHYSICIAN
    rows = session.scalars(
        select(Delegation)
        .where(
            Delegation.site_id == site.id,
            Delegation.user_id == actor.id,
            Delegation.task == task,
        )
        .order_by(Delegation.from_on)
    ).all()
    today = _today(site, now)
    holding = [row for row in rows if row.holds_on(today)]
    if any(_is_signed(session, row) for row in holding):
        return None
    if holding:
        return WhyNot.SIGNATURE_BROKEN
    if not rows:
        return WhyNot.NEVER_DELEGATED
    return WhyNot.NOT_YET if rows[-1].from_on > today else WhyNot.OVER


def record_of(row: Delegation, site: Site, person: User) -> SignedRecord:
    """Return a line of the log as what is signed."""
    subject = Subject(
        entity_type="delegation", entity_id=str(row.id), version=row.version,
        site_code=site.code, site_id=site.id,
    )  # fmt: skip
    content = {
        "site": site.code, "person": person.username, "person_name": person.full_name,
        "task": row.task, "from_on": row.from_on, "to_on": row.to_on,
        "ended_on": row.ended_on, "end_reason": row.end_reason,
    }  # fmt: skip
    return SignedRecord(subject, content)


def _shown(session: Session, row: Delegation, *, today: date) -> ShownDelegation:
    site, person = session.get_one(Site, row.site_id), session.get_one(User, row.user_id)
    return ShownDelegation(
        delegation=row, site=site, person=person,
        signatures=signing.signatures_of(session, record_of(row, site, person)),
        holds_today=row.holds_on(today) and _is_signed(session, row),
    )  # fmt: skip


def _is_signed(session: Session, row: Delegation) -> bool:
    site, person = session.get_one(Site, row.site_id), session.get_one(User, row.user_id)
    return signing.is_signed(session, record_of(row, site, person), BY_THE_ROOT)


def _today(site: Site, now: datetime) -> date:
    return now.astimezone(ZoneInfo(site.zone)).date()


def _roles_at(session: Session, person: User, site: Site) -> set[Role]:
    return set(
        session.scalars(
            select(SiteMembership.role).where(
                SiteMembership.user_id == person.id,
                or_(SiteMembership.site_id == site.id, SiteMembership.site_id.is_(None)),
            )
        )
    )


def _problems(
    new: NewDelegation, person: User, roles: set[Role], today: date
) -> Iterator[dict[str, str]]:
    if new.from_on < today:
        yield {"place": "from_on", "message": "A task is not delegated for days that are over."}
    if new.to_on is not None and new.to_on < new.from_on:
        yield {"place": "to_on", "message": "The last day lies before the first one."}
    if person.deactivated_at is not None:
        yield {"place": "person", "message": "This account is closed."}
    elif not roles & ROLES_FOR[new.task]:
        yield {"place": "task", "message": "This task is not for somebody of that role."}
