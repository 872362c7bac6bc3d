"""What a participant answered, as the page of a flag shows it: in words, and as small charts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.models import FlagTrigger, QuestionnaireResponse, Screening, ScreeningSource
from epro.services import forms
from epro.services.forms import Seen
from epro.services.trends import Trend
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Derivation, Language, StudyPackage
from questionnaires.rendering import ItemState

TOLD = frozenset({ItemState.ANSWERED, ItemState.DECLINED})
TEMPERATURES = frozenset({"temp", "temp_again"})
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")
WIDTH, HEIGHT, MARGIN = 140, 40, 4


@dataclass(frozen=True, slots=True)
class Told:
    """One entry that a flag came from, and the questions that its rules looked at."""

    seen: Seen
    looked_at: frozenset[str]
    zone: ZoneInfo

    @property
    def items(self) -> Sequence[tuple[str, str, bool]]:
        """Question, answer or state, and whether a rule that was met reads it; what was answered.

        Times are told by the clock of the site, as everywhere on the page.
        """
        return [
            (one.question, by_the_clock(one.answer, self.zone) or one.state_in_words,
             one.link_id in self.looked_at)
            for one in self.seen.items
            if one.state in TOLD
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """A trend as points of a small picture: lines where days follow each other, gaps not joined."""

    title: str
    label: str
    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    gaps: Sequence[float]


def by_the_clock(answer: str | None, zone: ZoneInfo) -> str | None:
    """Return an answer in words with an instant as a clock of that zone shows it."""
    if answer is None or not INSTANT.fullmatch(answer):
        return answer
    return datetime.fromisoformat(answer).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def told(
    session: Session,
    triggers: Sequence[tuple[FlagTrigger, Screening]],
    *,
    catalogue: Catalogue,
    language: Language,
    zone: ZoneInfo,
) -> Sequence[Told]:
    """Return each entry behind a flag once, the newest first."""
    looked_at: dict[UUID, set[str]] = {}
    for trigger, screening in triggers:
        if screening.source is ScreeningSource.RESPONSE:
            package = catalogue.package(screening.study_version_id)
            read = looked_at.setdefault(UUID(screening.source_id), set())
            read |= questions_of(package, trigger.rule)
    found = (session.get(QuestionnaireResponse, response_id) for response_id in looked_at)
    responses = sorted(
        (one for one in found if one is not None), key=lambda one: one.answered_at, reverse=True
    )
    return [
        Told(
            forms.seen(session, one, language=language, catalogue=catalogue),
            frozenset(looked_at[one.id]),
            zone,
        )
        for one in responses
    ]


def questions_of(package: StudyPackage, rule_id: str) -> set[str]:
    """Return the link_ids that a rule reads: by itself, or by what is worked out from them."""
    rules = (rule for rule in package.rules if rule.id == rule_id)
    names = {
        clause.question for rule in rules for one in rule.triggers for clause in one.clauses
    }  # fmt: skip
    if Derivation.TEMPERATURE_TENTHS_ORAL in names:
        names |= TEMPERATURES
    if names & {lexicon.name for lexicon in package.lexicons}:
        names |= package.free_texts
    return {str(name) for name in names}


def chart(trend: Trend, language: Language) -> Chart:
    """Return a trend as a picture, and in words for whoever does not see it."""
    step = (WIDTH - 2 * MARGIN) / (len(trend.values) - 1)
    span = trend.highest - trend.lowest

    def place(number: int, value: float) -> tuple[float, float]:
        share = (min(max(value, trend.lowest), trend.highest) - trend.lowest) / span
        return MARGIN + number * step, HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    lines: list[list[str]] = [[]]
    dots, gaps = [], []
    for number, value in enumerate(trend.values):
        if value is None:
            gaps.append(MARGIN + number * step)
            lines.append([])
            continue
        x, y = place(number, value)
        dots.append((x, y))
        lines[-1].append(f"{x:.1f},{y:.1f}")
    said = ", ".join("–" if value is None else f"{value:g}" for value in trend.values)
    title = trend.title.in_language(language)
    return Chart(
        title=title,
        label=said,
        lines=[" ".join(one) for one in lines if len(one) > 1],
        dots=dots,
        gaps=gaps,
    )
