"""Test calls: every number that participants are told or staff are rung on is called monthly.

A number that nobody answers is found by a test and not by somebody who needs help. The national
lines that texts name (ambulance, helpline) are not the site's to test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.models import ListedNumber, NumberCheck, Site, User
from epro.services import flags, journal, participant_list, protected_words, roster, sites
from epro.services.journal import Subject


class Standing(StrEnum):
    """What the last test call of a number says; all but the last mean that a call is due."""

    NEVER_CALLED = "never_called"
    CHANGED = "changed"
    UNANSWERED = "unanswered"
    OVERDUE = "overdue"
    IN_TIME = "in_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheck:
    """A test call as it is logged; `person` is the user name of whose number it is, if anybody's.

    `called_at` left out means just now.
    """

    which: ListedNumber
    is_answered: bool
    person: str | None = None
    called_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A number that a site lists, with its last test call; of a person's there is only whose."""

    site: Site
    which: ListedNumber
    person: User | None
    number: str | None
    last: NumberCheck | None
    standing: Standing

    @property
    def key(self) -> str:
        """The name of the number: its kind, and whose it is if it is somebody's."""
        return f"{self.which}:{self.person.username}" if self.person else self.which

    @property
    def is_due(self) -> bool:
        """Whether it is to be called now."""
        return self.standing is not Standing.IN_TIME

    @property
    def due_at(self) -> datetime | None:
        """When it is to be called again; None: at once."""
        if self.last is None or self.standing not in {Standing.IN_TIME, Standing.OVERDUE}:
            return None
        return _due_at(self.last.called_at, self.site.number_check_days)


def standing_of(
    last: NumberCheck | None,
    number: str | None,
    *,
    set_at: datetime | None = None,
    days: int,
    now: datetime,
) -> Standing:
    """Say what the last test call means for a number as it stands now (None: a person's).

    A person's number is not kept with the call: it is another one since `set_at`, if ever. So many
    `days` of 24 hours after an answered call it is due again, at that very instant; a call that was
    not answered, or of another number, leaves it due at once.
    """
    if last is None:
        return Standing.NEVER_CALLED
    if last.number != number or (set_at is not None and last.called_at < set_at):
        return Standing.CHANGED
    if not last.is_answered:
        return Standing.UNANSWERED
    return Standing.OVERDUE if now >= _due_at(last.called_at, days) else Standing.IN_TIME


def log(
    session: Session, actor: Actor, site_code: str, new: NewCheck, *, now: datetime
) -> NumberCheck:
    """Put a test call on record, with the number as it stands.

    Raises NotFound for a site out of reach; InvalidInput for a number that the site does not list,
    a time ahead, or a note that is too long or holds a telephone number.
    """
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.EDIT_ROSTER, site.id):
        raise NotFound
    listed = next(
        (one for one in _listed_at(session, site, now=now)
         if one.which is new.which and _name_of(one.person) == new.person),
        None,
    )  # fmt: skip
    if listed is None:
        raise protected_words.problem("which", "The site lists no such number.")
    called_at = new.called_at or now
    if called_at > now:
        raise protected_words.problem("called_at", "This lies in the future.")
    if new.note.strip():
        protected_words.check(note=new.note)
    check = NumberCheck(
        site_id=site.id, which=new.which, user_id=listed.person.id if listed.person else None,
        number=listed.number, called_at=called_at, called_by_id=actor.id,
        is_answered=new.is_answered, note=new.note.strip(), recorded_at=now,
    )  # fmt: skip
    session.add(check)
    session.flush()
    journal.record(
        session, actor, "number_check.logged",
        Subject(entity_type="number_check", entity_id=str(check.id), site_code=site.code,
                site_id=site.id),
        after=facts_of(session, check) | {"called": check.number or new.person},
        occurred_at=called_at, now=now,
    )  # fmt: skip
    return check


def list_of(session: Session, actor: Actor, site_code: str, *, now: datetime) -> Sequence[Listed]:
    """Return the numbers that a site lists, with their last test calls. Raises NotFound."""
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.READ_ROSTER, site.id):
        raise NotFound
    return _listed_at(session, site, now=now)


def due(session: Session, actor: Actor, *, now: datetime) -> Sequence[Listed]:
    """Return the numbers of the actor's sites that are to be test-called now."""
    hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_ROSTER))
    return [one for site in hers for one in _listed_at(session, site, now=now) if one.is_due]


def facts_of(session: Session, check: NumberCheck) -> dict[str, object]:
    """Return a test call as plain values: people by user name."""
    return {
        "id": check.id,
        "which": check.which,
        "person": flags.username_of(session, check.user_id),
        "number": check.number,
        "called_at": check.called_at,
        "called_by": flags.username_of(session, check.called_by_id),
        "is_answered": check.is_answered,
        "note": check.note,
        "recorded_at": check.recorded_at,
    }


def _listed_at(session: Session, site: Site, *, now: datetime) -> list[Listed]:
    last = _last_calls(session, site)
    numbers: list[tuple[ListedNumber, User | None, str | None]] = [
        (ListedNumber.SITE_PHONE, None, site.phone),
        (ListedNumber.STUDY_PHONE, None, site.phone_24h),
    ]
    people = roster.people_from(session, site, now=now)
    numbers += [(ListedNumber.PERSON, one, None) for one in people if one.phone_sealed]
    found = []
    for which, person, number in numbers:
        call = last.get((which, person.id if person else None))
        standing = standing_of(
            call, number, set_at=person.phone_set_at if person else None,
            days=site.number_check_days, now=now,
        )  # fmt: skip
        found.append(
            Listed(
                site=site, which=which, person=person, number=number, last=call, standing=standing
            )
        )
    return found


def _last_calls(
    session: Session, site: Site
) -> Mapping[tuple[ListedNumber, UUID | None], NumberCheck]:
    rank = func.row_number().over(
        partition_by=(NumberCheck.which, NumberCheck.user_id),
        order_by=(NumberCheck.called_at.desc(), NumberCheck.recorded_at.desc()),
    )
    ranked = select(NumberCheck, rank.label("rank")).where(NumberCheck.site_id == site.id)
    newest = aliased(NumberCheck, numbered := ranked.subquery())
    rows = session.scalars(select(newest).where(numbered.c.rank == 1))
    return {(one.which, one.user_id): one for one in rows}


def _due_at(called_at: datetime, days: int) -> datetime:
    return called_at + timedelta(days=days)


def _name_of(person: User | None) -> str | None:
    return person.username if person else None
