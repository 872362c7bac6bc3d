"""What the benchmark of storing a response stands on: a filled database, a server, clients."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask_jwt_extended import create_access_token
from sqlalchemy import insert, text

from epro.app import create_app
from epro.clock import wall_clock_now
from epro.db import Database
from epro.logs import ROOT
from epro.migrate import upgrade
from epro.models import Assessment, Participant
from epro.services import sessions
from epro.settings import Settings
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.invented import calm_answers
from tests.blackbox.system import free_port
from tests.factories import add_site, add_study_version, shipped_package

CLIENTS = 8
ANSWERING = 80  # people whose phones are used; each has so many diaries to send in
DIARIES = 40
ZONE = ZoneInfo("Asia/Shanghai")
READY_TIMEOUT_S = 60.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Case:
    """One diary that is ready to be sent: whose, which, and with what she is signed in."""

    participant: UUID
    assessment: UUID
    device: UUID
    token: str

    def request(self, response_id: UUID) -> tuple[str, bytes, dict[str, str]]:
        """Return path, body and headers of its sending."""
        questionnaire = shipped_package().questionnaire("daily")
        assert questionnaire
        now = wall_clock_now().astimezone(ZONE)
        answers = calm_answers(questionnaire, answered_at=now, chance=Random(7))
        body = {
            "assessment_id": str(self.assessment), "revision": 1, "status": "completed",
            "questionnaire": {"code": questionnaire.code, "version": questionnaire.version},
            "language": "zh", "answered_at": now.isoformat(), "answers": answers,
        }  # fmt: skip
        headers = {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
            "Answer-Age": "2",
        }  # fmt: skip
        return f"/api/v1/me/responses/{response_id}", json.dumps(body).encode(), headers


@dataclass(frozen=True, slots=True)
class Measured:
    """How long each request took in seconds, how many a second, and the server's CPU for each."""

    took_s: list[float]
    per_second: float
    cpu_s: float

    def percentile(self, percent: int) -> float:
        """Return the time in which so many of a hundred requests were answered, in seconds."""
        return quantiles(self.took_s, n=100)[percent - 1]


def fill(url: str, people: int, settings: Settings) -> list[Case]:
    """Store so many participants with diaries; return those that can be sent, in mixed order."""
    upgrade(url)
    database, now = Database(url), wall_clock_now()
    cases: list[Case] = []
    app = create_app(settings)
    with app.app_context(), database.transaction() as session:
        site = add_site(session)
        version = add_study_version(session, site)
        rows = [_participant(number, site.id, now) for number in range(people)]
        session.execute(insert(Participant), rows)
        diaries: list[dict[str, Any]] = []
        for row in rows[:ANSWERING]:
            person = session.get_one(Participant, row["id"])
            signed_in = sessions.start(session, person, client="bench", now=now, wall_now=now)
            token = create_access_token(
                str(person.id), additional_claims={"sid": str(signed_in.device_session_id)}
            )
            for day in range(DIARIES):
                diary = _diary(person.id, version.id, now, day)
                diaries.append(diary)
                cases.append(Case(person.id, diary["id"], signed_in.device_session_id, token))
        for row in rows[ANSWERING:]:
            diaries += [_diary(row["id"], version.id, now, day) for day in range(5)]
        session.execute(insert(Assessment), diaries)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    database.engine.dispose()
    app.extensions["epro"].database.engine.dispose()
    Random(1).shuffle(cases)
    return cases


@contextmanager
def serving(
    command: Sequence[str], environment: dict[str, str], port: int, path: str
) -> Iterator[int]:
    """Run a server until the block ends; lend the id of its main process, once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not _answers(port, path):
            assert process.poll() is None, f"{command} has ended"
            assert time.monotonic() < deadline, f"{command} does not answer"
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def send_all(
    port: int, requests: Sequence[tuple[str, bytes, dict[str, str]]], pid: int, *, expected: int
) -> Measured:
    """Send everything from eight clients at once, each over one connection."""
    shares = [list(requests[number::CLIENTS]) for number in range(CLIENTS)]
    took: list[float] = []
    faults: list[str] = []

    def client(share: Sequence[tuple[str, bytes, dict[str, str]]]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for path, body, headers in share:
            began = time.perf_counter()
            connection.request("PUT", path, body=body, headers=headers)
            response = connection.getresponse()
            said = response.read()
            took.append(time.perf_counter() - began)
            if response.status != expected:
                faults.append(f"{response.status} {said[:300]!r}")
                return
        connection.close()

    before, began = cpu_s(pid), time.perf_counter()
    threads = [threading.Thread(target=client, args=[share]) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    assert not faults, faults[:3]
    return Measured(took, len(took) / elapsed, (cpu_s(pid) - before) / len(took))


def children(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in listed for one in children(int(child)))]


def cpu_s(pid: int) -> float:
    """Return how many seconds of CPU a process and its children have used."""
    total = 0
    for one in children(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Return how much memory a process and its children hold, shared parts counted once each."""
    total = 0
    for one in children(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def new_port() -> int:
    """Return a port that is free."""
    return free_port()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _participant(number: int, site_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(), "code": f"SZ01-{number:05d}", "site_id": site_id, "language": Language.ZH,
        "zone": ZONE.key, "thermometer_route": ThermometerRoute.AXILLARY, "enrolled_at": now,
        "activated_at": now,
    }  # fmt: skip


def _diary(participant_id: UUID, version_id: int, now: datetime, day: int) -> dict[str, Any]:
    """Return a diary that is open now, about a day of the past weeks."""
    on = now.astimezone(ZONE).date() - timedelta(days=day)
    return {
        "id": uuid4(), "participant_id": participant_id, "study_version_id": version_id,
        "family": "daily", "occurrence": on.isoformat(), "block": "S5",
        "questionnaire_code": "daily", "questionnaire_version": "1.0.0", "planned_on": on,
        "opens_at": now - timedelta(hours=1), "due_at": now + timedelta(hours=10),
        "closes_at": now + timedelta(hours=12), "late_until": now + timedelta(hours=20),
        "planned_at": now, "next_reminder_at": now + timedelta(hours=3),
        "next_look_at": now + timedelta(hours=20),
    }  # fmt: skip
