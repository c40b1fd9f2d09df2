"""Copies of repositories, with the real client."""

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, SpaceHardware
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub

_numbers = itertools.count()


@pytest.fixture
def source(api: HfApi, repo: str) -> str:
    adds = [CommitOperationAdd("w.safetensors", b"large"), CommitOperationAdd("a/b.txt", b"small")]
    api.create_commit(repo, adds, commit_message="First")
    api.create_tag(repo, tag="v1", tag_message="First")
    api.create_branch(repo, branch="side")
    api.upload_file(repo_id=repo, path_in_repo="s.txt", path_or_fileobj=b"side", revision="side")
    return repo


@pytest.fixture
def copy() -> str:
    return f"copies/c-{next(_numbers)}"


def test_a_copy_has_the_files_the_history_and_the_refs(api: HfApi, hub: EmbeddedHub, source: str, copy: str) -> None:
    url = api.duplicate_repo(source, copy)
    assert (url.repo_id, url.files_copy_pending) == (copy, False)
    for revision in (None, "v1", "side"):
        assert api.list_repo_commits(copy, revision=revision) == api.list_repo_commits(source, revision=revision)
    refs = api.list_repo_refs(copy, include_pull_requests=True)
    assert [ref.name for ref in (*refs.branches, *refs.tags)] == ["main", "side", "v1"]
    assert Path(api.hf_hub_download(copy, "w.safetensors")).read_bytes() == b"large"
    path = hub.root / "repos" / "models" / f"{copy}.git"
    subprocess.run(["git", "fsck", "--strict"], cwd=path, check=True, capture_output=True)


def test_a_copy_and_its_source_change_apart(api: HfApi, source: str, copy: str) -> None:
    api.duplicate_repo(source, copy)
    api.upload_file(repo_id=copy, path_in_repo="new.txt", path_or_fileobj=b"new")
    assert not api.file_exists(source, "new.txt")
    api.delete_repo(source)
    assert Path(api.hf_hub_download(copy, "w.safetensors")).read_bytes() == b"large"


def test_pull_requests_and_unreachable_commits_are_not_copied(
    api: HfApi, hub: EmbeddedHub, source: str, copy: str
) -> None:
    api.upload_file(repo_id=source, path_in_repo="secret.txt", path_or_fileobj=b"the launch code")
    hidden = [api.list_repo_commits(source)[0].commit_id]
    api.super_squash_history(source)
    api.delete_file("secret.txt", source)
    api.super_squash_history(source)
    api.upload_file(repo_id=source, path_in_repo="pr.txt", path_or_fileobj=b"proposed", create_pr=True)
    hidden.append(api.list_repo_commits(source, revision="refs/pr/1")[0].commit_id)
    api.duplicate_repo(source, copy)
    path = hub.root / "repos" / "models" / f"{copy}.git"
    for commit in hidden:
        assert subprocess.run(["git", "cat-file", "-e", commit], cwd=path, capture_output=True).returncode != 0
    assert list(api.get_repo_discussions(copy)) == []


def test_visibility_and_gating_are_kept_unless_changed(api: HfApi, source: str, copy: str) -> None:
    api.update_repo_settings(source, private=True, gated="manual")
    api.duplicate_repo(source, copy)
    info = api.model_info(copy)
    assert (info.private, info.gated) == (True, "manual")
    api.duplicate_repo(source, f"{copy}-public", private=False)
    info = api.model_info(f"{copy}-public")
    assert (info.private, info.gated) == (False, "manual")


def test_an_existing_name_is_refused_or_accepted(api: HfApi, source: str, copy: str) -> None:
    api.create_repo(copy)
    with pytest.raises(HfHubHTTPError) as caught:
        api.duplicate_repo(source, copy)
    assert caught.value.response.status_code == 409
    assert api.duplicate_repo(source, copy, exist_ok=True).repo_id == copy
    assert api.list_repo_files(copy) == [".gitattributes"]


def test_only_readers_copy_and_only_to_their_own_namespace(api: HfApi, hub: EmbeddedHub, source: str) -> None:
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))
    assert eve.duplicate_repo(source).repo_id == f"eve/{source.split('/')[1]}"
    with pytest.raises(HfHubHTTPError, match="namespace"):
        eve.duplicate_repo(source, "acme/taken")
    api.update_repo_settings(source, gated="manual")
    with pytest.raises(GatedRepoError):
        eve.duplicate_repo(source, "eve/gated")
    api.grant_access(source, "eve")
    copied = eve.duplicate_repo(source, f"eve/gated-{source.split('/')[1]}").repo_id
    with pytest.raises(GatedRepoError):
        HfApi(endpoint=hub.endpoint, token=hub.add_user("mallory")).auth_check(copied)
    api.update_repo_settings(source, private=True)
    with pytest.raises(RepositoryNotFoundError):
        eve.duplicate_repo(source, "eve/private")
    assert not eve.repo_exists("eve/private")


@pytest.mark.parametrize("target", ["", "eve", "eve/..", "../x", "eve/a/b", "eve/x.git"])
def test_names_the_hub_does_not_allow_are_refused(source: str, call: Any, target: str) -> None:
    assert call("POST", f"/api/models/{source}/duplicate", {"repository": target}).status == 400


def test_a_space_is_copied_with_its_variables_and_without_its_secrets(api: HfApi, copy: str) -> None:
    source = api.create_repo(f"{copy}-source", repo_type="space", space_sdk="gradio").repo_id
    api.add_space_variable(source, "A", "1")
    api.add_space_secret(source, "S", "secret")
    api.duplicate_repo(
        source,
        copy,
        repo_type="space",
        space_hardware=SpaceHardware.T4_MEDIUM,
        space_variables=[{"key": "B", "value": "2"}],
        space_secrets=[{"key": "T", "value": "other"}],
    )
    assert {key: found.value for key, found in api.get_space_variables(copy).items()} == {"A": "1", "B": "2"}
    assert set(api.get_space_secrets(copy)) == {"T"}
    assert api.get_space_runtime(copy).requested_hardware == "t4-medium"
    assert api.space_info(copy).sdk == "gradio"


def test_a_dataset_is_copied(api: HfApi, copy: str) -> None:
    source = api.create_repo(f"{copy}-source", repo_type="dataset").repo_id
    assert api.duplicate_repo(source, copy, repo_type="dataset").repo_type == "dataset"
    assert api.dataset_info(copy).sha == api.dataset_info(source).sha
