"""The content store over HTTP.

Source: the Xet protocol specification, "CAS API", and the calls of hf_xet 1.8.0. Calls that the client can do
without have no route and are answered 404: the second version of the shard call (it streams progress), and
telemetry.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from hublish.hub.server.app import Route
from hublish.hub.server.http import Request, Response, content_response, json_response, parse_range, receive_into
from hublish.hub.server.refusals import HubError, bad_request, forbidden
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import MalformedError, from_text, to_text
from hublish.hub.server.xet.reconstruction import to_json
from hublish.hub.server.xet.tokens import Scope

# Returns the name of the repository in a request's path; raises HubError unless the caller may read or write it.
Authorize = Callable[[Request, Scope], str]


def xet_routes(store: XetStore, authorize: Authorize) -> list[Route]:
    """Return the routes of the content store, including those that issue its tokens."""
    handlers = _Handlers(store, authorize)
    repo = "/api/{kind}/{namespace}/{name}"
    cas = handlers.cas_path
    return [
        Route("GET", f"{repo}/xet-read-token/{{revision}}", partial(handlers.issue_token, "read")),
        Route("GET", f"{repo}/xet-write-token/{{revision}}", partial(handlers.issue_token, "write")),
        Route("POST", f"{cas}/v1/xorb-grants/default/{{xorb}}", handlers.grant_upload),
        Route("POST", f"{cas}/v1/xorbs/default/{{xorb}}", handlers.upload_xorb),
        Route("GET", f"{cas}/v1/xorbs/default/{{xorb}}", handlers.download_xorb),
        Route("GET", f"{cas}/v1/chunks/default/{{chunk}}", handlers.find_chunk),
        Route("POST", f"{cas}/v1/shards", handlers.upload_shard),
        Route("GET", f"{cas}/v1/reconstructions/{{file}}", partial(handlers.reconstruct, 1)),
        Route("GET", f"{cas}/v2/reconstructions/{{file}}", partial(handlers.reconstruct, 2)),
    ]


class _Handlers:
    def __init__(self, store: XetStore, authorize: Authorize) -> None:
        self._store = store
        self._authorize = authorize
        self.cas_path = f"/xet/{store.identity}"

    def issue_token(self, scope: Scope, request: Request) -> Response:
        """Return an access token, in the body for hf_xet and in headers for huggingface_hub."""
        # The revision is ignored: for a pull request that a commit is about to open, the client sends `None`.
        token, expires = self._store.signer.issue(scope, self._authorize(request, scope))
        cas_url = request.base_url + self.cas_path
        return json_response(
            {"accessToken": token, "exp": expires, "casUrl": cas_url},
            headers={"x-xet-cas-url": cas_url, "x-xet-access-token": token, "x-xet-token-expiration": str(expires)},
        )

    def grant_upload(self, request: Request) -> Response:
        """Report that a xorb is already stored, so that the client does not send it: 200 without a body."""
        self._check_access(request, "write")
        # The protocol's other response is an upload address (of a bucket); after a 404, the client sends the xorb here.
        if not self._store.xorbs.has(_digest(request, "xorb")):
            raise HubError(404, None, "Uploads go through this server")
        return Response(200, {})

    async def upload_xorb(self, request: Request) -> Response:
        """Receive a xorb; its body is checked on disk before it is stored."""
        self._check_access(request, "write")
        digest = _digest(request, "xorb")
        if await asyncio.to_thread(self._store.xorbs.has, digest):
            # A response before the end of the body would be a broken connection to the client.
            async for _ in request.stream:
                pass
            return json_response({"was_inserted": False})
        session = request.headers.get("x-xet-session-id", "")
        with _refusing(), self._store.xorbs.receive() as body:
            await receive_into(request.stream, body.write)
            inserted = await self._work(self._store.xorbs.add, body, digest, session)
        return json_response({"was_inserted": inserted})

    async def upload_shard(self, request: Request) -> Response:
        """Receive a shard; respond when the content of all its files is in place."""
        self._check_access(request, "write")
        with _refusing(), self._store.receive_shard() as body:
            await receive_into(request.stream, body.write)
            inserted = await self._work(self._store.add_shard, body)
        return json_response({"result": int(inserted)})  # 1: the shard was new

    def find_chunk(self, request: Request) -> Response:
        """Return the stored xorbs that go with a chunk, as a shard."""
        self._check_access(request, "write")
        shard = self._store.dedup_shard(_digest(request, "chunk"))
        if shard is None:
            raise HubError(404, None, "Chunk is not known")
        return Response(200, {"content-type": "application/octet-stream"}, shard)

    def reconstruct(self, version: int, request: Request) -> Response:
        """Return how to assemble a file, or the range of it in a Range header."""
        self._check_access(request, "read")
        file = self._store.file(_digest(request, "file"))
        if file is None:
            raise HubError(404, None, "File is not known")
        try:
            start, stop = parse_range(request.headers.get("range"), file.size) or (0, file.size)
        except ValueError as error:
            raise HubError(416, None, str(error)) from None
        plan = self._store.plan(file, start, stop)
        return json_response(to_json(plan, version, partial(self._address, request.base_url)))

    def download_xorb(self, request: Request) -> Response:
        """Return bytes of a xorb to the holder of its signed address."""
        if not self._store.signer.permits(request.path, request.first("expires"), request.first("signature")):
            raise forbidden("Address is not signed, or expired")
        return content_response(request, self._store.xorbs.path(_digest(request, "xorb")))

    async def _work(self, function: Callable[..., bool], *arguments: object) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._store.executor, function, *arguments)

    def _address(self, base_url: str, xorb: bytes) -> str:
        return base_url + self._store.signer.sign_address(f"{self.cas_path}/v1/xorbs/default/{to_text(xorb)}")

    def _check_access(self, request: Request, scope: Scope) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        access = self._store.signer.check(token) if scheme.lower() == "bearer" else None
        if access is None:
            raise HubError(401, None, "Access token is missing, invalid or expired")
        if scope == "write" and access.scope != "write":
            raise forbidden("Access token does not permit writing")


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
