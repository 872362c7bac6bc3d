"""One YAML file of a study folder: its plain values, the line of each, and its faults as YAML.

What YAML would silently read as something else (`no`, 12:30, 2026-01-01, 0755) is a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import yaml

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong and where: the file, the way to the value in it, and the line if known."""

    file: str
    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        return f"{self.file}{line}: {self.path} {self.reason}".replace(":  ", ": ")


class PackageFaults(Exception):
    """A study folder cannot be read; `faults` names all that is wrong, not only the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


_TIME = re.compile(r"[0-9]+:[0-5][0-9](:[0-5][0-9])?")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_QUOTES = "put it in quotes"


# libyaml reads ten times faster than Python does; without it the slower one reads the same.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 100


def _composed(text: str) -> yaml.Node | None:
    """Return the nodes of a text; its events are looked through first.

    Raises MarkedYAMLError for a reference and RecursionError for what is nested too deeply.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="references (*name) are not used here; write it out",
                problem_mark=cast("yaml.Mark | None", event.start_mark),
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise RecursionError
    return yaml.compose(text, Loader=_Loader)


class Source:
    """One YAML file: its plain values and what is wrong with it as YAML."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.plain: Any = None
        self.is_readable = False
        self._lines: dict[Place, int] = {}
        try:
            root = _composed(file.read_bytes().decode())
        except OSError:
            self.note((), "is missing")
        except UnicodeDecodeError:
            self.note((), "is not UTF-8 text; save it as UTF-8")
        except RecursionError:
            self.note((), "is nested too deeply")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self._lines[()] = mark.line + 1 if mark else 1
            self.note((), f"cannot be read as YAML: {getattr(error, 'problem', None) or error}")
        else:
            self.is_readable = root is not None
            if root is None:
                self.note((), "is empty")
            else:
                self.plain = self._value(root, ())

    def note(self, place: Place, reason: str) -> None:
        """Note a fault, at the line of the value or of the nearest one around it."""
        known = next((place[:n] for n in range(len(place), -1, -1) if place[:n] in self._lines), ())
        path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)
        self.faults.append(Fault(self.name, path.lstrip("."), reason, self._lines.get(known)))

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(one, (*place, index)) for index, one in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return self._scalar(node, place)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = (*place, key)
            self._lines.setdefault(inner, key_node.start_mark.line + 1)
            if key in values:
                self.note(inner, f"is written twice, again in line {key_node.start_mark.line + 1}")
            if not isinstance(self._scalar(key_node, inner), str):
                self.note(inner, f"is a name and must be text; {_QUOTES}")
            values[key] = self._value(value_node, inner)
        return values

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        text, kind = str(node.value), node.tag.rpartition(":")[2]
        if getattr(node, "style", None) or kind in {"str", "value", "merge"}:
            if not getattr(node, "style", None) and _TIME.fullmatch(text):
                self.note(place, f'is a time; {_QUOTES}: "{text}"')
            return text
        if kind == "null":
            return None
        if kind == "bool" and text in {"true", "false"}:
            return text == "true"
        if kind in {"int", "float"} and _NUMBER.fullmatch(text):
            return int(text) if kind == "int" else float(text)
        if kind == "bool":
            reason = f"which YAML takes for yes or no; write true or false, or {_QUOTES}"
        else:
            reason = f"which YAML takes for a {kind}; {_QUOTES}"
        self.note(place, f'is `{text}`, {reason}: "{text}"')
        return text
