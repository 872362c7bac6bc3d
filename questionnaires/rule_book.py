"""The safety rules as those read them who have to sign them: in words, in both languages.

What stands here is made from the package alone, so a signed document and the running rules are the
same thing or have another SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from questionnaires import canonical, ladder_words
from questionnaires.definition import (
    Clause,
    Derivation,
    Item,
    ItemType,
    Operator,
    SafetyRule,
    StudyPackage,
    Translated,
    Trigger,
)
from questionnaires.lexicon import Lexicon
from questionnaires.trends import Trend, TrendKind

_SIGNS = {
    Operator.LESS: "<", Operator.AT_MOST: "≤", Operator.MORE: ">", Operator.AT_LEAST: "≥",
    Operator.EQUAL: "=", Operator.NOT_EQUAL: "≠",
}  # fmt: skip
_TENTHS_LOWER_WHEN_AXILLARY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule in words. Any of its `conditions` meets it; each holds as a whole."""

    rule: SafetyRule
    conditions: Sequence[Translated]
    ladders: Sequence[Translated]


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconEntry:
    """A list of phrases, and what tells one edition of it from another."""

    lexicon: Lexicon
    sha256: str

    @property
    def phrase_count(self) -> int:
        return len(self.lexicon.phrases.zh) + len(self.lexicon.phrases.en)

    @property
    def exception_count(self) -> int:
        return len(self.lexicon.exceptions.zh) + len(self.lexicon.exceptions.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """Everything a signature under the rules stands for."""

    package: StudyPackage
    entries: Sequence[Entry]
    told: Sequence[tuple[Translated, Sequence[Translated]]]
    silence: Sequence[Translated]
    notes: Sequence[Translated]
    lexicons: Sequence[LexiconEntry]
    rules_sha256: str
    package_sha256: str


def rule_book(package: StudyPackage) -> RuleBook:
    """Return the rules of a package in words."""
    words = _Words(package)
    covered = (package.rules, package.trends, package.lexicons, package.silence, package.escalation)
    return RuleBook(
        package=package,
        entries=[
            Entry(
                rule=rule,
                conditions=[words.trigger(one) for one in rule.triggers],
                ladders=list(
                    ladder_words.told_of(package.escalation, rule.tier, tonight=rule.tonight)
                ),
            )
            for rule in package.rules
        ],
        told=ladder_words.who_is_told(package.escalation),
        silence=list(_silence(package)),
        notes=list(_notes(package)),
        lexicons=[
            LexiconEntry(lexicon=one, sha256=canonical.sha256(canonical.to_text(one)))
            for one in package.lexicons
        ],
        rules_sha256=canonical.sha256(canonical.to_text(covered)),
        package_sha256=canonical.sha256(canonical.to_text(package)),
    )


class _Words:
    """Puts triggers into words; every item is named by what was answered, then by its link_id."""

    def __init__(self, package: StudyPackage) -> None:
        self._items: dict[str, list[Item]] = {}
        for form in package.questionnaires:
            for item in form.items:
                self._items.setdefault(item.link_id, []).append(item)
        self._trends = {one.name: one for one in package.trends}
        self._lexicons = {one.name for one in package.lexicons}

    def trigger(self, trigger: Trigger) -> Translated:
        said = [self.clause(one) for one in trigger.clauses]
        return Translated(
            "；并且 ".join(one.zh for one in said), "; and ".join(one.en for one in said)
        )

    def clause(self, clause: Clause) -> Translated:
        if clause.question == Derivation.TEMPERATURE_TENTHS_ORAL:
            return _temperature(clause)
        if clause.question == Derivation.HOURS_SINCE_INFUSION:
            return _hours(clause)
        if clause.question in self._lexicons:
            return Translated(
                f"自由文字中有词表 {clause.question} 的词语",
                f"free text holds a phrase of {clause.question}",
            )
        if (trend := self._trends.get(clause.question)) is not None:
            return self._trend(trend, clause)
        return self._answer(clause)

    def _answer(self, clause: Clause) -> Translated:
        name = clause.question
        if clause.operator is Operator.EXISTS:
            zh, en = ("已回答", "answered") if clause.answer else ("没有回答", "not answered")
            return Translated(f"{name} {zh}", f"{name} {en}")
        items = self._items.get(name, [])
        if isinstance(clause.answer, bool):
            text = next((item.text for item in items), Translated(name, name))
            zh, en = ("是", "yes") if clause.answer else ("否", "no")
            return Translated(f"“{text.zh}”{zh}", f"“{text.en}” {en}")
        chosen = next(
            (
                choice.text
                for item in items
                for choice in item.choices
                if choice.code == clause.answer
            ),
            None,
        )
        if chosen is None:
            sign = _SIGNS[clause.operator]
            return Translated(f"{name} {sign} {clause.answer}", f"{name} {sign} {clause.answer}")
        several = any(item.type is ItemType.MULTI for item in items)
        if clause.operator is Operator.NOT_EQUAL:
            return Translated(f"没有选“{chosen.zh}”（{name}）", f"not “{chosen.en}” ({name})")
        verb = "选了" if several else "回答"
        return Translated(f"{verb}“{chosen.zh}”（{name}）", f"“{chosen.en}” ({name})")

    def _trend(self, trend: Trend, clause: Clause) -> Translated:
        said = self.trend(trend)
        if clause.operator is Operator.NOT_EQUAL and clause.answer is True:
            return Translated(f"不成立：{said.zh}", f"not so: {said.en}")
        sign = _SIGNS[clause.operator]
        answer = clause.answer
        if trend.question == Derivation.TEMPERATURE_TENTHS_ORAL and isinstance(answer, int | float):
            answer = f"{answer / 10:.1f} °C"
        return Translated(f"{said.zh} {sign} {answer}", f"{said.en} {sign} {answer}")

    def trend(self, trend: Trend) -> Translated:
        """Return what a trend counts."""
        held = [self.clause(one) for one in trend.when]
        zh, en = "；并且 ".join(one.zh for one in held), "; and ".join(one.en for one in held)
        name = trend.question or ""
        if name == Derivation.TEMPERATURE_TENTHS_ORAL:
            named = Translated("体温（折算为口腔）", "temperature (as by mouth)")
        else:
            named = Translated(name, name)
        levels = "/".join(f"{one:g}" for one in trend.level_from)
        return {
            TrendKind.CHANGE_FROM_BASELINE: Translated(
                f"{named.zh} 减去输液前的中位数", f"{named.en} minus its median before the infusion"
            ),
            TrendKind.LEVELS_FROM_BASELINE: Translated(
                f"{named.zh} 比输液前的中位数高出的级数（各级起点 {levels}）",
                f"levels of {named.en} above its median before the infusion (from {levels})",
            ),
            TrendKind.HELD_AT_BASELINE: Translated(
                f"输液前已填：{zh}", f"told before the infusion: {en}"
            ),
            TrendKind.DAYS_OF_LAST: Translated(
                f"最近 {trend.days} 天中有这种情况的天数（{zh}）",
                f"days of the last {trend.days} with ({en})",
            ),
            TrendKind.DAYS_RUNNING: Translated(
                f"连续有这种情况的天数（{zh}）", f"days running with ({en})"
            ),
        }[trend.kind]


def _temperature(clause: Clause) -> Translated:
    if clause.operator is Operator.EXISTS:
        zh, en = ("量了体温", "temperature measured")
        if clause.answer is not True:
            zh, en = "没有量体温", "temperature not measured"
        return Translated(zh, en)
    sign, tenths = _SIGNS[clause.operator], int(clause.answer)
    by_mouth, axillary = tenths / 10, (tenths - _TENTHS_LOWER_WHEN_AXILLARY) / 10
    return Translated(
        f"体温 {sign} {by_mouth:.1f} °C（腋下 {sign} {axillary:.1f}）",
        f"temperature {sign} {by_mouth:.1f} °C (under the arm {sign} {axillary:.1f})",
    )


def _hours(clause: Clause) -> Translated:
    if clause.operator is Operator.EXISTS:
        return Translated("还没有输过液", "no infusion visit yet")
    sign = _SIGNS[clause.operator]
    return Translated(
        f"距输液 {sign} {clause.answer} 小时", f"{sign} {clause.answer} h since the infusion visit"
    )


def _silence(package: StudyPackage) -> Iterator[Translated]:
    policy = package.silence
    days, after = policy.early_days, policy.call_now.minutes_after_due
    yield Translated(
        f"输液日起 {days} 天内：到时 {after} 分钟后仍未填写，工作清单请人打电话。",
        f"On the first {days} days, the infusion day included: {after} min after due the work list"
        " asks to call.",
    )
    for later in policy.call_later:
        blocks = [package.block_title(one) or Translated(one, one) for one in later.blocks]
        zh, en = "、".join(one.zh for one in blocks), ", ".join(one.en for one in blocks)
        clock = f"{later.at.minute // 60:02d}:{later.at.minute % 60:02d}"
        yield Translated(
            f"{zh}：当天之后第 {later.at.days} 天 {clock} 仍未填写，工作清单请人打电话。",
            f"{en}: where it is not filled in at {clock} {later.at.days} days after its day, the"
            " work list asks to call.",
        )
    begin, end = (
        f"{one.minute // 60:02d}:{one.minute % 60:02d}"
        for one in (policy.quiet_hours.begin, policy.quiet_hours.end)
    )
    yield Translated(
        f"{begin}-{end} 之间不请人打电话，等到 {end}。",
        f"Nobody is asked to call her between {begin} and {end}; that waits until {end}.",
    )
    missed, running, opened = policy.missed, policy.missed_in_a_row, policy.missed_while_open
    tiers = ", ".join(one.value for one in opened.open_tiers)
    yield Translated(
        f"漏填：{missed.tier.value}（最初 {days} 天 {missed.early_tier.value}）；"
        f"连续 {running.count} 次：{running.tier.value}；"
        f"有未关闭的 {tiers} 时漏填：{opened.tier.value}。",
        f"Missed: {missed.tier.value} (first {days} days {missed.early_tier.value});"
        f" {running.count} in a row: {running.tier.value};"
        f" while a flag of {tiers} is open: {opened.tier.value}.",
    )


def _notes(package: StudyPackage) -> Iterator[Translated]:
    site = package.sites
    yield Translated(
        f"号码：急救 {site.emergency_number}；中心没有自己的号码时："
        f"24 小时 {site.study_phone}，中心 {site.site_phone}。文字中花括号里的号码按中心填入。",
        f"Numbers: emergency {site.emergency_number}; where a site has none of its own:"
        f" day and night {site.study_phone}, site {site.site_phone}. What stands in braces in the"
        " texts is filled in for each site.",
    )
    yield ladder_words.office_hours(package.escalation)
    yield Translated(
        "体温按部位折算：腋下的界限低 0.3 °C，耳、额与口腔相同；再次测量时取较高值。",
        "Temperatures by route: limits under the arm are 0.3 °C lower, ear and forehead as by"
        " mouth; measured again, the higher one counts.",
    )
    yield Translated(
        "没有回答的问题按“未答”处理，从不按“否”处理；“没有选”在未回答时也成立。",
        "A question without an answer is unanswered, never “no”; “not …” also holds where nothing"
        " was answered.",
    )
    yield Translated(
        "系统只说“可能严重，由研究者判断”，不判断严重性、因果关系和分级。",
        "The system says “possibly serious, for the investigator to assess”; it judges neither"
        " seriousness, cause nor grade.",
    )
