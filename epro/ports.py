"""Whether a server can listen at an address; asked before anything else is started."""

import socket


class PortTaken(Exception):
    """Another program listens there."""


def refuse_taken_port(host: str, port: int) -> None:
    """Raise PortTaken when nothing can listen there, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As gunicorn does: the last moments of an earlier server do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Nothing can listen on {host}:{port} ({error.strerror}). "
                f"Is epro running already? Another port: --port {port + 1}"
            ) from error
