"""The investigator's own copies of a site's record: made, and received by a named person.

The sponsor never holds the only copy (FDA PRO guidance 2009; EMA 2023, 6.5-6.6): the copy leaves as
a folder that opens without this system, and stays with the site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.errors import InvalidInput, NotFound
from epro.models import Site, SiteArchive, User
from epro.services import journal, signing
from epro.services.journal import Subject
from epro.services.paging import Paged, Wanted, by_column, read_page
from epro.services.signing_in import Proof

PAGE = 20


class Column(StrEnum):
    """What the list of copies can be sorted by; without any the newest come first."""

    MADE = "made"
    SITE = "site"
    RECEIVED = "received"


ORDERS: Mapping[Column, Any] = {
    Column.MADE: SiteArchive.made_at,
    Column.SITE: Site.code,
    Column.RECEIVED: SiteArchive.received_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a copy holds: everything up to `upto_seq`, whose link has the hash `journal_head`.

    `made_by` is who has it made, as the manifest says; who gave the command is on record.
    """

    upto_seq: int
    journal_head: str
    manifest_sha256: str
    made_by: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArchive:
    """One copy as people read it; `received_by` is a printed name."""

    archive: SiteArchive
    site: Site
    received_by: str | None


def record_made(
    session: Session, actor: Actor, site: Site, made: Made, *, now: datetime
) -> SiteArchive:
    """Put on record that a copy of a site was made, by whom, and the hash of its manifest."""
    archive = SiteArchive(
        site_id=site.id, made_at=now, made_by=made.made_by, upto_seq=made.upto_seq,
        journal_head=made.journal_head, manifest_sha256=made.manifest_sha256,
        participant_count=made.counts["participants"],
    )  # fmt: skip
    session.add(archive)
    session.flush()
    _put_on_record(
        session, actor, "archive.made", archive, site, before=None, now=now,
        after=_facts(archive) | {"counts": dict(made.counts)},
    )  # fmt: skip
    return archive


def receive(
    session: Session,
    actor: Actor,
    archive_id: UUID,
    typed_sha256: str,
    proof: Proof,
    *,
    keyring: Keyring,
    now: datetime,
) -> SiteArchive:
    """Put on record that an investigator of the site has this copy, proven by two components.

    She types the SHA-256 of the manifest as her own copy has it. Receiving again changes nothing.
    Raises NotFound, InvalidInput for another hash, and what `signing.prove` raises.
    """
    found = session.execute(
        select(SiteArchive, Site)
        .join(Site, Site.id == SiteArchive.site_id)
        .where(SiteArchive.id == archive_id)
        .with_for_update(of=SiteArchive)
    ).one_or_none()
    if found is None or not actor.may_at(Permission.SIGN_OFF_RECORD, found[1].id):
        raise NotFound
    archive, site = found
    if archive.received_at is not None:
        return archive
    if "".join(typed_sha256.split()).lower() != archive.manifest_sha256:
        message = "This is not the SHA-256 of this copy's manifest.json."
        raise InvalidInput(details={"problems": [{"place": "sha256", "message": message}]})
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    archive.received_at, archive.received_by_id = now, actor.id
    archive.version += 1
    session.flush()
    _put_on_record(
        session, actor, "archive.received", archive, site, before={"received_at": None}, now=now,
        after=_facts(archive) | {"received_at": now, "received_by": actor.name},
    )  # fmt: skip
    return archive


def list_page(session: Session, actor: Actor, wanted: Wanted[Column]) -> Paged[ShownArchive]:
    """Return a page of the copies of the actor's sites, or of one of them."""
    query: Select[*tuple[Any, ...]] = (
        select(SiteArchive, Site, User.full_name)
        .join(Site, Site.id == SiteArchive.site_id)
        .outerjoin(User, User.id == SiteArchive.received_by_id)
    )
    if wanted.site is not None:
        query = query.where(Site.code == wanted.site)
    if wanted.column is not None:
        query = by_column(query, ORDERS[wanted.column], is_descending=wanted.is_descending)
    query = query.order_by(SiteArchive.made_at.desc(), SiteArchive.id)
    site_ids = actor.sites_for(Permission.SIGN_OFF_RECORD)
    if site_ids is not None:
        query = query.where(SiteArchive.site_id.in_(site_ids))
    return read_page(session, query, wanted.page, size=PAGE).each(
        lambda row: ShownArchive(archive=row[0], site=row[1], received_by=row[2])
    )


def received_of(session: Session, site: Site) -> Sequence[SiteArchive]:
    """Return the copies of a site that an investigator has received, the newest first."""
    return session.scalars(
        select(SiteArchive)
        .where(SiteArchive.site_id == site.id, SiteArchive.received_at.is_not(None))
        .order_by(SiteArchive.upto_seq.desc(), SiteArchive.made_at.desc())
    ).all()


def _facts(archive: SiteArchive) -> dict[str, Any]:
    return {
        "made_at": archive.made_at, "made_by": archive.made_by, "upto_seq": archive.upto_seq,
        "journal_head": archive.journal_head, "manifest_sha256": archive.manifest_sha256,
    }  # fmt: skip


def _put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    archive: SiteArchive,
    site: Site,
    *,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="site_archive", entity_id=str(archive.id), version=archive.version,
            site_code=site.code, site_id=site.id,
        ),
        after=after, before=before, now=now,
    )  # fmt: skip
