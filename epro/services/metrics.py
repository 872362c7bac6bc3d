"""What a monitoring system watches: counts and ages over the whole deployment, naming nobody.

All is read from the database, so that every web process says the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.models import IncidentKind, SafetyFlag
from epro.services import feed_watch, heartbeat, incidents, journal
from notifications import outbox
from questionnaires.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One figure as it stands: its name, what it says, and its values by one label (or by "")."""

    name: str
    help: str
    label: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def gauges(session: Session, *, now: datetime, wall_now: datetime) -> Iterator[Gauge]:
    """Yield every figure; ages are seconds, the worker's by the wall's clock, else trial time."""
    yield from _of_flags(session, now=now)
    pulse, lag = heartbeat.pulse(session), journal.lag(session)
    if pulse.beat_at is not None:
        yield _one("epro_worker_heartbeat_age_seconds", "Since any job of any worker last began.",
                   (wall_now - pulse.beat_at).total_seconds())  # fmt: skip
    yield _one("epro_jobs_failing", "Jobs whose last run failed.", len(pulse.failing_jobs))
    yield _one("epro_journal_unlinked", "Entries that have no place in the chain yet.", lag.count)
    yield _one("epro_journal_oldest_unlinked_age_seconds", "How long the oldest of them waits.",
               _age(lag.oldest_recorded_at, now))  # fmt: skip
    yield _one("epro_message_oldest_wait_seconds", "How long a message waits that could have left.",
               _age(outbox.oldest_waiting(session, now=now), now))  # fmt: skip
    found = Counter(one.kind for one in incidents.open_incidents(session))
    yield Gauge(
        name="epro_incidents_open", help="Technical incidents that go on.", label="kind",
        values={kind.value: found[kind] for kind in IncidentKind},
    )  # fmt: skip
    behind = [
        feed_watch.is_behind(session, consumer, now=now)
        for consumer, _client in feed_watch.consumers(session)
    ]
    yield _one("epro_feed_consumers", "Importers that have a way in.", len(behind))
    yield _one("epro_feed_consumers_behind", "Those with a change a day old that they lack.",
               sum(behind))  # fmt: skip


def _of_flags(session: Session, *, now: datetime) -> Iterator[Gauge]:
    rows = session.execute(
        select(
            SafetyFlag.tier, func.count(SafetyFlag.id),
            func.count(SafetyFlag.id).filter(SafetyFlag.acknowledged_at.is_(None)),
            func.min(SafetyFlag.urgent_since).filter(SafetyFlag.acknowledged_at.is_(None)),
        )
        .where(SafetyFlag.closed_at.is_(None))
        .group_by(SafetyFlag.tier)
    )  # fmt: skip
    known = {tier: (count, waiting, since) for tier, count, waiting, since in rows}
    said = {tier.value: known.get(tier, (0, 0, None)) for tier in Tier}
    yield Gauge(
        name="epro_flags_open", help="Flags that nobody has closed.", label="tier",
        values={tier: one[0] for tier, one in said.items()},
    )  # fmt: skip
    yield Gauge(
        name="epro_flags_unacknowledged", help="Flags that nobody has taken.", label="tier",
        values={tier: one[1] for tier, one in said.items()},
    )  # fmt: skip
    yield Gauge(
        name="epro_flag_oldest_unacknowledged_age_seconds",
        help="How long the oldest of them is urgent; 0 without any.", label="tier",
        values={tier: _age(one[2], now) for tier, one in said.items()},
    )  # fmt: skip


def _one(name: str, said: str, value: float) -> Gauge:
    return Gauge(name=name, help=said, values={"": value})


def _age(since: datetime | None, now: datetime) -> float:
    return max(now - since, timedelta()).total_seconds() if since is not None else 0.0
