"""`kill -9` under load: what was acknowledged is there, what was not comes again, nothing twice."""

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.blackbox.people import ACKNOWLEDGED, Phone, Sheet, enrolled_phone, responses_of
from tests.blackbox.system import LOOK_EVERY_S, System, wait_for

pytestmark = pytest.mark.blackbox
logger = logging.getLogger(__name__)

PHONE_COUNT = 4
SHEETS_PER_PHONE = 30
KILLED_AFTER = (15, 45, 75)
PATIENCE_S = 90.0


@dataclass(slots=True)
class Load:
    """Phones that flush their outboxes: each sheet is sent until it is acknowledged."""

    outboxes: list[tuple[Phone, list[Sheet]]]
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged_count(self) -> int:
        return len(self.replies)

    def flush(self, phone: Phone, sheets: list[Sheet]) -> None:
        for sheet in sheets:
            reply = self._send_until_acknowledged(phone, sheet)
            with self._lock:
                self.replies[str(sheet.response_id)] = reply

    def _send_until_acknowledged(self, phone: Phone, sheet: Sheet) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = phone.put(sheet.response_id, sheet.body, age_s=1)
                if answer.status_code in ACKNOWLEDGED:
                    reply: dict[str, Any] = answer.json()
                    # What the phone asks back is no part of the record.
                    reply.pop("safety_question")
                    return reply
                # What is final would be given up by a phone: it must not come from a crash.
                assert answer.status_code in {500, 502, 503, 504}, answer.text
                self._note(str(answer.status_code))
            except httpx.TransportError as error:
                self._note(type(error).__name__)
            assert time.monotonic() < deadline, "The system did not come back."
            time.sleep(LOOK_EVERY_S)

    def _note(self, failure: str) -> None:
        with self._lock:
            self.failures[failure] += 1


def kill_web_workers(system: System) -> None:
    """Kill what answers; its parent starts others."""
    for pid in system.processes["web"].children():
        os.kill(pid, signal.SIGKILL)


def kill_web(system: System) -> None:
    """Kill the whole of the web, then start it again where phones look for it."""
    system.processes["web"].kill()
    system.start_web()


@pytest.mark.req("T-01", "T-02", "V-04")
@pytest.mark.parametrize("kill", [kill_web_workers, kill_web])
def test_whatever_was_acknowledged_outlives_kill_9_and_nothing_is_doubled(
    system: System, kill: Callable[[System], None]
) -> None:
    load = loaded(system)

    with ThreadPoolExecutor(PHONE_COUNT) as pool:
        flushing = [pool.submit(load.flush, *outbox) for outbox in load.outboxes]
        for count in KILLED_AFTER:
            wait_for(
                lambda count=count: load.acknowledged_count >= count,  # type: ignore[misc]
                f"{count} responses are acknowledged",
            )
            kill(system)
        for flushed in flushing:
            flushed.result(PATIENCE_S)
    system.wait_until_ready()

    assert load.failures, "No sending was interrupted: this showed nothing."
    for phone, sheets in load.outboxes:
        sent = [str(sheet.response_id) for sheet in sheets]
        stored = {one["id"]: one for one in responses_of(phone)}
        assert Counter(one["id"] for one in responses_of(phone)) == Counter(sent)
        assert all(load.replies[id_].items() <= stored[id_].items() for id_ in sent)
        assert Counter(recorded(phone)) == Counter(sent)
    assert "wait for their place" not in system.command("journal", "verify")
    logger.info(
        "%s kills; %s acknowledged, %s stored; %s sendings failed on the way: %s",
        len(KILLED_AFTER), load.acknowledged_count,
        sum(len(responses_of(phone)) for phone, _ in load.outboxes),
        load.failures.total(), dict(load.failures),
    )  # fmt: skip


def loaded(system: System) -> Load:
    """Fill the outboxes of several phones with reports."""
    phones = [enrolled_phone(system) for _ in range(PHONE_COUNT)]
    now = system.now()
    return Load(
        [(phone, [phone.report(answered_at=now) for _ in range(SHEETS_PER_PHONE)])
         for phone in phones]
    )  # fmt: skip


def recorded(phone: Phone) -> list[str]:
    """Return the responses of which the journal says that they were submitted."""
    return [
        one["entity_id"]
        for one in phone.system.journal_of(participant=phone.code)
        if one["verb"] == "response.completed"
    ]
