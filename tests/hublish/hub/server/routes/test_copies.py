from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi, constants

Call = Callable[..., Any]


def test_files_are_copied_from_another_repository(
    api: HfApi, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)  # the client copies only what came by xet
    (tmp_path / "w.bin").write_bytes(b"\0weights" * 999)
    operations = [CommitOperationAdd("w.bin", tmp_path / "w.bin"), CommitOperationAdd("a.txt", b"a")]
    api.create_commit(repo, operations, commit_message="source")
    target = api.create_repo(f"{repo}-copy", repo_type="dataset").repo_id
    copies = [
        CommitOperationCopy(name, f"from/{name}", src_repo_id=repo, src_repo_type="model")
        for name in ("w.bin", "a.txt")
    ]
    api.create_commit(target, copies, commit_message="copied", repo_type="dataset")
    back = Path(api.snapshot_download(target, repo_type="dataset"))
    assert (back / "from/w.bin").read_bytes() == (tmp_path / "w.bin").read_bytes()
    assert (back / "from/a.txt").read_bytes() == b"a"


def test_what_is_not_stored_is_told_file_by_file(call: Call, repo: str) -> None:
    body = {"target": {"type": "model", "name": repo}, "files": [{"sha256": "0" * 64, "filename": "x"}, 1]}
    answer = call("POST", f"/api/models/{repo}/lfs-files/duplicate", body)
    assert [failure["sha256"] for failure in answer.json()["failed"]] == ["0" * 64, ""]


@pytest.mark.parametrize("target", [None, {"type": "model", "name": "../x"}, {"name": "a/b"}])
def test_the_target_must_be_a_repository(call: Call, repo: str, target: object) -> None:
    body = {"target": target, "files": []}
    assert call("POST", f"/api/models/{repo}/lfs-files/duplicate", body).status == 400
