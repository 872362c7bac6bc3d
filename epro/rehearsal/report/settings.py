"""What a study says, value by value: two rehearsals can tell in what their studies differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from epro.rehearsal.sources import read_yaml

# Words that people are shown change nothing of what a rehearsal counts.
LEFT_OUT = {"texts.yaml"}
# What an entry of a list is called by: the first of these that it has.
NAMES = ("id", "code", "key", "name", "kind", "questionnaire", "tier")

Settings = dict[str, str]


def settings_of(package: Path) -> Settings:
    """Return every value of a study's files by its place: "reminders.yaml, steps, S5 last, at"."""
    found: Settings = {}
    for file in sorted(package.glob("*.yaml")):
        if file.name not in LEFT_OUT:
            found |= dict(_values(read_yaml(file), [file.name]))
    return found


def differences(before: Settings, now: Settings) -> list[tuple[str, str, str]]:
    """Return where two studies differ: the place, and what each says; a dash where nothing is."""
    places = dict.fromkeys([*before, *now])
    return [
        (place, before.get(place, "–"), now.get(place, "–"))
        for place in places
        if before.get(place) != now.get(place)
    ]


def _values(value: Any, place: list[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _values(one, [*place, str(name)])
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        seen: set[str] = set()
        for number, one in enumerate(value, start=1):
            name = _name(one, number)
            name = f"{name} ({number})" if name in seen else name
            seen.add(name)
            yield from _values(one, [*place, name])
    else:
        written = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield ", ".join(place), written


def _name(entry: Any, number: int) -> str:
    """Return what an entry of a list is called: by its own name, or by its number."""
    if not isinstance(entry, dict):
        return str(number)
    own = next((str(entry[name]) for name in NAMES if name in entry), str(number))
    return " ".join(str(part) for part in (entry.get("block"), own, entry.get("case")) if part)
