"""Pictures as SVG, drawn here: no script, no library, and text that can be read aloud."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape

INK, FAINT, GRID = "#1d2b36", "#6b7882", "#d9e0e6"
COLOURS = {
    "RED_A": "#a3123f", "RED_B": "#d1495b", "ORANGE": "#e08e2b", "YELLOW": "#e3c54a",
    "reminders": "#2f6f9f", "completed": "#2f6f9f", "on_time": "#57a773",
    "before": "#9aa8b3", "now": "#2f6f9f",
}  # fmt: skip
WIDTH = 920
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def calendar(days: Mapping[str, Mapping[str, int]]) -> str:
    """Draw a square for each day, the darker the more of what was due went missed."""
    dates = [date.fromisoformat(day) for day in days]
    if not dates:
        return ""
    first = dates[0] - timedelta(days=dates[0].weekday())
    cell = min(22, (WIDTH - 60) // ((dates[-1] - first).days // 7 + 1))
    parts = [_text(0, 32 + row * cell, name, size=11) for row, name in enumerate(WEEKDAYS)]
    for on in dates:
        counts = days[on.isoformat()]
        answered, missed = counts.get("answered", 0), counts.get("missed", 0)
        share = missed / (answered + missed) if answered + missed else 0.0
        x, y = 30 + (on - first).days // 7 * cell, 20 + on.weekday() * cell
        told = f"{on}: {answered} answered, {missed} missed"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" rx="3" '
            f'fill="{_shade(share, answered + missed)}"><title>{told}</title></rect>'
        )
        if on.day == 1:
            parts.append(_text(x, 12, f"{on:%b}", size=11))
    return _svg(parts, 24 + 7 * cell, "Share of forms missed, by day")


def stacked(
    days: Mapping[str, Mapping[str, int]], names: Sequence[str], title: str, *, height: int = 170
) -> str:
    """Draw a column for each day, made of the counts of these names."""
    tops = [sum(counts.get(name, 0) for name in names) for counts in days.values()]
    most = max(tops, default=0) or 1
    step = (WIDTH - 60) / max(1, len(days))
    parts = _frame(most, height)
    for place, (day, counts) in enumerate(days.items()):
        base = float(height - 20)
        for name in names:
            count = counts.get(name, 0)
            if not count:
                continue
            size = count / most * (height - 40)
            base -= size
            parts.append(
                f'<rect x="{40 + place * step:.1f}" y="{base:.1f}" '
                f'width="{max(1.0, step - 1):.1f}" height="{size:.1f}" fill="{COLOURS[name]}">'
                f"<title>{day}: {count} {name}</title></rect>"
            )
        if day.endswith("-01"):
            parts.append(_text(40 + place * step, height - 4, day[:7], size=11))
    return _svg(parts, height, title)


def curve(rows: Sequence[Mapping[str, int]], names: Sequence[str], title: str) -> str:
    """Draw shares of what was expected, week by week, as lines from 0 to 100 %."""
    height = 210
    parts = _frame(100, height, unit=" %")
    step = (WIDTH - 80) / max(1, len(rows) - 1)
    for name in names:
        points = [
            (40 + place * step, height - 20 - row.get(name, 0) / row["expected"] * (height - 40))
            for place, row in enumerate(rows)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = COLOURS[name]
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        for (x, y), row in zip(points, rows, strict=True):
            done = f"{row.get(name, 0)} of {row['expected']} {name.replace('_', ' ')}"
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
                f"<title>week {row['week']}: {done}</title></circle>"
            )
    for place, row in enumerate(rows):
        if place % 2 == 0:
            parts.append(_text(36 + place * step, height - 4, f"W{row['week']}", size=11))
    return _svg(parts, height, title)


def paired_quarters(before: Sequence[int], now: Sequence[int], title: str) -> str:
    """Draw for each quarter of an hour of the day two columns beside each other."""
    height, most = 190, max([*before, *now, 1])
    step = (WIDTH - 60) / 96
    parts = _frame(most, height)
    for quarter, pair in enumerate(zip(before, now, strict=True)):
        told = f"{quarter // 4}:{quarter % 4 * 15:02}, before {pair[0]}, now {pair[1]}"
        for place, (name, count) in enumerate(zip(("before", "now"), pair, strict=True)):
            size = count / most * (height - 40)
            parts.append(
                f'<rect x="{40 + (quarter + place * 0.48) * step:.1f}" '
                f'y="{height - 20 - size:.1f}" width="{step * 0.48:.1f}" height="{size:.1f}" '
                f'fill="{COLOURS[name]}"><title>{told}</title></rect>'
            )
    parts += [
        _text(40 + hour * 4 * step, height - 4, f"{hour}:00", size=11) for hour in range(0, 24, 2)
    ]
    return _svg(parts, height, title)


def paired_bars(rows: Sequence[tuple[str, float, float]], title: str) -> str:
    """Draw for each name two bars below each other; what is equal stays pale."""
    most = max([1.0, *(value for _, *pair in rows for value in pair)])
    parts: list[str] = []
    for row, (name, before, now) in enumerate(rows):
        y, ink = 6 + row * 26, FAINT if before == now else INK
        parts.append(_text(0, y + 14, name, size=12, colour=ink))
        for place, (kind, value) in enumerate((("before", before), ("now", now))):
            size = value / most * (WIDTH - 240)
            parts.append(
                f'<rect x="110" y="{y + place * 10}" width="{size:.1f}" height="9" '
                f'fill="{COLOURS[kind]}"><title>{escape(name)}, {kind}: {value:g}</title></rect>'
            )
        said = f"{now:g}" if before == now else f"{before:g} → {now:g}"
        at = 116 + max(before, now) / most * (WIDTH - 240)
        parts.append(_text(at, y + 14, said, size=12, colour=ink))
    return _svg(parts, 12 + 26 * len(rows), title)


def two_curves(
    before: Sequence[Mapping[str, int]], now: Sequence[Mapping[str, int]], title: str
) -> str:
    """Draw what was completed of what was expected, week by week, of two rehearsals."""
    height = 210
    parts = _frame(100, height, unit=" %")
    weeks = sorted({row["week"] for row in (*before, *now)})
    step = (WIDTH - 80) / max(1, len(weeks) - 1)
    # The earlier one is the wider line, so that it shows beneath an equal one.
    for name, rows, wide in (("before", before, 6), ("now", now, 2.5)):
        points = [
            (
                40 + weeks.index(row["week"]) * step,
                height - 20 - row.get("completed", 0) / row["expected"] * (height - 40),
            )
            for row in rows
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" '
            f'stroke-width="{wide}"/>'
        )
    for place, week in enumerate(weeks):
        if place % 2 == 0:
            parts.append(_text(36 + place * step, height - 4, f"W{week}", size=11))
    return _svg(parts, height, title)


def reactions(minutes: Mapping[str, Sequence[float]], title: str) -> str:
    """Draw a dot for each flag: how long until somebody took it, on a scale of powers of ten."""
    height, rows = 40 + 34 * len(minutes), list(minutes.items())
    parts: list[str] = []
    for power, label in enumerate(("1 min", "10 min", "100 min", "1000 min", "10 000 min")):
        x = 90 + power * (WIDTH - 130) / 4
        parts += [_line(x, 10, x, height - 20), _text(x - 22, height - 4, label, size=11)]
    for row, (tier, values) in enumerate(rows):
        y = 28 + row * 34
        parts.append(_text(0, y + 4, f"{tier} ({len(values)})", size=12))
        for place, value in enumerate(values):
            x = 90 + _power(value) * (WIDTH - 130) / 4
            jitter = place % 5 * 4 - 8
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y + jitter}" r="3.5" fill="{COLOURS[tier]}" '
                f'fill-opacity=".65"><title>{value} min</title></circle>'
            )
    return _svg(parts, height, title)


def hours(work: Mapping[str, Mapping[str, Sequence[int]]], title: str) -> str:
    """Draw for each of the staff how much falls into each hour of the day."""
    sums = {
        who: [sum(day) for day in zip(*acts.values(), strict=True)] for who, acts in work.items()
    }
    most = max((max(row) for row in sums.values()), default=0) or 1
    cell = (WIDTH - 130) / 24
    parts = [_text(130 + hour * cell, 12, str(hour), size=11) for hour in range(24)]
    for row, (who, counts) in enumerate(sums.items()):
        y = 20 + row * 26
        parts.append(_text(0, y + 16, who, size=12))
        for hour, count in enumerate(counts):
            parts.append(
                f'<rect x="{126 + hour * cell:.1f}" y="{y}" width="{cell - 2:.1f}" height="22" '
                f'rx="3" fill="#2f6f9f" fill-opacity="{0.06 + 0.94 * count / most:.2f}">'
                f"<title>{who}, {hour}:00: {count}</title></rect>"
            )
            if count:
                ink = "#ffffff" if count > most / 2 else INK
                parts.append(_text(128 + hour * cell, y + 15, str(count), size=10, colour=ink))
    return _svg(parts, 26 + 26 * len(sums), title)


def _power(minutes: float) -> float:
    power, value = 0.0, max(1.0, minutes)
    while value >= 10 and power < 4:
        value, power = value / 10, power + 1
    return min(4.0, power + (value - 1) / 9)


def _shade(share: float, count: int) -> str:
    if not count:
        return "#f2f4f6"
    green, red = (203, 230, 210), (163, 18, 63)
    mixed = [
        round(low + (high - low) * min(1.0, share * 2))
        for low, high in zip(green, red, strict=True)
    ]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def _frame(most: int, height: int, *, unit: str = "") -> list[str]:
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = height - 20 - part * (height - 40)
        parts += [_line(38, y, WIDTH - 10, y), _text(0, y + 4, f"{most * part:.0f}{unit}", size=11)]
    return parts


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GRID}"/>'


def _text(x: float, y: float, words: str, *, size: int, colour: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}">{escape(words)}</text>'
    )


def _svg(parts: Sequence[str], height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
