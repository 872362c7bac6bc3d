"""Reads a study folder (YAML, written by people) into one StudyPackage, or tells every fault in it.

1. Each file is parsed into plain values, every one with the line it stands on; what YAML would
   silently read as something else (`no`, 12:30, 2026-01-01, 0755) is a fault.
2. Schemas, made from the dataclasses themselves, turn the plain values into those dataclasses.
3. The parts are put together; `{include: name}` in a questionnaire takes the items of a part.

What the words refer to is checked afterwards, by `lint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, TypeVar, cast, get_args, get_origin, get_type_hints

import marshmallow as ma

from questionnaires import canonical
from questionnaires.definition import (
    Clause,
    Item,
    Questionnaire,
    SafetyRule,
    StudyPackage,
    Trigger,
)
from questionnaires.escalating import EscalationPolicy
from questionnaires.licensing import LicenceRecord, LicensedUse
from questionnaires.reminding import ReminderPolicy
from questionnaires.sources import Fault, PackageFaults, Place, Source
from questionnaires.study_files import (
    READERS,
    Asked,
    CheckList,
    Include,
    LexiconsFile,
    PartFile,
    QuestionnaireFile,
    RulesFile,
    Safety,
    ScheduleFile,
    StudyFile,
    TextsFile,
    assemble,
    values_of,
)

INSTRUMENTS = Path(__file__).parent / "instruments"
T = TypeVar("T")


def read_package(folder: Path, *, licensed_in: Sequence[Path] = ()) -> StudyPackage:
    """Read a study folder; the licensed instruments that it names lie in one of `licensed_in`.

    Raises PackageFaults with every fault of every file.
    """
    reader = _Reader(folder)
    study = reader.load("study.yaml", StudyFile)
    licences = reader.licences(study, licensed_in)
    schedule = reader.load("schedule.yaml", ScheduleFile)
    reminders = reader.load("reminders.yaml", ReminderPolicy)
    rules = reader.load("rules.yaml", RulesFile)
    lexicons = reader.load("lexicons.yaml", LexiconsFile)
    safety = reader.safety(rules, lexicons)
    escalation = reader.load("escalation.yaml", EscalationPolicy)
    texts = reader.load("texts.yaml", TextsFile)
    questionnaires = tuple(reader.questionnaires())
    asked = Asked(questionnaires=questionnaires, licensed=tuple(reader.uses(licences)))
    if reader.faults or not (study and schedule and reminders and safety and escalation and texts):
        raise PackageFaults(reader.faults)
    return assemble(study, schedule, reminders, safety, escalation, texts, asked)


def read_questionnaire(file: Path) -> Questionnaire:
    """Read the file of one questionnaire, its parts from beside it or from the instruments.

    Raises PackageFaults with every fault.
    """
    reader = _Reader(file.parent)
    made = reader.questionnaire(file, code=file.stem)
    if made is None or reader.faults:
        raise PackageFaults(reader.faults)
    return made


def to_canonical_json(package: StudyPackage) -> str:
    """Return the one text of a package: sorted keys, UTF-8, no spaces, no defaults."""
    return canonical.to_text(package)


def from_canonical_json(text: str) -> StudyPackage:
    """Return exactly the package that `to_canonical_json` was given, else raise ValueError."""
    return canonical.from_text(StudyPackage, text)


class _Reader:
    """Loads files; each keeps its own faults."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, Source] = {}
        self._parts: dict[str, tuple[Item | CheckList, ...]] = {}
        self._licensed: dict[str, Path] = {}
        self._used: set[tuple[str, str]] = set()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return all faults of all files read so far."""
        return tuple(fault for source in self._sources.values() for fault in source.faults)

    def load(self, name: str, kind: type[T]) -> T | None:
        """Return the content of a file of the study folder, or None after noting its faults."""
        return self._load(self._folder / name, kind)

    def safety(self, rules: RulesFile | None, lexicons: LexiconsFile | None) -> Safety | None:
        """Put rules and lexicons together, each rule with the text of advice that it names."""
        if rules is None or lexicons is None:
            return None
        made = self._rules(rules)
        return Safety(made, rules.silence, rules.trends, lexicons.lexicons)

    def _rules(self, file: RulesFile) -> tuple[SafetyRule, ...]:
        made = []
        for index, rule in enumerate(file.rules):
            if advice := file.advice.get(rule.advice):
                made.append(SafetyRule(**(values_of(rule) | {"advice": advice})))
            else:
                reason = f"names '{rule.advice}', which is not among the texts under `advice`"
                self._sources["rules.yaml"].note(("rules", index, "advice"), reason)
        return tuple(made)

    def licences(
        self, study: StudyFile | None, licensed_in: Sequence[Path]
    ) -> dict[str, LicenceRecord]:
        """Read the licence of each licensed instrument; their questionnaires can be named then."""
        made: dict[str, LicenceRecord] = {}
        for index, name in enumerate(study.licensed if study else ()):
            homes = [home / name for home in licensed_in if (home / name).is_dir()]
            if not homes:
                reason = f"names '{name}', which is in no folder of licensed instruments"
                self._sources["study.yaml"].note(("licensed", index), reason)
            elif licence := self._load(homes[0] / "licence.yaml", LicenceRecord):
                self._licensed[name], made[name] = homes[0], licence
        return made

    def uses(self, licences: Mapping[str, LicenceRecord]) -> Iterator[LicensedUse]:
        """Yield each licence with the questionnaires that hold words of the instrument."""
        for name, licence in licences.items():
            codes = tuple(sorted(code for used, code in self._used if used == name))
            yield LicensedUse(instrument=name, licence=licence, questionnaires=codes)

    def questionnaires(self) -> Iterator[Questionnaire]:
        """Read the questionnaires that study.yaml names, also where the rest of it is faulty."""
        study = self._sources["study.yaml"]
        codes = study.plain.get("questionnaires") if isinstance(study.plain, dict) else None
        for index, code in enumerate(codes if isinstance(codes, list) else ()):
            file = self._find(str(code), study, ("questionnaires", index))
            if file and (made := self.questionnaire(file, code=str(code))):
                yield made

    def questionnaire(self, file: Path, *, code: str) -> Questionnaire | None:
        """Read one questionnaire with the parts that it takes, or None after noting its faults."""
        draft = self._load(file, QuestionnaireFile)
        if draft is None:
            return None
        source = self._sources[self._shown(file)]
        if draft.code != code:
            source.note(("code",), f"must be the name of the file: '{code}'")
        self._note_use(file, code)
        items = tuple(self._expanded(draft, source))
        return Questionnaire(**(values_of(draft) | {"items": items}))

    def _expanded(self, draft: QuestionnaireFile, source: Source) -> Iterator[Item]:
        for index, entry in enumerate(draft.items):
            if not isinstance(entry, Include):
                yield from _items_of(entry)
                continue
            stem = f"parts/{entry.include}"
            file = self._find(stem, source, ("items", index, "include"))
            if file and stem not in self._parts:
                part = self._load(file, PartFile)
                self._parts[stem] = part.items if part else ()
            if file is None:
                continue
            self._note_use(file, draft.code)
            for one in self._parts[stem]:
                yield from _items_of(one)

    def _find(self, stem: str, source: Source, place: Place) -> Path | None:
        """Look in the study folder, then at licensed instruments, then in this repository."""
        if re.fullmatch(r"(parts/)?[a-z0-9_-]+", stem):
            for folder in (self._folder, *self._licensed.values(), INSTRUMENTS):
                if (file := folder / f"{stem}.yaml").is_file():
                    return file
        source.note(place, f"names a file {stem}.yaml that is neither here nor in instruments")
        return None

    def _load(self, file: Path, kind: type[T]) -> T | None:
        source = self._sources[self._shown(file)] = Source(self._shown(file), file)
        made: T | None = None
        if source.is_readable:
            try:
                made = cast("T", _schema_of(cast("Any", kind))().load(source.plain))
            except ma.ValidationError as error:
                for place, reason in _flat(error.messages):
                    source.note(place, reason)
        return None if source.faults else made

    def _note_use(self, file: Path, code: str) -> None:
        for name, home in self._licensed.items():
            if file.is_relative_to(home):
                self._used.add((name, code))

    def _shown(self, file: Path) -> str:
        for base in (self._folder, INSTRUMENTS.parent):
            if file.is_relative_to(base):
                return file.relative_to(base).as_posix()
        return f"{file.parent.name}/{file.name}"


def _items_of(entry: Item | CheckList) -> Iterator[Item]:
    if isinstance(entry, CheckList):
        yield from entry.items()
    else:
        yield entry


# --- Schemas, made from the dataclasses ----------------------------------------------------------


_SHAPE_WORDS = {"unknown": "is not a name known here", "type": "must be named values"}


class _Shape(ma.Schema):
    """Loads named values into the dataclass it was made for; unknown names are refused."""

    error_messages = _SHAPE_WORDS
    made: ClassVar[type]

    @ma.post_load
    def _make(self, values: dict[str, Any], **_kwargs: Any) -> Any:
        try:
            return self.made(**values)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


def _flat(messages: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Walk marshmallow's nested messages; `_schema` and a dict's `value` are no part of the way."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _flat(inner, place if name in {"_schema", "value"} else (*place, name))
    else:
        for reason in messages:
            yield place, str(reason).removesuffix(".")


class _Read(ma.fields.Field[Any]):
    """A value read by one function, which raises ValueError with the reason."""

    def __init__(self, reader: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._reader = reader

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        try:
            return self._reader(value)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


@cache
def _schema_of(kind: Any) -> type[ma.Schema]:
    hints = get_type_hints(kind)
    made = {field.name: _field(hints[field.name], default=field.default) for field in fields(kind)}
    return type(f"{kind.__name__}Schema", (_Shape,), {**made, "made": kind})


def _field(kind: Any, *, default: object = MISSING) -> ma.fields.Field[Any]:
    if NoneType in get_args(kind):
        default = None if default is MISSING else default
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    is_dict = get_origin(kind) is dict
    words = {
        "required": "is missing",
        "null": "is empty",
        "invalid": "must be named values" if is_dict else "must be a list",
    }
    asked: dict[str, Any] = {"error_messages": words}
    asked |= {"required": True} if default is MISSING else {"load_default": default}
    if kind in READERS:
        return _Read(READERS[kind], **asked)
    if is_dict:
        return ma.fields.Dict(keys=ma.fields.String(), values=_field(get_args(kind)[1]), **asked)
    if kind is Trigger:
        return _Trigger(_field(Clause), **asked)
    if get_origin(kind) is tuple:
        return _Tuple(_field(get_args(kind)[0]), **asked)
    if CheckList in get_args(kind):
        return _Entry(**asked)
    return ma.fields.Nested(_schema_of(kind), **asked)


class _Tuple(ma.fields.List[Any]):
    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(*args, **kwargs))


class _Trigger(_Tuple):
    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return Trigger(super()._deserialize(*args, **kwargs))


class _Entry(ma.fields.Field[Any]):
    """An item of a questionnaire, a check list, or the name of a part."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        names = value if isinstance(value, dict) else {}
        kind = CheckList if "checklist" in names else Include if "include" in names else Item
        return _schema_of(kind)().load(value)
