"""An entry of the journal as a person reads it: a sentence, why, and what changed, without a code.

What the record holds stays as it is; only the reading has words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from string import Formatter
from typing import Any

from epro.access import COMMAND_LINE, Role
from epro.services.code_words import CODE_WORDS, refusal_in_words
from epro.services.code_words_sending import (
    STEPS,
    as_it_is,
    error_in_words,
    reason_in_words,
    text_in_words,
)
from epro.services.field_words import FIELDS
from epro.services.journal_words import VERBS, changes
from epro.services.staff import known_as
from questionnaires.catalogue import Catalogue, UnknownQuestionnaire
from questionnaires.definition import Language, Questionnaire, Translated
from questionnaires.recalls import filled
from questionnaires.rendering import as_seen
from questionnaires.validation import Answer

Say = Callable[[str], Translated]

_HAN_MEET = re.compile("[\u4e00-\u9fff、，。）] [\u4e00-\u9fff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)")
_NOTHING = "–"
_COUNTED = Translated("第 {number} 次", "number {number}")
# Fields that hold user names, beside those that end in "_by".
PEOPLE = frozenset({"deputy", "owner", "person", "signer", "told", "user", "username"})
_YES_NO = {True: Translated("是", "yes"), False: Translated("否", "no")}


def _of(*names: str) -> Say:
    """Return what names a code by the tables of that name, one after the other."""
    words = {code: said for name in names for code, said in CODE_WORDS[name].items()}
    return lambda code: words.get(code, as_it_is(code))


def _by(words: Mapping[str, Translated]) -> Say:
    return lambda code: words.get(code, as_it_is(code))


# How the value of a field is said: by its name, or by the noun of the entry's verb and its name.
SAID_BY: Mapping[str, Say] = {
    "act": _of("request.act"),
    "action_taken": _of("action"),
    "channel": _of("way"),
    "contact.channel": _of("channel"),
    "diary_slot": _of("slot"),
    "disposition": _of("disposition"),
    "entity_type": _of("entity"),
    "error": error_in_words,
    "event": _of("anchor"),
    "code_break.kind": _of("code_break"),
    "consent.kind": _of("consent"),
    "data_incident.kind": _of("incident.kind"),
    "data_request.kind": _of("request.kind"),
    "export.kind": _of("export"),
    "incident.kind": _of("incident"),
    "work_item.kind": _of("work"),
    "life_cycle": _of("life"),
    "meaning": _of("meaning"),
    "mode": _of("mode"),
    "not_sent_reason": error_in_words,
    "contact.outcome": _of("reached"),
    "data_request.outcome": _of("request.outcome"),
    "outcome": _of("outcome"),
    "recipient": _of("incident.to"),
    "refusal": refusal_in_words,
    "role": _of("role"),
    "seriousness": _of("serious"),
    "severity": _of("incident.severity"),
    "skipped_reason": reason_in_words,
    "source": _of("event.source", "change.source"),
    "source_check": _of("check"),
    "status": _of("status"),
    "reminder.step": _by(STEPS),
    "task": _of("task"),
    "template": text_in_words,
    "tier": _of("tier"),
    "to": _of("told"),
    "told": _of("told"),
    "type": _of("entity"),
    "visit": _of("visit"),
}


@dataclass(frozen=True, slots=True)
class ReadChange:
    """One thing that an entry changed: its name, what it was, and what it is now."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReader:
    """Says entries in one language; instants by the clock of `zone`, forms by their titles.

    `people` are full names by user name: whoever is among them is named by both.
    """

    language: Language
    catalogue: Catalogue = field(default_factory=lambda: Catalogue({}))
    zone: tzinfo = UTC
    people: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, content: Mapping[str, Any]) -> str:
        """Return one entry as a sentence; a verb without words is named as it is."""
        verb = str(content["verb"])
        words = VERBS.get(verb)
        if words is None:
            return verb
        known = {
            name: self._in_a_sentence(self._said(verb, name, value, content["after"]))
            for name, value in content["after"].items()
            if value is not None
        }
        return _filled(words.in_language(self.language), known)

    def reason(self, content: Mapping[str, Any]) -> str | None:
        """Return why it was done, or None; a person's own words stay as they are."""
        reason = content["reason"]
        return reason_in_words(reason).in_language(self.language) if reason else None

    def actor(self, content: Mapping[str, Any]) -> str:
        """Return who did it: a person by name, a part of the system by what it does."""
        name, role = content["actor"]["name"], content["actor"]["role"]
        if role != Role.SYSTEM:
            return known_as(str(name), self.people)
        command = name.removeprefix(COMMAND_LINE)
        said = CODE_WORDS["actor"].get(name, as_it_is(name))
        if command != name:
            said = Translated(f"命令行: {command}", name)
        return said.in_language(self.language)

    def changes(self, content: dict[str, Any]) -> list[ReadChange]:
        """Return what an entry changed; of answers each question whose answer is another now."""
        return [said for one in changes(content) for said in self._read_change(content, one)]

    def _read_change(
        self, content: Mapping[str, Any], one: Mapping[str, Any]
    ) -> Iterator[ReadChange]:
        name, verb, after = one["field"], content["verb"], content["after"]
        if name == "answers" and (said := self._answers(after, one["before"], one["after"])):
            yield from said
            return
        yield ReadChange(
            self._field(name),
            *(self._said(verb, name, value, after) for value in (one["before"], one["after"])),
        )

    def _answers(self, after: Mapping[str, Any], *sets: Any) -> list[ReadChange]:
        """Return each question whose answer differs; nothing where the form is not known."""
        form = self._form(after)
        if form is None:
            return []
        named = after.get("last_entry_on")
        form = filled(form, date.fromisoformat(named) if named else None)
        old, new = (
            as_seen(
                form, [Answer.from_plain(dict(one)) for one in answers or ()],
                cleared=(), is_finished=True, language=self.language,
            )
            for answers in sets
        )  # fmt: skip
        said = [
            ReadChange(is_.question, *(one.answer or one.state_in_words for one in (was, is_)))
            for was, is_ in zip(old, new, strict=True)
        ]
        return [one for one in said if one.before != one.after]

    def _field(self, name: str) -> str:
        return FIELDS.get(name, as_it_is(name)).in_language(self.language)

    def _form(self, after: Mapping[str, Any]) -> Questionnaire | None:
        code, version = (after.get(f"questionnaire_{one}", "") for one in ("code", "version"))
        try:
            return self.catalogue.questionnaire(code, version)
        except UnknownQuestionnaire:
            return None

    def _score(self, code: str, after: Mapping[str, Any]) -> str:
        form = self._form(after)
        titles = (one.title for one in form.scores if one.code == code) if form else iter(())
        return next(titles, as_it_is(code)).in_language(self.language)

    def _said(self, verb: str, name: str, value: Any, after: Mapping[str, Any]) -> str:
        match value:
            case None | "" | []:
                said = _NOTHING
            case bool():
                said = _YES_NO[value].in_language(self.language)
            case list() if name == "scores":
                said = ", ".join(
                    f"{self._score(one['code'], after)} {_number(one['value'])}" for one in value
                )
            case list():
                said = ", ".join(self._said(verb, name, one, after) for one in value)
            case Mapping():
                said = ", ".join(
                    f"{self._field(key)} {self._said(verb, key, one, value)}"
                    for key, one in value.items()
                )
            case str():
                said = self._text(verb, name, value, after)
            case _:
                said = str(value)
        return said

    def _text(self, verb: str, name: str, value: str, after: Mapping[str, Any]) -> str:
        if _INSTANT.fullmatch(value):
            at = datetime.fromisoformat(value).astimezone(self.zone)
            return at.isoformat(sep=" ", timespec="minutes")
        if name == "questionnaire_code":
            return self._title(value, after)
        if name == "occurrence" and value.isdecimal():
            return _COUNTED.in_language(self.language).format(number=value)
        if name == "relationship":
            return self._relationship(value)
        if _is_person(name) and value in self.people:
            return known_as(value, self.people)
        say = SAID_BY.get(f"{verb.partition('.')[0]}.{name}") or SAID_BY.get(name)
        return say(value).in_language(self.language) if say else value

    def _title(self, code: str, after: Mapping[str, Any]) -> str:
        """Return the title of a form: of its edition, or of any where the entry names none."""
        version = after.get("questionnaire_version")
        editions = [one for one in self.catalogue.questionnaires if one.code == code]
        for one in sorted(editions, key=lambda one: one.version == version, reverse=True):
            return one.title.in_language(self.language)
        return as_it_is(code).in_language(self.language)

    def _relationship(self, code: str) -> str:
        """Return a category of relationship as the newest package that has it calls it."""
        for package in reversed(self.catalogue.packages):
            if found := package.adverse_events.relationship(code):
                return found.title.in_language(self.language)
        return as_it_is(code).in_language(self.language)

    def _in_a_sentence(self, said: str) -> str:
        """Return words without the capital letter of a beginning; "SAE" and names keep it."""
        if said.startswith(tuple(self.people.values())):
            return said
        if self.language is Language.EN and said[:1].isupper() and said[1:2].islower():
            return f"{said[0].lower()}{said[1:]}"
        return said


def _is_person(name: str) -> bool:
    """Tell whether a field holds the user name of somebody."""
    return name in PEOPLE or name.endswith("_by")


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:g}"


def _filled(text: str, known: Mapping[str, str]) -> str:
    """Put the values into a sentence; one that an entry does not have shows as a dash.

    The space around a value is for Latin letters and digits: between Chinese words stands none.
    """
    said = ""
    for literal, name, _, _ in Formatter().parse(text):
        said += literal[1:] if _HAN_MEET.fullmatch(f"{said[-1:]}{literal[:2]}") else literal
        if name is not None:
            value = known.get(name, _NOTHING)
            said = said[:-1] if _HAN_MEET.fullmatch(f"{said[-2:]}{value[:1]}") else said
            said += value
    return said
