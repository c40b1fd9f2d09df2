"""git's own smart HTTP protocol, for reading: `git clone <endpoint>/namespace/name` (gitprotocol-http(5))."""

import io
import re
import zlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from functools import partial

from hublish.hub.server.access import repo_of, repo_to_read
from hublish.hub.server.git.pack_sender import Filter, PackSender, depth_of, meet, write_pack
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import ANONYMOUS_LIMIT, FileSlice, Request, Response
from hublish.hub.server.refusals import HubError, bad_request, forbidden, repo_not_found, unauthenticated
from hublish.hub.server.routes import git_push
from hublish.hub.server.stores import Hub

_OBJECT_ID = re.compile(r"[0-9a-f]{40}")
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
    with hub.repositories.open(repo_of(request)) as git:
        output.writelines(_advertisement(hub, git))
    headers = {"content-type": "application/x-git-upload-pack-advertisement", **_NO_CACHE}
    return Response(200, headers, output.getvalue())


def upload_pack(hub: Hub, request: Request) -> Response:
    """`POST R[.git]/git-upload-pack`."""
    authorize(hub, request)
    output = hub.objects.spooled()  # closed after it was sent
    try:
        with hub.repositories.open(repo_of(request)) as git:
            _serve(hub, git, _Fetch.read(_body(request)), output.write)
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
class _Fetch:
    """A request of git-upload-pack (gitprotocol-pack(5)), stateless: each repeats all that was said before."""

    wants: list[str]
    capabilities: frozenset[str]
    shallow: frozenset[str]  # commits whose parents the client lacks
    depth: int | None  # commits of each branch that the client asks for
    filter: str  # of a partial clone
    rest: list[str | None]  # the lines after the first flush: the commits that the client has

    @classmethod
    def read(cls, body: bytes) -> "_Fetch":
        """Parse a request; raise 400 for anything malformed."""
        lines = list(_packets(body))
        if not lines:
            raise _malformed("the request is empty")
        end = lines.index(None) if None in lines else len(lines)
        named: dict[str, list[str]] = {"want": [], "shallow": [], "deepen": [], "filter": []}
        capabilities: list[str] = []
        for line in filter(None, lines[:end]):
            word, _, value = line.partition(" ")
            if word not in named:
                raise _malformed(f"unexpected {word[:20]!r}")
            if word == "want":
                value, *found = value.split() or [""]
                capabilities += found
            named[word].append(value)
        depth = parse_depth(named["deepen"][-1]) if named["deepen"] else None
        if not all(map(_OBJECT_ID.fullmatch, named["want"] + named["shallow"])):
            raise _malformed("an id has 40 digits")
        filters = "+".join(named["filter"])
        return cls(
            named["want"], frozenset(capabilities), frozenset(named["shallow"]), depth, filters, lines[end + 1 :]
        )


def parse_depth(text: str) -> int:
    """Parse the number of commits that a shallow clone has; raise 400 for anything else."""
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text):
        raise _malformed("a depth is a number")
    return int(text)


def _malformed(problem: str) -> HubError:
    return bad_request(f"This is not the git protocol: {problem}")


def _packets(body: bytes) -> Iterator[str | None]:
    """Yield the lines of a request; None for a flush."""
    position = 0
    while position < len(body):
        if not re.fullmatch(rb"[0-9a-f]{4}", size := body[position : position + 4]):
            raise _malformed("a line has no length")
        length = int(size, 16)
        if 0 < length < 4 or position + length > len(body):
            raise _malformed("a line has another length")
        yield body[position + 4 : position + length].decode("utf-8", "replace").rstrip("\n") if length else None
        position += length or 4


def _packet(data: bytes) -> bytes:
    return b"%04x%s" % (len(data) + 4, data)


def _advertisement(hub: Hub, git: GitRepository) -> Iterator[bytes]:
    refs = hub.references.peeled(git)
    default = git.refs.head()
    head = [("HEAD", refs[default])] if default in refs else []
    capabilities = f"{_CAPABILITIES} symref=HEAD:{default}" if head else _CAPABILITIES
    for number, (name, (sha, commit)) in enumerate([*head, *refs.items()]):
        yield _packet(f"{sha} {name}".encode() + (f"\0{capabilities}\n" if number == 0 else "\n").encode())
        if commit != sha:
            yield _packet(f"{commit} {name}^{{}}\n".encode())
    if not refs:
        yield _packet(f"{'0' * 40} capabilities^{{}}\0{capabilities}\n".encode())
    yield b"0000"


@dataclass(slots=True)
class _Negotiation:
    """Finds out which commits the client has, and answers in the form that it understands."""

    multiple: str | None  # the client's form of acknowledgments; None for a single one
    no_done: bool  # the client wants the pack as soon as enough is known
    known: Set[str]  # commits that both have
    is_enough: Callable[[], bool]
    common: list[str] = field(default_factory=list)

    def answer(self, lines: list[str | None], write: Callable[[bytes], object]) -> bool:
        """Answer the lines of a request; return whether the pack follows."""
        ready = others = False
        for line in lines:
            if line is None:
                if self.multiple == "ready" and self.common and not others and self.is_enough():
                    ready = True
                    write(_packet(f"ACK {self.common[-1]} ready\n".encode()))
                if not self.common or self.multiple:
                    write(_packet(b"NAK\n"))
                if self.no_done and ready:
                    write(_packet(f"ACK {self.common[-1]}\n".encode()))
                    return True
                return False
            word, _, sha = line.partition(" ")
            if word == "done":
                last = f"ACK {self.common[-1]}\n" if self.common else "NAK\n"
                if self.multiple or not self.common:
                    write(_packet(last.encode()))
                return True
            if word != "have":
                raise _malformed(f"unexpected {word[:20]!r}")
            others = others or sha not in self.known
            ready = self._have(sha, write) or ready
        return False

    def _have(self, sha: str, write: Callable[[bytes], object]) -> bool:
        """Answer one commit; return whether the client was sent word that it is enough."""
        if sha in self.known:
            self.common.append(sha)
            if self.multiple or len(self.common) == 1:
                word = {"ready": " common", "continue": " continue"}.get(self.multiple or "", "")
                write(_packet(f"ACK {sha}{word}\n".encode()))
        elif self.multiple and self.common and self.is_enough():
            write(_packet(f"ACK {sha} {self.multiple}\n".encode()))
            return self.multiple == "ready"
        return False


def _serve(hub: Hub, git: GitRepository, fetch: _Fetch, write: Callable[[bytes], object]) -> None:
    if not fetch.wants:
        return
    filtered = Filter.parse(fetch.filter)
    refs = hub.references.peeled(git)
    unnamed = set(fetch.wants) - {sha for sha, _ in refs.values()}
    # Only what a ref reaches: of a deleted branch, objects stay on the disk and their ids may be known.
    if missing := unnamed - hub.references.objects(git, unnamed):
        raise _malformed(f"the client wants an object that is not there: {min(missing)}")
    wants, ends, known_ends = list(dict.fromkeys(fetch.wants)), fetch.shallow, fetch.shallow
    if fetch.depth:
        heads = hub.references.commits(git, wants) | {commit for sha, commit in refs.values() if sha in wants}
        last, above = depth_of(git, heads, fetch.depth)
        lines = [f"shallow {sha}\n" for sha in sorted(last - fetch.shallow)]
        lines += [f"unshallow {sha}\n" for sha in sorted(above & fetch.shallow)]
        write(b"".join(_packet(line.encode()) for line in lines) + b"0000")
        ends = frozenset(last | fetch.shallow - above)
        # The parents that the client lacks of commits that it has.
        wants += [parent for sha in sorted(above & fetch.shallow) for parent in git.commit(sha).parents]
    haves = [line.partition(" ")[2] for line in fetch.rest if line and line.startswith("have ")]
    known = hub.references.commits(git, haves)
    multiple = next((form for name, form in _FORMS if name in fetch.capabilities), None)
    is_enough = partial(meet, git, hub.references.commits(git, wants), known)
    talk = _Negotiation(multiple, "no-done" in fetch.capabilities, known, is_enough)
    if not talk.answer(fetch.rest, write):
        return
    tags: dict[str, list[str]] = {}
    for name, (sha, commit) in refs.items() if "include-tag" in fetch.capabilities else ():
        if name.startswith("refs/tags/") and sha != commit:
            tags.setdefault(commit, []).append(sha)

    def size_of(sha: str) -> int:
        return hub.facts.of(git, sha).pointer_size

    sender = PackSender(git, size_of, filtered, ends, known_ends)
    _send(write_pack(git, sender.objects(wants, talk.common, tags)), write, fetch.capabilities)


# The forms of acknowledgments, the best first.
_FORMS = (("multi_ack_detailed", "ready"), ("multi_ack", "continue"))

_CAPABILITIES = (
    "multi_ack thin-pack side-band-64k ofs-delta shallow no-progress include-tag multi_ack_detailed no-done"
    " allow-reachable-sha1-in-want filter object-format=sha1 agent=hublish"
)

# Bytes of a pack in one line, behind the number of the band.
_BAND = 65515


def _send(pack: Iterator[bytes], write: Callable[[bytes], object], capabilities: frozenset[str]) -> None:
    if "side-band-64k" not in capabilities:
        for part in pack:
            write(part)
        return
    waiting = bytearray()
    for part in pack:
        waiting += part
        while len(waiting) >= _BAND:
            write(_packet(b"\1" + waiting[:_BAND]))
            del waiting[:_BAND]
    write(_packet(b"\1" + waiting) + b"0000" if waiting else b"0000")


def authorize(hub: Hub, request: Request) -> None:
    """Raise unless the caller may read the repository; 401 makes git ask its user for a token."""
    try:
        repo_to_read(hub, request, content=True)
    except HubError as error:
        # git asks its user for a password only after a 401.
        if error.code == repo_not_found().code and "authorization" not in request.headers:
            raise unauthenticated().with_headers({"www-authenticate": 'Basic realm="Hub"'}) from None
        raise
