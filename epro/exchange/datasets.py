"""SDTM-shaped data sets, QS and AE: a row for each item of each response, or why it has no value.

Names follow SDTM; what it has no place for (edition, language, way of entry, punctuality) stands in
columns of our own at the end. Study days count from the local day of the first infusion, which is
day 1; there is no day 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from epro.exchange.changes import Change, Study, latest
from epro.exchange.odm_answers import null_reason
from epro.exchange.odm_data import event_keys_in, first_infusion_on
from epro.exchange.odm_metadata import number_text
from epro.exchange.odm_names import has_several
from questionnaires.definition import Item, ItemType, Language, Questionnaire

Value: TypeAlias = str | int | float | None
LONGEST_CODE, LONGEST_LABEL = 8, 40
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ColumnType(StrEnum):
    """How Dataset-JSON names the types we use."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class Column:
    """One variable: name and label within the limits of SDTM."""

    name: str
    label: str
    type: ColumnType = ColumnType.STRING
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set: its name, what it holds, and its columns in order."""

    name: str
    label: str
    columns: tuple[Column, ...]


QS = Dataset(
    "QS", "Questionnaires",
    (
        Column("STUDYID", "Study Identifier", key=1),
        Column("DOMAIN", "Domain Abbreviation"),
        Column("USUBJID", "Unique Subject Identifier", key=2),
        Column("QSSEQ", "Sequence Number", ColumnType.INTEGER),
        Column("QSSPID", "Sponsor-Defined Identifier", key=3),
        Column("QSTESTCD", "Question Short Name"),
        Column("QSTEST", "Question Name"),
        Column("QSCAT", "Category of Question"),
        Column("QSORRES", "Finding in Original Units"),
        Column("QSORRESU", "Original Units"),
        Column("QSSTRESC", "Character Result/Finding in Std Format"),
        Column("QSSTRESN", "Numeric Finding in Standard Units", ColumnType.FLOAT),
        Column("QSSTAT", "Completion Status"),
        Column("QSREASND", "Reason Not Performed"),
        Column("VISIT", "Visit Name"),
        Column("QSDTC", "Date/Time of Finding"),
        Column("QSDY", "Study Day of Finding", ColumnType.INTEGER),
        Column("QSGRPID", "Group ID"),
        Column("QSVERS", "Edition of the Questionnaire"),
        Column("QSLANG", "Language of the Questionnaire"),
        Column("QSMODE", "Way of Entry"),
        Column("QSEVAL", "Evaluator"),
        Column("QSTIMELY", "Answered on Time"),
        Column("QSCOUNTS", "Counts for the Assessment"),
        Column("QSFORM", "State of the Form"),
    ),
)  # fmt: skip
AE = Dataset(
    "AE", "Adverse Events",
    (
        Column("STUDYID", "Study Identifier", key=1),
        Column("DOMAIN", "Domain Abbreviation"),
        Column("USUBJID", "Unique Subject Identifier", key=2),
        Column("AESEQ", "Sequence Number", ColumnType.INTEGER),
        Column("AESPID", "Sponsor-Defined Identifier", key=3),
        Column("AETERM", "Reported Term for the Adverse Event"),
        Column("AEDECOD", "Dictionary-Derived Term"),
        Column("AESER", "Serious Event"),
        Column("AESERCRI", "Criteria of Seriousness"),
        Column("AEACN", "Action Taken with Study Treatment"),
        Column("AEREL", "Causality"),
        Column("AEOUT", "Outcome of Adverse Event"),
        Column("AETOXGR", "Standard Toxicity Grade"),
        Column("AESTDTC", "Start Date/Time of Adverse Event"),
        Column("AEENDTC", "End Date/Time of Adverse Event"),
        Column("AESTDY", "Study Day of Start of Adverse Event", ColumnType.INTEGER),
        Column("AEENDY", "Study Day of End of Adverse Event", ColumnType.INTEGER),
        Column("AESRC", "Where the Event Came from"),
    ),
)  # fmt: skip


def rows_of(study: Study, dataset: Dataset, changes: Sequence[Change]) -> Iterator[list[Value]]:
    """Yield the rows of one participant, from all her changes in the order of the feed."""
    states: dict[str, Change] = {}
    for change in changes:
        if latest(states, change):
            states[change.entity_id] = change
    standing = [change for change in states.values() if not change.is_void]
    infused = first_infusion_on(one for one in standing if one.type == "anchor")
    of_kind = "response" if dataset is QS else "adverse_event"
    found = sorted(
        (one for one in standing if one.type == of_kind),
        key=lambda one: (datetime.fromisoformat(one.occurred_at), one.entity_id),
    )
    keys = event_keys_in(changes)
    rows = (
        row
        for change in found
        for row in (
            _qs_rows(study, change, infused, keys.get(change.data["assessment_id"] or ""))
            if dataset is QS
            else [_ae_row(change, infused)]
        )
    )
    for number, row in enumerate(rows, start=1):
        first: dict[str, Value] = {
            "STUDYID": study.packages[0].code.upper(), "DOMAIN": dataset.name,
            "USUBJID": f"{study.packages[0].code.upper()}-{changes[0].participant}",
            f"{dataset.name}SEQ": number,
        }  # fmt: skip
        yield [{**first, **row}.get(column.name) for column in dataset.columns]


def study_day(infused: date | None, when: str | None) -> int | None:
    """Return the study day of a local date or time; the day of the first infusion is 1."""
    if infused is None or when is None:
        return None
    days = (datetime.fromisoformat(when).date() - infused).days
    return days + 1 if days >= 0 else days


def code_of_test(link_id: str, choice: str | None = None) -> str:
    """Return the code of an item, at most 8 characters, the same for ever.

    Equal link_ids are the same question in every questionnaire. A longer name keeps how it begins,
    and four characters of its hash.
    """
    name = "_".join(filter(None, (link_id, choice)))
    plain = "".join(c for c in name.upper() if c.isascii() and c.isalnum())
    is_short = len(plain) <= LONGEST_CODE and plain[:1].isalpha()
    if is_short and plain == name.upper():
        return plain
    number, digits = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]), ""
    for _ in range(4):
        number, digit = divmod(number, len(_DIGITS))
        digits += _DIGITS[digit]
    letters = "".join(c for c in plain if c.isalpha()) or "Q"
    return f"{letters[:4]}{digits}"


def label_of(text: str) -> str:
    """Return a text as a label: one line, at most 40 characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_LABEL else f"{line[: LONGEST_LABEL - 1]}…"


def code_book(study: Study) -> Iterator[list[Value]]:
    """Yield what each test code means: questionnaire, item, choice, texts, codes, unit, limits."""
    seen: set[tuple[str, str, str | None]] = set()
    for package in study.packages:
        for questionnaire in package.questionnaires:
            for item in questionnaire.items:
                for choice in _parts(item) if item.takes_answer else []:
                    place = questionnaire.code, item.link_id, choice
                    if place not in seen:
                        seen.add(place)
                        yield _book_row(questionnaire, item, choice)


CODE_BOOK = (
    "QSTESTCD", "QSTEST", "QSCAT", "questionnaire", "version", "link_id", "choice", "type",
    "text_zh", "text_en", "codes", "unit", "minimum", "maximum",
)  # fmt: skip


def _book_row(questionnaire: Questionnaire, item: Item, choice: str | None) -> list[Value]:
    codes = "; ".join(
        f"{one.code}={one.text.en}/{one.text.zh}"
        for one in item.choices
        if choice in {None, one.code}
    )
    return [
        code_of_test(item.link_id, choice), _test_name(item, choice), questionnaire.title.en,
        questionnaire.code, questionnaire.version, item.link_id, choice, item.type.value,
        item.text.zh, item.text.en, codes, item.unit, item.hard_min, item.hard_max,
    ]  # fmt: skip


def _parts(item: Item) -> list[str | None]:
    return [*item.codes] if has_several(item) else [None]


def _test_name(item: Item, choice: str | None) -> str:
    if choice is None:
        return label_of(item.text.en)
    return label_of(next(one.text.en for one in item.choices if one.code == choice))


def _qs_rows(
    study: Study, change: Change, infused: date | None, key: Any
) -> Iterator[Mapping[str, Value]]:
    data = change.data
    questionnaire = study.questionnaire(change)
    answers = {answer["link_id"]: answer for answer in data["answers"]}
    common: dict[str, Value] = {
        "QSCAT": questionnaire.title.en,
        "VISIT": f"{key.block} {key.occurrence}" if key else "UNSCHEDULED",
        "QSDTC": change.occurred_at,
        "QSDY": study_day(infused, change.occurred_at),
        "QSGRPID": change.entity_id,
        "QSVERS": f"{questionnaire.code} {questionnaire.version}",
        "QSLANG": data["language"],
        "QSMODE": data["mode"],
        "QSEVAL": data["completer"],
        "QSTIMELY": data["timeliness"],
        "QSCOUNTS": "Y" if data["counts"] else "N",
        "QSFORM": data["status"],
    }
    language = Language(data["language"])
    for item in questionnaire.items:
        answer = answers.get(item.link_id, {})
        for choice in _parts(item) if item.takes_answer else []:
            named = {
                "QSSPID": ".".join(filter(None, (change.entity_id, item.link_id, choice))),
                "QSTESTCD": code_of_test(item.link_id, choice),
                "QSTEST": _test_name(item, choice),
            }
            result = _result(item, choice, answer.get("value"), language)
            if not result:
                reason = null_reason(item, change, answer)
                result = {"QSSTAT": "NOT DONE", "QSREASND": reason.replace("_", " ")}
            yield common | named | result


def _result(item: Item, choice: str | None, value: Any, language: Language) -> dict[str, Value]:
    """Return an answer as it was given and in standard form; nothing where there is none."""
    if value is None:
        return {}
    if choice is not None or isinstance(value, bool):
        is_so = choice in value if choice is not None else value
        yes_no = "Y" if is_so else "N"
        return {"QSORRES": yes_no, "QSSTRESC": yes_no, "QSSTRESN": int(is_so)}
    if item.choices:
        chosen = next(one for one in item.choices if one.code == value)
        return {
            "QSORRES": chosen.text.in_language(language), "QSSTRESC": chosen.code,
            "QSSTRESN": chosen.score,
        }  # fmt: skip
    if isinstance(value, int | float):
        text = number_text(value, item.decimals) if item.type is ItemType.NUMBER else str(value)
        return {"QSORRES": text, "QSORRESU": item.unit, "QSSTRESC": text, "QSSTRESN": value}
    return {"QSORRES": str(value), "QSSTRESC": str(value)}


def _ae_row(change: Change, infused: date | None) -> dict[str, Value]:
    """Return one event as a physician recorded it; what nobody has decided stays empty."""
    data = change.data
    grades = [int(one["grade"]) for one in data["grades"]]
    began = data["onset_at"] or data["onset_on"]
    return {
        "AESPID": change.entity_id,
        "AETERM": data["term"],
        "AESER": "Y" if data["seriousness"] else "N",
        "AESERCRI": "; ".join(data["seriousness"]) or None,
        "AEACN": data["action_taken"],
        "AEREL": data["relationship"],
        "AEOUT": data["outcome"],
        "AETOXGR": str(max(grades)) if grades else None,
        "AESTDTC": began,
        "AEENDTC": data["ended_on"],
        "AESTDY": study_day(infused, data["onset_on"]),
        "AEENDY": study_day(infused, data["ended_on"]),
        "AESRC": data["source"],
    }
