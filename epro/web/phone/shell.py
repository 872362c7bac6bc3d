"""The app's own files: gathered as one shell under one name, so that a phone never mixes two.

In development the browser loads native modules as they lie on disk; in production the same modules
as one file. Either way every address holds a hash over all of the shell: what was once loaded stays
as it was, and a change of any file is a new shell.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from epro.web.phone.bundle import bundled

FOLDER = Path(__file__).parent
STYLES = ("tokens.css", "app.css", "form.css")
KINDS: Mapping[str, str] = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
SERVED = ("css", "i18n", "img", "js", "vendor")
HASH_LENGTH = 16


@dataclass(frozen=True)
class Shell:
    """All files of the app by the name they are served under, as bytes."""

    files: Mapping[str, bytes]
    entry: str
    styles: tuple[str, ...]
    later: tuple[str, ...] = ()  # scripts that the entry asks for: fetched beside it, not after it

    @cached_property
    def version(self) -> str:
        """Return the name of this shell: a hash over every name and byte of it."""
        whole = sha256()
        for name in sorted(self.files):
            whole.update(f"{name}\0{len(self.files[name])}\0".encode())
            whole.update(self.files[name])
        return whole.hexdigest()[:HASH_LENGTH]

    @property
    def names(self) -> list[str]:
        """Return what a phone keeps to start without network."""
        return sorted(self.files)


def read_modules(folder: Path = FOLDER) -> Shell:
    """Return the shell as it lies on disk this moment, one file for each module.

    A page asks for some seventy of them, and its worker once more: read is only what has changed.
    """
    return _modules(folder, tuple(mark for name in SERVED for mark in _marks(folder / name)))


@lru_cache(maxsize=1)
def _modules(folder: Path, _state: tuple[tuple[str, int, int], ...]) -> Shell:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for place in SERVED
        for path in sorted((folder / place).rglob("*"))
        if path.suffix in KINDS and path.name != "LOCK.json"
    }
    return Shell(files, "js/app.js", tuple(f"css/{name}" for name in STYLES))


def _marks(folder: Path | str) -> Iterator[tuple[str, int, int]]:
    """Tell one state of a folder from another: where each file lies, since when, and its size."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _marks(entry.path)
            else:
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size


def read_bundle(folder: Path = FOLDER) -> Shell:
    """Return the same shell with few scripts and one style."""
    modules = read_modules(folder)
    files = {
        name: content
        for name, content in modules.files.items()
        if not name.endswith((".js", ".css"))
    }
    scripts = bundled(modules.files, modules.entry)
    files |= {name: script.encode() for name, script in scripts.items()}
    files["app.css"] = b"\n".join(modules.files[name] for name in modules.styles)
    first, *later = scripts
    return Shell(files, first, ("app.css",), tuple(later))
