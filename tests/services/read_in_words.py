"""What a person reads of the journal: every entry since one, in both languages."""

import json
import re
from itertools import chain

from sqlalchemy import select

from epro.models import JournalEntry
from epro.services.journal_reading import JournalReader
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language
from tests.api.world import World
from tests.factories import shipped_package

# A name of ours for machines: words joined by underscores.
RAW = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
CATALOGUE = Catalogue({1: shipped_package()})


def codes_read_after(world: World, entry_id: int) -> list[str]:
    """Return what of the entries after this one a person would read as a code."""
    readers = [JournalReader(language=one, catalogue=CATALOGUE) for one in Language]
    with world.database.reading() as session:
        bodies = session.scalars(select(JournalEntry.body).where(JournalEntry.id > entry_id)).all()
    read: list[str] = []
    for content in map(json.loads, bodies):
        for reader in readers:
            told = [(one.field, one.before, one.after) for one in reader.changes(content)]
            read += [reader.sentence(content), reader.reason(content) or "", *chain(*told)]
    return [one for one in read if RAW.search(one)]
