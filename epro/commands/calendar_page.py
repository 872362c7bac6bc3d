"""A study calendar as one self-contained page: a picture of the weeks, and the days as a table."""

from collections.abc import Iterator
from datetime import date, timedelta
from html import escape

from questionnaires.definition import Language, Translated
from questionnaires.schedule import AnsweredBy, PlannedAssessment
from questionnaires.study_calendar import (
    CalendarDay,
    StudyCalendar,
    event_name,
    local_time,
    weekday,
)

_CELL, _GAP, _LEFT, _TOP = 84, 4, 52, 26
_ROW = 62
# By what an entry is to her: colours far apart also for eyes that confuse red and green.
_COLOURS = {
    "daily": "#2f6db5", "infusion_evening": "#7a3e9d", "morning_check": "#c77700",
    "longer": "#00796b", "rating": "#757575",
}  # fmt: skip
_LEGEND = {
    "daily": Translated("每日日记", "daily diary"),
    "infusion_evening": Translated("输液当晚", "infusion evening"),
    "morning_check": Translated("早晨小记", "morning check"),
    "longer": Translated("其他问卷(应填日)", "other forms, on the day they are due"),
    "rating": Translated("评估者填写", "rated by the assessor"),
}
_HEADS = (
    Translated("日期", "Date"), Translated("研究日", "Day"), Translated("名称", "What"),
    Translated("开放", "Opens"), Translated("应填", "Due"), Translated("截止", "Closes"),
    Translated("补填至", "Late until"), Translated("短信", "Messages"),
)  # fmt: skip
_STYLE = """
body{font:15px/1.45 system-ui,"Noto Sans CJK SC",sans-serif;margin:24px auto;max-width:980px;
padding:0 16px;color:#1b1b1b}
h1{font-size:22px;margin:0 0 4px}p{margin:4px 0 16px;color:#444}
svg{width:100%;height:auto}svg text{font:12px system-ui,"Noto Sans CJK SC",sans-serif;fill:#1b1b1b}
table{border-collapse:collapse;width:100%;margin-top:24px;font-size:14px}
th,td{text-align:left;padding:3px 8px;border-bottom:1px solid #ddd;vertical-align:top;
white-space:nowrap}
td.what{white-space:normal}tr.event td{font-weight:600}tr.first td{border-top:1px solid #999}
@media print{tr{break-inside:avoid}thead{display:table-header-group}}
"""


def to_html(calendar: StudyCalendar, *, language: Language) -> str:
    """Return the page; it asks nothing of any server and prints as it looks."""
    title = escape(calendar.package.title.in_language(language))
    days = calendar.days
    span = f"{days[0].on.isoformat()} – {days[-1].on.isoformat()}, {calendar.zone.key}"
    heads = "".join(f"<th>{escape(head.in_language(language))}</th>" for head in _HEADS)
    rows = "".join(row for day in days for row in _rows(calendar, day, language))
    lang = "zh-Hans" if language is Language.ZH else "en"
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<p>{escape(span)}</p>\n"
        f"{_picture(calendar, language)}\n"
        f"<table><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n</body></html>\n"
    )


def _rows(calendar: StudyCalendar, day: CalendarDay, language: Language) -> Iterator[str]:
    messages = " ".join(local_time(at, day.on, calendar.zone) for at in day.messages)
    rows = [
        ("event", event_name(event, language), local_time(at, day.on, calendar.zone), "", "", "")
        for event, at in day.events
    ]
    for one in day.entries:
        opens, due, closes, late = (
            local_time(at, day.on, calendar.zone)
            for at in (one.opens_at, one.due_at, one.closes_at, one.late_until)
        )
        late = late if one.late_until > one.closes_at else ""
        rows.append(("", calendar.title(one, language), opens, due, closes, late))
    for number, (kind, what, *times) in enumerate(rows or [("", "", "", "", "", "")]):
        first = number == 0
        named = (f"{day.on.isoformat()} {weekday(day.on, language)}", day.label, messages)
        on, label, sent = named if first else ("", "", "")
        cells = "".join(f"<td>{escape(one)}</td>" for one in (*times, sent))
        yield (
            f'<tr class="{kind} {"first" if first else ""}"><td>{on}</td><td>{label}</td>'
            f'<td class="what">{escape(what)}</td>{cells}</tr>\n'
        )


def _picture(calendar: StudyCalendar, language: Language) -> str:
    """Draw a row for each week and a field for each day, with a bar for each thing that is due."""
    days = {day.on: day for day in calendar.days}
    first = calendar.days[0].on - timedelta(days=calendar.days[0].on.weekday())
    weeks = (calendar.days[-1].on - first).days // 7 + 1
    height = _TOP + weeks * _ROW + 40
    width = _LEFT + 7 * _CELL
    parts = [
        f'<text x="{_LEFT + column * _CELL + 4}" y="16">'
        f"{weekday(first + timedelta(days=column), language)}</text>"
        for column in range(7)
    ]
    for week in range(weeks):
        y = _TOP + week * _ROW
        monday = first + timedelta(days=7 * week)
        parts.append(f'<text x="0" y="{y + 15}">{monday:%m-%d}</text>')
        for column in range(7):
            on = monday + timedelta(days=column)
            if on in days:
                parts.append(_field(days[on], _LEFT + column * _CELL, y, language))
    parts.append(_legend(_TOP + weeks * _ROW + 20, language))
    label = Translated("每周一行, 每天一格", "A row for each week, a field for each day")
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label.in_language(language)}">{"".join(parts)}</svg>'
    )


def _field(day: CalendarDay, x: int, y: int, language: Language) -> str:
    w, h = _CELL - _GAP, _ROW - _GAP
    is_visit = bool(day.events)
    fill = "#fff3c4" if is_visit else "#f4f6f8"
    parts = [
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4" fill="{fill}"/>',
        f'<text x="{x + 5}" y="{y + 15}">{day.label}</text>',
    ]
    if day.messages:
        parts.append(
            f'<text x="{x + w - 5}" y="{y + 15}" text-anchor="end" style="fill:#666">'
            f"✉{len(day.messages)}</text>"
        )
    for number, kind in enumerate(_kind(one) for one in day.entries):
        bar = y + 21 + number * 9
        parts.append(
            f'<rect x="{x + 5}" y="{bar}" width="{w - 10}" height="7" rx="2" '
            f'fill="{_COLOURS[kind]}"/>'
        )
    names = " · ".join(dict.fromkeys(event_name(event, language) for event, _at in day.events))
    tip = f"<title>{escape(_tip(day.on, day.label, names))}</title>"
    return f"<g>{tip}{''.join(parts)}</g>"


def _tip(on: date, label: str, names: str) -> str:
    return f"{on.isoformat()} {label} {names}".strip()


def _kind(one: PlannedAssessment) -> str:
    if one.answered_by is not AnsweredBy.PARTICIPANT:
        return "rating"
    if one.questionnaire in {"infusion_evening", "morning_check"}:
        return one.questionnaire
    return "daily" if one.family == "daily" else "longer"


def _legend(y: int, language: Language) -> str:
    parts, x = [], _LEFT
    for kind, colour in _COLOURS.items():
        text = _LEGEND[kind].in_language(language)
        parts.append(
            f'<rect x="{x}" y="{y}" width="10" height="10" rx="2" fill="{colour}"/>'
            f'<text x="{x + 14}" y="{y + 10}">{escape(text)}</text>'
        )
        x += 26 + sum(12 if ord(one) > 0x2E80 else 6 for one in text)
    return "".join(parts)
