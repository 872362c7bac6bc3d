"""Instruments that belong to others: kept elsewhere, and used only as their licence allows.

A licensed instrument is a folder of its own with `licence.yaml` beside its questionnaires or parts.
study.yaml names the folder under `licensed`; where such folders lie is told when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from questionnaires.words import Language


class EntryMode(StrEnum):
    """How the answers were taken (PRODUCT P-08).

    By the first two she answers alone, on her own telephone or one that is lent to her; the others
    need the site: its tablet, a call in which she is asked, a sheet of paper that is typed in.
    """

    OWN_DEVICE = "own_device"
    PROVISIONED_DEVICE = "provisioned_device"
    SITE_TABLET = "site_tablet"
    TELEPHONE_INTERVIEW = "telephone_interview"
    PAPER_TRANSCRIPTION = "paper_transcription"


# In this order they are offered to whoever enters something on a participant's behalf.
ON_BEHALF = (
    EntryMode.SITE_TABLET, EntryMode.TELEPHONE_INTERVIEW, EntryMode.PAPER_TRANSCRIPTION,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FormModes:
    """A questionnaire that takes answers by fewer modes than its study."""

    questionnaire: str
    modes: tuple[EntryMode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRecord:
    """licence.yaml: what the holder has allowed. `valid_until` is the last day, YYYY-MM-DD."""

    holder: str
    reference: str
    languages: tuple[Language, ...]
    modes: tuple[EntryMode, ...]
    valid_until: str

    def __post_init__(self) -> None:
        try:
            is_day = date.fromisoformat(self.valid_until).isoformat() == self.valid_until
        except ValueError:
            is_day = False
        if not is_day:
            raise ValueError('needs its last day as valid_until: "2027-12-31"')

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the instrument may be used on that day."""
        return day <= date.fromisoformat(self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensedUse:
    """A licensed instrument in a study, and the questionnaires that hold words of it."""

    instrument: str
    licence: LicenceRecord
    questionnaires: tuple[str, ...]


def find_licence_faults(
    uses: Sequence[LicensedUse],
    *,
    languages: Sequence[Language],
    modes_of: Callable[[str], Sequence[EntryMode]],
) -> Iterator[tuple[str, str, str]]:
    """Yield a code, the place and a reason for each use that the licence does not allow.

    `modes_of` tells by which modes a questionnaire is answered in the study.
    """
    for use in uses:
        place = f"licence '{use.instrument}'"
        for language in languages:
            if language not in use.licence.languages:
                yield "not_licensed", place, f"does not allow the language {language}"
        asked = {mode for code in use.questionnaires for mode in modes_of(code)}
        for mode in EntryMode:
            if mode in asked and mode not in use.licence.modes:
                yield "not_licensed", place, f"does not allow answers by {mode}"
        if not use.questionnaires:
            yield "unused", place, "belongs to no questionnaire of this study"


def find_mode_faults(
    modes: Sequence[EntryMode], narrowed: Sequence[FormModes], *, questionnaires: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield a code, the place and a reason for what a study says amiss about modes of its forms."""
    seen: set[str] = set()
    for one in narrowed:
        place = f"study form_modes '{one.questionnaire}'"
        if one.questionnaire not in questionnaires:
            yield "unknown_questionnaire", place, "is no questionnaire of this study"
        if one.questionnaire in seen:
            yield "duplicate", place, "stands there twice"
        if not one.modes:
            yield "no_mode", place, "could be answered in no way"
        for mode in one.modes:
            if mode not in modes:
                yield "unknown_mode", place, f"allows {mode}, which the study does not"
        seen.add(one.questionnaire)


def expired_on(uses: Sequence[LicensedUse], day: date) -> tuple[LicensedUse, ...]:
    """Return the uses whose licence has ended before that day."""
    return tuple(use for use in uses if not use.licence.is_valid_on(day))
