"""Data sets as files: Dataset-JSON 1.1, CSV, and a code book; rows are written as they come."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from epro.exchange.datasets import Dataset, Value

VERSION = "1.1.0"
# A table processor would take these for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def dataset_json(
    dataset: Dataset, rows: Iterable[Sequence[Value]], *, study: str, version: str, as_of: str
) -> Iterator[bytes]:
    """Yield one data set as Dataset-JSON; `as_of` is ISO 8601 with its offset.

    The number of records follows the rows, because nobody knows it before.
    """
    head = {
        "datasetJSONCreationDateTime": as_of,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{study}.{dataset.name}",
        "dbLastModifiedDateTime": as_of,
        "originator": study,
        "sourceSystem": {"name": "epro", "version": "1"},
        "studyOID": f"ST.{study}",
        "metaDataVersionOID": f"MDV.{version}",
        "itemGroupOID": f"IG.{dataset.name}",
        "name": dataset.name,
        "label": dataset.label,
        "columns": [
            {
                "itemOID": f"IT.{dataset.name}.{column.name}", "name": column.name,
                "label": column.label, "dataType": column.type.value,
                **({"keySequence": column.key} if column.key else {}),
            }
            for column in dataset.columns
        ],
    }  # fmt: skip
    yield f'{_json(head)[:-1]},"rows":['.encode()
    count = 0
    for row in rows:
        yield f"{',' if count else ''}\n{_json(list(row))}".encode()
        count += 1
    yield f'\n],"records":{count}}}\n'.encode()


def csv_file(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield a table as CSV: UTF-8 with its mark, so that table processors read Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def _cell(value: Value) -> Value:
    """Return a value that no table processor takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
