import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from hublish.hub.server.git.writing import object_id

Call = Callable[..., Any]


def ask(call: Call, repo: str, path: str, sample: bytes = b"text", size: int = 100, **more: Any) -> dict[str, Any]:
    file = {"path": path, "sample": base64.b64encode(sample).decode(), "size": size}
    answer = call("POST", f"/api/models/{repo}/preupload/main", {"files": [file], **more})
    assert answer.status == 200
    (told,) = answer.json()["files"]
    return dict(told)


@pytest.mark.parametrize(
    ("path", "sample", "size", "mode"),
    [
        ("config.json", b"{}", 2, "regular"),
        ("model.safetensors", b"text", 4, "lfs"),
        ("deep/er/model.SAFETENSORS", b"text", 4, "regular"),
        ("saved_model/variables/x", b"text", 4, "lfs"),
        ("runs/events.out.tfevents.1", b"text", 4, "lfs"),
        ("notes.txt", b"text", (10 << 20) + 1, "lfs"),
        ("notes.txt", b"text", 10 << 20, "regular"),
        ("image", b"\x89PNG\r\n\x1a\n\0\0", 100, "lfs"),
        ("utf8.txt", ("é" * 256).encode()[:511], 9999, "regular"),
        ("latin1.txt", "é".encode("latin-1") * 100, 100, "lfs"),
        ("model.bin", b"", 0, "regular"),
    ],
)
def test_the_mode_follows_the_rules_the_size_and_the_sample(
    call: Call, repo: str, path: str, sample: bytes, size: int, mode: str
) -> None:
    assert ask(call, repo, path, sample, size)["uploadMode"] == mode


def test_the_repository_s_own_attributes_decide(api: HfApi, call: Call, repo: str) -> None:
    rules = b"*.csv filter=lfs diff=lfs merge=lfs -text\n*.bin -filter\n"
    api.upload_file(repo_id=repo, path_in_repo=".gitattributes", path_or_fileobj=rules)
    assert ask(call, repo, "a/b.csv")["uploadMode"] == "lfs"
    assert ask(call, repo, "w.bin", b"\0")["uploadMode"] == "regular"
    assert ask(call, repo, "w.safetensors")["uploadMode"] == "regular"


def test_what_is_there_is_told_by_its_id(api: HfApi, call: Call, repo: str) -> None:
    api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"a")
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=b"\0")
    assert ask(call, repo, "a.txt")["oid"] == object_id(3, b"a")
    assert ask(call, repo, "w.bin")["oid"] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert "oid" not in ask(call, repo, "new.txt")


def test_ignored_files_are_told_and_left_out(api: HfApi, call: Call, repo: str, tmp_path: Path) -> None:
    api.upload_file(repo_id=repo, path_in_repo=".gitignore", path_or_fileobj=b"*.tmp\n/build/\n!keep.tmp\n")
    ignored = {path: ask(call, repo, path)["shouldIgnore"] for path in ("a.tmp", "keep.tmp", "build/x", "sub/build/x")}
    assert ignored == {"a.tmp": True, "keep.tmp": False, "build/x": True, "sub/build/x": False}
    assert ask(call, repo, "a.tmp", gitIgnore="")["shouldIgnore"] is False
    assert ask(call, repo, "a.txt", gitIgnore="*.txt")["shouldIgnore"] is True
    for name in ("a.tmp", "a.txt"):
        (tmp_path / name).write_text("x")
    api.upload_folder(repo_id=repo, folder_path=tmp_path, allow_patterns=["a.*"])
    assert "a.tmp" not in api.list_repo_files(repo)
    assert "a.txt" in api.list_repo_files(repo)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": "x"},
        {"files": [1]},
        {"files": [{"size": 1}]},
        {"files": [{"path": "../x", "size": 1}]},
        {"files": [{"path": "x", "size": -1}]},
        {"files": [{"path": "x", "size": 1, "sample": "%%"}]},
        {"files": [{"path": "x", "size": 1}] * 1001},
    ],
)
def test_requests_that_make_no_sense_are_refused(call: Call, repo: str, body: object) -> None:
    assert call("POST", f"/api/models/{repo}/preupload/main", body).status == 400
