"""What is known of one case of the audit review, in words."""

from collections.abc import Iterator
from typing import Any

from epro.services.audit_figures import Case
from epro.services.journal_words import VERBS
from epro.web.console.words import WORDS
from questionnaires.definition import Translated

IN_WORDS = {"mode": "audit.mode.", "completer": "audit.completer.", "why": "audit.why.",
            "source": "change.source.", "state": "change.", "kind": "export."}  # fmt: skip
S_IN_AN_HOUR = 3_600
SHOWN_OF_SHA256 = 12


def facts_of(case: Case) -> Iterator[tuple[str, Translated]]:
    """Yield what is known of a case: the key of what it is, and the value in words."""
    for name, value in case.facts.items():
        if value not in ("", [], 0) or name not in {"with", "more"}:
            yield f"audit.fact.{name}", _in_words(name, value)


def _in_words(name: str, value: Any) -> Translated:
    said = str(value)
    if name == "with":
        said = ", ".join(value)
    elif name == "delay_s":
        said = f"{value / S_IN_AN_HOUR:.1f}"
    elif name == "sha256":
        said = f"{value[:SHOWN_OF_SHA256]}…"
    elif name == "verb":
        return VERBS[value]
    return WORDS.get(f"{IN_WORDS.get(name, '')}{value}", Translated(said, said))
