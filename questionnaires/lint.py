"""Checks what the words of a package refer to, and what must never be published.

`reading.py` has made sure of the shapes; here every finding names its place and a reason that a
study builder understands. Faults keep a package from being published, warnings do not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from questionnaires.definition import (
    Behavior,
    Clause,
    Derivation,
    Item,
    ItemType,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    SafetyRule,
    StudyPackage,
    Trigger,
)
from questionnaires.licensing import find_licence_faults, find_mode_faults
from questionnaires.lint_advice import find_hidden_advice
from questionnaires.lint_events import find_event_faults
from questionnaires.lint_items import find_item_faults
from questionnaires.lint_policies import find_policy_faults
from questionnaires.lint_reminders import find_reminder_faults
from questionnaires.lint_schedule import find_schedule_faults
from questionnaires.lint_scores import find_score_faults
from questionnaires.lint_screening import derived_clause_fault, find_screening_faults
from questionnaires.lint_texts import find_text_faults, placeholders
from questionnaires.reachability import answers_for
from questionnaires.tiers import Tier

MOST_ALWAYS_SHOWN = 12
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_ORDERED = {ItemType.NRS, ItemType.VAS, ItemType.NUMBER, ItemType.DATE}
_WITH_CHOICES = {ItemType.CHOICE, ItemType.MULTI}
_EQUALITY = {Operator.EQUAL, Operator.NOT_EQUAL}
_ADVICE_NUMBERS = {
    Tier.RED_A: {"emergency_number", "study_phone"},
    Tier.RED_B: {"study_phone"},
    Tier.ORANGE: {"study_phone"},
    Tier.YELLOW: set[str](),
}


class Severity(StrEnum):
    """Whether a finding keeps a package from being published."""

    FAULT = "fault"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong (`code` for machines, `reason` for people) and where."""

    code: str
    place: str
    reason: str
    severity: Severity = Severity.FAULT

    def __str__(self) -> str:
        return f"{self.severity}: {self.place} {self.reason}"


class PackageRefused(Exception):
    """A package with faults cannot be published."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def refuse_faulty(package: StudyPackage) -> tuple[Finding, ...]:
    """Return the warnings of a package that may be published, else raise PackageRefused."""
    findings = check(package)
    if faults := tuple(one for one in findings if one.severity is Severity.FAULT):
        raise PackageRefused(faults)
    return findings


def check(package: StudyPackage) -> tuple[Finding, ...]:
    """Return all findings of a package."""
    checks: Sequence[Callable[[StudyPackage], Iterator[Finding]]] = (
        _study,
        _names,
        _questionnaires,
        _shared_items,
        _schedule,
        _policies,
        _rules,
        _screening,
        _texts,
    )
    return tuple(finding for one in checks for finding in one(package))


def _study(package: StudyPackage) -> Iterator[Finding]:
    try:
        ZoneInfo(package.zone)
    except (KeyError, OSError, ValueError):
        yield Finding("unknown_zone", "study zone", f"'{package.zone}' is no known time zone")
    if package.infusion_day_number not in {0, 1}:
        yield Finding("infusion_day", "study infusion_day_number", "must be 1 or 0")
    for code in {package.adverse_events.questionnaire, *package.schedule.always_open}:
        if package.questionnaire(code) is None:
            yield Finding("unknown_questionnaire", "study", f"names the questionnaire '{code}'")
    if package.adverse_events.questionnaire not in package.schedule.always_open:
        yield Finding("report_not_open", "study adverse_events", "must always be open")
    licence_faults = find_licence_faults(
        package.licensed, languages=package.languages, modes_of=package.modes_of
    )
    mode_faults = find_mode_faults(
        package.modes, package.form_modes,
        questionnaires={one.code for one in package.questionnaires},
    )  # fmt: skip
    faults = (*licence_faults, *mode_faults)
    yield from (Finding(code, place, reason) for code, place, reason in faults)
    yield from (Finding(code, place, reason) for code, place, reason in find_event_faults(package))


def _names(package: StudyPackage) -> Iterator[Finding]:
    """Every name in its pattern, and no two alike."""
    steps = [f"{step.block}.{step.code}" for step in package.reminders.steps]
    yield from _twice("questionnaire", (one.code for one in package.questionnaires))
    yield from _twice("block", (block.code for block in package.schedule.blocks))
    yield from _twice("reminder step", steps)
    yield from _twice("rule", (package.silence.id, *(rule.id for rule in package.rules)))
    yield from _twice("text", (text.key for text in package.texts))
    yield from _twice("consent", (consent.kind for consent in package.consents))
    ids = [one.code for one in package.questionnaires] + [text.key for text in package.texts]
    for name in (*ids, *(step.code for step in package.reminders.steps)):
        if not _ID.fullmatch(name):
            yield Finding("bad_id", f"'{name}'", "must be a-z, 0-9 and _, at most 32, a-z first")
    for place, version in (
        ("study", package.version),
        *((one.code, one.version) for one in package.questionnaires),
    ):
        if not _VERSION.fullmatch(version):
            yield Finding("bad_version", f"{place} version", "must look like 1.0.0")


def _twice(what: str, names: Iterable[str]) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Finding("duplicate", f"{what} '{name}'", f"is there {count} times")


# --- Questionnaires ------------------------------------------------------------------------------


def _questionnaires(package: StudyPackage) -> Iterator[Finding]:
    for questionnaire in package.questionnaires:
        yield from _twice(
            f"{questionnaire.code} item", (item.link_id for item in questionnaire.items)
        )
        for fault in find_score_faults(questionnaire):
            yield Finding(*fault)
        earlier: dict[str, Item] = {}
        for item in questionnaire.items:
            place = f"{questionnaire.code} item '{item.link_id}'"
            for fault in find_item_faults(questionnaire, item, place):
                yield Finding(*fault)
            found = [*_branching(questionnaire, item, earlier, place)]
            yield from found
            if not found and all(answers_for(questionnaire, one) is None for one in _showing(item)):
                yield Finding("unreachable", place, "can never be shown, whatever is answered")
            earlier.setdefault(item.link_id, item)
        always = sum(1 for item in questionnaire.items if not item.enable_when)
        if questionnaire.kind is QuestionnaireKind.DAILY and always > MOST_ALWAYS_SHOWN:
            reason = f"always shows {always} items; more than {MOST_ALWAYS_SHOWN} a day tire people"
            yield Finding("long_diary", questionnaire.code, reason, Severity.WARNING)


def _showing(item: Item) -> list[tuple[Clause, ...]]:
    """Return sets of clauses; the item is visible where all of one set hold."""
    if item.takes_answer:
        return [(Clause(item.link_id, Operator.EXISTS, answer=True),)]
    if item.enable_behavior is Behavior.ANY and item.enable_when:
        return [(clause,) for clause in item.enable_when]
    return [item.enable_when]


def _branching(
    questionnaire: Questionnaire, item: Item, earlier: dict[str, Item], place: str
) -> Iterator[Finding]:
    for clause in item.enable_when:
        asked = earlier.get(clause.question)
        if asked is None:
            is_later = questionnaire.item(clause.question) is not None
            what = "which comes later" if is_later else "which is not asked"
            code = "later_question" if is_later else "unknown_question"
            yield Finding(code, place, f"depends on '{clause.question}', {what}")
            continue
        yield from _clause(clause, asked, place)
        if clause.operator is Operator.NOT_EQUAL and not (
            item.enable_behavior is Behavior.ALL
            and Clause(clause.question, Operator.EXISTS, answer=True) in item.enable_when
        ):
            reason = f"needs `exists: true` on '{clause.question}' beside its !=, under `all`"
            yield Finding("unguarded_not_equal", place, reason)


def _clause(clause: Clause, item: Item, place: str) -> Iterator[Finding]:
    """Check that a clause can be meant: the right kind of value, compared in a sensible way."""
    place = f"{place} clause on '{item.link_id}'"
    fits, words = _LITERALS.get(item.type, _TEXT_LITERAL)
    if not item.takes_answer:
        yield Finding("no_answer", place, "asks for an answer that is never given")
    elif clause.operator is Operator.EXISTS:
        if not isinstance(clause.answer, bool):
            yield Finding("wrong_literal", place, "exists compares with true or false")
    elif clause.operator not in _EQUALITY and item.type not in _ORDERED:
        yield Finding("no_order", place, "can put only numbers and dates in order")
    elif not fits(clause.answer):
        yield Finding("wrong_literal", place, f"compares with {words}")
    elif item.type in _WITH_CHOICES and clause.answer not in item.codes:
        yield Finding("unknown_choice", place, f"names '{clause.answer}', which is no choice of it")


def _is_number(answer: object) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def _is_date(answer: object) -> bool:
    try:
        return isinstance(answer, str) and date.fromisoformat(answer).isoformat() == answer
    except ValueError:
        return False


_TEXT_LITERAL = (lambda answer: isinstance(answer, str), "text")
_LITERALS: Mapping[ItemType, tuple[Callable[[object], bool], str]] = {
    ItemType.NRS: (_is_number, "a number"),
    ItemType.VAS: (_is_number, "a number"),
    ItemType.NUMBER: (_is_number, "a number"),
    ItemType.BOOLEAN: (lambda answer: isinstance(answer, bool), "true or false"),
    ItemType.DATE: (_is_date, "a date, YYYY-MM-DD"),
}


def _shared_items(package: StudyPackage) -> Iterator[Finding]:
    """Equal link_ids mean the same question to a rule, so they must take the same answers."""
    known: dict[str, Item] = {}
    for questionnaire in package.questionnaires:
        for item in questionnaire.items:
            first = known.setdefault(item.link_id, item)
            if (first.type, first.codes, first.unit, first.decimals) != (
                item.type,
                item.codes,
                item.unit,
                item.decimals,
            ):
                place = f"{questionnaire.code} item '{item.link_id}'"
                yield Finding("differs", place, "takes other answers in another questionnaire")


# --- Schedule and policies -----------------------------------------------------------------------


def _schedule(package: StudyPackage) -> Iterator[Finding]:
    for code, place, reason in find_schedule_faults(package):
        yield Finding(code, place, reason)


def _policies(package: StudyPackage) -> Iterator[Finding]:
    for code, place, reason in (*find_reminder_faults(package), *find_policy_faults(package)):
        yield Finding(code, place, reason)


# --- Safety rules and texts ----------------------------------------------------------------------


def _rules(package: StudyPackage) -> Iterator[Finding]:
    yield from (Finding(*fault) for fault in find_hidden_advice(package))
    for rule in package.rules:
        place = f"rule '{rule.id}'"
        if not rule.triggers:
            yield Finding("no_trigger", place, "has no trigger and can never be met")
        yield from _advice(package, rule, place)
        if not rule.is_on:
            continue
        for number, trigger in enumerate(rule.triggers, start=1):
            yield from _trigger(package, trigger, f"{place} trigger {number}")


def _trigger(package: StudyPackage, trigger: Trigger, place: str) -> Iterator[Finding]:
    if not trigger.clauses:
        yield Finding("no_trigger", place, "has no clause and would always be met")
        return
    found = [one for clause in trigger.clauses for one in _rule_clause(package, clause, place)]
    yield from found
    if not found and not is_reachable(package, trigger.clauses):
        yield Finding("unreachable", place, "can be met in no questionnaire")


def is_reachable(package: StudyPackage, clauses: Sequence[Clause]) -> bool:
    """Tell whether some questionnaire asks all that the clauses need, and can have them hold."""
    beyond = package.derived_names - {Derivation.TEMPERATURE_TENTHS_ORAL}
    return any(
        asks_all(one, clauses, beyond) and answers_for(one, clauses, beyond=beyond) is not None
        for one in package.questionnaires
    )


def asks_all(
    questionnaire: Questionnaire,
    clauses: Sequence[Clause],
    beyond: Collection[str] = (Derivation.HOURS_SINCE_INFUSION,),
) -> bool:
    """Tell whether a trigger speaks to a questionnaire: it asks all that the clauses need."""
    needed = {
        "temp" if clause.question == Derivation.TEMPERATURE_TENTHS_ORAL else clause.question
        for clause in clauses
        if clause.question not in beyond
    }
    return needed <= {item.link_id for item in questionnaire.items}


def _screening(package: StudyPackage) -> Iterator[Finding]:
    for code, place, reason in find_screening_faults(package):
        yield Finding(code, place, reason)
    for trend in package.trends:
        place = f"trend '{trend.name}'"
        found = [one for clause in trend.when for one in _rule_clause(package, clause, place)]
        yield from found
        if trend.when and not found and not is_reachable(package, trend.when):
            yield Finding("unreachable", place, "can hold in no questionnaire")


def _rule_clause(package: StudyPackage, clause: Clause, place: str) -> Iterator[Finding]:
    """As in branching, but a bare != is meant so here: what was not answered must not hide it."""
    if clause.question in package.derived_names:
        reason = derived_clause_fault(package, clause)
        if reason is not None:
            yield Finding("wrong_literal", place, f"compares '{clause.question}' {reason}")
        return
    asked = [one.item(clause.question) for one in package.questionnaires]
    if item := next((one for one in asked if one), None):
        yield from _clause(clause, item, place)
    else:
        reason = f"reads '{clause.question}', which is neither asked anywhere nor derived"
        yield Finding("unknown_question", place, reason)


def _advice(package: StudyPackage, rule: SafetyRule, place: str) -> Iterator[Finding]:
    known = set(_ADVICE_NUMBERS[Tier.RED_A]) | {"site_phone"}
    for language in package.languages:
        named = placeholders(rule.advice.in_language(language))
        if unknown := named - known:
            reason = f"has the unknown placeholder {{{min(unknown)}}} in {language}"
            yield Finding("placeholder", f"{place} advice", reason)
        if missing := _ADVICE_NUMBERS[rule.tier] - named:
            reason = f"must name {{{min(missing)}}} in {language}"
            yield Finding("no_number", f"{place} advice", reason)


def _texts(package: StudyPackage) -> Iterator[Finding]:
    if not (package.never_say.zh and package.never_say.en):
        yield Finding("no_words", "texts never_say", "must name words in Chinese and in English")
    for text in package.texts:
        for code, reason in find_text_faults(
            text, links_in_sms=package.links_in_sms, never_say=package.never_say
        ):
            yield Finding(code, f"text '{text.key}'", reason)
