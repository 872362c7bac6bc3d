"""The audit trail of a copy: each entry as it was hashed and in words, and the whole chain."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from epro.archive.check import CHAIN, CHAIN_HEAD
from epro.archive.folder import Folder
from epro.exchange.dataset_files import csv_file
from epro.models import JournalEntry, JournalLink, Site
from epro.services import journal
from epro.services.journal_reading import JournalReader
from epro.services.journal_words import changes
from epro.services.staff import known_as
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language

BATCH = 1_000
SITE_FILE = "site"
# What of the whole study a site needs to understand its own record; the rest stands as hashes.
STUDY_WIDE = ("retention", "study_version")
COLUMNS = (
    "number", "recorded_at", "occurred_at", "who", "role", "words_zh", "words_en", "changed",
    "reason", "verb", "entity", "entity_id", "version", "kind", "hash",
)  # fmt: skip


def of_participant(code: str) -> ColumnElement[bool]:
    """Return what holds for the entries about one participant."""
    return JournalEntry.participant_code == code


def of_site(site: Site) -> ColumnElement[bool]:
    """Return what holds for a site's other entries, and those of the study that concern it."""
    study_wide = and_(JournalEntry.site_code.is_(None), JournalEntry.entity_type.in_(STUDY_WIDE))
    return and_(
        JournalEntry.participant_code.is_(None),
        or_(JournalEntry.site_code == site.code, study_wide),
    )


def write_entries(
    session: Session, folder: Folder, name: str, which: ColumnElement[bool], *, site: Site,
    catalogue: Catalogue, people: Mapping[str, str], upto_seq: int,
) -> tuple[int, Counter[str]]:  # fmt: skip
    """Write the entries as they were hashed (NDJSON) and in words (CSV).

    Return how many they are, and how many things of each kind they tell of.
    """
    query = (
        select(JournalLink.seq, JournalLink.prev_hash, JournalLink.hash, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(which, JournalLink.seq <= upto_seq)
        .order_by(JournalLink.seq)
    )
    count = 0
    known: set[tuple[str, str]] = set()
    with folder.writing(f"audit/{name}.ndjson") as file:
        for seq, prev_hash, digest, body in _streamed(session, query):
            entry = {"seq": seq, "prev_hash": prev_hash, "hash": digest, "body": body}
            file.write(f"{journal.canonical(entry)}\n".encode())
            content = json.loads(body)
            known.add((content["entity_type"], content["entity_id"]))
            count += 1
    with folder.writing(f"audit/{name}.csv") as file:
        zone = ZoneInfo(site.zone)
        zh, en = (
            JournalReader(language=language, catalogue=catalogue, zone=zone, people=people)
            for language in (Language.ZH, Language.EN)
        )
        rows = (_in_words(row, zh, en) for row in _streamed(session, query))
        for piece in csv_file(COLUMNS, rows):
            file.write(piece)
    return count, Counter(kind for kind, _ in known)


def write_chain(session: Session, folder: Folder, *, upto_seq: int) -> None:
    """Write the place and hash of every entry of the study: what the hashes here hang on."""
    query = (
        select(JournalLink.seq, JournalLink.hash)
        .where(JournalLink.seq <= upto_seq)
        .order_by(JournalLink.seq)
    )
    with folder.writing(CHAIN) as file:
        file.write(CHAIN_HEAD)
        for seq, digest in _streamed(session, query):
            file.write(f"{seq:012d},{digest}\n".encode())


def _streamed(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    with session.execute(query, execution_options={"yield_per": BATCH}) as rows:
        yield from rows


def _in_words(row: Any, zh: JournalReader, en: JournalReader) -> list[Any]:
    content = json.loads(row.body)
    changed = [
        f"{one['field']}: {_plain(one['before'])} → {_plain(one['after'])}"
        for one in changes(content)
    ]
    recorded_at = datetime.fromisoformat(content["recorded_at"]).astimezone(zh.zone)
    return [
        row.seq, recorded_at.isoformat(), content["occurred_at"],
        known_as(content["actor"]["name"], zh.people),
        content["actor"]["role"], zh.sentence(content), en.sentence(content),
        "; ".join(changed), content["reason"] or "",
        content["verb"], content["entity_type"], content["entity_id"], content["version"],
        content["kind"], row.hash,
    ]  # fmt: skip


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
