"""A trial that is pulled while it is lived: phones send and repeat, servers and importers die.

Everything goes over HTTP, to processes of their own: the product's web server (see `server`),
importers that are killed with -9, phones that repeat what they had no answer to.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread

import httpx
from flask_jwt_extended import create_access_token
from sqlalchemy import select

from epro.access import Scope
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.db import Database
from epro.importer import Importer, Source
from epro.models import JournalEntry
from epro.services import edc_clients, feed_limits, sessions
from epro.services.feed_items import Choice
from tests.architecture.sources import ROOT
from tests.edc.writing import change
from tests.factories import (
    FIELD_KEY,
    LOOKUP_KEY,
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    make_keyring,
)
from tests.faults.phone import PATIENCE_S, REVISIONS, Phone
from tests.settings import make_settings

EDC = "/api/edc/v1"
PAGE = 7
SCOPES = (Scope.READ,)
IMPORT = """
import os, sys, time
from pathlib import Path
from epro.importer import Importer, PullRefused, Source
url, client, file = sys.argv[1:]
with Importer(Source(url, client, os.environ["SECRET"]), Path(file)) as importer:
    print("begun", flush=True)
    while True:
        try:
            for step in importer.pull(page_size=7):
                pass
        except PullRefused:
            time.sleep(0.05)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was committed, by the database's word and the phones', and what has arrived."""

    committed: int
    received: int
    lost: int
    twice: int
    strange: int
    unheard_of: int
    holes: int
    other_states: int
    pages_again: int
    pages_changed: int
    faults: tuple[str, ...]
    sent: int
    repeated: int
    importers_killed: int
    servers_killed: int
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Everything once, unaltered, in every version, and the same when it is read again."""
        wrong = (
            self.lost, self.twice, self.strange, self.unheard_of, self.holes, self.other_states,
            self.pages_changed,
        )  # fmt: skip
        return not any(wrong) and not self.faults

    def __str__(self) -> str:
        return (
            f"committed {self.committed}, received {self.received}, lost {self.lost}, "
            f"twice {self.twice}. {self.sent} answers sent, {self.repeated} requests repeated, "
            f"{self.servers_killed} server workers and {self.importers_killed} importers killed "
            f"with -9, {self.pages_again} pages read again, {self.pages_changed} of them changed; "
            f"{self.seconds:.0f} s."
        )


class HandingOver:
    """One database, its web server, phones that send, and importers that pull."""

    def __init__(self, url: str, folder: Path, *, seed: int, is_naive: bool = False) -> None:
        self.database = Database(url)
        self._database_url, self._folder, self._chance = url, folder, Random(seed)
        self._port = _free_port()
        self._options = [str(self._port)] + (["--naive"] if is_naive else [])
        self._server: subprocess.Popen[bytes] | None = None
        self._phones: list[Phone] = []
        self._pages: list[tuple[str | None, bytes]] = []
        self._importers_killed = self._servers_killed = 0
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    # --- setting up -------------------------------------------------------------------------------

    def furnish(self, *, phones: int) -> None:
        """Enrol so many participants with their phones, and let a machine in."""
        now, keyring = wall_clock_now(), make_keyring()
        app = create_app(make_settings(self._database_url), keyring=keyring)
        with self.database.transaction() as session:
            site = add_site(session)
            add_study_version(session, site)
            people = [
                add_participant(session, site, f"SZ01-{number:03d}", activated_at=now)
                for number in range(1, phones + 1)
            ]
            started = [
                sessions.start(session, one, client="test", now=now, wall_now=now) for one in people
            ]
            self._client = edc_clients.add_client(
                session, SYSTEM, "sponsor-edc", scopes=SCOPES, networks=(), keyring=keyring,
                now=now, wall_now=now,
            )  # fmt: skip
        with app.app_context():
            for one in started:
                claims = {"sid": str(one.device_session_id)}
                token = create_access_token(str(one.person_id), additional_claims=claims)
                self._phones.append(Phone(self.url, token, Random(self._chance.random())))
        app.extensions["epro"].database.engine.dispose()

    def start(self) -> None:
        """Start the web server and wait until it answers."""
        environment = os.environ | {
            "EPRO_VAR": str(self._folder), "EPRO_DATABASE_URL": self._database_url,
            "EPRO_TOKEN_KEY": make_settings(self._database_url).token_key,
            "EPRO_FIELD_KEYS": FIELD_KEY, "EPRO_LOOKUP_KEY": LOOKUP_KEY.decode(),
        }  # fmt: skip
        with (self._folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.server", *self._options],
                cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._wait_until_served()

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(40)
        self.database.engine.dispose()

    def _wait_until_served(self) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            assert self._server is not None
            assert self._server.poll() is None, (self._folder / "server.log").read_text()[-3000:]
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            return
        raise AssertionError("The server does not answer.")

    # --- the storm --------------------------------------------------------------------------------

    def live_through(self, *, reports: int, importer_kills: int, server_kills: int) -> Outcome:
        """Let everybody send, kill, wait for the end of it, pull the rest, and compare."""
        began, done, slow = time.monotonic(), Event(), Event()
        holding = Thread(target=self._hold_open, args=[slow, done])
        phones = [Thread(target=phone.live, args=[reports]) for phone in self._phones]
        reading = Thread(target=self._read_pages, args=[done])
        total = len(phones) * reports * REVISIONS
        holding.start()
        assert slow.wait(PATIENCE_S)
        for thread in [*phones, reading]:
            thread.start()
        kills = sorted(
            [(self._chance.uniform(0, 0.8), self._kill_an_importer) for _ in range(importer_kills)]
            + [(self._chance.uniform(0.2, 0.7), self._kill_a_server) for _ in range(server_kills)],
            key=lambda one: one[0],
        )
        for share, kill in kills:
            while self._acknowledged_count() < share * total and any(map(Thread.is_alive, phones)):
                time.sleep(0.02)
            kill()
        for thread in phones:
            thread.join()
        done.set()
        for thread in (holding, reading):
            thread.join()
        return self._outcome(began)

    def _hold_open(self, has_written: Event, done: Event) -> None:
        """Write early and commit late: what others write meanwhile has higher ids."""
        # SQLite has one writer at a time; it may hesitate, but not for long.
        longest_s = 20.0 if self.database.is_postgresql else 0.5
        with self.database.transaction() as session:
            change(session, "SZ01-001:INF1")
            session.flush()
            has_written.set()
            ends_at = time.monotonic() + longest_s
            while time.monotonic() < ends_at and not self._is_half_over() and not done.is_set():
                time.sleep(0.02)

    def _is_half_over(self) -> bool:
        return self._acknowledged_count() >= len(self._phones) * REVISIONS

    def _acknowledged_count(self) -> int:
        return sum(len(phone.acknowledged) for phone in self._phones)

    def _kill_an_importer(self) -> None:
        """Start an importer, and end it with -9 a moment after it has begun."""
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORT, self.url, self._client.client.name, str(self._file)],
            cwd=ROOT, stdout=subprocess.PIPE,
            env={"SECRET": self._client.secret, "PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        time.sleep(self._chance.uniform(0, 0.5))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        self._importers_killed += 1

    def _kill_a_server(self) -> None:
        """End one of the web server's workers with -9; its master starts another."""
        assert self._server is not None
        listed = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        os.kill(int(self._chance.choice(listed.read_text().split())), signal.SIGKILL)
        self._servers_killed += 1

    def _read_pages(self, done: Event) -> None:
        """Read on and on, keeping the pages that had more behind them: they are as they are."""
        with self._reader() as client:
            cursor: str | None = None
            while not done.is_set():
                answer = self._page(client, cursor)
                if answer is None:
                    continue
                page = answer.json()
                if not page["has_more"]:
                    time.sleep(0.1)
                    continue
                self._pages.append((cursor, answer.content))
                cursor = page["next_cursor"]

    def _pages_changed(self) -> int:
        with self._reader() as client:
            changed = 0
            for cursor, before in self._pages:
                again = None
                while again is None:
                    again = self._page(client, cursor)
                # The end of a page tells how long the journal is by now; its changes are the same.
                changed += _items(again.content) != _items(before)
            return changed

    def _reader(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def _page(self, client: httpx.Client, cursor: str | None) -> httpx.Response | None:
        query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
        try:
            if "Authorization" not in client.headers:
                told = client.post(
                    f"{EDC}/token", data={"grant_type": "client_credentials"},
                    auth=(self._client.client.name, self._client.secret),
                )  # fmt: skip
                client.headers["Authorization"] = f"Bearer {told.json()['access_token']}"
            answer = client.get(f"{EDC}/changes", params=query)
        except (httpx.TransportError, ValueError, KeyError):
            return None
        return answer if answer.status_code == 200 else None

    # --- what has arrived -------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self._folder / "edc.sqlite3"

    def _outcome(self, began: float) -> Outcome:
        source = Source(self.url, self._client.client.name, self._client.secret)
        with Importer(source, self._file) as importer:
            list(importer.pull(page_size=PAGE))
            faults = importer.verify()
        changed = self._pages_changed()
        committed, received = self._committed(), list(self._received())
        ids = Counter(change_id for change_id, *_ in received)
        versions: dict[str, list[int]] = {}
        for _, kind, entity_id, version in received:
            if kind == "response":
                versions.setdefault(entity_id, []).append(version)
        told = {(entity_id, each) for entity_id, found in versions.items() for each in found}
        answered = {pair for phone in self._phones for pair in phone.acknowledged}
        return Outcome(
            committed=len(committed),
            received=len(ids),
            lost=len(committed.keys() - ids.keys()),
            twice=sum(count > 1 for count in ids.values()),
            strange=len(ids.keys() - committed.keys()),
            unheard_of=len(answered - told),
            holes=sum(
                sorted(each) != list(range(1, len(each) + 1)) for each in versions.values()
            ),
            other_states=len(_newest(committed) ^ self._current()),
            pages_again=len(self._pages), pages_changed=changed, faults=tuple(faults),
            sent=len(answered), repeated=sum(phone.repeated for phone in self._phones),
            importers_killed=self._importers_killed, servers_killed=self._servers_killed,
            seconds=time.monotonic() - began,
        )  # fmt: skip

    def _committed(self) -> dict[str, tuple[str, str, int]]:
        """Return what the database holds of what is served: by change id, entity and version."""
        choice = Choice(None, frozenset(SCOPES))
        with self.database.reading() as session:
            bodies = session.scalars(
                select(JournalEntry.body).where(*feed_limits.conditions(choice))
            )
            found = map(json.loads, bodies)
            return {
                one["change_id"]: (one["entity_type"], one["entity_id"], one["version"])
                for one in found
            }

    def _received(self) -> Iterator[tuple[str, str, str, int]]:
        with closing(sqlite3.connect(self._file)) as stored:
            yield from stored.execute("SELECT change_id, type, entity_id, version FROM change")

    def _current(self) -> set[str]:
        with closing(sqlite3.connect(self._file)) as stored:
            return {row[0] for row in stored.execute("SELECT change_id FROM current_state")}


def _newest(committed: dict[str, tuple[str, str, int]]) -> set[str]:
    """Return the change that each entity stands at; nothing is voided in these trials."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for change_id, (kind, entity_id, version) in committed.items():
        known = newest.get((kind, entity_id), (0, ""))
        newest[kind, entity_id] = max(known, (version, change_id))
    return {change_id for _, change_id in newest.values()}


def _items(page: bytes) -> bytes:
    items, _, _ = page.rpartition(b'],"has_more"')
    return items


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
