"""A weekend without anybody, a mail server that is gone, two days without a worker."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from epro.db import Database
from epro.models import IncidentKind
from epro.services import incidents
from questionnaires.definition import AnswerValue
from tests.blackbox.line import BREATHLESS, Line
from tests.blackbox.people import ZONE, assessments_of
from tests.blackbox.system import wait_for

pytestmark = pytest.mark.blackbox

OPEN, LAST = "请打开您的日记。", "今天的日记还可以填写，请打开您的日记。"
FRIDAY = 4
HALF_AN_HOUR = timedelta(minutes=30)
NOT_SENT = "有消息没能送达，请登录查看。"


@pytest.mark.req("A-14", "A-06", "N-05")
def test_with_the_mail_server_gone_for_two_hours_everything_urgent_arrives_and_nobody_is_silenced(
    line: Line,
) -> None:
    line.begin_day()
    phone, other = line.expecting(days=2), line.expecting(days=2)
    line.move_to(line.at("18:30"))
    everybody = sorted(one.username for one in line.staff)

    line.stop_mail()
    line.move_to(line.at("19:00"))
    line.answer(phone, but=BREATHLESS)
    line.wait_for_texts(phone, len(everybody))
    alerted = line.texts_about(phone)
    line.move_to(line.at("19:12"))
    told_of_it = line.texts_about(phone)[len(alerted) :]
    line.move_to(line.at("20:30"))
    mails_meanwhile = line.mails_about(phone)
    line.start_mail()
    line.move_to(line.at("20:32"))

    assert sorted(name for name, _body in alerted) == everybody
    assert sorted(name for name, body in told_of_it if NOT_SENT in body) == everybody
    assert mails_meanwhile == []
    alerts = [
        name for name, subject in line.mails_about(phone) if subject == f"{phone.code} RED_A R09"
    ]
    assert sorted(alerts) == everybody
    assert open_incident_count(line) == 0
    [flag] = line.flags(phone)
    assert line.acknowledge(flag, line.coordinator).status_code == 200

    line.move_to(line.at("21:00"))
    line.begin_day("18:00")
    assert line.texts_to(phone) == [OPEN, OPEN]
    assert line.texts_to(other) == [OPEN, LAST, OPEN]


@pytest.mark.req("A-07", "A-09")
def test_from_friday_evening_to_monday_the_ladder_is_climbed_on_time(line: Line) -> None:
    """The times are those of escalation.yaml, worked out by hand."""
    today = line.at("00:00").astimezone(ZONE).weekday()
    to_friday = (FRIDAY - today - 1) % 7 + 1
    line.move_to(line.at("21:30", days=to_friday))
    flags = {name: raised_by(line, but) for name, but in REPORTS.items()}
    friday = line.at("00:00")
    midnight, monday = friday + timedelta(days=1), friday + timedelta(days=3)
    began = {name: datetime.fromisoformat(flag["urgent_since"]) for name, flag in flags.items()}
    red, tonight = began["emergency"], began["tonight"]
    expected = {
        "emergency": [red + n * HALF_AN_HOUR for n in (1, 2, 4)],
        # At 23:00 it begins to be climbed as an emergency, at the bottom of that ladder.
        "tonight": [
            tonight + 2 * HALF_AN_HOUR,
            *(midnight + n * HALF_AN_HOUR for n in (-2, -1, 0, 2)),
        ],
        "working hours": [monday + timedelta(hours=8.5), monday + timedelta(hours=12.5)],
    }

    for due_at in sorted({at for rungs in expected.values() for at in rungs}):
        if due_at - line.system.now() > 2 * HALF_AN_HOUR:
            line.move_to(due_at - HALF_AN_HOUR)
        line.move_to(max(due_at, line.system.now()))

    for name, flag in flags.items():
        climbed = escalations_of(line, flag)
        assert [datetime.fromisoformat(one["after"]["due_at"]) for one in climbed] == expected[name]
        assert [lateness(one) < timedelta(minutes=5) for one in climbed] == [True] * len(climbed)
    told = [set(one["after"]["told"]) for one in escalations_of(line, flags["emergency"])]
    everybody = {one.username for one in line.staff}
    # Without a roster the second telling goes to every physician; there is no principal
    # investigator here and no address of the sponsor: the site is told once more each time.
    assert told == [everybody - {line.coordinator.username}, everybody, everybody]


REPORTS: dict[str, dict[str, AnswerValue]] = {
    "emergency": {**BREATHLESS},
    "tonight": {"done": ("emergency",)},
    "working hours": {"effect": "help"},
}


@pytest.mark.req("N-02", "N-03", "A-13")
def test_after_two_days_without_a_worker_no_burst_comes_and_what_was_skipped_is_on_record(
    line: Line,
) -> None:
    line.begin_day()
    phones = [line.expecting(days=3) for _ in range(2)]
    line.move_to(line.at("17:30"))
    in_two_days = line.at("18:30", days=2)

    line.kill_worker()
    with line.moving_to(in_two_days):
        wait_for(lambda: line.system.now() > in_two_days, "two days have passed without a worker")
        line.system.mend()

    for phone in phones:
        days = {one["id"]: days_since(one, in_two_days) for one in assessments_of(phone)}
        decided = [
            (days[facts["assessment_id"]], facts["step"], facts["skipped_reason"])
            for entry in line.journal(phone, "reminder.queued", "reminder.skipped")
            for facts in [entry["after"]]
        ]
        missed = line.journal(phone, "assessment.missed")
        assert line.texts_to(phone) == [OPEN]
        assert sorted(decided, key=str) == [
            (-1, "first", "closed"), (-1, "last", "closed"),
            (-2, "first", "closed"), (-2, "last", "closed"),
            (0, "first", None),
        ]  # fmt: skip
        assert [days[entry["entity_id"]] for entry in missed] == [-2, -1]

    line.move_to(line.at("21:00"))
    assert [line.texts_to(phone) for phone in phones] == [[OPEN, LAST]] * 2


def open_incident_count(line: Line) -> int:
    """Return how many outages of messages are not over; a missing roster is another matter."""
    database = Database(line.system.database_url)
    with database.reading() as session:
        standing = incidents.open_incidents(session)
    database.engine.dispose()
    return sum(one.kind is IncidentKind.UNDELIVERED for one in standing)


def raised_by(line: Line, but: dict[str, AnswerValue]) -> dict[str, Any]:
    """Have somebody report this; return the flag that it raises."""
    phone = line.new_phone()
    line.answer(phone, "ae_report", but)
    [flag] = line.flags(phone)
    return flag


def escalations_of(line: Line, flag: dict[str, Any]) -> list[dict[str, Any]]:
    entries = line.system.journal_of(entity_type="flag", entity_id=flag["id"])
    return [one for one in entries if one["verb"] == "flag.escalated"]


def lateness(escalation: dict[str, Any]) -> timedelta:
    due_at = datetime.fromisoformat(escalation["after"]["due_at"])
    return datetime.fromisoformat(escalation["occurred_at"]) - due_at


def days_since(assessment: dict[str, Any], instant: datetime) -> int:
    """Return how many days after a day an assessment belongs to."""
    return (datetime.fromisoformat(assessment["on"]).date() - instant.astimezone(ZONE).date()).days
