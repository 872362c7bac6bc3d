"""The training room of a site, opened and cleared from a shell."""

from pathlib import Path

import pytest

from tests.cli.test_commands import commands_on

SITE = ("site", "add", "--code", "SZ01", "--name-zh", "院", "--name-en", "Hospital", "--zone",
        "Asia/Shanghai", "--phone", "1", "--phone-24h", "2")  # fmt: skip


@pytest.mark.req("P-06")
def test_a_room_is_opened_and_cleared_with_a_word_of_confirmation(
    fresh_database_url: str, tmp_path: Path
) -> None:
    run = commands_on(fresh_database_url, tmp_path)
    assert run(*SITE).exit_code == 0

    nowhere = run("training", "open", "BJ07")
    nothing = run("training", "clear", "SZ01", "--yes")
    # No study is in force at the site yet, so that there is nothing to practise.
    opened = run("training", "open", "SZ01")
    unconfirmed = run("training", "clear", "SZ01", typed="n\n")
    cleared = run("training", "clear", "SZ01", "--yes")

    assert "There is no site BJ07" in nowhere.output
    assert "No training room of SZ01 is open" in nothing.output
    assert (opened.exit_code, unconfirmed.exit_code, cleared.exit_code) == (1, 1, 1)
    assert "Training room XX01, number 1" in opened.output
    assert "It could not be filled" in opened.output
    assert "number" not in unconfirmed.output
    assert "Training room XX01, number 2" in cleared.output
