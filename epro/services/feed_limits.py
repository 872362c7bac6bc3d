"""What of the journal may leave for whom: one condition for every format, and what only counts.

A condition looks at the entry itself, never at what came after it, so that the same cursor gives
the same rows for ever.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, distinct, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

from epro.access import Scope
from epro.models import Contact, JournalEntry, JournalKind
from epro.services import reckoning
from epro.services.feed_items import DECIDED, SIGNED, Choice, FeedType, HeldBack
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent


def conditions(choice: Choice) -> list[ColumnElement[bool]]:
    """Return what holds for every journal entry that is served to this choice."""
    # As an expression, so that no index on types tempts a database to collect by type.
    entity_type = JournalEntry.entity_type.concat("")
    holding = [
        JournalEntry.kind == JournalKind.CHANGE, entity_type.in_(choice.entity_types),
    ]  # fmt: skip
    if choice.site is not None:
        holding.append(JournalEntry.site_code == choice.site)
    if Scope.SECOND_INFUSION not in choice.scopes:
        # Who came to a second infusion visit, and when, is a scope of its own.
        is_second = JournalEntry.entity_id.endswith(f":{AnchorEvent.INF2}")
        holding.append(~and_(entity_type == FeedType.ANCHOR, is_second))
    signed = [kind for kind, scope in SIGNED.items() if scope in choice.scopes]
    # A contact about a flag would tell of the flag before anybody has decided about it.
    limits: dict[FeedType, ColumnElement[bool]] = {
        FeedType.CONTACT: AfterField(JournalEntry.body, "flag_id").is_(None),
        FeedType.SIGNATURE: AfterField(JournalEntry.body, "entity_type").in_(signed),
        **{kind: AfterField(JournalEntry.body, "disposition").is_not(None) for kind in DECIDED},
    }
    return [*holding, *(or_(entity_type != kind, limit) for kind, limit in limits.items())]


def held_back(
    session: Session, choice: Choice, *, catalogue: Catalogue, now: datetime
) -> dict[HeldBack, int]:
    """Count what exists at this moment and is told as a number only, of what the scopes may see."""
    counts: dict[HeldBack, int] = {}
    if Scope.ADVERSE_EVENTS in choice.scopes:
        counts[HeldBack.CANDIDATE] = reckoning.count_waiting(session, catalogue=catalogue, now=now)
    if Scope.FLAGS in choice.scopes:
        about_flags = select(func.count(Contact.id)).where(Contact.flag_id.is_not(None))
        counts[HeldBack.CONTACT] = session.scalar(about_flags) or 0
        counts[HeldBack.FLAG] = _undecided_flags(session)
    return counts


def _undecided_flags(session: Session) -> int:
    """Count flags of which no entry on record has a disposition."""
    is_decided = AfterField(JournalEntry.body, "disposition").is_not(None)
    known, decided = session.execute(
        select(
            func.count(distinct(JournalEntry.entity_id)),
            func.count(distinct(case((is_decided, JournalEntry.entity_id)))),
        ).where(JournalEntry.kind == JournalKind.CHANGE, JournalEntry.entity_type == FeedType.FLAG)
    ).one()
    return int(known - decided)


class AfterField(FunctionElement[str]):
    """One field of a record's state after the change, as text; null where it has none."""

    inherit_cache = True

    def __init__(self, body: InstrumentedAttribute[str], name: str) -> None:
        self.type = Text()
        super().__init__(body, literal(name))


@compiles(AfterField, "postgresql")
def _in_postgresql(element: AfterField, compiler: Any, **options: Any) -> str:
    body, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(({body})::json -> 'after' ->> {name})"


@compiles(AfterField, "sqlite")
def _in_sqlite(element: AfterField, compiler: Any, **options: Any) -> str:
    body, name = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({body}, '$.after.' || {name})"
