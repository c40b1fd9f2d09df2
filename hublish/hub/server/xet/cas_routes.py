"""The content store over HTTP.

Source: the Xet protocol specification, "CAS API", and the calls of hf_xet 1.8.0. Calls that the client can do
without have no route and are answered 404: the second version of the shard call (it streams progress), and
telemetry.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from hublish.hub.server.http import Request, Response, content_response, json_response, parse_range, receive_into
from hublish.hub.server.refusals import HubError, bad_request, forbidden
from hublish.hub.server.routing import Route
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import MalformedError, from_text, to_text
from hublish.hub.server.xet.reconstruction import Run, to_json
from hublish.hub.server.xet.tokens import Access, Address, Scope

T = TypeVar("T")


class Rights(Protocol):
    """The rights of users in repositories."""

    def of(self, request: Request, scope: Scope) -> Access:
        """Return the rights that the caller asks for in a request's path; raise HubError unless they have them."""

    def check(self, access: Access) -> None:
        """Raise HubError unless the user still has these rights."""

    def permits(self, access: Access, sha256: str) -> bool:
        """Return whether the user may read a file: the repository contains it, or the user sent it."""

    def add(self, access: Access, sha256s: list[str]) -> bool:
        """Record files that the user has sent; return whether any of them is new."""

    def sender(self, access: Access) -> str | None:
        """Return the user whose xorbs new files may consist of; None for a user who may read everything."""


def xet_routes(store: XetStore, rights: Rights) -> list[Route]:
    """Return the routes of the content store, including those that issue its tokens."""
    handlers = _Handlers(store, rights)
    repo = "/api/{kind}/{namespace}/{name}"
    bucket = "/api/{buckets}/{namespace}/{name}"
    cas = "/xet/{store}"
    return [
        Route("GET", f"{repo}/xet-read-token/{{revision}}", partial(handlers.issue_token, "read")),
        Route("GET", f"{repo}/xet-write-token/{{revision}}", partial(handlers.issue_token, "write")),
        Route("GET", f"{bucket}/xet-read-token", partial(handlers.issue_token, "read")),
        Route("GET", f"{bucket}/xet-write-token", partial(handlers.issue_token, "write")),
        Route("POST", f"{cas}/v1/xorb-grants/default/{{xorb}}", handlers.grant_upload, handlers.check_sender),
        Route("POST", f"{cas}/v1/xorbs/default/{{xorb}}", handlers.upload_xorb),
        Route("GET", f"{cas}/v1/xorbs/default/{{xorb}}", handlers.download_xorb),
        Route("GET", f"{cas}/v1/chunks/default/{{chunk}}", handlers.find_chunk),
        Route("POST", f"{cas}/v1/shards", handlers.upload_shard),
        Route("GET", f"{cas}/v1/reconstructions/{{file}}", partial(handlers.reconstruct, 1)),
        Route("GET", f"{cas}/v2/reconstructions/{{file}}", partial(handlers.reconstruct, 2)),
    ]


class _Handlers:
    def __init__(self, store: XetStore, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    def issue_token(self, scope: Scope, request: Request) -> Response:
        """Return an access token, in the body for hf_xet and in headers for huggingface_hub."""
        # The revision is ignored: for a pull request that a commit is about to open, the client sends `None`.
        access = self._rights.of(request, scope)
        token, expires = self._store.signer.issue(access)
        cas_url = request.base_url + self._store.cas_path(access.user)
        return json_response(
            {"accessToken": token, "exp": expires, "casUrl": cas_url},
            headers={"x-xet-cas-url": cas_url, "x-xet-access-token": token, "x-xet-token-expiration": str(expires)},
        )

    def check_sender(self, request: Request) -> None:
        """Raise HubError unless the caller has a token for uploads."""
        self._access(request, "write")

    def grant_upload(self, request: Request) -> Response:
        """Report that the user has sent a xorb before, so that the client does not send it: 200 without a body."""
        access = self._access(request, "write")
        # The protocol's other response is an upload address (of a bucket); after a 404, the client sends the xorb here.
        if not self._store.xorbs.has(_digest(request, "xorb"), self._rights.sender(access)):
            raise HubError(404, None, "Uploads go through this server")
        return Response(200, {})

    async def upload_xorb(self, request: Request) -> Response:
        """Receive a xorb; its body is checked on disk before it is stored."""
        access = await asyncio.to_thread(self._access, request, "write")
        digest = _digest(request, "xorb")
        session = request.headers.get("x-xet-session-id", "")
        with _refusing(), self._store.xorbs.receive() as body:
            await receive_into(request.stream, body.write)
            inserted = await self._work(self._store.xorbs.add, body, digest, session, access.user)
        return json_response({"was_inserted": inserted})

    async def upload_shard(self, request: Request) -> Response:
        """Receive a shard; respond when the content of all its files is in place."""
        access = await asyncio.to_thread(self._access, request, "write")
        sender = self._rights.sender(access)
        with _refusing(), self._store.receive_shard() as body:
            await receive_into(request.stream, body.write)
            sha256s = await self._work(self._store.add_shard, body, sender)
        new = await asyncio.to_thread(self._rights.add, access, sha256s)
        return json_response({"result": int(new)})  # 1: the shard was new

    def find_chunk(self, request: Request) -> Response:
        """Return the user's xorbs that go with a chunk, as a shard."""
        access = self._access(request, "write")
        shard = self._store.dedup_shard(_digest(request, "chunk"), self._rights.sender(access))
        if shard is None:
            raise HubError(404, None, "Chunk is not known")
        return Response(200, {"content-type": "application/octet-stream"}, shard)

    def reconstruct(self, version: int, request: Request) -> Response:
        """Return how to assemble a file, or the range of it in a Range header."""
        access = self._access(request, "read")
        file = self._store.file(_digest(request, "file"))
        if file is None or not self._rights.permits(access, file.sha256):
            raise HubError(404, None, "File is not known")
        try:
            start, stop = parse_range(request.headers.get("range"), file.size) or (0, file.size)
        except ValueError as error:
            raise HubError(416, None, str(error)) from None
        plan = self._store.plan(file, start, stop)
        return json_response(to_json(plan, version, partial(self._locate, request.base_url, access)))

    def _locate(self, base_url: str, access: Access, xorb: bytes, run: Run) -> str:
        path = f"{self._store.cas_path(access.user)}/v1/xorbs/default/{to_text(xorb)}"
        return base_url + self._store.signer.sign_address(Address(path, run.first_byte, run.last_byte), access)

    def download_xorb(self, request: Request) -> Response:
        """Return bytes of a xorb to the holder of a signed address of them."""
        names = ("for", "range", "expires", "signature")
        found = self._store.signer.permits(request.path, *(request.first(name) for name in names))
        if found is None:
            raise forbidden("Address is not signed, or expired")
        address, access = found
        self._rights.check(access)
        path = self._store.xorbs.path(_digest(request, "xorb"))
        try:
            size = path.stat().st_size
            first, stop = parse_range(request.headers.get("range"), size) or (0, size)
        except (ValueError, FileNotFoundError):
            first = stop = -1
        if not address.first <= first < stop <= address.last + 1:
            raise forbidden(f"Address permits only bytes {address.first} to {address.last}")
        return content_response(request, path)

    async def _work(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._store.executor, function, *arguments)

    def _access(self, request: Request, scope: Scope) -> Access:
        """Return the rights of the token that was sent; raise HubError unless they include `scope`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        access = self._store.signer.check(token) if scheme.lower() == "bearer" else None
        if access is None:
            raise HubError(401, None, "Access token is missing, invalid or expired")
        if scope == "write" and access.scope != "write":
            raise forbidden("Access token does not permit writing")
        if request.params["store"] != self._store.identity(access.user):
            raise HubError(404, None, "Content store is not known")
        self._rights.check(replace(access, scope=scope))
        return access


def _digest(request: Request, name: str) -> bytes:
    with _refusing():
        return from_text(request.params[name])


@contextmanager
def _refusing() -> Iterator[None]:
    """Respond 400 to malformed bytes."""
    try:
        yield
    except MalformedError as error:
        raise bad_request(str(error)) from None
