"""Judges what a device sent for one questionnaire: which answers are well-formed, and what is not.

Well-formed answers come back normalised even beside others that are refused, because safety rules
look at them all the same. No message repeats what was answered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from questionnaires.branching import visible
from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire

_KEYS = frozenset(
    {"link_id", "value", "declined", "confirmed", "shown_at", "changed_at", "change_count"}
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
SCALES: Mapping[ItemType, int] = {ItemType.NRS: 10, ItemType.VAS: 100}
_LARGEST = 10**12  # beyond it no item asks, and Decimal would start to round


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One normalised answer: a value, or declined. Instants are UTC, by the device's own clock."""

    link_id: str
    value: AnswerValue | None = None
    declined: bool = False
    confirmed: bool = False
    shown_at: datetime | None = None
    changed_at: datetime | None = None
    change_count: int | None = None

    def to_plain(self) -> dict[str, object]:
        """Return it in the shape of the wire, without what was not given."""
        plain: dict[str, object] = {"link_id": self.link_id}
        if self.declined:
            plain["declined"] = True
        else:
            plain["value"] = list(self.value) if isinstance(self.value, tuple) else self.value
        if self.confirmed:
            plain["confirmed"] = True
        for name, instant in (("shown_at", self.shown_at), ("changed_at", self.changed_at)):
            if instant is not None:
                plain[name] = instant.isoformat()
        if self.change_count is not None:
            plain["change_count"] = self.change_count
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, object]) -> Answer:
        """Return what `to_plain` made; for stored answers, which have been judged before."""
        known: dict[str, object] = dict(plain)
        if isinstance(value := known.get("value"), list):
            known["value"] = tuple(value)
        for name in ("shown_at", "changed_at"):
            if isinstance(instant := known.get(name), str):
                known[name] = datetime.fromisoformat(instant)
        return cls(**known)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """What is wrong, and where: `answers[3].value` by position, `answers[temp]` by item."""

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The well-formed answers in the order of the items, and all that keeps them from being taken.

    `hidden` names the items that branching leaves out, `not_reached` those of an incomplete form
    that apply and have no answer yet.
    """

    answers: tuple[Answer, ...]
    problems: tuple[AnswerProblem, ...]
    hidden: tuple[str, ...]
    not_reached: tuple[str, ...]

    @property
    def values(self) -> dict[str, AnswerValue]:
        """Return the answered values by link_id; what was declined has none."""
        return {one.link_id: one.value for one in self.answers if one.value is not None}


def judge(
    questionnaire: Questionnaire, raw_answers: list[object], *, is_complete: bool
) -> Judgement:
    """Judge the raw answers of one revision. Never raises, whatever JSON the device sent.

    1. Each answer is judged by itself: shape, item, type, limits.
    2. Branching is walked over the well-formed ones.
    3. An answer to an item that does not apply is a problem; so is, in a complete form, an item
       that applies, is not optional and has no answer.
    """
    answers, problems, attempted = _read(questionnaire, raw_answers)
    by_item = {answer.link_id: answer for answer in answers.values()}
    values = {link_id: answer.value for link_id, answer in by_item.items()}
    shown = set(visible(questionnaire, values))
    asked = [item for item in questionnaire.items if item.takes_answer]
    unanswered = [one for one in asked if one.link_id in shown and one.link_id not in by_item]

    for index, answer in answers.items():
        if answer.link_id not in shown:
            problems.append(
                AnswerProblem(
                    f"answers[{index}]", "hidden_item_answered", "This item does not apply."
                )
            )
    if is_complete:
        problems += [
            AnswerProblem(f"answers[{item.link_id}]", "missing_answer", "This item has no answer.")
            for item in unanswered
            if not item.optional and item.link_id not in attempted
        ]
    return Judgement(
        answers=tuple(by_item[item.link_id] for item in asked if item.link_id in by_item),
        problems=tuple(problems),
        hidden=tuple(item.link_id for item in asked if item.link_id not in shown),
        not_reached=() if is_complete else tuple(item.link_id for item in unanswered),
    )


def cleared_by(judgement: Judgement, answered_before: Collection[str]) -> tuple[str, ...]:
    """Return which of the items that were answered before are hidden now, so not sent any more."""
    return tuple(link_id for link_id in judgement.hidden if link_id in answered_before)


class _Refused(Exception):
    """An answer, or one part of it, cannot be taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _read(
    questionnaire: Questionnaire, raw_answers: list[object]
) -> tuple[dict[int, Answer], list[AnswerProblem], set[str]]:
    """Return the well-formed answers by position, the problems of single ones, the items tried."""
    answers: dict[int, Answer] = {}
    problems: list[AnswerProblem] = []
    attempted: set[str] = set()
    for index, raw in enumerate(raw_answers):
        place = f"answers[{index}]"
        try:
            item, plain = _item_of(questionnaire, raw, attempted)
        except _Refused as refused:
            problems.append(AnswerProblem(place, refused.code, refused.message))
            continue
        attempted.add(item.link_id)
        answer, found = _answer(item, plain, place)
        problems += found
        if answer is not None:
            answers[index] = answer
    return answers, problems, attempted


def _item_of(
    questionnaire: Questionnaire, raw: object, attempted: set[str]
) -> tuple[Item, dict[str, object]]:
    if not isinstance(raw, dict) or not isinstance(raw.get("link_id"), str):
        raise _Refused("not_an_answer", "An answer is an object with a link_id.")
    item = questionnaire.item(raw["link_id"])
    if item is None or not item.takes_answer:
        raise _Refused("unknown_item", "This questionnaire asks no such item.")
    if item.link_id in attempted:
        raise _Refused("duplicate_item", "This item is answered twice.")
    return item, raw


def _answer(
    item: Item, plain: dict[str, object], place: str
) -> tuple[Answer | None, list[AnswerProblem]]:
    """Judge one answer. Faulty side data is a problem, but does not hide the value from safety."""
    problems: list[AnswerProblem] = []

    def read(name: str, reader: Callable[[object], object]) -> object:
        try:
            return reader(plain[name]) if name in plain else None
        except _Refused as refused:
            problems.append(AnswerProblem(f"{place}.{name}", refused.code, refused.message))
            return None

    if plain.keys() - _KEYS:
        problems.append(
            AnswerProblem(place, "unknown_key", "An answer holds a key that is not known.")
        )
    known: dict[str, object] = {
        "link_id": item.link_id,
        "confirmed": read("confirmed", _true_or_false) or False,
        "shown_at": read("shown_at", _instant),
        "changed_at": read("changed_at", _instant),
        "change_count": read("change_count", _count),
    }
    if "declined" in plain:
        known["declined"] = read("declined", lambda raw: _decline(item, raw, plain))
    else:
        known["value"] = read("value", lambda raw: _CHECKS[item.type](item, raw))
        if "value" not in plain:
            problems.append(AnswerProblem(place, "no_value", "Neither a value nor declined."))
    if not known.get("declined") and known.get("value") is None:
        return None, problems
    answer = Answer.from_plain(known)
    if not answer.confirmed and _is_unusual(item, answer.value):
        problems.append(
            AnswerProblem(
                f"{place}.value", "needs_confirmation", "This value is unusual; confirm it."
            )
        )
    return answer, problems


def _decline(item: Item, raw: object, plain: dict[str, object]) -> bool:
    if raw is not True:
        raise _Refused("wrong_type", "declined is true, or left out.")
    if "value" in plain:
        raise _Refused("value_and_declined", "An answer has a value or is declined, not both.")
    if not item.skippable:
        raise _Refused("not_skippable", "This item cannot be declined.")
    return True


def _is_unusual(item: Item, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not _lies_within(_decimal(value), item.soft_min, item.soft_max)


# --- One check for each type of item: the normalised value, or _Refused --------------------------


def _nrs(item: Item, raw: object) -> AnswerValue:
    number = _decimal(raw)
    highest = SCALES[item.type]
    if not 0 <= number <= highest:
        raise _Refused("out_of_range", f"A rating lies between 0 and {highest}.")
    if number != int(number):
        raise _Refused("too_many_decimals", "A rating is a whole number.")
    return int(number)


def _number(item: Item, raw: object) -> AnswerValue:
    number = _decimal(raw)
    if not _lies_within(number, item.hard_min, item.hard_max):
        raise _Refused("out_of_range", "This value is not possible; measure again.")
    rounded = round(number, item.decimals)
    if rounded != number:
        raise _Refused("too_many_decimals", f"At most {item.decimals} decimals.")
    return float(rounded) + 0.0 if item.decimals else int(rounded)  # no -0.0


def _boolean(_item: Item, raw: object) -> AnswerValue:
    return _true_or_false(raw)


def _choice(item: Item, raw: object) -> AnswerValue:
    if not isinstance(raw, str):
        raise _Refused("wrong_type", "A choice is one code.")
    if raw not in item.codes:
        raise _Refused("unknown_choice", "This item offers no such choice.")
    return raw


def _multi(item: Item, raw: object) -> AnswerValue:
    if not isinstance(raw, list):
        raise _Refused("wrong_type", "Choices are a list of codes.")
    if not raw:
        raise _Refused("empty_answer", "Leave an unanswered item out.")
    codes = [_choice(item, one) for one in raw]
    if len(set(codes)) != len(codes):
        raise _Refused("duplicate_choice", "A choice is ticked twice.")
    if len(codes) > 1 and any(one.exclusive and one.code in codes for one in item.choices):
        raise _Refused("exclusive_choice", "This choice stands alone.")
    return tuple(code for code in item.codes if code in codes)


def _text(item: Item, raw: object) -> AnswerValue:
    if not isinstance(raw, str):
        raise _Refused("wrong_type", "This answer is text.")
    if not raw.strip():
        raise _Refused("empty_answer", "Leave an unanswered item out.")
    if len(raw) > item.max_length:
        raise _Refused("too_long", f"At most {item.max_length} characters.")
    # Cs: half a surrogate pair, which no database stores.
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\t" for one in raw):
        raise _Refused("control_character", "The text holds a character that cannot be shown.")
    return raw


def _date(_item: Item, raw: object) -> AnswerValue:
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise _Refused("wrong_type", "A date is YYYY-MM-DD.")
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError:
        raise _Refused("no_such_date", "There is no such day.") from None


def _time(_item: Item, raw: object) -> AnswerValue:
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        raise _Refused("wrong_type", "A time of day is HH:MM, from 00:00 to 23:59.")
    return raw


def _datetime(_item: Item, raw: object) -> AnswerValue:
    _instant(raw)
    return datetime.fromisoformat(str(raw)).isoformat()  # keeps the offset the person lived in


_CHECKS: Mapping[ItemType, Callable[[Item, object], AnswerValue]] = {
    ItemType.NRS: _nrs,
    ItemType.VAS: _nrs,
    ItemType.CHOICE: _choice,
    ItemType.MULTI: _multi,
    ItemType.BOOLEAN: _boolean,
    ItemType.NUMBER: _number,
    ItemType.TEXT: _text,
    ItemType.DATE: _date,
    ItemType.TIME: _time,
    ItemType.DATETIME: _datetime,
}


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _Refused("wrong_type", "This answer is a number.")
    if not abs(raw) <= _LARGEST:  # so written, NaN is refused too
        raise _Refused("out_of_range", "This value is not possible.")
    return Decimal(str(raw))


def _lies_within(number: Decimal, low: float | None, high: float | None) -> bool:
    return (low is None or Decimal(str(low)) <= number) and (
        high is None or number <= Decimal(str(high))
    )


def _true_or_false(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _Refused("wrong_type", "This is true or false.")
    return raw


def _count(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _LARGEST:
        raise _Refused("wrong_type", "A count is a whole number from 0.")
    return raw


def _instant(raw: object) -> datetime:
    if not isinstance(raw, str) or not _INSTANT.fullmatch(raw):
        raise _Refused("wrong_type", "A time is YYYY-MM-DDThh:mm with its offset.")
    try:
        return datetime.fromisoformat(raw).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Refused("no_such_time", "There is no such time.") from None
