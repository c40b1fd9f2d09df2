"""The names that repositories had before they were moved: old links lead to the new place, as on the Hub."""

from collections.abc import Sequence
from pathlib import Path

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import read_json, write_json
from hublish.hub.server.repo_ids import RepoId


class FormerNames:
    """Two indexes under `root/moved`: from a former name to a repository's identity, and from that to its places.

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
        places = read_json(self._places(identity), []) if identity else []
        return identity, [RepoId.from_key(key) for key in places]

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
