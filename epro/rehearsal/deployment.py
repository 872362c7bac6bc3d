"""The throw-away deployment of a rehearsal: where it lives, and what its processes are told.

Nothing of the surroundings reaches them: a rehearsal must never send anything to anybody.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from random import SystemRandom

from epro.rehearsal.gateway import KEY
from epro.rehearsal.postbox import SENDER

HOST = "127.0.0.1"
PORTS = range(15_000, 32_000)


def environment(
    folder: Path, *, database_url: str, port: int, gateway_url: str, mail_url: str
) -> dict[str, str]:
    """Return what the processes are started with, beside what `forget_surroundings` leaves."""
    return {
        "EPRO_VAR": str(folder / "var"),
        "EPRO_DATABASE_URL": database_url,
        "EPRO_ENV": "development",
        "EPRO_REHEARSAL": "1",
        "EPRO_PUBLIC_URL": f"http://{HOST}:{port}",
        "EPRO_SMS_GATEWAY_URL": gateway_url,
        "EPRO_SMS_GATEWAY_KEY": KEY,
        "EPRO_SMS_GATEWAY_PREFIXES": "+86",
        "EPRO_SMS_GATEWAY_PER_SECOND": "0",
        "EPRO_MAIL_CHANNEL": "smtp",
        "EPRO_MAIL_FROM": SENDER,
        "EPRO_SMTP_URL": mail_url,
        "PORT": str(port),
    }


def forget_surroundings() -> None:
    """Take every setting of another deployment out of this process and what it starts."""
    for name in [name for name in os.environ if name.startswith("EPRO_")]:
        del os.environ[name]


def processes(port: int) -> Mapping[str, tuple[str, ...]]:
    """Return the commands of the two processes, by name.

    The jobs run when the clock is moved, so that what happens depends on no tick of the wall's.
    """
    web = ("web", "--host", HOST, "--port", str(port))
    return {"web": web, "worker": ("worker", "--when-moved")}


def free_port() -> int:
    """Return a port that nobody listens on at this moment.

    Taken from below those that systems give to whoever asks for any: until our server listens on
    it, nobody else comes upon it by chance.
    """
    while True:
        port = SystemRandom().choice(PORTS)
        try:
            with socket.create_server((HOST, port)):
                return port
        except OSError:
            continue
