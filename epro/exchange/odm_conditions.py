"""When an item is not asked, as an XPath that any XML tool can work out on a form's data.

ODM has the exception, the study has the rule: so each expression is the rule negated. It is
evaluated with the form (`FormData`) as its context and the prefix `odm` for ODM's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from epro.exchange import odm_names as names
from questionnaires.definition import Behavior, Clause, Item, ItemType, Operator, Questionnaire
from questionnaires.validation import SCALES

_SIGNS: Mapping[Operator, str] = MappingProxyType(
    {
        Operator.LESS: "<", Operator.AT_MOST: "<=",
        Operator.MORE: ">", Operator.AT_LEAST: ">=",
    }
)  # fmt: skip


def exception_of(questionnaire: Questionnaire, item: Item) -> str:
    """Return the XPath that is true when an item is not asked."""
    joint = " or " if item.enable_behavior is Behavior.ANY else " and "
    clauses = [f"({_holds(questionnaire, clause)})" for clause in item.enable_when]
    return f"not({joint.join(clauses)})"


def in_words(item: Item) -> tuple[str, str]:
    """Return, in Chinese and English, when an item is asked."""
    rules = [f"{one.question} {one.operator.value} {_plain(one)}" for one in item.enable_when]
    is_any = item.enable_behavior is Behavior.ANY
    return (
        f"仅在以下条件{'之一' if is_any else '全部'}成立时询问：{'；'.join(rules)}",
        f"Asked only when {'any' if is_any else 'all'} of these hold: {'; '.join(rules)}",
    )


def _holds(questionnaire: Questionnaire, clause: Clause) -> str:
    asked = questionnaire.item(clause.question)
    if asked is None:
        raise LookupError(f"{questionnaire.code} asks no item {clause.question}")
    if names.has_several(asked):
        return _several_hold(questionnaire, asked, clause)
    place = _value_of(names.item(questionnaire.code, asked.link_id))
    if clause.operator is Operator.EXISTS:
        return f"boolean({place})" if clause.answer else f"not({place})"
    if clause.operator is Operator.EQUAL:
        return _equals(place, asked, clause)
    if clause.operator is Operator.NOT_EQUAL:
        return f"not({_equals(place, asked, clause)})"
    return _in_order(place, clause)


def _several_hold(questionnaire: Questionnaire, asked: Item, clause: Clause) -> str:
    each = [names.item(questionnaire.code, asked.link_id, choice.code) for choice in asked.choices]
    if clause.operator is Operator.EXISTS:
        is_any = " or ".join(f"{_value_of(oid)}='1'" for oid in each)
        return is_any if clause.answer else f"not({is_any})"
    chosen = names.item(questionnaire.code, asked.link_id, str(clause.answer))
    is_ticked = f"{_value_of(chosen)}='1'"
    return f"not({is_ticked})" if clause.operator is Operator.NOT_EQUAL else is_ticked


def _equals(place: str, asked: Item, clause: Clause) -> str:
    if asked.type in {ItemType.NUMBER, *SCALES}:
        return f"{place}={clause.answer}"
    return f"{place}='{_plain(clause)}'"


def _in_order(place: str, clause: Clause) -> str:
    sign = _SIGNS[clause.operator]
    if isinstance(clause.answer, str):  # a date
        return f"translate({place}, '-', '') {sign} {clause.answer.replace('-', '')}"
    return f"{place} {sign} {clause.answer}"


def _value_of(oid: str) -> str:
    return f"odm:ItemGroupData/odm:ItemData[@ItemOID='{oid}']/@Value"


def _plain(clause: Clause) -> str:
    if isinstance(clause.answer, bool):
        return "true" if clause.answer else "false"
    return str(clause.answer)
