"""The register of breaches: contained step by step, told to whom it concerns by an hour, closed.

PIPL art. 57; GDPR art. 33-34; E6(R3) 3.16.1(w). An entry says what happened and names nobody; that
a blind was broken is said by its kind, and what became known is refused (B-03, B-05).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.errors_of_protection import IncidentClosed, IncidentStillOpen
from epro.errors_of_record import AlreadyDecided
from epro.models import (
    DataIncident,
    DataIncidentKind,
    DataIncidentNotice,
    DataIncidentStep,
    IncidentSeverity,
    Site,
)
from epro.services import flags, journal, protected_words, revealing, sites
from epro.services.journal import Subject
from epro.services.protected_words import problem
from questionnaires.catalogue import Catalogue
from questionnaires.data_protection import Recipient, Urgency, notices_due, urgency_of_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """What is known when a breach is found; `person_count` is None while nobody knows."""

    kind: DataIncidentKind
    severity: IncidentSeverity
    found_at: datetime
    found_by: str
    happened: str
    data_concerned: str
    person_count: int | None = None
    is_exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done against it; `is_contained` says that with it nothing more can leak.

    Severity and number of persons as they are known now; None: as before.
    """

    words: str
    taken_at: datetime
    taken_by: str
    is_contained: bool = False
    severity: IncidentSeverity | None = None
    person_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """That somebody was told, when and with which proof; or why nobody has to be. Just one."""

    told_at: datetime | None = None
    proof: str = ""
    not_needed_because: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as people read it, with everybody to be told, in order of their hours."""

    incident: DataIncident
    site: Site
    notices: Sequence[DataIncidentNotice]

    @property
    def waiting(self) -> Sequence[DataIncidentNotice]:
        """Who is still to be told, or about whom nobody has decided yet."""
        return [one for one in self.notices if one.settled_at is None]

    @property
    def still_open(self) -> Sequence[str]:
        """What stands against closing: containment, persons, and each who waits."""
        lacking = {
            "containment": self.incident.contained_at is None,
            "persons_counted": self.incident.person_count is None,
        }
        named = [name for name, is_lacking in lacking.items() if is_lacking]
        return [*named, *(one.recipient.value for one in self.waiting)]

    def urgency(self, now: datetime) -> Urgency:
        """Say how near the next hour is by which somebody has to be told."""
        hours = [one.due_at for one in self.waiting]
        return urgency_of_instant(min(hours), now) if hours else Urgency.LATER


def record(
    session: Session,
    actor: Actor,
    site_code: str,
    new: NewIncident,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> DataIncident:
    """Enter a breach at a site; everybody who may have to be told stands on it with an hour.

    Raises NotFound for a site out of reach, InvalidInput for a time ahead, a text that is missing,
    names somebody by number, or tells who received what.
    """
    site = sites.get_site(session, site_code)
    if not actor.may_at(Permission.HANDLE_DATA_INCIDENT, site.id):
        raise NotFound
    texts = {name: getattr(new, name) for name in ("found_by", "happened", "data_concerned")}
    _check(new.kind, texts, catalogue=catalogue)
    _check_numbers(new.found_at, "found_at", new.person_count, now=now)
    row = DataIncident(
        site_id=site.id, version=1, is_exercise=new.is_exercise, kind=new.kind,
        severity=new.severity, found_at=new.found_at, person_count=new.person_count,
        recorded_at=now, recorded_by_id=actor.id, cause="", prevention="",
        **{name: text.strip() for name, text in texts.items()},
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(
        DataIncidentNotice(
            incident_id=row.id, version=1, recipient=recipient, due_at=due_at, proof="",
            not_needed_because="",
        )
        for recipient, due_at in notices_due(new.found_at, site.breach_hours).items()
    )  # fmt: skip
    session.flush()
    _put_on_record(session, actor, "data_incident.recorded", row, now=now)
    return row


def take_step(
    session: Session,
    actor: Actor,
    incident_id: UUID,
    step: Step,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> DataIncidentStep:
    """Write down a step of containment, when and by whom it was taken.

    Raises NotFound, IncidentClosed, InvalidInput as `record`, also for a time before it was found.
    """
    row = _lock_open(session, actor, incident_id)
    _check(row.kind, {"words": step.words, "taken_by": step.taken_by}, catalogue=catalogue)
    _check_numbers(step.taken_at, "taken_at", step.person_count, now=now)
    if step.taken_at < row.found_at:
        raise problem("taken_at", "This is before it was found.")
    made = DataIncidentStep(
        incident_id=row.id, words=step.words.strip(), taken_at=step.taken_at,
        taken_by=step.taken_by.strip(), is_contained=step.is_contained, recorded_at=now,
        recorded_by_id=actor.id,
    )  # fmt: skip
    known = {
        "severity": step.severity,
        "person_count": step.person_count,
        "contained_at": step.taken_at if step.is_contained and not row.contained_at else None,
    }
    before = {name: getattr(row, name) for name, value in known.items() if value is not None}
    for name in before:
        setattr(row, name, known[name])
    row.version += 1
    session.add(made)
    session.flush()
    _put_on_record(
        session, actor, "data_incident.step_taken", row, before=before,
        more={"step": made.words, "taken_at": made.taken_at, "taken_by": made.taken_by}, now=now,
    )  # fmt: skip
    return made


def settle_notice(
    session: Session,
    actor: Actor,
    incident_id: UUID,
    recipient: Recipient,
    word: Word,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> DataIncidentNotice:
    """Put down that somebody was told, or why nobody has to be.

    The same again changes nothing; who was not needed can be told after all. Raises NotFound,
    IncidentClosed, AlreadyDecided, InvalidInput unless just one of the two is said.
    """
    row = _lock_open(session, actor, incident_id)
    said = (word.told_at, word.proof.strip(), word.not_needed_because.strip())
    _check_word(row, word, catalogue=catalogue, now=now)
    notice = next(one for one in notices_of(session, row) if one.recipient is recipient)
    standing = (notice.told_at, notice.proof, notice.not_needed_because)
    if said == standing:
        return notice
    if notice.settled_at is not None and (notice.told_at is not None or word.told_at is None):
        raise AlreadyDecided(details={"settled_at": notice.settled_at.isoformat()})
    notice.told_at, notice.proof, notice.not_needed_because = said
    notice.settled_at, notice.settled_by_id = now, actor.id
    notice.version += 1
    row.version += 1
    session.flush()
    _put_on_record(
        session, actor, "data_incident.notice_settled", row,
        more={"recipient": recipient, "told_at": notice.told_at, "proof": notice.proof,
              "not_needed_because": notice.not_needed_because, "due_at": notice.due_at},
        before={"told_at": standing[0], "not_needed_because": standing[2]}, now=now,
    )  # fmt: skip
    return notice


def close(
    session: Session,
    actor: Actor,
    incident_id: UUID,
    *,
    cause: str,
    prevention: str,
    catalogue: Catalogue,
    now: datetime,
) -> DataIncident:
    """Close an entry with its cause and what keeps it from happening again.

    Raises NotFound, IncidentClosed, InvalidInput, and IncidentStillOpen while it is not contained,
    nobody knows how many are concerned, or somebody waits to be told.
    """
    row = _lock_open(session, actor, incident_id)
    _check(row.kind, {"cause": cause, "prevention": prevention}, catalogue=catalogue)
    shown = Shown(row, session.get_one(Site, row.site_id), notices_of(session, row))
    if shown.still_open:
        raise IncidentStillOpen(details={"open": list(shown.still_open)})
    row.cause, row.prevention = cause.strip(), prevention.strip()
    row.closed_at, row.closed_by_id, row.version = now, actor.id, row.version + 1
    session.flush()
    _put_on_record(
        session, actor, "data_incident.closed", row,
        before={"cause": "", "prevention": "", "closed_at": None}, now=now,
    )  # fmt: skip
    return row


# --- reading --------------------------------------------------------------------------------------


def get(session: Session, actor: Actor, incident_id: UUID) -> Shown:
    """Return one entry within the actor's sites. Raises NotFound."""
    found = session.execute(_reachable(actor).where(DataIncident.id == incident_id)).first()
    if found is None:
        raise NotFound
    row, site = found
    return Shown(row, site, notices_of(session, row))


def list_of(
    session: Session, actor: Actor, *, only_open: bool = True, is_exercise: bool | None = None
) -> Sequence[Shown]:
    """Return entries at the actor's sites, the newest first; exercises alone, none, or both."""
    query = _reachable(actor)
    if only_open:
        query = query.where(DataIncident.closed_at.is_(None))
    if is_exercise is not None:
        query = query.where(DataIncident.is_exercise.is_(is_exercise))
    rows = session.execute(query.order_by(DataIncident.found_at.desc(), DataIncident.id)).all()
    notices = session.scalars(
        select(DataIncidentNotice).where(
            DataIncidentNotice.incident_id.in_([row.id for row, _ in rows])
        )
    ).all()
    told: defaultdict[UUID, list[DataIncidentNotice]] = defaultdict(list)
    for one in notices:
        told[one.incident_id].append(one)
    return [Shown(row, site, _in_order(told[row.id])) for row, site in rows]


def pressing(session: Session, actor: Actor, *, now: datetime) -> Sequence[Shown]:
    """Return open entries of which an hour to tell somebody is near or over, the nearest first."""
    if not actor.holds(Permission.READ_DATA_INCIDENT):
        return ()
    found = [one for one in list_of(session, actor) if one.urgency(now) is not Urgency.LATER]
    return sorted(found, key=lambda one: min(notice.due_at for notice in one.waiting))


def notices_of(session: Session, row: DataIncident) -> Sequence[DataIncidentNotice]:
    """Return everybody who may have to be told, in order of their hours."""
    found = session.scalars(
        select(DataIncidentNotice).where(DataIncidentNotice.incident_id == row.id)
    )
    return _in_order(found)


def _in_order(notices: Iterable[DataIncidentNotice]) -> Sequence[DataIncidentNotice]:
    who = list(Recipient)
    return sorted(notices, key=lambda one: (one.due_at, who.index(one.recipient)))


def steps_of(session: Session, row: DataIncident) -> Sequence[DataIncidentStep]:
    """Return the steps of containment in the order they were taken."""
    return session.scalars(
        select(DataIncidentStep)
        .where(DataIncidentStep.incident_id == row.id)
        .order_by(DataIncidentStep.taken_at, DataIncidentStep.recorded_at, DataIncidentStep.id)
    ).all()


def facts_of(session: Session, row: DataIncident) -> dict[str, Any]:
    """Return an entry as plain values; people by user name."""
    named = ("recorded_by_id", "closed_by_id")
    values = {
        column.key: getattr(row, column.key)
        for column in DataIncident.__table__.columns
        if column.key not in {"site_id", "version", *named}
    }
    return {**values, **{one[:-3]: flags.username_of(session, getattr(row, one)) for one in named}}


def _check(kind: DataIncidentKind, texts: dict[str, str], *, catalogue: Catalogue) -> None:
    """Refuse what is empty or names somebody; of a broken blind also words that might tell more."""
    protected_words.check(**texts)
    if kind is not DataIncidentKind.BLIND_BROKEN:
        return
    if found := revealing.find_in(texts, catalogue=catalogue).by_field:
        raise InvalidInput(details={"problems": _revealing(found)})


def _revealing(fields: Iterable[str]) -> list[dict[str, str]]:
    message = "Leave out what might tell who received what; its kind says enough."
    return [{"place": one, "message": message} for one in fields]


def _check_word(row: DataIncident, word: Word, *, catalogue: Catalogue, now: datetime) -> None:
    if (word.told_at is None) is (not word.not_needed_because.strip()):
        raise problem("told_at", "Say when it was told, or why that is not needed.")
    if word.told_at is None:
        said = {"not_needed_because": word.not_needed_because, "proof": word.proof}
        said = {name: text for name, text in said.items() if text.strip()}
        _check(row.kind, said, catalogue=catalogue)
        return
    _check(row.kind, {"proof": word.proof}, catalogue=catalogue)
    if not row.found_at <= word.told_at <= now:
        raise problem("told_at", "This is before it was found, or in the future.")


def _check_numbers(at: datetime, place: str, person_count: int | None, *, now: datetime) -> None:
    if at > now:
        raise problem(place, "This lies in the future.")
    if person_count is not None and person_count < 0:
        raise problem("person_count", "This is not a number.")


def _lock_open(session: Session, actor: Actor, incident_id: UUID) -> DataIncident:
    row = session.get(DataIncident, incident_id, with_for_update=True, populate_existing=True)
    if row is None or not actor.may_at(Permission.HANDLE_DATA_INCIDENT, row.site_id):
        raise NotFound
    if row.closed_at is not None:
        raise IncidentClosed
    return row


def _put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    row: DataIncident,
    *,
    before: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    site = session.get_one(Site, row.site_id)
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="data_incident", entity_id=str(row.id), version=row.version,
            site_code=site.code, site_id=site.id,
        ),
        after={**facts_of(session, row), **(more or {})}, before=before, now=now,
    )  # fmt: skip


def _reachable(actor: Actor) -> Select[DataIncident, Site]:
    query = select(DataIncident, Site).join(Site, Site.id == DataIncident.site_id)
    site_ids = actor.sites_for(Permission.READ_DATA_INCIDENT)
    return query if site_ids is None else query.where(DataIncident.site_id.in_(site_ids))
