"""How the Hub takes files, which it is asked in requests of limited size."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Literal, ParamSpec, TypeVar

import pytest

from hublish.api.session import Session
from hublish.base.content import InMemory
from hublish.base.values import Origin, ReleaseFile, Target
from hublish.hub.client.guarded_session import session_factory
from hublish.hub.client.hub import Hub
from hublish.hub.client.sending import Addition, sending
from hublish.hub.client.transfer import commit, upload_modes
from tests.pipeline.staging import Inline

P = ParamSpec("P")
T = TypeVar("T")
REPO = Target("acme/modes")
SUFFIXES = {"txt": "regular", "safetensors": "lfs", "ignored": "regular"}


@pytest.fixture
def hub(tmp_path: Path, own_home: Path) -> Iterator[Hub]:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        session.hub.api.create_repo(REPO.repo_id)
        yield session.hub


class Together(Executor):
    """Runs calls only when a number of them has begun."""

    def __init__(self, number: int) -> None:
        self._threads, self._barrier = ThreadPoolExecutor(number), Barrier(number, timeout=60)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        def call() -> T:
            self._barrier.wait()
            return fn(*args, **kwargs)

        return self._threads.submit(call)


@pytest.mark.parametrize(("count", "requests"), [(256, 1), (257, 2), (600, 3)])
def test_the_requests_are_made_at_once_and_answer_for_every_file(hub: Hub, count: int, requests: int) -> None:
    names = [f"folder/{number}.{list(SUFFIXES)[number % 3]}" for number in range(count)]
    files = [
        (ReleaseFile(name, 1, "0" * 64, "0" * 40, InMemory(b"a"), Origin(0, name, "copy")), b"a") for name in names
    ]
    found = [upload_modes(hub, REPO, "main", files, "*.ignored\n", engine) for engine in (Together(requests), Inline())]
    assert found[0] == found[1]
    assert list(found[0]) == names
    assert all(mode.mode == SUFFIXES[name.rpartition(".")[2]] for name, mode in found[0].items())
    assert all(mode.ignored == name.endswith(".ignored") for name, mode in found[0].items())


@pytest.mark.parametrize(
    ("data", "mode", "asks"), [(b"text", "regular", 0), (b"", "lfs", 0), (b"\0 binary", "lfs", 0), (b"text", None, 1)]
)
def test_the_client_asks_for_an_upload_mode_only_when_it_is_unknown(
    hub: Hub, data: bytes, mode: Literal["lfs", "regular"] | None, asks: int
) -> None:
    sha256, blob = hashlib.sha256(data).hexdigest(), hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    file = ReleaseFile("a.bin", len(data), sha256, blob, InMemory(data), Origin(0, "a.bin", "copy"))
    paths: list[str] = []
    target = replace(REPO, commit_message="a file")
    hooks = session_factory().event_hooks["request"]
    hooks.append(observe := lambda request: paths.append(request.url.path))
    try:
        with sending(hub, target, [Addition(file, data, mode)]) as sent:
            assert sent.digests == {"a.bin": sha256}
            made = commit(hub, target, sent, [], parent_commit=hub.commit_of(REPO, "main"))
    finally:
        hooks.remove(observe)
    assert sum("/preupload/" in path for path in paths) == asks
    assert hub.tree(REPO, made.commit)["a.bin"].holds(file)
