"""Words in what staff write that might tell who received what: warned of, and kept if confirmed.

A warning and no wall (B-03): a swollen arm or a medicine's dose is no secret, so a person decides.
The words are data of the study, with their exceptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.services import journal
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue
from questionnaires.lexicon import find


@dataclass(frozen=True, slots=True)
class Revealing:
    """The words that were found, by the field they stand in; nothing of the text around them."""

    by_field: Mapping[str, tuple[str, ...]]

    @property
    def words(self) -> list[str]:
        """Each word once, in order."""
        return list(dict.fromkeys(word for found in self.by_field.values() for word in found))


def find_in(texts: Mapping[str, str], *, catalogue: Catalogue) -> Revealing:
    """Look through texts, by field, with the words of the newest study version."""
    packages = catalogue.packages
    lexicon = packages[-1].may_reveal if packages else None
    if lexicon is None:
        return Revealing({})
    found = {field: find(lexicon, text) for field, text in texts.items()}
    return Revealing({field: words for field, words in found.items() if words})


def note_confirmed(
    session: Session, actor: Actor, revealing: Revealing, *, where: str, now: datetime
) -> None:
    """Put on record that somebody has looked at the words and keeps them, with what they keep."""
    journal.record(
        session, actor, "words.confirmed", Subject(entity_type="wording", entity_id=where),
        after={"words": revealing.words, "fields": dict(revealing.by_field)}, now=now,
    )  # fmt: skip
