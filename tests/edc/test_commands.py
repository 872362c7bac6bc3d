"""What an operator types to let a clinical database in, and what its people type to pull."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from epro.access import Scope
from epro.cli import main
from epro.db import Database
from tests.api.world import World
from tests.cli.test_commands import Give, commands_on
from tests.edc.conftest import listening
from tests.edc.pulling import Puller

Pull = Callable[..., Result]
ADD = ("edc", "client", "add", "sponsor-edc", "--scope", "edc:read", "--scope", "edc:ack")
SECRET = re.compile(r"Secret +(\S{43,})\n")


@pytest.fixture
def give(fresh_database: Database, tmp_path: Path) -> Give:
    return commands_on(fresh_database.url, tmp_path)


@pytest.fixture
def pull(world: World, tmp_path: Path) -> Iterator[Pull]:
    """Pull from the world with `epro edc-pull`, as somebody who has only its address."""
    client = world.add_client(Scope.READ)
    with listening(world.app) as url:

        def pull(*options: str, secret: str = client.secret, typed: str = "") -> Result:
            return CliRunner().invoke(
                main,
                ["edc-pull", "--url", url, "--client-id", client.client.name,
                 "--into", str(tmp_path / "edc.sqlite3"), *options],
                env={"EPRO_EDC_SECRET": secret, "EPRO_DATABASE_URL": "nonsense"}, input=typed,
            )  # fmt: skip

        yield pull


@pytest.mark.req("E-01")
def test_a_secret_is_shown_once_and_a_rotation_shows_another(give: Give) -> None:
    added, rotated = give(*ADD), give("edc", "client", "rotate", "sponsor-edc")
    listed = give("edc", "client", "list")

    secrets = [SECRET.search(result.output) for result in (added, rotated)]
    assert all(secrets), added.output + rotated.output
    assert len({found[1] for found in secrets if found}) == 2
    assert all(found[1] not in listed.output for found in secrets if found)
    assert "sponsor-edc  open  edc:ack edc:read  from anywhere" in listed.output
    assert "24 more hours" in rotated.output


@pytest.mark.req("E-01", "T-01")
def test_a_client_that_is_shut_out_is_listed_as_such(give: Give) -> None:
    give(*ADD)

    revoked = give("edc", "client", "revoke", "sponsor-edc", "--reason", "contract ended")

    assert revoked.exit_code == 0, revoked.output
    assert "sponsor-edc  revoked" in give("edc", "client", "list").output


@pytest.mark.req("E-01")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("edc", "client", "add", "sponsor-edc", "--scope", "edc:everything"), "edc:everything"),
        ((*ADD, "--network", "nowhere"), "networks: nowhere is no network"),
        (("edc", "client", "rotate", "nobody"), "There is no EDC client nobody"),
        (("edc", "client", "revoke", "nobody", "--reason", "x"), "There is no EDC client nobody"),
    ],
)
def test_what_is_wrong_is_told(give: Give, command: tuple[str, ...], said: str) -> None:
    result = give(*command)

    assert result.exit_code > 0
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.req("V-04")
def test_a_new_epoch_is_another_one_each_time(give: Give) -> None:
    epochs = {give("edc", "new-epoch", "--reason", "restored").output for _ in range(2)}

    assert len(epochs) == 2
    assert all("every cursor given before is void" in said for said in epochs)


@pytest.mark.req("E-02", "E-05")
def test_pulling_says_what_is_new_and_that_it_agrees(pull: Pull, world: World) -> None:
    first, second = pull("--verify"), pull("--verify")

    assert first.exit_code == 0, first.output
    assert re.search(r"\d{2,} new changes", first.output)
    assert "\n0 new changes" in second.output
    assert "Verified" in first.output


@pytest.mark.req("E-05")
def test_a_copy_that_is_not_whole_fails_and_names_what_is_missing(
    pull: Pull, world: World, tmp_path: Path
) -> None:
    pull()
    copy = Database(f"sqlite:///{tmp_path / 'edc.sqlite3'}")
    with copy.engine.begin() as file:
        file.exec_driver_sql("DELETE FROM change WHERE seq = (SELECT max(seq) FROM change)")
    copy.engine.dispose()

    result = pull("--verify")

    assert result.exit_code == 1
    assert "The copy is not whole." in result.output
    assert "is missing here" in result.output


@pytest.mark.req("E-01")
def test_a_secret_that_is_not_set_is_asked_for_and_never_shown(pull: Pull, world: World) -> None:
    result = pull(secret="", typed="a wrong secret\n")

    assert result.exit_code == 1
    assert "The source refused (401)" in result.output
    assert "a wrong secret" not in result.output


@pytest.mark.req("E-05")
def test_how_far_an_importer_says_it_is_can_be_seen(world: World, tmp_path: Path) -> None:
    puller = Puller.of(world, Scope.READ, Scope.ACK)
    page = puller.page(limit=1)
    puller.acknowledge(page["next_cursor"])

    listed = commands_on(world.database.url, tmp_path)("edc", "client", "list").output

    assert f"  main has stored up to {page['items'][0]['seq']}, said 2026-03-01" in listed
