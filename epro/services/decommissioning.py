"""Taking the system away for good: what has to be true first, and what remains as a certificate.

The journal is one chain of all sites and only ever added to, so nothing of it is removed piece by
piece; the whole database goes, or none of it (docs/decisions/0024-archive-and-retention.md).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors_of_record import DecommissionRefused
from epro.models import (
    JournalEntry,
    JournalKind,
    JournalLink,
    KeptFrom,
    Participant,
    Site,
    SiteArchive,
    StudyVersion,
    User,
)
from epro.services import archives, journal, retention
from epro.services.journal import Subject
from epro.services.retention import Kept

CONFIRMED = "study.decommissioned"
# Changes that come after a copy by their nature, and are in the certificate or of no trial data.
AFTERWARDS = ("site_archive", "retention")
EVENTS = {
    KeptFrom.MARKETING_APPROVAL: "the marketing approval",
    KeptFrom.TRIAL_END: "the end of the trial",
}


def reasons_against(session: Session, verified: Collection[str], *, now: datetime) -> Sequence[str]:
    """Return every reason why the record may not go yet, in words; none where all is in order.

    `verified` are the SHA-256 of the manifests of copies that were just checked and hold. The
    caller has given the journal's entries their places.
    """
    found = []
    if (broken := journal.verify(session).first_break) is not None:
        found.append(f"The journal is broken at number {broken.seq}: {broken.reason}.")
    for site in _sites(session):
        found += [f"{site.code}: {one}" for one in _of_site(session, site, verified, now=now)]
    return found


def study_codes(session: Session) -> Sequence[str]:
    """Return the codes of the studies that were published here."""
    query = select(StudyVersion.study_code).distinct().order_by(StudyVersion.study_code)
    return session.scalars(query).all()


def confirm(
    session: Session, actor: Actor, typed_code: str, verified: Collection[str], *, now: datetime
) -> None:
    """Put on record that everything is in order and who takes the system away, and on what ground.

    Raises DecommissionRefused with every reason, also where `typed_code` is not the study's.
    """
    found = list(reasons_against(session, verified, now=now))
    codes = study_codes(session)
    if typed_code not in codes:
        found.append(f"{typed_code} is not the study here: {', '.join(codes) or 'none'}.")
    if found:
        raise DecommissionRefused(
            details={"problems": [{"place": "record", "message": one} for one in found]}
        )
    sites = [_ground(session, site, verified) for site in _sites(session)]
    journal.record(
        session, actor, CONFIRMED, Subject(entity_type="study", entity_id=typed_code),
        after={"study": typed_code, "sites": sites}, now=now,
    )  # fmt: skip


def certificate(session: Session) -> dict[str, Any] | None:
    """Return what remains: the last confirmation with its place in the chain, and the chain's head.

    None while that entry has no place yet, or is not the last, because something still writes.
    """
    row = session.execute(
        select(JournalLink, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(JournalEntry.verb == CONFIRMED)
        .order_by(JournalLink.seq.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    link, body = row
    last = session.execute(
        select(JournalLink.seq, JournalLink.hash).order_by(JournalLink.seq.desc()).limit(1)
    ).one()
    if last.seq != link.seq:
        return None
    return {
        "entry": {
            "seq": link.seq, "prev_hash": link.prev_hash, "hash": link.hash, "body": body
        },
        "journal": {"seq": last.seq, "head": last.hash},
    }  # fmt: skip


def in_words(kept: Kept) -> str:
    """Return how long a record is kept, and why, as one sentence without its end."""
    if kept.until_on is None or kept.from_on is None or kept.kept_from is None:
        return "it is kept without limit: nobody has stated yet from when its years count"
    why = f"{kept.years} years after {EVENTS[kept.kept_from]} of {kept.from_on.isoformat()}"
    if kept.contract_until_on == kept.until_on:
        why = "by contract"
    return f"it is kept to the end of {kept.until_on.isoformat()}, {why}"


def _sites(session: Session) -> Sequence[Site]:
    """Return the sites that anybody was enrolled at."""
    has_anybody = exists().where(Participant.site_id == Site.id)
    return session.scalars(select(Site).where(has_anybody).order_by(Site.code)).all()


def _of_site(
    session: Session, site: Site, verified: Collection[str], *, now: datetime
) -> Iterator[str]:
    kept = retention.of_site(session, site)
    if not kept.is_over(today=retention.local_today(site, now=now)):
        documents = f" ({'; '.join(kept.documents)})" if kept.documents else ""
        yield f"{in_words(kept)}{documents}."
    received = archives.received_of(session, site)
    if not received:
        yield "no investigator has received a copy of its record."
        return
    archive = _verified_of(received, verified)
    if archive is None:
        yield (
            "the copy that its investigator received was not shown, or does not hold"
            f" (manifest {received[0].manifest_sha256})."
        )
        return
    link = session.get(JournalLink, archive.upto_seq)
    if link is None or link.hash != archive.journal_head:
        yield "the journal is not the one that the received copy was made from."
    later = _changed_after(session, site, archive)
    if later is not None:
        count, (seq, verb) = later
        yield (
            f"{count} changes are in no copy that was received, the first is number {seq}"
            f" ({verb}). Make another copy."
        )


def _verified_of(received: Sequence[SiteArchive], verified: Collection[str]) -> SiteArchive | None:
    return next((one for one in received if one.manifest_sha256 in verified), None)


def _changed_after(
    session: Session, site: Site, archive: SiteArchive
) -> tuple[int, tuple[int, str]] | None:
    later = (
        select(JournalLink.seq, JournalEntry.verb)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(
            JournalLink.seq > archive.upto_seq,
            JournalEntry.site_code == site.code,
            JournalEntry.kind == JournalKind.CHANGE,
            JournalEntry.entity_type.not_in(AFTERWARDS),
        )
    )
    first = session.execute(later.order_by(JournalLink.seq).limit(1)).one_or_none()
    if first is None:
        return None
    count = session.scalar(select(func.count()).select_from(later.subquery()))
    return count or 0, (first.seq, first.verb)


def _ground(session: Session, site: Site, verified: Collection[str]) -> dict[str, Any]:
    """Return on what ground a site's record goes: its copy, who has it, how long it was kept."""
    received = archives.received_of(session, site)
    archive = next(one for one in received if one.manifest_sha256 in verified)
    kept = retention.of_site(session, site)
    return {
        "site": site.code, "participants": archive.participant_count,
        "archive": archive.manifest_sha256, "made_at": archive.made_at,
        "upto_seq": archive.upto_seq, "received_at": archive.received_at,
        "received_by": session.get_one(User, archive.received_by_id).full_name,
        "kept_until": kept.until_on, "documents": list(kept.documents),
    }  # fmt: skip
