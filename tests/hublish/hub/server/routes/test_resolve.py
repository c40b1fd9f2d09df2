import concurrent.futures
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from hublish.hub.server import EmbeddedHub

Call = Callable[..., Any]
LARGE = os.urandom(3_000_000)
SMALL = b"0123456789"


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=LARGE)
    api.upload_file(repo_id=repo, path_in_repo="sub dir/ä.txt", path_or_fileobj=SMALL)
    return repo


@pytest.mark.parametrize(("path", "size"), [("w.bin", len(LARGE)), ("sub dir/ä.txt", len(SMALL))])
def test_the_metadata_comes_without_a_redirect(api: HfApi, hub: EmbeddedHub, filled: str, path: str, size: int) -> None:
    metadata = get_hf_file_metadata(hf_hub_url(filled, path, endpoint=hub.endpoint), token=hub.token)
    (entry,) = api.get_paths_info(filled, path)
    assert metadata.commit_hash == api.model_info(filled).sha
    assert metadata.size == size
    assert metadata.etag == (entry.lfs.sha256 if entry.lfs else entry.blob_id)  # type: ignore[union-attr]  # a file
    assert metadata.location == hf_hub_url(filled, path, endpoint=hub.endpoint)


@pytest.mark.parametrize(("path", "content"), [("w.bin", LARGE), ("sub%20dir/%C3%A4.txt", SMALL)])
@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=2-5", 2, 6),
        ("bytes=2-", 2, None),
        ("bytes=-3", -3, None),
        ("bytes=0-0", 0, 1),
        ("bytes=4-99999999", 4, None),
    ],
)
def test_ranges_are_served(
    call: Call, filled: str, path: str, content: bytes, asked: str, start: int, stop: int | None
) -> None:
    answer = call("GET", f"/{filled}/resolve/main/{path}", Range=asked)
    assert (answer.status, answer.body) == (206, content[start:stop])
    first = start % len(content)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.body) - 1}/{len(content)}"


def test_a_range_behind_the_end_is_refused(call: Call, filled: str) -> None:
    answer = call("GET", f"/{filled}/resolve/main/w.bin", Range=f"bytes={len(LARGE)}-")
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(LARGE)}"


def test_many_downloads_run_at_once(call: Call, filled: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda _: call("GET", f"/{filled}/resolve/main/w.bin").body, range(48)))
    assert set(bodies) == {LARGE}


def test_a_missing_file_names_the_commit_so_that_absence_is_cached(
    api: HfApi, hub: EmbeddedHub, call: Call, filled: str, home: Path
) -> None:
    for path in ("none.txt", "sub dir", "w.bin/x"):
        with pytest.raises(EntryNotFoundError):
            hf_hub_download(filled, path, endpoint=hub.endpoint, token=hub.token)
    sha = api.model_info(filled).sha
    assert [path.name for path in home.rglob(f".no_exist/{sha}/none.txt")] == ["none.txt"]


def test_an_unknown_revision_is_told(hub: EmbeddedHub, filled: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(filled, "w.bin", revision="none", endpoint=hub.endpoint, token=hub.token)


@pytest.mark.parametrize(
    "path",
    [
        "..%2F..%2F..%2Faccounts.json",
        "../../../accounts.json",
        "%2e%2e/x",
        ".git/config",
        "a%00b",
        "",
        "%2Fetc%2Fpasswd",
    ],
)
def test_no_path_leads_out_of_the_tree(call: Call, filled: str, path: str) -> None:
    answer = call("GET", f"/{filled}/resolve/main/{path}")
    assert (answer.status, answer.headers.get("x-error-code")) == (404, "EntryNotFound")


def test_every_form_of_a_revision_resolves(call: Call, api: HfApi, filled: str) -> None:
    api.create_commit(filled, [CommitOperationAdd("b", b"b")], commit_message="proposal", create_pr=True)
    sha = api.model_info(filled).sha
    for revision in ("main", sha, "refs%2Fpr%2F1", "refs/pr/1", "refs%2Fheads%2Fmain"):
        assert call("GET", f"/{filled}/resolve/{revision}/sub%20dir/%C3%A4.txt").body == SMALL


class TestGating:
    @pytest.fixture
    def gated(self, api: HfApi, filled: str) -> str:
        api.update_repo_settings(filled, gated="manual")
        return filled

    @pytest.mark.parametrize("known", [False, True])
    def test_outsiders_see_the_repository_but_not_its_files(self, hub: EmbeddedHub, gated: str, known: bool) -> None:
        client = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve") if known else False)
        assert client.model_info(gated).gated == "manual"
        with pytest.raises(GatedRepoError):
            client.hf_hub_download(gated, "w.bin")
        with pytest.raises(GatedRepoError):
            client.auth_check(gated)

    def test_members_read_them(self, hub: EmbeddedHub, gated: str) -> None:
        client = HfApi(endpoint=hub.endpoint, token=hub.add_user("ann", orgs=("acme",)))
        client.auth_check(gated)
        assert Path(client.hf_hub_download(gated, "sub dir/ä.txt")).read_bytes() == SMALL


def test_private_files_are_not_found_by_others(hub: EmbeddedHub, api: HfApi, filled: str) -> None:
    api.update_repo_settings(filled, private=True)
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download(filled, "w.bin", endpoint=hub.endpoint, token=False)
    assert Path(hf_hub_download(filled, "w.bin", endpoint=hub.endpoint, token=hub.token)).stat().st_size == len(LARGE)
