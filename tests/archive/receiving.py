"""A site with a copy that was made, for tests about receiving it and about what comes after."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Role
from epro.clock import wall_clock_now
from epro.models import JournalEntry, JournalLink, Site, SiteArchive
from epro.services import archives, journal, retention
from epro.services.archives import Made
from epro.services.journal import FIRST_HASH, Subject
from epro.services.retention import Statement
from epro.services.staff import NewUser
from tests.clock import START
from tests.factories import (
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    make_keyring,
    proof_of,
    user_actor,
)

KEYRING = make_keyring()
LATER = START + timedelta(days=1)


@dataclass
class Closed:
    """A site with one participant, whose investigator may receive the copy of everything so far."""

    session: Session
    site: Site = field(init=False)
    investigator: NewUser = field(init=False)
    archive: SiteArchive = field(init=False)

    def __post_init__(self) -> None:
        self.site = add_site(self.session)
        add_study_version(self.session, self.site)
        add_participant(self.session, self.site)
        self.investigator = add_user(
            self.session, "wang.fang", roles=[Role.INVESTIGATOR], keyring=KEYRING
        )
        self.happens("response.completed")
        self.archive = self.make()

    @property
    def actor(self) -> Actor:
        return user_actor(self.investigator.user)

    def make(self, letter: str = "a") -> SiteArchive:
        """Put on record that a copy of everything so far was made; `letter` is its hash."""
        seq, head = self.link()
        made = Made(upto_seq=seq, journal_head=head, manifest_sha256=letter * 64, made_by="test",
                    counts={"participants": 1})  # fmt: skip
        archive = archives.record_made(self.session, SYSTEM, self.site, made, now=START)
        self.link()
        return archive

    def receive(
        self, typed: str | None = None, *, actor: Actor | None = None, **wrong: str
    ) -> None:
        sha256 = self.archive.manifest_sha256 if typed is None else typed
        archives.receive(
            self.session, actor or self.actor, self.archive.id, sha256,
            proof_of(self.investigator, wall_clock_now(), **wrong), keyring=KEYRING, now=LATER,
        )  # fmt: skip
        self.link()

    def happens(self, verb: str) -> None:
        """Put something about the site's participant on record."""
        subject = Subject(
            entity_type=verb.partition(".")[0], entity_id=f"of {verb}",
            participant_code="SZ01-014", site_code=self.site.code,
        )  # fmt: skip
        journal.record(self.session, SYSTEM, verb, subject, after={}, now=START)
        self.link()

    def state(self, *, site: Site | None = None, now: datetime = LATER, **said: object) -> None:
        statement = Statement(**{"document": "NMPA 1", **said})  # type: ignore[arg-type]
        retention.state(self.session, SYSTEM, statement, site=site, now=now)
        self.link()

    def link(self) -> tuple[int, str]:
        """Link what has no place, as the sequencer does once a transaction has ended.

        On PostgreSQL it would wait for the end of this one, which is rolled back.
        """
        last = self.session.execute(
            select(JournalLink.seq, JournalLink.hash, JournalLink.entry_id)
            .order_by(JournalLink.seq.desc())
            .limit(1)
        ).one_or_none()
        seq, head, entry_id = last or (0, FIRST_HASH, 0)
        for entry in self.session.scalars(
            select(JournalEntry).where(JournalEntry.id > entry_id).order_by(JournalEntry.id)
        ):
            seq += 1
            link = JournalLink(seq=seq, entry_id=entry.id, prev_hash=head,
                               hash=journal.link_hash(head, seq, entry.body))  # fmt: skip
            self.session.add(link)
            head = link.hash
        self.session.flush()
        return seq, head
