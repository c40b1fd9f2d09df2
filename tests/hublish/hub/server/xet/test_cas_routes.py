from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from huggingface_hub import HfApi

from hublish.hub.server.server import EmbeddedHub
from hublish.hub.server.xet.hashing import hash_chunk, to_text
from hublish.hub.server.xet.shard_format import read_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hublish.hub.server.xet.conftest import Writers


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    url: str, token: str | None = None, *, method: str = "GET", body: bytes | None = None, wanted: str | None = None
) -> Answer:
    sent = {"range": wanted} if wanted else {}
    if token:
        sent["authorization"] = f"Bearer {token}"
    try:
        with urlopen(Request(url, body, sent, method=method)) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path / "hub") as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("me/model", private=True)
        yield hub


@dataclass(frozen=True)
class Cas:
    """The content store as a client with tokens for both scopes sees it."""

    url: str
    read: str
    write: str

    def upload(self, write: Writers, *chunks: bytes) -> str:
        """Upload one file in one xorb, and return its xet hash."""
        xorb = write.xorb(*chunks)
        file = write.file((xorb, 0, len(chunks)))
        url = f"{self.url}/v1/xorbs/default/{to_text(xorb.digest)}"
        assert call(url, self.write, method="POST", body=xorb.body).json == {"was_inserted": True}
        shard = write.shard(file)
        assert call(f"{self.url}/v1/shards", self.write, method="POST", body=shard).json == {"result": 1}
        return to_text(file.digest)


@pytest.fixture
def cas(hub: EmbeddedHub) -> Cas:
    read, write = (call(token_url(hub, scope), hub.token).json for scope in ("read", "write"))
    assert read["casUrl"] == write["casUrl"]
    return Cas(read["casUrl"], read["accessToken"], write["accessToken"])


def token_url(hub: EmbeddedHub, scope: str, revision: str = "main", repo: str = "me/model") -> str:
    return f"{hub.endpoint}/api/models/{repo}/xet-{scope}-token/{revision}"


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("revision", ["main", "refs%2Fpr%2F1", "None?create_pr=1"])
def test_tokens_are_sent_in_the_body_and_in_headers(hub: EmbeddedHub, scope: str, revision: str) -> None:
    answer = call(token_url(hub, scope, revision), hub.token)
    assert answer.json == {
        "accessToken": answer.headers["x-xet-access-token"],
        "exp": int(answer.headers["x-xet-token-expiration"]),
        "casUrl": answer.headers["x-xet-cas-url"],
    }
    assert answer.json["casUrl"].startswith(hub.endpoint)


def test_tokens_are_issued_by_the_rights_of_the_caller(hub: EmbeddedHub) -> None:
    stranger = hub.add_user("stranger")
    HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("me/public")
    expected = {("me/model", "read"): 404, ("me/model", "write"): 404, ("me/public", "read"): 200}
    for (repo, scope), status in expected.items():
        assert call(token_url(hub, scope, repo=repo), stranger).status == status
        assert call(token_url(hub, scope, repo=repo)).status == status
    assert call(token_url(hub, "write", repo="me/public"), stranger).status == 403
    assert call(token_url(hub, "write", repo="me/public")).status == 401
    assert call(token_url(hub, "write", repo="me/missing"), hub.token).status == 404


CALLS = [
    ("POST", "/v1/xorb-grants/default/{hash}", "write"),
    ("POST", "/v1/xorbs/default/{hash}", "write"),
    ("POST", "/v1/shards", "write"),
    ("GET", "/v1/chunks/default/{hash}", "write"),
    ("GET", "/v1/reconstructions/{hash}", "read"),
    ("GET", "/v2/reconstructions/{hash}", "read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_every_call_needs_a_token_of_its_scope(cas: Cas, hub: EmbeddedHub, method: str, path: str, scope: str) -> None:
    url = cas.url + path.format(hash="0" * 64)
    for token in (None, "xet.write.9999999999.bWU=.00", hub.token):
        assert call(url, token, method=method, body=b"x").status == 401
    assert (call(url, cas.read, method=method, body=b"x").status == 403) == (scope == "write")
    assert call(url, cas.write, method=method, body=b"x").status in (400, 404)


@pytest.mark.parametrize("path", ["xorbs/default", "chunks/default", "reconstructions"])
def test_a_name_that_is_not_a_hash_is_refused(cas: Cas, path: str) -> None:
    method = "POST" if path.startswith("xorbs") else "GET"
    assert call(f"{cas.url}/v1/{path}/..%2F..%2Fsecret", cas.write, method=method, body=b"").status == 400


def test_another_store_has_another_path(cas: Cas) -> None:
    other = cas.url[:-1] + ("0" if cas.url[-1] != "0" else "1")
    assert call(f"{other}/v1/reconstructions/{'0' * 64}", cas.read).status == 404


@pytest.mark.parametrize(("path", "problem"), [("/v1/shards", "no header"), ("/v1/xorbs/default/" + "0" * 64, "ends")])
def test_bytes_of_another_format_are_refused_with_the_reason(cas: Cas, path: str, problem: str) -> None:
    answer = call(cas.url + path, cas.write, method="POST", body=b"nonsense"[:7])
    assert answer.status == 400
    assert problem in answer.json["error"]


def test_a_known_xorb_is_neither_requested_nor_stored_twice(cas: Cas, write: Writers) -> None:
    xorb = write.xorb(b"content")
    name = f"default/{to_text(xorb.digest)}"
    assert call(f"{cas.url}/v1/xorb-grants/{name}", cas.write, method="POST", body=b"{}").status == 404
    for inserted in (True, False):
        answer = call(f"{cas.url}/v1/xorbs/{name}", cas.write, method="POST", body=xorb.body)
        assert answer.json == {"was_inserted": inserted}
    assert call(f"{cas.url}/v1/xorb-grants/{name}", cas.write, method="POST", body=b"{}").status == 200


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("wanted", "offset", "terms"), [(None, 0, 9), ("bytes=4-5", 1, 3), ("bytes=2-", 2, 9)])
def test_a_file_can_be_fetched_by_its_reconstruction(
    cas: Cas, write: Writers, version: int, wanted: str | None, offset: int, terms: int
) -> None:
    file = cas.upload(write, b"abc", b"def", b"ghi")
    plan = call(f"{cas.url}/v{version}/reconstructions/{file}", cas.read, wanted=wanted).json
    assert plan["offset_into_first_range"] == offset
    assert sum(term["unpacked_length"] for term in plan["terms"]) == terms

    [[fetch]] = plan["fetch_info" if version == 1 else "xorbs"].values()
    octets = fetch["url_range"] if version == 1 else fetch["ranges"][0]["bytes"]
    answer = call(fetch["url"], wanted=f"bytes={octets['start']}-{octets['end']}")
    assert answer.status == 206
    assert len(answer.body) == octets["end"] - octets["start"] + 1


@pytest.mark.parametrize("spoil", [("expires=", "expires=9"), ("signature=", "signature=0"), ("?", "?x&")])
def test_an_address_with_a_changed_signature_is_refused(cas: Cas, write: Writers, spoil: tuple[str, str]) -> None:
    plan = call(f"{cas.url}/v1/reconstructions/{cas.upload(write, b'abc')}", cas.read).json
    [[fetch]] = plan["fetch_info"].values()
    assert call(fetch["url"].replace(*spoil)).status == (200 if spoil[0] == "?" else 403)
    assert call(fetch["url"].partition("?")[0], cas.write).status == 403


def test_a_range_beyond_the_file_is_not_satisfiable(cas: Cas, write: Writers) -> None:
    url = f"{cas.url}/v1/reconstructions/{cas.upload(write, b'abc')}"
    assert call(url, cas.read, wanted="bytes=3-4").status == 416


def test_a_chunk_is_answered_with_a_shard(cas: Cas, write: Writers) -> None:
    cas.upload(write, b"abc", b"def")
    answer = call(f"{cas.url}/v1/chunks/default/{to_text(hash_chunk(b'abc'))}", cas.write)
    assert answer.status == 200
    assert list(read_files(answer.body)) == []
    assert call(f"{cas.url}/v1/chunks/default/{to_text(hash_chunk(b'def'))}", cas.write).status == 404


@pytest.mark.parametrize("path", ["/v2/shards", "/v1/nothing"])
def test_optional_calls_are_not_found(cas: Cas, path: str) -> None:
    assert call(cas.url + path, cas.write, method="POST", body=b"").status == 404
