"""Connections of slow, silent and excessive clients; `test_attacks` measures what they cost."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hublish.hub.server import EmbeddedHub, app, connections

GET = b"GET /api/whoami-v2 HTTP/1.1\r\nHost: hub\r\n"
POST = b"POST /api/validate-yaml HTTP/1.1\r\nHost: hub\r\nContent-Length: 99\r\n\r\n"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedHub]:
    """Serve a hub that soon loses its patience."""
    for module, name in ((connections, "HEADER_TIMEOUT"), (connections, "LINGER"), (app, "IDLE"), (app, "GRACE")):
        monkeypatch.setattr(module, name, 0.3)
    monkeypatch.setattr(app, "PAUSE", 0.1)
    with EmbeddedHub(tmp_path, xet=False) as hub:
        yield hub


def connect(hub: EmbeddedHub) -> socket.socket:
    parts = urlsplit(hub.endpoint)
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=60)


def read(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 408),
        (b"GET", 408),
        (GET, 408),
        (b"\r\n", 408),
        (POST, 408),
        (POST + b"x", 408),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /" + b"a" * 20_000, 414),
        (GET + b"X: y\r\n" * 300 + b"\r\n", 431),
        (GET + b"X: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (GET + b"X: " + b"y" * 400_000, 431),
    ],
)
def test_a_client_that_is_slow_or_sends_too_much_gets_the_reason(hub: EmbeddedHub, sent: bytes, status: int) -> None:
    with connect(hub) as connection:
        connection.sendall(sent)
        received = read(connection)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in received.lower()


def test_slow_but_steady_bodies_arrive(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "GRACE", 60.0)
    with connect(hub) as connection:
        connection.sendall(POST.replace(b"99", b"12"))
        for byte in b'{"content":7':
            time.sleep(0.05)
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_body_that_trickles_is_refused(hub: EmbeddedHub) -> None:
    """Single bytes keep it from being idle, but not from being too slow."""
    with connect(hub) as connection:
        connection.sendall(POST)
        connection.settimeout(0.05)
        for _ in range(90):
            with suppress(TimeoutError):
                assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
                return
            connection.sendall(b"x")
    pytest.fail("the body was read to its end")


def test_a_refused_client_that_closes_the_connection_gets_its_answer(hub: EmbeddedHub) -> None:
    """Closing at once, with unread data, would reset the connection."""
    head = b"POST /api/repos/create HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n"
    with connect(hub) as connection:
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(bytes(1_000_000))
        assert read(connection).startswith(b"HTTP/1.1 401 ")


def test_the_rest_of_a_refused_body_is_not_awaited_forever(hub: EmbeddedHub) -> None:
    head = b"POST /api/repos/create HTTP/1.1\r\nHost: hub\r\nContent-Length: 99\r\n\r\n"
    with connect(hub) as connection:
        connection.sendall(head)
        with suppress(ConnectionResetError):
            assert read(connection).startswith(b"HTTP/1.1 401 ")


def test_the_most_silent_connection_makes_room(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_TIMEOUT", 60.0)
    monkeypatch.setattr(connections, "connection_limit", lambda: 5)
    silent = [connect(hub) for _ in range(30)]
    try:
        with connect(hub) as connection:
            connection.sendall(GET + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
    finally:
        for other in silent:
            other.close()


def test_requests_on_one_connection_are_answered_in_order(hub: EmbeddedHub) -> None:
    """Pipelined requests, within the limit."""
    paths = [b"/api/models/a/%d" % number for number in range(8)]
    with connect(hub) as connection:
        connection.sendall(b"".join(b"GET %s/x HTTP/1.1\r\nHost: hub\r\n\r\n" % path for path in paths))
        received = b""
        while received.count(b"HTTP/1.1 404 ") < 8:
            received += connection.recv(65536)
    positions = [received.index(path) for path in paths]
    assert positions == sorted(positions)
