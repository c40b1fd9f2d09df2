"""`git push` over smart HTTP: the same rights and rules as for commits over the API (gitprotocol-pack(5)).

A push is stored in a file, its objects are checked and written beside the repository, and only then refs move: whenever
the process dies, the repository has the old state of a ref or the new one, and no object that a ref does not reach.
"""

import asyncio
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from dulwich.objects import Blob, Commit, Tag

from hublish.hub.server.access import authorize, repo_of, require_owner, usable_objects
from hublish.hub.server.accounts import Account
from hublish.hub.server.git.git_trees import Entry, find, parse_tree, walk
from hublish.hub.server.git.lfs_pointers import Pointer, parse_pointer
from hublish.hub.server.git.object_checks import MAX_ATTRIBUTES_LINE, MAX_PATHS, NewObjects, Shapes
from hublish.hub.server.git.object_writer import ObjectWriter
from hublish.hub.server.git.pack_reader import PackError, PackReader
from hublish.hub.server.git.refs import is_valid_ref
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import Request, Response, receive_into
from hublish.hub.server.pull_requests import Discussions, push
from hublish.hub.server.refusals import HubError, bad_request, forbidden, unauthenticated
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import MAIN_REF
from hublish.hub.server.routes.commits import check_content, has_token
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import CARD_FILE

SERVICE = "git-receive-pack"

# Bytes of one push, and refs that it may change, at most. Large files go to LFS.
MAX_PUSH = 2 << 30
MAX_COMMANDS = 1000

# Bytes of an object besides files: a folder of 100,000 files has 5 MB.
MAX_OBJECT = 16 << 20

_NOTHING = "0" * 40
_COMMAND = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)(?:\0([^\n]*))?\n?")
_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")
_CAPABILITIES = "report-status delete-refs ofs-delta object-format=sha1 agent=hublish"


class _RefusedError(Exception):
    """The reason why a ref does not move."""


@dataclass(frozen=True, slots=True)
class _Command:
    """One ref that a push changes."""

    old: str  # 40 zeros for a new ref
    new: str  # 40 zeros to delete the ref
    ref: str


def advertise(hub: Hub, request: Request) -> Response:
    """`GET R[.git]/info/refs?service=git-receive-pack`: the refs, and what a push may use."""
    repo = repo_of(request)
    authorize_push(hub, request)
    lines: list[str] = []
    with hub.repositories.open(repo) as git:
        refs = git.refs.list("refs/")
    for name, sha in refs.items() or [("capabilities^{}", _NOTHING)]:
        lines.append(f"{sha} {name}" + ("" if lines else f"\0{_CAPABILITIES}") + "\n")
    body = _packet(f"# service={SERVICE}\n") + b"0000" + b"".join(map(_packet, lines)) + b"0000"
    return Response(200, {"content-type": f"application/x-{SERVICE}-advertisement", "cache-control": "no-cache"}, body)


def _packet(line: str) -> bytes:
    data = line.encode("utf-8", "replace")
    return b"%04x%s" % (len(data) + 4, data)


def authorize_push(hub: Hub, request: Request) -> Account:
    """Raise unless the caller may push anything; a 401 makes git ask its user for a token."""
    repo = repo_of(request)
    try:
        account = authorize(hub, request, repo)
    except HubError as error:
        if error.code != "RepoNotFound" or "authorization" in request.headers:
            raise
        account = None
    if account is None:
        raise unauthenticated().with_headers({"www-authenticate": 'Basic realm="Hub"'})
    try:
        require_owner(account, repo)
    except HubError:
        # The author of a pull request may push to it.
        if not account.writes or not _proposes(hub, repo, account):
            raise
        authorize(hub, request, repo, content=True)
    return account


def _proposes(hub: Hub, repo: RepoId, account: Account) -> bool:
    found = Discussions(hub.repositories.path(repo)).list()
    return any(item.pull_request and item.is_active and item.author == account.user for item in found)


async def receive_pack(hub: Hub, request: Request) -> Response:
    """`POST R[.git]/git-receive-pack`."""
    account = await asyncio.to_thread(authorize_push, hub, request)
    if "content-encoding" in request.headers:
        raise bad_request("A push must not be compressed as a whole")
    if request.declares_more_than(MAX_PUSH):
        raise _too_large()
    with tempfile.TemporaryFile(dir=hub.objects.scratch) as file:

        def write(data: bytes) -> None:
            if file.tell() + len(data) > MAX_PUSH:
                raise _too_large()
            file.write(data)

        await receive_into(request.stream, write)
        async with hub.receiving:
            report = await asyncio.to_thread(_receive, hub, repo_of(request), account, file)
    return Response(200, {"content-type": f"application/x-{SERVICE}-result", "cache-control": "no-cache"}, report)


def _too_large() -> HubError:
    return HubError(413, None, f"A push has at most {MAX_PUSH} bytes; push large files with git-lfs")


def _receive(hub: Hub, repo: RepoId, account: Account, file: IO[bytes]) -> bytes:
    file.flush()
    file.seek(0)
    commands, capabilities = _read_commands(file)
    if not commands:  # git tries whether it may push before it sends much
        return b""
    start, end = file.tell(), file.seek(0, io.SEEK_END)
    with hub.repositories.open(repo) as git, git.writer() as writer:
        arrived = _Push(hub, repo, account, git, writer)
        problem = ""
        try:
            if any(command.new != _NOTHING for command in commands):
                arrived.read(file.fileno(), start, end)
            lines = ["unpack ok\n"]
            problem = arrived.problem({command.new for command in commands} - {_NOTHING})
        except PackError as error:
            lines, problem = [f"unpack {_one_line(str(error))}\n"], str(error)
        for command in commands:
            reason = problem or arrived.apply(command)
            lines.append(f"ng {command.ref} {_one_line(reason)}\n" if reason else f"ok {command.ref}\n")
    return b"".join(map(_packet, lines)) + b"0000" if b"report-status" in capabilities else b""


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:300]


def _read_commands(file: IO[bytes]) -> tuple[list[_Command], list[bytes]]:
    commands: list[_Command] = []
    capabilities: list[bytes] = []
    while size := file.read(4):
        if size == b"0000":
            return commands, capabilities
        if not re.fullmatch(rb"[0-9a-f]{4}", size) or int(size, 16) < 5 or len(commands) >= MAX_COMMANDS:
            break
        line = file.read(int(size, 16) - 4)
        if line.startswith(b"shallow "):
            continue  # the parents that the client lacks are here, or the push is refused
        if not (found := _COMMAND.fullmatch(line)):
            break
        name = found[3].decode("utf-8", "surrogateescape")
        commands.append(_Command(found[1].decode(), found[2].decode(), name))
        capabilities += (found[4] or b"").split()
    raise bad_request("This is not the git protocol, or the push changes too many refs")


@dataclass(slots=True)
class _Push:
    """One push into an open repository."""

    hub: Hub
    repo: RepoId
    account: Account
    git: GitRepository
    writer: ObjectWriter
    new: NewObjects = field(default_factory=NewObjects)
    pointers: dict[str, Pointer] = field(default_factory=dict)  # new ones, by blob id
    refused: dict[str, str] = field(default_factory=dict)  # the reason by blob id
    finished: bool = False
    reaches: Callable[[str], bool] | None = None

    def read(self, descriptor: int, start: int, end: int) -> None:
        """Read the pack and check every object by itself; raise PackError when one is damaged."""
        limit = max(MAX_OBJECT, self.hub.limits.regular_file)
        PackReader(descriptor, start, end, limit, self._add, self.writer.read, self._known).read()
        commits, trees, blobs = self.new.outside()
        # Not just any object on the disk: of a deleted branch or a squashed history, objects would come back.
        if not self.hub.references.contains(self.git, commits, trees, blobs):
            raise PackError("objects are missing: the push refers to some that it does not contain")

    def _add(self, kind: int, data: bytes) -> str:
        sha = self.writer.add(kind, data)
        self.new.add(sha, kind, data)
        if kind == Blob.type_num:
            if len(data) > self.hub.limits.regular_file:
                self.refused[sha] = f"has {len(data)} bytes; files this large must be pushed with git-lfs"
            elif pointer := parse_pointer(data):
                self.pointers[sha] = pointer
            elif has_token(self.hub, data):
                self.refused[sha] = "contains a valid access token. Remove it and try again."
        return sha

    def _known(self, sha: str) -> tuple[int, bytes] | None:
        # The base of a delta, which the new object may repeat: only one that the client can have.
        return self.git.raw(sha) if self._is_reached(sha) else None

    def problem(self, heads: Iterable[str]) -> str:
        """Return the reason why the objects are not accepted, or an empty string; raise PackError for endless trees."""
        commits = [sha for sha, kind in self.new.kinds.items() if kind == Commit.type_num]
        shapes = Shapes(self._tree)
        for sha in commits:
            shapes.check(self._tree_of(sha))
        wanted = [pointer.sha256 for pointer in self.pointers.values()]
        usable = usable_objects(self.hub, self.account, self.git, wanted)
        for blob in self.new.attributes & self.new.kinds.keys():
            if any(len(line) >= MAX_ATTRIBUTES_LINE for line in self._content(blob).split(b"\n")):
                self.refused[blob] = f"has a line of more than {MAX_ATTRIBUTES_LINE} bytes, which git ignores"
        for blob, pointer in self.pointers.items():
            if usable.get(pointer.sha256) != pointer.size:
                self.refused[blob] = f"is an LFS pointer to an object that was not uploaded: {pointer.sha256}"
        if self.refused:
            return next(self._named_problems(commits), "a file " + next(iter(self.refused.values())))
        return next(filter(None, map(self._card_problem, set(heads) & set(commits))), "")

    def _named_problems(self, commits: Iterable[str]) -> Iterator[str]:
        files = (found for commit in commits for found in walk(self._tree, self._tree_of(commit)))
        for path, entry in islice(files, MAX_PATHS):
            if entry.sha in self.refused:
                yield f"{path!r} {self.refused[entry.sha]}"

    def _card_problem(self, commit: str) -> str:
        card = find(self._tree, self._tree_of(commit), [CARD_FILE])
        content = self.writer.read(card.sha) if card and not card.is_folder else None
        if content is None:  # of an earlier commit
            return ""
        try:
            check_content(self.hub, self.repo, CARD_FILE, content[1])
        except HubError as error:
            return error.message
        return ""

    def _content(self, sha: str) -> bytes:
        found = self.writer.read(sha)
        assert found is not None
        return found[1]

    def _tree_of(self, commit: str) -> str:
        return self._content(commit)[5:45].decode()  # behind "tree "

    def _tree(self, sha: str) -> dict[str, Entry]:
        content = self.writer.read(sha)
        return parse_tree(content[1]) if content else self.git.load_tree(sha)

    def apply(self, command: _Command) -> str:
        """Move one ref and return an empty string, or the reason why it does not move."""
        try:
            with self.hub.repositories.changing(self.repo):
                self._apply(command)
        except (_RefusedError, HubError) as error:
            return str(error)
        return ""

    def _apply(self, command: _Command) -> None:
        ref = command.ref
        kind, _, name = ref.removeprefix("refs/").partition("/")
        if not ref.startswith("refs/") or kind not in ("heads", "tags", "pr") or not is_valid_ref(name):
            raise _RefusedError("only branches, tags and pull requests can be pushed")
        current = self.git.refs.get(ref)
        number = _PULL_REQUEST.fullmatch(ref)
        if number is None:
            require_owner(self.account, self.repo)
        if (current or _NOTHING) != command.old:
            raise _RefusedError("the ref has moved since: fetch first")
        if kind == "pr" and not (current and number and command.new != _NOTHING):
            raise _RefusedError("pull requests are opened and closed over the API")
        if command.new == _NOTHING:
            self._delete(ref, current)
            return
        if name.startswith("refs/"):
            raise _RefusedError("invalid name of a branch or tag")
        target = self._commit(command.new, kind)
        if current is None and (other := self.git.refs.conflicting(ref)):
            raise _RefusedError(f"{other} cannot coexist with it")
        if current is not None:
            self._require_fast_forward(kind, current, target)
        self._move(command, current, int(number[1]) if number else None)

    def _delete(self, ref: str, current: str | None) -> None:
        if ref == MAIN_REF:
            raise _RefusedError(f"cannot delete the default branch {MAIN_REF}")
        if current is None:
            raise _RefusedError("there is no such ref")
        self.git.refs.delete(ref)

    def _commit(self, given: str, kind: str) -> str:
        """Return the commit that a ref leads to; for a branch, the object itself."""
        if given not in self.new.kinds and not self._is_reached(given):
            raise _RefusedError("the object is missing")
        sha = given
        while (type_num := self.new.kinds.get(sha)) == Tag.type_num:
            sha = self._content(sha)[7:47].decode()  # behind "object "
        commit = self.git.peel(sha) if type_num is None else sha if type_num == Commit.type_num else None
        if commit is None or (kind != "tags" and commit != given):
            raise _RefusedError("the object is not a commit")
        return commit

    def _is_reached(self, sha: str) -> bool:
        if self.reaches is None:  # once: a push may name thousands of objects
            tags = set(self.git.refs.list("refs/tags/").values())
            reader = self.hub.references.reader(self.git)
            self.reaches = lambda sha: sha in tags or reader(sha)
        return self.reaches(sha)

    def _require_fast_forward(self, kind: str, current: str, target: str) -> None:
        if kind == "tags":
            raise _RefusedError("the tag exists already: delete it first")
        seen, pending = {target}, [target]
        while pending:
            sha = pending.pop()
            if sha == current:
                return
            new = [parent for parent in self._parents(sha) if parent not in seen]
            seen.update(new)
            pending += new
        raise _RefusedError("non-fast-forward: the branch has commits that the push lacks; fetch and merge them first")

    def _parents(self, sha: str) -> Iterable[str]:
        if sha not in self.new.kinds:
            return self.git.commit(sha).parents
        header = self._content(sha).partition(b"\nauthor ")[0]
        return [word.decode() for word in header.split()[3::2]]

    def _move(self, command: _Command, current: str | None, number: int | None) -> None:
        # Now, a ref needs the objects.
        if not self.finished:
            self.writer.finish()
            self.finished = True
        if number is None:
            self.git.refs.set(command.ref, command.new, expected=current)
            return
        discussion = Discussions(self.git.path).get(number)
        if discussion is None or current is None:
            raise _RefusedError("there is no such pull request")
        if discussion.author != self.account.user:
            require_owner(self.account, self.repo)
        if not discussion.is_active:
            raise forbidden(f"This pull request is {discussion.status}")
        title = self.git.commit(command.new).title
        push(self.git, discussion, self.account.user, title, current, command.new)
