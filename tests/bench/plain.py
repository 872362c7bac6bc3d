"""A view that only parses a body and inserts it: what Flask and PostgreSQL take by themselves.

python -m tests.bench.plain PORT CONNINFO
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, request
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from psycopg.types.json import Jsonb

from epro.serving import PROCESSES_ON_POSTGRESQL, THREADS

INSERT = "INSERT INTO plain VALUES (%s, %s)"


def create_plain(conninfo: str) -> Flask:
    """Return an application with one view; each thread has a connection of its own."""
    app, local = Flask("plain"), threading.local()

    @app.put("/api/v1/me/responses/<uuid:response_id>")
    def store(response_id: Any) -> tuple[dict[str, str], int]:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(conninfo, autocommit=True)
        local.connection.execute(INSERT, (response_id, Jsonb(request.get_json())))
        return {"id": str(response_id)}, 201

    return app


class PlainServer(BaseApplication):  # type: ignore[misc]
    """gunicorn as the product has it."""

    def __init__(self, port: str, conninfo: str) -> None:
        self._port, self._conninfo = port, conninfo
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"127.0.0.1:{self._port}", "worker_class": "gthread", "threads": THREADS,
            "workers": PROCESSES_ON_POSTGRESQL, "control_socket_disable": True,
        }.items():  # fmt: skip
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        return create_plain(self._conninfo)


if __name__ == "__main__":
    PlainServer(*sys.argv[1:]).run()
