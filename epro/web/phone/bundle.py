"""One script out of the app's modules, or two, the same bytes from the same sources, without Node.

It reads the plain subset of module syntax that the app keeps to, and refuses everything else:
imports by name or as a whole, named exports, no cycle, no exported `let`. Each module becomes a
function that is called once, in order of need, so that no name of one meets a name of another. What
the app loads later, by the one `import("./x.js")` that there may be, becomes a second script with
what only it needs. What only people read stays behind (`script.py`).
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from epro.web.phone.script import Kind, NotRead, tight, tokens

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_WHOLE = re.compile(r'^import \* as (\w+) from "(\.[^"]+)";\n', re.MULTILINE)
_REEXPORT = re.compile(r'^export \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_DECLARED = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_LISTED = re.compile(r"(?:^|;)export ?\{([^}]*)\};?\s*", re.MULTILINE)
_VENDOR = "vendor/"  # made small by those who published it

Pairs = list[tuple[str, str]]


class NotBundled(ValueError):
    """A module uses syntax that this bundler does not know; the message names it."""


@dataclass(slots=True)
class _Module:
    """One module as it was read; names of others are those of their files."""

    name: str
    body: str = ""
    named: list[tuple[Pairs, str]] = field(default_factory=list)  # (theirs, ours), whose
    whole: Pairs = field(default_factory=list)  # ours, whose
    handed_on: dict[str, tuple[str, str]] = field(default_factory=dict)  # ours: theirs, whose
    exported: dict[str, str] = field(default_factory=dict)  # by the name outside, the one inside
    later: str | None = None
    asked: set[str] = field(default_factory=set)  # the exports that somebody imports

    @property
    def needed(self) -> list[str]:
        """Return the modules that have to be there before this one, in the order of its lines."""
        handed_on = [whose for _theirs, whose in self.handed_on.values()]
        return [
            *(whose for _, whose in self.named),
            *(whose for _, whose in self.whole),
            *handed_on,
        ]

    @property
    def names(self) -> set[str]:
        """Return what another module may ask for."""
        return {*self.exported, *self.handed_on}

    def as_function(self, numbers: Mapping[str, int]) -> str:
        taken = [f"{_object(pairs)}=m{numbers[whose]}" for pairs, whose in self.named]
        taken += [f"{ours}=m{numbers[whose]}" for ours, whose in self.whole]
        inside = self.exported | {
            ours: f"m{numbers[whose]}.{theirs}" for ours, (theirs, whose) in self.handed_on.items()
        }
        given = _object((one, inside[one]) for one in inside if one in self.asked)
        body = self.body
        if taken:
            more = "," if body.startswith("const ") else ";"
            body = f"const {','.join(taken)}{more}{body.removeprefix('const ')}"
        return f"const m{numbers[self.name]}=(()=>{{{body}\nreturn{given}}})();\n"


def bundled(files: Mapping[str, bytes], entry: str) -> dict[str, str]:
    """Return module scripts by the names of their files: what `entry` is, and what it loads later.

    Raises NotBundled for an import that is not there, goes round in a circle, or is written
    otherwise than the app writes imports.
    """
    modules: dict[str, _Module] = {}
    _add(files, entry, modules, ())
    first = list(modules)
    later = _loaded_later(modules)
    if later is not None:
        _add(files, later, modules, ())
        if any(modules[name].later for name in modules if name not in first):
            raise NotBundled(f"What {later} loads itself would have to be a third script.")
    for module in modules.values():
        _note_what_is_asked(module, modules)
    numbers = {name: number for number, name in enumerate(modules)}
    functions = {name: modules[name].as_function(numbers) for name in modules}
    script = "".join(functions[name] for name in first)
    if later is None:
        return {_file_of(entry): script}
    rest = [name for name in modules if name not in first]
    needed = {one for name in rest for one in modules[name].needed}
    shared = ",".join(f"m{numbers[name]}" for name in first if name in needed)
    given = ",".join(sorted(modules[later].names))
    taken = f'import{{{shared}}}from"./{_file_of(entry)}";\n'
    more = "".join(functions[name] for name in rest)
    return {
        _file_of(entry): f"{script}export{{{shared}}};\n",
        _file_of(later): f"{taken}{more}export const{{{given}}}=m{numbers[later]};\n",
    }


def _loaded_later(modules: Mapping[str, _Module]) -> str | None:
    """Return the one module that is loaded later, if any."""
    later = {one.later for one in modules.values() if one.later}
    if len(later) > 1 or later & set(modules):
        raise NotBundled(f"One module may be loaded later, and by no other way: {sorted(later)}.")
    return later.pop() if later else None


def _add(
    files: Mapping[str, bytes], name: str, modules: dict[str, _Module], on_the_way: tuple[str, ...]
) -> None:
    """Read a module, after all that it needs."""
    if name in on_the_way:
        raise NotBundled(f"{name} imports itself by way of {' > '.join(on_the_way)}.")
    if name not in files:
        raise NotBundled(f"{on_the_way[-1] if on_the_way else 'Nothing'} imports {name}: no file.")
    if name in modules:
        return
    module = _read(name, files[name].decode())
    for needed in module.needed:
        _add(files, needed, modules, (*on_the_way, name))
    modules[name] = module


def _read(name: str, source: str) -> _Module:
    module = _Module(name)

    def whose(wanted: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), wanted))

    def take_in(found: re.Match[str]) -> str:
        module.named.append((_pairs(found[1]), whose(found[2])))
        return ""

    def take_whole(found: re.Match[str]) -> str:
        module.whole.append((found[1], whose(found[2])))
        return ""

    def hand_on(found: re.Match[str]) -> str:
        module.handed_on.update({ours: (one, whose(found[2])) for one, ours in _pairs(found[1])})
        return ""

    def declared(found: re.Match[str]) -> str:
        module.exported[found[2]] = found[2]
        return f"{found[1]} {found[2]}"

    def listed(found: re.Match[str]) -> str:
        module.exported.update({theirs: ours for ours, theirs in _pairs(found[1])})
        return ";"

    body = _WHOLE.sub(take_whole, _REEXPORT.sub(hand_on, _IMPORT.sub(take_in, source)))
    body = _LISTED.sub(listed, _DECLARED.sub(declared, body))
    later = _LATER.findall(body)
    if later:
        module.later = whose(later[0])
    body = _LATER.sub(lambda found: f'import("./{_file_of(found[1])}")', body)
    module.body = body if name.startswith(_VENDOR) else _made_tight(name, body, len(later))
    return module


def _made_tight(name: str, body: str, loads: int) -> str:
    """Return a module's inside made small; nothing of its imports and exports may be left."""
    try:
        words = [one.text for one in tokens(body) if one.kind is Kind.WORD]
        if words.count("import") > loads or "export" in words or loads > 1:
            raise NotBundled(f"{name} imports or exports otherwise than this bundler reads it.")
        return tight(body)
    except NotRead as problem:
        raise NotBundled(f"{name}: {problem}") from problem


def _note_what_is_asked(module: _Module, modules: Mapping[str, _Module]) -> None:
    for pairs, whose in module.named:
        modules[whose].asked |= {theirs for theirs, _ours in pairs}
    for theirs, whose in module.handed_on.values():
        modules[whose].asked.add(theirs)
    for whose in [*(one for _ours, one in module.whole), *filter(None, [module.later])]:
        modules[whose].asked |= modules[whose].names


def _file_of(name: str) -> str:
    return posixpath.basename(name)


def _object(pairs: Iterable[tuple[str, str]]) -> str:
    """Write names and what they stand for, as an object or as what takes one apart."""
    said = (one if one == other else f"{one}:{other}" for one, other in pairs)
    return f"{{{','.join(said)}}}"


def _pairs(names: str) -> Pairs:
    """Read `a, b as c` as [(a, a), (b, c)]."""
    pairs = []
    for one in filter(None, (part.strip() for part in names.split(","))):
        first, _, second = one.partition(" as ")
        pairs.append((first.strip(), (second or first).strip()))
    return pairs
