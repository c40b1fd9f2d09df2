import concurrent.futures
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    HfApi,
    RepoFile,
    RepoFolder,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
)
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.object_writer import object_id

BLOB = 3
Call = Callable[..., Any]
LARGE = os.urandom(3_000_000)
SMALL = b"0123456789"


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    files = {"a.txt": b"a", "sub/b.txt": b"bb", "sub/deep/c.bin": b"\0" * 2000, "sub-x/d é.txt": b"d"}
    api.create_commit(repo, [CommitOperationAdd(path, data) for path, data in files.items()], commit_message="files")
    return repo


def names(entries: list[RepoFile | RepoFolder]) -> list[str]:
    return [entry.path for entry in entries]


def test_a_folder_lists_its_own_entries_or_all_below_it(api: HfApi, filled: str) -> None:
    assert names(list(api.list_repo_tree(filled))) == ["sub-x", "sub", ".gitattributes", "a.txt"]
    assert names(list(api.list_repo_tree(filled, "sub"))) == ["sub/deep", "sub/b.txt"]
    assert names(list(api.list_repo_tree(filled, "sub", recursive=True))) == ["sub/b.txt", "sub/deep", "sub/deep/c.bin"]


def test_files_show_their_git_id_and_large_files_their_pointer(api: HfApi, filled: str) -> None:
    small, large = api.get_paths_info(filled, ["a.txt", "sub/deep/c.bin"])
    assert isinstance(small, RepoFile)
    assert isinstance(large, RepoFile)
    assert (small.size, small.blob_id, small.lfs) == (1, object_id(BLOB, b"a"), None)
    assert large.lfs is not None
    assert (large.size, large.lfs.size, large.lfs.pointer_size) == (2000, 2000, 129)


@pytest.mark.parametrize("path", ["none", "sub/none", "a.txt", "a.txt/x"])
def test_a_path_that_is_not_a_folder_is_not_found(api: HfApi, filled: str, path: str) -> None:
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(filled, path))


def test_an_unknown_revision_is_not_found(api: HfApi, filled: str) -> None:
    for look in (api.list_repo_files, api.list_repo_commits, api.model_info):
        with pytest.raises(RevisionNotFoundError):
            look(filled, revision="none")


def test_paths_info_omits_missing_paths_and_includes_folders(api: HfApi, filled: str) -> None:
    found = api.get_paths_info(filled, ["sub", "none", "sub-x/d é.txt", "../x", ""])
    assert names(found) == ["sub", "sub-x/d é.txt"]
    assert isinstance(found[0], RepoFolder)


def test_expanded_entries_name_the_last_commit_that_changed_them(api: HfApi, filled: str) -> None:
    commit = api.upload_file(repo_id=filled, path_in_repo="sub/b.txt", path_or_fileobj=b"new", commit_message="newer")
    shown = {entry.path: entry.last_commit for entry in api.list_repo_tree(filled, recursive=True, expand=True)}
    titles = {path: last.title for path, last in shown.items() if last}
    assert titles == {
        ".gitattributes": "initial commit",
        "a.txt": "files",
        "sub-x": "files",
        "sub-x/d é.txt": "files",
        "sub": "newer",
        "sub/b.txt": "newer",
        "sub/deep": "files",
        "sub/deep/c.bin": "files",
    }
    assert shown["sub/b.txt"] is not None
    assert shown["sub/b.txt"].oid == commit.oid


def test_long_listings_are_paged(api: HfApi, repo: str, call: Callable[..., Any]) -> None:
    lines = [
        ("header", {"summary": "many"}),
        *(("file", {"path": f"d{n % 7}/f{n}", "content": ""}) for n in range(1100)),
    ]
    body = b"".join(json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in lines)
    assert call("POST", f"/api/models/{repo}/commit/main", body).status == 200
    assert len(api.list_repo_files(repo)) == 1101
    first = call("GET", f"/api/models/{repo}/tree/main?recursive=true")
    assert len(first.json()) == 1000
    assert 'rel="next"' in first.headers["link"]


def test_a_revision_may_contain_slashes(api: HfApi, filled: str) -> None:
    api.create_branch(filled, branch="feature/one")
    assert "a.txt" in api.list_repo_files(filled, revision="feature/one")
    assert "a.txt" in api.list_repo_files(filled, revision="refs/heads/feature/one")


@pytest.fixture
def stored(api: HfApi, repo: str) -> str:
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=LARGE)
    api.upload_file(repo_id=repo, path_in_repo="sub dir/ä.txt", path_or_fileobj=SMALL)
    return repo


@pytest.mark.parametrize(("path", "size"), [("w.bin", len(LARGE)), ("sub dir/ä.txt", len(SMALL))])
def test_the_metadata_comes_without_a_redirect(api: HfApi, hub: EmbeddedHub, stored: str, path: str, size: int) -> None:
    metadata = get_hf_file_metadata(hf_hub_url(stored, path, endpoint=hub.endpoint), token=hub.token)
    (entry,) = api.get_paths_info(stored, path)
    assert metadata.commit_hash == api.model_info(stored).sha
    assert metadata.size == size
    assert metadata.etag == (entry.lfs.sha256 if entry.lfs else entry.blob_id)  # type: ignore[union-attr]  # a file
    assert metadata.location == hf_hub_url(stored, path, endpoint=hub.endpoint)


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
    call: Call, stored: str, path: str, content: bytes, asked: str, start: int, stop: int | None
) -> None:
    answer = call("GET", f"/{stored}/resolve/main/{path}", Range=asked)
    assert (answer.status, answer.body) == (206, content[start:stop])
    first = start % len(content)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.body) - 1}/{len(content)}"


def test_a_range_beyond_the_end_is_refused(call: Call, stored: str) -> None:
    answer = call("GET", f"/{stored}/resolve/main/w.bin", Range=f"bytes={len(LARGE)}-")
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(LARGE)}"


def test_many_downloads_run_at_once(call: Call, stored: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda _: call("GET", f"/{stored}/resolve/main/w.bin").body, range(48)))
    assert set(bodies) == {LARGE}


def test_a_missing_file_names_the_commit_so_that_absence_is_cached(
    api: HfApi, hub: EmbeddedHub, call: Call, stored: str, home: Path
) -> None:
    for path in ("none.txt", "sub dir", "w.bin/x"):
        with pytest.raises(EntryNotFoundError):
            hf_hub_download(stored, path, endpoint=hub.endpoint, token=hub.token)
    sha = api.model_info(stored).sha
    assert [path.name for path in home.rglob(f".no_exist/{sha}/none.txt")] == ["none.txt"]


def test_a_download_of_an_unknown_revision_is_not_found(hub: EmbeddedHub, stored: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(stored, "w.bin", revision="none", endpoint=hub.endpoint, token=hub.token)


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
def test_no_path_leads_out_of_the_tree(call: Call, stored: str, path: str) -> None:
    answer = call("GET", f"/{stored}/resolve/main/{path}")
    assert (answer.status, answer.headers.get("x-error-code")) == (404, "EntryNotFound")


def test_every_form_of_a_revision_resolves(call: Call, api: HfApi, stored: str) -> None:
    api.create_commit(stored, [CommitOperationAdd("b", b"b")], commit_message="proposal", create_pr=True)
    sha = api.model_info(stored).sha
    for revision in ("main", sha, "refs%2Fpr%2F1", "refs/pr/1", "refs%2Fheads%2Fmain"):
        assert call("GET", f"/{stored}/resolve/{revision}/sub%20dir/%C3%A4.txt").body == SMALL


class TestGating:
    @pytest.fixture
    def gated(self, api: HfApi, stored: str) -> str:
        api.update_repo_settings(stored, gated="manual")
        return stored

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


def test_private_files_are_not_found_by_others(hub: EmbeddedHub, api: HfApi, stored: str) -> None:
    api.update_repo_settings(stored, private=True)
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download(stored, "w.bin", endpoint=hub.endpoint, token=False)
    assert Path(hf_hub_download(stored, "w.bin", endpoint=hub.endpoint, token=hub.token)).stat().st_size == len(LARGE)


def test_raw_files_are_as_git_stores_them(call: Call, stored: str) -> None:
    pointer = call("GET", f"/{stored}/raw/main/w.bin")
    digest = hashlib.sha256(LARGE).hexdigest()
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(LARGE)}\n".encode()
    assert (pointer.status, pointer.body) == (200, text)
    regular = call("GET", f"/{stored}/raw/HEAD/sub%20dir/%C3%A4.txt")
    assert (regular.body, regular.headers["content-type"]) == (SMALL, "text/plain; charset=utf-8")
    assert regular.headers["x-repo-commit"] == pointer.headers["x-repo-commit"]
    for wanted, part in (("bytes=0-6", b"version"), ("bytes=-3", text[-3:])):
        answer = call("GET", f"/{stored}/raw/main/w.bin", Range=wanted)
        assert (answer.status, answer.body) == (206, part)
    assert call("GET", f"/{stored}/raw/main/w.bin", Range="bytes=999-").status == 416


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("main/w.bin", 200, None),
        ("main/none", 404, "EntryNotFound"),
        ("main/sub%20dir", 404, "EntryNotFound"),
        ("main/../w.bin", 404, "EntryNotFound"),
        ("none/w.bin", 404, "RevisionNotFound"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_raw_files_exist_or_not(call: Call, stored: str, method: str, path: str, status: int, code: str | None) -> None:
    answer = call(method, f"/{stored}/raw/{path}")
    assert (answer.status, answer.headers.get("x-error-code")) == (status, code)


def test_raw_files_of_a_gated_repository_need_access(api: HfApi, anonymous: Call, stored: str) -> None:
    api.update_repo_settings(stored, gated="auto")
    for path in ("w.bin", "sub%20dir/%C3%A4.txt"):
        assert anonymous("GET", f"/{stored}/raw/main/{path}").status == 401


XET_FILE, BYTES = "application/vnd.xet-fileinfo+json", "application/octet-stream"


@pytest.mark.parametrize("accept", [XET_FILE, f"{XET_FILE}, */*", "*/*", "application/json"])
def test_a_client_of_xet_can_ask_where_the_content_is(
    api: HfApi, call: Call, connect: Any, hub: EmbeddedHub, repo: str, accept: str, transfer: str
) -> None:
    """The official JavaScript client does so before each download, with the range of one byte."""
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=os.urandom(10_000) + transfer.encode())
    answer = call("GET", f"/{repo}/resolve/main/w.bin", Accept=accept, Range="bytes=0-0")
    by_xet = transfer == "xet" and XET_FILE in accept
    assert (answer.status, answer.headers["content-type"]) == ((200, XET_FILE) if by_xet else (206, BYTES))
    assert ("x-xet-hash" in answer.headers) == (transfer == "xet")
    if not by_xet:
        assert len(answer.body) == 1
        return
    shown = answer.json()
    commit = answer.headers["x-repo-commit"]
    assert shown["hash"] == answer.headers["x-xet-hash"]
    assert (shown["size"], f'"{shown["etag"]}"') == (10_003, answer.headers["x-linked-etag"])
    assert shown["refreshUrl"] == f"{hub.endpoint}/api/models/{repo}/xet-read-token/{commit}"
    links = f'<{shown["refreshUrl"]}>; rel="xet-auth", <{shown["reconstructionUrl"]}>; rel="xet-reconstruction-info"'
    assert answer.headers["link"] == links
    token = call("GET", shown["refreshUrl"]).json()["accessToken"]
    plan = connect(hub.endpoint, token)("GET", shown["reconstructionUrl"])
    assert sum(term["unpacked_length"] for term in plan.json()["terms"]) == 10_003


@pytest.mark.parametrize(("query", "named"), [("", True), ("?noContentDisposition=1", False)])
def test_the_name_of_a_download_can_be_left_out(api: HfApi, call: Call, repo: str, query: str, named: bool) -> None:
    answer = call("GET", f"/{repo}/resolve/main/.gitattributes{query}")
    assert ("content-disposition" in answer.headers) == named
