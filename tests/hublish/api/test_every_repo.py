"""Publish and rehearse every type of repo and every SDK of a Space: new and existing, with every way to release."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, close_session

import hublish
from hublish.base.errors import HublishError
from hublish.base.values import Receipt
from hublish.hub.server import EmbeddedHub

KINDS: dict[str, dict[str, Any]] = {
    "model": {"repo_type": "model"},
    "dataset": {"repo_type": "dataset"},
    "kernel": {"repo_type": "kernel"},
    "static": {"repo_type": "space", "space_sdk": "static"},
    "gradio": {"repo_type": "space", "space_sdk": "gradio"},
    "docker": {"repo_type": "space", "space_sdk": "docker"},
    "streamlit": {"repo_type": "space", "space_sdk": "streamlit"},
}
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "with a tag": {"tag": "v1"},
    "to a branch": {"revision": "next"},
    "to a branch with a tag": {"revision": "feature/x", "tag": "v1"},
    "as a pull request": {"create_pr": True},
    "private": {"visibility": "private", "tag": "v1"},
    "gated": {"gated": "manual"},
    "private and gated, to a branch": {"visibility": "private", "gated": "auto", "revision": "next"},
    "protected": {"visibility": "protected", "tag": "v1"},
}
SPACES = [kind for kind in KINDS if KINDS[kind]["repo_type"] == "space"]
ROWS = [(kind, way) for kind in KINDS for way in WAYS if kind in SPACES or way != "protected"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture
def api(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.token)


def project(folder: Path, repo: dict[str, Any], files: dict[str, str], **more: Any) -> Path:
    """Write files and a hub.yaml that releases them; return the manifest."""
    for name, text in files.items():
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_text(text)
    manifest = folder / "hub.yaml"
    manifest.write_text(json.dumps({"repo": repo, "artifacts": [{"source": "files/"}], **more}))
    return manifest


def publish(manifest: Path, hub: EmbeddedHub) -> Receipt:
    return hublish.publish(manifest, endpoint=hub.endpoint, token=hub.token)


@pytest.mark.parametrize("state", ["new", "existing"])
@pytest.mark.parametrize(("kind", "way"), ROWS)
def test_a_release_arrives_in_one_commit_and_the_second_run_has_nothing_to_do(
    kind: str, way: str, state: str, tmp_path: Path, hub: EmbeddedHub, api: HfApi, by_lfs: None
) -> None:
    repo = {"repo_id": f"acme/{state}-{kind}-{way.replace(' ', '-').replace(',', '')}", **KINDS[kind], **WAYS[way]}
    kept = {"repo_type": repo["repo_type"]}
    if state == "existing":
        api.create_repo(repo["repo_id"], space_sdk=repo.get("space_sdk"), **kept)
        api.upload_file(path_or_fileobj=b"theirs", path_in_repo="theirs.txt", repo_id=repo["repo_id"], **kept)
    readme = f"---\ntitle: Mine\nsdk: {kind}\n---\n# Mine\n" if kind in SPACES else "---\nlicense: mit\n---\n# Mine\n"
    manifest = project(tmp_path, repo, {"app.py": "print(1)\n", "README.md": readme})
    receipt = publish(manifest, hub)
    assert (receipt.created, receipt.verified, receipt.tag) == (True, True, repo.get("tag"))
    assert (receipt.pull_request is not None) == bool(repo.get("create_pr"))
    files = api.list_repo_files(repo["repo_id"], revision=receipt.revision, **kept)
    assert {"app.py", "README.md", "hub.yaml"} <= set(files)
    assert ("theirs.txt" in files) == (state == "existing")
    path = api.hf_hub_download(repo["repo_id"], "README.md", revision=receipt.commit, local_dir=tmp_path / "d", **kept)
    assert Path(path).read_text() == readme
    info = api.repo_info(repo["repo_id"], **kept)
    assert info.private == (repo.get("visibility") == "private")
    assert getattr(info, "gated", None) in (repo.get("gated", False), None)
    again = hublish.plan(manifest, endpoint=hub.endpoint, token=hub.token)
    assert again.nothing_to_do, again


@pytest.mark.parametrize("way", ["plain", "as a pull request", "private and gated, to a branch"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_rehearsal_of_every_type_equals_its_release(kind: str, way: str, tmp_path: Path, by_lfs: None) -> None:
    repo = {"repo_id": "acme/rehearsed", **KINDS[kind], **WAYS[way]}
    assert hublish.rehearse(project(tmp_path, repo, {"app.py": "print(1)\n"})).same


@pytest.mark.parametrize("kind", SPACES)
def test_the_files_that_the_hub_adds_to_a_new_space_stay(
    kind: str, tmp_path: Path, hub: EmbeddedHub, api: HfApi, by_lfs: None
) -> None:
    repo = {"repo_id": f"acme/bare-{kind}", **KINDS[kind]}
    assert publish(project(tmp_path, repo, {"app.py": "print(1)\n"}), hub).created
    files = api.list_repo_files(repo["repo_id"], repo_type="space")
    assert set(files) == {".gitattributes", "README.md", "app.py", "hub.yaml"}


REFUSED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a card that the Hub rejects": ({"README.md": "---\nlicense: [not-a-license]\n---\n"}, {}),
    "a file that its own .gitignore drops": ({".gitignore": "*.py\n"}, {}),
    "a lock that cannot be written": ({}, {}),
}


@pytest.mark.parametrize("reason", REFUSED)
@pytest.mark.parametrize("kind", ["model", "static"])
def test_nothing_is_created_for_a_release_that_is_refused(
    kind: str, reason: str, tmp_path: Path, hub: EmbeddedHub, api: HfApi, by_lfs: None
) -> None:
    repo = {"repo_id": f"acme/refused-{kind}-{len(reason)}", **KINDS[kind]}
    files, more = REFUSED[reason]
    manifest = project(tmp_path, repo, {"app.py": "print(1)\n", **files}, **more)
    if "lock" in reason:
        (tmp_path / "hub.lock").mkdir()
    with pytest.raises(HublishError):
        publish(manifest, hub)
    assert not api.repo_exists(repo["repo_id"], repo_type=repo["repo_type"])
