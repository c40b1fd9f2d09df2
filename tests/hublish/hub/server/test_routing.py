import pytest

from hublish.hub.server.http import HubError, Request, Response
from hublish.hub.server.routing import Handler, Route, Router


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
    assert matched is found
    assert {name: got[name] for name in params} == params


def test_head_is_answered_by_get() -> None:
    assert ROUTER.match("HEAD", "/a/b/resolve/main/x")[0] is RESOLVE


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
