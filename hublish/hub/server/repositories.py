"""All repositories of one root: made, moved and deleted in one step each."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hublish.hub.server.files import fsync_directory, locked, read_json, write_json
from hublish.hub.server.git.repository import GitRepository, Signature, add_blob, add_commit, add_tree, now
from hublish.hub.server.git.tree import FILE_MODE, Entry, serialize
from hublish.hub.server.git.writing import init_repository
from hublish.hub.server.names import KINDS, RepoId
from hublish.hub.server.refusals import conflict, repo_not_found

DEFAULT_BRANCH = "main"
MAIN_REF = f"refs/heads/{DEFAULT_BRANCH}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a repository is besides its content; kept in its folder, so that it moves with it."""

    created_at: str
    """ISO 8601, UTC."""
    visibility: str = "public"
    """`public`, `private`, or for Spaces `protected`."""
    gated: str | bool = False
    """`auto`, `manual` or False."""
    sdk: str | None = None
    """Of a Space."""

    @property
    def private(self) -> bool:
        """Tell whether only members of the namespace may know of it."""
        return self.visibility == "private"


class Repositories:
    """Bare git repositories under `root/repos/<type>s/<namespace>/<name>.git`.

    Every change of a ref or of metadata happens under `locked(repo)`, which holds across processes.
    """

    def __init__(self, root: Path) -> None:
        self._repos = root / "repos"
        self._locks = root / "locks"
        self._scratch = root / "incoming"

    def path(self, repo: RepoId) -> Path:
        """Return where the repository lies, or would lie."""
        return self._repos / repo.plural / repo.namespace / f"{repo.name}.git"

    def exists(self, repo: RepoId) -> bool:
        """Tell whether there is such a repository."""
        return self.path(repo).is_dir()

    def locked(self, repo: RepoId) -> AbstractContextManager[None]:
        """Hold the repository's lock; it outlives the repository, so that a deleted name can be made anew."""
        return locked(self._locks / repo.plural / repo.namespace / f"{repo.name}.lock")

    def open(self, repo: RepoId) -> GitRepository:
        """Open a repository for one call, in a `with` block.

        Raises:
            HubError: 404, there is none.
        """
        if not self.exists(repo):
            raise repo_not_found()
        return GitRepository(self.path(repo))

    @contextmanager
    def changing(self, repo: RepoId) -> Iterator[GitRepository]:
        """Open a repository to change its refs or metadata, with its lock held.

        Raises:
            HubError: 404, there is none.
        """
        with self.locked(repo), self.open(repo) as git:
            yield git

    def list(self, kind: str) -> Iterator[RepoId]:
        """Yield all repositories of a type, by name."""
        assert kind in KINDS
        for path in sorted((self._repos / f"{kind}s").glob("*/*.git")):
            yield RepoId(kind, path.parent.name, path.name.removesuffix(".git"))

    def create(self, repo: RepoId, settings: Settings, files: dict[str, bytes], author: Signature) -> None:
        """Make a repository whose first commit holds `files`; whole or not at all.

        Raises:
            HubError: 409, it exists.
        """
        self._scratch.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=self._scratch, suffix=".git"))
        building.chmod(0o755)
        try:
            init_repository(building, DEFAULT_BRANCH)
            _first_commit(building, files, author)
            write_json(_settings_path(building), asdict(settings), scratch=building / "hub" / "scratch")
            with self.locked(repo):
                self._install(building, repo)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _install(self, folder: Path, repo: RepoId) -> None:
        target = self.path(repo)
        if self._taken(repo):
            raise conflict(f"You already created this {repo.kind} repo: {repo.full_name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
        fsync_directory(target.parent)

    def _taken(self, repo: RepoId) -> bool:
        # As on the Hub, names that differ in case alone would be one name on some file systems.
        folder = self.path(repo).parent
        wanted = f"{repo.name}.git".lower()
        return folder.is_dir() and any(path.name.lower() == wanted for path in folder.iterdir())

    def delete(self, repo: RepoId) -> None:
        """Remove a repository at once.

        Raises:
            HubError: 404, there is none.
        """
        trash = Path(tempfile.mkdtemp(dir=self._scratch, suffix=".trash"))
        with self.locked(repo):
            if not self.exists(repo):
                trash.rmdir()
                raise repo_not_found()
            self.path(repo).rename(trash / "repo.git")
            fsync_directory(self.path(repo).parent)
        shutil.rmtree(trash, ignore_errors=True)

    def move(self, source: RepoId, target: RepoId) -> None:
        """Give a repository another name, history, settings and discussions included.

        Raises:
            HubError: 404, there is no source; 409, the target exists.
        """
        first, second = sorted((source, target))  # one order for all, or two moves wait for each other
        if first == second:
            raise conflict(f"{source.full_name} already has this name")
        with self.locked(first), self.locked(second):
            if not self.exists(source):
                raise repo_not_found()
            self._install(self.path(source), target)
            fsync_directory(self.path(source).parent)

    def settings(self, repo: RepoId) -> Settings:
        """Return the repository's settings.

        Raises:
            HubError: 404, there is no such repository.
        """
        content = read_json(_settings_path(self.path(repo)))
        if content is None:
            raise repo_not_found()
        return Settings(**content)

    def update_settings(self, repo: RepoId, **changes: Any) -> Settings:
        """Change some settings and return all of them."""
        with self.locked(repo):
            settings = replace(self.settings(repo), **changes)
            path = self.path(repo)
            write_json(_settings_path(path), asdict(settings), scratch=path / "hub" / "scratch")
        return settings


def _settings_path(repository: Path) -> Path:
    return repository / "hub" / "settings.json"


def _first_commit(path: Path, files: dict[str, bytes], author: Signature) -> None:
    with GitRepository(path) as git, git.writer() as writer:
        entries = {name: Entry(FILE_MODE, add_blob(writer, content)) for name, content in files.items()}
        commit = add_commit(writer, add_tree(writer, serialize(entries)), (), author, "initial commit")
        writer.finish()
        git.refs.set(MAIN_REF, commit, expected=None)


def timestamp(seconds: int | None = None) -> str:
    """Return a time as the Hub writes it: `2024-05-01T12:00:00.000Z`; without an argument the current one."""
    moment = datetime.fromtimestamp(now() if seconds is None else seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
