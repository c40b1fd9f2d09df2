"""Every malformed request is refused with a reason; none causes an internal error."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from hublish.hub.server.http import Request, Response
from hublish.hub.server.refusals import HubError
from hublish.hub.server.routing import Handler, Route, Router

Call = Callable[..., Any]
DEEP = b"[" * 50_000
BODIES: list[Any] = [None, b"", b"null", b"{", b"[]", b"7", DEEP, b"\xff\xfe", {"a": {"b": 1}}, b"\0" * 10]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/repos/create"),
        ("DELETE", "/api/repos/delete"),
        ("POST", "/api/repos/move"),
        ("POST", "/api/validate-yaml"),
        ("POST", "/api/models/acme/x/branch/%ED%A0%80"),
        ("POST", "/{repo}.git/info/lfs/objects/batch"),
        ("POST", "/{repo}.git/info/lfs/objects/verify"),
        ("POST", "/api/models/{repo}/preupload/main"),
        ("POST", "/api/models/{repo}/commit/main"),
        ("POST", "/api/models/{repo}/tag/main"),
        ("POST", "/api/models/{repo}/discussions"),
        ("POST", "/api/models/{repo}/discussions/1/comment"),
        ("POST", "/api/models/{repo}/discussions/1/status"),
        ("POST", "/api/models/{repo}/discussions/1/merge"),
        ("POST", "/api/models/{repo}/lfs-files/duplicate"),
        ("POST", "/{repo}/git-upload-pack"),
        ("POST", "/lfs/complete/x"),
        ("PUT", "/lfs/put/x"),
    ],
)
def test_any_body_is_accepted_or_refused(call: Call, repo: str, method: str, path: str) -> None:
    for body in BODIES:
        answer = call(method, path.replace("{repo}", repo), body)
        assert 400 <= answer.status < 500, (body, answer)
        assert answer.json()["error"]
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/models/{repo}/nothing",
        "/api/models/{repo}/revision/refs%2F..%2F..%2Fconfig",
        "/api/models/{repo}/revision/refs%2F..%2FHEAD",
        "/api/models/{repo}/revision/%00",
        "/api/models/{repo}/revision/%ED%A0%80",
        "/api/models/{repo}/revision/" + "x" * 5000,
        "/api/models/{repo}/revision/" + "0" * 40,
        "/api/models/{repo}/tree/main/%2e%2e%2f%2e%2e",
        "/api/models/{repo}/tree/main?cursor=-1",
        "/api/models/{repo}/tree/main?cursor=" + "9" * 5000,
        "/api/models/{repo}/tree/main?limit=x",
        "/api/models/{repo}/discussions?p=x",
        "/api/models/{repo}/discussions/" + "9" * 5000,
        "/{repo}/resolve/main/%00",
        "/{repo}/resolve/main/" + "x" * 5000,
        "/{repo}/info/refs",
        "/{repo}/info/refs?service=git-upload-archive",
        "/lfs/get/../../accounts.json",
        "/api/agent-harnesses",
    ],
)
def test_any_path_is_found_or_refused(call: Call, repo: str, path: str) -> None:
    answer = call("GET", path.replace("{repo}", repo))
    assert 400 <= answer.status < 500, answer
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", "Basic", "Basic x", "Basic eDp4eA==", "Digest x", "\xff", "Bearer " + "x" * 9999]
)
def test_any_authorization_is_accepted_or_refused(anonymous: Call, repo: str, value: str) -> None:
    answer = anonymous("GET", "/api/whoami-v2", Authorization=value)
    assert answer.status == 401
    assert anonymous("POST", "/api/repos/create", {"name": "x"}, Authorization=value).status == 401


def test_an_unsupported_method_is_answered_with_the_supported_ones(call: Call) -> None:
    answer = call("PATCH", "/api/whoami-v2")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_head_has_the_headers_of_get_and_no_body(call: Call, repo: str) -> None:
    got, headed = (call(method, f"/api/models/{repo}") for method in ("GET", "HEAD"))
    assert headed.body == b""
    assert headed.headers["content-length"] == str(len(got.body))


def test_messages_cannot_inject_headers(call: Call, repo: str) -> None:
    answer = call("GET", f"/api/models/{repo}/revision/x%0D%0AX-Smuggled:%20yes")
    assert answer.status == 404
    assert "x-smuggled" not in answer.headers
    assert "x-error-message" in answer.headers


def handler(name: str) -> Handler:
    def answer(_request: Request) -> Response:
        return Response(200, {"name": name})

    return answer


TREE, ROOT, RESOLVE, GIT = handler("tree"), handler("root"), handler("resolve"), handler("git")
ROUTER = Router(
    [
        Route("GET", "/api/{kind}/{namespace}/{name}/tree/{revision}", ROOT),
        Route("GET", "/api/{kind}/{namespace}/{name}/tree/{revision}/{path}", TREE),
        Route("GET", "/{prefix}{namespace}/{name}/resolve/{revision}/{path}", RESOLVE),
        Route("POST", "/{prefix}{namespace}/{name}.git/upload", GIT),
    ]
)


@pytest.mark.parametrize(
    ("path", "found", "params"),
    [
        ("/api/models/a/b/tree/main", ROOT, {"kind": "models", "revision": "main"}),
        ("/api/spaces/a/b/tree/refs%2Fpr%2F1", ROOT, {"revision": "refs/pr/1"}),
        ("/api/models/a/b/tree/refs/pr/1", ROOT, {"revision": "refs/pr/1"}),
        ("/api/models/a/b/tree/main/x%2Fy%20z", TREE, {"path": "x/y z"}),
        ("/api/models/a/b/tree/a%2Fb/x/y", TREE, {"revision": "a/b", "path": "x/y"}),
        ("/a/b/resolve/main/x/y", RESOLVE, {"prefix": "", "path": "x/y"}),
        ("/datasets/a/b/resolve/main/x", RESOLVE, {"prefix": "datasets/", "namespace": "a"}),
        ("/kernels/a/b/resolve/refs/pr/2/x", RESOLVE, {"prefix": "kernels/", "revision": "refs/pr/2", "path": "x"}),
        ("/a/b/resolve/main/%252e", RESOLVE, {"path": "%2e"}),
    ],
)
def test_paths_are_split_before_they_are_unquoted(path: str, found: Handler, params: dict[str, str]) -> None:
    matched, got = ROUTER.match("GET", path)
    assert matched.handler is found
    assert {name: got[name] for name in params} == params


def test_head_is_answered_by_get() -> None:
    assert ROUTER.match("HEAD", "/a/b/resolve/main/x")[0].handler is RESOLVE


def test_a_suffix_is_not_part_of_the_name() -> None:
    assert ROUTER.match("POST", "/a/b.c.git/upload")[1]["name"] == "b.c"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/api/buckets/a/b/tree/main", 404), ("PUT", "/a/b/resolve/main/x", 405)],
)
def test_other_paths_and_methods_are_refused(method: str, path: str, status: int) -> None:
    with pytest.raises(HubError) as caught:
        ROUTER.match(method, path)
    assert caught.value.status == status


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Amzn-Trace-Id"])
@pytest.mark.parametrize("wanted", ["custom-id", "e412339b-34f4-44b9-8070-0c3f0270558f", "Root=1-67891233-abcdef"])
def test_a_response_has_the_id_of_its_request(call: Call, name: str, wanted: str) -> None:
    for path in ("/api/whoami-v2", "/api/nothing"):
        assert call("GET", path, **{name: wanted}).headers["x-request-id"] == wanted


@pytest.mark.parametrize("wanted", ["", "a b", "x" * 129, "<script>", "\xe9"])
def test_an_id_that_is_not_one_is_not_repeated(call: Call, wanted: str) -> None:
    assert re.fullmatch(
        "[0-9a-f]{16}", call("GET", "/api/whoami-v2", **{"X-Request-Id": wanted}).headers["x-request-id"]
    )
