"""The smallest words of a study package: texts in two languages, and clauses over answers.

They are read from `definition`, which names them too; they stand here so that parts of a package
that `definition` is made of can use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

AnswerValue: TypeAlias = bool | int | float | str | tuple[str, ...]
ClauseAnswer: TypeAlias = bool | int | float | str


class Language(StrEnum):
    """The languages every text exists in."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Translated:
    """One text in every language."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the text in that language."""
        return self.zh if language is Language.ZH else self.en


class Operator(StrEnum):
    """How a clause compares; the meaning is that of FHIR `enableWhen`, see `branching.py`."""

    EXISTS = "exists"
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


class Behavior(StrEnum):
    """Whether all clauses have to hold, or any."""

    ALL = "all"
    ANY = "any"


class Derivation(StrEnum):
    """Values that a safety rule may read beside answers; worked out where the rules are run.

    HOURS_SINCE_INFUSION: hours since the latest recorded infusion start, fractions included
    (48 h 01 min is more than 48); no value before the first infusion.
    TEMPERATURE_TENTHS_ORAL: the answer to `temp` in whole tenths of a degree Celsius, +3 if taken
    under the arm. Route: the answer to `temp_route`, else the participant's, else the study's.
    Where `temp_again` was answered too, by `temp_again_route`, the higher of the two.
    """

    HOURS_SINCE_INFUSION = "hours_since_infusion"
    TEMPERATURE_TENTHS_ORAL = "temperature_tenths_oral"


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison. `question` is an item's link_id; in a safety rule also a Derivation."""

    question: str
    operator: Operator
    answer: ClauseAnswer
