import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi, constants, hf_hub_download

from hublish.hub.server import EmbeddedHub, Limits

Call = Callable[..., Any]
CONTENT = bytes(range(256)) * 100


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def batch(call: Call, repo: str, content: bytes, operation: str = "upload", **more: Any) -> dict[str, Any]:
    objects = [{"oid": sha256(content), "size": len(content)}]
    answer = call("POST", f"/{repo}.git/info/lfs/objects/batch", {"operation": operation, "objects": objects, **more})
    assert answer.status == 200
    (shown,) = answer.json()["objects"]
    return dict(shown)


def test_an_object_is_sent_once(call: Call, anonymous: Call, repo: str) -> None:
    content = CONTENT + b"once"
    href = batch(call, repo, content)["actions"]["upload"]["href"]
    assert anonymous("PUT", href, content).status == 200, "uploads carry no token"
    assert "actions" not in batch(call, repo, content)
    verify = {"oid": sha256(content), "size": len(content)}
    assert call("POST", f"/{repo}.git/info/lfs/objects/verify", verify).status == 200


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"x", b""])
def test_other_bytes_than_announced_are_refused(call: Call, repo: str, sent: bytes) -> None:
    wanted = CONTENT[::-1]
    href = batch(call, repo, wanted)["actions"]["upload"]["href"]
    assert call("PUT", href, sent).status == 400
    assert "actions" in batch(call, repo, wanted)


def test_a_path_that_was_not_signed_here_is_refused(call: Call, repo: str) -> None:
    content = b"never stored"
    href = batch(call, repo, content)["actions"]["upload"]["href"]
    other = href.replace(sha256(content), sha256(b"other"))
    for path in (href[:-1] + ("0" if href[-1] != "0" else "1"), other, "/lfs/x", "/lfs/"):
        assert call("PUT", path, content).status == 403
    assert call("GET", href).status == 403
    assert call("POST", href, {"parts": []}).status == 403


def test_git_lfs_can_fetch(api: HfApi, call: Call, anonymous: Call, repo: str) -> None:
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=CONTENT)
    href = batch(anonymous, repo, CONTENT, "download")["actions"]["download"]["href"]
    assert anonymous("GET", href).body == CONTENT
    assert anonymous("GET", href, Range="bytes=3-5").body == CONTENT[3:6]
    assert batch(anonymous, repo, b"unknown", "download")["error"]["code"] == 404
    api.update_repo_settings(repo, private=True)
    denied = anonymous("POST", f"/{repo}.git/info/lfs/objects/batch", {"operation": "download", "objects": []})
    assert denied.status == 404


@pytest.mark.parametrize("item", [{}, 1, {"oid": "x", "size": 1}, {"oid": "0" * 64, "size": -1}, {"oid": "0" * 64}])
def test_invalid_objects_get_an_error_each(call: Call, repo: str, item: object) -> None:
    answer = call("POST", f"/{repo}.git/info/lfs/objects/batch", {"operation": "upload", "objects": [item]})
    assert answer.json()["objects"][0]["error"]["code"] == 422


def test_the_batch_needs_a_list(call: Call, repo: str) -> None:
    for body in ({}, {"objects": 1}, {"objects": [], "hash_algo": "md5"}):
        assert call("POST", f"/{repo}.git/info/lfs/objects/batch", body).status == 400


class TestParts:
    """Uploads in parts, on a hub with small limits."""

    @pytest.fixture(scope="class")
    @staticmethod
    def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
        limits = Limits(multipart=100_000, part=40_000)
        with EmbeddedHub(tmp_path_factory.mktemp("parts"), limits=limits) as hub:
            yield hub

    def begin(self, call: Call, repo: str, content: bytes) -> tuple[str, list[str]]:
        action = batch(call, repo, content, transfers=["basic", "multipart"])["actions"]["upload"]
        assert action["header"].pop("chunk_size") == "40000"
        return action["href"], [action["header"][str(number + 1)] for number in range(len(action["header"]))]

    def send(self, call: Call, parts: list[str], content: bytes) -> list[dict[str, Any]]:
        answers = [call("PUT", href, content[n * 40_000 : (n + 1) * 40_000]) for n, href in enumerate(parts)]
        assert {answer.status for answer in answers} == {200}
        return [{"partNumber": n, "etag": answer.headers["etag"]} for n, answer in enumerate(answers, 1)]

    def test_the_client_sends_parts(self, api: HfApi, hub: EmbeddedHub, repo: str, tmp_path: Path) -> None:
        (tmp_path / "w.bin").write_bytes(CONTENT * 10)
        api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=tmp_path / "w.bin")
        back = hf_hub_download(repo, "w.bin", endpoint=hub.endpoint, token=hub.token)
        assert Path(back).read_bytes() == CONTENT * 10
        assert list((hub.root / "multipart").iterdir()) == []

    def test_parts_come_in_any_order_and_more_than_once(self, call: Call, repo: str) -> None:
        content = CONTENT * 8
        complete, parts = self.begin(call, repo, content)
        etags = self.send(call, parts, content)
        for number in (3, 1):
            assert call("PUT", parts[number], content[number * 40_000 : (number + 1) * 40_000]).status == 200
        for _ in range(2):
            assert call("POST", complete, {"oid": sha256(content), "parts": etags}).status == 200
        assert "actions" not in batch(call, repo, content)
        assert call("PUT", parts[0], content[:40_000]).status == 400, "the object is sealed"

    def test_a_missing_or_wrong_part_is_detected(self, call: Call, repo: str) -> None:
        content = CONTENT * 7
        complete, parts = self.begin(call, repo, content)
        etags = self.send(call, parts[1:], content[40_000:])
        assert call("POST", complete, {"oid": sha256(content), "parts": etags}).status == 400
        assert call("PUT", parts[0], b"x" * 39_999).status == 400
        assert call("PUT", parts[0], b"x" * 40_001).status == 400
        assert call("PUT", parts[0], b"x" * 40_000).status == 200
        assert call("POST", complete, {"oid": sha256(content), "parts": etags}).status == 400
        assert call("PUT", parts[0], content[:40_000]).status == 200
        assert call("POST", complete, {"oid": sha256(content), "parts": etags}).status == 200

    def test_an_upload_without_parts_cannot_be_completed(self, call: Call, repo: str) -> None:
        complete, _ = self.begin(call, repo, CONTENT * 6)
        assert call("POST", complete, {"parts": [{"partNumber": 1, "etag": "x"}]}).status == 400
        assert call("POST", complete, {"parts": "x"}).status == 400


def test_files_are_copied_from_another_repository(
    api: HfApi, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)  # the client copies only xet files
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


def test_missing_files_are_reported_one_by_one(call: Call, repo: str) -> None:
    body = {"target": {"type": "model", "name": repo}, "files": [{"sha256": "0" * 64, "filename": "x"}, 1]}
    answer = call("POST", f"/api/models/{repo}/lfs-files/duplicate", body)
    assert [failure["sha256"] for failure in answer.json()["failed"]] == ["0" * 64, ""]


@pytest.mark.parametrize("target", [None, {"type": "model", "name": "../x"}, {"name": "a/b"}])
def test_the_target_must_be_a_repository(call: Call, repo: str, target: object) -> None:
    body = {"target": target, "files": []}
    assert call("POST", f"/api/models/{repo}/lfs-files/duplicate", body).status == 400


@pytest.mark.parametrize("name", ["sha256", "sha_256", "SHA-256", "SHA256", None])
def test_every_spelling_of_the_algorithm_is_accepted(call: Call, repo: str, name: str | None) -> None:
    """huggingface.js writes `sha_256`."""
    content = f"of {name}".encode()
    href = batch(call, repo, content, hash_algo=name, transfers=["basic", "multipart"])["actions"]["upload"]["href"]
    assert call("PUT", href, content).status == 200
    large = {"path": "w.bin", "algo": name or "sha256", "oid": sha256(content), "size": len(content)}
    lines = [{"key": "header", "value": {"summary": "s"}}, {"key": "lfsFile", "value": large}]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    assert call("POST", f"/api/models/{repo}/commit/main", body).status == 200


@pytest.mark.parametrize("name", ["sha1", "md5", "sha512", "sha2_56x", 256, {"a": 1}])
def test_other_algorithms_are_refused(call: Call, repo: str, name: object) -> None:
    body = {"operation": "upload", "objects": [], "hash_algo": name}
    assert call("POST", f"/{repo}.git/info/lfs/objects/batch", body).status == 400


class TestXet:
    """The transfer that clients negotiate by the batch call: the official JavaScript client, git-xet, older clients."""

    def ask(self, call: Call, repo: str, content: bytes = b"by xet", **more: Any) -> dict[str, Any]:
        objects = [{"oid": sha256(content), "size": len(content)}]
        body = {"operation": "upload", "transfers": ["basic", "multipart", "xet"], "objects": objects, **more}
        return dict(call("POST", f"/{repo}.git/info/lfs/objects/batch", body).json())

    @pytest.mark.parametrize(
        ("more", "chosen"),
        [
            ({}, "xet"),
            ({"transfers": ["xet"]}, "xet"),
            ({"transfers": ["basic", "multipart"]}, "basic"),
            ({"transfers": None}, "basic"),
            ({"transfers": "xet"}, "basic"),
            ({"operation": "download"}, "basic"),
        ],
    )
    def test_it_is_chosen_for_uploads_of_clients_that_know_it(
        self, call: Call, repo: str, more: dict[str, Any], chosen: str
    ) -> None:
        assert self.ask(call, repo, **more)["transfer"] == chosen

    @pytest.mark.parametrize(
        ("more", "revision"),
        [
            ({"ref": {"name": "main"}}, "main"),
            ({"ref": {"name": "refs/heads/a/b"}}, "a%2Fb"),
            ({"ref": {"name": "refs/pr/1"}}, "refs%2Fpr%2F1"),
            ({}, "main?create_pr=1"),
        ],
    )
    def test_the_action_has_a_token_and_the_call_for_a_new_one(
        self, call: Call, connect: Any, hub: EmbeddedHub, repo: str, more: dict[str, Any], revision: str
    ) -> None:
        action = self.ask(call, repo, **more)["objects"][0]["actions"]["upload"]
        assert action["href"] == f"{hub.endpoint}/api/models/{repo}/xet-write-token/{revision}"
        fresh = call("GET", action["href"]).json()
        header = action["header"]
        assert header["X-Xet-Cas-Url"] == fresh["casUrl"]
        assert abs(int(header["X-Xet-Token-Expiration"]) - fresh["exp"]) < 60
        grant = f"{header['X-Xet-Cas-Url']}/v1/xorb-grants/default/{'0' * 64}"
        assert call("POST", grant).status == 401, "the token of the Hub is another one"
        sender = connect(hub.endpoint, header["X-Xet-Access-Token"])
        assert sender("POST", grant).status == 404, "nothing was sent before"

    def test_a_stored_object_is_not_sent_again(self, call: Call, repo: str) -> None:
        href = batch(call, repo, b"by lfs")["actions"]["upload"]["href"]
        assert call("PUT", href, b"by lfs").status == 200
        answer = self.ask(call, repo, b"by lfs")
        assert (answer["transfer"], answer["objects"][0].keys()) == ("xet", {"oid", "size"})

    def test_a_reader_gets_no_token(self, hub: EmbeddedHub, connect: Any, repo: str) -> None:
        reader = connect(hub.endpoint, hub.add_user("rita", role="read"))
        assert (
            reader("POST", f"/{repo}.git/info/lfs/objects/batch", {"transfers": ["xet"], "objects": []}).status == 403
        )

    def test_a_hub_without_xet_does_not_choose_it(self, tmp_path: Path, connect: Any) -> None:
        with EmbeddedHub(tmp_path, xet=False) as hub:
            HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("me/plain")
            assert self.ask(connect(hub.endpoint, hub.token), "me/plain")["transfer"] == "basic"
