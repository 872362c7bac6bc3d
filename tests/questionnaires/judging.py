"""Short ways to judge answers in a test."""

from questionnaires.definition import Item, Questionnaire
from questionnaires.validation import Judgement, judge
from tests.questionnaires.forms import form


def give(link_id: str, value: object, **more: object) -> dict[str, object]:
    return {"link_id": link_id, "value": value, **more}


def judged(asked: Item | Questionnaire, *raw: object, is_complete: bool = True) -> Judgement:
    questionnaire = form(asked) if isinstance(asked, Item) else asked
    return judge(questionnaire, list(raw), is_complete=is_complete)


def value_of(asked: Item, value: object) -> object:
    """Return the value as it is kept; the answer must be taken without a problem."""
    judgement = judged(asked, give(asked.link_id, value))
    assert judgement.problems == ()
    return judgement.values[asked.link_id]


def code_for(asked: Item | Questionnaire, *raw: object, is_complete: bool = True) -> str:
    """Return the code of the one problem."""
    (problem,) = judged(asked, *raw, is_complete=is_complete).problems
    return problem.code


def code_of(asked: Item, value: object) -> str:
    return code_for(asked, give(asked.link_id, value))
