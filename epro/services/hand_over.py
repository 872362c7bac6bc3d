"""What one shift tells the next, and who looks after whose work while somebody is away."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.models import Deputy, HandOverNote, Site, User
from epro.services import journal, sites, staff
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page

LONGEST_NOTE = 2_000
NOTES_A_PAGE = 5


def write(session: Session, actor: Actor, site: str, text: str, *, now: datetime) -> HandOverNote:
    """Leave a note for the next shift of a site. Raises NotFound, and InvalidInput without text."""
    place = _site(session, actor, site)
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise _not_right("text", "A note has words, at most 2,000 characters.")
    note = HandOverNote(site_id=place.id, text=text.strip(), written_at=now, written_by_id=actor.id)
    session.add(note)
    session.flush()
    journal.record(
        session, actor, "hand_over_note.written",
        Subject(
            entity_type="hand_over_note", entity_id=str(note.id),
            site_code=place.code, site_id=place.id,
        ),
        after={"text": note.text}, now=now,
    )  # fmt: skip
    return note


def notes(
    session: Session, actor: Actor, *, page: int = 1
) -> Paged[Row[*tuple[HandOverNote, User, Site]]]:
    """Return a page of the notes at the actor's sites, the newest first, and who wrote them."""
    query = (
        select(HandOverNote, User, Site)
        .join(User, User.id == HandOverNote.written_by_id)
        .join(Site, Site.id == HandOverNote.site_id)
        .order_by(HandOverNote.written_at.desc(), HandOverNote.id)
    )
    site_ids = actor.sites_for(Permission.READ_WORK_LIST)
    if site_ids is not None:
        query = query.where(HandOverNote.site_id.in_(site_ids))
    return read_page(session, query, page, size=NOTES_A_PAGE)


def name_deputy(
    session: Session,
    actor: Actor,
    site: str,
    username: str,
    *,
    from_on: date,
    to_on: date,
    now: datetime,
) -> Deputy:
    """Name who looks after the actor's flags and calls on these local days of a site.

    Raises NotFound for a site out of reach, and InvalidInput for somebody who may not do the
    site's work, for oneself, and for days that are over or in the wrong order.
    """
    place = _site(session, actor, site)
    colleague = staff.find_at(session, username, place, Permission.DO_WORK)
    today = now.astimezone(ZoneInfo(place.zone)).date()
    if colleague is None or colleague.id == actor.id:
        raise _not_right("deputy", "This is no colleague of yours at this site.")
    if from_on > to_on or to_on < today:
        raise _not_right("to_on", "These days are over, or end before they begin.")
    row = Deputy(
        site_id=place.id, user_id=actor.id, deputy_id=colleague.id, from_on=from_on, to_on=to_on,
        named_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _record(session, actor, "deputy.named", row, place, now=now)
    return row


def end_deputy(session: Session, actor: Actor, deputy_id: UUID, *, now: datetime) -> Deputy:
    """End the deputyship early; whoever named it or holds it may. Again changes nothing.

    Raises NotFound for one that is neither.
    """
    row = session.get(Deputy, deputy_id, with_for_update=True)
    if row is None or actor.id not in {row.user_id, row.deputy_id}:
        raise NotFound
    if row.ended_at is None:
        row.ended_at = now
        session.flush()
        _record(session, actor, "deputy.ended", row, session.get_one(Site, row.site_id), now=now)
    return row


def deputies(
    session: Session, actor: Actor, *, now: datetime
) -> Sequence[tuple[Deputy, User, User, Site]]:
    """Return whom the actor stands in for and who does for her, today and later, by day."""
    rows = session.execute(
        select(Deputy, Site)
        .join(Site, Site.id == Deputy.site_id)
        .where(
            Deputy.ended_at.is_(None),
            (Deputy.user_id == actor.id) | (Deputy.deputy_id == actor.id),
        )
        .order_by(Deputy.from_on, Deputy.id)
    ).all()
    return [
        (row, session.get_one(User, row.user_id), session.get_one(User, row.deputy_id), site)
        for row, site in rows
        if row.to_on >= now.astimezone(ZoneInfo(site.zone)).date()
    ]


def stands_in_for(session: Session, actor: Actor, *, now: datetime) -> Collection[UUID]:
    """Return the ids of those whose work the actor looks after at this moment."""
    return {
        row.user_id
        for row, _, _, site in deputies(session, actor, now=now)
        if row.deputy_id == actor.id
        and row.from_on <= now.astimezone(ZoneInfo(site.zone)).date() <= row.to_on
    }


def _site(session: Session, actor: Actor, code: str) -> Site:
    site = sites.get_site(session, code)
    if not actor.may_at(Permission.DO_WORK, site.id):
        raise NotFound
    return site


def _record(
    session: Session, actor: Actor, verb: str, row: Deputy, site: Site, *, now: datetime
) -> None:
    is_ended = row.ended_at is not None
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="deputy", entity_id=str(row.id), version=2 if is_ended else 1,
            site_code=site.code, site_id=site.id,
        ),
        after={
            "person": session.get_one(User, row.user_id).username,
            "deputy": session.get_one(User, row.deputy_id).username,
            "from_on": row.from_on, "to_on": row.to_on, "ended_at": row.ended_at,
        },
        before={"ended_at": None} if is_ended else None, now=now,
    )  # fmt: skip


def _not_right(place: str, message: str) -> InvalidInput:
    return InvalidInput(details={"problems": [{"place": place, "message": message}]})
