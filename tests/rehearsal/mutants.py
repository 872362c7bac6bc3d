"""Study folders in which one thing was changed on purpose, as a slip of the hand would."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from epro.clock import wall_clock_now
from epro.logs import ROOT
from epro.rehearsal.population import DAY, HOME
from epro.rehearsal.running import next_monday

SHIPPED = ROOT / "questionnaires" / "studies" / "bk-sle-i-01"


class Slip(NamedTuple):
    """A line of a file, what becomes of it, and a pattern of the words that tell the difference."""

    file: str
    old: str
    new: str
    told: str


# A fever of 38.0 to 38.2 no longer counts; the day's diary closes an hour early; its last reminder
# comes a quarter of an hour early.
RULE = Slip(
    "rules.yaml",
    '      - - {question: temperature_tenths_oral, operator: ">=", answer: 380}\n'
    '        - {question: temperature_tenths_oral, operator: "<", answer: 385}\n'
    '        - {question: hours_since_infusion, operator: ">", answer: 48}\n',
    '      - - {question: temperature_tenths_oral, operator: ">=", answer: 384}\n'
    '        - {question: temperature_tenths_oral, operator: "<", answer: 385}\n'
    '        - {question: hours_since_infusion, operator: ">", answer: 48}\n',
    "flag R05 for .*: expected ORANGE at",
)
WINDOW = Slip(
    "schedule.yaml",
    '    first: {days_after: 1}\n    last: {days_after: 2}\n    opens: "06:00"\n'
    '    due: "09:00"\n    closes: "12:00"\n',
    '    first: {days_after: 1}\n    last: {days_after: 2}\n    opens: "06:00"\n'
    '    due: "09:00"\n    closes: "11:00"\n',
    "assessment S4 morning_check, closes_at",
)
REMINDER = Slip(
    "reminders.yaml",
    '{block: S5, code: last, at: "21:00"',
    '{block: S5, code: last, at: "20:45"',
    "reminder S5 last, minute",
)
# The evening of a second visit closes half an hour early; whoever is on call is told of no flag.
SECOND_VISIT = Slip(
    "schedule.yaml",
    "    anchor: INF2\n    slot: evening\n    first: {days_after: 0}\n    last: {days_after: 0}\n"
    '    opens: {after_anchor: 4h}\n    due: "21:00"\n    closes: "24:00"\n',
    "    anchor: INF2\n    slot: evening\n    first: {days_after: 0}\n    last: {days_after: 0}\n"
    '    opens: {after_anchor: 4h}\n    due: "21:00"\n    closes: "23:30"\n',
    "assessment S3b infusion_evening, closes_at",
)
STEP = Slip(
    "escalation.yaml",
    "{when: {after: 0min}, to: [coordinator, on_call], by",
    "{when: {after: 0min}, to: [coordinator], by",
    ": expected coordinator.sz01, coordinator2.sz01, investigator",
)
SLIPS = {
    "a rule": RULE, "a window": WINDOW, "a reminder": REMINDER,
    "a second visit": SECOND_VISIT, "a step of a ladder": STEP,
}  # fmt: skip


def study_with(slips: Iterable[Slip], folder: Path) -> Path:
    """Return a copy of the shipped study with these slips, and a holiday while it is rehearsed.

    Holidays are announced a year ahead: those that were shipped may all be over by now.
    """
    study = Path(shutil.copytree(SHIPPED, folder / SHIPPED.name))
    second_tuesday = next_monday(wall_clock_now().astimezone(HOME).date()) + 8 * DAY
    holiday = Slip("escalation.yaml", '["2026-01-01"', f'["{second_tuesday}", "2026-01-01"', "")
    for slip in (*slips, holiday):
        file = study / slip.file
        text = file.read_text(encoding="utf-8")
        assert slip.old in text, f"{slip.file} no longer has the line that is changed here"
        file.write_text(text.replace(slip.old, slip.new), encoding="utf-8")
    return study
