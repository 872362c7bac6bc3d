"""What a message must not say: no link in a text message, nothing that tells of an illness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from questionnaires.definition import Audience, Language, MessageTemplate, TellingWords
from questionnaires.segments import places, places_in_one
from questionnaires.tiers import Channel

# Of the places of one message five are kept for the sender's mark that networks put before it.
KEPT_FOR_THE_MARK = 5

_LINK = re.compile(r"https?:|www\.|://|\b[a-z0-9-]+\.(com|cn|net|org|io|me)\b", re.IGNORECASE)
_PLACEHOLDERS = {
    Channel.SMS: {"code", "tier", "time", "call"},
    Channel.VOICE: {"code", "tier", "time"},
    Channel.EMAIL: {"code", "tier", "rule", "time", "link", "count", "site", "who", "call"},
}
# The sponsor learns of an unanswered flag only where it is, never whose or what it is about.
_PLACEHOLDERS_OF_SPONSOR = {"site"}


def find_text_faults(
    text: MessageTemplate, *, links_in_sms: bool, never_say: TellingWords
) -> Iterator[tuple[str, str]]:
    """Yield a code and a reason for each thing that a template must not hold, in any language."""
    for language in Language:
        body = text.body.in_language(language)
        subject = text.subject.in_language(language) if text.subject else ""
        named = placeholders(body) | placeholders(subject)
        if text.audience is Audience.PARTICIPANT:
            yield from _telling(f"{subject} {body}", never_say, language)
            allowed: set[str] = set()
        elif text.audience is Audience.SPONSOR:
            allowed = _PLACEHOLDERS_OF_SPONSOR
        else:
            # Whoever stands beside the phone of a doctor on call hears what it says.
            if text.channel is Channel.VOICE:
                yield from _telling(body, never_say, language)
            allowed = _PLACEHOLDERS[text.channel]
        for name in sorted(named - allowed):
            yield "placeholder", f"must not hold {{{name}}} in {language}"
        if text.channel is Channel.SMS:
            if _LINK.search(body) and not links_in_sms:
                yield "link", f"holds a link in {language}"
            room = places_in_one(body) - KEPT_FOR_THE_MARK
            if text.audience is Audience.PARTICIPANT and places(body) > room:
                yield "too_long", f"takes {places(body)} of {room} places in {language}"


def placeholders(text: str) -> set[str]:
    """Return the names in braces; a text with a stray brace holds the placeholder '?'."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"?"}


def _telling(words: str, never_say: TellingWords, language: Language) -> Iterator[tuple[str, str]]:
    for word in never_say.en:
        if match := re.search(rf"\b{re.escape(word)}", words, re.IGNORECASE):
            yield "telling_word", f"says '{match[0]}' in {language}"
    for word in never_say.zh:
        if word in words:
            yield "telling_word", f"says '{word}' in {language}"
