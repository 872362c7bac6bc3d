"""Nothing deletes a record of the trial: what is deleted anywhere stands here, and why (V-06)."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import name_of, product_files, tree_of

pytestmark = pytest.mark.req("V-06")

# Where rows are deleted, and which: none of them is a record of the trial.
DELETING = {
    # A code to set up an account, once it was used; that it was given and used is on record.
    "epro/services/accounts.py": {"row"},
    # Counts of wrong attempts, and keys of requests that may be repeated.
    "epro/services/housekeeping.py": {"IdempotencyKey", "Lockout"},
    "epro/services/idempotency.py": {"_row(session, actor, key)"},
    # What could name or reach somebody, at her request; the record stands by her code.
    "epro/services/identity.py": {"row"},
    # Roles inside a training room, a database of its own.
    "epro/services/practising.py": {"held"},
    # What is kept of a reckoning, and reckoned anew.
    "epro/services/reckoning.py": {"StandingCandidate"},
    # Files that were made from the journal a week before.
    "epro/services/snapshots.py": {"EdcSnapshot", "EdcSnapshotFile", "EdcSnapshotPart"},
}
# The function that deletes the whole database, and the one command that calls it.
ERASING = {"epro/db.py", "epro/commands/retention.py"}
STATEMENT = re.compile(r"\s*(DELETE\s+FROM|TRUNCATE|DROP\s+(TABLE|SCHEMA|DATABASE))\b", re.I)
# A training room is thrown away with the database or schema that it is.
ROOMS = "epro/rooms.py"


def _calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what is called, and with what first; a decorator that names a route calls nothing."""
    routes = {
        id(one)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for one in node.decorator_list
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and id(node) not in routes:
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
            yield name, ast.unparse(node.args[0]) if node.args else ""


def _says_so(tree: ast.Module) -> bool:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and STATEMENT.match(text) for text in texts)


def test_rows_are_deleted_only_where_they_are_no_record_of_the_trial() -> None:
    deleting: dict[str, set[str]] = {}
    erasing, saying = set(), set()
    for file in product_files():
        words = file.read_text("utf-8").lower()
        if "migrations" in file.parts or not re.search("delete|truncate|drop|erase", words):
            continue
        name, tree = name_of(file), tree_of(file)
        for called, what in _calls(tree):
            if called == "delete":
                deleting.setdefault(name, set()).add(what)
            elif called in {"erase_everything", "drop_all"}:
                erasing.add(name)
        if _says_so(tree):
            saying.add(name)

    assert deleting == DELETING
    assert erasing == ERASING
    assert saying <= {ROOMS}
