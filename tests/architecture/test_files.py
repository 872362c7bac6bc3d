"""What a kept file owes to whoever opens it, and a lock to whoever installs it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, kept_files, name_of

LARGEST_KB = 500
BINARY = {".ico", ".jpg", ".png", ".woff2"}
LOCKS = ("requirements.txt", "requirements-dev.txt")
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")


def test_lines_and_files_end_as_they_should() -> None:
    offences = [
        name_of(file)
        for file, text in _texts()
        if re.search(r"[ \t\r]$", text, re.MULTILINE) or (text and not text.endswith("\n"))
    ]

    assert offences == []


def test_no_file_is_too_large_to_review() -> None:
    assert [name_of(file) for file in kept_files() if file.stat().st_size > LARGEST_KB * 1024] == []


@pytest.mark.req("X-05")
def test_no_private_key_is_kept() -> None:
    assert [name_of(file) for file, text in _texts() if PRIVATE_KEY.search(text)] == []


@pytest.mark.req("X-05")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_by_hash_and_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()

    assert [entry for entry in entries if not re.match(r"[\w.\[\]-]+==\S+ .*--hash=", entry)] == []
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted", text)


def test_what_the_tests_install_is_what_the_product_runs_on() -> None:
    product, tools = (set(_pins(lock)) for lock in LOCKS)

    assert product - tools == set()


def _pins(lock: str) -> Iterator[str]:
    return iter(re.findall(r"^[\w.\[\]-]+==\S+", (ROOT / lock).read_text("utf-8"), re.MULTILINE))


def _texts() -> Iterator[tuple[Path, str]]:
    for file in kept_files():
        # What others published is kept as they published it.
        if file.suffix not in BINARY and file.parent.name != "vendor":
            # Bytes, so that a carriage return stays visible.
            yield file, file.read_bytes().decode("utf-8")
