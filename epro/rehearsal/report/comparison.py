"""Two rehearsals beside each other: what a changed reminder, window or rule did."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from epro.rehearsal.report import drawing
from epro.rehearsal.report.figures import TIERS, Figures, weeks_shown
from epro.rehearsal.report.page import FEW_LEFT_OUT, key, number, page, picture
from epro.rehearsal.report.settings import Settings, differences

# What has to be equal for the same people to have lived through both.
PEOPLE = ("participants", "seed", "weeks")
OF_A_TIER = {
    "count": "flags", "escalated": "climbed further",
    "median_minutes": "median minutes until taken", "p90_minutes": "90 % taken within minutes",
}  # fmt: skip
SHOWN_AT_MOST = 200
MUCH = 160
Row = tuple[str, float | None, float | None]
Flag = Mapping[str, Any]


def comparison_page(before: Figures, now: Figures) -> str:
    """Return both as one page: what differs in the studies, and what it did, first."""
    was, is_now = before["quarters"], now["quarters"]
    rules = sorted(
        (name, first or 0, second or 0)
        for name, first, second in _rows(before["rules"], now["rules"])
    )
    colours = key((drawing.COLOURS[name], name) for name in ("before", "now"))
    body = [
        "<h1>Two rehearsals compared</h1>", *_what_was_rehearsed(before["plan"], now["plan"]),
        "<h2>What the studies say differently</h2>", _settings(before["study"], now["study"]),
        "<h2>Figures that changed</h2>", _changed(groups(before, now)),
        "<h2>Flags by rule</h2>",
        picture(drawing.paired_bars(rules, "Flags by rule, before and now")), colours,
        "<h2>Flags that one of them has and the other has not</h2>",
        *_flags(before["each_flag"], now["each_flag"]),
        "<h2>Reminders by the quarter of the hour, by each site's clock</h2>",
        picture(drawing.paired_quarters(was["reminders"], is_now["reminders"],
                                        "Reminders by quarter of the hour, before and now")),
        colours,
        "<h2>Answers by the quarter of the hour, by each site's clock</h2>",
        picture(drawing.paired_quarters(was["answers"], is_now["answers"],
                                        "Answers by quarter of the hour, before and now")),
        colours,
        "<h2>Forms completed of those expected, by week since the infusion visit</h2>",
        picture(drawing.two_curves(weeks_shown(before), weeks_shown(now),
                                   "Compliance by week, before and now")),
        f"{colours}<p>{FEW_LEFT_OUT}</p>",
        "<h2>All figures</h2>", _table(groups(before, now)),
    ]  # fmt: skip
    return page("Two rehearsals compared", body)


def flags_apart(
    before: Iterable[Flag], now: Iterable[Flag]
) -> tuple[list[Flag], list[Flag], list[tuple[Flag, Flag]]]:
    """Return the flags that only one has, and those that are another on the same day.

    Two are the same one if they are the same person's, raised on the same day of the rehearsal.
    """
    alike = Counter(map(_as_one, before)) & Counter(map(_as_one, now))
    lost, gained = (_without(flags, alike) for flags in (before, now))
    other = []
    for one in list(lost):
        found = next((it for it in gained if _whose(it) == _whose(one)), None)
        if found is not None:
            lost.remove(one)
            gained.remove(found)
            other.append((one, found))
    return lost, gained, other


def _whose(flag: Flag) -> tuple[int, str]:
    return flag["day"], flag["person"]


def _as_one(flag: Flag) -> tuple[Any, ...]:
    return (*_whose(flag), flag["tier"], *flag["rules"])


def _without(flags: Iterable[Flag], some: Mapping[tuple[Any, ...], int]) -> list[Flag]:
    left, kept = Counter(some), []
    for one in flags:
        if left[_as_one(one)]:
            left[_as_one(one)] -= 1
        else:
            kept.append(one)
    return kept


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
    elif before["begins_on"] != now["begins_on"]:
        yield (
            "<p>The same people, who began on another Monday: holidays, and hours that clocks are "
            "changed by, may lie on other days of theirs.</p>"
        )


def _settings(before: Settings, now: Settings) -> str:
    found = differences(before, now)
    if not found:
        return "<p>Nothing but, perhaps, the words of messages.</p>"
    lines = [
        "<tr>" + "".join(f"<td>{escape(_short(one))}</td>" for one in line) + "</tr>"
        for line in found[:SHOWN_AT_MOST]
    ]
    head = "<tr><th>Where</th><th>before</th><th>now</th></tr>"
    return _scrolled(head, lines, len(found))


def _changed(found: Iterator[tuple[str, list[Row]]]) -> str:
    changed = ((heading, [row for row in rows if row[1] != row[2]]) for heading, rows in found)
    some = [(heading, rows) for heading, rows in changed if rows]
    return _table(iter(some)) if some else "<p>None.</p>"


def _flags(before: Iterable[Flag], now: Iterable[Flag]) -> Iterator[str]:
    lost, gained, other = flags_apart(before, now)
    yield f"<p>{len(lost)} only before, {len(gained)} only now, {len(other)} otherwise.</p>"
    lines = [(one, _flag(one), "–") for one in lost]
    lines += [(one, "–", _flag(one)) for one in gained]
    lines += [(first, _flag(first), _flag(second)) for first, second in other]
    lines.sort(key=lambda line: _whose(line[0]))
    shown = [
        f'<tr><td class="n">{one["day"] + 1}</td><td>{escape(one["person"])}</td>'
        f"<td>{escape(was)}</td><td>{escape(is_now)}</td></tr>"
        for one, was, is_now in lines[:SHOWN_AT_MOST]
    ]
    head = '<tr><th class="n">day</th><th>participant</th><th>before</th><th>now</th></tr>'
    if shown:
        yield _scrolled(head, shown, len(lines))


def _flag(flag: Flag) -> str:
    return f"{flag['tier']} {'+'.join(flag['rules'])}"


def _short(text: str) -> str:
    return text if len(text) <= MUCH else f"{text[:MUCH]}…"


def _scrolled(head: str, lines: Sequence[str], count: int) -> str:
    more = f"<p>… and {count - len(lines)} more.</p>" if count > len(lines) else ""
    return f'<div class="scroll"><table>{head}{"".join(lines)}</table></div>{more}'


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
