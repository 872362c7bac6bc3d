"""The files of the project, and the syntax trees of its Python."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("epro", "notifications", "questionnaires")
_FOREIGN = {"__pycache__", "vendor"}


@cache
def product_files(suffix: str = ".py") -> tuple[Path, ...]:
    """Return what runs in production, by suffix; migrations and wsgi.py count as well."""
    found = [*ROOT.glob(f"wsgi{suffix}")]
    for folder in (*PACKAGES, "migrations"):
        found += (ROOT / folder).rglob(f"*{suffix}")
    return tuple(sorted(file for file in found if file.is_file() and not _FOREIGN & {*file.parts}))


@cache
def files_of_tests() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "tests").rglob("*.py")))


@cache
def kept_files() -> tuple[Path, ...]:
    """Return every file that git keeps or would keep."""
    listed = subprocess.run(
        [
            # The checkout may belong to somebody else than whoever runs the tests.
            "git", "-c", "safe.directory=*",
            "ls-files", "-z", "--cached", "--others", "--exclude-standard",
        ],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted({file for file in files if file.is_file()}))


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def calls_in_product() -> tuple[tuple[Path, ast.Call], ...]:
    """Return every call in what runs in production, with its file: looked for once for all."""
    return tuple(
        (file, node) for file in product_files() for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call)
    )  # fmt: skip


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression; what is not a name becomes `?`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"
