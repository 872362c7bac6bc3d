"""A study calendar as one self-contained page: a picture of the weeks, and the days as a table."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from html import escape
from itertools import groupby

from questionnaires.definition import Language, Translated
from questionnaires.schedule import AnsweredBy, PlannedAssessment
from questionnaires.study_calendar import (
    CalendarDay,
    StudyCalendar,
    event_name,
    local_time,
    weekday,
)

# The picture's measures: a field's width, what lies between fields, the margins left and on top.
_CELL, _GAP, _LEFT, _TOP = 104, 4, 52, 56
# A field is as high as what the fullest one of its week holds: a line, bars, the name of a visit.
_LINE, _BAR, _VISIT = 22, 9, 15
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
_NOTE = Translated(
    "✉ 当天最多的短信条数(一份都不填时)。时间为当地时间;“+1”“-3”表示相对于该行日期的天数。",
    "✉ messages on that day, if she answers nothing: the most there can be. Times are local; "
    '"+1" and "-3" count days from the line\'s own.',
)
_NOTHING = Translated("无", "nothing")
_HEADS = (
    Translated("日期", "Date"), Translated("研究日", "Day"), Translated("名称", "What"),
    Translated("开放", "Opens"), Translated("应填", "Due"), Translated("截止", "Closes"),
    Translated("补填至", "Late until"), Translated("短信", "Messages"),
)  # fmt: skip
_STYLE = """
body{font:15px/1.45 system-ui,"Noto Sans CJK SC",sans-serif;margin:24px auto;max-width:980px;
padding:0 16px;color:#1b1b1b}
h1{font-size:22px;margin:0 0 4px}p{margin:4px 0 16px;color:#444}
.wide{overflow-x:auto}svg{width:100%;min-width:640px;height:auto}
svg text{font:12px system-ui,"Noto Sans CJK SC",sans-serif;fill:#1b1b1b}
table{border-collapse:collapse;width:100%;margin-top:24px;font-size:14px}
th,td{text-align:left;padding:3px 8px;border-bottom:1px solid #ddd;vertical-align:top;
white-space:nowrap}
td.what{white-space:normal;min-width:9em}tr.event td{font-weight:600;background:#fff3c4}
tr.first td{border-top:1px solid #999}tr.empty td{color:#666}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}thead{display:table-header-group}
.wide{overflow:visible}svg{min-width:0;max-height:95vh}}
"""


def to_html(calendar: StudyCalendar, *, language: Language) -> str:
    """Return the page; it asks nothing of any server and prints as it looks."""
    title = escape(calendar.package.title.in_language(language))
    days = calendar.days
    span = f"{days[0].on.isoformat()} – {days[-1].on.isoformat()}, {calendar.zone.key}"
    heads = "".join(f"<th>{escape(head.in_language(language))}</th>" for head in _HEADS)
    rows = "".join(_all_rows(calendar, language))
    lang = "zh-Hans" if language is Language.ZH else "en"
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<p>{escape(span)}</p>\n"
        f'<div class="wide" tabindex="0">{_picture(calendar, language)}</div>\n'
        f"<p>{escape(_NOTE.in_language(language))}</p>\n"
        f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>\n</body></html>\n"
    )


def _all_rows(calendar: StudyCalendar, language: Language) -> Iterator[str]:
    """Yield the table's rows; days on which there is nothing share one."""
    for is_empty, group in groupby(calendar.days, key=_is_empty):
        days = list(group)
        if is_empty:
            yield _empty_row(days, language)
        else:
            for day in days:
                yield from _rows(calendar, day, language)


def _is_empty(day: CalendarDay) -> bool:
    return not (day.events or day.entries or day.messages)


def _empty_row(days: Sequence[CalendarDay], language: Language) -> str:
    first, last = days[0], days[-1]
    on, label = _named(first, language), first.label
    if first is not last:
        on, label = f"{first.on.isoformat()} – {last.on:%m-%d}", f"{label} – {last.label}"
    return (
        f'<tr class="empty first"><td>{on}</td><td>{label}</td>'
        f'<td colspan="6">{escape(_NOTHING.in_language(language))}</td></tr>\n'
    )


def _named(day: CalendarDay, language: Language) -> str:
    return f"{day.on.isoformat()} {weekday(day.on, language)}"


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
        named = (_named(day, language), day.label, messages)
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
    width = _LEFT + 7 * _CELL
    parts = [_legend(4, language)]
    parts += [
        f'<text x="{_LEFT + column * _CELL + 4}" y="{_TOP - 8}">'
        f"{weekday(first + timedelta(days=column), language)}</text>"
        for column in range(7)
    ]
    y = _TOP
    for week in range(weeks):
        monday = first + timedelta(days=7 * week)
        of_week = [days.get(monday + timedelta(days=column)) for column in range(7)]
        height = max(_height(day) for day in of_week if day)
        parts.append(f'<text x="0" y="{y + 15}">{monday:%m-%d}</text>')
        parts += [
            _field(day, _LEFT + column * _CELL, y, height, language)
            for column, day in enumerate(of_week)
            if day
        ]
        y += height + _GAP
    label = Translated("每周一行, 每天一格", "A row for each week, a field for each day")
    return (
        f'<svg viewBox="0 0 {width} {y}" role="img" '
        f'aria-label="{label.in_language(language)}">{"".join(parts)}</svg>'
    )


def _height(day: CalendarDay) -> int:
    return _LINE + len(day.entries) * _BAR + (_VISIT if day.events else 0) + 4


def _field(day: CalendarDay, x: int, y: int, height: int, language: Language) -> str:
    width = _CELL - _GAP
    fill = "#fff3c4" if day.events else "#f4f6f8"
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}"/>',
        f'<text x="{x + 5}" y="{y + 15}">{day.label}</text>',
    ]
    if day.messages:
        parts.append(
            f'<text x="{x + width - 5}" y="{y + 15}" text-anchor="end" style="fill:#555">'
            f"✉{len(day.messages)}</text>"
        )
    bottom = y + _LINE
    for kind in map(_kind, day.entries):
        parts.append(
            f'<rect x="{x + 5}" y="{bottom}" width="{width - 10}" height="7" rx="2" '
            f'fill="{_COLOURS[kind]}"/>'
        )
        bottom += _BAR
    names = list(dict.fromkeys(event_name(event, language) for event, _at in day.events))
    if names:
        # The visit as it happened comes last; that it was planned too is in the table.
        parts.append(
            f'<text x="{x + 5}" y="{bottom + 11}" style="font-size:11px">{escape(names[-1])}</text>'
        )
    tip = f"<title>{escape(_tip(day.on, day.label, ' · '.join(names)))}</title>"
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
    parts: list[str] = []
    x = 0
    for kind, colour in _COLOURS.items():
        text = _LEGEND[kind].in_language(language)
        parts.append(
            f'<rect x="{x}" y="{y}" width="10" height="10" rx="2" fill="{colour}"/>'
            f'<text x="{x + 14}" y="{y + 10}">{escape(text)}</text>'
        )
        x += 30 + sum(12 if ord(one) > 0x2E80 else 7 for one in text)
    return "".join(parts)
