"""When a problem that was reported is asked about again, until it has ended.

A pure function of what is known of the report: its last news, what was asked since, and how often
the study asks. Only the next asking is planned; the one after it counts from what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from questionnaires.adverse_events import AdverseEventPolicy
from questionnaires.schedule import ClockTime, PlannedAssessment
from questionnaires.windows import instant_of

BLOCK = "AE"
FAMILY = "follow_up:"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReport:
    """A report that has not ended; days are local to the participant.

    `last_on` is the day of its last news: of the report, of an answer, or of an asking that stayed
    without one. `is_being_asked` says that one is open just now.
    """

    report_id: str
    last_on: date
    is_being_asked: bool
    is_red: bool


def family_of(report_id: str) -> str:
    """Return the family of assessments that ask about a report."""
    return f"{FAMILY}{report_id}"


def report_of(family: str) -> str | None:
    """Return the id of the report that a family of assessments asks about; None for any other."""
    return family.removeprefix(FAMILY) if family.startswith(FAMILY) else None


def next_asking(
    report: OpenReport, policy: AdverseEventPolicy, *, zone: ZoneInfo, today: date
) -> PlannedAssessment | None:
    """Return when a report is asked about next: so many days after its last news, not before today.

    While a red flag is open that is sooner. None where the study does not ask, or is asking now.
    """
    if not policy.follow_up or report.is_being_asked:
        return None
    days = policy.ask_again_days_red if report.is_red else policy.ask_again_days
    on = max(report.last_on + timedelta(days=days), today)
    closes_at = _at(policy.follow_up_closes, on, zone)
    return PlannedAssessment(
        family=family_of(report.report_id),
        occurrence=on.isoformat(),
        block=BLOCK,
        questionnaire=policy.follow_up,
        on=on,
        opens_at=_at(policy.follow_up_opens, on, zone),
        due_at=_at(policy.follow_up_due, on, zone),
        closes_at=closes_at,
        late_until=closes_at,
    )


def _at(time: ClockTime, on: date, zone: ZoneInfo) -> datetime:
    return instant_of(on + timedelta(days=time.days), time.minute, zone)
