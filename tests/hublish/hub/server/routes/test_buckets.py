"""Buckets with the real client and real xet transfers: contents, listings, copies, rights, and malformed requests."""

import itertools
import json
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, HfFileSystem, constants
from huggingface_hub.errors import BucketBatchError, BucketNotFoundError, EntryNotFoundError, HfHubHTTPError

from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server.conftest import Caller

_numbers = itertools.count(1)
FILES = {
    "README.md": b"# Logs",
    "logs/a.txt": b"a" * 70_000,
    "logs/sub/b.txt": b"b",
    "logs.json": b"{}",
    "logs_old/c": b"c",
}


@pytest.fixture(autouse=True)
def xet(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)


@pytest.fixture
def bucket(api: HfApi) -> str:
    return api.create_bucket(f"acme/bucket-{next(_numbers)}").bucket_id


@pytest.fixture
def filled(api: HfApi, bucket: str) -> str:
    api.batch_bucket_files(bucket, add=[(content, path) for path, content in FILES.items()])
    return bucket


@pytest.fixture
def eve(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))


def paths(api: HfApi, bucket: str, prefix: str | None = None, *, recursive: bool | None = None) -> list[str]:
    return [entry.path for entry in api.list_bucket_tree(bucket, prefix, recursive=recursive)]


def status_of(call: Callable[[], object]) -> int:
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    return int(caught.value.response.status_code)


def lines(*values: Any) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values)


def test_a_bucket_is_created_described_and_deleted(api: HfApi, hub: EmbeddedHub) -> None:
    name = f"bucket-{next(_numbers)}"
    made = api.create_bucket(name)
    assert (made.bucket_id, made.url) == (f"me/{name}", f"{hub.endpoint}/buckets/me/{name}")
    assert status_of(lambda: api.create_bucket(name)) == 409
    assert api.create_bucket(f"ME/{name.upper()}", exist_ok=True) == made
    found = api.bucket_info(f"me/{name}")
    assert (found.id, found.private, found.size, found.total_files) == (f"me/{name}", False, 0, 0)
    assert f"me/{name}" in [one.id for one in api.list_buckets()]
    assert [one.id for one in api.list_buckets("me", search=name.upper())] == [f"me/{name}"]
    api.update_bucket_settings(f"me/{name}", private=True)
    assert api.bucket_info(f"me/{name}").private
    api.delete_bucket(f"me/{name}")
    api.delete_bucket(f"me/{name}", missing_ok=True)
    with pytest.raises(BucketNotFoundError):
        api.delete_bucket(f"me/{name}")
    assert api.create_bucket(name, visibility="private").bucket_id == f"me/{name}"


def test_names_without_a_namespace_are_missing_buckets(api: HfApi) -> None:
    assert status_of(lambda: api.bucket_info("data")) == 404
    assert status_of(lambda: api.delete_bucket("data")) == 404
    assert status_of(lambda: [*api.list_buckets("unknown-owner")]) == 404


def test_files_come_back_as_they_were_sent(api: HfApi, filled: str, tmp_path: Path) -> None:
    api.batch_bucket_files(filled, add=[(b"", "empty")])
    found = api.bucket_info(filled)
    assert (found.total_files, found.size) == (len(FILES) + 1, sum(map(len, FILES.values())))
    api.download_bucket_files(filled, [(path, tmp_path / path) for path in (*FILES, "empty")])
    assert {path: (tmp_path / path).read_bytes() for path in FILES} == FILES
    assert (tmp_path / "empty").read_bytes() == b""
    with pytest.raises(EntryNotFoundError):
        api.download_bucket_files(filled, [("nothing", tmp_path / "x")], raise_on_missing_files=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        api.download_bucket_files(filled, [("nothing", tmp_path / "x"), ("logs.json", tmp_path / "y")])
    assert any("nothing" in str(warning.message) for warning in caught)
    assert (tmp_path / "y").read_bytes() == b"{}"


def test_listings_match_the_beginning_of_paths(api: HfApi, filled: str) -> None:
    everything = sorted(FILES)
    assert paths(api, filled) == everything
    assert paths(api, filled, recursive=False) == ["README.md", "logs.json", "logs", "logs_old"]
    assert paths(api, filled, "logs") == ["logs.json", "logs/a.txt", "logs/sub/b.txt", "logs_old/c"]
    assert paths(api, filled, "logs", recursive=False) == ["logs.json", "logs/a.txt", "logs/sub", "logs_old"]
    assert paths(api, filled, "logs/", recursive=False) == ["logs/a.txt", "logs/sub"]
    assert paths(api, filled, "logs/sub/b.txt", recursive=False) == ["logs/sub/b.txt"]
    assert paths(api, filled, "nothing") == []
    times = [entry.uploaded_at for entry in api.list_bucket_tree(filled, recursive=False)]
    assert all(isinstance(time, datetime) for time in times)


@pytest.mark.parametrize("recursive", ["true", "false"])
def test_pages_lead_to_each_other(call: Caller, api: HfApi, bucket: str, recursive: str) -> None:
    wanted = [f"{folder}{name}" for folder in ("", "d/", "d/e/", "f/") for name in ("1", "2", "zz", "é", "日")]
    api.batch_bucket_files(bucket, add=[(b"x", path) for path in wanted])
    for size in (1, 2, 7):
        found, path = [], f"/api/buckets/{bucket}/tree?recursive={recursive}&limit={size}"
        while path:
            answer = call("GET", path)
            assert len(answer.json()) <= size
            found += [shown["path"] for shown in answer.json()]
            path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
        assert found == (sorted(wanted) if recursive == "true" else ["1", "2", "d", "f", "zz", "é", "日"])


def test_the_file_system_reads_and_writes(hub: EmbeddedHub, filled: str) -> None:
    files = HfFileSystem(endpoint=hub.endpoint, token=hub.token, skip_instance_cache=True)
    root = f"hf://buckets/{filled}"
    assert sorted(str(name) for name in files.ls(root, detail=False)) == [
        f"buckets/{filled}/{name}" for name in ("README.md", "logs", "logs.json", "logs_old")
    ]
    assert files.glob(f"{root}/logs/*") == [f"buckets/{filled}/logs/a.txt", f"buckets/{filled}/logs/sub"]
    assert files.cat(f"{root}/logs/a.txt") == FILES["logs/a.txt"]
    with files.open(f"{root}/logs/a.txt") as file:
        file.seek(69_998)
        assert file.read() == b"aa"
    with files.open(f"{root}/new/file.txt", "w") as text:
        text.write("written")
    assert files.cat(f"{root}/new/file.txt") == b"written"
    files.cp_file(f"{root}/new/file.txt", f"{root}/new/copy.txt")
    files.rm(f"{root}/new/file.txt")
    assert files.ls(f"{root}/new", detail=False) == [f"buckets/{filled}/new/copy.txt"]
    assert files.glob(f"{root}/log/*") == []
    with pytest.raises(FileNotFoundError):
        files.ls(f"{root}/log")


def test_bytes_are_served_with_ranges_and_headers(call: Caller, api: HfApi, filled: str) -> None:
    address = f"/buckets/{filled}/resolve/logs%2Fa.txt"
    (known,) = api.get_bucket_paths_info(filled, ["logs/a.txt"])
    head = call("HEAD", address)
    assert head.headers["etag"] == f'"{known.xet_hash}"'
    assert head.headers["x-xet-hash"] == known.xet_hash
    assert head.headers["x-linked-size"] == head.headers["content-length"] == "70000"
    assert f"/api/buckets/{filled}/xet-read-token" in head.headers["link"]
    assert call("GET", address).body == call("GET", f"/buckets/{filled}/resolve/logs/a.txt").body == FILES["logs/a.txt"]
    part = call("GET", address, Range="bytes=69990-")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"a" * 10, "bytes 69990-69999/70000")
    assert call("GET", address, Range="bytes=70000-").status == 416
    assert "content-disposition" in part.headers
    assert "content-disposition" not in call("GET", f"{address}?noContentDisposition=1").headers
    for path in ("nothing", "logs", "..%2F..%2Faccounts.json", "a%00", ""):
        missing = call("GET", f"/buckets/{filled}/resolve/{path}")
        assert (missing.status, missing.headers["x-error-code"]) == (404, "EntryNotFound")


def test_a_client_of_xet_can_ask_where_the_content_is(call: Caller, hub: EmbeddedHub, api: HfApi, filled: str) -> None:
    """The official JavaScript client does so before each download, with the range of one byte."""
    accept = "application/vnd.xet-fileinfo+json"
    answer = call("GET", f"/buckets/{filled}/resolve/logs/a.txt", Accept=f"{accept}, */*", Range="bytes=0-0")
    assert (answer.status, answer.headers["content-type"]) == (200, accept)
    shown = answer.json()
    assert shown["refreshUrl"] == f"{hub.endpoint}/api/buckets/{filled}/xet-read-token"
    assert (shown["size"], shown["etag"]) == (70_000, answer.headers["x-xet-hash"])
    token = call("GET", shown["refreshUrl"]).json()["accessToken"]
    plan = Caller(hub.endpoint, token)("GET", shown["reconstructionUrl"]).json()
    assert sum(term["unpacked_length"] for term in plan["terms"]) == 70_000


def test_copies_need_no_upload(api: HfApi, filled: str, repo: str) -> None:
    large = b"weights" * 3000
    text = api.create_commit(
        repo, [CommitOperationAdd("w.bin", large), CommitOperationAdd("a.txt", b"t")], commit_message="x"
    )
    assert text.oid
    target = api.create_bucket(f"acme/copies-{next(_numbers)}").bucket_id
    api.copy_files(f"hf://{repo}/", f"hf://buckets/{target}/repo/")
    api.copy_files(f"hf://buckets/{filled}/logs/", f"hf://buckets/{target}/logs")
    assert paths(api, target) == ["logs/a.txt", "logs/sub/b.txt", "repo/a.txt", "repo/w.bin"]
    with patch("huggingface_hub._buckets.time.time", return_value=1700000000.123):
        api.copy_files(f"hf://buckets/{target}/repo/w.bin", f"hf://buckets/{target}/w.bin")
    (copied,) = api.get_bucket_paths_info(target, ["w.bin"])
    assert copied.mtime == datetime.fromtimestamp(1700000000.123, UTC)
    files = HfFileSystem(endpoint=api.endpoint, token=api.token, skip_instance_cache=True)
    assert files.cat(f"buckets/{target}/w.bin") == large


def test_operations_that_fail_are_listed_and_others_applied(api: HfApi, filled: str) -> None:
    (known,) = api.get_bucket_paths_info(filled, ["logs.json"])
    bogus = ("bucket", filled, "0" * 64, "bogus.txt")
    with pytest.raises(BucketBatchError) as caught:
        api.batch_bucket_files(filled, copy=[("bucket", filled, known.xet_hash, "copy.txt"), bogus])
    assert caught.value.response.status_code == 200
    assert [failure["path"] for failure in caught.value.failures] == ["bogus.txt"]
    with pytest.raises(BucketBatchError) as caught:
        api.batch_bucket_files(filled, copy=[bogus])
    assert caught.value.response.status_code == 422
    assert paths(api, filled) == sorted([*FILES, "copy.txt"])
    api.batch_bucket_files(filled, delete=["copy.txt", "never there"])
    assert paths(api, filled) == sorted(FILES)


def test_a_private_bucket_looks_like_a_missing_one(hub: EmbeddedHub, api: HfApi, eve: HfApi, filled: str) -> None:
    api.update_bucket_settings(filled, private=True)
    missing = "acme/nothing-here"
    (known,) = api.get_bucket_paths_info(filled, ["logs.json"])
    requests: list[tuple[str, str, Any]] = [
        ("GET", f"/api/buckets/B{rest}", None) for rest in ("", "/tree", "/tree/logs")
    ]
    requests += [("GET", f"/api/buckets/B/xet-{kind}-token", None) for kind in ("read", "write")]
    requests += [("GET", "/buckets/B/resolve/logs.json", None), ("DELETE", "/api/buckets/B", None)]
    requests += [
        ("POST", "/api/buckets/B/paths-info", {"paths": ["logs.json"]}),
        ("PUT", "/api/buckets/B/settings", {}),
    ]
    requests += [("POST", "/api/buckets/B/batch", lines({"type": "deleteFile", "path": "logs.json"}))]
    requests += [("POST", "/api/repos/move", {"type": "bucket", "fromRepo": "B", "toRepo": "eve/mine"})]
    reader = hub.add_user("eve", role="read")
    for token, (method, path, body) in itertools.product((str(eve.token), reader, None, "hf_unknown"), requests):
        caller = Caller(hub.endpoint, token)
        shown = []
        for name in (filled, missing, filled.upper()):
            sent = json.dumps(body).replace('"B"', f'"{name}"').encode() if isinstance(body, dict) else body
            answer = caller(method, path.replace("B", name, 1), sent)
            shown.append((answer.status, answer.body, set(answer.headers)))
        assert shown[0] == shown[1] == shown[2], (method, path)
        assert shown[0][0] in (401, 404)
    assert filled not in [one.id for one in eve.list_buckets("acme")]
    with pytest.raises(BucketNotFoundError):
        eve.bucket_info(filled)
    own = eve.create_bucket(f"own-{next(_numbers)}").bucket_id
    for copy in (("bucket", filled, known.xet_hash, "stolen"), ("bucket", own, known.xet_hash, "stolen")):
        with pytest.raises(BucketBatchError):
            eve.batch_bucket_files(own, copy=[copy])
    stolen = {"type": "addFile", "path": "stolen", "xetHash": known.xet_hash}
    assert Caller(hub.endpoint, str(eve.token))("POST", f"/api/buckets/{own}/batch", lines(stolen)).status == 422
    assert paths(api, filled) == sorted(FILES)


def test_files_of_gated_repositories_are_not_copied(api: HfApi, eve: HfApi, repo: str) -> None:
    api.create_commit(repo, [CommitOperationAdd("w.bin", b"gated weights" * 999)], commit_message="x")
    api.update_repo_settings(repo, gated="manual")
    (known,) = eve.get_paths_info(repo, ["w.bin"])
    own = eve.create_bucket(f"own-{next(_numbers)}").bucket_id
    with pytest.raises(BucketBatchError):
        eve.batch_bucket_files(own, copy=[("model", repo, str(getattr(known, "xet_hash")), "w.bin")])  # noqa: B009


def test_only_owners_with_a_write_token_change_a_bucket(hub: EmbeddedHub, api: HfApi, eve: HfApi, filled: str) -> None:
    member = hub.add_user("mia", orgs=("acme",), role="read")
    gone = lines({"type": "deleteFile", "path": "logs.json"})
    requests: list[tuple[str, str, Any]] = [
        ("DELETE", "", None),
        ("PUT", "/settings", {"private": True}),
        ("POST", "/batch", gone),
    ]
    requests += [("GET", "/xet-write-token", None)]
    for method, rest, body in requests:
        for token, status in ((None, 401), ("hf_unknown", 401), (str(eve.token), 403), (member, 403)):
            assert Caller(hub.endpoint, token)(method, f"/api/buckets/{filled}{rest}", body).status == status
    assert status_of(lambda: eve.create_bucket("acme/theirs")) == 403
    assert eve.create_bucket(filled, exist_ok=True).bucket_id == filled
    assert paths(eve, filled) == sorted(FILES)
    writer = HfApi(endpoint=hub.endpoint, token=hub.add_user("mia", orgs=("acme",)))
    writer.batch_bucket_files(filled, delete=["logs.json"], add=[(b"by mia", "mia.txt")])
    assert "mia.txt" in paths(api, filled)


def test_a_moved_bucket_is_found_by_its_former_name(api: HfApi, eve: HfApi, filled: str) -> None:
    api.move_bucket(filled, f"{filled}-moved")
    assert api.bucket_info(filled).id == f"{filled}-moved"
    assert paths(api, filled.upper()) == sorted(FILES)
    files = HfFileSystem(endpoint=api.endpoint, token=False, skip_instance_cache=True)
    assert files.cat(f"buckets/{filled}/logs.json") == b"{}"
    with pytest.raises(BucketNotFoundError):
        api.delete_bucket(filled)
    assert api.create_bucket(filled).bucket_id == filled
    assert paths(api, filled) == []
    assert status_of(lambda: eve.move_bucket(filled, "eve/mine")) == 403


def test_buckets_are_no_git_repositories(call: Caller, filled: str) -> None:
    for path in (
        f"/api/models/{filled}",
        f"/api/buckets/{filled}/refs",
        f"/buckets/{filled}.git/info/refs?service=git-upload-pack",
    ):
        assert call("GET", path).status == 404
    assert call("POST", "/api/repos/create", {"type": "bucket", "name": "x"}).status == 400


def test_collections_hold_buckets(api: HfApi, eve: HfApi, filled: str) -> None:
    slug = api.create_collection(f"Buckets {next(_numbers)}").slug
    (item,) = api.add_collection_item(slug, filled, "bucket").items
    assert (item.item_id, item.item_type) == (filled, "bucket")
    assert [one.slug for one in api.list_collections(item=f"buckets/{filled}")] == [slug]
    api.update_bucket_settings(filled, private=True)
    assert eve.get_collection(slug).items == []
    api.delete_bucket(filled)
    assert api.get_collection(slug).items == []


def test_batches_at_once_are_all_applied(api: HfApi, call: Caller, filled: str) -> None:
    (known,) = api.get_bucket_paths_info(filled, ["logs.json"])

    def add(start: int) -> None:
        for number in range(start, start + 10):
            line = {"type": "addFile", "path": f"many/{number}", "xetHash": known.xet_hash}
            assert call("POST", f"/api/buckets/{filled}/batch", lines(line)).status == 200

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths(api, filled, "many/")) == 40
    assert api.bucket_info(filled).total_files == len(FILES) + 40


def test_a_hub_without_xet_has_empty_buckets(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path, xet=False) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_bucket("plain")
        line = {"type": "addFile", "path": "a", "xetHash": "f" * 64}
        assert Caller(hub.endpoint, hub.token)("POST", "/api/buckets/me/plain/batch", lines(line)).status == 422
        hub.clear()
        assert Caller(hub.endpoint, hub.token)("GET", "/api/buckets/me/plain").status == 404
