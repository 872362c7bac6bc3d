"""The rehearsal's clock: exists only with EPRO_REHEARSAL=1, which production refuses."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, jsonify, request

from epro.access import system_actor
from epro.api.context import parts, public, reading, transaction, wall_now
from epro.errors import InvalidInput, WorkerNotRunning
from epro.services import heartbeat, rehearsal

blueprint = Blueprint("development", __name__, url_prefix="/dev")

ACTOR = system_actor("rehearsal")
SETTLE_TIMEOUT_S = 120.0
LOOK_EVERY_S = 0.02


@blueprint.get("/clock")
@public
def read_clock() -> Response:
    """Say what time it is in the trial and on the wall."""
    return jsonify({"now": parts().clock.now(), "wall": wall_now()})


@blueprint.post("/clock")
@public
def move_clock() -> Response:
    """Move trial time ahead, let the worker do everything that fell due, then answer.

    Body: {"to": instant with offset}; with "settle": false nobody waits for the worker, whose jobs
    tick on at the new time. Raises InvalidInput, ClockNeverGoesBack, WorkerNotRunning.
    """
    body = request.get_json()
    to, is_settling = _instant(body), body.get("settle") is not False
    with transaction() as session:
        before = heartbeat.handled_counts(session) if is_settling else {}
        generation = rehearsal.move(
            session, ACTOR, to=to, is_settling=is_settling, wall_now=wall_now()
        )
    if not is_settling:
        parts().clock.move_to_offset(to - wall_now())
        return jsonify({"now": parts().clock.now(), "jobs": {}})
    after = _wait_until_settled(generation)
    done = {job: count - before.get(job, 0) for job, count in sorted(after.items())}
    return jsonify({"now": parts().clock.now(), "jobs": done})


def _instant(body: object) -> datetime:
    text = body.get("to") if isinstance(body, Mapping) else None
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidInput(
            'Say where to, as {"to": "2026-03-01T08:00:00+08:00"}, with an offset.',
            details={"place": "to"},
        )
    return instant.astimezone(UTC)


def _wait_until_settled(generation: int) -> dict[str, int]:
    """Return how much each job has done by the time all is at rest.

    Nothing is held open while waiting: each look is a transaction of its own.
    """
    timeout_s: float = current_app.config.get("SETTLE_TIMEOUT_S", SETTLE_TIMEOUT_S)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with reading() as session:
            if rehearsal.is_settled(session, generation):
                parts().clock.move_to_offset(rehearsal.offset(session))
                return heartbeat.handled_counts(session)
        time.sleep(LOOK_EVERY_S)
    raise WorkerNotRunning
