"""The files of a study folder as people write them, and how they make one StudyPackage.

They differ from the package where that is easier to write: a block has its title beside it, a rule
names its advice, a questionnaire may take the items of a part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from typing import Any, cast

from questionnaires.definition import (
    AdverseEventPolicy,
    AsksFirst,
    Audience,
    Behavior,
    BlockTitle,
    Choice,
    Clause,
    ClauseAnswer,
    Consent,
    ConsentKind,
    Item,
    ItemType,
    Language,
    MasterList,
    MessageTemplate,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    Recall,
    SafetyRule,
    SecondInfusion,
    SecondInfusionMode,
    SilencePolicy,
    SiteDefaults,
    StudyPackage,
    TellingWords,
    ThermometerRoute,
    Translated,
    Trigger,
)
from questionnaires.escalating import (
    Elapsed,
    EscalationPolicy,
    LadderCase,
    Moment,
    OnWorkingDay,
    Recipient,
    SinceOpening,
)
from questionnaires.hours import Weekday
from questionnaires.lexicon import Lexicon
from questionnaires.licensing import EntryMode, FormModes, LicensedUse
from questionnaires.reminding import ReminderPolicy
from questionnaires.schedule import (
    AnchorEvent,
    AnsweredBy,
    Block,
    ClockTime,
    DayRef,
    DiarySlot,
    OffsetDay,
    ScheduleOfAssessments,
    SinceAnchor,
    StudyDay,
)
from questionnaires.scores import ScoreMethod
from questionnaires.tiers import Channel, Tier
from questionnaires.trends import Trend, TrendKind


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """study.yaml; `questionnaires` names files without their ending, `licensed` folders of others.

    `modes` says how answers are taken in this study, `form_modes` which forms take fewer of them.
    """

    code: str
    version: str
    title: Translated
    languages: tuple[Language, ...]
    zone: str
    infusion_day_number: int
    second_infusion: SecondInfusion | None = None
    thermometer_route: ThermometerRoute
    links_in_sms: bool
    consents: tuple[Consent, ...]
    adverse_events: AdverseEventPolicy
    sites: SiteDefaults
    questionnaires: tuple[str, ...]
    modes: tuple[EntryMode, ...] = (EntryMode.OWN_DEVICE,)
    form_modes: tuple[FormModes, ...] = ()
    licensed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TitledBlock(Block):
    """A block of schedule.yaml."""

    title: Translated


@dataclass(frozen=True, kw_only=True)
class ScheduleFile:
    """schedule.yaml."""

    shortest_window_minutes: int = 60
    always_open: tuple[str, ...]
    report_correction_hours: int = 24
    blocks: tuple[TitledBlock, ...]


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """A rule of rules.yaml; `advice` is the name of one of the texts above the rules."""

    id: str
    tier: Tier
    tonight: bool = False
    possible_serious: bool
    title: Translated
    advice: str
    triggers: tuple[Trigger, ...]
    is_on: bool = True
    asks_first: AsksFirst | None = None


@dataclass(frozen=True, kw_only=True)
class RulesFile:
    """rules.yaml."""

    advice: dict[str, Translated]
    trends: tuple[Trend, ...] = ()
    rules: tuple[RuleRow, ...]
    silence: SilencePolicy


@dataclass(frozen=True, kw_only=True)
class LexiconsFile:
    """lexicons.yaml."""

    lexicons: tuple[Lexicon, ...]


@dataclass(frozen=True)
class Safety:
    """What rules.yaml and lexicons.yaml come to, each rule with the text of its advice."""

    rules: tuple[SafetyRule, ...]
    silence: SilencePolicy
    trends: tuple[Trend, ...]
    lexicons: tuple[Lexicon, ...]


@dataclass(frozen=True, kw_only=True)
class TextsFile:
    """texts.yaml."""

    never_say: TellingWords
    texts: tuple[MessageTemplate, ...]
    may_reveal: Lexicon | None = None


@dataclass(frozen=True, kw_only=True)
class Include:
    """Among the items of a questionnaire: here stand the items of that part."""

    include: str


@dataclass(frozen=True, kw_only=True)
class CheckListRow:
    """One row of a check list."""

    link_id: str
    text: Translated
    hint: Translated | None = None


@dataclass(frozen=True, kw_only=True)
class CheckList:
    """Among the items of a questionnaire: a table of rows that all take one of the same answers.

    With `dated`, a row that is answered with that code also asks for the date, which may be left
    blank; `date_text` is that question.
    """

    checklist: str
    text: Translated
    hint: Translated | None = None
    recall: Recall | None = None
    choices: tuple[Choice, ...]
    rows: tuple[CheckListRow, ...]
    dated: str | None = None
    date_text: Translated | None = None
    enable_when: tuple[Clause, ...] = ()
    enable_behavior: Behavior = Behavior.ALL
    skippable: bool = True

    def __post_init__(self) -> None:
        if (self.dated is None) != (self.date_text is None):
            raise ValueError("needs both `dated` and `date_text`, or none of them")
        if self.dated is not None and self.dated not in {one.code for one in self.choices}:
            raise ValueError(f"asks for the date of '{self.dated}', which is no choice of it")

    def items(self) -> Iterator[Item]:
        """Yield what the table is made of: an info item, then a choice for each row."""
        yield Item(
            link_id=self.checklist, type=ItemType.INFO, text=self.text, hint=self.hint,
            recall=self.recall, enable_when=self.enable_when, enable_behavior=self.enable_behavior,
        )  # fmt: skip
        for row in self.rows:
            yield Item(
                link_id=row.link_id, type=ItemType.CHOICE, text=row.text, hint=row.hint,
                choices=self.choices, skippable=self.skippable, group=self.checklist,
                recall=self.recall, enable_when=self.enable_when,
                enable_behavior=self.enable_behavior,
            )  # fmt: skip
            if self.dated is not None and self.date_text is not None:
                yield Item(
                    link_id=f"{row.link_id}_on", type=ItemType.DATE, text=self.date_text,
                    enable_when=(Clause(row.link_id, Operator.EQUAL, self.dated),),
                    optional=True, group=self.checklist, recall=self.recall,
                )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class QuestionnaireFile(Questionnaire):
    """A questionnaire before its parts are put in."""

    items: tuple[Item | CheckList | Include, ...]  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class PartFile:
    """Items that several questionnaires share word for word."""

    items: tuple[Item | CheckList, ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The questionnaires of a study, and the licensed instruments that they hold words of."""

    questionnaires: tuple[Questionnaire, ...]
    licensed: tuple[LicensedUse, ...]


def assemble(
    study: StudyFile,
    schedule: ScheduleFile,
    reminders: ReminderPolicy,
    safety: Safety,
    escalation: EscalationPolicy,
    texts: TextsFile,
    asked: Asked,
) -> StudyPackage:
    """Put the files together."""
    values = values_of(study) | values_of(asked)
    infusion_day_number = values.pop("infusion_day_number")  # belongs to the schedule
    return StudyPackage(
        schedule=ScheduleOfAssessments(
            blocks=tuple(Block(**values_of(row, Block)) for row in schedule.blocks),
            infusion_day_number=infusion_day_number,
            shortest_window_minutes=schedule.shortest_window_minutes,
            always_open=schedule.always_open,
            report_correction_hours=schedule.report_correction_hours,
        ),
        block_titles=tuple(BlockTitle(row.code, row.title) for row in schedule.blocks),
        reminders=reminders,
        escalation=escalation,
        texts=texts.texts,
        never_say=texts.never_say,
        may_reveal=texts.may_reveal,
        **values_of(safety),
        **values,
    )


def values_of(record: Any, kind: type | None = None) -> dict[str, Any]:
    """Return the fields of a dataclass instance, or those of them that `kind` has."""
    return {field.name: getattr(record, field.name) for field in fields(kind or record)}


# --- How single values are written; each reader raises ValueError with the reason -----------------

_CLOCK = re.compile(r"(?:([+-][0-9]+) )?([0-9]{1,2}):([0-5][0-9])")
_SPAN = re.compile(r"([0-9]+)(h|min)")


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("is empty" if isinstance(value, str) else "must be text; put it in quotes")


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError("must be a whole number")
    return value


def _number(value: object) -> float:
    if type(value) not in {int, float}:
        raise ValueError("must be a number")
    return float(cast("float", value))


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def _literal(value: object) -> ClauseAnswer:
    if isinstance(value, bool | int | float | str):
        return value
    raise ValueError("must be one value: a code, a number, a date, or true or false")


def _member(kind: type[StrEnum], value: object) -> StrEnum:
    if value not in list(kind):
        raise ValueError(f"must be one of: {', '.join(kind)}")
    return kind(str(value))


def _clock_time(value: object) -> ClockTime:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a time in quotes: "17:00", "24:00" or "+1 12:00"')
    days, hour, minute = match.groups(default="0")
    return ClockTime(int(days), int(hour) * 60 + int(minute))


def _span(value: object) -> int | None:
    """Return the minutes of "4h" or "90min"."""
    match = _SPAN.fullmatch(str(value))
    return int(match[1]) * (60 if match[2] == "h" else 1) if match else None


def _opening(value: object) -> ClockTime | SinceAnchor:
    if not isinstance(value, dict):
        return _clock_time(value)
    minutes = _span(value.get("after_anchor"))
    if minutes is None or len(value) > 1:
        raise ValueError('must be a time in quotes, or {after_anchor: "4h"} or "90min"')
    return SinceAnchor(minutes)


def _moment(value: object) -> Moment:
    match value:
        case {"after": span, **rest} if not rest and (minutes := _span(span)) is not None:
            return Elapsed(minutes)
        case {"after_opening": span, **rest} if not rest and (minutes := _span(span)) is not None:
            return SinceOpening(minutes)
        case {"working_day": int(number), "at": at, **rest} if not rest and number > 0:
            return OnWorkingDay(number, _clock_time(at))
    raise ValueError('must be {after: 30min}, {after_opening: 4h} or {working_day: 1, at: "12:00"}')


def _day(value: object) -> DayRef:
    if isinstance(value, dict) and len(value) == 1:
        ((name, number),) = value.items()
        if name in {"days_after", "study_day"} and type(number) is int:
            return OffsetDay(number) if name == "days_after" else StudyDay(number)
    raise ValueError("must be {days_after: 1} or {study_day: 28}")


_ENUMS = (AnchorEvent, Audience, Behavior, Channel, ConsentKind, ItemType, Language, MasterList)
_MORE_ENUMS = (Operator, QuestionnaireKind, Recall, ScoreMethod, SecondInfusionMode)
_TELLING_ENUMS = (
    EntryMode, LadderCase, Recipient, ThermometerRoute, Tier, TrendKind, Weekday,
)  # fmt: skip
_SCHEDULE_ENUMS = (AnsweredBy, DiarySlot)

READERS: Mapping[Any, Callable[[Any], Any]] = {
    **{
        kind: partial(_member, kind)
        for kind in (*_ENUMS, *_MORE_ENUMS, *_TELLING_ENUMS, *_SCHEDULE_ENUMS)
    },
    str: _text,
    int: _whole,
    float: _number,
    bool: _truth,
    ClauseAnswer: _literal,
    ClockTime: _clock_time,
    ClockTime | SinceAnchor: _opening,
    DayRef: _day,
    Moment: _moment,
}
