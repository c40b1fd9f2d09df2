"""git's own smart HTTP protocol, for reading: `git clone <endpoint>/namespace/name` (gitprotocol-http(5))."""

import io
import zlib
from collections.abc import Callable
from contextlib import closing

from dulwich.errors import GitProtocolError, MissingCommitError
from dulwich.protocol import ReceivableProtocol
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler

from hublish.hub.server.access import repo_of, repo_to_read
from hublish.hub.server.http import ANONYMOUS_LIMIT, FileSlice, Request, Response
from hublish.hub.server.refusals import HubError, bad_request, forbidden, repo_not_found, unauthenticated
from hublish.hub.server.stores import Hub

_NO_CACHE = {"cache-control": "no-cache, max-age=0, must-revalidate"}


def advertise(hub: Hub, request: Request) -> Response:
    """`GET R[.git]/info/refs?service=git-upload-pack`."""
    authorize(hub, request)
    if request.first("service") != "git-upload-pack":
        raise forbidden("Only git-upload-pack is served here: commits are made over the HTTP API")
    output = io.BytesIO()
    # A pkt-line with the service and a flush, which the protocol requires before the refs.
    output.write(b"001e# service=git-upload-pack\n0000")
    _serve(hub, request, io.BytesIO(), output.write, advertise_refs=True)
    headers = {"content-type": "application/x-git-upload-pack-advertisement", **_NO_CACHE}
    return Response(200, headers, output.getvalue())


def upload_pack(hub: Hub, request: Request) -> Response:
    """`POST R[.git]/git-upload-pack`."""
    authorize(hub, request)
    output = hub.objects.spooled()  # closed after it was sent
    try:
        _serve(hub, request, io.BytesIO(_body(request)), output.write, advertise_refs=False)
    except BaseException:
        output.close()
        raise
    size = output.tell()
    headers = {"content-type": "application/x-git-upload-pack-result", **_NO_CACHE}
    return Response(200, headers, FileSlice(lambda: output, 0, size))


def _body(request: Request) -> bytes:
    # git compresses requests that list many commits.
    if request.headers.get("content-encoding") not in ("gzip", "x-gzip"):
        return request.content
    limit = 4 * ANONYMOUS_LIMIT
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        # One byte more than allowed is enough, however much there would be.
        plain = member.decompress(request.content, limit + 1)
    except zlib.error:
        raise bad_request("The body is not gzip") from None
    if len(plain) > limit:
        raise HubError(413, None, f"Request body expands to more than {limit} bytes")
    if not member.eof or member.unused_data:
        raise bad_request("The body is not one complete gzip member")
    return plain


def _serve(
    hub: Hub, request: Request, body: io.BytesIO, write: Callable[[bytes], int], *, advertise_refs: bool
) -> None:
    with closing(Repo(str(hub.repositories.path(repo_of(request))))) as repo:
        repositories: dict[str, BackendRepo] = {"/": repo}
        protocol = ReceivableProtocol(body.read, write)
        handler = UploadPackHandler(
            DictBackend(repositories), ["/"], protocol, stateless_rpc=True, advertise_refs=advertise_refs
        )
        try:
            handler.handle()
        except (GitProtocolError, MissingCommitError, AssertionError, ValueError) as error:
            raise bad_request(f"This is not the git protocol: {error}") from None


def authorize(hub: Hub, request: Request) -> None:
    """Raise unless the caller may read the repository; 401 makes git ask its user for a token."""
    try:
        repo_to_read(hub, request, content=True)
    except HubError as error:
        # git asks its user for a password only after a 401.
        if error.code == repo_not_found().code and "authorization" not in request.headers:
            raise unauthenticated().with_headers({"www-authenticate": 'Basic realm="Hub"'}) from None
        raise
