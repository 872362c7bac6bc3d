"""Many workers on one outbox, and an outbox that is old and large."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text

from epro.db import Database
from notifications import claims, receipts
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.pace import Pace
from tests.clock import START
from tests.notifications.post import Post, alert, reminder
from tests.threads import at_once


@pytest.mark.req("N-03")
def test_workers_that_share_an_outbox_send_each_message_once(post: Post) -> None:
    ids = post.enqueue(*[reminder() for _ in range(12)], *[alert() for _ in range(4)])

    handled = at_once(*[post.dispatcher().run] * 4)

    assert sum(int(str(count)) for count in handled) == len(ids)
    sent = [outgoing.message_id for _id, outgoing, _at in post.sms.taken]
    assert sorted(sent) == sorted(ids)
    assert {post.read(message_id).state for message_id in ids} == {MessageState.SENT}


@pytest.mark.req("N-03")
def test_a_message_in_doubt_is_asked_about_by_one_of_them(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.sms.next_outcomes = [RuntimeError("lost")]
    post.dispatcher().run()
    post.wait(seconds=60)

    at_once(*[post.dispatcher().run] * 4)

    assert post.sms.asked_count == 1
    assert len(post.sms.taken) == 1
    assert post.read(message_id).state is MessageState.SENT


@pytest.mark.req("N-04")
def test_the_same_report_many_times_at_once_counts_once(post: Post) -> None:
    [message_id] = post.enqueue(reminder())
    post.dispatcher().run()

    def report() -> bool:
        with post.database.transaction() as session:
            return receipts.note(
                session, message_id, provider_id="SM1", status="undelivered", error_code="30003",
                now=post.clock(), hooks=post.hooks,
            )  # fmt: skip

    assert at_once(*[report] * 4) == [True] * 4
    assert post.hooks.calls.count(("undelivered", message_id)) == 1


def test_what_has_been_sent_makes_no_tick_slower(postal_database: Database) -> None:
    """Due rows and doubtful ones are read from an index that holds nothing else."""
    with postal_database.transaction() as session:
        session.execute(insert(OutboxMessage), [_sent_row() for _ in range(3000)])
    with postal_database.transaction() as session:
        session.execute(text("ANALYZE"))

    plans = [
        _plan(postal_database, str(statement.compile(
            postal_database.engine, compile_kwargs={"literal_binds": True}
        )))
        for statement in (
            claims.DUE.params(now=START, is_vital=True, resting=[]),
            claims.IN_DOUBT.params(wall_now=START, resting=[]),
        )
    ]  # fmt: skip

    # PostgreSQL may prefer the index of the watchdog, which is as small.
    assert {"ix_outbox_message_queued", "ix_outbox_message_vital"} & _words(plans[0])
    assert "ix_outbox_message_in_doubt" in _words(plans[1])


def test_a_run_that_finds_nothing_changes_nothing(post: Post) -> None:
    assert post.dispatcher(pace=Pace(lease=timedelta(seconds=1))).run() == 0
    with post.database.reading() as session:
        assert session.scalars(select(OutboxMessage)).all() == []


def _sent_row() -> dict[str, object]:
    return {
        "id": uuid4(), "purpose": "reminder", "is_vital": False, "channel": ChannelName.SMS,
        "template": "diary_open", "template_version": "1.0", "params": {}, "language": "zh",
        "recipient_ref": "participant:1", "created_at": START, "not_before": START,
        "next_attempt_at": START, "state": MessageState.SENT,
    }  # fmt: skip


def _plan(database: Database, statement: str) -> str:
    explain = "EXPLAIN " if database.is_postgresql else "EXPLAIN QUERY PLAN "
    with database.reading() as session:
        return "\n".join(str(row) for row in session.execute(text(explain + statement)))


def _words(plan: str) -> set[str]:
    return set(re.findall(r"\w+", plan))
