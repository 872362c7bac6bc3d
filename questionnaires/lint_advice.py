"""Finds emergencies that another answer can take off the screen.

Every red sign has to stay reachable from what is always shown, by saying more, never only by saying
less: an item behind `!=` or `exists: false` disappears when the question before it is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from questionnaires.definition import Item, Operator, Questionnaire, StudyPackage

Fault: TypeAlias = tuple[str, str, str]


def find_hidden_advice(package: StudyPackage) -> Iterator[Fault]:
    """Yield each item of a red rule that another item hides by being answered."""
    red = [rule for rule in package.rules if rule.is_on and rule.tier.is_red]
    for questionnaire in package.questionnaires:
        for rule in red:
            read = {clause.question for one in rule.triggers for clause in one.clauses}
            for item in questionnaire.items:
                if item.link_id in read and (hiding := _hidden_by(questionnaire, item)):
                    place = f"rule '{rule.id}'"
                    reason = (
                        f"reads '{item.link_id}' of {questionnaire.code}, which '{hiding}' hides"
                    )
                    yield "hidden_advice", place, f"{reason} when it is answered"


def _hidden_by(
    questionnaire: Questionnaire, item: Item, passed: frozenset[str] = frozenset()
) -> str | None:
    """Return the question that hides the item by an answer, also by way of its gates."""
    for clause in item.enable_when:
        is_absence = clause.operator is Operator.EXISTS and clause.answer is False
        if is_absence or clause.operator is Operator.NOT_EQUAL:
            return clause.question
        gate = questionnaire.item(clause.question)
        if gate is not None and gate.link_id not in passed:
            found = _hidden_by(questionnaire, gate, passed | {item.link_id})
            if found is not None:
                return found
    return None
