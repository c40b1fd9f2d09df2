"""The ASGI application: the table of calls, routing, and how a request becomes a response."""

import asyncio
import inspect
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from hublish.hub.server.http import ClientDisconnectedError, Request, Response, Send, json_response, send_response
from hublish.hub.server.refusals import HubError
from hublish.hub.server.routes import (
    browse,
    commits,
    discussions,
    git_http,
    lfs,
    preflight,
    repo_info,
    repos,
    revisions,
)
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.hub_names import URL_KINDS

# A coroutine function reads the body as a stream. A plain function runs in a thread, with `request.content`.
Handler = Callable[[Request], Response | Awaitable[Response]]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]

# In the handlers' docstrings: P is a plural type such as `models`, R a repository, V a revision.
R = "{namespace}/{name}"
API = "/api/{kind}/" + R
WEB = "/{prefix}" + R

# The protocol, in the order of a release: (method, path, handler). The first match wins.
TABLE: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    # accounts and cards
    ("GET", "/api/whoami-v2", repos.whoami),
    ("POST", "/api/validate-yaml", preflight.validate_yaml),
    # repositories
    ("POST", "/api/repos/create", repos.create),
    ("DELETE", "/api/repos/delete", repos.delete),
    ("POST", "/api/repos/move", repos.move),
    ("GET", "/api/{kind}", repo_info.list_repos),
    ("GET", API, repo_info.repo_info),
    ("GET", API + "/revision/{revision}", repo_info.repo_info),
    ("PUT", API + "/settings", repos.update_settings),
    ("GET", API + "/auth-check", repos.auth_check),
    # reading
    ("GET", API + "/tree/{revision}", browse.list_tree),
    ("GET", API + "/tree/{revision}/{path}", browse.list_tree),
    ("POST", API + "/paths-info/{revision}", browse.paths_info),
    ("GET", API + "/refs", revisions.list_refs),
    ("GET", API + "/commits/{revision}", revisions.list_commits),
    ("GET", WEB + "/resolve/{revision}/{path}", browse.resolve),
    # writing
    ("POST", API + "/preupload/{revision}", preflight.preupload),
    ("POST", WEB + ".git/info/lfs/objects/batch", lfs.batch),
    ("POST", WEB + ".git/info/lfs/objects/verify", lfs.verify),
    ("PUT", "/lfs/{path}", lfs.put),
    ("POST", "/lfs/{path}", lfs.complete),
    ("GET", "/lfs/{path}", lfs.get),
    ("POST", API + "/commit/{revision}", commits.commit),
    ("POST", API + "/lfs-files/duplicate", lfs.duplicate),
    # branches, tags, history
    ("POST", API + "/branch/{branch}", revisions.create_branch),
    ("DELETE", API + "/branch/{branch}", revisions.delete_branch),
    ("POST", API + "/tag/{revision}", revisions.create_tag),
    ("DELETE", API + "/tag/{revision}", revisions.delete_tag),
    ("POST", API + "/super-squash/{revision}", revisions.super_squash),
    # discussions and pull requests
    ("GET", API + "/discussions", discussions.list_discussions),
    ("POST", API + "/discussions", discussions.create),
    ("GET", API + "/discussions/{num}", discussions.details),
    ("POST", API + "/discussions/{num}/comment", discussions.comment),
    ("POST", API + "/discussions/{num}/comment/{comment}/edit", discussions.edit_comment),
    ("POST", API + "/discussions/{num}/comment/{comment}/hide", discussions.hide_comment),
    ("POST", API + "/discussions/{num}/title", discussions.rename),
    ("POST", API + "/discussions/{num}/status", discussions.set_status),
    ("POST", API + "/discussions/{num}/merge", discussions.merge_pull_request),
    # git itself, read-only
    ("GET", WEB + ".git/info/refs", git_http.advertise),
    ("GET", WEB + "/info/refs", git_http.advertise),
    ("POST", WEB + ".git/git-upload-pack", git_http.upload_pack),
    ("POST", WEB + "/git-upload-pack", git_http.upload_pack),
)

_logger = logging.getLogger(__name__)

# The expression of each placeholder; any other placeholder matches one segment. huggingface_hub quotes the slashes
# of a revision (`refs%2Fpr%2F1`); people and other clients also write refs/pr/1.
_SEGMENTS = {
    "kind": "|".join(URL_KINDS),
    "prefix": f"(?:(?:{'|'.join(URL_KINDS)})/)?",
    "revision": "refs/(?:pr|convert)/[^/]+|[^/]+",
    "path": ".*",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table: `Route("GET", "/api/{kind}/{namespace}/{name}/refs", list_refs)`.

    `{kind}` is the plural type in API paths, `{prefix}` the optional type before a repository in other paths,
    `{revision}` one segment (or refs/pr/N unquoted), `{path}` the rest of the path.
    """

    method: str
    pattern: str
    handler: Handler


class Router:
    """Finds the first route that matches."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(re.compile(_expression(route.pattern)), route) for route in routes]

    def match(self, method: str, path: str) -> tuple[Handler, Mapping[str, str]]:
        """Return the handler and the unquoted placeholders for a request.

        HEAD falls back to the GET handler. Raise 404 for an unknown path, 405 for one that has other methods.
        """
        # Placeholders match the path as sent and are unquoted afterwards: a revision or path may contain %2F.
        allowed = []
        for wanted in (method, "GET") if method == "HEAD" else (method,):
            for expression, route in self._routes:
                if not (match := expression.fullmatch(path)):
                    continue
                if route.method == wanted:
                    return route.handler, {name: unquote(value) for name, value in match.groupdict().items()}
                allowed.append(route.method)
        if allowed:
            raise HubError(405, None, f"{method} is not allowed here").with_headers({"allow": ", ".join(allowed)})
        raise HubError(404, None, f"Sorry, there is nothing at {path}")


def _expression(pattern: str) -> str:
    # `re.escape` escapes the braces.
    placeholders = re.compile(r"\\{(\w+)\\}")
    return placeholders.sub(lambda found: f"(?P<{found[1]}>{_SEGMENTS.get(found[1], '[^/]+')})", re.escape(pattern))


class App:
    """The ASGI application of one hub."""

    def __init__(self, hub: Hub, executor: Executor, more_routes: Iterable[Route] = ()) -> None:
        # The executor runs plain handlers. It is separate from the event loop's own executor, which moves bodies:
        # handlers wait for locks, and transfers must not wait for them.
        table = [Route(method, pattern, partial(handler, hub)) for method, pattern, handler in TABLE]
        self._router = Router([*table, *more_routes])
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":  # lifespan and websockets are switched off
            return
        try:
            response = await self._respond(_request(scope, receive))
        except ClientDisconnectedError:
            return
        # The client shows the request id in its errors.
        headers = {**response.headers, "x-request-id": secrets.token_hex(8)}
        await send_response(replace(response, headers=headers), send, with_body=scope["method"] != "HEAD")

    async def _respond(self, request: Request) -> Response:
        try:
            handler, params = self._router.match(request.method, request.path)
            return await self._run(handler, replace(request, params=params))
        except HubError as error:
            return _refusal(error)
        except ClientDisconnectedError:
            raise
        except Exception:  # a bug: the client still gets an answer, and the log the traceback
            _logger.exception("%s %s failed", request.method, request.path)
            return _refusal(HubError(500, None, "Internal error: see the log of the server"))

    async def _run(self, handler: Handler, request: Request) -> Response:
        if inspect.iscoroutinefunction(handler):
            response = await handler(request)
        else:
            request = replace(request, content=await request.read_all())
            response = await asyncio.get_running_loop().run_in_executor(self._executor, handler, request)
        assert isinstance(response, Response)
        return response


def _refusal(error: HubError) -> Response:
    # Messages quote the request: a line break in one would add a header of the caller's choice.
    printable = "".join(char if char.isprintable() else " " for char in error.message)
    one_line = printable.encode("ascii", "backslashreplace").decode()[:1000]
    code = {"x-error-code": error.code} if error.code else {}
    headers = {"x-error-message": one_line, **error.headers, **code}
    return json_response({"error": error.message, **error.extra}, error.status, headers)


def _request(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    # URLs in responses (LFS uploads, next pages, xet) must lead back over the address that this client used.
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query={name: tuple(values) for name, values in query.items()},
        headers=headers,
        stream=_body(receive),
        base_url=f"{scope['scheme']}://{host}",
    )


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        if chunk := message.get("body", b""):
            yield chunk
        if not message.get("more_body", False):
            return
