"""What a message must not say: no link in a text message, nothing that tells of an illness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from questionnaires.definition import Audience, Language, MessageTemplate
from questionnaires.tiers import Channel

# One segment of a Chinese text message holds 70 UTF-16 units; five are kept for the sender's mark.
LONGEST_SMS = 65

_LINK = re.compile(r"https?:|www\.|://|\b[a-z0-9-]+\.(com|cn|net|org|io|me)\b", re.IGNORECASE)
_PLACEHOLDERS = {
    Channel.SMS: {"code", "tier", "time"},
    Channel.VOICE: {"code", "tier", "time"},
    Channel.EMAIL: {"code", "tier", "rule", "time", "link"},
}
# The sponsor learns of an unanswered flag only where it is, never whose or what it is about.
_PLACEHOLDERS_OF_SPONSOR = {"site"}
# Beginnings of words: whoever looks over a shoulder learns nothing from a reminder.
_TELLING_EN = re.compile(
    r"\b(ache|cell|clinic|diagnos|diseas|doctor|dose|drug|fever|health|hospital|ill\b|illness"
    r"|infus|lupus|medic|nurse|pain|patient|pill|questionnaire|research|sick|stud(y|ies)|surve(y|il)"
    r"|symptom|tablet|therap|treat|trial)",
    re.IGNORECASE,
)
_TELLING_ZH = re.compile(
    "病|症|痛|疼|药|健康|试验|实验|研究|临床|问卷|量表|调查|随访|医|诊|患者|受试|治疗|狼疮|红斑"
    "|细胞|输液|注射|住院|体温|发热|发烧"
)


def find_text_faults(text: MessageTemplate, *, links_in_sms: bool) -> Iterator[tuple[str, str]]:
    """Yield a code and a reason for each thing that a template must not hold, in any language."""
    for language in Language:
        body = text.body.in_language(language)
        subject = text.subject.in_language(language) if text.subject else ""
        named = placeholders(body) | placeholders(subject)
        if text.audience is Audience.PARTICIPANT:
            yield from _telling(f"{subject} {body}", language)
            allowed: set[str] = set()
        elif text.audience is Audience.SPONSOR:
            allowed = _PLACEHOLDERS_OF_SPONSOR
        else:
            allowed = _PLACEHOLDERS[text.channel]
        for name in sorted(named - allowed):
            yield "placeholder", f"must not hold {{{name}}} in {language}"
        if text.channel is Channel.SMS:
            if _LINK.search(body) and not links_in_sms:
                yield "link", f"holds a link in {language}"
            if text.audience is Audience.PARTICIPANT and _units(body) > LONGEST_SMS:
                yield "too_long", f"has {_units(body)} of {LONGEST_SMS} characters in {language}"


def placeholders(text: str) -> set[str]:
    """Return the names in braces; a text with a stray brace holds the placeholder '?'."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"?"}


def _telling(words: str, language: Language) -> Iterator[tuple[str, str]]:
    for pattern in (_TELLING_EN, _TELLING_ZH):
        if match := pattern.search(words):
            yield "telling_word", f"says '{match[0]}' in {language}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2
