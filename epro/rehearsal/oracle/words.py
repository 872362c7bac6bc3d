"""Words of danger in what people write, found as the head of lexicons.yaml says."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

# The questions that are answered in her own words.
IN_OWN_WORDS = ("note", "what_text", "medicine_name", "contact_about")
CLAUSE_ENDS = "。！？；，、,.!?;:：\n"
FEW, FEW_LATIN = 6, 24


@dataclass(slots=True)
class Question:
    """What she is asked when only her words sound like danger, and until when she may answer."""

    rules: list[dict[str, Any]]
    answer_by: datetime
    is_settled: bool = False

    def left_standing(self, said: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rules that her answer does not settle; a late "no" leaves what was flagged."""
        is_no = not said["help_now"] and said.get("hospital_planned") in {None, "planned"}
        if is_no and self.is_settled:
            return []
        return [
            rule for rule in self.rules if not (is_no and rule["asks_first"]["is_settled_by_no"])
        ]


def lexicons_met(lexicons: Iterable[dict[str, Any]], said: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of each lexicon of which a phrase stands in what she wrote."""
    texts = [said[name] for name in IN_OWN_WORDS if isinstance(said.get(name), str)]
    for lexicon in lexicons:
        if any(_stands_in(lexicon, _in_plain(text)) for text in texts):
            yield lexicon["name"]


def _stands_in(lexicon: dict[str, Any], text: str) -> bool:
    """Tell whether a phrase stands there that is not wholly inside an exception."""
    spared = list(_spans(lexicon["exceptions"], text))
    return any(
        not any(first <= begin and end <= last for first, last in spared)
        for begin, end in _spans(lexicon["phrases"], text)
    )


def _spans(by_language: Mapping[str, list[str]], text: str) -> Iterator[tuple[int, int]]:
    """Yield where phrases stand; most do not, and looking is cheaper than matching."""
    for phrase in (str(one) for phrases in by_language.values() for one in phrases):
        if _in_plain(phrase.partition("*")[0]) in text:
            yield from (match.span() for match in _pattern(phrase).finditer(text))


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    plain = _in_plain(phrase)
    is_latin = bool(re.search("[a-z]", plain))
    gap = f"[^{CLAUSE_ENDS}]{{0,{FEW_LATIN if is_latin else FEW}}}?"
    body = gap.join(re.escape(part) for part in plain.split("*"))
    begins, ends = plain[:1].isascii() and is_latin, plain[-1:].isascii() and is_latin
    return re.compile((r"(?<![a-z])" if begins else "") + body + (r"(?![a-z])" if ends else ""))


def _in_plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold())
