"""The ASGI application: the table of calls, and how a request becomes an answer."""

import asyncio
import inspect
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from hublish.hub.server.http import ClientDisconnectedError, HubError, Request, Response, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.routes import (
    accounts,
    cards,
    commit,
    copies,
    discussions,
    git_http,
    history,
    info,
    lfs,
    preupload,
    refs,
    repos,
    resolve,
    tree,
)
from hublish.hub.server.routing import Handler, Route, Router
from hublish.hub.server.streaming import Send, send_response

R = "{namespace}/{name}"
API = "/api/{kind}/" + R
WEB = "/{prefix}" + R

TABLE: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    # accounts and cards
    ("GET", "/api/whoami-v2", accounts.whoami),
    ("POST", "/api/validate-yaml", cards.validate_yaml),
    # repositories
    ("POST", "/api/repos/create", repos.create),
    ("DELETE", "/api/repos/delete", repos.delete),
    ("POST", "/api/repos/move", repos.move),
    ("GET", "/api/{kind}", info.list_repos),
    ("GET", API, info.repo_info),
    ("GET", API + "/revision/{revision}", info.repo_info),
    ("PUT", API + "/settings", repos.update_settings),
    ("GET", API + "/auth-check", repos.auth_check),
    # reading
    ("GET", API + "/tree/{revision}", tree.list_tree),
    ("GET", API + "/tree/{revision}/{path}", tree.list_tree),
    ("POST", API + "/paths-info/{revision}", tree.paths_info),
    ("GET", API + "/refs", refs.list_refs),
    ("GET", API + "/commits/{revision}", history.list_commits),
    ("GET", WEB + "/resolve/{revision}/{path}", resolve.resolve),
    # writing
    ("POST", API + "/preupload/{revision}", preupload.preupload),
    ("POST", WEB + ".git/info/lfs/objects/batch", lfs.batch),
    ("POST", WEB + ".git/info/lfs/objects/verify", lfs.verify),
    ("PUT", "/lfs/{path}", lfs.put),
    ("POST", "/lfs/{path}", lfs.complete),
    ("GET", "/lfs/{path}", lfs.get),
    ("POST", API + "/commit/{revision}", commit.commit),
    ("POST", API + "/lfs-files/duplicate", copies.duplicate),
    # branches, tags, history
    ("POST", API + "/branch/{branch}", refs.create_branch),
    ("DELETE", API + "/branch/{branch}", refs.delete_branch),
    ("POST", API + "/tag/{revision}", refs.create_tag),
    ("DELETE", API + "/tag/{revision}", refs.delete_tag),
    ("POST", API + "/super-squash/{revision}", history.super_squash),
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
"""The protocol: method, path, handler. `R` is a repository, V in the handlers' descriptions a revision."""

_logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class App:
    """The ASGI application of one hub."""

    def __init__(self, hub: Hub, executor: Executor, more_routes: Iterable[Route] = ()) -> None:
        """Build the application.

        Args:
            hub: The stores.
            executor: Runs plain handlers. It is apart from the event loop's own, which moves bodies: handlers
                wait for locks, and transfers must not wait for them.
            more_routes: Matched after the table.
        """
        table = [Route(method, pattern, partial(handler, hub)) for method, pattern, handler in TABLE]
        self._router = Router([*table, *more_routes])
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            return
        try:
            response = await self._respond(_request(scope, receive))
        except ClientDisconnectedError:
            return
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
        except Exception:
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
    headers = {"x-error-message": _one_line(error.message), **error.headers}
    if error.code:
        headers["x-error-code"] = error.code
    return json_response({"error": error.message, **error.extra}, error.status, headers)


def _one_line(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.encode("ascii", "backslashreplace").decode()[:1000]


def _request(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
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
