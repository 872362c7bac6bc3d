"""The beginning of a study folder: files that can be published as they are, to be changed by hand.

Whom to tell and what messages say begin as in the study that comes with the system, since they have
to be complete; the rest begins as small as it can be.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
SCAFFOLD = _HERE / "scaffold"
SHIPPED = _HERE / "studies" / "bk-sle-i-01"
_TAKEN = ("escalation.yaml", "texts.yaml")


def begin(folder: Path, *, code: str) -> tuple[str, ...]:
    """Write the files of a new study into an empty folder, or a new one; return their names.

    Raises FileExistsError where something is in the folder already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    files = [*sorted(SCAFFOLD.glob("*.yaml")), *(SHIPPED / name for name in _TAKEN)]
    for file in files:
        text = file.read_text(encoding="utf-8").replace("STUDY_CODE", code)
        (folder / file.name).write_text(text, encoding="utf-8")
    return tuple(sorted(file.name for file in files))
