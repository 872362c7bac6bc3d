"""What an amendment changes: two packages compared value by value, each under a readable place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from questionnaires import canonical

# What parts of a list are called by; the first that all of them have decides.
_NAMES = ("link_id", "code", "id", "key", "instrument", "kind", "block", "case", "tier")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is another, or only there on one side; None is absent."""

    place: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if self.old is None:
            return f"+ {self.place}: {_shown(self.new)}"
        if self.new is None:
            return f"- {self.place}: {_shown(self.old)}"
        return f"~ {self.place}: {_shown(self.old)} → {_shown(self.new)}"


def differences(old: object, new: object) -> tuple[Difference, ...]:
    """Return all that differs between two values of a package, in the order of their places."""
    return tuple(_compared("", canonical.to_plain(old), canonical.to_plain(new)))


def _compared(place: str, old: Any, new: Any) -> Iterator[Difference]:
    if old is _ABSENT or new is _ABSENT:
        yield Difference(place, None if old is _ABSENT else old, None if new is _ABSENT else new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in (*old, *(one for one in new if one not in old)):
            inner = f"{place}.{name}" if place else name
            yield from _compared(inner, old.get(name, _ABSENT), new.get(name, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(place, old, new)
    elif type(old) is not type(new) or old != new:
        yield Difference(place, old, new)


def _lists(place: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    name = next((one for one in _NAMES if _is_called_by(one, old, new)), None)
    if name is None:
        length = max(len(old), len(new))
        for index, (one, other) in enumerate(
            zip(_filled(old, length), _filled(new, length), strict=True)
        ):
            yield from _compared(f"{place}[{index}]", one, other)
        return
    before, after = ({one[name]: one for one in several} for several in (old, new))
    for called in (*before, *(one for one in after if one not in before)):
        inner = f"{place}.{called}"
        yield from _compared(inner, before.get(called, _ABSENT), after.get(called, _ABSENT))
    kept_before = [one for one in before if one in after]
    kept_after = [one for one in after if one in before]
    if kept_before != kept_after:
        yield Difference(f"{place} (order)", kept_before, kept_after)


def _is_called_by(name: str, *lists: Sequence[Any]) -> bool:
    """Tell whether every part has that name, and no two parts of a list the same."""
    return any(lists) and all(
        all(isinstance(one, Mapping) and isinstance(one.get(name), str) for one in several)
        and len({one[name] for one in several}) == len(several)
        for several in lists
    )


def _filled(several: list[Any], length: int) -> list[Any]:
    return [*several, *([_ABSENT] * (length - len(several)))]


def _shown(value: Any) -> str:
    """Return a value in one line; a large part by what it is called."""
    if isinstance(value, Mapping) and value.keys() == {"zh", "en"}:
        return f"{value['zh']} / {value['en']}"
    if isinstance(value, Mapping):
        named = next((str(value[one]) for one in _NAMES if one in value), None)
        text = value.get("text", value.get("title"))
        return " ".join([named or "…", _shown(text) if text else ""]).strip()
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    return str(value)
