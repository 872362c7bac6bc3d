"""Clauses in words, in both languages: when a question is shown, when a rule is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from questionnaires.definition import (
    Behavior,
    Clause,
    Derivation,
    Item,
    ItemType,
    Operator,
    Questionnaire,
    StudyPackage,
    Translated,
)

_DERIVED = {
    Derivation.HOURS_SINCE_INFUSION: Translated("距上次输液的小时数", "hours since infusion"),
    Derivation.TEMPERATURE_TENTHS_ORAL: Translated(
        "体温（折算为口腔）", "temperature (as if by mouth)"
    ),
}
_ORDER: Mapping[Operator, Translated] = {
    Operator.LESS: Translated("小于 {}", "is less than {}"),
    Operator.AT_MOST: Translated("不超过 {}", "is at most {}"),
    Operator.MORE: Translated("大于 {}", "is more than {}"),
    Operator.AT_LEAST: Translated("不小于 {}", "is at least {}"),
}
_SAID = {
    "answered": Translated("已回答", "is answered"),
    "unanswered": Translated("没有回答", "is not answered"),
    "is": Translated("是“{}”", "is “{}”"),
    "is_not": Translated("不是“{}”", "is not “{}”"),
    "has": Translated("选了“{}”", "has “{}” ticked"),
    "has_not": Translated("没有选“{}”", "has “{}” not ticked"),
    "number_is": Translated("等于 {}", "equals {}"),
    "number_is_not": Translated("不等于 {}", "does not equal {}"),
}
_YES_NO = {True: Translated("是", "yes"), False: Translated("否", "no")}
_AND, _OR = Translated("，并且 ", ", and "), Translated("，或者 ", ", or ")


class Words:
    """Puts clauses into words; `items` are those that clauses may speak of, by link_id."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: dict[str, Item] = {}
        for item in items:
            self._items.setdefault(item.link_id, item)

    @classmethod
    def of_questionnaire(cls, questionnaire: Questionnaire) -> Words:
        """Return words for the branching of one questionnaire."""
        return cls(questionnaire.items)

    @classmethod
    def of_package(cls, package: StudyPackage) -> Words:
        """Return words for rules, which may speak of any item of the package."""
        return cls(item for one in package.questionnaires for item in one.items)

    def clauses(self, clauses: Sequence[Clause], behavior: Behavior) -> Translated:
        """Return clauses that hold together, or any of them."""
        said = [self.clause(clause) for clause in clauses]
        between = _OR if behavior is Behavior.ANY else _AND
        return Translated(
            between.zh.join(one.zh for one in said), between.en.join(one.en for one in said)
        )

    def clause(self, clause: Clause) -> Translated:
        """Return one clause, with the words of the choice that it names."""
        item = self._items.get(clause.question)
        said, value = _said(clause, item), self._value(clause, item)
        name = _DERIVED.get(clause.question) if clause.question in list(Derivation) else None  # type: ignore[call-overload]
        zh, en = (name.zh, name.en) if name else (clause.question, clause.question)
        return Translated(f"{zh} {said.zh.format(value.zh)}", f"{en} {said.en.format(value.en)}")

    def _value(self, clause: Clause, item: Item | None) -> Translated:
        if isinstance(clause.answer, bool):
            return _YES_NO[clause.answer]
        if clause.question == Derivation.TEMPERATURE_TENTHS_ORAL and _is_number(clause.answer):
            degrees = f"{float(clause.answer) / 10:.1f} °C"
            return Translated(degrees, degrees)
        choices = item.choices if item else ()
        named = next((one.text for one in choices if one.code == clause.answer), None)
        return named or Translated(str(clause.answer), str(clause.answer))


def _is_number(answer: object) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def _said(clause: Clause, item: Item | None) -> Translated:
    if clause.operator is Operator.EXISTS:
        return _SAID["answered" if clause.answer is True else "unanswered"]
    if clause.operator in _ORDER:
        return _ORDER[clause.operator]
    kind = "number_is" if _is_number(clause.answer) else "is"
    if item is not None and item.type is ItemType.MULTI:
        kind = "has"
    return _SAID[kind if clause.operator is Operator.EQUAL else f"{kind}_not"]
