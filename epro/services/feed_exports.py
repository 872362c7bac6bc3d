"""The feed in other formats: read participant by participant, never held as a whole.

What was linked up to a place never changes, so a file follows from that place, the scopes and the
study alone; the caller reads within `sequenced_reading`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import Actor, Scope
from epro.exchange import odm_files
from epro.exchange.changes import Change, EventKey, Study
from epro.exchange.odm_data import event_key_of, event_keys_in, subject_change, subject_state
from epro.exchange.odm_files import OdmFile
from epro.models import JournalEntry, JournalKind, JournalLink
from epro.services import feed, feed_forms, feed_limits
from epro.services.feed_items import Choice, FeedType, item_of, line_of
from questionnaires.catalogue import Catalogue

# An export without a single change is dated here.
BEGINNING = "1970-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What an export covers: everything of the choice up to a place of the journal."""

    choice: Choice
    upto_seq: int
    catalogue: Catalogue

    @property
    def scopes(self) -> frozenset[Scope]:
        return self.choice.scopes


def ndjson(session: Session, extent: Extent) -> Iterator[bytes]:
    """Yield every change as the feed serves it, a line each."""
    columns = (JournalLink.seq, JournalLink.hash, JournalEntry.body)
    for seq, digest, body in feed.walk(session, extent.choice, columns, 0, extent.upto_seq):
        line = line_of(seq, digest, body, scopes=extent.scopes, catalogue=extent.catalogue)
        yield f"{line}\n".encode()


def odm_snapshot(session: Session, extent: Extent) -> Iterator[bytes]:
    """Yield an ODM file of how every participant stands."""
    study = feed_forms.study_with_everybody(session, extent.catalogue, site=extent.choice.site)
    file = OdmFile(
        study, file_oid=f"snapshot.{extent.upto_seq}", file_type="Snapshot",
        as_of=as_of(session, extent),
    )  # fmt: skip
    return file.with_data(
        (package.version, _states(session, study, package.version, extent))
        for package in study.packages
    )


def odm_history(session: Session, extent: Extent) -> Iterator[bytes]:
    """Yield an ODM file of every change, with who, when and why."""
    study = feed_forms.study_with_everybody(session, extent.catalogue, site=extent.choice.site)
    file = OdmFile(
        study, file_oid=f"history.{extent.upto_seq}", file_type="Transactional",
        as_of=as_of(session, extent),
    )  # fmt: skip
    return file.with_data(
        (package.version, _histories(session, study, package.version, extent))
        for package in study.packages
    )


def record_export(
    session: Session, actor: Actor, extent: Extent, *, kind: str, size: int, now: datetime
) -> None:
    """Put on record that an operator wrote everything into a file; `size` in bytes."""
    what = {"kind": kind, "upto_seq": extent.upto_seq, "scopes": sorted(extent.scopes),
            "size": size}  # fmt: skip
    feed.record_pull(session, actor, "odm.exported", what, now=now)


def odm_page(session: Session, study: Study, changes: Sequence[Change], *, name: str) -> bytes:
    """Return one page of the feed as an ODM file; of people it lists those who acted in it."""
    study = replace(study, users=odm_files.users_from(changes))
    latest_at = max((change.recorded_at for change in changes), default=BEGINNING)
    keys = event_keys(session, changes)
    return b"".join(odm_files.transactional(study, changes, keys, file_oid=name, as_of=latest_at))


def changes_of(session: Session, participant: str, extent: Extent) -> Iterator[Change]:
    """Yield all that is served about one participant, in the order of the feed."""
    rows = session.execute(
        select(JournalLink.seq, JournalLink.hash, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(
            JournalEntry.participant_code == participant,
            JournalLink.seq <= extent.upto_seq,
            *feed_limits.conditions(extent.choice),
        )
        .order_by(JournalLink.seq)
    )
    for seq, digest, body in rows:
        yield Change.from_item(
            item_of(seq, digest, body, scopes=extent.scopes, catalogue=extent.catalogue)
        )


def participants(session: Session, extent: Extent) -> list[str]:
    """Return the codes of everybody whom something is served about."""
    query = (
        select(JournalEntry.participant_code)
        .distinct()
        .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
        .where(
            JournalEntry.entity_type == FeedType.PARTICIPANT,
            JournalEntry.kind == JournalKind.CHANGE,
            JournalLink.seq <= extent.upto_seq,
        )
    )
    if extent.choice.site is not None:
        query = query.where(JournalEntry.site_code == extent.choice.site)
    found = session.scalars(query)
    return sorted(code for code in found if code)


def event_keys(session: Session, changes: Iterable[Change]) -> dict[str, EventKey]:
    """Return where in the schedule these changes belong, by assessment id."""
    wanted = {
        change.entity_id if change.type == FeedType.ASSESSMENT else change.data.get("assessment_id")
        for change in changes
    } - {None}
    firsts = (
        select(func.min(JournalEntry.id))
        .where(JournalEntry.entity_type == FeedType.ASSESSMENT, JournalEntry.entity_id.in_(wanted))
        .group_by(JournalEntry.entity_id)
    )
    bodies = session.scalars(select(JournalEntry.body).where(JournalEntry.id.in_(firsts)))
    found = map(json.loads, bodies)
    return {one["entity_id"]: event_key_of(one["after"]) for one in found}


def as_of(session: Session, extent: Extent) -> str:
    """Return when the last entry that an export covers was recorded."""
    recorded_at = session.scalar(
        select(JournalEntry.recorded_at)
        .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
        .where(JournalLink.seq == extent.upto_seq)
    )
    return recorded_at.isoformat() if recorded_at else BEGINNING


def _states(
    session: Session, study: Study, version: str, extent: Extent
) -> Iterator[etree._Element]:
    for participant in participants(session, extent):
        changes = list(changes_of(session, participant, extent))
        state = subject_state(study, version, changes)
        if state is not None:
            yield state


def _histories(
    session: Session, study: Study, version: str, extent: Extent
) -> Iterator[etree._Element]:
    for participant in participants(session, extent):
        changes = list(changes_of(session, participant, extent))
        keys = event_keys_in(changes)
        for change in changes:
            if study.version_of(change) == version:
                yield subject_change(study, change, keys)
