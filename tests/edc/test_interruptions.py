"""The fault test: many writers, an importer killed again and again, nothing lost or doubled."""

import logging
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from epro.access import Scope
from epro.importer import Importer, Source
from tests.api.world import World
from tests.architecture.sources import ROOT
from tests.edc.conftest import listening
from tests.edc.writing import Writers

logger = logging.getLogger(__name__)

WRITERS, TRANSACTIONS, PAGE = 6, 60, 9
KILLS = 12
PULL = """
import os, sys
from pathlib import Path
from epro.importer import Importer, Source
url, client, file = sys.argv[1:]
with Importer(Source(url, client, os.environ["SECRET"]), Path(file)) as importer:
    print("begun", flush=True)
    while True:
        for step in importer.pull(page_size=9):
            pass
"""


@pytest.mark.req("E-02", "E-05")
def test_an_importer_killed_at_random_under_concurrent_writers_loses_nothing(
    own_world: World, tmp_path: Path
) -> None:
    client, file = own_world.add_client(Scope.READ), tmp_path / "edc.sqlite3"
    writers, chance = Writers(own_world.database), Random(20260301)
    threads = [
        Thread(target=writers.write, args=[seed], kwargs={"transactions": TRANSACTIONS})
        for seed in range(WRITERS)
    ]

    with listening(own_world.app) as url:
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            _pull_and_kill(url, client.client.name, client.secret, file, chance.uniform(0, 0.25))
        for thread in threads:
            thread.join()
        with Importer(Source(url, client.client.name, client.secret), file) as importer:
            list(importer.pull(page_size=PAGE))
            faults = importer.verify()

    received, versions = _received(file)
    logger.info(
        "committed %s, received %s, lost %s, twice %s, kills %s",
        len(writers.committed), len(received), len(writers.committed - received.keys()),
        sum(count > 1 for count in received.values()), KILLS,
    )  # fmt: skip
    assert set(received) == writers.committed
    assert set(received.values()) == {1}
    assert {entity: sorted(each) for entity, each in versions.items()} == {
        entity: list(range(1, count + 1)) for entity, count in writers.versions.items()
    }
    assert writers.abandoned_count > 0
    assert faults == []


def _pull_and_kill(url: str, client: str, secret: str, file: Path, after_s: float) -> None:
    """Start an importer of its own process; `kill -9` it a moment after it has begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", PULL, url, client, str(file)],
        cwd=ROOT, stdout=subprocess.PIPE, env={"SECRET": secret, "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    assert process.returncode == -9


def _received(file: Path) -> tuple[Counter[str], dict[str, list[int]]]:
    """Return the writers' changes that arrived, and the versions of each of their entities."""
    versions: dict[str, list[int]] = {}
    received: Counter[str] = Counter()
    with closing(sqlite3.connect(file)) as stored:
        rows = stored.execute(
            "SELECT change_id, entity_id, version FROM change "
            "WHERE json_extract(actor, '$.name') = 'writer'"
        )
        for change_id, entity_id, version in rows:
            received[change_id] += 1
            versions.setdefault(entity_id, []).append(version)
    return received, versions
