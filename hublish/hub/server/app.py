"""The ASGI application: the table of calls, and how a request becomes a response."""

import asyncio
import inspect
import logging
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from hublish.base.errors import disk_full
from hublish.hub.server import access
from hublish.hub.server.http import (
    ANONYMOUS_LIMIT,
    BODY_LIMIT,
    IN_MEMORY,
    ClientDisconnectedError,
    Request,
    Response,
    Send,
    Sender,
    json_response,
    spill,
)
from hublish.hub.server.pages import login
from hublish.hub.server.pages.web_page import refusal_page, wants_page
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.routes import (
    browse,
    buckets,
    collections,
    commits,
    discussions,
    gating,
    git_http,
    git_push,
    lfs,
    oauth,
    pages,
    people,
    preflight,
    repo_info,
    repos,
    revisions,
    space_settings,
)
from hublish.hub.server.routing import Handler, R, Route, Router
from hublish.hub.server.stores import Hub

T = TypeVar("T")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]

# In the handlers' docstrings: P is a plural type such as `models`, R a repository, V a revision.
API = "/api/{kind}/" + R
WEB = "/{prefix}" + R
BUCKET = "/api/{buckets}/" + R
COLLECTION = "/api/collections/{owner}/{slug}"

# The protocol, in the order of a release: (method, path, handler, guard). The first match wins. The guard authorizes
# the call before a byte of its body is read. Handlers without a guard get no body, or are coroutines, which authorize
# the call before they read.
TABLE: tuple[tuple[str, str, Callable[..., Any], Callable[..., Any] | None], ...] = (
    # pages for a person; those of one repository are at the end
    ("GET", "/", pages.index, None),
    ("GET", "/login", login.show, None),
    ("POST", "/login", login.log_in, login.check_origin),
    ("POST", "/logout", login.log_out, login.check_origin),
    ("GET", "/{kind}", pages.of_type, None),
    # accounts and cards
    ("GET", "/api/whoami-v2", repos.whoami, None),
    ("POST", "/oauth/token", oauth.exchange, oauth.check_size),
    ("POST", "/api/validate-yaml", preflight.validate_yaml, access.identify),
    # people
    ("GET", "/api/users/{user}/overview", people.user_overview, None),
    ("GET", "/api/users/{user}/likes", people.list_likes, None),
    ("GET", "/api/users/{user}/followers", people.list_followers, None),
    ("GET", "/api/users/{user}/following", people.list_following, None),
    ("POST", "/api/users/{user}/follow", people.follow, access.require_account),
    ("DELETE", "/api/users/{user}/follow", people.unfollow, access.require_account),
    ("GET", "/api/organizations/{organization}/overview", people.organization_overview, None),
    ("GET", "/api/organizations/{organization}/members", people.list_members, None),
    ("GET", "/api/organizations/{organization}/followers", people.list_followers, None),
    ("POST", "/api/organizations/{organization}/follow", people.follow, access.require_account),
    ("DELETE", "/api/organizations/{organization}/follow", people.unfollow, access.require_account),
    ("POST", API + "/like", people.like, access.repo_to_contribute),
    ("DELETE", API + "/like", people.unlike, access.repo_to_contribute),
    ("GET", API + "/likers", people.list_likers, None),
    # repositories
    ("POST", "/api/repos/create", repos.create, access.require_account),
    ("DELETE", "/api/repos/delete", repos.delete, access.require_account),
    ("POST", "/api/repos/move", repos.move, access.require_account),
    ("GET", "/api/settings/repositories", repo_info.list_own_repos, None),
    ("GET", "/api/organizations/{organization}/settings/repositories", repo_info.list_own_repos, None),
    ("GET", "/api/spaces/hardware", space_settings.list_hardware, None),
    ("GET", "/api/spaces/semantic-search", repo_info.search_spaces, None),
    ("GET", "/api/models-tags-by-type", partial(repo_info.list_tags, "model"), None),
    ("GET", "/api/datasets-tags-by-type", partial(repo_info.list_tags, "dataset"), None),
    ("GET", "/api/{kind}", repo_info.list_repos, None),
    ("GET", API, repo_info.repo_info, None),
    ("GET", API + "/revision/{revision}", repo_info.repo_info, None),
    ("POST", API + "/duplicate", repos.duplicate, access.repo_to_read),
    ("PUT", API + "/settings", repos.update_settings, access.repo_to_write),
    ("GET", API + "/auth-check", repos.auth_check, None),
    ("GET", API + "/auth-check/write", repos.auth_check_write, None),
    # reading
    ("GET", API + "/tree/{revision}", browse.list_tree, None),
    ("GET", API + "/tree/{revision}/{path}", browse.list_tree, None),
    ("POST", API + "/paths-info/{revision}", browse.paths_info, access.repo_to_read),
    ("GET", API + "/refs", revisions.list_refs, None),
    ("GET", API + "/commits/{revision}", revisions.list_commits, None),
    # Before that of models: a bucket may have the name `resolve`.
    ("GET", "/{buckets}/" + R + "/resolve/{path}", buckets.resolve, None),
    ("GET", API + "/leaderboard", repo_info.leaderboard, None),
    ("GET", API + "/safetensors-metadata/{path}", browse.safetensors_metadata, None),
    ("GET", WEB + "/resolve/{revision}/{path}", browse.resolve, None),
    ("GET", WEB + "/raw/{revision}/{path}", browse.raw, None),
    # writing
    ("POST", API + "/preupload/{revision}", preflight.preupload, access.repo_to_upload),
    ("POST", WEB + ".git/info/lfs/objects/batch", lfs.batch, access.repo_to_read),
    ("POST", WEB + ".git/info/lfs/objects/verify", lfs.verify, access.repo_to_contribute),
    ("PUT", "/lfs/{path}", lfs.put, None),
    ("POST", "/lfs/{path}", lfs.complete, lfs.check_signature),
    ("GET", "/lfs/{path}", lfs.get, None),
    ("POST", API + "/commit/{revision}", commits.commit, None),
    ("GET", API + "/lfs-files", revisions.list_large_files, None),
    ("POST", API + "/lfs-files/batch", revisions.delete_large_files, access.repo_to_write),
    ("POST", API + "/lfs-files/duplicate", lfs.duplicate, access.repo_to_read),
    # branches, tags, history
    ("POST", API + "/branch/{branch}", revisions.create_branch, access.repo_to_write),
    ("DELETE", API + "/branch/{branch}", revisions.delete_branch, access.repo_to_write),
    ("POST", API + "/tag/{revision}", revisions.create_tag, access.repo_to_write),
    ("DELETE", API + "/tag/{revision}", revisions.delete_tag, access.repo_to_write),
    ("POST", API + "/super-squash/{revision}", revisions.super_squash, access.repo_to_write),
    # discussions and pull requests
    ("GET", API + "/discussions", discussions.list_discussions, None),
    ("POST", API + "/discussions", discussions.create, access.repo_to_contribute),
    ("GET", API + "/discussions/{num}", discussions.details, None),
    ("POST", API + "/discussions/{num}/comment", discussions.comment, access.repo_to_contribute),
    ("POST", API + "/discussions/{num}/comment/{comment}/edit", discussions.edit_comment, access.repo_to_contribute),
    ("POST", API + "/discussions/{num}/comment/{comment}/hide", discussions.hide_comment, access.repo_to_contribute),
    ("POST", API + "/discussions/{num}/title", discussions.rename, access.repo_to_contribute),
    ("POST", API + "/discussions/{num}/status", discussions.set_status, access.repo_to_contribute),
    ("POST", API + "/discussions/{num}/merge", discussions.merge_pull_request, access.repo_to_contribute),
    # gated repositories
    ("POST", WEB + "/ask-access", gating.ask_access, access.repo_to_read),
    ("GET", API + "/user-access-request/{status}", gating.list_access_requests, None),
    ("POST", API + "/user-access-request/handle", gating.handle_access_request, access.repo_to_write),
    ("POST", API + "/user-access-request/grant", gating.grant_access, access.repo_to_write),
    # Spaces; for other types, the handlers respond with 404
    ("GET", API + "/runtime", space_settings.get_runtime, None),
    ("POST", API + "/hardware", space_settings.set_hardware, access.repo_to_write),
    ("POST", API + "/sleeptime", space_settings.set_sleep_time, access.repo_to_write),
    ("POST", API + "/pause", space_settings.pause, access.repo_to_write),
    ("POST", API + "/restart", space_settings.restart, access.repo_to_write),
    ("POST", API + "/dev-mode", space_settings.set_dev_mode, access.repo_to_write),
    ("GET", API + "/variables", space_settings.get_variables, None),
    ("POST", API + "/variables", space_settings.add_variable, access.repo_to_write),
    ("DELETE", API + "/variables", space_settings.delete_variable, access.repo_to_write),
    ("GET", API + "/secrets", space_settings.get_secrets, None),
    ("POST", API + "/secrets", space_settings.add_secret, access.repo_to_write),
    ("DELETE", API + "/secrets", space_settings.delete_secret, access.repo_to_write),
    ("POST", API + "/storage", space_settings.set_storage, access.repo_to_write),
    ("DELETE", API + "/storage", space_settings.delete_storage, access.repo_to_write),
    ("PUT", API + "/volumes", space_settings.set_volumes, access.repo_to_write),
    ("DELETE", API + "/volumes", space_settings.delete_volumes, access.repo_to_write),
    # buckets
    ("GET", "/api/buckets/{owner}", buckets.list_buckets, None),
    # By its own name alone: a former one is free for another bucket, and deletes none.
    ("POST", "/api/buckets/{owner}/{name}", buckets.create, access.require_account),
    ("DELETE", "/api/buckets/{owner}/{name}", buckets.delete, access.require_account),
    ("GET", BUCKET, buckets.info, None),
    ("PUT", BUCKET + "/settings", buckets.update_settings, access.repo_to_write),
    ("GET", BUCKET + "/tree", buckets.list_tree, None),
    ("GET", BUCKET + "/tree/{path}", buckets.list_tree, None),
    ("POST", BUCKET + "/paths-info", buckets.paths_info, access.repo_to_read),
    ("POST", BUCKET + "/batch", buckets.batch, access.repo_to_write),
    # collections
    ("GET", "/api/collections", collections.list_collections, None),
    ("POST", "/api/collections", collections.create, access.require_account),
    ("GET", COLLECTION, collections.get, None),
    ("PATCH", COLLECTION, collections.update, collections.to_write),
    ("DELETE", COLLECTION, collections.delete, collections.to_write),
    ("POST", COLLECTION + "/resource-group", collections.set_resource_group, collections.to_write),
    ("POST", COLLECTION + "/items", collections.add_item, collections.to_write),
    ("PATCH", COLLECTION + "/items/{item}", collections.update_item, collections.to_write),
    ("DELETE", COLLECTION + "/items/{item}", collections.delete_item, collections.to_write),
    # git itself
    ("GET", WEB + ".git/info/refs", git_http.advertise, None),
    ("GET", WEB + "/info/refs", git_http.advertise, None),
    ("POST", WEB + ".git/git-upload-pack", git_http.upload_pack, git_http.authorize),
    ("POST", WEB + "/git-upload-pack", git_http.upload_pack, git_http.authorize),
    ("POST", WEB + ".git/git-receive-pack", git_push.receive_pack, None),
    ("POST", WEB + "/git-receive-pack", git_push.receive_pack, None),
    # a repository for a person, at the end: other paths of two segments have their own meaning
    ("GET", WEB + "/tree/{path}", pages.tree, None),
    ("GET", WEB + "/blob/{path}", pages.blob, None),
    ("GET", WEB + "/media/{path}", pages.media, None),
    ("GET", WEB + "/commits/{path}", pages.history, None),
    ("GET", WEB + "/commit/{path}", pages.commit, None),
    ("GET", WEB + "/discussions", pages.discussions, None),
    ("GET", WEB + "/discussions/{num}", pages.discussion, None),
    ("GET", WEB, pages.repo, None),
)

_logger = logging.getLogger(__name__)

# The part of the caller's id that a response repeats: the ids of clients and of load balancers, and no other bytes.
_REQUEST_ID = re.compile(rb"[A-Za-z0-9=:;._-]{1,128}")

# Seconds without a byte of a body that count as a pause, and after which the request is refused.
PAUSE = 1.0
IDLE = 60.0

# Bytes per second that a body must bring on average, and seconds of delay that are free.
SLOWEST = 1024
GRACE = 120.0


class App:
    """The ASGI application of one hub."""

    def __init__(self, hub: Hub, executor: Executor, more_routes: Iterable[Route] = ()) -> None:
        # The executor runs plain handlers. It is separate from the event loop's own executor, which moves bodies:
        # handlers wait for locks, and transfers must not wait for them.
        table = [
            Route(method, pattern, partial(handler, hub), guard and partial(guard, hub))
            for method, pattern, handler, guard in TABLE
        ]
        self._router = Router([*table, *more_routes])
        self._hub = hub
        self._executor = executor
        self._sender = Sender()
        self._large_bodies = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":  # lifespan and websockets are switched off
            return
        try:
            response = await self._respond(_request(scope, receive))
        except ClientDisconnectedError:
            return
        if scope["method"] != "HEAD" and isinstance(response.body, bytes) and response.length > IN_MEMORY:
            response = await asyncio.to_thread(spill, response)
        response = replace(response, headers={**response.headers, "x-request-id": _request_id(scope)})
        await self._sender.send(response, send, with_body=scope["method"] != "HEAD")

    async def _respond(self, request: Request) -> Response:
        try:
            route, params = self._router.match(request.method, request.path)
            request = replace(request, params=params)
            if "namespace" in params and (moved := await self._moved(request)):
                if "kind" in params or request.path.startswith("/api/buckets/"):
                    return _redirect(request, moved)
                # Files and git are served at once: not every version of their clients follows a redirect.
                request = replace(request, params={**params, "namespace": moved.namespace, "name": moved.name})
            return await self._run(route, request)
        except HubError as error:
            return await self._refused(request, error)
        except ClientDisconnectedError:
            raise
        except Exception as error:  # a bug: the client still gets an answer, and the log the traceback
            if full := disk_full(error, self._hub.root):
                # In the log alone: the path is not for every caller.
                _logger.error("%s", full.message)
                # Clients repeat a 500 for minutes, and hf_xet every status from 500 on.
                status = 413 if request.path.startswith("/xet/") else 507
                return _refusal(HubError(status, None, "The disk of this Hub is full."))
            _logger.exception("%s %s failed", request.method, request.path)
            return await self._refused(request, HubError(500, None, "Internal error: see the log of the server"))

    async def _refused(self, request: Request, error: HubError) -> Response:
        refusal = _refusal(error)
        if not wants_page(request):
            return refusal
        try:
            page = await self._in_thread(refusal_page, self._hub, request, error)
        except HubError:
            return refusal
        return replace(page, headers={**refusal.headers, **page.headers})

    async def _moved(self, request: Request) -> RepoId | None:
        # Usually, the repository is there: one look at the disk, without waiting for a thread.
        if access.is_named(self._hub, request):
            return None
        return await self._in_thread(access.moved_repo, self._hub, request)

    async def _in_thread(self, function: Callable[..., T], *values: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *values)

    async def _run(self, route: Route, request: Request) -> Response:
        if inspect.iscoroutinefunction(route.handler):
            response = await route.handler(request)
        else:
            if route.guard:
                await self._in_thread(route.guard, request)
                limit = BODY_LIMIT if access.token_of(request) else ANONYMOUS_LIMIT
                request = replace(request, content=await request.read_all(limit))
            response = await self._in_thread(self._handle, route.handler, request)
        assert isinstance(response, Response)
        return response

    def _handle(self, handler: Handler, request: Request) -> object:
        # Parsing multiplies the size of a body: the large ones take turns.
        with self._large_bodies if len(request.content) > 4 * IN_MEMORY else nullcontext():
            return handler(request)


def _redirect(request: Request, repo: RepoId) -> Response:
    """Lead a call to the repository's own name, as the Hub does; a 307 keeps the method and the body."""
    # Relative, as the Hub's: clients keep their token. The path is /api/{kind}/{namespace}/{name}/..
    rest = "/".join(request.path.split("/")[5:])
    query = urlencode(request.query, doseq=True)
    location = f"/api/{repo.plural}/{repo.full_name}{rest and '/' + rest}{query and '?' + query}"
    content = f"Temporary Redirect. Redirecting to {location}".encode("latin-1")
    return Response(307, {"location": location, "content-type": "text/plain; charset=utf-8"}, content)


def _refusal(error: HubError) -> Response:
    # Messages quote the request: a line break in one would add a header of the caller's choice.
    printable = "".join(char if char.isprintable() else " " for char in error.message)
    one_line = printable.encode("ascii", "backslashreplace").decode()[:1000]
    code = {"x-error-code": error.code} if error.code else {}
    headers = {"x-error-message": one_line, **error.headers, **code}
    return json_response({"error": error.message, **error.extra}, error.status, headers)


def _request_id(scope: Scope) -> str:
    """Return the id of a request, which the client shows in its errors: its own one, or else a new one."""
    given = dict(scope["headers"])
    wanted = given.get(b"x-request-id") or given.get(b"x-amzn-trace-id") or b""
    return wanted.decode() if _REQUEST_ID.fullmatch(wanted) else secrets.token_hex(8)


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
    """Yield a body as it arrives, with an empty chunk for each pause; raise 408 when the client is too slow."""
    total, waited, idle = 0, 0.0, 0.0
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PAUSE):
                message = await receive()
        except TimeoutError:
            message = {"type": "http.request", "more_body": True}
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        chunk = message.get("body", b"")
        quiet = time.monotonic() - began
        idle = 0.0 if chunk else idle + quiet
        total, waited = total + len(chunk), waited + quiet
        if idle > IDLE or waited > GRACE + total / SLOWEST:
            raise HubError(408, None, "The request body did not arrive in time").with_headers({"connection": "close"})
        more = message.get("more_body", False)
        if chunk or more:
            yield chunk
        if not more:
            return
