"""Whatever a form can be refused for is said in Chinese too, beside the field it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from epro.api.corrections import OwnCorrectionSchema
from epro.api.responses import SendingSchema, SubmissionSchema
from epro.api.schemas import Instant
from epro.web.console.pages import in_words
from epro.web.console.words import WORDS
from tests.architecture.sources import ROOT, tree_of

# What only commands refuse; an operator reads English.
OF_COMMANDS = {"edc_clients", "retention", "sites", "sponsor_contacts"}
PLACES = ("epro/services", "epro/web/console")
JUDGING = ROOT / "questionnaires/validation.py"
SENT_BY_PHONES = (SubmissionSchema, OwnCorrectionSchema, SendingSchema)
# What is said of values that are sent out, and of times without a zone where days are read.
NEVER_SAID = {"format", "invalid_awareness"}
# Where the template of a message names a value.
VALUE = re.compile(r"{(\w+)}")
SENTENCE = re.compile(r"[A-Z].*\.", re.DOTALL)


def refusals() -> Iterator[tuple[str, str]]:
    """Yield each module with each sentence it refuses a field by; {} where a value goes."""
    for place in PLACES:
        for path in sorted((ROOT / place).glob("*.py")):
            if path.stem not in OF_COMMANDS and not path.stem.startswith("words"):
                for said in _said_in(path):
                    yield path.stem, said


def judgements() -> Iterator[str]:
    """Yield what is said of answers that no questionnaire takes; {} where a value goes."""
    for node in ast.walk(tree_of(JUDGING)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = {"_Refused": 1, "AnswerProblem": 2}.get(node.func.id)
            if place and (said := _text(node.args[place])):
                yield said


def faults() -> Iterator[str]:
    """Yield what is said of a body whose shape is not that of a submission or a correction."""
    for kind in SENT_BY_PHONES:
        yield from _of_schema(kind())


def _of_schema(schema: Schema) -> Iterator[str]:
    yield from (str(one) for one in schema.error_messages.values())
    for field in schema.fields.values():
        yield from _of_field(field)


def _of_field(field: fields.Field[Any]) -> Iterator[str]:
    kind = {"obj_type": getattr(field, "OBJ_TYPE", ""), "awareness": "aware"}
    for key, one in field.error_messages.items():
        if key not in NEVER_SAID or (key == "invalid_awareness" and isinstance(field, Instant)):
            yield VALUE.sub(lambda name: kind.get(name[1], "{}"), str(one))
    for check in field.validators:
        own = getattr(check, "error", None)
        if isinstance(check, validate.Length):
            own = check.message_max
        elif isinstance(check, validate.Range):
            own = check.message_all
        yield VALUE.sub("{}", str(own))
    if isinstance(field, fields.Nested):
        yield from _of_schema(field.schema)
    if isinstance(field, fields.List):
        yield from _of_field(field.inner)


def _said_in(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        for value in _messages(node):
            found = named.get(value.id, []) if isinstance(value, ast.Name) else [value]
            yield from (said for one in found if (said := _text(one)) and SENTENCE.fullmatch(said))


def _messages(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        keys = [one.value if isinstance(one, ast.Constant) else None for one in node.keys]
        if "place" in keys and "message" in keys:
            yield node.values[keys.index("message")]
    if isinstance(node, ast.Call) and len(node.args) > 1:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else name
        if called.lstrip("_") in {"problem", "not_right"}:
            yield node.args[1]
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and _text(node.elts[0]):
        yield node.elts[1]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) or "{}" for one in node.values)
    return ""


def pattern_of(said: str) -> str:
    return ".+".join(re.escape(piece) for piece in said.split("{}"))


FOUND = sorted(set(refusals()))
KNOWN = [key.removeprefix("said.") for key in WORDS if key.startswith("said.")]


def test_the_refusals_of_fields_are_found_in_the_code() -> None:
    modules = {module for module, _ in FOUND}

    assert {"enrolment_form", "data_requests", "staff", "contact_data", "enrolling"} <= modules
    assert ("enrolment_form", "This is not a year of birth.") in FOUND


@pytest.mark.req("C-01")
@pytest.mark.parametrize(("module", "said"), FOUND)
def test_what_a_field_is_refused_for_is_said_in_chinese(module: str, said: str) -> None:
    matching = [one for one in KNOWN if re.fullmatch(pattern_of(said), one)]

    assert matching, f"{module} says {said!r}, and no page knows it in Chinese"
    assert all(re.search(r"[\u4e00-\u9fff]", WORDS[f"said.{one}"].zh) for one in matching)


OF_BODIES = sorted({*judgements(), *faults()})


def test_what_is_said_of_bodies_is_found_in_the_code() -> None:
    assert {"A rating lies between 0 and {}.", "At most {} decimals."} <= set(OF_BODIES)
    assert {"Longer than maximum length {}.", "A device cannot say this."} <= set(OF_BODIES)
    assert {"Not a valid UUID.", "Not a valid aware datetime."} <= set(OF_BODIES)


@pytest.mark.req("C-01", "S-02")
@pytest.mark.parametrize("said", OF_BODIES)
def test_what_a_refused_body_is_told_is_read_in_chinese(said: str) -> None:
    told = in_words(said.replace("{}", "4,711"))

    assert re.search(r"[\u4e00-\u9fff]", told.zh), said
    assert told.en == said.replace("{}", "4,711")
    assert told.zh.count("4,711") in {0, said.count("{}")}
