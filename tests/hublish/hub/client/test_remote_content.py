"""Files on the Hub that are read in small parts, through the client's own session."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.api.session import Session
from hublish.base.errors import NotFoundError, RemoteError
from hublish.base.values import RemoteFile, Target
from hublish.hub.client.guarded_session import session_factory
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub, ReadBudget

REPO = Target("acme/weights")
DATA = np.random.default_rng(0).bytes(3_000_001)
PART = 64 << 10


@pytest.fixture
def content(tmp_path: Path, own_home: Path) -> Iterator[OnHub]:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        hub = session.hub
        hub.api.create_repo(REPO.repo_id)
        hub.api.upload_file(path_or_fileobj=DATA, path_in_repo="sub dir/model#1.bin", repo_id=REPO.repo_id)
        commit = hub.commit_of(REPO, "main")
        yield OnHub(hub, REPO, commit, hub.tree(REPO, commit)["sub dir/model#1.bin"], ReadBudget())


@pytest.fixture
def ranges() -> Iterator[list[str]]:
    """The ranges that were requested, the last one last."""
    found: list[str] = []

    def collect(request: Any) -> None:
        if "range" in request.headers:
            found.append(request.headers["range"])

    hooks = session_factory().event_hooks["request"]
    hooks.append(collect)
    yield found
    hooks.remove(collect)


PLACES = [
    (0, 8),
    (8, 1000),
    (PART - 1, 2),
    (PART, PART),
    (len(DATA) - 8, 8),
    (len(DATA) - 8, 100),
    (len(DATA), 1),
    (len(DATA) + 5, 1),
    (5, 0),
    (100_000, 500_000),
]


@pytest.mark.parametrize(("offset", "length"), PLACES)
def test_a_part_is_that_of_the_file(content: OnHub, offset: int, length: int) -> None:
    assert content.read_at(offset, length) == DATA[offset : offset + length]


def test_a_header_takes_one_small_request(content: OnHub, ranges: list[str]) -> None:
    assert content.read_at(0, 8) + content.read_at(8, 5000) == DATA[:5008]
    assert [*dict.fromkeys(ranges)] == [f"bytes=0-{PART - 1}"]


def test_a_whole_file_is_read_once(content: OnHub) -> None:
    assert content.read() == DATA
    left = content.budget.left
    with content.open() as stream:
        assert stream.read() == DATA
    assert (content.size, content.local_path, content.budget.left) == (len(DATA), None, left)
    content.unchanged()


def test_more_than_the_budget_is_refused_and_noted(content: OnHub) -> None:
    content.budget.left = 100_000
    assert content.read_at(0, 8) == DATA[:8]
    with pytest.raises(OSError, match="too large"):
        content.read_at(1_000_000, 200_000)
    assert content.budget.refused == {"sub dir/model#1.bin"}


def test_weights_are_not_read_as_a_whole(content: OnHub, ranges: list[str]) -> None:
    large = OnHub(content.hub, REPO, content.commit, RemoteFile("model.bin", 1 << 40, "0" * 40), ReadBudget())
    with pytest.raises(OSError, match="too large"):
        large.read()
    assert large.budget.refused == {"model.bin"}
    assert ranges == []


def test_a_file_that_is_not_there_is_an_error(content: OnHub) -> None:
    missing = OnHub(content.hub, REPO, content.commit, RemoteFile("none.bin", 10, "0" * 40), ReadBudget())
    with pytest.raises(NotFoundError, match=r"none\.bin"):
        missing.read_at(0, 1)


class Rangeless(BaseHTTPRequestHandler):
    """Sends the whole file, whatever range is asked for; the rest is endless."""

    sent = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(1000):
                self.wfile.write(DATA[:200_000])
                type(self).sent += 200_000
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def rangeless(own_home: Path) -> Iterator[Hub]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Rangeless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Hub(f"http://127.0.0.1:{server.server_port}", False)
        server.shutdown()


def test_a_server_that_ignores_the_range_is_read_no_further_than_needed(rangeless: Hub) -> None:
    content = OnHub(rangeless, REPO, "0" * 40, RemoteFile("a.bin", 200_000, "0" * 40), ReadBudget())
    assert content.read_at(100_000, 10) == DATA[100_000:100_010]
    assert Rangeless.sent < 100 * 200_000


def test_a_response_that_is_too_short_is_an_error(content: OnHub) -> None:
    longer = OnHub(
        content.hub, REPO, content.commit, RemoteFile(content.file.path_in_repo, len(DATA) + 9, ""), ReadBudget()
    )
    with pytest.raises(RemoteError, match="the Hub sent"):
        longer.read_at(len(DATA) - 4, 8)
