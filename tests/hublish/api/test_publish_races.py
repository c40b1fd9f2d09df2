"""Twenty publishers of one release at the same moment: one makes the commit, and all know which one it is."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.values import Receipt
from hublish.hub.server import EmbeddedHub

PUBLISHERS = 20
REPOS: dict[str, dict[str, Any]] = {
    "a new repo": {},
    "a new repo with a tag": {"tag": "v1"},
    "a new branch with a tag": {"tag": "v1", "revision": "next"},
    "a new Space": {"repo_type": "space", "space_sdk": "static", "tag": "v1"},
}


@pytest.mark.parametrize("name", REPOS)
def test_of_twenty_publishers_one_creates_the_commit(
    name: str, tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    repo = {"repo_id": f"acme/{tmp_path.name}", **REPOS[name]}
    manifests = [declare(tmp_path / str(number), repo) for number in range(PUBLISHERS)]
    together = threading.Barrier(PUBLISHERS, timeout=120)

    def publish(manifest: Path) -> Receipt:
        together.wait()
        return hublish.publish(manifest, endpoint=own_hub.endpoint, token=own_hub.token)

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        receipts = list(pool.map(publish, manifests))
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    where = {"repo_id": repo["repo_id"], "repo_type": repo.get("repo_type", "model")}
    commits = api.list_repo_commits(**where, revision=repo.get("revision", "main"))
    assert [commit.title for commit in commits][1:] == ["initial commit"]
    assert [receipt.created for receipt in receipts].count(True) == 1
    assert {(receipt.commit, receipt.tag) for receipt in receipts} == {(commits[0].commit_id, repo.get("tag"))}
    assert all(f"/commit/{receipt.commit}" in receipt.url for receipt in receipts if receipt.url)
    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(**where).tags}
    assert tags == ({repo["tag"]: commits[0].commit_id} if "tag" in repo else {})
    locks = {(manifest.parent / "hub.lock").read_bytes() for manifest in manifests}
    assert len(locks) == 1


def declare(folder: Path, repo: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text('{"layers": 3}')
    path = folder / "hub.yaml"
    path.write_text(json.dumps({"repo": repo, "artifacts": [{"source": "config.json"}]}))
    return path
