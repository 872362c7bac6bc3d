"""Checks a copy of a site's record: every file, every count, and the chain of its journal.

It needs Python 3.9 or newer and nothing else, and lies in each copy as check.py, so that the copy
can be checked when the system it came from is gone:

    python3 check.py            checks the folder it lies in
    python3 check.py FOLDER     checks another
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

UNFINISHED = "UNFINISHED"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
CHAIN = "audit/chain.csv"
CHAIN_HEAD = b"seq,hash\n"
# Twelve digits, a comma, sixty-four digits, the end of the line: a place is found by its number.
CHAIN_LINE = 12 + 1 + 64 + 1
FIRST_HASH = "0" * 64
# What desktops leave behind in every folder that somebody looks into.
IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini"}
PIECE = 1 << 20
MOST_FAULTS = 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def link_hash(prev_hash: str, seq: int, body: str) -> str:
    """Return the hash that binds an entry of the journal to its place."""
    return hashlib.sha256(f"{prev_hash}\n{seq}\n{body}".encode()).hexdigest()


def faults_of(folder: Path) -> Iterator[str]:
    """Yield what is wrong, each with the file and, where it has one, the line; nothing if whole."""
    if (folder / UNFINISHED).exists():
        yield f"{UNFINISHED}: this copy was never finished"
        return
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as fault:
        yield f"{MANIFEST}: cannot be read ({fault})"
        return
    try:
        yield from _files(folder, manifest)
        yield from _sums(folder, manifest)
    except (KeyError, TypeError, AttributeError):
        yield f"{MANIFEST}: is not the manifest of a copy"
        return
    try:
        yield from _journal(folder, manifest)
    except (OSError, ValueError) as fault:
        yield f"the journal cannot be read ({fault})"
    except (KeyError, TypeError, AttributeError):
        yield f"{MANIFEST}: does not say what of the journal is here"


def _files(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    known = {MANIFEST, SUMS}
    for file in manifest["files"]:
        known.add(file["path"])
        path = folder / file["path"]
        if not path.is_file():
            yield f"{file['path']}: is missing"
        elif path.stat().st_size != file["size"]:
            yield f"{file['path']}: has {path.stat().st_size} bytes, not {file['size']}"
        elif sha256_of(path) != file["sha256"]:
            yield f"{file['path']}: was changed, its SHA-256 is another"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in known and path.name not in IGNORED:
            yield f"{name}: is not in {MANIFEST}"


def _sums(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Compare the list for sha256sum with the manifest, line by line."""
    listed = {file["path"]: file["sha256"] for file in manifest["files"]}
    listed[MANIFEST] = sha256_of(folder / MANIFEST)
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as fault:
        yield f"{SUMS}: cannot be read ({fault})"
        return
    for number, line in enumerate(lines, start=1):
        digest, _, name = line.partition("  ")
        if listed.pop(name, None) != digest:
            yield f"{SUMS}, line {number}: {name or line} has another SHA-256 in {MANIFEST}"
    for name in listed:
        yield f"{SUMS}: {name} is missing"


def _journal(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Recompute the hash of each entry here, and find each at its place in the whole chain."""
    chain = folder / CHAIN
    upto, head = manifest["journal"]["upto_seq"], manifest["journal"]["head"]
    yield from _chain(chain, upto, head)
    told: dict[str, int] = {}
    with chain.open("rb") as places:
        for name, expected in manifest["journal"]["entries"].items():
            yield from _entries(folder, f"audit/{name}.ndjson", expected, places, told)
    for kind, expected in manifest["journal"]["entities"].items():
        if told.get(kind, 0) != expected:
            yield f"audit: tells of {told.get(kind, 0)} {kind}, {MANIFEST} of {expected}"


def _entries(
    folder: Path, path: str, expected: int, places: BinaryIO, told: dict[str, int]
) -> Iterator[str]:
    """Check one file of the journal; add to `told` how many things of each kind it tells of."""
    count, before = 0, 0
    known: dict[str, set[str]] = {}
    with (folder / path).open(encoding="utf-8", newline="\n") as file:
        for count, line in enumerate(file, start=1):
            try:
                entry = json.loads(line)
                reason = _why_broken(entry, before, places)
                content = json.loads(entry["body"])
                known.setdefault(content["entity_type"], set()).add(content["entity_id"])
                before = entry["seq"]
            except (ValueError, KeyError, TypeError):
                reason = "this is no entry of a journal"
            if reason:
                yield f"{path}, line {count}: {reason}"
    if count != expected:
        yield f"{path}: has {count} entries, not {expected}"
    for kind, ids in known.items():
        told[kind] = told.get(kind, 0) + len(ids)


def _chain(path: Path, upto: int, head: str) -> Iterator[str]:
    last = FIRST_HASH
    with path.open("rb") as file:
        if file.readline() != CHAIN_HEAD:
            yield f"{CHAIN}, line 1: is not what it should be"
        seq = 0
        for seq, line in enumerate(file, start=1):
            if len(line) != CHAIN_LINE or line[:13] != b"%012d," % seq:
                yield f"{CHAIN}, line {seq + 1}: number {seq} is missing"
                return
            last = line[13:-1].decode()
    if (seq, last) != (upto, head):
        yield f"{CHAIN}: ends with number {seq} and {last}, {MANIFEST} says {upto} and {head}"


def _why_broken(entry: dict[str, Any], before: int, places: BinaryIO) -> str | None:
    seq = entry["seq"]
    if seq <= before:
        return f"number {seq} comes after number {before}"
    if entry["prev_hash"] != _hash_at(places, seq - 1):
        return f"number {seq} does not follow the entry before it"
    if link_hash(entry["prev_hash"], seq, entry["body"]) != entry["hash"]:
        return f"the text of number {seq} was changed"
    if entry["hash"] != _hash_at(places, seq):
        return f"number {seq} is not the one in {CHAIN}"
    return None


def _hash_at(places: BinaryIO, seq: int) -> str:
    if seq == 0:
        return FIRST_HASH
    places.seek(len(CHAIN_HEAD) + (seq - 1) * CHAIN_LINE)
    return places.read(CHAIN_LINE)[13:-1].decode(errors="replace")


def main(arguments: Sequence[str]) -> int:
    """Check a folder, print what is wrong, and return what the command ends with."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    count = 0
    for count, fault in enumerate(faults_of(folder), start=1):
        if count <= MOST_FAULTS:
            print(fault)  # noqa: T201  this runs where there is nothing else
    if count:
        print(f"{folder}: NOT whole, {count} faults.")  # noqa: T201
        return 1
    print(f"{folder}: whole. manifest.json {sha256_of(folder / MANIFEST)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
