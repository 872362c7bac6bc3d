"""Tests reach nothing but this machine; pytest-socket warns first, and a warning is an error."""

import socket

import pytest


def test_a_connection_to_elsewhere_is_refused_before_it_is_tried() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client,
        pytest.raises(UserWarning, match=r"host \"192.0.2.1\" \(allowed"),
    ):
        client.connect(("192.0.2.1", 443))


def test_a_server_on_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()
