"""The commands an operator gives: each does its one thing, and tells faults in one clear line."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from click import Context
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from sqlalchemy import func, select, update

from epro import commands
from epro.access import Role
from epro.cli import WHERE, main
from epro.commands import description
from epro.db import Database
from epro.models import JournalEntry, SiteActivation, StudyVersion, User
from epro.services import sites
from epro.services.sites import SiteFacts
from tests.cli.processes import free_port
from tests.clock import START
from tests.factories import SHIPPED, SYSTEM
from tests.services.test_journal import notes
from tests.services.test_journal_proof import entry_of, tamper

Give = Callable[..., Result]

SITE = SiteFacts(
    code="SZ01", name_zh="示例医院", name_en="Example Hospital", zone="Asia/Shanghai",
    phone="0755-00000001", phone_24h="0755-00000002",
)  # fmt: skip
ADD_SITE = (
    "site", "add", "--code", SITE.code, "--name-zh", SITE.name_zh, "--name-en", SITE.name_en,
    "--phone", SITE.phone, "--phone-24h", SITE.phone_24h,
)  # fmt: skip
ADD_USER = (
    "staff", "add", "--username", "li.na", "--full-name", "Li Na", "--email", "li.na@example.org",
    "--phone", "+8613900139001", "--role", "coordinator", "--role", "monitor", "--site", "SZ01",
)  # fmt: skip
PASSWORD = "seven grey herons\n"


@pytest.fixture
def give(fresh_database_url: str, tmp_path: Path) -> Give:
    """Give a command to run on the fresh database."""
    return commands_on(fresh_database_url, tmp_path)


def commands_on(url: str, folder: Path) -> Give:
    environment = {"EPRO_DATABASE_URL": url, "EPRO_VAR": str(folder), "EPRO_ENV": None}

    def give(*arguments: str, typed: str = "", **more: str | None) -> Result:
        return CliRunner().invoke(main, arguments, input=typed, env=environment | more)

    return give


def with_site(database: Database) -> None:
    with database.transaction() as session:
        sites.add_site(session, SYSTEM, SITE, now=START)


# --- the worker -----------------------------------------------------------------------------------


def test_a_worker_that_waits_for_a_moved_clock_is_refused_outside_a_rehearsal(give: Give) -> None:
    refused = give("worker", "--when-moved")

    assert refused.exit_code == 2
    assert "--when-moved is for rehearsals" in refused.output


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"EPRO_ENV": "production"}, "EPRO_TOKEN_KEY is not set."),
        ({"EPRO_ENV": "nonsense"}, "EPRO_ENV is 'nonsense'"),
        ({"EPRO_DATABASE_URL": "nonsense"}, "EPRO_DATABASE_URL is no address"),
        (
            {"EPRO_DATABASE_URL": "postgresql+psycopg://epro:hush@127.0.0.1:1/x"},
            "The database does not answer",
        ),
        ({"EPRO_DATABASE_URL": "sqlite://"}, "Run: epro db upgrade"),
    ],
)
def test_what_an_operator_can_mend_is_told_without_a_traceback(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    result = commands_on("sqlite://", tmp_path)("journal", "verify", **environment)

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert said in result.output
    assert "Traceback" not in result.output
    assert "hush" not in result.output


def test_each_module_of_commands_is_listed_with_all_it_holds() -> None:
    modules = [one.name for one in iter_modules(commands.__path__)]
    held = {
        command.name: module
        for module in modules
        for command in getattr(import_module(f"epro.commands.{module}"), "COMMANDS", ())
    }

    assert held == WHERE


def test_a_command_for_people_starts_without_the_web_application() -> None:
    script = (
        "import sys\nfrom epro.cli import main\n"
        "try: main(['staff', 'add', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'flask', 'reportlab'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert ended.stdout.endswith("set()\n")


def test_every_command_shows_an_example() -> None:
    context = Context(main)
    given = {name: main.get_command(context, name) for name in main.list_commands(context)}
    without = [
        name
        for name, command in given.items()
        for one in getattr(command, "commands", {name: command}).values()
        if "Example:" not in (one.help or "")
    ]

    assert without == []


# --- database -------------------------------------------------------------------------------------


def test_upgrading_brings_an_empty_database_to_the_newest_migration(
    empty_database_url: str, tmp_path: Path
) -> None:
    give = commands_on(empty_database_url, tmp_path)
    before = give("db", "status").output

    result = give("db", "upgrade")

    assert "revision   none" in before
    assert (result.exit_code, give("db", "upgrade").exit_code) == (0, 0)
    assert "worker     has never run" in give("db", "status").output


def test_migrations_go_up_down_and_up_and_say_what_the_code_says(
    empty_database_url: str, tmp_path: Path
) -> None:
    give = commands_on("sqlite://", tmp_path)

    result = give("db", "check", TEST_DATABASE_URL=empty_database_url)

    assert (result.exit_code, result.output.count("up, down, up")) == (0, 2), result.output


def test_a_database_that_is_not_empty_is_not_checked_away(
    fresh_database: Database, tmp_path: Path
) -> None:
    notes(fresh_database, "precious")

    result = commands_on("sqlite://", tmp_path)("db", "check", TEST_DATABASE_URL=fresh_database.url)

    assert result.exit_code == 1
    assert "not empty" in result.output
    assert entry_of(fresh_database, 1).id


def test_a_head_file_that_names_another_migration_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "HEAD").write_text("0000\n")
    monkeypatch.setattr("epro.commands.database.HEAD_FILE", tmp_path / "HEAD")

    result = commands_on("sqlite://", tmp_path)("db", "check", TEST_DATABASE_URL=None)

    assert result.exit_code == 1
    assert "migrations/HEAD says 0000" in result.output


# --- journal --------------------------------------------------------------------------------------


@pytest.mark.req("T-02")
def test_a_whole_journal_is_told_with_its_length_and_head(
    give: Give, fresh_database: Database
) -> None:
    notes(fresh_database, "1", "2", "3")

    verified, head = give("journal", "verify"), give("journal", "head")

    count, digest = head.output.split()
    assert (verified.exit_code, count) == (0, "3")
    assert f"3 entries, head {digest}" in verified.output


@pytest.mark.req("T-02")
def test_one_changed_byte_is_found_and_its_entry_named(
    give: Give, fresh_database: Database
) -> None:
    notes(fresh_database, "1", "2", "3")
    changed = entry_of(fresh_database, 2)
    body = changed.body.replace('"version":1', '"version":2')
    tamper(
        fresh_database,
        update(JournalEntry).where(JournalEntry.id == changed.id).values(body=body),
    )

    result = give("journal", "verify")

    assert result.exit_code == 1
    assert "broken at number 2: its text was changed" in result.output
    assert f"entry     {changed.id}\n" in result.output
    assert f"change    {changed.change_id}\n" in result.output


# --- study ----------------------------------------------------------------------------------------


def test_a_sound_study_package_is_described(give: Give) -> None:
    result = give("study", "check", str(SHIPPED))

    assert result.exit_code == 0, result.output
    assert result.output.startswith("bk-sle-i-01 ")


def test_every_fault_of_a_study_package_is_named_with_its_file(give: Give, tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "study")
    for name in ("study.yaml", "texts.yaml"):
        (folder / name).write_text("nonsense: true\n")

    result = give("study", "check", str(folder))

    assert result.exit_code == 1
    assert "study.yaml" in result.output
    assert "texts.yaml" in result.output
    assert "Traceback" not in result.output


def test_a_published_study_is_in_force_at_the_site_from_the_day(
    give: Give, fresh_database: Database
) -> None:
    with_site(fresh_database)
    publish = ("study", "publish", str(SHIPPED), "--activate", "SZ01", "--from", "2026-12-01")

    first, again = give(*publish), give(*publish)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    with fresh_database.reading() as session:
        assert session.scalar(select(func.count(StudyVersion.id))) == 1
        assert session.scalars(select(SiteActivation)).one().from_on.isoformat() == "2026-12-01"
    assert "SZ01 from 2026-12-01" in give("study", "show").output


def test_an_unknown_site_leaves_nothing_published(give: Give, fresh_database: Database) -> None:
    result = give("study", "publish", str(SHIPPED), "--activate", "SZ09", "--from", "2026-12-01")

    assert (result.exit_code, "no site SZ09" in result.output) == (1, True)
    with fresh_database.reading() as session:
        assert session.scalar(select(func.count(StudyVersion.id))) == 0


# --- people ---------------------------------------------------------------------------------------


def test_a_site_can_be_added_again_without_change(give: Give, fresh_database: Database) -> None:
    codes = [give(*ADD_SITE).exit_code, give(*ADD_SITE).exit_code]

    with fresh_database.reading() as session:
        assert sites.get_site(session, "SZ01").name_zh == SITE.name_zh
    assert codes == [0, 0]


@pytest.mark.req("T-01")
def test_an_account_is_opened_once_with_its_roles_and_shows_its_second_factor_once(
    give: Give, fresh_database: Database
) -> None:
    with_site(fresh_database)

    first = give(*ADD_USER, typed=PASSWORD * 2)
    again = give(*ADD_USER, typed=PASSWORD * 2)

    assert first.exit_code == 0, first.output
    assert first.output.count("otpauth://totp/") == 1
    assert PASSWORD.strip() not in first.output
    with fresh_database.reading() as session:
        user = session.scalars(select(User)).one()
        recorded = session.scalars(select(JournalEntry).where(JournalEntry.verb == "user.added"))
        assert "command line: " in recorded.one().body
    assert user.phone_sealed is not None
    assert {membership.role for membership in user.memberships} == {Role.COORDINATOR, Role.MONITOR}
    assert (again.exit_code, "is taken" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("changed", "typed", "said"),
    [
        (("--site", "SZ09"), PASSWORD * 2, "There is no site SZ09"),
        (("--email", "nonsense"), PASSWORD * 2, "email: "),
        ((), "short\nshort\n", "Error: "),
    ],
)
def test_what_is_wrong_with_a_new_account_is_told(
    give: Give, fresh_database: Database, changed: tuple[str, ...], typed: str, said: str
) -> None:
    with_site(fresh_database)

    result = give(*ADD_USER, *changed, typed=typed)

    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.req("X-03")
def test_after_resealing_the_old_field_key_can_go(fresh_database_url: str, tmp_path: Path) -> None:
    give = commands_on(fresh_database_url, tmp_path)
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    give(*ADD_SITE, EPRO_FIELD_KEYS=old)
    give(*ADD_USER, typed=PASSWORD * 2, EPRO_FIELD_KEYS=old)

    result = give("db", "reseal", EPRO_FIELD_KEYS=f"{new},{old}")

    assert "1 users" in result.output
    assert "No configured key opens this field." in give(
        "db", "reseal", EPRO_FIELD_KEYS=old
    ).output  # fmt: skip
    assert give("db", "reseal", EPRO_FIELD_KEYS=new).exit_code == 0


# --- description ----------------------------------------------------------------------------------


def test_the_description_of_the_interface_is_written_and_then_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description, "ROOT", tmp_path)
    monkeypatch.setattr(description, "OPENAPI", tmp_path / "docs" / "openapi.json")
    give = commands_on("sqlite://", tmp_path)

    missing = give("openapi", "--check")
    written = give("openapi")
    current = give("openapi", "--check")
    description.OPENAPI.write_text("{}")
    outdated = give("openapi", "--check")

    codes = [result.exit_code for result in (missing, written, current, outdated)]
    assert codes == [1, 0, 0, 1]


def test_routes_are_listed_with_what_they_ask_for(tmp_path: Path) -> None:
    result = commands_on("sqlite://", tmp_path)("routes")

    lines = dict(line.split()[1::1][:2] for line in result.output.splitlines())
    assert lines["/healthz"] == "public"
    assert lines["/api/v1/me/responses/{response_id}"] != "public"


# --- demonstration --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("demo", "seed"), ("run", "--demo")])
def test_production_refuses_made_up_people(tmp_path: Path, command: tuple[str, ...]) -> None:
    keys = {"EPRO_TOKEN_KEY": "t" * 40, "EPRO_LOOKUP_KEY": "l" * 40,
            "EPRO_FIELD_KEYS": "x0Jd1Q1gGv3ZbGqf2v7fWc5cGm0y2C7m3l6q1s8u4oA=",
            "EPRO_PUBLIC_URL": "https://epro.example.org",
            "EPRO_MAIL_CHANNEL": "smtp", "EPRO_MAIL_FROM": "epro@example.org",
            "EPRO_SMTP_URL": "smtp://mail.example.org", "EPRO_SMS_CHANNEL": "twilio",
            "EPRO_TWILIO_ACCOUNT_SID": "AC1", "EPRO_TWILIO_AUTH_TOKEN": "token",
            "EPRO_TWILIO_FROM": "+15005550006"}  # fmt: skip
    give = commands_on("postgresql+psycopg://epro@127.0.0.1:1/x", tmp_path)

    result = give(*command, EPRO_ENV="production", PORT=str(free_port()), **keys)

    assert result.exit_code == 1
    assert "no place in production" in result.output


def test_a_reset_leaves_a_database_alone_that_is_not_a_file(tmp_path: Path) -> None:
    result = commands_on("postgresql+psycopg://epro@127.0.0.1:1/x", tmp_path)(
        "demo", "seed", "--reset"
    )

    assert (result.exit_code, "Only SQLite is reset" in result.output) == (1, True)
