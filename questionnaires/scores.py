"""What a questionnaire says about its scores; `scoring.py` works them out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from questionnaires.words import Translated


class ScoreMethod(StrEnum):
    """How a score follows from answers.

    SUM, MEAN: of `items`. PROCTCAE_COMPOSITE: the grade 0-3 of one PRO-CTCAE term, by the published
    table (Basch 2021), from `frequency`, `severity`, `interference` or `amount`.
    SLEDAI2K: the weighted sum of the 24 descriptors, whose link_ids and weights stand in a table.
    """

    SUM = "sum"
    MEAN = "mean"
    PROCTCAE_COMPOSITE = "proctcae_composite"
    SLEDAI2K = "sledai2k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Who counts as a responder: so many points down from baseline, at so many weeks.

    The value of a week is the one whose local day lies nearest to it, at most `within_days` away;
    weeks are counted from the day of the first infusion. The answers to the items in `beside` are
    shown with the result, which they never change.
    """

    points_down: float
    week: int
    within_days: int
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One number that follows from the answers of one response.

    An item counts with its number, or with the `score` of the choice made; true is 1, false 0. In
    `items` may also stand the codes of scores above this one: a total of subscales. Those in
    `reversed_items` count upside down. Fewer than `min_answered` (all, where it is not given) give
    no score; a `prorated` sum is scaled up to all items. `change` asks for the change from
    baseline, `response` for responders; both compare two responses and so are never stored.
    """

    code: str
    version: str
    title: Translated
    method: ScoreMethod
    items: tuple[str, ...] = ()
    reversed_items: tuple[str, ...] = ()
    min_answered: int | None = None
    prorated: bool = False
    decimals: int = 2
    frequency: str | None = None
    severity: str | None = None
    interference: str | None = None
    amount: str | None = None
    change: bool = False
    response: Response | None = None
