"""The rule book as one page to sign (HTML), and as text for the documentation (Markdown)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2

from questionnaires.ladder_words import TIERS
from questionnaires.rule_book import RuleBook
from questionnaires.words import Translated

SIGNERS = (
    Translated("主要研究者", "Principal investigator"),
    Translated("申办方医学监查员", "Sponsor's medical monitor"),
)
MARKDOWN_HEAD = """\
# Safety rules

Written by `epro safety rules --markdown` from the shipped study; a test compares it. `--html` and
`--pdf` write the same with Chinese beside it, who is told by each rule, what the participant is
told, the word lists, SHA-256 and lines to sign on.
"""


def html_of(book: RuleBook) -> str:
    """Return one self-contained page: no script, nothing fetched."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template("rules.html")
    return page.render(book=book, tiers=TIERS, signers=SIGNERS)


def markdown_of(book: RuleBook) -> str:
    """Return the rules in English, titles in Chinese too."""
    return "\n".join(_lines(book))


def _lines(book: RuleBook) -> Iterator[str]:
    yield MARKDOWN_HEAD
    yield from (f"- {one.en}" for one in book.notes)
    for tier, title in TIERS.items():
        yield f"\n## {title.en}"
        for entry in book.entries:
            rule = entry.rule
            if rule.tier is not tier:
                continue
            marks = [
                "" if rule.is_on else "not in use",
                "tonight" if rule.tonight else "",
                "possibly serious" if rule.possible_serious else "",
            ]
            said = ", ".join(filter(None, marks))
            yield f"\n### {rule.id} {rule.title.en} · {rule.title.zh}"
            yield f"*{said}*\n" if said else ""
            yield from (f"- {one.en}" for one in entry.conditions)
    yield f"\n## No answer ({book.package.silence.id})\n"
    yield from (f"- {one.en}" for one in book.silence)
    yield "\n## Who is told, until somebody acknowledges"
    for title, told in book.told:
        yield f"\n### {title.en}\n"
        yield from (f"- {one.en}" for one in told)
    yield "\n## Word lists\n"
    yield from (
        f"- `{one.lexicon.name}`: {one.phrase_count} phrases, {one.exception_count} exceptions"
        for one in book.lexicons
    )
    yield ""
