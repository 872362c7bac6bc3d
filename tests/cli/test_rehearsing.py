"""`epro rehearse` refuses a database in which somebody lives."""

from pathlib import Path

import pytest

from epro.db import Database
from epro.migrate import current_revision, filled_table
from tests.cli.test_commands import ADD_SITE, commands_on


@pytest.mark.req("V-02")
def test_a_database_with_anything_in_it_is_not_lived_through(
    fresh_database_url: str, tmp_path: Path
) -> None:
    give = commands_on(fresh_database_url, tmp_path)
    assert filled_table(fresh_database_url) is None
    assert give(*ADD_SITE).exit_code == 0

    refused = give(
        "rehearse", "--participants", "1", "--weeks", "1", "--out", str(tmp_path / "report"),
        "--database", fresh_database_url,
    )  # fmt: skip

    assert refused.exit_code == 1
    assert "The database is not empty" in refused.output


def test_nothing_is_migrated_before_it_is_known_to_be_empty(
    empty_database_url: str, tmp_path: Path
) -> None:
    database = Database(empty_database_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE somebodys (words text)")
        connection.exec_driver_sql("INSERT INTO somebodys VALUES ('hers')")

    refused = commands_on(empty_database_url, tmp_path)(
        "rehearse", "--participants", "1", "--weeks", "1", "--out", str(tmp_path / "report"),
        "--database", empty_database_url,
    )  # fmt: skip

    assert "its table somebodys holds rows" in refused.output
    assert current_revision(database.engine) is None
    database.engine.dispose()
