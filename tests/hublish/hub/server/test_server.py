import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.server import MULTIPART_AGE, session

SERVE = """
import sys
from hublish.hub.server import EmbeddedHub, serve
serve(EmbeddedHub(sys.argv[1], xet=False), lambda hub: print(hub.endpoint, hub.token, flush=True))
"""


@contextmanager
def process(root: Path) -> Iterator[tuple[subprocess.Popen[str], HfApi]]:
    """Serve a hub in its own process."""
    command = [sys.executable, "-c", SERVE, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint, token = server.stdout.readline().split()
            yield server, HfApi(endpoint=endpoint, token=token)
        finally:
            server.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "hub.example", ""])
def test_only_loopback_is_allowed_without_expose(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="expose=True"):
        EmbeddedHub(tmp_path, host=host)


def test_a_hub_can_be_exposed_explicitly(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path, host="0.0.0.0", expose=True, xet=False) as hub:
        port = int(hub.endpoint.rpartition(":")[2])
        assert HfApi(endpoint=f"http://127.0.0.1:{port}", token=hub.token).whoami()["name"] == "me"


def test_state_and_token_survive_a_restart(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        token = hub.token
        api = HfApi(endpoint=hub.endpoint, token=token)
        api.create_repo("acme/kept", private=True)
        oid = api.upload_file(repo_id="acme/kept", path_in_repo="w.bin", path_or_fileobj=b"\0" * 10).oid
    with EmbeddedHub(tmp_path) as hub:
        assert hub.token == token
        info = HfApi(endpoint=hub.endpoint, token=token).model_info("acme/kept")
        assert (info.sha, info.private) == (oid, True)


def test_a_given_token_belongs_to_the_owner(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path, user="ann", token="hf_given", xet=False) as hub:
        assert hub.token == "hf_given"
        assert HfApi(endpoint=hub.endpoint, token="hf_given").whoami()["name"] == "ann"
    assert (tmp_path / "accounts.json").stat().st_mode & 0o077 == 0


def test_a_port_in_use_is_an_error_that_leaves_no_threads(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        before = threading.active_count()
        with pytest.raises(OSError, match="in use"):
            EmbeddedHub(tmp_path, port=taken.getsockname()[1]).start()
        assert threading.active_count() == before


def test_starting_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    hub = EmbeddedHub(tmp_path, xet=False)
    hub.stop()
    endpoint = hub.start().endpoint
    assert hub.start().endpoint == endpoint
    hub.stop()
    hub.stop()


def test_without_xet_its_token_calls_are_not_found(tmp_path: Path, connect: Callable[..., Any]) -> None:
    with EmbeddedHub(tmp_path, xet=False) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("acme/plain")
        for kind in ("read", "write"):
            path = f"/api/models/acme/plain/xet-{kind}-token/main"
            assert connect(hub.endpoint, hub.token)("GET", path).status == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_hub_exits_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path) as (server, api):
        api.create_repo("acme/x")
        server.send_signal(number)
        assert server.wait(60) == 0


def test_two_processes_serve_one_folder(tmp_path: Path) -> None:
    with process(tmp_path) as (_, one), process(tmp_path) as (_, two):
        repo = one.create_repo("acme/shared").repo_id
        for number in range(6):
            client, other = (one, two) if number % 2 else (two, one)
            oid = client.upload_file(repo_id=repo, path_in_repo=f"f{number}.bin", path_or_fileobj=b"\0%d" % number).oid
            assert other.model_info(repo).sha == oid
        assert len(one.list_repo_files(repo)) == 7


def test_one_of_many_concurrent_commits_on_one_parent_wins(tmp_path: Path) -> None:
    with process(tmp_path) as (_, one), process(tmp_path) as (_, two):
        repo = one.create_repo("acme/raced").repo_id
        for _round in range(2):
            parent = one.model_info(repo).sha
            outcomes: list[str] = []

            def publish(number: int, parent: str | None = parent, outcomes: list[str] = outcomes) -> None:
                client = two if number % 2 else one
                operation = CommitOperationAdd(f"by-{number}.txt", (parent or "").encode())
                try:
                    client.create_commit(repo, [operation], commit_message=f"{number}", parent_commit=parent)
                    outcomes.append("won")
                except HfHubHTTPError as error:
                    outcomes.append(str(error.response.status_code))

            threads = [threading.Thread(target=publish, args=(number,)) for number in range(50)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == ["412"] * 49 + ["won"]
        assert len(one.list_repo_commits(repo)) == 3
        assert len(one.list_repo_files(repo)) in (2, 3)


def test_commits_without_a_parent_are_all_kept(tmp_path: Path) -> None:
    with process(tmp_path) as (_, one), process(tmp_path) as (_, two):
        repo = one.create_repo("acme/busy").repo_id

        def publish(number: int) -> None:
            operation = CommitOperationAdd(f"by-{number}.txt", b"%d" % number)
            (two if number % 2 else one).create_commit(repo, [operation], commit_message=f"{number}")

        threads = [threading.Thread(target=publish, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.list_repo_files(repo)) == 21
        assert len(one.list_repo_commits(repo)) == 21


def test_clear_removes_every_repository_and_keeps_accounts(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        alice = HfApi(endpoint=hub.endpoint, token=hub.add_user("alice"))
        for kind in ("model", "dataset"):
            api.create_repo("me/x", repo_type=kind)
        hub.clear()
        assert [api.repo_exists("me/x", repo_type=kind) for kind in ("model", "dataset")] == [False, False]
        assert alice.whoami()["name"] == "alice"
        api.create_repo("me/x")


def leave_behind(root: Path) -> tuple[Path, Path]:
    file, folder = root / "incoming" / "tmp1", root / "incoming" / "tmp2.git" / "objects"
    folder.mkdir(parents=True)
    file.write_text("half")
    return file, folder


def test_temporary_files_of_a_killed_server_are_removed(tmp_path: Path) -> None:
    file, folder = leave_behind(tmp_path)
    scratch = tmp_path / "repos" / "models" / "a" / "b.git" / "hub" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "tmp").write_text("half")
    with session(tmp_path):
        assert not file.exists()
        assert not folder.exists()
        assert list(scratch.iterdir()) == []


def test_temporary_files_of_a_running_server_are_kept(tmp_path: Path) -> None:
    with session(tmp_path):
        file, folder = leave_behind(tmp_path)
        with session(tmp_path):
            assert file.exists()
            assert folder.exists()


def test_unfinished_uploads_in_parts_are_kept_for_a_day(tmp_path: Path) -> None:
    (tmp_path / "multipart").mkdir()
    young, old = tmp_path / "multipart" / "young", tmp_path / "multipart" / "old"
    for path in (young, old):
        path.touch()
    os.utime(old, (0, young.stat().st_mtime - MULTIPART_AGE - 60))
    with session(tmp_path):
        assert young.exists()
        assert not old.exists()
