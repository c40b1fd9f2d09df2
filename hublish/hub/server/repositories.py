"""All repositories of one root; each is created, moved or deleted in one atomic step."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dulwich.objects import Blob

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import locked, read_json, write_json
from hublish.hub.server.git.consolidation import Consolidation
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, TreeEditor
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, now, write_tree
from hublish.hub.server.refusals import conflict, repo_not_found
from hublish.hub.server.repo_ids import BUCKET, RepoId
from hublish.schemas.documents.hub_names import REPO_TYPES

DEFAULT_BRANCH = "main"
MAIN_REF = f"refs/heads/{DEFAULT_BRANCH}"

# Repositories whose settings are kept in memory; about 10 MB.
MAX_SETTINGS = 20_000

# Nanoseconds after which the time of a change proves that a file is the same.
SETTLED = 2 * 10**9

_CREATED = "You already created this {kind} repo: {name}"


@dataclass(frozen=True, slots=True)
class Settings:
    """A repository's properties besides its content; stored in its folder, so that a move keeps them."""

    created_at: str  # ISO 8601, UTC
    visibility: str = "public"  # `public`, `private`, or for Spaces `protected`
    gated: str | bool = False  # `auto`, `manual` or False
    sdk: str | None = None  # of a Space
    region: str = "us"  # where it is stored: `us` or `eu`
    resource_group: str | None = None  # the id of its group in an organization
    identity: str = ""  # stays the same when the repository is moved; empty in those of older versions

    @property
    def private(self) -> bool:
        """Whether only members of the namespace may know about it."""
        return self.visibility == "private"


class FormerNames:
    """The names that repositories had before they were moved.

    Two indexes under `root/moved` lead from a former name to a repository's identity, and from that to its places.
    Names are compared case-insensitively. An entry is a hint. The repository decides: its settings contain the
    identity, so that an entry left by a killed process never leads to another repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / "moved"
        self._scratch = root / "incoming"

    def add(self, repo: RepoId, identity: str) -> None:
        """Record that the repository with this identity had the name of `repo`."""
        write_json(self._name(repo), {"identity": identity}, scratch=self._scratch)

    def place(self, identity: str, places: Sequence[RepoId]) -> None:
        """Record where the repository is: during a move, at the old name or at the new one."""
        write_json(self._places(identity), [repo.key for repo in places], scratch=self._scratch)

    def find(self, repo: RepoId) -> tuple[str, list[RepoId]]:
        """Return the identity of the repository that had this name, and where it may be now."""
        identity = read_json(self._name(repo), {}).get("identity", "")
        return identity, self.places(identity)

    def places(self, identity: str) -> list[RepoId]:
        """Return where a repository that was moved may be now."""
        places = read_json(self._places(identity), []) if identity else []
        return [RepoId.from_key(key) for key in places]

    def forget(self, repo: RepoId) -> None:
        """Forget who had the name of `repo`."""
        path = self._name(repo)
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def forget_places(self, identity: str) -> None:
        """Forget where a deleted repository was; its former names lead nowhere."""
        if identity:
            self._places(identity).unlink(missing_ok=True)

    def _name(self, repo: RepoId) -> Path:
        return self._root / "names" / repo.plural / repo.namespace.lower() / f"{repo.name.lower()}.json"

    def _places(self, identity: str) -> Path:
        return self._root / "places" / f"{identity}.json"


class Repositories:
    """Bare git repositories under `root/repos/<type>s/<namespace>/<name>.git`, and buckets likewise.

    Every change of a ref or of metadata happens under `locked(repo)`, which excludes other processes too.
    Methods raise 404 RepoNotFound when the repository does not exist.
    """

    def __init__(self, root: Path) -> None:
        self._repos = root / "repos"
        self._locks = root / "locks"
        self._scratch = root / "incoming"
        self._former = FormerNames(root)
        self._consolidation = Consolidation()
        self._paths: dict[RepoId, Path] = {}  # to make a path takes longer than to look at a file
        self._settings: dict[str, tuple[tuple[int, int, int], Settings]] = {}

    def path(self, repo: RepoId) -> Path:
        """Return the folder of the repository, existing or not."""
        if (path := self._paths.get(repo)) is None:
            path = self._repos / repo.plural / repo.namespace / f"{repo.name}.git"
            if len(self._paths) >= MAX_SETTINGS:
                self._paths.clear()
            self._paths[repo] = path
        return path

    def exists(self, repo: RepoId) -> bool:
        """Return whether the repository exists."""
        return self.path(repo).is_dir()

    def spelled(self, repo: RepoId) -> RepoId | None:
        """Return the repository with this name in any case, as it was created, or None."""
        if self.exists(repo):
            return repo
        top = self._repos / repo.plural
        for namespace in _in_any_case(top, repo.namespace):
            for name in _in_any_case(top / namespace, f"{repo.name}.git"):
                return RepoId(repo.kind, namespace, name.removesuffix(".git"))
        return None

    def in_known_namespace(self, repo: RepoId) -> RepoId:
        """Return `repo` with its namespace spelled as in the existing repositories of any type."""
        kinds = [repo.plural, *(f"{kind}s" for kind in REPO_TYPES)]
        known = [name for kind in kinds for name in _in_any_case(self._repos / kind, repo.namespace)]
        return repo if repo.namespace in known or not known else replace(repo, namespace=known[0])

    def find(self, repo: RepoId) -> RepoId | None:
        """Return the repository that has this name, in any case, or had it before it was moved; else None."""
        if found := self.spelled(repo):
            return found
        identity, places = self._former.find(repo)
        return next((place for place in places if self._identity(place) == identity), None)

    def current(self, repo: RepoId) -> RepoId:
        """Return the repository that `find` finds, or `repo` itself."""
        return self.find(repo) or repo

    def with_identity(self, repo: RepoId, identity: str) -> RepoId | None:
        """Return the repository with this identity, which once was at `repo`, or None when it was deleted."""
        places = [repo, *self._former.places(identity)]
        return next((place for place in places if identity and self._identity(place) == identity), None)

    def identity(self, repo: RepoId) -> str:
        """Return what stays the same when a repository is moved, and is never that of another one."""
        with self.locked(repo):
            return self._identified(repo)

    def _identity(self, repo: RepoId) -> str:
        return str(read_json(_settings_path(self.path(repo)), {}).get("identity", ""))

    def locked(self, repo: RepoId) -> AbstractContextManager[None]:
        """Hold the lock of a name in any case; it outlives the repository, so that a deleted name can be reused."""
        return locked(self._lock(repo))

    def _lock(self, repo: RepoId) -> Path:
        return self._locks / repo.plural / repo.namespace.lower() / f"{repo.name.lower()}.lock"

    def open(self, repo: RepoId) -> GitRepository:
        """Open a repository for one call, in a `with` block."""
        self._require(repo)
        return GitRepository(self.path(repo))

    @contextmanager
    def changing(self, repo: RepoId) -> Iterator[GitRepository]:
        """Open a repository to change its refs or metadata, with its lock held."""
        with self.locked(repo), self.open(repo) as git:
            yield git
        self._consolidation.request(self.path(repo), lambda: self.locked(repo))

    def close(self) -> None:
        """Wait for work that no request waits for."""
        self._consolidation.close()

    def list(self, kind: str) -> Iterator[RepoId]:
        """Yield all repositories of a type, by name."""
        assert kind in (*REPO_TYPES, BUCKET)
        top = self._repos / f"{kind}s"
        for namespace in _names(top):
            for name in _names(top / namespace):
                if name.endswith(".git"):
                    yield RepoId(kind, namespace, name.removesuffix(".git"))

    def create(
        self,
        repo: RepoId,
        settings: Settings,
        files: dict[str, bytes],
        author: Signature,
        *,
        complete: Callable[[Path], object] | None = None,
    ) -> None:
        """Create a repository with a first commit of `files`; `complete` adds further files to its folder."""

        def fill(folder: Path) -> None:
            _first_commit(folder, files, author)
            if complete:
                complete(folder)

        self.build(repo, settings, fill)

    def build(self, repo: RepoId, settings: Settings, fill: Callable[[Path], object]) -> None:
        """Create a repository that `fill` completes, as a whole or not at all; raise 409 when it exists.

        `fill` gets the folder of an empty repository, for a bucket an empty folder.
        """
        # Built aside and installed by a rename: no reader sees a repository without its first commit.
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(".git", dir=self._scratch, ignore_cleanup_errors=True) as folder:
            building = Path(folder)
            building.chmod(0o755)  # a temporary folder denies access to everyone else
            if repo.kind != BUCKET:
                init_repository(building, DEFAULT_BRANCH)
            fill(building)
            _write_settings(building, replace(settings, identity=_new_identity()))
            with self.locked(repo):
                self._require_free(repo)
                self._install(building, repo)

    def _require_free(self, repo: RepoId, message: str = _CREATED, *, except_for: RepoId | None = None) -> None:
        # As on the Hub, two names may not differ in case alone: some file systems would take them for one.
        taken = self.spelled(repo)
        if taken and taken != except_for:
            raise conflict(message.format(kind=repo.kind, name=taken.full_name))

    def _install(self, folder: Path, repo: RepoId) -> None:
        target = self.path(repo)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
        sync_folder(target.parent)
        # From now on, the name means this repository, even after its end.
        self._former.forget(repo)

    def _require(self, repo: RepoId) -> None:
        if not self.exists(repo):
            raise repo_not_found()

    def delete(self, repo: RepoId) -> None:
        """Remove a repository at once."""
        trash = tempfile.TemporaryDirectory(".trash", dir=self._scratch, ignore_cleanup_errors=True)
        with trash as folder, self.locked(repo):
            self._require(repo)
            identity = self.settings(repo).identity
            # A rename first: readers see the whole repository or none of it.
            self.path(repo).rename(Path(folder) / "repo.git")
            sync_folder(self.path(repo).parent)
            self._former.forget_places(identity)

    def move(self, source: RepoId, target: RepoId) -> None:
        """Rename a repository, with its history, settings and discussions; raise 409 when the target exists.

        The old name leads to the new one until another repository takes it.
        """
        if source == target:
            raise conflict(f"{source.full_name} already has this name")
        with ExitStack() as stack:
            # In one order for all, or two opposite moves would deadlock. Only the case of a name may change: one lock.
            for path in sorted({self._lock(source), self._lock(target)}):
                stack.enter_context(locked(path))
            self._require(source)
            self._require_free(target, "A {kind} repository called {name} already exists", except_for=source)
            identity = self._identified(source)
            # Before the rename, and with both places: a killed process leaves the old state or the new one.
            self._former.add(source, identity)
            self._former.place(identity, [source, target])
            self._install(self.path(source), target)
            sync_folder(self.path(source).parent)
            self._former.place(identity, [target])

    def _identified(self, repo: RepoId) -> str:
        settings = self.settings(repo)
        if not settings.identity:
            settings = replace(settings, identity=_new_identity())
            _write_settings(self.path(repo), settings)
        return settings.identity

    def settings(self, repo: RepoId) -> Settings:
        """Return the repository's settings."""
        path = f"{self.path(repo)}/hub/settings.json"
        try:
            found = os.stat(path)  # noqa: PTH116 - a list looks at the settings of all repositories
        except (FileNotFoundError, NotADirectoryError):
            raise repo_not_found() from None
        version = (found.st_ino, found.st_ctime_ns, found.st_size)
        known, settings = self._settings.get(path, (None, None))
        if settings is None or known != version:
            content = read_json(Path(path))
            if content is None:
                raise repo_not_found()
            settings = Settings(**content)
            # The clock of a file system has steps of milliseconds: a file that just changed may change again unseen.
            if time.time_ns() - found.st_ctime_ns > SETTLED:
                if len(self._settings) >= MAX_SETTINGS:
                    self._settings.clear()
                self._settings[path] = (version, settings)
        return settings

    def update_settings(self, repo: RepoId, **changes: Any) -> Settings:
        """Change some settings and return all of them."""
        with self.locked(repo):
            settings = replace(self.settings(repo), **changes)
            _write_settings(self.path(repo), settings)
        return settings


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names alone, fast
    except (FileNotFoundError, NotADirectoryError):
        return []


def _in_any_case(folder: Path, name: str) -> list[str]:
    return [found for found in _names(folder) if found.lower() == name.lower()]


def _new_identity() -> str:
    return secrets.token_hex(12)


def _settings_path(repository: Path) -> Path:
    return repository / "hub" / "settings.json"


def _write_settings(repository: Path, settings: Settings) -> None:
    write_json(_settings_path(repository), asdict(settings), scratch=repository / "hub" / "scratch")


def _first_commit(path: Path, files: dict[str, bytes], author: Signature) -> None:
    with GitRepository(path) as git, git.writer() as writer:
        tree = TreeEditor(git.load_tree, None)
        for name, content in files.items():
            tree.put(name.split("/"), Entry(FILE_MODE, writer.add(Blob.type_num, content)))
        commit = add_commit(writer, write_tree(writer, tree), (), author, "initial commit")
        writer.finish()
        git.refs.set(MAIN_REF, commit, expected=None)


def precise_timestamp(milliseconds: int | None = None) -> str:
    """Return a time, by default the current one, in the Hub's form and with its milliseconds."""
    seconds, rest = divmod(time.time_ns() // 1_000_000 if milliseconds is None else milliseconds, 1000)
    return f"{timestamp(seconds)[:-4]}{rest:03}Z"


def timestamp(seconds: int | None = None) -> str:
    """Return a time, by default the current one, in the Hub's form: `2024-05-01T12:00:00.000Z`."""
    moment = datetime.fromtimestamp(now() if seconds is None else seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
