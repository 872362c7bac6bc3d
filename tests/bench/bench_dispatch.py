"""How many messages a second leave with one, two and four workers? On PostgreSQL."""

import subprocess
import sys
import time
from contextlib import ExitStack

from sqlalchemy import func, select

from epro.clock import wall_clock_now
from epro.db import Database
from epro.migrate import upgrade
from notifications.messages import MessageState, OutboxMessage
from notifications.outbox import enqueue
from tests.architecture.sources import ROOT
from tests.bench.section import Ratio, Section
from tests.notifications.post import reminder
from tests.postgres import running_postgres
from tests.standins.twilio import Fault, running_twilio

WORKERS = (1, 2, 4)
MESSAGES = 120
# About what a provider on the other side of the world takes to answer.
ANSWER = Fault(accepts=True, delay_s=0.15)


def measure() -> Section:
    """Send the same heap of messages with ever more workers."""
    with running_postgres() as server:
        rates = {count: _rate(server.create_database(f"send_{count}"), count) for count in WORKERS}
    alone = rates[WORKERS[0]]
    return Section(
        title="Sending messages",
        how=(
            f"{MESSAGES} text messages that are due at once, sent by so many workers, each a "
            f"process, to a provider that takes {ANSWER.delay_s * 1000:.0f} ms to answer; on "
            "PostgreSQL. The limit of the sender is switched off."
        ),
        columns=("workers", "messages a second", "compared with one"),
        rows=[(str(count), f"{rate:.1f}", f"{rate / alone:.2f}") for count, rate in rates.items()],
        finding=(
            "A worker hands over one message after the other, so that its time is the provider's; "
            "workers share the outbox and add up as long as the machine has room for them."
        ),
        ratios={
            f"{count} workers to one": Ratio(rates[count] / alone, 25) for count in WORKERS[1:]
        },
    )


def _rate(url: str, workers: int) -> float:
    """Return how many messages a second were sent."""
    upgrade(url)
    database = Database(url)
    with ExitStack() as opened:
        opened.callback(database.engine.dispose)
        twilio = opened.enter_context(running_twilio(wall_clock_now()))
        twilio.weather = lambda: ANSWER
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.dispatching", url, twilio.base_url],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for _ in range(workers)
        ]  # fmt: skip
        for process in processes:
            assert process.stdout
            process.stdout.readline()
        with database.transaction() as session:
            for _ in range(MESSAGES):
                enqueue(session, reminder(), now=wall_clock_now())
        began = time.perf_counter()
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            process.communicate(timeout=240)
        took = time.perf_counter() - began
        with database.reading() as session:
            sent = session.scalar(
                select(func.count())
                .select_from(OutboxMessage)
                .where(OutboxMessage.state == MessageState.SENT)
            )
    assert sent == len(twilio.messages) == MESSAGES
    return MESSAGES / took
