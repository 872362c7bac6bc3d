"""The reviewed list of words that could carry allocation, and how to find them in names.

The words are searched in names split at underscores, hyphens, dots and capitals: `study_arm` and
`studyArm` hold "arm", `alarm` and `harm` do not. Whoever needs a word for something else adds the
whole name to EXCEPTIONS, with the reason.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import yaml

# Single words, and beginnings of words (with *), as they appear in names.
WORDS = (
    "alloc*", "arm", "arms", "assignment", "assignments", "cohort", "cohorts", "comparator*",
    "dosage", "dosages", "dose", "doses", "dosing", "kit", "kits", "placebo*", "randomis*",
    "randomiz*", "sham", "strata", "stratif*", "stratum", "unblind*", "unmask*", "verum",
)  # fmt: skip
# Words that are harmless apart.
PAIRS = (
    ("active", "treatment"), ("control", "group"), ("dose", "level"), ("study", "group"),
    ("treatment", "group"), ("treatment", "code"), ("treatment", "given"), ("trial", "group"),
)  # fmt: skip
# In the texts themselves, where an arm is a part of the body and a dose belongs to a medicine.
IN_TEXTS = re.compile(
    r"安慰剂|随机|分组|盲底|揭盲|试验组|对照组|治疗组|队列|剂量组"
    r"|\b(placebo|randomi[sz]|allocat|unblind|cohort|(treatment|study|control|active) (arm|group))",
    re.IGNORECASE,
)

# The whole name -> why it cannot carry allocation.
EXCEPTIONS: Mapping[str, str] = {
    "Comparator": "ODM's own attribute: how a range check compares a value with its limit",
}

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAME = re.compile(r"[A-Za-z_][\w.:/<>{}*-]*|/[\w.:/<>{}*-]*")


def is_revealing(name: str) -> bool:
    """Say whether a name holds a word of the list and is no exception."""
    if name in EXCEPTIONS:
        return False
    parts = [part.lower() for part in _PARTS.findall(name)]
    return any(map(_is_listed, parts)) or any(pair in PAIRS for pair in pairwise(parts))


def python_names(tree: ast.Module) -> Iterator[str]:
    """Yield each name that a module makes or uses, and each string that could be one.

    Strings count because enum values, columns, routes and log keys are strings; docstrings and
    sentences do not, except that SQL is made of names and is read word by word.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name, asname=other):
                yield from (name, other or "")
            case ast.Constant(value=str(value)) if _NAME.fullmatch(value) or _is_sql(value):
                yield from re.findall(r"[\w.:/<>{}*-]+", value)


def yaml_names(text: str) -> Iterator[str]:
    """Yield each key of a YAML file, and each value that could be a name: a code, an id."""
    return _names_in(_without_warnings(yaml.safe_load(text)))


def json_names(text: str) -> Iterator[str]:
    """Yield each key of a JSON file (paths, fields), and each value that could be a name."""
    return _names_in(json.loads(text))


def yaml_texts(text: str) -> Iterator[str]:
    """Yield each value that somebody reads as a sentence."""
    for _key, value in _pairs(_without_warnings(yaml.safe_load(text))):
        if isinstance(value, str) and not _NAME.fullmatch(value):
            yield value


def _without_warnings(content: Any) -> Any:
    """Leave out the words that staff are warned of: the list has to name them."""
    if isinstance(content, Mapping):
        return {key: value for key, value in content.items() if key != "may_reveal"}
    return content


def revealing(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if is_revealing(name)})


def _is_listed(part: str) -> bool:
    return any(part.startswith(word[:-1]) if word.endswith("*") else part == word for word in WORDS)


def _is_sql(value: str) -> bool:
    return bool(re.match(r"\s*(ALTER|CREATE|DELETE|DROP|GRANT|INSERT|SELECT|UPDATE|WITH)\s", value))


def _names_in(content: Any) -> Iterator[str]:
    for key, value in _pairs(content):
        yield key
        if isinstance(value, str) and _NAME.fullmatch(value):
            yield value


def _pairs(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth; the values of a list stand under no key."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(content, list):
        for value in content:
            yield "", value
            yield from _pairs(value)
