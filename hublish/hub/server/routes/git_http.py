"""git's own smart HTTP protocol, for reading: `git clone <endpoint>/namespace/name` (gitprotocol-http(5))."""

import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from dulwich.errors import GitProtocolError, MissingCommitError
from dulwich.object_store import MissingObjectFinder
from dulwich.objects import Blob, ObjectID, Tree
from dulwich.protocol import ReceivableProtocol
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler

from hublish.hub.server.access import repo_of, repo_to_read
from hublish.hub.server.http import ANONYMOUS_LIMIT, FileSlice, Request, Response
from hublish.hub.server.refusals import HubError, bad_request, forbidden, repo_not_found, unauthenticated
from hublish.hub.server.routes import git_push
from hublish.hub.server.stores import Hub

_NO_CACHE = {"cache-control": "no-cache, max-age=0, must-revalidate"}


def advertise(hub: Hub, request: Request) -> Response:
    """`GET R[.git]/info/refs?service=git-upload-pack`, or `git-receive-pack` before a push."""
    if request.first("service") == git_push.SERVICE:
        return git_push.advertise(hub, request)
    authorize(hub, request)
    if request.first("service") != "git-upload-pack":
        raise forbidden("Only git-upload-pack and git-receive-pack are served here")
    output = io.BytesIO()
    # A pkt-line with the service and a flush, which the protocol requires before the refs.
    output.write(b"001e# service=git-upload-pack\n0000")
    _serve(hub, request, b"", output.write, advertise_refs=True)
    headers = {"content-type": "application/x-git-upload-pack-advertisement", **_NO_CACHE}
    return Response(200, headers, output.getvalue())


def upload_pack(hub: Hub, request: Request) -> Response:
    """`POST R[.git]/git-upload-pack`."""
    authorize(hub, request)
    output = hub.objects.spooled()  # closed after it was sent
    try:
        _serve(hub, request, _body(request), output.write, advertise_refs=False)
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


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The first part of a request: the objects that a client wants, and those that it lacks on purpose."""

    wants: frozenset[str]
    shallow: frozenset[str]  # commits whose parents the client lacks
    filter: str  # of a partial clone
    body: bytes  # the request as dulwich understands it

    @classmethod
    def read(cls, body: bytes) -> "_Wishes":
        """Parse a request; leave anything malformed to dulwich."""
        lines, rest = _split(body)
        named: dict[bytes, list[str]] = {b"want": [], b"shallow": [], b"filter": []}
        for line in lines:
            word, _, value = line[4:].partition(b" ")
            if word in named:
                named[word].append(value.split(b" ")[0].decode("ascii", "replace").strip())
        # dulwich expects the filter in another place, would also apply it to objects that are wanted by their ids,
        # and takes a shallow client for one that changes its depth.
        deepens = any(line[4:].startswith(b"deepen") for line in lines)
        hidden = (b"filter ",) if deepens else (b"filter ", b"shallow ")
        kept = b"".join(line for line in lines if not line[4:].startswith(hidden))
        shallow = frozenset() if deepens else frozenset(named[b"shallow"])
        return cls(frozenset(named[b"want"]), shallow, "+".join(named[b"filter"]), kept + rest)


def _split(body: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines of a request up to its first flush, and the rest."""
    lines = []
    position = 0
    while re.fullmatch(rb"[0-9a-f]{4}", size := body[position : position + 4]) and int(size, 16) > 4:
        lines.append(body[position : position + int(size, 16)])
        position += int(size, 16)
    return lines, body[position:]


@dataclass(frozen=True, slots=True)
class _Filter:
    """The objects that a partial clone leaves out: git fetches them by their ids when it needs them."""

    trees: bool = False
    larger_than: int | None = None  # bytes; blobs of this size are left out

    @classmethod
    def parse(cls, text: str) -> "_Filter":
        """Parse git's notation; raise 400 for the filters that depend on paths, which git servers may refuse."""
        parts = [cls._parse_one(part) for part in text.removeprefix("combine:").split("+")]
        limits = [part.larger_than for part in parts if part.larger_than is not None]
        return cls(any(part.trees for part in parts), min(limits, default=None))

    @classmethod
    def _parse_one(cls, text: str) -> "_Filter":
        if text in ("", "blob:none", "tree:0"):
            return cls(text == "tree:0", 0 if text else None)
        if limit := re.fullmatch(r"blob:limit=(\d{1,12})([kmg]?)", text):
            return cls(larger_than=int(limit[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[limit[2]])
        raise bad_request(f"The filter {text[:80]!r} is not supported: use blob:none, blob:limit=N or tree:0")


class _ServedRepo(Repo):
    """A repository for one request: some objects besides its refs may be wanted, others are left out."""

    wanted: frozenset[str] = frozenset()
    shallow: frozenset[str] = frozenset()
    filter = _Filter()
    size_of: Callable[[str], int]

    def get_refs(self) -> dict[Ref, ObjectID]:
        """Return the refs, and an entry for each object that may be wanted."""
        return super().get_refs() | {Ref(b"wanted/" + sha.encode()): ObjectID(sha.encode()) for sha in self.wanted}

    def find_missing_objects(self, determine_wants: Any, graph_walker: Any, *values: Any, **named: Any) -> Any:
        """Return the objects to send."""
        graph_walker.shallow.update(ObjectID(sha.encode()) for sha in self.shallow)
        found = super().find_missing_objects(determine_wants, graph_walker, *values, **named)
        return found and self._filtered(found)

    def _filtered(self, found: MissingObjectFinder) -> Iterator[tuple[ObjectID, Any]]:
        for sha, hint in found:
            kind = hint[0] if hint else None
            if sha.decode() in self.wanted or not self._is_left_out(sha.decode(), kind):
                yield sha, hint

    def _is_left_out(self, sha: str, kind: int | None) -> bool:
        limit = self.filter.larger_than
        if kind == Blob.type_num and limit is not None:
            return limit == 0 or self.size_of(sha) >= limit
        return kind == Tree.type_num and self.filter.trees


class _Handler(UploadPackHandler):
    """git-upload-pack that also sends single objects."""

    def capabilities(self) -> list[bytes]:
        """Return the capabilities; the last one lets partial clones fetch blobs by their ids."""
        return [*super().capabilities(), b"allow-reachable-sha1-in-want"]


def _serve(hub: Hub, request: Request, body: bytes, write: Callable[[bytes], int], *, advertise_refs: bool) -> None:
    wishes = _Wishes.read(body)
    name = repo_of(request)
    with hub.repositories.open(name) as git, closing(_ServedRepo(str(git.path))) as repo:
        repo.shallow = wishes.shallow
        repo.filter = _Filter.parse(wishes.filter)
        repo.size_of = lambda sha: hub.facts.of(git, sha).pointer_size
        # Only what a ref reaches: of a deleted branch, objects stay on the disk and their ids may be known.
        repo.wanted = frozenset(hub.references.objects(git, wishes.wants - set(git.refs.list("refs/").values())))
        repositories: dict[str, BackendRepo] = {"/": repo}
        protocol = ReceivableProtocol(io.BytesIO(wishes.body).read, write)
        handler = _Handler(
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
