"""Only what is listed here works with the trial whatever room a request is inside of."""

import ast

import pytest

from tests.architecture.sources import name_of, product_files, tree_of

pytestmark = pytest.mark.req("P-06")

# Why each of them may: whoever adds a line could let a training room read or change the trial.
ALLOWED = {
    ("epro/api/context.py", "parts"): "the way to the trial for whatever is in no room",
    ("epro/api/context.py", "enter_room"): "reads whether the room stands and who may be in it",
    ("epro/api/context.py", "now"): "the clock, which rooms share",
    ("epro/api/context.py", "keyring"): "the keys, which rooms share",
    ("epro/api/context.py", "follow_rehearsal_clock"): "the clock, before any room is entered",
    ("epro/api/training_door.py", "enter_by_activation_code"): "looks whether the trial knows it",
    ("epro/api/training_door.py", "enter_by_subject_number"): "reads which rooms stand",
    ("epro/api/requests.py", "_add_headers"): "a setting",
    ("epro/web/console/session.py", "is_https"): "a setting",
    ("epro/web/console/sheet.py", "code_sheet"): "the address of the app, a setting",
    ("epro/web/phone/pages.py", "_settings"): "settings",
    ("epro/web/console/training_pages.py", "_page"): "a setting",
}
# A database that is in nobody's room: such words appear in the composition of the app alone.
RAW = {"epro/api/context.py", "epro/app.py"}


def uses() -> set[tuple[str, str]]:
    """Return each function that asks for the trial's parts, by file and name."""
    found = set()
    for file in product_files():
        for function in ast.walk(tree_of(file)):
            if not isinstance(function, ast.FunctionDef):
                continue
            called = {
                node.func.id
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            if "trial_parts" in called:
                found.add((name_of(file), function.name))
    return found


def test_nothing_else_reaches_the_trial_from_inside_a_room() -> None:
    assert uses() == ALLOWED.keys()


def test_nothing_else_takes_the_parts_from_the_application_itself() -> None:
    takers = {
        name_of(file)
        for file in product_files()
        if 'extensions["epro' in file.read_text(encoding="utf-8")
    }

    assert takers == RAW
