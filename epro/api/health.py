"""Is it alive, is it ready? For load balancers and whoever is on call; no identifiers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hmac import compare_digest

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from epro.api.context import now, parts, public, reading, wall_now
from epro.errors import NotFound, NotSignedIn
from epro.migrate import current_revision, head_revision
from epro.services import heartbeat, incidents, journal, rehearsal, watchdog
from epro.services import metrics as deployment
from epro.services.metrics import Gauge
from notifications import outbox

blueprint = Blueprint("health", __name__)

OLDEST_HEARTBEAT = timedelta(seconds=60)
LONGEST_WAIT_IN_JOURNAL = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to hold; `advice` says in words what to do when it does not."""

    is_ok: bool
    advice: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        said = {} if self.is_ok else {"advice": self.advice}
        return {"ok": self.is_ok, **self.facts, **said}


@blueprint.get("/healthz")
@public
def alive() -> Response:
    """Say that this process answers; the database is not asked."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Say whether this process can serve, and if not, which check failed and what to do."""
    checks = _all_checks()
    is_ready = all(check.is_ok for check in checks.values())
    body = {
        "status": "ready" if is_ready else "not_ready",
        "checks": {name: check.as_json() for name, check in checks.items()},
    }
    return jsonify(body), 200 if is_ready else 503


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Say the figures of the deployment to whoever shows `EPRO_METRICS_TOKEN`."""
    token = parts().settings.metrics_token
    if token is None:
        raise NotFound
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not compare_digest(shown.encode(), token.encode()):
        raise NotSignedIn
    registry = CollectorRegistry(auto_describe=False)
    with reading() as session:
        found = deployment.gauges(session, now=now(), wall_now=wall_now())
        registry.register(_Collected(list(found)))
    return Response(generate_latest(registry), mimetype=CONTENT_TYPE_LATEST)


class _Collected(Collector):
    """Figures in the words of the library that writes them out."""

    def __init__(self, gauges: Sequence[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for one in self._gauges:
            family = GaugeMetricFamily(one.name, one.help, labels=[one.label] if one.label else [])
            for label, value in one.values.items():
                family.add_metric([label] if one.label else [], value)
            yield family


def _all_checks() -> dict[str, Check]:
    """Run the checks in the order in which each presumes the one before; stop at the first fault.

    What comes after a fault could only fail for the same reason and would hide it.
    """
    checks: dict[str, Check] = {}
    steps: dict[str, Callable[[], Check]] = {
        "database": _database, "migrations": _migrations, "worker": _worker, "journal": _journal,
        "messages": _messages,
    }  # fmt: skip
    for name, step in steps.items():
        checks[name] = step()
        if not checks[name].is_ok and name in {"database", "migrations"}:
            break
    return checks


def _database() -> Check:
    advice = "The database does not answer. Start it, or correct EPRO_DATABASE_URL."
    try:
        with reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Check(is_ok=False, advice=advice)
    return Check(is_ok=True, advice=advice)


def _migrations() -> Check:
    stands_at, expected = current_revision(parts().database.engine), head_revision()
    return Check(
        stands_at == expected,
        "The database is at another revision than this code. Run: epro db upgrade",
        {"revision": stands_at, "expected": expected},
    )


def _worker() -> Check:
    with reading() as session:
        pulse = heartbeat.pulse(session)
    age = wall_now() - pulse.beat_at if pulse.beat_at else None
    facts: dict[str, object] = {"age_s": round(age.total_seconds(), 1) if age else None}
    if pulse.failing_jobs:
        # A failing job is for people to look at; it is no reason to turn participants away.
        facts["failing_jobs"] = list(pulse.failing_jobs)
    return Check(
        age is not None and age <= OLDEST_HEARTBEAT,
        "No worker has run a job within a minute. Start one: epro worker",
        facts,
    )


def _journal() -> Check:
    with reading() as session:
        if parts().settings.is_rehearsal:
            parts().clock.move_to_offset(rehearsal.offset(session))
        lag = journal.lag(session)
    waiting = now() - lag.oldest_recorded_at if lag.oldest_recorded_at else timedelta()
    return Check(
        waiting <= LONGEST_WAIT_IN_JOURNAL,
        "Journal entries wait for their place in the chain. Look for a failing job "
        "sequence_journal in the worker's log, and for transactions that stay open.",
        {"unlinked_count": lag.count},
    )


def _messages() -> Check:
    """Count what people have to look at; none of it is a reason to turn participants away."""
    with reading() as session:
        stuck = outbox.stuck(session, created_before=now() - watchdog.LONGEST_SILENCE)
        open_count = len(incidents.open_incidents(session))
    return Check(
        is_ok=True, advice="", facts={"stuck_count": len(stuck), "open_incident_count": open_count}
    )
