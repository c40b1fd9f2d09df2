"""Objects of repositories that a user may not read, and the ways to make another repository refer to them."""

import base64
import hashlib
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi, constants

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.lfs_pointers import Pointer
from tests.hublish.hub.server.conftest import Answer, Caller

Call = Callable[..., Any]


def fresh(size: int = 9001) -> bytes:
    return random.randbytes(size)


@pytest.fixture
def mallory(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.add_user("mallory"))


@pytest.fixture
def attack(hub: EmbeddedHub, mallory: HfApi) -> Caller:
    mallory.create_repo("mallory/own", exist_ok=True)
    return Caller(hub.endpoint, str(mallory.token))


@pytest.fixture
def secret(api: HfApi, repo: str) -> bytes:
    """Return the content of a large file in a gated repository."""
    content = fresh()
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=content)
    api.update_repo_settings(repo, gated="manual")
    return content


def oid(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def commit(call: Caller, repo: str, *operations: tuple[str, dict[str, Any]], query: str = "") -> Answer:
    lines = [("header", {"summary": "s", "description": ""}), *operations]
    body = "\n".join(json.dumps({"key": key, "value": value}) for key, value in lines).encode()
    return call("POST", f"/api/models/{repo}/commit/main{query}", body)


def batch(call: Caller, repo: str, operation: str, sha256: str, size: int) -> dict[str, Any]:
    body = {"operation": operation, "objects": [{"oid": sha256, "size": size}]}
    [answer] = call("POST", f"/{repo}.git/info/lfs/objects/batch", body).json()["objects"]
    return dict(answer)


def as_large(content: bytes, **changes: Any) -> tuple[str, dict[str, Any]]:
    return "lfsFile", {"path": "w.bin", "algo": "sha256", "oid": oid(content), "size": len(content)} | changes


def as_text(content: bytes, pointer: bytes) -> tuple[str, dict[str, Any]]:
    return "file", {"path": "w.bin", "content": base64.b64encode(pointer).decode(), "encoding": "base64"}


POINTERS: dict[str, Callable[[bytes], tuple[str, dict[str, Any]]]] = {
    "lfsFile": as_large,
    "lfsFile without a size, as in a copy": lambda content: as_large(content, size=None),
    "lfsFile with another size": lambda content: as_large(content, size=1),
    "the text of a pointer": lambda content: as_text(content, Pointer(oid(content), len(content)).serialize()),
    "a pointer without its last line break": lambda content: as_text(
        content, Pointer(oid(content), len(content)).serialize()[:-1]
    ),
    "a pointer with an extension": lambda content: as_text(
        content,
        Pointer(oid(content), len(content)).serialize().replace(b"oid", b"ext-0-a sha256:" + b"0" * 64 + b"\noid", 1),
    ),
    "a pointer as plain text": lambda content: (
        "file",
        {"path": "w.bin", "content": Pointer(oid(content), len(content)).serialize().decode(), "encoding": "utf-8"},
    ),
}


@pytest.mark.parametrize("pointer", POINTERS.values(), ids=POINTERS)
@pytest.mark.parametrize("query", ["", "?create_pr=1"])
def test_a_pointer_to_a_foreign_object_is_refused_like_one_to_nothing(
    attack: Caller, secret: bytes, pointer: Callable[[bytes], tuple[str, dict[str, Any]]], query: str
) -> None:
    nothing = fresh()
    answers = [commit(attack, "mallory/own", pointer(content), query=query) for content in (secret, nothing)]
    assert answers[0].status == 400
    assert answers[0].body.replace(oid(secret).encode(), oid(nothing).encode()) == answers[1].body
    assert attack("GET", "/mallory/own/resolve/main/w.bin").status == 404


@pytest.mark.parametrize("size", [9001, 9000])
def test_a_foreign_object_looks_as_if_it_were_not_stored(attack: Caller, secret: bytes, size: int) -> None:
    """Neither the batch nor an upload reveals it, and the upload of other bytes does not give access to it."""
    assert batch(attack, "mallory/own", "download", oid(secret), size)["error"]["code"] == 404
    answer = batch(attack, "mallory/own", "upload", oid(secret), size)
    assert set(answer) == {"oid", "size", "actions"}
    for other in (b"", secret[:-1], bytes(size)):
        assert attack("PUT", answer["actions"]["upload"]["href"], other).status == 400
    verify = {"oid": oid(secret), "size": len(secret)}
    assert attack("POST", "/mallory/own.git/info/lfs/objects/verify", verify).status == 404
    assert commit(attack, "mallory/own", as_large(secret)).status == 400


def test_a_user_who_has_the_same_bytes_uploads_them_and_uses_them(
    api: HfApi, mallory: HfApi, attack: Caller, transfer: str, repo: str, tmp_path: Path
) -> None:
    """Also with the cache of another user of this machine, who did not have to send them again."""
    (tmp_path / "w.bin").write_bytes(content := fresh(90_000))
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=tmp_path / "w.bin")
    api.update_repo_settings(repo, private=True)
    mallory.upload_file(repo_id="mallory/own", path_in_repo="same.bin", path_or_fileobj=tmp_path / "w.bin")
    assert Path(mallory.hf_hub_download("mallory/own", "same.bin")).read_bytes() == content


def test_a_file_can_be_published_again_after_its_repository_was_deleted(
    mallory: HfApi, attack: Caller, transfer: str, tmp_path: Path
) -> None:
    (tmp_path / "w.bin").write_bytes(content := fresh(90_000))
    for name in ("mallory/first", "mallory/second"):
        mallory.create_repo(name)
        mallory.upload_file(repo_id=name, path_in_repo="w.bin", path_or_fileobj=tmp_path / "w.bin")
        assert Path(mallory.hf_hub_download(name, "w.bin")).read_bytes() == content
        mallory.delete_repo(name)
        assert batch(attack, "mallory/own", "download", oid(content), len(content))["error"]["code"] == 404


def test_a_file_is_copied_from_a_repository_that_the_user_may_read(
    api: HfApi, mallory: HfApi, attack: Caller, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)  # the client copies only xet files
    (tmp_path / "w.bin").write_bytes(content := fresh(90_000))
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=tmp_path / "w.bin")
    copy = CommitOperationCopy("w.bin", "copy.bin", src_repo_id=repo, src_repo_type="model")
    mallory.create_commit("mallory/own", [copy], commit_message="Copy")
    assert Path(mallory.hf_hub_download("mallory/own", "copy.bin")).read_bytes() == content


def test_only_files_of_the_source_are_copied(
    attack: Caller, anonymous: Caller, hub: EmbeddedHub, secret: bytes
) -> None:
    """A public repository is not a way to the objects of others."""
    HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("acme/public", exist_ok=True)
    body = {"target": {"type": "model", "name": "mallory/own"}, "files": [{"sha256": oid(secret), "filename": "w"}]}
    for source in ("acme/public", "mallory/own"):
        assert attack("POST", f"/api/models/{source}/lfs-files/duplicate", body).json()["success"] == []
    assert commit(attack, "mallory/own", as_large(secret)).status == 400


def forget_by_squash(api: HfApi, repo: str) -> None:
    api.delete_file("w.bin", repo)
    api.super_squash_history(repo)


def forget_by_deleting_the_branch(api: HfApi, repo: str) -> None:
    api.super_squash_history(repo, branch="main")
    api.delete_branch(repo, branch="draft")


def forget_by_deleting_the_tag(api: HfApi, repo: str) -> None:
    api.delete_branch(repo, branch="draft")
    api.delete_tag(repo, tag="v1")


@pytest.mark.parametrize(
    "forget",
    [forget_by_squash, forget_by_deleting_the_branch, forget_by_deleting_the_tag],
    ids=lambda how: how.__name__,
)
def test_what_no_ref_reaches_is_not_served(
    api: HfApi, anonymous: Caller, repo: str, forget: Callable[[HfApi, str], None]
) -> None:
    """A repository whose history was cleaned before it became public does not show what was removed."""
    content = fresh()
    branch = "main" if forget is forget_by_squash else "draft"
    if branch != "main":
        api.create_branch(repo, branch=branch)
    adds = [CommitOperationAdd("w.bin", content), CommitOperationAdd("key.txt", b"s3cret-key")]
    old = api.create_commit(repo, adds, commit_message="x", revision=branch).oid
    if forget is forget_by_deleting_the_tag:
        api.create_tag(repo, tag="v1", revision=branch)
    assert anonymous("GET", f"/{repo}/resolve/{old}/w.bin").body == content
    assert "actions" in batch(anonymous, repo, "download", oid(content), len(content))
    href = batch(anonymous, repo, "download", oid(content), len(content))["actions"]["download"]["href"]
    forget(api, repo)
    for revision in (old, str(old)[:9]):
        for path in ("w.bin", "key.txt"):
            assert anonymous("GET", f"/{repo}/resolve/{revision}/{path}").status == 404
        for path in (f"tree/{revision}", f"commits/{revision}", f"revision/{revision}"):
            assert anonymous("GET", f"/api/models/{repo}/{path}").status == 404
    assert batch(anonymous, repo, "download", oid(content), len(content))["error"]["code"] == 404
    assert anonymous("GET", href).status == 404


def test_a_signed_download_ends_with_the_access(api: HfApi, anonymous: Caller, repo: str) -> None:
    content = fresh()
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=content)
    href = batch(anonymous, repo, "download", oid(content), len(content))["actions"]["download"]["href"]
    assert anonymous("GET", href).body == content
    for change in ({"gated": "manual"}, {"private": True}):
        api.update_repo_settings(repo, **change)
        assert anonymous("GET", href).status in (401, 404)


def test_a_xet_token_and_its_addresses_end_with_the_access(
    api: HfApi, anonymous: Caller, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    (tmp_path / "w.bin").write_bytes(fresh(90_000))
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=tmp_path / "w.bin")
    digest = anonymous("GET", f"/api/models/{repo}/tree/main?recursive=1").json()[-1]["xetHash"]
    token = anonymous("GET", f"/api/models/{repo}/xet-read-token/main").json()
    reader = Caller(anonymous.endpoint, token["accessToken"])
    plan = f"{token['casUrl']}/v1/reconstructions/{digest}"
    [[fetch]] = reader("GET", plan).json()["fetch_info"].values()
    whole = "bytes={start}-{end}".format(**fetch["url_range"])
    assert anonymous("GET", fetch["url"], Range=whole).status == 206
    api.update_repo_settings(repo, private=True)
    assert reader("GET", plan).status == 404
    assert anonymous("GET", fetch["url"], Range=whole).status == 404


def test_an_address_of_shared_chunks_does_not_open_the_rest_of_their_xorb(
    api: HfApi, hub: EmbeddedHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client deduplicates: a public file may consist of a part of a xorb that a private file brought."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    shared, rest = fresh(400_000), fresh(900_000)
    for name, content in (("private", shared + rest), ("public", shared)):
        (tmp_path / name).write_bytes(content)
        api.create_repo(f"acme/xorb-{name}", private=name == "private")
        api.upload_file(repo_id=f"acme/xorb-{name}", path_in_repo="w.bin", path_or_fileobj=tmp_path / name)
    anyone = Caller(hub.endpoint)
    digest = anyone("GET", "/api/models/acme/xorb-public/tree/main").json()[-1]["xetHash"]
    token = anyone("GET", "/api/models/acme/xorb-public/xet-read-token/main").json()
    plan = Caller(hub.endpoint, token["accessToken"])("GET", f"{token['casUrl']}/v2/reconstructions/{digest}").json()
    refused = 0
    for fetches in plan["xorbs"].values():
        for fetch in fetches:
            first, last = (fetch["ranges"][0]["bytes"][end] for end in ("start", "end"))
            assert anyone("GET", fetch["url"], Range=f"bytes={first}-{last}").status == 206
            for beyond in (f"bytes={first}-{last + 1}", f"bytes={first}-", "bytes=-99", "bytes=0-1,5-9", "items=0-1"):
                answer = anyone("GET", fetch["url"], Range=beyond)
                assert not [at for at in range(0, len(rest) - 32, 64) if rest[at : at + 32] in answer.body]
                refused += answer.status == 403
    assert refused >= 4
    back = Path(HfApi(endpoint=hub.endpoint, token=False).hf_hub_download("acme/xorb-public", "w.bin"))
    assert back.read_bytes() == shared


def test_a_pull_request_to_a_gated_repository_does_not_open_it(
    hub: EmbeddedHub, mallory: HfApi, attack: Caller, repo: str, secret: bytes
) -> None:
    """Anybody may propose changes to it, even such that refer to its own files."""
    assert commit(attack, repo, as_large(secret, path="copy.bin"), query="?create_pr=1").status == 200
    assert commit(attack, "mallory/own", as_large(secret)).status == 400
    for path in ("main/w.bin", "refs%2Fpr%2F1/copy.bin", "refs%2Fpr%2F1/w.bin"):
        assert attack("GET", f"/{repo}/resolve/{path}").status == 403
    token = attack("GET", f"/api/models/{repo}/xet-write-token/None?create_pr=1").json()
    writer = Caller(hub.endpoint, token["accessToken"])
    assert writer("GET", f"{token['casUrl']}/v1/reconstructions/{'0' * 64}").status == 403
    assert attack("GET", f"/api/models/{repo}/discussions/1?diff=1").json().get("diff") is None


def test_objects_stay_available_after_a_restart_and_a_move(tmp_path: Path) -> None:
    content = fresh()
    with EmbeddedHub(tmp_path) as hub:
        ann = HfApi(endpoint=hub.endpoint, token=hub.add_user("ann"))
        ann.create_repo("ann/x")
        href = batch(Caller(hub.endpoint, str(ann.token)), "ann/x", "upload", oid(content), len(content))
        path = href["actions"]["upload"]["href"].removeprefix(hub.endpoint)
        assert Caller(hub.endpoint)("PUT", path, content).status == 200
    with EmbeddedHub(tmp_path) as hub:
        call = Caller(hub.endpoint, str(ann.token))
        assert "actions" not in batch(call, "ann/x", "upload", oid(content), len(content))
        assert commit(call, "ann/x", as_large(content)).status == 200
        HfApi(endpoint=hub.endpoint, token=str(ann.token)).move_repo("ann/x", "ann/y")
    with EmbeddedHub(tmp_path) as hub:
        assert "actions" in batch(Caller(hub.endpoint), "ann/y", "download", oid(content), len(content))
        assert Caller(hub.endpoint)("GET", "/ann/y/resolve/main/w.bin").body == content
        assert Caller(hub.endpoint)("GET", "/ann/x/resolve/main/w.bin").body == content


def test_git_does_not_fetch_what_no_ref_reaches(api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path) -> None:
    old = api.upload_file(repo_id=repo, path_in_repo="key.txt", path_or_fileobj=b"s3cret-key").oid
    api.delete_file("key.txt", repo)
    api.super_squash_history(repo)
    subprocess.run(["git", "init", "-q", str(tmp_path / "clone")], check=True)
    command = ["git", "-C", str(tmp_path / "clone"), "fetch", "-q", f"{hub.endpoint}/{repo}"]
    assert subprocess.run([*command, "main"], capture_output=True, timeout=60).returncode == 0
    assert subprocess.run([*command, str(old)], capture_output=True, timeout=60).returncode != 0
