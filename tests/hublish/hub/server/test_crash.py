"""kill -9 at any moment: the old state or the new one, and the next server works."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

SERVE = """
import sys
from hublish.hub.server import EmbeddedHub, serve
serve(EmbeddedHub(sys.argv[1], xet=False), lambda hub: print(hub.endpoint, hub.token, flush=True))
"""
REPO = "acme/survivor"
FILES = 60

Call = Callable[..., Any]


@contextmanager
def served(root: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    with subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint, token = server.stdout.readline().split()
            yield server, endpoint, token
        finally:
            server.kill()


def publish_until_it_dies(call: Call) -> None:
    """Commit generation after generation: each replaces all files of the one before and adds a tag."""
    with suppress(OSError, ConnectionError):
        for generation in range(1, 10_000):
            assert call("POST", f"/api/models/{REPO}/commit/main", commit(call, generation)).status == 200
            tag = {"tag": f"v{generation}", "message": "tagged"}
            assert call("POST", f"/api/models/{REPO}/tag/main", tag).status == 200


def commit(call: Call, generation: int) -> bytes:
    text = str(generation)
    files = [{"path": f"d{n % 3}/f{n}.txt", "content": text, "encoding": "utf-8"} for n in range(FILES)]
    oid = hashlib.sha256(text.encode()).hexdigest()
    objects = {"operation": "upload", "objects": [{"oid": oid, "size": len(text)}]}
    (shown,) = call("POST", f"/{REPO}.git/info/lfs/objects/batch", objects).json()["objects"]
    assert call("PUT", shown["actions"]["upload"]["href"], text.encode()).status == 200
    lines: list[tuple[str, dict[str, Any]]] = [("header", {"summary": f"generation {text}"})]
    lines += [("file", file) for file in files]
    large: dict[str, Any] = {"path": "w.bin", "algo": "sha256", "oid": oid, "size": len(text)}
    lines.append(("lfsFile", large))
    return b"".join(json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in lines)


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.4])
def test_a_killed_server_leaves_a_valid_repository_and_restarts(
    tmp_path: Path, connect: Callable[..., Call], delay: float
) -> None:
    with served(tmp_path) as (server, endpoint, token):
        HfApi(endpoint=endpoint, token=token).create_repo(REPO)
        thread = threading.Thread(target=publish_until_it_dies, args=(connect(endpoint, token),))
        thread.start()
        thread.join(delay)
        server.kill()
        server.wait()
        thread.join()
    path = tmp_path / "repos" / "models" / f"{REPO}.git"
    checked = subprocess.run(["git", "fsck", "--full", "--strict"], cwd=path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with served(tmp_path) as (_, endpoint, token):
        assert list((tmp_path / "incoming").iterdir()) == []
        assert not (path / "hub" / "scratch").exists() or list((path / "hub" / "scratch").iterdir()) == []
        api = HfApi(endpoint=endpoint, token=token)
        generation = len(api.list_repo_commits(REPO)) - 1
        assert all(tag.target_commit for tag in api.list_repo_refs(REPO).tags)
        if generation:
            back = Path(api.snapshot_download(REPO))
            contents = {
                file.read_text() for file in back.rglob("*") if file.is_file() and file.suffix in (".txt", ".bin")
            }
            assert contents == {str(generation)}, "never a mix of two generations"
        oid = api.upload_file(repo_id=REPO, path_in_repo="after.txt", path_or_fileobj=b"after").oid
        assert api.model_info(REPO).sha == oid
