"""House rules that no linter has: each finds the lines of a tree that break it."""

import ast
from collections.abc import Iterator

from tests.architecture.sources import dotted

CLOCK_READERS = {"now", "utcnow", "today", "current_timestamp", "current_date", "localtimestamp"}
THEIR_OWNERS = {"date", "datetime", "dt", "func", "totp"}
CLOCK_FUNCTIONS = {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}
JUDGES = ("assert", "check", "expect", "raises", "validate", "verify", "warns")


def imports_inside_functions(tree: ast.Module) -> Iterator[int]:
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno


def clock_reads(tree: ast.Module) -> Iterator[int]:
    """Find each read of the machine's or the database's clock; asking a given clock is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = dotted(node.value).rsplit(".", 1)[-1].lower()
            reads = owner in THEIR_OWNERS and node.attr in CLOCK_READERS
            if reads or dotted(node) in CLOCK_FUNCTIONS:
                yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            imported = {f"time.{alias.name}" for alias in node.names}
            if imported & CLOCK_FUNCTIONS:
                yield node.lineno


def commits(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".commit"):
            yield node.lineno


def tests_without_assertion(tree: ast.Module) -> Iterator[int]:
    """Find tests that could not fail by judging anything."""
    for function in _functions(tree):
        if function.name.startswith("test_") and not any(map(_judges, ast.walk(function))):
            yield function.lineno


def _judges(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return dotted(node.func).rsplit(".", 1)[-1].lstrip("_").startswith(JUDGES)
    return isinstance(node, ast.Assert)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
