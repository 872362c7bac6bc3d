"""The web server: gunicorn with threads; web workers never tick jobs."""

import gc
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from epro.app import create_app
from epro.ports import refuse_taken_port
from epro.settings import Settings

THREADS = 8
PROCESSES_ON_POSTGRESQL = 2
GRACE_S = 20
IN_MEMORY = Path("/dev/shm")  # noqa: S108  where gunicorn touches a file each second


class JsonLogger(Logger):  # type: ignore[misc]
    """Let gunicorn's words go the way of all our logs; the access log is our own."""

    def setup(self, _cfg: Config) -> None:
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.error_log.setLevel(logging.INFO)

    def access(self, *_request: Any) -> None:
        return


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, set by us and by nothing in its surroundings."""

    def __init__(self, settings: Settings, *, host: str, port: int, processes: int) -> None:
        self._settings = settings
        self._options = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "worker_class": "gthread",
            "workers": processes,
            "threads": THREADS,
            "graceful_timeout": GRACE_S,
            "timeout": 60,
            "keepalive": 5,
            "control_socket_disable": True,
            "worker_tmp_dir": str(IN_MEMORY) if IN_MEMORY.is_dir() else None,
            "accesslog": None,
            "logger_class": JsonLogger,
            # Whom to believe about the caller's address is the application's own setting.
            "forwarded_allow_ips": "",
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """Build the application in the worker process, after the fork: no connection is shared."""
        app = create_app(self._settings)
        leave_to_stay()
        return app


def leave_to_stay() -> None:
    """Have the garbage collector pass over what is loaded, which stays as long as the process.

    A page that reads thousands of rows has it come round several times; each time it would go
    through the whole program, which took longer than the page. Called before the workers are forked
    as well: what they never go through stays in memory once, for all of them.
    """
    gc.collect()
    gc.freeze()


def serve(settings: Settings, *, host: str, port: int, processes: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; raise PortTaken when somebody else listens there."""
    refuse_taken_port(host, port)
    is_sqlite = settings.database_url.startswith("sqlite")
    usual = 1 if is_sqlite else PROCESSES_ON_POSTGRESQL
    leave_to_stay()
    WebServer(settings, host=host, port=port, processes=processes or usual).run()
