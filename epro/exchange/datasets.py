"""SDTM-shaped data sets, QS and AE: a row for each item of each response, or why it has no value.

Names follow SDTM; what it has no place for (edition, language, way of entry, punctuality, how an
answer from paper compares with its sheet) stands in columns of our own at the end. Study days count
from the local day of the first infusion, which is day 1; there is no day 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from epro.exchange.changes import Change, Study, latest
from epro.exchange.odm_answers import null_reason
from epro.exchange.odm_data import event_keys_in, infusion_on
from epro.exchange.odm_metadata import number_text
from epro.exchange.odm_names import has_several
from questionnaires.adverse_events import Seriousness
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
        Column("SITEID", "Study Site Identifier"),
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
        Column("QSDY2", "Study Day by Infusion Visit 2", ColumnType.INTEGER),
        Column("QSGRPID", "Group ID"),
        Column("QSVERS", "Edition of the Questionnaire"),
        Column("QSLANG", "Language of the Questionnaire"),
        Column("QSMODE", "Way of Entry"),
        Column("QSEVAL", "Evaluator"),
        Column("QSTIMELY", "Answered on Time"),
        Column("QSCOUNTS", "Counts for the Assessment"),
        Column("QSFORM", "State of the Form"),
        Column("QSCHECK", "Compared with the Sheet of Paper"),
    ),
)  # fmt: skip
AE = Dataset(
    "AE", "Adverse Events",
    (
        Column("STUDYID", "Study Identifier", key=1),
        Column("DOMAIN", "Domain Abbreviation"),
        Column("SITEID", "Study Site Identifier"),
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
        Column("AESTDY2", "Study Day of Start by Infusion Visit 2", ColumnType.INTEGER),
        Column("AESRC", "Where the Event Came from"),
    ),
)  # fmt: skip


def rows_of(study: Study, dataset: Dataset, changes: Sequence[Change]) -> Iterator[list[Value]]:
    """Yield the rows of one participant, from all her changes in the order of the feed.

    The second infusion counts only where its anchor is among them, which is a scope of its own.
    """
    states: dict[str, Change] = {}
    for change in changes:
        if latest(states, change):
            states[change.entity_id] = change
    standing = [change for change in states.values() if not change.is_void]
    days, of_kind = _Days.of(standing), "response" if dataset is QS else "adverse_event"
    found = sorted(
        (one for one in standing if one.type == of_kind),
        key=lambda one: (datetime.fromisoformat(one.occurred_at), one.entity_id),
    )
    keys = event_keys_in(changes)
    rows = (
        (change, row)
        for change in found
        for row in (
            _qs_rows(study, change, days, keys.get(change.data["assessment_id"] or ""))
            if dataset is QS
            else [_ae_row(change, days)]
        )
    )
    for number, (change, row) in enumerate(rows, start=1):
        first: dict[str, Value] = {
            "STUDYID": study.packages[0].code.upper(), "DOMAIN": dataset.name,
            "SITEID": change.site,
            "USUBJID": f"{study.packages[0].code.upper()}-{change.participant}",
            f"{dataset.name}SEQ": number,
        }  # fmt: skip
        yield [{**first, **row}.get(column.name) for column in dataset.columns]


@dataclass(frozen=True, slots=True)
class _Days:
    """The local days that a participant's days are counted from, and her zone."""

    first: date | None
    second: date | None
    zone: tzinfo

    @classmethod
    def of(cls, standing: Iterable[Change]) -> _Days:
        known = list(standing)
        anchors = [one for one in known if one.type == "anchor"]
        zones = (one.data["zone"] for one in known if one.type == "participant")
        return cls(infusion_on(anchors), infusion_on(anchors, "INF2"), ZoneInfo(next(zones, "UTC")))


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
    yield from _event_codes(study)


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


def _event_codes(study: Study) -> Iterator[list[Value]]:
    """Yield what the codes of adverse events mean; what the protocol calls a cause is its own."""
    newest = study.packages[-1]
    fields = next((form.fields for form in study.forms if form.type == "adverse_event"), ())
    told = {one.name: "; ".join(f"{code}={_words(code)}" for code in one.codes) for one in fields}
    told["seriousness"] = "; ".join(f"{one.value}={_words(one.value)}" for one in Seriousness)
    told["relationship"] = "; ".join(
        f"{one.code}={one.title.en}/{one.title.zh}" for one in newest.adverse_events.relationships
    )
    labels = {column.name: column.label for column in AE.columns}
    for name, field in _CODED.items():
        yield [
            name, labels[name], AE.label, "adverse_event", newest.version, field, None, "choice",
            None, labels[name], told[field], None, None, None,
        ]  # fmt: skip


_CODED: Mapping[str, str] = {
    "AESERCRI": "seriousness", "AEACN": "action_taken", "AEREL": "relationship",
    "AEOUT": "outcome", "AESRC": "source",
}  # fmt: skip


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _parts(item: Item) -> list[str | None]:
    return [*item.codes] if has_several(item) else [None]


def _test_name(item: Item, choice: str | None) -> str:
    if choice is None:
        return label_of(item.text.en)
    return label_of(next(one.text.en for one in item.choices if one.code == choice))


def _qs_rows(study: Study, change: Change, days: _Days, key: Any) -> Iterator[Mapping[str, Value]]:
    data = change.data
    questionnaire = study.questionnaire(change)
    answers = {answer["link_id"]: answer for answer in data["answers"]}
    common: dict[str, Value] = {
        "QSCAT": questionnaire.title.en,
        "VISIT": f"{key.block} {key.occurrence}" if key else "UNSCHEDULED",
        "QSDTC": change.occurred_at,
        "QSDY": study_day(days.first, change.occurred_at),
        "QSDY2": study_day(days.second, change.occurred_at),
        "QSGRPID": change.entity_id,
        "QSVERS": f"{questionnaire.code} {questionnaire.version}",
        "QSLANG": data["language"],
        "QSMODE": data["mode"],
        "QSEVAL": data["completer"],
        "QSTIMELY": data["timeliness"],
        "QSCOUNTS": "Y" if data["counts"] else "N",
        "QSFORM": data["status"],
        "QSCHECK": data.get("source_check"),
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


def _ae_row(change: Change, days: _Days) -> dict[str, Value]:
    """Return one event as a physician recorded it; what nobody has decided stays empty.

    Where the hour of onset is known it is given in her zone, whose date is the day of onset.
    """
    data = change.data
    grades = [int(one["grade"]) for one in data["grades"]]
    began: str = data["onset_on"]
    if data["onset_at"]:
        began = datetime.fromisoformat(data["onset_at"]).astimezone(days.zone).isoformat()
    return {
        "AESPID": change.entity_id,
        "AETERM": data["term"],
        "AESER": "Y" if data["seriousness"] else "N",
        "AESERCRI": "; ".join(data["seriousness"]) or None,
        "AEACN": data["action_taken"],
        "AEREL": data["relationship"],
        "AEOUT": data["outcome"],
        "AETOXGR": str(max(grades)),
        "AESTDTC": began,
        "AEENDTC": data["ended_on"],
        "AESTDY": study_day(days.first, data["onset_on"]),
        "AEENDY": study_day(days.first, data["ended_on"]),
        "AESTDY2": study_day(days.second, data["onset_on"]),
        "AESRC": data["source"],
    }
