"""Malformed and hostile requests to buckets: each is refused with a status below 500, and changes nothing."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub, bucket_files
from tests.hublish.hub.server.conftest import Caller

_numbers = itertools.count(1)
NAMES = ["README.md", "logs.json", "logs/sub/b.txt"]
EMPTY = "0" * 64  # the hash of an empty file
TIMES: list[Any] = ["1", 1.5, True, [], 10**30, -(10**30)]


def lines(*values: Any) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values)


def names(call: Callable[..., Any], bucket: str) -> list[str]:
    return [shown["path"] for shown in call("GET", f"/api/buckets/{bucket}/tree").json()]


@pytest.fixture(scope="module")
def bucket(hub: EmbeddedHub) -> str:
    made = HfApi(endpoint=hub.endpoint, token=hub.token).create_bucket("acme/target").bucket_id
    adds = [{"type": "addFile", "path": path, "xetHash": EMPTY} for path in NAMES]
    assert Caller(hub.endpoint, hub.token)("POST", f"/api/buckets/{made}/batch", lines(*adds)).status == 200
    return made


@pytest.mark.parametrize("cursor", ["x", "%00", "%2F%2F%2F%2Fa", "gA==", "_w==", "-"])
def test_foreign_cursors_are_refused(call: Caller, bucket: str, cursor: str) -> None:
    assert call("GET", f"/api/buckets/{bucket}/tree?cursor={cursor}").status == 400


PLACES = ["", "/a", "../x", "a/../b", "a//b", "a/", ".", ".git/x", "a\\b", "a\nb", "a\0", "\ud800", "x" * 2000]
PLACES += ["d/" * 200 + "x", "logs", "logs.json/x", "logs/sub/b.txt/x"]


@pytest.mark.parametrize("place", PLACES)
def test_unsafe_paths_are_refused(call: Caller, bucket: str, place: str) -> None:
    operation = {"type": "addFile", "path": place, "xetHash": EMPTY}
    answer = call("POST", f"/api/buckets/{bucket}/batch", lines(operation))
    assert (answer.status, len(answer.json()["failed"])) == (422, 1)
    assert call("POST", f"/api/buckets/{bucket}/paths-info", {"paths": [place]}).json() == []
    assert names(call, bucket) == NAMES


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"[]",
        b"1",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        lines({"type": []}),
        lines({"type": "moveFile", "path": "a"}),
        lines({"type": "addFile", "path": "a"}),
        lines({"type": "addFile", "path": 1, "xetHash": "0" * 64}),
        lines({"type": "addFile", "path": "a", "xetHash": ["x"]}),
        *(lines({"type": "addFile", "path": "a", "xetHash": EMPTY, "mtime": time}) for time in TIMES),
        lines({"type": "addFile", "path": "a", "xetHash": "0" * 64, "contentType": 1}),
        lines({"type": "copyFile", "path": "a", "xetHash": "0" * 64, "sourceRepoType": 1, "sourceRepoId": "a/b"}),
        lines({"type": "deleteFile"}),
        lines({"type": "deleteFile", "path": "README.md"}, {"type": "deleteFile", "path": None}),
        b'{"type":"deleteFile","path":"README.md"}\n' * 10_001,
    ],
)
def test_malformed_batches_change_nothing(call: Caller, bucket: str, body: bytes) -> None:
    answer = call("POST", f"/api/buckets/{bucket}/batch", body, **{"Content-Type": "application/x-ndjson"})
    assert answer.status in (400, 413)
    assert names(call, bucket) == NAMES


@pytest.mark.parametrize("xet_hash", ["", "x", "0" * 63, "f" * 64, "../" * 20, "\ud800", "Z" * 64])
def test_unknown_hashes_are_refused(call: Caller, bucket: str, xet_hash: str) -> None:
    for operation in (
        {"type": "addFile", "path": "a", "xetHash": xet_hash},
        {"type": "copyFile", "path": "a", "xetHash": xet_hash, "sourceRepoType": "bucket", "sourceRepoId": bucket},
        {"type": "copyFile", "path": "a", "xetHash": xet_hash, "sourceRepoType": "x", "sourceRepoId": "../.."},
    ):
        answer = call("POST", f"/api/buckets/{bucket}/batch", lines(operation))
        assert (answer.status, answer.json()["succeeded"]) == (422, 0)


WRONG: list[Any] = [None, 1, "x", {}, [1], [None], [["x"]], ["x"] * 10_001]


@pytest.mark.parametrize("value", WRONG)
def test_paths_of_the_wrong_type_are_refused(call: Caller, bucket: str, value: Any) -> None:
    assert call("POST", f"/api/buckets/{bucket}/paths-info", {"paths": value}).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"visibility": "protected"},
        {"visibility": 1},
        {"visibility": []},
        {"private": "yes"},
        {"private": 1},
        [],
        b"x",
    ],
)
def test_settings_of_the_wrong_type_are_refused(call: Caller, bucket: str, body: Any) -> None:
    assert call("PUT", f"/api/buckets/{bucket}/settings", body).status == 400
    assert call("POST", f"/api/buckets/acme/new-{next(_numbers)}", body).status == 400
    assert call("GET", f"/api/buckets/{bucket}").json()["private"] is False


@pytest.mark.parametrize(
    ("extra", "status"), [({"region": "moon"}, 400), ({"region": []}, 400), ({"resourceGroupId": "0"}, 404)]
)
def test_places_that_do_not_exist_are_refused(call: Caller, extra: Any, status: int) -> None:
    assert call("POST", f"/api/buckets/acme/new-{next(_numbers)}", extra).status == status


@pytest.mark.parametrize("name", ["a%2Fb", "..", ".hidden", "x" * 97, "a.git", "a%00b", "-a", "a--b"])
def test_invalid_names_are_refused(call: Caller, name: str) -> None:
    assert call("POST", f"/api/buckets/acme/{name}", {}).status == 400
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/tree"), ("POST", "/batch")):
        assert call(method, f"/api/buckets/acme/{name}{rest}", None if method != "POST" else b"").status == 404


KEEP_CHANGING = """
import sys, time
from pathlib import Path
from hublish.hub.server.bucket_files import BucketFile, opened
folder = Path(sys.argv[1])
print("ready", flush=True)
for number in range(1, 10**9):
    with opened(folder, to_write=True) as files:
        for path in range(200):
            files.put(BucketFile(f"d/{path}", "0" * 64, "0" * 64, number, 0, 0))
"""


def test_a_killed_writer_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    bucket_files.create(tmp_path)
    with subprocess.Popen([sys.executable, "-c", KEEP_CHANGING, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            writer.wait(0.15)
        writer.kill()
    with bucket_files.opened(tmp_path) as files:
        sizes = {file.size for file in files.walk("")}
        assert len(sizes) <= 1
        assert files.totals() == ((200, 200 * sizes.pop()) if sizes else (0, 0))
