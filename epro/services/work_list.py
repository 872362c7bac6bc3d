"""What somebody at the site has to do: each reason stands on the list once, until it is done."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.db import insert_if_absent
from epro.errors import NotFound
from epro.errors_of_record import GoesByItself
from epro.models import Participant, Site, User, WorkItem, WorkKind
from epro.services import journal
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page

GOES_BY_ITSELF = frozenset({WorkKind.CHECK_TRANSCRIPTION, WorkKind.TRANSCRIPTION_DIFFERS})


def add(
    session: Session,
    actor: Actor,
    kind: WorkKind,
    *,
    about: str,
    site_id: UUID | None,
    participant_id: UUID | None,
    now: datetime,
) -> WorkItem | None:
    """Put one line on a site's list; None when the same reason stands or stood there already.

    Without a site it stands on the data manager's.
    """
    item_id = uuid4()
    is_new = insert_if_absent(
        session, WorkItem,
        {"id": item_id, "site_id": site_id, "participant_id": participant_id, "kind": kind,
         "about": about, "created_at": now},
    )  # fmt: skip
    if not is_new:
        return None
    item = session.get_one(WorkItem, item_id)
    _record(session, actor, "work_item.added", item, now=now)
    return item


def list_open(
    session: Session, actor: Actor, *, limit: int
) -> Sequence[tuple[WorkItem, Participant | None]]:
    """Return what is to be done at the actor's sites, the oldest first, and about whom.

    What belongs to no site is for whoever watches the feed.
    """
    found = session.execute(_open(actor).limit(limit))
    return [(item, participant) for item, participant in found]


def open_page(
    session: Session, actor: Actor, kinds: Collection[WorkKind], page: int
) -> Paged[Row[*tuple[WorkItem, Participant | None]]]:
    """Return a page of what is to be done of some kinds, as `list_open` has it."""
    return read_page(session, _open(actor).where(WorkItem.kind.in_(kinds)), page)


def _open(actor: Actor) -> Select[*tuple[WorkItem, Participant | None]]:
    query = (
        select(WorkItem, Participant)
        .outerjoin(Participant, Participant.id == WorkItem.participant_id)
        .where(WorkItem.done_at.is_(None))
        .order_by(WorkItem.created_at, WorkItem.id)
    )
    site_ids = actor.sites_for(Permission.READ_WORK_LIST)
    is_within: ColumnElement[bool] = WorkItem.site_id.is_not(None)
    if site_ids is not None:
        is_within = WorkItem.site_id.in_(site_ids)
    if actor.holds(Permission.WATCH_FEED):
        is_within = or_(is_within, WorkItem.site_id.is_(None))
    return query.where(is_within)


def finish(
    session: Session, actor: Actor, item_id: UUID, *, now: datetime
) -> tuple[WorkItem, Participant | None]:
    """Note that a person has done it. The first one stays on record; again is harmless.

    Raises NotFound for a line of another site, as for one that does not exist, and GoesByItself
    for a line that only what it asks for takes off the list.
    """
    item = session.scalars(
        select(WorkItem)
        .where(WorkItem.id == item_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if item is None or item.site_id is None or not actor.may_at(Permission.DO_WORK, item.site_id):
        raise NotFound
    if item.done_at is None:
        if item.kind in GOES_BY_ITSELF:
            raise GoesByItself
        item.done_at, item.done_by_id = now, actor.id
        session.flush()
        _record(session, actor, "work_item.done", item, now=now)
    about = session.get(Participant, item.participant_id) if item.participant_id else None
    return item, about


def settle(session: Session, actor: Actor, kind: WorkKind, *, about: str, now: datetime) -> None:
    """Take lines off the list whose reason is gone; `about` is how their reason begins."""
    for item in session.scalars(
        select(WorkItem)
        .where(
            WorkItem.kind == kind,
            WorkItem.about.startswith(about, autoescape=True),
            WorkItem.done_at.is_(None),
        )
        .with_for_update()
    ).all():
        item.done_at = now
        session.flush()
        _record(session, actor, "work_item.done", item, now=now)


def _record(session: Session, actor: Actor, verb: str, item: WorkItem, *, now: datetime) -> None:
    site = session.get(Site, item.site_id) if item.site_id else None
    participant = session.get(Participant, item.participant_id) if item.participant_id else None
    is_done = item.done_at is not None
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="work_item", entity_id=str(item.id), version=2 if is_done else 1,
            participant_code=participant.code if participant else None,
            site_code=site.code if site else None, site_id=item.site_id,
        ),
        after=_facts_of(session, item), before={"done_at": None} if is_done else None, now=now,
    )  # fmt: skip


def _facts_of(session: Session, item: WorkItem) -> dict[str, Any]:
    by = session.get(User, item.done_by_id) if item.done_by_id else None
    return {
        "kind": item.kind,
        "about": item.about,
        "created_at": item.created_at,
        "done_at": item.done_at,
        "done_by": by.username if by else None,
    }
