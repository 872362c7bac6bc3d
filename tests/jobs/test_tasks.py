"""The jobs together: what is due goes out in one move of the clock, and then all is at rest."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from epro.access import system_actor
from epro.clock import wall_clock_now
from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS, dispatch
from epro.models import Incident, IncidentKind, JobRun
from epro.parts import Parts, build_parts
from epro.providers import MailSettings, SmsSettings
from epro.services import heartbeat, rehearsal
from epro.services.heartbeat import Outcome
from notifications import outbox
from notifications.messages import (
    ChannelName,
    DevelopmentMessage,
    MessageState,
    OutboxMessage,
)
from notifications.outbox import NewMessage
from tests.factories import add_site, add_study_version, add_user, make_keyring
from tests.settings import make_settings
from tests.standins.smtp import running_smtp
from tests.standins.twilio import (
    ACCEPTS_THEN_DROPS,
    ACCOUNT_SID,
    AUTH_TOKEN,
    SENDER,
    TwilioStandIn,
    running_twilio,
)

NUMBER = "+8613900139001"
ACTOR = system_actor("test")
ORDER = [
    "amend", "follow_up", "remind", "flag_idle_drafts", "flag_unanswered_questions", "notice",
    "close_drafts", "count_compliance", "look_for_baseline", "reckon_candidates", "escalate",
    "ring", "digest",
    "serious_clock", "roster", "dispatch", "watchdog", "housekeeping", "make_snapshots",
    "watch_feed", "sequence_journal",
]  # fmt: skip


@pytest.fixture
def parts(fresh_database_url: str) -> Iterator[Parts]:
    parts = build_parts(
        make_settings(fresh_database_url, is_rehearsal=True), keyring=make_keyring()
    )
    yield parts
    parts.database.engine.dispose()


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with running_twilio(wall_clock_now()) as standin:
        yield standin


def with_twilio(url: str, twilio: TwilioStandIn, **settings: object) -> Parts:
    account = SmsSettings(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, sender=SENDER, base_url=twilio.base_url
    )
    return build_parts(make_settings(url, sms=account, **settings), keyring=make_keyring())


def enqueue(parts: Parts, channel: ChannelName, *, is_vital: bool = True) -> UUID:
    """Open a site with one user who can be reached both ways, and write her a message."""
    with parts.database.transaction() as session:
        site = add_site(session)
        version = add_study_version(session, site, now=parts.clock.now())
        user = add_user(session, keyring=parts.keyring).user
        user.phone_sealed = parts.keyring.seal(NUMBER)
        return outbox.enqueue(
            session,
            NewMessage(
                purpose="safety", channel=channel, template=f"alert_{channel}",
                template_version=str(version.id), language="en", is_vital=is_vital,
                recipient_ref=f"user:{user.id}",
                params={"code": "SZ01-014", "tier": "RED_A", "rule": "R09", "time": "19:04",
                        "link": "/console/flags/1"},
            ),
            now=parts.clock.now(),
        )  # fmt: skip


def state_of(parts: Parts, message_id: UUID) -> MessageState:
    with parts.database.reading() as session:
        return session.get_one(OutboxMessage, message_id).state


def test_jobs_stand_in_the_order_in_which_work_flows() -> None:
    assert [job.name for job in JOBS] == ORDER


def test_only_sending_is_shared_by_all_workers_at_once() -> None:
    assert [job.name for job in JOBS if not job.runs_alone] == ["dispatch"]


def test_every_job_runs_on_a_database_without_a_study(parts: Parts) -> None:
    Worker(parts).run_to_rest()

    with parts.database.reading() as session:
        runs = {run.job: run.last_error for run in session.scalars(select(JobRun))}
    assert runs == dict.fromkeys(ORDER)


# --- sending --------------------------------------------------------------------------------------


@pytest.mark.req("A-06")
def test_by_default_a_message_ends_in_the_inbox_with_a_link_to_log_in_at(parts: Parts) -> None:
    enqueue(parts, ChannelName.EMAIL)

    Worker(parts).run_to_rest()

    with parts.database.reading() as session:
        (kept,) = session.scalars(select(DevelopmentMessage)).all()
    assert (kept.address, kept.subject) == ("zhang.jing@example.org", "SZ01-014 RED_A R09")
    assert "http://127.0.0.1:8000/console/flags/1" in kept.body


def test_a_text_message_goes_to_twilio_with_the_number_looked_up_then(
    fresh_database_url: str, twilio: TwilioStandIn
) -> None:
    parts = with_twilio(fresh_database_url, twilio)
    message_id = enqueue(parts, ChannelName.SMS)

    handled = dispatch(parts)

    (sent,) = twilio.to(NUMBER)
    assert sent.body == "SZ01-014 RED_A 19:04 Please log in and acknowledge."
    assert sent.callback_url == f"http://127.0.0.1:8000/hooks/twilio/status/{message_id}"
    assert (handled, state_of(parts, message_id)) == (1, MessageState.SENT)
    parts.database.engine.dispose()


def test_mail_goes_to_the_server_of_the_settings(fresh_database_url: str) -> None:
    with running_smtp() as smtp:
        mail = MailSettings(host="127.0.0.1", port=smtp.port, tls="none", sender="epro@x.example")
        parts = build_parts(make_settings(fresh_database_url, mail=mail), keyring=make_keyring())
        enqueue(parts, ChannelName.EMAIL)

        dispatch(parts)

        (received,) = smtp.to("zhang.jing@example.org")
        assert received.sender == "epro@x.example"
        parts.database.engine.dispose()


@pytest.mark.req("N-03")
def test_a_rehearsal_comes_to_rest_while_a_message_is_in_doubt(
    fresh_database_url: str, twilio: TwilioStandIn
) -> None:
    """Doubt waits for the wall's clock: moving the trial's by a week must neither ask nor spin."""
    parts = with_twilio(fresh_database_url, twilio, is_rehearsal=True)
    twilio.fail_next(ACCEPTS_THEN_DROPS)
    message_id = enqueue(parts, ChannelName.SMS)
    worker = Worker(parts)
    worker.run_to_rest()
    with parts.database.transaction() as session:
        now = wall_clock_now()
        generation = rehearsal.move(session, ACTOR, to=now + timedelta(days=7), wall_now=now)

    worker.follow_rehearsal()

    with parts.database.reading() as session:
        assert rehearsal.is_settled(session, generation)
        attempts = outbox.attempts_of(session, message_id)
    assert (len(attempts), twilio.list_count) == (1, 0)
    assert state_of(parts, message_id) is MessageState.UNKNOWN
    parts.database.engine.dispose()


@pytest.mark.req("N-03")
def test_a_message_in_doubt_is_asked_about_after_the_time_of_the_settings_and_not_doubled(
    fresh_database_url: str, twilio: TwilioStandIn
) -> None:
    parts = with_twilio(fresh_database_url, twilio, lease_s=0, settle_s=0)
    twilio.fail_next(ACCEPTS_THEN_DROPS)
    message_id = enqueue(parts, ChannelName.SMS)

    dispatch(parts)
    dispatch(parts)

    assert len(twilio.messages) == 1
    assert twilio.list_count >= 1
    assert state_of(parts, message_id) is MessageState.SENT
    parts.database.engine.dispose()


# --- silence --------------------------------------------------------------------------------------


@pytest.mark.req("A-14")
def test_a_worker_that_starts_after_two_hours_of_silence_says_so(parts: Parts) -> None:
    enqueue(parts, ChannelName.SMS)
    with parts.database.transaction() as session:
        at = wall_clock_now() - timedelta(hours=2)
        heartbeat.record_run(session, "dispatch", Outcome(at, at))
    worker = Worker(parts)

    worker._note_start()
    worker.run_to_rest()

    with parts.database.reading() as session:
        (incident,) = session.scalars(select(Incident)).all()
        told = session.scalars(
            select(OutboxMessage.channel).where(OutboxMessage.about == f"incident:{incident.id}")
        ).all()
        state = set(session.scalars(select(OutboxMessage.state)))
    assert (incident.kind, incident.about) == (IncidentKind.SILENT_WORKER, "worker")
    assert incident.resolved_at is not None
    assert sorted(told) == [ChannelName.EMAIL, ChannelName.SMS]
    assert state == {MessageState.SENT}


@pytest.mark.req("A-14")
def test_a_failing_job_is_told_of_by_the_watchdog_of_any_worker(parts: Parts) -> None:
    enqueue(parts, ChannelName.SMS)
    with parts.database.transaction() as session:
        at = wall_clock_now() - timedelta(minutes=11)
        heartbeat.record_run(session, "escalate", Outcome(at, at))
        heartbeat.record_run(session, "escalate", Outcome(at, at, error="ValueError"))
    watchdog = next(job for job in JOBS if job.name == "watchdog")

    Worker(parts, [watchdog]).run_to_rest()

    with parts.database.reading() as session:
        assert session.scalars(select(Incident.about)).all() == ["job:escalate"]
