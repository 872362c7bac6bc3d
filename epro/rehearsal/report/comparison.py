"""Two rehearsals beside each other: what a changed reminder, window or rule did."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from epro.rehearsal.report import drawing
from epro.rehearsal.report.figures import TIERS, Figures, weeks_shown
from epro.rehearsal.report.page import FEW_LEFT_OUT, key, number, page, picture

# What has to be equal for the same people to have lived through both.
PEOPLE = ("participants", "seed", "weeks", "begins_on")
OF_A_TIER = {
    "count": "flags", "escalated": "climbed further",
    "median_minutes": "median minutes until taken", "p90_minutes": "90 % taken within minutes",
}  # fmt: skip
Row = tuple[str, float | None, float | None]


def comparison_page(before: Figures, now: Figures) -> str:
    """Return both as one page: figures that changed stand out, equal ones stay readable."""
    body = [
        "<h1>Two rehearsals compared</h1>", *_what_was_rehearsed(before["plan"], now["plan"]),
        key((drawing.COLOURS[name], name) for name in ("before", "now")),
        "<h2>Reminders by the hour of the site's day</h2>",
        picture(drawing.paired_hours(before["hours"]["reminders"], now["hours"]["reminders"],
                                     "Reminders by hour, before and now")),
        "<h2>Answers by the hour of the site's day</h2>",
        picture(drawing.paired_hours(before["hours"]["answers"], now["hours"]["answers"],
                                     "Answers by hour, before and now")),
        "<h2>Forms completed of those expected, by week since the infusion visit</h2>",
        picture(drawing.two_curves(weeks_shown(before), weeks_shown(now),
                                   "Compliance by week, before and now")),
        f"<p>{FEW_LEFT_OUT}</p>",
        "<h2>All figures</h2>", _table(groups(before, now)),
    ]  # fmt: skip
    return page("Two rehearsals compared", body)


def groups(before: Figures, now: Figures) -> Iterator[tuple[str, list[Row]]]:
    """Yield what two rehearsals have in common, figure beside figure, under headings."""
    yield "Forms, reminders, flags", _rows(before["totals"], now["totals"])
    yield "Reminder steps dropped, by reason", _rows(before["dropped"], now["dropped"])
    for tier in TIERS:
        of_tier = (before["flags"][tier], now["flags"][tier])
        rows = [(words, *(one[name] for one in of_tier)) for name, words in OF_A_TIER.items()]
        yield f"Flags {tier}", [(words, first, second) for words, first, second in rows]
    yield "Flags by rule", sorted(_rows(before["rules"], now["rules"]))
    yield "Work of the site", _rows(_work(before), _work(now))


def _rows(before: Mapping[str, float], now: Mapping[str, float]) -> list[Row]:
    names = dict.fromkeys([*before, *now])
    return [(name.replace("_", " "), before.get(name, 0), now.get(name, 0)) for name in names]


def _work(result: Figures) -> dict[str, int]:
    counts: dict[str, int] = {}
    for acts in result["work"].values():
        for name, hours in acts.items():
            counts[name] = counts.get(name, 0) + sum(hours)
    return dict(sorted(counts.items()))


def _what_was_rehearsed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, plan in (("Before", before), ("Now", now)):
        yield (
            f"<p><b>{name}</b>: study package {escape(plan['package'])}, "
            f"{plan['participants']} participants, {plan['weeks']} weeks, seed {plan['seed']}, "
            f"from {plan['begins_on']}.</p>"
        )
    if differ := [name for name in PEOPLE if before[name] != now[name]]:
        told = ", ".join(name.replace("_", " ") for name in differ)
        yield (
            f'<p class="bad">Not the same people ({escape(told)}): what differs below is chance as '
            "much as the study. Rehearse both with the same number, seed and weeks.</p>"
        )


def _table(found: Iterator[tuple[str, list[Row]]]) -> str:
    head = (
        '<tr><th></th><th class="n">before</th><th class="n">now</th><th class="n">change</th></tr>'
    )
    lines = [head]
    for heading, rows in found:
        if rows:
            lines.append(f'<tr class="group"><th colspan="4">{escape(heading)}</th></tr>')
            lines += [_line(*row) for row in rows]
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def _line(name: str, before: float | None, now: float | None) -> str:
    is_same = before == now
    change = "" if is_same or before is None or now is None else f"<b>{now - before:+,.6g}</b>"
    return (
        f'<tr class="{"same" if is_same else "changed"}"><td>{escape(name)}</td>'
        f'<td class="n">{number(before)}</td><td class="n">{number(now)}</td>'
        f'<td class="n">{change}</td></tr>'
    )
