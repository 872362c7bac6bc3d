"""Storing a response over HTTP, beside its statements alone and a view that does far less."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from epro.app import create_app
from epro.db import Database
from epro.settings import Settings
from tests.bench.section import Ratio, Section
from tests.bench.storing import CLIENTS, Case, Measured, fill, new_port, send_all, serving
from tests.postgres import find_binaries, running_postgres

SIZES = (100, 10_000)
SENT = 1_600
WARM_UP = 160
PLAIN_SENT = 4_000
PGBENCH_S = 10
# The driver writes them without dashes, JSON has them with.
UUID_TEXT = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}(?![0-9a-f])")
DURABLE = ("fsync = on", "synchronous_commit = on", "full_page_writes = on")


def measure() -> Section:
    """Measure product, statements and plain view on one PostgreSQL, one after the other."""
    with running_postgres() as server, TemporaryDirectory() as folder:
        for setting in DURABLE:
            with psycopg.connect(_conninfo(server.url_of("postgres")), autocommit=True) as admin:
                admin.execute(f"ALTER SYSTEM SET {setting}")
                admin.execute("SELECT pg_reload_conf()")
        rows, found, cpu_s = [], {}, 0.0
        for size in SIZES:
            url = server.create_database(f"responses_{size}")
            product, alone = _measure_in(url, size, Path(folder) / str(size))
            found[size], cpu_s = product.per_second / alone, product.cpu_s
            rows.append(_row(f"over HTTP, {size:,} participants", product, alone))
            rows.append(
                (f"the same statements by pgbench, {size:,}", f"{alone:.0f}", "1.00", *"----")
            )
        plain = _measure_plain(server.create_database("plain"))
        rows.append(_row("a Flask view that parses and inserts", plain, alone))
    shares = " and ".join(f"{share:.0%}" for share in found.values())
    return Section(
        title="Storing a response",
        how=(
            f"{CLIENTS} clients send diaries of a good day: token, validation, screening beside "
            "all earlier entries, scoring, journal, reminders stopped, one durable commit. Beside "
            "it the statements of one such request by `pgbench`, with as many clients, and a Flask "
            "view that parses the body and inserts it; all on one PostgreSQL. CPU each is that of "
            "the web server's processes, beside clients and database on the same processors: "
            "on a machine that does much else it rises with all times."
        ),
        columns=("what", "a second", "share of pgbench", "p50", "p95", "p99", "CPU each"),
        rows=rows,
        finding=f"The product reaches {shares} of the bare statements.",
        ratios={
            f"share of pgbench at {size:,} participants": Ratio(share, 25)
            for size, share in found.items()
        }
        | {"CPU of a stored response to that of the plain view": Ratio(cpu_s / plain.cpu_s, 25)},
    )


def _row(name: str, measured: Measured, alone: float) -> tuple[str, ...]:
    percentiles = (f"{measured.percentile(one) * 1000:.0f} ms" for one in (50, 95, 99))
    return (
        name, f"{measured.per_second:.0f}", f"{measured.per_second / alone:.2f}", *percentiles,
        f"{measured.cpu_s * 1000:.1f} ms",
    )  # fmt: skip


def _measure_in(url: str, size: int, var: Path) -> tuple[Measured, float]:
    environment = {"EPRO_VAR": str(var), "EPRO_DATABASE_URL": url}
    var.mkdir(parents=True)
    settings = Settings.from_env(environment)
    cases = fill(url, size, settings)
    port = new_port()
    with serving(("epro", "web", "--port", str(port)), environment, port, "/healthz") as pid:
        warm, sent = cases[:WARM_UP], cases[WARM_UP : WARM_UP + SENT]
        send_all(port, [one.request(uuid4()) for one in warm], pid, expected=201)
        product = send_all(port, [one.request(uuid4()) for one in sent], pid, expected=201)
    left = cases[WARM_UP + SENT :]
    return product, _statements_alone(url, settings, left, var)


def _measure_plain(url: str) -> Measured:
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (id uuid PRIMARY KEY, body jsonb)")
    port, case = new_port(), Case(uuid4(), uuid4(), uuid4(), "none")
    command = ("tests.bench.plain", str(port), _conninfo(url))
    with serving(command, {}, port, "/") as pid:
        requests = [case.request(uuid4()) for _ in range(PLAIN_SENT)]
        send_all(port, requests[:WARM_UP], pid, expected=201)
        return send_all(port, requests[WARM_UP:], pid, expected=201)


def _statements_alone(url: str, settings: Settings, cases: Sequence[Case], var: Path) -> float:
    """Return how many transactions of one submission's statements pgbench makes a second."""
    first, rest = cases[0], cases[1:]
    response_id = uuid4()
    statements = _statements_of(settings, first, response_id)
    known = {
        str(first.participant): "zz_p", str(first.assessment): "zz_a", str(first.device): "zz_d",
        str(response_id): "zz_r",
    }  # fmt: skip
    existing = _uuids_that_stand(url)
    fresh = {
        id_: f"zz_n{number}"
        for number, id_ in enumerate(
            sorted({id_ for it in statements for id_ in _uuids_in(it)} - {*known, *existing})
        )
    }
    lines = [
        "SELECT nextval('bench_n') AS zz_i \\gset",
        "SELECT p AS zz_p, a AS zz_a, d AS zz_d FROM bench_case WHERE n = :zz_i \\gset",
        f"SELECT {', '.join(f'gen_random_uuid() AS {name}' for name in ['zz_r', *fresh.values()])} "
        "\\gset",
        "BEGIN;",
        *(f"{_with_variables(it, known | fresh)};" for it in statements),
        "COMMIT;",
    ]
    script = var / "submission.pgbench"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _store_cases(url, rest)
    done = subprocess.run(
        [
            str(find_binaries() / "pgbench"), "--no-vacuum", "--client", str(CLIENTS),
            "--transactions", str(len(rest) // CLIENTS), "--file", str(script), _conninfo(url),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    assert "ERROR" not in done.stderr, done.stderr[:2000]
    assert found, done.stdout
    return float(found[1])


def _statements_of(settings: Settings, case: Case, response_id: UUID) -> list[str]:
    """Return what one submission says to the database, with its values written in."""
    app = create_app(settings)
    engine: Engine = app.extensions["epro"].database.engine
    heard: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        heard.extend((statement, one) for one in (parameters if many else [parameters]))

    event.listen(engine, "before_cursor_execute", listen)
    path, body, headers = case.request(response_id)
    client = app.test_client(use_cookies=False)
    heard.clear()
    answer = client.put(path, data=body, headers=headers)
    assert answer.status_code == 201, answer.text
    with psycopg.connect(_conninfo(settings.database_url)) as connection:
        cursor = psycopg.ClientCursor(connection)
        written = [cursor.mogrify(statement, values) for statement, values in heard]
    engine.dispose()
    return written


def _uuids_that_stand(url: str) -> set[str]:
    database = Database(url)
    with database.reading() as session:
        found = {str(one) for one in session.execute(text("SELECT id FROM site")).scalars()}
    database.engine.dispose()
    return found


def _with_variables(statement: str, names: dict[str, str]) -> str:
    def variable(found: re.Match[str]) -> str:
        name = names.get(str(UUID(found[0])))
        return f":{name}" if name else found[0]

    return UUID_TEXT.sub(variable, statement)


def _uuids_in(statement: str) -> set[str]:
    return {str(UUID(found[0])) for found in UUID_TEXT.finditer(statement)}


def _store_cases(url: str, cases: Sequence[Case]) -> None:
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE bench_n")
        connection.execute("CREATE TABLE bench_case (n bigint PRIMARY KEY, p uuid, a uuid, d uuid)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO bench_case VALUES (%s, %s, %s, %s)",
                [
                    (number, one.participant, one.assessment, one.device)
                    for number, one in enumerate(cases, start=1)
                ],
            )


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
