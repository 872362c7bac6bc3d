"""The trial's daily blocks as a schedule of assessments, and what tests of it draw from."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from questionnaires.schedule import (
    AnchorEvent,
    Block,
    ClockTime,
    OffsetDay,
    Plan,
    PlannedAssessment,
    ScheduleOfAssessments,
    SinceAnchor,
    StudyDay,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
INFUSIONS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 6, 30))  # noqa: DTZ001 - local
INFUSION_DAY_NUMBERS = st.sampled_from([0, 1])

NEXT_NOON = ClockTime(1, 12 * 60)

S1 = Block(
    code="S1",
    family="daily",
    priority=10,
    questionnaire="diary",
    anchor=AnchorEvent.INF1_PLANNED,
    closed_by=AnchorEvent.INF1,
    first=StudyDay(-3),
    last=StudyDay(-1),
    opens=ClockTime(0, 17 * 60),
    due=ClockTime(0, 21 * 60),
    closes=ClockTime(0, 24 * 60),
    late_until=None,
)
S3 = replace(
    S1,
    code="S3",
    priority=40,
    questionnaire="short_diary",
    anchor=AnchorEvent.INF1,
    closed_by=None,
    first=OffsetDay(0),
    last=OffsetDay(0),
    opens=SinceAnchor(4 * 60),
)
S4 = replace(
    S3,
    code="S4",
    family="morning_check",
    first=OffsetDay(1),
    last=OffsetDay(2),
    opens=ClockTime(0, 6 * 60),
    due=ClockTime(0, 9 * 60),
    closes=ClockTime(0, 12 * 60),
)
S5 = replace(
    S1,
    code="S5",
    priority=30,
    anchor=AnchorEvent.INF1,
    closed_by=None,
    first=OffsetDay(1),
    last=StudyDay(28),
    late_until=NEXT_NOON,
)
S3_SECOND = replace(S3, code="S3-2", anchor=AnchorEvent.INF2)
S4_SECOND = replace(S4, code="S4-2", anchor=AnchorEvent.INF2)
S5B = replace(S5, code="S5b", priority=20, anchor=AnchorEvent.INF2)
S5B_FOR_EVERYONE = replace(S5, code="S5b", priority=20, first=StudyDay(29), last=StudyDay(56))
WEEKLY = Block(
    code="S6",
    family=None,
    priority=0,
    questionnaire="weekly",
    anchor=AnchorEvent.INF1,
    closed_by=None,
    first=OffsetDay(7),
    last=OffsetDay(84),
    every=7,
    days_before=1,
    days_after=2,
    opens=ClockTime(0, 8 * 60),
    due=ClockTime(0, 21 * 60),
    closes=ClockTime(0, 24 * 60),
    late_until=None,
)
DAILY_BLOCKS = (S1, S3, S3_SECOND, S4, S4_SECOND, S5, S5B)


def schedule_of(*blocks: Block, infusion_day_number: int = 1) -> ScheduleOfAssessments:
    return ScheduleOfAssessments(
        blocks=blocks, infusion_day_number=infusion_day_number, always_open=("problem_report",)
    )


def trial_schedule(infusion_day_number: int = 1) -> ScheduleOfAssessments:
    return schedule_of(*DAILY_BLOCKS, infusion_day_number=infusion_day_number)


def infusion_at(at: datetime) -> dict[AnchorEvent, datetime]:
    return {AnchorEvent.INF1: at}


def local(on: date, hour: int, minute: int = 0, *, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.combine(on, time(hour, minute), tzinfo=zone)


def of_family(plan: Plan, family: str) -> dict[date, PlannedAssessment]:
    return {it.on: it for it in plan.assessments if it.family == family}
