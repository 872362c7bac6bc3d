"""Data sets compared with files that were read by eye: a change of shape is a change on purpose.

`python -m tests.edc.test_golden_files` writes them anew; look at the difference before keeping it.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from epro.exchange.dataset_files import csv_file, dataset_json
from epro.exchange.datasets import AE, CODE_BOOK, QS, Dataset, code_book, rows_of
from tests.edc.story import CHANGES, STUDY

FOLDER = Path(__file__).parent / "golden"


def _json(dataset: Dataset) -> Iterable[bytes]:
    return dataset_json(
        dataset, rows_of(STUDY, dataset, CHANGES), study="SMALL", version="1.0.0",
        as_of="2026-03-14T00:00:00+00:00",
    )  # fmt: skip


def _csv(dataset: Dataset) -> Iterable[bytes]:
    return csv_file([column.name for column in dataset.columns], rows_of(STUDY, dataset, CHANGES))


FILES: dict[str, Callable[[], Iterable[bytes]]] = {
    "qs.json": lambda: _json(QS),
    "ae.json": lambda: _json(AE),
    "qs.csv": lambda: _csv(QS),
    "ae.csv": lambda: _csv(AE),
    "code-book.csv": lambda: csv_file(CODE_BOOK, code_book(STUDY)),
}


@pytest.mark.req("E-03", "Q-06", "S-09")
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_byte_for_byte_what_was_read_and_approved(name: str) -> None:
    made = b"".join(FILES[name]())

    # Kept with the line ends of this house; the format has those of its standard.
    assert made.replace(b"\r\n", b"\n").decode() == (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, make in FILES.items():
        (FOLDER / name).write_bytes(b"".join(make()).replace(b"\r\n", b"\n"))
