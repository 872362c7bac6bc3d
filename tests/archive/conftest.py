"""A small trial at two sites, in which something of everything happened, and the copy of one."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from epro.archive import making
from epro.archive.making import Wanted
from epro.models import Site
from epro.services import archives, journal, sites
from epro.services.archives import Made
from questionnaires.definition import Language
from tests.api.world import HERE, World, Worlds
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import SYSTEM
from tests.web.cases_record import decide_candidate, decide_correction, sign_event, void_event
from tests.web.test_record import log_contact


@dataclass
class Archiving:
    """One trial, and its copy: made once, never changed by a test."""

    world: World
    folder: Path
    made: Made = field(init=False)
    held: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for act in (decide_correction, decide_candidate, sign_event, void_event, log_contact):
            assert act(self.world).status_code in {200, 303}
        self.sequence()
        with self.world.database.reading() as session:
            self.made = self.make(session, self.folder, held=self.held)
        with self.world.database.transaction() as session:
            site = sites.get_site(session, HERE)
            archives.record_made(session, SYSTEM, site, self.made, now=self.world.clock())

    def sequence(self) -> None:
        with self.world.database.transaction() as session:
            journal.sequence(session)

    def make(
        self,
        session: Session,
        folder: Path,
        *,
        languages: tuple[Language, ...] = (Language.ZH, Language.EN),
        held: list[int] | None = None,
        put_on_record: Callable[[Made], None] = lambda _made: None,
    ) -> Made:
        """Make a copy; `held` gets how much the session holds after each step."""
        site: Site = sites.get_site(session, HERE)
        wanted = Wanted(
            site=site, path=folder, languages=languages, made_by="test", release="0.0.0"
        )
        seen = held if held is not None else []
        return making.make(
            session, wanted, catalogue=self.world.app.extensions["epro"].studies.catalogue(session),
            now=self.world.clock(), on_progress=lambda: seen.append(len(session.identity_map)),
            put_on_record=put_on_record,
        )  # fmt: skip


@pytest.fixture(scope="session")
def made_copies(
    database_shelf: DatabaseShelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[DatabaseKind], Archiving]]:
    with Worlds(database_shelf) as worlds:
        known: dict[DatabaseKind, Archiving] = {}

        def of(kind: DatabaseKind) -> Archiving:
            if kind not in known:
                known[kind] = Archiving(worlds[kind], tmp_path_factory.mktemp("copy") / HERE)
            return known[kind]

        yield of


@pytest.fixture
def archiving(
    made_copies: Callable[[DatabaseKind], Archiving], database_kind: DatabaseKind
) -> Archiving:
    """The trial and its copy, to be read."""
    return made_copies(database_kind)


@pytest.fixture
def copied(archiving: Archiving, tmp_path: Path) -> Path:
    """A copy of the copy, to tamper with."""
    return Path(shutil.copytree(archiving.folder, tmp_path / "copied"))
