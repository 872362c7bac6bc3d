"""The folder of a copy: every file that is written into it is counted and hashed as it is written.

A folder that was begun says so until it is finished; one that holds anything is refused.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from epro.archive.check import MANIFEST, SUMS, UNFINISHED, sha256_of


class FolderRefused(ValueError):
    """A copy is written into a folder of its own."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A copy that is being made; `files` are what the manifest will name, in their order."""

    path: Path
    files: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Open one file of the copy, and note its size and SHA-256 once it is written."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file
        self.note(name)

    def note(self, name: str) -> None:
        """Note the size and SHA-256 of a file that was written."""
        path = self.path / name
        self.files.append({"path": name, "size": path.stat().st_size, "sha256": sha256_of(path)})

    def write(self, name: str, content: bytes | str) -> None:
        """Write one small file."""
        with self.writing(name) as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def finish(self, said: Mapping[str, Any]) -> str:
        """Write the manifest and the list for `sha256sum -c`; return the manifest's SHA-256.

        The folder stays marked as unfinished until `close`.
        """
        files = sorted(self.files, key=lambda one: str(one["path"]))
        manifest = {**said, "files": files}
        content = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (self.path / MANIFEST).write_text(content, encoding="utf-8", newline="\n")
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        lines = [f"{one['sha256']}  {one['path']}\n" for one in files]
        lines.append(f"{sha256}  {MANIFEST}\n")
        (self.path / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
        return sha256

    def close(self) -> None:
        """Say that this is a copy: nothing is written into it any more."""
        (self.path / UNFINISHED).unlink()


def refuse_used(path: Path) -> None:
    """Raise FolderRefused for what is no folder of a copy's own."""
    if path.exists() and not path.is_dir():
        raise FolderRefused(f"{path} is a file.")
    if (path / UNFINISHED).exists():
        raise FolderRefused(
            f"{path} holds a copy that was begun and never finished. Remove the folder, or name"
            " another, and make the copy again."
        )
    if path.exists() and any(path.iterdir()):
        raise FolderRefused(f"{path} is not empty. A copy needs a folder of its own.")


def begin(path: Path) -> Folder:
    """Begin a copy in a folder that is not there yet, or empty. Raises FolderRefused."""
    refuse_used(path)
    path.mkdir(parents=True, exist_ok=True)
    (path / UNFINISHED).write_text("This copy is being made, or was broken off.\n", "utf-8")
    return Folder(path)


def pack(path: Path, packed: Path) -> None:
    """Write the folder as one .zip beside it, in the order of its names; whole, or not at all."""
    begun = packed.with_name(f"{packed.name}.part")
    with zipfile.ZipFile(begun, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as out:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                out.write(file, Path(path.name) / file.relative_to(path))
    begun.replace(packed)
