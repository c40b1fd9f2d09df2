"""Every route, with every kind of token, against a private and a gated repository: none returns a byte of their files.

The routes are those of the running server: a new one fails here until `REQUESTS` has a request for it.
"""

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from huggingface_hub import HfApi, constants

from hublish.hub.server import EmbeddedHub, app
from hublish.hub.server.routing import Route, Router
from tests.hublish.hub.server.conftest import Answer, Caller
from tests.hublish.hub.server.hidden import BRANCH, JOB, LARGE, SMALL, TEXT, TITLE, Hidden, hide

API, WEB, XET = "/api/{kind}/{namespace}/{name}", "/{prefix}{namespace}/{name}", "/xet/{store}"
LFS = WEB + ".git/info/lfs/objects"
BUCKET = "/api/{buckets}/{namespace}/{name}"
COLLECTION = "/api/collections/{owner}/{slug}"

FETCH = b"0060want {commit} side-band-64k thin-pack ofs-delta no-progress\n00000009done\n"
# Deletes a branch.
PUSH = b"0092{commit} " + b"0" * 40 + b" refs/heads/heron-branch\0report-status delete-refs ofs-delta.0000"

PAGES = ["", *(f"/{tab}/{{path}}" for tab in ("tree", "blob", "media", "commits", "commit"))]
PAGES += ["/discussions", "/discussions/{num}"]
LISTS = [f"/api/users/{{user}}/{of}" for of in ("overview", "likes", "followers", "following")]
LISTS += [f"/api/organizations/{{organization}}/{of}" for of in ("overview", "members", "followers")]
LISTS += ["/api/models-tags-by-type", "/api/datasets-tags-by-type", API + "/auth-check", API + "/auth-check/write"]

# By route: queries and bodies that make it show or change as much as it can.
REQUESTS: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "/api/whoami-v2"): ("", None),
    ("POST", "/oauth/token"): ("", {"grant_type": "x", "subject_token": "x", "resource": "{namespace}/{name}"}),
    ("POST", "/api/validate-yaml"): ("", {"content": "---\nlicense: mit\n---\n", "repoType": "model"}),
    ("POST", "/api/users/{user}/follow"): ("", {}),
    ("DELETE", "/api/users/{user}/follow"): ("", None),
    ("POST", "/api/organizations/{organization}/follow"): ("", {}),
    ("DELETE", "/api/organizations/{organization}/follow"): ("", None),
    ("POST", API + "/like"): ("", {}),
    ("DELETE", API + "/like"): ("", None),
    ("GET", API + "/likers"): ("", None),
    ("GET", "/api/spaces/hardware"): ("", None),
    ("POST", "/api/repos/create"): ("", {"name": "{name}", "organization": "{namespace}", "type": "model"}),
    ("DELETE", "/api/repos/delete"): ("", {"name": "{name}", "organization": "{namespace}", "type": "model"}),
    ("POST", "/api/repos/move"): ("", {"fromRepo": "{namespace}/{name}", "toRepo": "eve/{name}", "type": "model"}),
    ("GET", "/api/spaces/semantic-search"): ("q={name}+heron&includeNonRunning=true", None),
    ("GET", "/api/{kind}"): ("full=1&cardData=1&search={name}", None),
    ("GET", "/"): ("search={name}&tag=x", None),
    ("GET", "/{kind}"): ("search={name}", None),
    ("GET", "/login"): ("next=/{namespace}/{name}", None),
    ("POST", "/login"): ("", {"token": "x"}),
    ("POST", "/logout"): ("", {}),
    **{("GET", path): ("", None) for path in (*(WEB + page for page in PAGES), *LISTS)},
    ("GET", API): ("blobs=1&securityStatus=1", None),
    ("GET", API + "/revision/{revision}"): ("blobs=1", None),
    ("PUT", API + "/settings"): ("", {"visibility": "public", "gated": False}),
    ("GET", "/api/settings/repositories"): ("", None),
    ("GET", "/api/organizations/{organization}/settings/repositories"): ("", None),
    ("POST", WEB + "/ask-access"): ("", {"reason": "x"}),
    ("GET", API + "/user-access-request/{status}"): ("", None),
    ("POST", API + "/user-access-request/handle"): ("", {"user": "eve", "status": "accepted"}),
    ("POST", API + "/user-access-request/grant"): ("", {"user": "eve"}),
    ("GET", API + "/tree/{revision}"): ("recursive=1&expand=1", None),
    ("GET", API + "/tree/{revision}/{path}"): ("", None),
    ("POST", API + "/paths-info/{revision}"): ("", {"paths": ["{path}"], "expand": True}),
    ("GET", API + "/refs"): ("include_prs=1", None),
    ("GET", API + "/commits/{revision}"): ("", None),
    ("GET", API + "/leaderboard"): ("base_model=false", None),
    ("GET", API + "/safetensors-metadata/{path}"): ("", None),
    ("GET", WEB + "/resolve/{revision}/{path}"): ("", None),
    ("GET", WEB + "/raw/{revision}/{path}"): ("", None),
    ("POST", API + "/preupload/{revision}"): ("create_pr=1", {"files": [{"path": "{path}", "size": 9, "sample": ""}]}),
    ("POST", LFS + "/batch"): ("", {"operation": "download", "objects": [{"oid": "{sha256}", "size": len(LARGE)}]}),
    ("POST", LFS + "/verify"): ("", {"oid": "{sha256}", "size": len(LARGE)}),
    ("PUT", "/lfs/{path}"): ("", b"other bytes"),
    ("POST", "/lfs/{path}"): ("", {"parts": [{"partNumber": 1, "etag": "x"}]}),
    ("GET", "/lfs/{path}"): ("", None),
    ("POST", API + "/commit/{revision}"): ("create_pr=1", b'{"key":"header","value":{"summary":"s"}}'),
    ("GET", API + "/lfs-files"): ("", None),
    ("POST", API + "/lfs-files/batch"): ("", {"deletions": {"sha": ["{sha256}"], "rewriteHistory": True}}),
    ("POST", API + "/duplicate"): ("", {"repository": "eve/copy-of-{name}"}),
    ("POST", API + "/lfs-files/duplicate"): (
        "",
        {"target": {"type": "model", "name": "eve/own"}, "files": [{"sha256": "{sha256}", "xetHash": "{file}"}]},
    ),
    ("POST", API + "/branch/{branch}"): ("", {}),
    ("DELETE", API + "/branch/{branch}"): ("", {}),
    ("POST", API + "/tag/{revision}"): ("", {"tag": "v1"}),
    ("DELETE", API + "/tag/{revision}"): ("", {}),
    ("POST", API + "/super-squash/{revision}"): ("", {}),
    ("GET", API + "/discussions"): ("", None),
    ("POST", API + "/discussions"): ("", {"title": "A question", "description": "x", "pullRequest": True}),
    ("GET", API + "/discussions/{num}"): ("diff=1", None),
    ("POST", API + "/discussions/{num}/comment"): ("", {"comment": "x"}),
    ("POST", API + "/discussions/{num}/comment/{comment}/edit"): ("", {"content": "x"}),
    ("POST", API + "/discussions/{num}/comment/{comment}/hide"): ("", {}),
    ("POST", API + "/discussions/{num}/title"): ("", {"title": "Another title"}),
    ("POST", API + "/discussions/{num}/status"): ("", {"status": "closed"}),
    ("POST", API + "/discussions/{num}/merge"): ("", {}),
    ("GET", API + "/runtime"): ("", None),
    ("POST", API + "/hardware"): ("", {"flavor": "t4-small"}),
    ("POST", API + "/sleeptime"): ("", {"seconds": 60}),
    ("POST", API + "/pause"): ("", {}),
    ("POST", API + "/restart"): ("factory=true", {}),
    ("POST", API + "/dev-mode"): ("", {"enabled": True}),
    ("GET", API + "/variables"): ("", None),
    ("POST", API + "/variables"): ("", {"key": "A", "value": "b"}),
    ("DELETE", API + "/variables"): ("", {"key": "A"}),
    ("GET", API + "/secrets"): ("", None),
    ("POST", API + "/secrets"): ("", {"key": "A", "value": "b"}),
    ("DELETE", API + "/secrets"): ("", {"key": "A"}),
    ("POST", API + "/storage"): ("", {"tier": "small"}),
    ("DELETE", API + "/storage"): ("", {}),
    ("PUT", API + "/volumes"): ("", {"volumes": []}),
    ("DELETE", API + "/volumes"): ("", {}),
    ("GET", "/api/buckets/{owner}"): ("search={name}", None),
    ("POST", "/api/buckets/{owner}/{name}"): ("", {}),
    ("DELETE", "/api/buckets/{owner}/{name}"): ("", None),
    ("GET", BUCKET): ("", None),
    ("PUT", BUCKET + "/settings"): ("", {"private": False}),
    ("GET", BUCKET + "/tree"): ("", None),
    ("GET", BUCKET + "/tree/{path}"): ("recursive=false", None),
    ("POST", BUCKET + "/paths-info"): ("", {"paths": ["{path}"]}),
    ("POST", BUCKET + "/batch"): ("", {"type": "deleteFile", "path": "{path}"}),
    ("GET", "/{buckets}/{namespace}/{name}/resolve/{path}"): ("", None),
    ("GET", BUCKET + "/xet-read-token"): ("", None),
    ("GET", BUCKET + "/xet-write-token"): ("", None),
    ("GET", "/api/collections"): ("item=models/{namespace}/{name}&q=codename", None),
    ("POST", "/api/collections"): ("", {"title": "{name}", "namespace": "{namespace}"}),
    ("GET", COLLECTION): ("", None),
    ("PATCH", COLLECTION): ("", {"title": "Another title", "private": False}),
    ("DELETE", COLLECTION): ("", None),
    ("POST", COLLECTION + "/resource-group"): ("", {}),
    ("POST", COLLECTION + "/items"): ("", {"item": {"type": "model", "id": "{namespace}/{name}"}}),
    ("PATCH", COLLECTION + "/items/{item}"): ("", {"note": "x"}),
    ("DELETE", COLLECTION + "/items/{item}"): ("", None),
    ("GET", WEB + ".git/info/refs"): ("service=git-upload-pack", None),
    ("GET", WEB + "/info/refs"): ("service=git-upload-pack", None),
    ("POST", WEB + ".git/git-upload-pack"): ("", FETCH),
    ("POST", WEB + "/git-upload-pack"): ("", FETCH),
    ("POST", WEB + ".git/git-receive-pack"): ("", PUSH),
    ("POST", WEB + "/git-receive-pack"): ("", PUSH),
    ("GET", API + "/xet-read-token/{revision}"): ("", None),
    ("GET", API + "/xet-write-token/{revision}"): ("create_pr=1", None),
    ("POST", XET + "/v1/xorb-grants/default/{xorb}"): ("", {"length": 9}),
    ("POST", XET + "/v1/xorbs/default/{xorb}"): ("", b"other bytes"),
    ("GET", XET + "/v1/xorbs/default/{xorb}"): ("", None),
    ("GET", XET + "/v1/chunks/default/{chunk}"): ("", None),
    ("POST", XET + "/v1/shards"): ("", b"other bytes"),
    ("GET", XET + "/v1/reconstructions/{file}"): ("", None),
    ("GET", XET + "/v2/reconstructions/{file}"): ("", None),
}


WHO = ["eve", "eve, reading", "nobody", "of another organization", "unknown", JOB]


@dataclass
class Scene(Hidden):
    """The running server, and everything that an attacker may know about what it hides."""

    hub: EmbeddedHub
    routes: list[Route]

    def ask(self, route: Route, repo: str, token: str | None, **more: str) -> Answer:
        values = self.values[repo] | more
        query, body = REQUESTS[route.method, route.pattern]
        path = f"{route.pattern}?{query}".format(**values)
        filled = body if isinstance(body, bytes) else json.dumps(body).encode()
        for name, value in values.items():
            filled = filled.replace(f"{{{name}}}".encode(), value.encode())
        # An id of the server's own has random digits, among them those of a size that must not be shown.
        named = {"X-Request-Id": "test"}
        return Caller(self.hub.endpoint, token)(route.method, path, None if body is None else filled, **named)

    def assert_silent(self, answer: Answer, *hidden: str) -> None:
        shown = json.dumps(answer.headers).encode() + answer.body + inflated(answer.body)
        assert SMALL not in shown
        assert not [at for at in range(0, len(LARGE) - 32, 64) if LARGE[at : at + 32] in shown]
        assert not [text for text in hidden if text.encode() in shown], answer


def inflated(body: bytes) -> bytes:
    """Return everything in a body that is compressed as in a git pack."""
    pack = b"".join(lines(body)) or body
    plain = b""
    for found in re.finditer(b"\x78[\x01\x5e\x9c\xda]", pack):
        with suppress(zlib.error):
            plain += zlib.decompressobj().decompress(pack[found.start() :])
    return plain


def lines(body: bytes) -> Iterator[bytes]:
    """Yield the bytes of a git response's first band: lines that begin with their length in four digits, and 1."""
    while re.match(rb"[0-9a-f]{4}", body):
        length = max(4, int(body[:4], 16))
        if body[4:5] == b"\1":
            yield body[5:length]
        body = body[length:]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    routes: list[Route] = []

    class Recorder(Router):
        def __init__(self, table: list[Route]) -> None:
            routes.extend(table)
            super().__init__(table)

    root = tmp_path_factory.mktemp("routes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "Router", Recorder)
        for name in ("HF_HOME", "HF_XET_CACHE"):
            patch.setenv(name, str(root / "home"))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", False)
        with EmbeddedHub(root / "hub") as hub:
            yield Scene(**vars(hide(hub, root)), hub=hub, routes=routes)


def of(scene: Scene, kind: str) -> list[Route]:
    """Return the routes of one kind: `xet`, `signed` or `repository`."""
    kinds = {"/xet": "xet", "/lfs": "signed"}
    return [route for route in scene.routes if kinds.get(route.pattern[:4], "repository") == kind]


def test_every_route_is_tried(scene: Scene) -> None:
    assert {(route.method, route.pattern) for route in scene.routes} == REQUESTS.keys()


def test_the_owner_gets_what_the_others_must_not_get(scene: Scene) -> None:
    """Otherwise, the requests of this module would prove nothing."""
    resolve = next(route for route in scene.routes if "/resolve/{revision}" in route.pattern)
    for repo in ("private", "gated"):
        assert scene.ask(resolve, repo, scene.hub.token).body == LARGE
        assert scene.ask(resolve, repo, scene.hub.token, path=TEXT).body == SMALL
        assert scene.ask(resolve, repo, None).status in (401, 404)
    fetch = next(route for route in scene.routes if route.pattern.endswith("git-upload-pack"))
    assert SMALL in inflated(scene.ask(fetch, "gated", scene.hub.token).body)


@pytest.mark.parametrize("who", WHO)
def test_a_private_repository_looks_like_a_missing_one(scene: Scene, who: str) -> None:
    commit = scene.values["private"]["commit"]
    for route in of(scene, "repository"):
        for more in ({}, {"revision": commit}, {"revision": quote("refs/pr/1", safe="")}, {"path": TEXT}):
            answers = [scene.ask(route, repo, scene.tokens[who], **more) for repo in ("private", "missing")]
            scene.assert_silent(answers[0], "codename", "heron-", str(len(LARGE)), "The heron", TITLE)
            if not more:
                answers += [scene.ask(route, name, scene.tokens[who]) for name in ("former", "PRIVATE")]
            names = re.compile(b"private|former", re.IGNORECASE)
            shown = [(answer.status, names.sub(b"missing", answer.body), set(answer.headers)) for answer in answers]
            assert all(one == shown[1] for one in shown), route


@pytest.mark.parametrize("who", WHO)
def test_a_gated_repository_does_not_give_its_files_away(scene: Scene, who: str) -> None:
    for route in of(scene, "repository"):
        for more in ({}, {"revision": quote("refs/pr/1", safe="")}, {"path": TEXT}, {"num": "2"}):
            scene.assert_silent(scene.ask(route, "gated", scene.tokens[who], **more))


def test_no_xet_token_reaches_files_of_other_repositories(scene: Scene) -> None:
    for who, (identity, token) in scene.xet_tokens.items():
        for store in {identity, scene.values["private"]["store"]}:
            for route in of(scene, "xet"):
                answer = scene.ask(route, "private", token or None, store=store)
                scene.assert_silent(answer, str(len(LARGE)))
                assert answer.status >= 400, (who, route)


def test_no_signed_address_serves_another_object(scene: Scene) -> None:
    for path in scene.signed:
        for method, body in (
            ("GET", None),
            ("HEAD", None),
            ("PUT", b"other bytes"),
            ("POST", {"parts": [{"etag": 1}]}),
        ):
            for wanted in ({}, {"Range": "bytes=0-99"}, {"Range": "bytes=-40"}):
                answer = Caller(scene.hub.endpoint, scene.tokens["eve"])(method, path, body, **wanted)
                scene.assert_silent(answer)
                assert answer.status >= 400, (method, path)


def test_nothing_has_changed(scene: Scene) -> None:
    """The last test: all attempts to delete, move or publish the repositories have failed as well."""
    api = HfApi(endpoint=scene.hub.endpoint, token=scene.hub.token)
    for name in ("private", "gated"):
        info = api.model_info(f"me/{name}")
        assert (info.sha, info.private, info.gated) == (
            scene.values[name]["commit"],
            name == "private",
            "manual" if name == "gated" else False,
        )
        assert BRANCH in [branch.name for branch in api.list_repo_refs(f"me/{name}").branches]
