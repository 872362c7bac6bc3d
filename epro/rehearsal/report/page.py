"""The report of a rehearsal: one HTML file that needs nothing else, and the same as JSON."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from epro.rehearsal.facts import write_json
from epro.rehearsal.report import drawing
from epro.rehearsal.report.figures import TIERS, Figures, weeks_shown

STYLE = """
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:#1d2b36;margin:0 auto;
max-width:980px;padding:24px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px}
svg{width:100%;height:auto}table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid #e3e8ec;vertical-align:top}
td.n,th.n{text-align:right}.good,.bad{padding:12px 16px;border-radius:8px;font-weight:600}
.good{background:#e3f3e8;color:#14532d}.bad{background:#fbe4e9;color:#7f1235}
.key span{display:inline-block;margin-right:16px}.key i{display:inline-block;width:12px;height:12px;
border-radius:3px;margin-right:5px}
.tiles{display:flex;flex-wrap:wrap;gap:10px;margin-top:16px}
.tiles div{background:#f2f5f7;border-radius:8px;padding:8px 14px}
.tiles b{display:block;font-size:22px}
.scroll,.picture{overflow-x:auto}
.picture svg{min-width:680px}tr.same td{color:#5d6b76}tr.group th{padding-top:20px}
"""
FEW_LEFT_OUT = (
    "Weeks in which fewer forms were asked for than a quarter of the participants are left out."
)
SHOWN_AT_MOST = 500
CURVES = ("completed", "on_time")


def write_report(folder: Path, result: Figures) -> None:
    """Write index.html and result.json into a folder."""
    write_json(folder / "result.json", result)
    (folder / "index.html").write_text(reportpage(result), encoding="utf-8")


def reportpage(result: Figures) -> str:
    """Return the report as one page."""
    plan, days = result["plan"], result["days"]
    tiers = {tier: result["flags"][tier]["minutes"] for tier in TIERS}
    body = [
        "<h1>Rehearsal of the trial</h1>",
        f"<p>{plan['participants']} invented participants, {plan['weeks']} weeks after the "
        f"infusion visit, study package {escape(plan['package'])}, seed {plan['seed']}, "
        f"from {plan['begins_on']}.</p>",
        _verdict(result["differences"]),
        _tiles(result["totals"]),
        "<h2>Forms missed, day by day</h2>", picture(drawing.calendar(days)),
        key((
            ("#cbe6d2", "none missed"), ("#a3123f", "half or more"), ("#f2f4f6", "nothing due"),
        )),
        "<h2>Reminders sent a day</h2>",
        picture(drawing.stacked(days, ("reminders",), "Reminders sent a day")),
        _dropped(result["dropped"]),
        "<h2>Flags raised a day</h2>",
        picture(drawing.stacked(days, TIERS, "Flags raised a day")),
        key((drawing.COLOURS[tier], tier) for tier in TIERS),
        "<h2>Until somebody took a flag</h2>",
        picture(drawing.reactions(tiers, "Minutes until a flag was taken")), _flag_table(result),
        "<h2>Work of the site, by person and hour</h2>",
        "<p>Flags taken and closed, calls, decisions, sign-offs and locks, by each site's own "
        "clock. There are more physicians than a site has: each signature needs a one-time code, "
        "and codes are made by the clock on the wall.</p>",
        picture(drawing.hours(result["work"], "Acts by person and hour")),
        "<h2>Compliance by week since the infusion visit</h2>",
        picture(drawing.curve(weeks_shown(result), CURVES, "Compliance by week")),
        key((drawing.COLOURS[name], name.replace("_", " ")) for name in CURVES),
        f"<p>{FEW_LEFT_OUT}</p>",
        "<h2>What the rehearsal asked</h2>", _requests(result["cost"]),
    ]  # fmt: skip
    return page("Rehearsal of the trial", body)


def _verdict(differences: Sequence[dict[str, str]]) -> str:
    if not differences:
        return '<p class="good">No difference: all happened as the documents ask.</p>'
    rows = "".join(
        f"<tr><td>{escape(one['person'])}</td><td>{escape(one['day'])}</td><td>{escape(one['what'])}</td>"
        f"<td>{escape(one['expected'])}</td><td>{escape(one['found'])}</td></tr>"
        for one in differences[:SHOWN_AT_MOST]
    )
    head = "<tr><th>Participant</th><th>Day</th><th>What</th><th>Expected</th><th>Found</th></tr>"
    return (
        f'<p class="bad">{_counted(len(differences))} from what the documents ask.</p>'
        f'<div class="scroll"><table>{head}{rows}</table></div>'
    )


def _counted(count: int) -> str:
    return "1 difference" if count == 1 else f"{count} differences"


def _tiles(totals: dict[str, int]) -> str:
    tiles = "".join(f"<div><b>{count:,}</b>{escape(name)}</div>" for name, count in totals.items())
    return f'<div class="tiles">{tiles}</div>'


def key(entries: Iterable[tuple[str, str]]) -> str:
    """Return what the colours of a picture stand for."""
    spans = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for colour, name in entries
    )
    return f'<p class="key">{spans}</p>'


def _dropped(dropped: dict[str, int]) -> str:
    if not dropped:
        return "<p>No step was dropped.</p>"
    told = ", ".join(
        f"{count} {escape(reason.replace('_', ' '))}" for reason, count in sorted(dropped.items())
    )
    return f"<p>Steps dropped, on record with their reason: {told}.</p>"


def _flag_table(result: Figures) -> str:
    rows = "".join(
        f'<tr><td>{tier}</td><td class="n">{of["count"]}</td>'
        f'<td class="n">{number(of["median_minutes"])}</td>'
        f'<td class="n">{number(of["p90_minutes"])}</td><td class="n">{of["escalated"]}</td></tr>'
        for tier, of in result["flags"].items()
    )
    head = (
        '<tr><th>Tier</th><th class="n">flags</th><th class="n">median, min</th>'
        '<th class="n">90 %, min</th><th class="n">climbed further</th></tr>'
    )
    return f"<table>{head}{rows}</table>"


def _requests(cost: Figures) -> str:
    rows = "".join(
        f'<tr><td>{escape(kind)}</td><td class="n">{count}</td><td class="n">{took_ms:g}</td></tr>'
        for kind, (count, took_ms) in cost["requests"].items()
    )
    head = '<tr><th>Request</th><th class="n">times</th><th class="n">ms each</th></tr>'
    moved = f"<p>The clock was moved {cost['moves of the clock']:,} times.</p>"
    return f"{moved}<table>{head}{rows}</table>"


def picture(svg: str) -> str:
    """Return a picture that a small screen scrolls rather than shrinks."""
    return f'<div class="picture">{svg}</div>'


def number(value: float | None) -> str:
    """Return a figure as it is shown; a dash where there is none."""
    return "–" if value is None else f"{value:,.6g}"


def page(title: str, body: Sequence[str]) -> str:
    """Return one HTML page that needs no other file."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )
