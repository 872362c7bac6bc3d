"""Making the investigator's copy of a site: a folder that is whole, or is refused as unfinished.

Participants are read one after the other, so that five thousand take no more memory than one. The
caller reads within one transaction that sees nothing of what comes meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from epro.access import Scope
from epro.archive import audit, check, pages, record, safety
from epro.archive.folder import Folder, begin
from epro.archive.pdf import write_pdf
from epro.archive.record import Block, Line, Reader, Staff
from epro.archive.words import say
from epro.exchange.dataset_files import csv_file
from epro.models import (
    AdverseEvent,
    Assessment,
    CandidateDecision,
    Consent,
    Contact,
    Correction,
    JournalLink,
    Participant,
    Quarantine,
    QuestionnaireResponse,
    SafetyFlag,
    Site,
    SiteActivation,
    StudyVersion,
    User,
)
from epro.services import feed, snapshots, staff
from epro.services.archives import Made
from epro.services.feed_exports import Extent
from epro.services.feed_items import Choice
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language
from questionnaires.preview.page import page_of
from questionnaires.preview.rules_page import html_of
from questionnaires.preview.rules_pdf import pdf_of
from questionnaires.rule_book import rule_book

FORMAT = "epro-site-archive/1"
# Everything that the site wrote down itself; it is the site's own record.
SCOPES = frozenset(
    {Scope.READ, Scope.FREE_TEXT, Scope.FLAGS, Scope.ADVERSE_EVENTS, Scope.SECOND_INFUSION}
)
CODE_BOOK = "code-book.csv"
IDENTITY = ("participant", "phone", "email", "year_of_birth")
# What is counted three times: rows of the tables, what the documents say, what the journal tells.
COUNTED: Mapping[str, tuple[type[Any], str | None]] = {
    "responses": (QuestionnaireResponse, "response"),
    "assessments": (Assessment, "assessment"),
    "corrections": (Correction, "correction"),
    "refused_submissions": (Quarantine, "quarantine"),
    "flags": (SafetyFlag, "flag"),
    "contacts": (Contact, "contact"),
    "adverse_events": (AdverseEvent, "adverse_event"),
    "event_decisions": (CandidateDecision, None),
    "consents": (Consent, None),
}
PARTS = (
    record.about, safety.taking_part, record.answers, record.unanswered, record.refused,
    safety.flags_of, safety.contacts, safety.events, safety.signatures,
)  # fmt: skip


class NotWhole(ValueError):
    """What was written is not what the database holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose copy is made, where, in which languages, and by whom with which release.

    `identity` are rows of phone, address and year of birth, for whoever asked for them.
    """

    site: Site
    path: Path
    languages: Sequence[Language]
    made_by: str
    release: str
    identity: Sequence[Sequence[Any]] = ()


def make(
    session: Session,
    wanted: Wanted,
    *,
    catalogue: Catalogue,
    now: datetime,
    on_progress: Callable[[], None] = lambda: None,
    put_on_record: Callable[[Made], None] = lambda _made: None,
) -> Made:
    """Write the copy, compare it with the database, and return what was made.

    Calls `on_progress` after each of its `step_count` steps, and `put_on_record` before the folder
    is no longer marked as unfinished: a copy that nobody knows of could never be received. Raises
    FolderRefused for a folder that is not empty, and NotWhole where a count differs.
    """
    site = session.get_one(Site, wanted.site.id)
    if not _versions_of(session, site):
        raise NotWhole(f"No study was ever in force at {site.code}; there is nothing to copy.")
    folder = begin(wanted.path)
    upto_seq = feed.head(session)
    link = session.get(JournalLink, upto_seq)
    head = link.hash if link else check.FIRST_HASH
    told, entities, entries = Counter[str](), Counter[str](), {}
    accounts = dict(session.execute(select(User.id, User.username)).all())
    people = Staff(accounts, staff.full_names(session))
    codes = participants_of(session, site)
    for code in codes:
        told += _write_documents(
            session, folder, code, wanted, site, people, catalogue=catalogue, upto_seq=upto_seq
        )
        entries[code], known = audit.write_entries(
            session,
            folder,
            code,
            audit.of_participant(code),
            site=site,
            catalogue=catalogue,
            people=people.full_names,
            upto_seq=upto_seq,
        )
        entities += known
        session.expunge_all()  # so that a long trial is not held in memory at once
        on_progress()
    counts = _compared(session, site, told, entities)
    session.add(site)
    entries[audit.SITE_FILE], known = audit.write_entries(
        session,
        folder,
        audit.SITE_FILE,
        audit.of_site(site),
        site=site,
        catalogue=catalogue,
        people=people.full_names,
        upto_seq=upto_seq,
    )
    entities += known
    audit.write_chain(session, folder, upto_seq=upto_seq)
    counts["journal_entries"] = sum(entries.values())
    for name in snapshots.KINDS:
        _write_data(session, folder, site, name, catalogue=catalogue, upto_seq=upto_seq)
        on_progress()
    versions = _write_definitions(session, folder, site, catalogue)
    if wanted.identity:
        with folder.writing("identity.csv") as file:
            for piece in csv_file(IDENTITY, wanted.identity):
                file.write(piece)
    said = {
        "format": FORMAT, "release": wanted.release,
        "site": {"code": site.code, "name_zh": site.name_zh, "name_en": site.name_en,
                 "zone": site.zone},
        "study_versions": versions, "made_at": now.isoformat(), "made_by": wanted.made_by,
        "languages": [str(one) for one in wanted.languages],
        "holds_identity": bool(wanted.identity), "counts": counts,
        "journal": {"upto_seq": upto_seq, "head": head, "entries": entries,
                    "entities": dict(sorted(entities.items()))},
    }  # fmt: skip
    folder.write("check.py", Path(check.__file__).read_bytes())
    folder.write("README.txt", pages.readme(said))
    folder.write("index.html", pages.index(said, codes, wanted.languages))
    made = Made(
        upto_seq=upto_seq,
        journal_head=head,
        manifest_sha256=folder.finish(said),
        counts=counts,
        made_by=wanted.made_by,
    )
    put_on_record(made)
    folder.close()
    return made


def participants_of(session: Session, site: Site) -> Sequence[str]:
    """Return the codes of everybody enrolled at the site, in order."""
    query = select(Participant.code).where(Participant.site_id == site.id)
    return session.scalars(query.order_by(Participant.code)).all()


def _write_documents(
    session: Session,
    folder: Folder,
    code: str,
    wanted: Wanted,
    site: Site,
    people: Staff,
    *,
    catalogue: Catalogue,
    upto_seq: int,
) -> Counter[str]:
    """Write the participant's record in words; return how much of each kind it says."""
    participant = session.scalars(select(Participant).where(Participant.code == code)).one()
    counts = []
    for language in wanted.languages:
        reader = Reader(
            session=session, participant=participant, site=site, catalogue=catalogue,
            language=language, staff=people,
        )  # fmt: skip
        blocks: list[Block] = [Line(reader.say("record.upto", seq=upto_seq), is_small=True)]
        blocks += [block for part in PARTS for block in part(reader)]
        name = pages.document_of(code, language)
        (folder.path / name).parent.mkdir(exist_ok=True)
        write_pdf(
            folder.path / name, blocks, title=say("record", language), code=code, language=language
        )
        folder.note(name)
        counts.append(reader.told)
    return counts[0]


def step_count(session: Session, site: Site) -> int:
    """Return in how many steps a copy is made: each participant, then each file of data."""
    return len(participants_of(session, site)) + len(snapshots.KINDS)


def _write_data(
    session: Session, folder: Folder, site: Site, name: str, *, catalogue: Catalogue, upto_seq: int
) -> None:
    choice = Choice(None, SCOPES, site=site.code)
    extent = Extent(choice=choice, upto_seq=upto_seq, catalogue=catalogue)
    part = "definitions" if name == CODE_BOOK else "data"
    with folder.writing(f"{part}/{name}") as file:
        for piece in snapshots.KINDS[name].write(session, extent):
            file.write(piece)


def _write_definitions(
    session: Session, folder: Folder, site: Site, catalogue: Catalogue
) -> list[dict[str, str]]:
    """Write what each study version asks and judges; return which versions were in force here."""
    rows = _versions_of(session, site)
    for row in rows:
        package = catalogue.package(row.id)
        book = rule_book(package)
        place = f"definitions/{row.study_code}-{row.version}"
        folder.write(f"{place}/study.json", row.canonical_json)
        folder.write(f"{place}/study.html", page_of(package))
        folder.write(f"{place}/rules.html", html_of(book))
        folder.write(f"{place}/rules.pdf", pdf_of(book))
    return [{"study": row.study_code, "version": row.version, "sha256": row.sha256} for row in rows]


def _versions_of(session: Session, site: Site) -> Sequence[StudyVersion]:
    """Return the study versions that were ever in force at the site, in the order published."""
    in_force = select(SiteActivation.study_version_id).where(SiteActivation.site_id == site.id)
    return session.scalars(
        select(StudyVersion).where(StudyVersion.id.in_(in_force)).order_by(StudyVersion.id)
    ).all()


def _compared(
    session: Session, site: Site, told: Counter[str], entities: Counter[str]
) -> dict[str, int]:
    """Return the counts of the database. Raises NotWhole where the copy has others."""
    hers = select(Participant.id).where(Participant.site_id == site.id)
    counts = {"participants": session.scalar(_count(Participant, Participant.site_id == site.id))}
    faults = []
    for name, (table, kind) in COUNTED.items():
        counts[name] = session.scalar(_count(table, table.participant_id.in_(hers)))
        if counts[name] != told[name]:
            faults.append(f"{name}: {counts[name]} in the database, {told[name]} in the documents")
        if kind is not None and counts[name] != entities[kind]:
            faults.append(
                f"{name}: {counts[name]} in the database, {entities[kind]} in the journal"
            )
    if told["signatures"] != entities["signature"]:
        faults.append(
            f"signatures: {told['signatures']} in the database, {entities['signature']} in the"
            " journal"
        )
    if faults:
        raise NotWhole(
            "The copy does not hold what the database holds. Make it again in an empty folder; if"
            f" it stays so, entries are missing. {'; '.join(faults)}."
        )
    return {name: count or 0 for name, count in counts.items()} | {"signatures": told["signatures"]}


def _count(table: type[Any], which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(which)
