"""Finds phrases of danger in what people write, with exceptions for everyday and routine words.

A lexicon is a derivation: its value is the phrases that were found, absent when there are none. A
rule on it asks whether it exists, so a lexicon can add a flag and never takes one away: a test
holds rules to that. Both languages are looked for in every text.

- Text is compared in small letters, full-width letters made plain, runs of spaces made one; between
  Chinese characters spaces do not count.
- `*` in a phrase stands for a few characters, never across the end of a clause.
- An exception takes away only the phrases that lie wholly inside it: "没有住院，但是昏迷过" still
  tells of 昏迷.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

GAP, LATIN_GAP = 6, 24
_CLAUSE_END = r"。！？；，、,.!?;:：\n"
_HAN = "\u4e00-\u9fff"
_SPACE_IN_HAN = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by language; both are looked for whatever language the form was filled in."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """A named list of phrases and their exceptions; rules read it under its name."""

    name: str
    phrases: Phrases
    exceptions: Phrases


def find(lexicon: Lexicon, text: str) -> tuple[str, ...]:
    """Return the phrases found in a text, as the lexicon writes them, each once and in order."""
    plain = _plain(text)
    phrases, exceptions = _sought(lexicon)
    spared = [span for one in exceptions for span in one.spans(plain)]
    return tuple(
        one.phrase
        for one in phrases
        if any(not _lies_inside(span, spared) for span in one.spans(plain))
    )


def find_in(
    lexicons: Iterable[Lexicon], texts: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of each lexicon that finds something in any of the texts, and what."""
    written = [text for text in texts if text]
    for lexicon in lexicons if written else ():
        found = dict.fromkeys(phrase for text in written for phrase in find(lexicon, text))
        if found:
            yield lexicon.name, tuple(found)


def _plain(text: str) -> str:
    narrow = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return _SPACE_IN_HAN.sub("", re.sub(r"[ \t]+", " ", narrow))


def _lies_inside(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in others)


@dataclass(frozen=True, slots=True)
class _Sought:
    """A phrase ready to be looked for; nearly all of them are told to be absent by `literal`."""

    phrase: str
    literal: str  # its longest part, without which it cannot be there
    pattern: re.Pattern[str]

    def spans(self, plain: str) -> Iterator[tuple[int, int]]:
        if self.literal in plain:
            for match in self.pattern.finditer(plain):
                yield match.span()


@cache
def _sought(lexicon: Lexicon) -> tuple[tuple[_Sought, ...], tuple[_Sought, ...]]:
    def ready(phrases: Phrases) -> tuple[_Sought, ...]:
        return tuple(
            _Sought(phrase, max(map(_plain, phrase.split("*")), key=len), _pattern(phrase))
            for phrase in dict.fromkeys((*phrases.zh, *phrases.en))
        )

    return ready(lexicon.phrases), ready(lexicon.exceptions)


def _pattern(phrase: str) -> re.Pattern[str]:
    parts = [re.escape(_plain(part)) for part in phrase.split("*")]
    longest = LATIN_GAP if re.search(r"[a-z]", _plain(phrase)) else GAP
    body = rf"[^{_CLAUSE_END}]{{0,{longest}}}?".join(parts)
    # Latin words are found whole: "icu" is not in "difficult".
    before = r"(?<![a-z])" if re.match(r"[a-z]", _plain(phrase)) else ""
    after = r"(?![a-z])" if re.search(r"[a-z]$", _plain(phrase)) else ""
    return re.compile(before + body + after)
