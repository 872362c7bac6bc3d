"""The time a question asks about: in its text, in words, and with the date that only we know.

A recall period is part of an item (PRODUCT Q-09). It stands in the text itself, so that nobody can
drop it from a screen, and beside the text as data, so that nobody can change one without the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from questionnaires.definition import Item, Questionnaire, Recall, Translated
from questionnaires.lint_texts import placeholders
from questionnaires.words import Language

LAST_ENTRY_ON = "last_entry_on"
# "（{last_entry_on}）", " on {last_entry_on}", or the day alone.
_OF_THE_DAY = re.compile(rf"\s*[（(]\{{{LAST_ENTRY_ON}\}}[）)]|( on)?\s*\{{{LAST_ENTRY_ON}\}}")
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What the text has to say, in each language; beginnings and spaces are left to the writer.
_WORDS: Mapping[Recall, tuple[str, str]] = {
    Recall.NOW: ("现在|目前|此刻|今天", "now|currently|at this moment|today"),
    Recall.PAST_24_HOURS: ("24 ?小时", "(past|last) 24 hours"),
    Recall.PAST_7_DAYS: ("[7七] ?天|[1一] ?周", "(past|last) (7|seven) days|(past|last) week"),
    Recall.PAST_10_DAYS: ("10 ?天", "(past|last|previous|preceding) (10|ten) days|10 days before"),
    Recall.PAST_4_WEEKS: ("[4四] ?周", "(past|last) (4|four) weeks"),
    Recall.PAST_30_DAYS: ("30 ?天", "(past|last|previous|preceding) 30 days|30 days before"),
    Recall.SINCE_LAST_ENTRY: ("上次填写", "since your last entry|since her last entry"),
    Recall.SINCE_IT_BEGAN: ("从开始到现在|以来", "since it began"),
}


def find_recall_faults(questionnaire: Questionnaire, item: Item) -> Iterator[tuple[str, str]]:
    """Yield a code and a reason for each way in which an item hides or changes its recall period.

    The rows of a check list are covered by the text above them.
    """
    published = questionnaire.recall
    if published is not None and item.takes_answer and item.recall is not published:
        asked = item.recall or "no time in particular"
        yield "recall_changed", f"asks about {asked}, but the instrument about {published}"
    if item.recall is not None and item.group is None:
        for language, words in zip(Language, _WORDS[item.recall], strict=True):
            if not re.search(words, item.text.in_language(language), re.IGNORECASE):
                yield "recall_not_said", f"does not say its recall ({item.recall}) in {language}"
    for text in (item.text, item.hint, item.skip_text):
        for language in Language:
            named = placeholders(text.in_language(language)) if text else set()
            if unknown := named - {LAST_ENTRY_ON}:
                yield "placeholder", f"must not hold {{{min(unknown)}}} in {language}"
            elif named and item.recall is not Recall.SINCE_LAST_ENTRY:
                reason = f"names the last entry in {language}, but its recall is {item.recall}"
                yield "placeholder", reason


def asks_since_last_entry(questionnaire: Questionnaire) -> frozenset[str]:
    """Return the link_ids of the items that ask about the time since the last entry."""
    return frozenset(
        item.link_id for item in questionnaire.items if item.recall is Recall.SINCE_LAST_ENTRY
    )


def filled(questionnaire: Questionnaire, last_entry_on: date | None) -> Questionnaire:
    """Return the questionnaire as she sees it: the day of her last entry put into the texts.

    Where that is not known, the texts name no day.
    """

    def said(text: Translated) -> Translated:
        return without_day(text) if last_entry_on is None else _put(text, _in_words(last_entry_on))

    return replace(
        questionnaire,
        items=tuple(
            replace(
                item,
                text=said(item.text),
                hint=item.hint and said(item.hint),
                skip_text=item.skip_text and said(item.skip_text),
            )
            if item.recall is Recall.SINCE_LAST_ENTRY
            else item
            for item in questionnaire.items
        ),
    )


def without_day(text: Translated) -> Translated:
    """Return a text as it is said of many entries: without the day of the one before."""
    return Translated(_OF_THE_DAY.sub("", text.zh), _OF_THE_DAY.sub("", text.en))


def _in_words(day: date) -> Translated:
    """Return a day as people say it: 11月22日 周日, Sun 22 Nov."""
    weekday = day.weekday()
    return Translated(
        zh=f"{day.month}月{day.day}日 周{_WEEKDAYS_ZH[weekday]}",
        en=f"{_WEEKDAYS_EN[weekday]} {day.day} {_MONTHS_EN[day.month - 1]}",
    )


def _put(text: Translated, day: Translated) -> Translated:
    holder = f"{{{LAST_ENTRY_ON}}}"
    return Translated(text.zh.replace(holder, day.zh), text.en.replace(holder, day.en))
