"""A study that nobody planned: random questions, codes, limits, conditions, answers, corrections.

The same seed gives the same study. Answers are judged by the questionnaires themselves, so that
what is hidden or not reached is what the product would say.
"""

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from epro.exchange.changes import Change, Field, FieldType, Form, Site, Study, Who
from epro.services.feed_forms import forms
from questionnaires.branching import visible
from questionnaires.definition import (
    AnswerValue,
    Behavior,
    Choice,
    Clause,
    Ends,
    Item,
    ItemType,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    StudyPackage,
    Translated,
)
from questionnaires.validation import Answer, judge
from tests.factories import shipped_package

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SHENZHEN = ZoneInfo("Asia/Shanghai")
# What breaks careless writers of XML, JSON and CSV.
AWKWARD = (
    "<b>&amp;",
    '"引号", 逗号',
    "第一行\n第二行\t制表",
    "𠮷野家 🙂",
    "' OR ''='",
    "]]>",
    "=1+1",
)


@dataclass
class MadeUpStudy:
    """`study` describes the `changes`, which stand in the order of the feed."""

    seed: int
    chance: Random = field(init=False)
    study: Study = field(init=False)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        packages = tuple(self._package(f"{number}.0.0") for number in range(1, 3))
        codes = [f"XX{number:02d}-001" for number in range(3)]
        self.study = Study(
            packages=packages,
            forms=forms(),
            sites=tuple(
                Site(code[:4], f"医院 {code[:4]} & Söhne", {"1.0.0": "2026-01-01"})
                for code in codes
            ),
            users=(
                *(Who("participant", code, "participant") for code in codes),
                Who("user", "zhang.jing", "investigator"),
            ),
            meanings=(
                ("assessed", "I made this assessment"),
                ("signed_off", "These data are complete"),
            ),
        )
        for code in codes:
            self._live(code)

    # --- what is asked ----------------------------------------------------------------------------

    def _package(self, version: str) -> StudyPackage:
        shipped = shipped_package()
        asked = tuple(
            self._questionnaire(code, version)
            for code in sorted({block.questionnaire for block in shipped.schedule.blocks})
        )
        return replace(shipped, version=version, questionnaires=asked)

    def _questionnaire(self, code: str, version: str) -> Questionnaire:
        items: list[Item] = []
        for number in range(self.chance.randint(4, 12)):
            items.append(self._item(f"item_{number}", items))
        return Questionnaire(
            code=code, version=version, kind=QuestionnaireKind.DAILY, title=self._text(),
            intro=None, minutes=2, items=tuple(items),
        )  # fmt: skip

    def _item(self, link_id: str, earlier: list[Item]) -> Item:
        kind = self.chance.choice(KINDS)
        item = Item(
            link_id=link_id, type=kind, text=self._text(),
            hint=self._text() if self.chance.random() < 0.3 else None,
            optional=self.chance.random() < 0.2,
            skippable=self.chance.random() < 0.8,
            enable_when=tuple(self._clauses(earlier)),
            enable_behavior=self.chance.choice(list(Behavior)),
        )  # fmt: skip
        if kind is ItemType.NRS:
            return replace(item, ends=Ends(self._text(), self._text()))
        if kind in {ItemType.CHOICE, ItemType.MULTI}:
            return replace(item, choices=tuple(self._choices()))
        if kind is ItemType.NUMBER:
            low = self.chance.randint(-50, 50)
            return replace(
                item, unit=self.chance.choice(("°C", "kg/m²", "µg", "次")),
                decimals=self.chance.randint(0, 3), hard_min=low, hard_max=low + 40,
                soft_min=low + 10, soft_max=low + 30,
            )  # fmt: skip
        return item

    def _choices(self) -> Iterator[Choice]:
        for number in range(self.chance.randint(2, 5)):
            yield Choice(f"{self.chance.choice(string.ascii_lowercase)}-{number}", self._text())

    def _clauses(self, earlier: list[Item]) -> Iterator[Clause]:
        # Free text may be withheld, and a condition on it could then not be worked out again.
        usable = [item for item in earlier if item.type in CONDITIONAL]
        if usable and self.chance.random() < 0.5:
            for item in self.chance.sample(usable, k=min(len(usable), self.chance.randint(1, 2))):
                yield self._clause(item)

    def _clause(self, item: Item) -> Clause:
        if self.chance.random() < 0.3:
            return Clause(item.link_id, Operator.EXISTS, self.chance.random() < 0.5)
        if item.type is ItemType.BOOLEAN:
            return Clause(item.link_id, self.chance.choice(EQUALS), self.chance.random() < 0.5)
        if item.choices:
            return Clause(item.link_id, self.chance.choice(EQUALS), self.chance.choice(item.codes))
        if item.type is ItemType.DATE:
            return Clause(item.link_id, self.chance.choice(IN_ORDER), "2026-02-15")
        operator = self.chance.choice((*EQUALS, *IN_ORDER))
        return Clause(item.link_id, operator, self.chance.randint(0, 10))

    def _text(self) -> Translated:
        awkward = self.chance.choice(AWKWARD)
        return Translated(f"问题 {awkward}", f"Question {awkward}")

    # --- what is answered -------------------------------------------------------------------------

    def answers(self, questionnaire: Questionnaire, *, is_complete: bool) -> list[Answer]:
        """Answer what applies, in order; some items are declined, optional ones left blank."""
        answers: list[Answer] = []
        for item in questionnaire.items:
            values = {answer.link_id: answer.value for answer in answers}
            if item.link_id not in visible(questionnaire, values):
                continue
            if not is_complete and self.chance.random() < 0.3:
                break
            if item.optional and self.chance.random() < 0.5:
                continue
            if item.skippable and self.chance.random() < 0.15:
                answers.append(Answer(link_id=item.link_id, declined=True))
                continue
            value = self._value(item)
            answers.append(Answer(link_id=item.link_id, value=value, confirmed=True))
        return answers

    def _value(self, item: Item) -> AnswerValue:
        chance = self.chance
        low = item.hard_min or 0.0
        values: dict[ItemType, Callable[[], AnswerValue]] = {
            ItemType.NRS: lambda: chance.randint(0, 10),
            ItemType.VAS: lambda: chance.randint(0, 100),
            ItemType.TIME: lambda: f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}",
            ItemType.BOOLEAN: lambda: chance.random() < 0.5,
            ItemType.CHOICE: lambda: chance.choice(item.codes),
            ItemType.MULTI: lambda: tuple(
                chance.sample(item.codes, k=chance.randint(1, len(item.codes)))
            ),
            ItemType.NUMBER: lambda: round(low + chance.random() * 40, item.decimals),
            ItemType.DATE: lambda: f"2026-02-{chance.randint(1, 28):02d}",
            ItemType.DATETIME: lambda: f"2026-02-{chance.randint(1, 28):02d}T08:00:00+08:00",
            ItemType.TEXT: lambda: chance.choice(AWKWARD),
        }
        return values[item.type]()

    # --- what became of a participant -------------------------------------------------------------

    def _live(self, code: str) -> None:
        her = Who("participant", code, "participant")
        staff = Who("user", "zhang.jing", "investigator")
        software = Who("system", "planning", "system")
        self._change(
            code, staff, "participant", code,
            {"site": code[:4], "language": "zh", "zone": "Asia/Shanghai"},
        )  # fmt: skip
        self._change(code, staff, "consent", self._id(), {"kind": "trial"})
        infused = START.astimezone(SHENZHEN)
        for version in (1, 2):
            at = (infused + timedelta(hours=version)).isoformat()
            self._change(
                code, staff, "anchor", f"{code}:INF1", {"event": "INF1", "occurred_at": at},
                version=version, reason="更正 & <time>" if version == 2 else None,
            )  # fmt: skip
        for number, block in enumerate(shipped_package().schedule.blocks):
            package = self.study.package(self.chance.choice(("1.0.0", "2.0.0")))
            assessment, response = self._id(), self._id()
            known = {"block": block.code, "occurrence": f"2026-03-{number + 1:02d}"}
            self._change(
                code, software, "assessment", assessment, known, study_version=package.version
            )
            if number % 4 == 3:
                self._change(
                    code, software, "assessment", assessment, known, version=2, op="void",
                    study_version=package.version,
                )  # fmt: skip
                continue
            questionnaire = package.questionnaire(block.questionnaire)
            assert questionnaire
            for version, status in enumerate(("in_progress", "completed"), start=1):
                self._respond(
                    code, her, response, questionnaire, status,
                    version=version, study_version=package.version, assessment_id=assessment,
                )  # fmt: skip

        self._suffer(code, staff)

    def _suffer(self, code: str, staff: Who) -> None:
        """Two events: one revised and signed as it stands then, one that was entered in error."""
        report, event, error = (self._id() for _ in range(3))
        decision = {"source": "self_report", "source_key": report, "disposition": "accepted"}
        self._change(code, staff, "candidate", self._id(), decision | {"event_number": 1})
        for version in (1, 2):
            self._change(
                code, staff, "adverse_event", event, self._event(1, version),
                version=version, study_version="1.0.0", reason=f"看过 & <{version}>",
            )  # fmt: skip
        self._change(
            code, staff, "signature", self._id(),
            {
                "entity_type": "adverse_event", "entity_id": event, "entity_version": 2,
                "meaning": "assessed", "signer": staff.name,
                "signed_at": (START + timedelta(hours=5)).isoformat(),
            },
        )  # fmt: skip
        for version, op in ((1, "insert"), (2, "void")):
            self._change(
                code, staff, "adverse_event", error, self._event(2, 1),
                version=version, op=op, study_version="2.0.0", reason="重复",
            )  # fmt: skip
        self._change(
            code, staff, "signature", self._id(),
            {
                "entity_type": "participant_record", "entity_id": code, "entity_version": 1,
                "meaning": "signed_off", "signer": staff.name,
                "signed_at": (START + timedelta(hours=6)).isoformat(),
            },
        )  # fmt: skip
        lock, times = self._id(), {"locked_at": START.isoformat(), "unlocked_at": None}
        self._change(code, staff, "record_lock", lock, times)
        self._change(
            code, staff, "record_lock", lock, times | {"unlocked_at": START.isoformat()},
            version=2, op="update", reason="漏了一条",
        )  # fmt: skip
        self._change(
            code, staff, "contact", self._id(), {"channel": "telephone", "assessment_id": None}
        )

    def _event(self, number: int, version: int) -> dict[str, Any]:
        onset = START.astimezone(SHENZHEN).date()
        return {
            "number": number, "source": "self_report",
            "term": f"头痛 {self.chance.choice(AWKWARD)}",
            "onset_on": onset.isoformat(), "onset_at": START.isoformat(), "ended_on": None,
            "seriousness": ["hospitalisation"] if version == 2 else [],
            "grades": [{"grade": version, "from_on": onset.isoformat()}],
            "linked_responses": [], "relationship": "possible",
        }  # fmt: skip

    def _respond(
        self,
        code: str,
        who: Who,
        response: str,
        questionnaire: Questionnaire,
        status: str,
        *,
        version: int,
        study_version: str,
        assessment_id: str,
    ) -> None:
        is_complete = status == "completed"
        given = self.answers(questionnaire, is_complete=is_complete)
        judged = judge(
            questionnaire, [answer.to_plain() for answer in given], is_complete=is_complete
        )
        assert judged.problems == ()
        self._change(
            code, who, "response", response,
            {
                "answers": [answer.to_plain() for answer in judged.answers],
                "hidden": list(judged.hidden), "not_reached": list(judged.not_reached),
                "assessment_id": assessment_id, "status": status,
                "questionnaire_code": questionnaire.code,
                "questionnaire_version": questionnaire.version,
            },
            version=version, study_version=study_version,
        )  # fmt: skip

    def _change(
        self,
        code: str,
        who: Who,
        kind: str,
        entity_id: str,
        known: dict[str, Any],
        *,
        version: int = 1,
        op: str | None = None,
        reason: str | None = None,
        study_version: str | None = None,
    ) -> None:
        form = next(form for form in self.study.forms if form.type == kind)
        seq = len(self.changes) + 1
        at = START + timedelta(minutes=seq)
        self.changes.append(
            Change(
                seq=seq, change_id=self._id(), type=kind,
                op=op or ("insert" if version == 1 else "update"),
                entity_id=entity_id, version=version, participant=code, site=code[:4],
                occurred_at=at.astimezone(SHENZHEN).isoformat(), recorded_at=at.isoformat(),
                actor=who, reason=reason, study_version=study_version,
                data=self._made_up(form) | known,
            )
        )  # fmt: skip

    def _made_up(self, form: Form) -> dict[str, Any]:
        return {one.name: self._field(one) for one in form.fields if "days_since" not in one.name}

    def _field(self, one: Field) -> Any:
        if one.codes:
            return self.chance.choice(one.codes)
        if one.type is FieldType.BOOLEAN:
            return self.chance.random() < 0.5
        if one.type is FieldType.INTEGER:
            return self.chance.randint(-720, 720)
        if one.type is FieldType.DATE:
            return "2026-03-05"
        if one.type is FieldType.DATETIME:
            return START.isoformat() if self.chance.random() < 0.8 else None
        return self.chance.choice(AWKWARD)

    def _id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))


KINDS = [kind for kind in ItemType if kind is not ItemType.INFO]
CONDITIONAL = {ItemType.NRS, ItemType.CHOICE, ItemType.MULTI, ItemType.BOOLEAN, ItemType.NUMBER,
               ItemType.DATE}  # fmt: skip
EQUALS = (Operator.EQUAL, Operator.NOT_EQUAL)
IN_ORDER = (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)
