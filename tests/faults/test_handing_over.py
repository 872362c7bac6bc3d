"""The fault test of the feed: whatever dies on either side, each change arrives once.

The same under a reader that remembers the last id must lose something: the negative control.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.databases import DatabaseKind, DatabaseShelf
from tests.faults.handing_over import HandingOver, Outcome

pytestmark = [pytest.mark.blackbox, pytest.mark.req("E-02", "E-05")]


def storm(
    url: str, folder: Path, *, phones: int, is_naive: bool = False, **weather: Any
) -> Outcome:
    handing_over = HandingOver(url, folder, seed=20260301, is_naive=is_naive)
    try:
        handing_over.furnish(phones=phones)
        handing_over.start()
        outcome = handing_over.live_through(**weather)
    finally:
        handing_over.stop()
    print(f"\n{'by id' if is_naive else 'by place'}: {outcome}")  # noqa: T201  the counts are the point
    return outcome


def test_each_change_arrives_once_whatever_dies(fresh_database_url: str, tmp_path: Path) -> None:
    outcome = storm(
        fresh_database_url, tmp_path, phones=5, reports=4, importer_kills=5, server_kills=1
    )

    assert outcome.is_clean, (outcome, outcome.faults)
    assert outcome.committed >= outcome.sent == 5 * 4 * 3
    assert outcome.repeated > 0
    assert outcome.pages_again > 0
    assert (outcome.importers_killed, outcome.servers_killed) == (5, 1)


def test_a_reader_that_remembers_the_last_id_loses_changes(
    database_shelf: DatabaseShelf, tmp_path: Path
) -> None:
    """Transactions overlap on PostgreSQL only."""
    url = database_shelf.new(DatabaseKind.POSTGRESQL)

    outcome = storm(
        url, tmp_path, phones=5, reports=4, importer_kills=3, server_kills=0, is_naive=True
    )

    assert outcome.lost > 0
    assert not outcome.is_clean


@pytest.mark.long
def test_each_change_arrives_once_in_a_long_storm(fresh_database_url: str, tmp_path: Path) -> None:
    outcome = storm(
        fresh_database_url, tmp_path, phones=12, reports=40, importer_kills=40, server_kills=6
    )

    assert outcome.is_clean, (outcome, outcome.faults)
    assert outcome.sent == 12 * 40 * 3
