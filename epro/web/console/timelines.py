"""One participant over time: charts on one axis, the same as a table, and everything in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.models import Site
from epro.services import enrolment, timeline, trends
from epro.services.paging import page_of
from epro.services.timeline import Kind, Marks
from epro.services.trends import Trend
from epro.web.console.asked import asked_for, page_number
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.session import page
from questionnaires.definition import Language

blueprint = new_blueprint("timeline")

SPANS = (30, 90, 180)
LINES_OF_A_PAGE = 300
LEFT, WIDTH, ROW, TOP, GAP = 8, 720, 64, 36, 20


@dataclass(frozen=True, slots=True)
class Row:
    """One symptom as points of a picture; lines only where days follow each other."""

    title: str
    y: float
    lowest: float
    highest: float
    lines: Sequence[str]
    dots: Sequence[tuple[str, str]]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """All charts one above the other, on one axis of days."""

    rows: Sequence[Row]
    infusions: Sequence[str]
    flags: Sequence[tuple[str, bool]]
    step: str
    height: float
    width: float
    label: str


@blueprint.get("/participants/<code:code>/timeline")
@page(Permission.READ_RESPONSE)
def show(code: str) -> ResponseReturnValue:
    """Show charts and everything that happened, of the last days or from the start."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(span) for span in SPANS} else SPANS[0]
    kind, actor = asked_for("kind", Kind), current_actor()
    with reading() as session:
        who = enrolment.get_participant(session, actor, code, Permission.READ_RESPONSE)
        site = session.get_one(Site, who.site_id)
        known = catalogue(session)
        series = trends.of_days(session, who, catalogue=known, until=now(), days=days)
        marks = timeline.marks(session, actor, who, site.zone)
        found = timeline.happenings(
            session, actor, who, since=timeline.start_of(days, now=now()), catalogue=known
        )
    last_on = now().astimezone(ZoneInfo(who.zone)).date()
    all_days = [last_on - timedelta(days=back) for back in range(days - 1, -1, -1)]
    lines = [one for one in found if kind in {None, one.kind}]
    return render_framed(
        "timeline.html", here="participants", who=who, site=site, zone=site.zone, days=days,
        spans=SPANS, kinds=list(Kind), kind=kind,
        happened=page_of(lines, page_number(), size=LINES_OF_A_PAGE),
        series=series, all_days=all_days,
        picture=_picture(series, marks, all_days, current_language()),
    )  # fmt: skip


def _picture(
    series: Sequence[Trend], marks: Marks, days: Sequence[date], language: Language
) -> Picture | None:
    if not series:
        return None
    step = WIDTH / len(days)
    at = {on: LEFT + (number + 0.5) * step for number, on in enumerate(days)}
    rows = [
        _row(one, TOP + number * (ROW + GAP), list(at.values()), language)
        for number, one in enumerate(series)
    ]
    flagged: dict[date, bool] = {}
    for on, tier in marks.flagged:
        flagged[on] = flagged.get(on, False) or tier.is_red
    return Picture(
        rows=rows,
        infusions=[f"{at[on]:.1f}" for on in marks.infused_on if on in at],
        flags=[(f"{at[on]:.1f}", is_red) for on, is_red in flagged.items() if on in at],
        step=f"{step:.2f}",
        height=TOP + len(series) * (ROW + GAP),
        width=LEFT * 2 + WIDTH,
        label=f"{days[0]:%Y-%m-%d} – {days[-1]:%Y-%m-%d}: "
        + ", ".join(one.title.in_language(language) for one in series),
    )


def _row(trend: Trend, top: float, xs: Sequence[float], language: Language) -> Row:
    span = trend.highest - trend.lowest
    lines: list[list[str]] = [[]]
    dots, missing = [], []
    for x, value in zip(xs, trend.values, strict=True):
        if value is None:
            missing.append(f"{x:.1f}")
            lines.append([])
            continue
        share = (min(max(value, trend.lowest), trend.highest) - trend.lowest) / span
        y = top + ROW - share * ROW
        dots.append((f"{x:.1f}", f"{y:.1f}"))
        lines[-1].append(f"{x:.1f},{y:.1f}")
    return Row(
        title=trend.title.in_language(language), y=top, lowest=trend.lowest,
        highest=trend.highest, lines=[" ".join(one) for one in lines if len(one) > 1],
        dots=dots, missing=missing,
    )  # fmt: skip
