"""One script out of the app's modules, the same bytes from the same sources, without Node.

It reads the plain subset of module syntax that the app keeps to, and refuses everything else:
imports by name or as a whole, named exports, no cycle, no exported `let`. Each module becomes a
function that is called once, in order of need, so that no name of one meets a name of another.
"""

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_WHOLE = re.compile(r'^import \* as (\w+) from "(\.[^"]+)";\n', re.MULTILINE)
_REEXPORT = re.compile(r'^export \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_LISTED = re.compile(r"(?:^|;)export ?\{([^}]*)\};?\s*", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(?:import|export)\b", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^\s*//[^\n]*\n", re.MULTILINE)
_COMMENT_BLOCK = re.compile(r"^\s*/\*\*.*?\*/\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")


class NotBundled(ValueError):
    """A module uses syntax that this bundler does not know; the message names it."""


def bundled(files: Mapping[str, bytes], entry: str) -> str:
    """Return one classic script that does what the module `entry` does.

    Raises NotBundled for an import that is not there, goes round in a circle, or is written
    otherwise than the app writes imports.
    """
    order: list[str] = []
    _visit(files, entry, order, ())
    numbers = {name: number for number, name in enumerate(order)}
    parts = [_as_function(files[name].decode(), name, numbers) for name in order]
    return '"use strict";(()=>{\n' + "".join(parts) + "})();\n"


def _visit(
    files: Mapping[str, bytes], name: str, order: list[str], on_the_way: tuple[str, ...]
) -> None:
    if name in on_the_way:
        raise NotBundled(f"{name} imports itself by way of {' > '.join(on_the_way)}.")
    if name not in files:
        raise NotBundled(f"{on_the_way[-1] if on_the_way else 'Nothing'} imports {name}: no file.")
    if name not in order:
        source = files[name].decode()
        for pattern in (_IMPORT, _WHOLE, _REEXPORT):
            for _names, wanted in pattern.findall(source):
                _visit(files, _resolved(name, wanted), order, (*on_the_way, name))
        order.append(name)


def _resolved(importer: str, wanted: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), wanted))


def _as_function(source: str, name: str, numbers: Mapping[str, int]) -> str:
    exported: dict[str, str] = {}
    carried: list[str] = []

    def take_in(found: re.Match[str]) -> str:
        pairs = ", ".join(f"{theirs}: {ours}" for theirs, ours in _pairs(found[1]))
        return f"const {{{pairs}}} = m{numbers[_resolved(name, found[2])]};\n"

    def take_whole(found: re.Match[str]) -> str:
        return f"const {found[1]} = m{numbers[_resolved(name, found[2])]};\n"

    def hand_on(found: re.Match[str]) -> str:
        for theirs, ours in _pairs(found[1]):
            carried.append(f"{ours}: m{numbers[_resolved(name, found[2])]}.{theirs}")
        return ""

    def declared(found: re.Match[str]) -> str:
        exported[found[2]] = found[2]
        return f"{found[1]} {found[2]}"

    def listed(found: re.Match[str]) -> str:
        exported.update({theirs: ours for ours, theirs in _pairs(found[1])})
        return ";"

    body = _COMMENT_BLOCK.sub("", source)
    body = _WHOLE.sub(take_whole, _REEXPORT.sub(hand_on, _IMPORT.sub(take_in, body)))
    body = _LISTED.sub(listed, _DECLARED.sub(declared, body))
    if left := _LEFT_OVER.search(body):
        line = body[left.start() :].lstrip().splitlines()[0]
        raise NotBundled(f"{name}: `{line}` is not written as this bundler reads it.")
    if not name.startswith("vendor/"):
        body = _EMPTY_LINES.sub("\n", _INDENT.sub("", _COMMENT_LINE.sub("", body)))
    pairs = [f"{outside}: {inside}" for outside, inside in exported.items()] + carried
    return f"const m{numbers[name]} = (() => {{\n{body}\nreturn {{{', '.join(pairs)}}};\n}})();\n"


def _pairs(names: str) -> list[tuple[str, str]]:
    """Read `a, b as c` as [(a, a), (b, c)]."""
    pairs = []
    for one in filter(None, (part.strip() for part in names.split(","))):
        first, _, second = one.partition(" as ")
        pairs.append((first.strip(), (second or first).strip()))
    return pairs
