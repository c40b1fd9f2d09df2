"""All repositories of one root; each is created, moved or deleted in one atomic step."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dulwich.objects import Blob

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import locked, read_json, write_json
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, TreeEditor
from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, now, write_tree
from hublish.hub.server.refusals import conflict, repo_not_found
from hublish.hub.server.repo_ids import RepoId
from hublish.schemas.documents.hub_names import REPO_TYPES

DEFAULT_BRANCH = "main"
MAIN_REF = f"refs/heads/{DEFAULT_BRANCH}"


@dataclass(frozen=True, slots=True)
class Settings:
    """A repository's properties besides its content; stored in its folder, so that a move keeps them."""

    created_at: str  # ISO 8601, UTC
    visibility: str = "public"  # `public`, `private`, or for Spaces `protected`
    gated: str | bool = False  # `auto`, `manual` or False
    sdk: str | None = None  # of a Space

    @property
    def private(self) -> bool:
        """Whether only members of the namespace may know about it."""
        return self.visibility == "private"


class Repositories:
    """Bare git repositories under `root/repos/<type>s/<namespace>/<name>.git`.

    Every change of a ref or of metadata happens under `locked(repo)`, which excludes other processes too.
    Methods raise 404 RepoNotFound when the repository does not exist.
    """

    def __init__(self, root: Path) -> None:
        self._repos = root / "repos"
        self._locks = root / "locks"
        self._scratch = root / "incoming"

    def path(self, repo: RepoId) -> Path:
        """Return the folder of the repository, existing or not."""
        return self._repos / repo.plural / repo.namespace / f"{repo.name}.git"

    def exists(self, repo: RepoId) -> bool:
        """Return whether the repository exists."""
        return self.path(repo).is_dir()

    def locked(self, repo: RepoId) -> AbstractContextManager[None]:
        """Hold the repository's lock; the lock outlives the repository, so that a deleted name can be reused."""
        return locked(self._locks / repo.plural / repo.namespace / f"{repo.name}.lock")

    def open(self, repo: RepoId) -> GitRepository:
        """Open a repository for one call, in a `with` block."""
        self._require(repo)
        return GitRepository(self.path(repo))

    @contextmanager
    def changing(self, repo: RepoId) -> Iterator[GitRepository]:
        """Open a repository to change its refs or metadata, with its lock held."""
        with self.locked(repo), self.open(repo) as git:
            yield git

    def list(self, kind: str) -> Iterator[RepoId]:
        """Yield all repositories of a type, by name."""
        assert kind in REPO_TYPES
        for path in sorted((self._repos / f"{kind}s").glob("*/*.git")):
            yield RepoId(kind, path.parent.name, path.name.removesuffix(".git"))

    def create(self, repo: RepoId, settings: Settings, files: dict[str, bytes], author: Signature) -> None:
        """Create a repository with a first commit of `files`, completely or not at all; raise 409 when it exists."""
        # Built aside and installed by a rename: no reader sees a repository without its first commit.
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(".git", dir=self._scratch, ignore_cleanup_errors=True) as folder:
            building = Path(folder)
            building.chmod(0o755)  # a temporary folder denies access to everyone else
            init_repository(building, DEFAULT_BRANCH)
            _first_commit(building, files, author)
            _write_settings(building, settings)
            with self.locked(repo):
                self._install(building, repo)

    def _install(self, folder: Path, repo: RepoId) -> None:
        target = self.path(repo)
        # As on the Hub, two names may not differ in case alone: some file systems would take them for one.
        if any(path.name.lower() == target.name.lower() for path in target.parent.glob("*")):
            raise conflict(f"You already created this {repo.kind} repo: {repo.full_name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
        sync_folder(target.parent)

    def _require(self, repo: RepoId) -> None:
        if not self.exists(repo):
            raise repo_not_found()

    def delete(self, repo: RepoId) -> None:
        """Remove a repository at once."""
        trash = tempfile.TemporaryDirectory(".trash", dir=self._scratch, ignore_cleanup_errors=True)
        with trash as folder, self.locked(repo):
            self._require(repo)
            # A rename first: readers see the whole repository or none of it.
            self.path(repo).rename(Path(folder) / "repo.git")
            sync_folder(self.path(repo).parent)

    def move(self, source: RepoId, target: RepoId) -> None:
        """Rename a repository, with its history, settings and discussions; raise 409 when the target exists."""
        first, second = sorted((source, target))  # one order for all, or two opposite moves would deadlock
        if first == second:
            raise conflict(f"{source.full_name} already has this name")
        with self.locked(first), self.locked(second):
            self._require(source)
            self._install(self.path(source), target)
            sync_folder(self.path(source).parent)

    def settings(self, repo: RepoId) -> Settings:
        """Return the repository's settings."""
        content = read_json(_settings_path(self.path(repo)))
        if content is None:
            raise repo_not_found()
        return Settings(**content)

    def update_settings(self, repo: RepoId, **changes: Any) -> Settings:
        """Change some settings and return all of them."""
        with self.locked(repo):
            settings = replace(self.settings(repo), **changes)
            _write_settings(self.path(repo), settings)
        return settings


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


def timestamp(seconds: int | None = None) -> str:
    """Return a time, by default the current one, in the Hub's form: `2024-05-01T12:00:00.000Z`."""
    moment = datetime.fromtimestamp(now() if seconds is None else seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
