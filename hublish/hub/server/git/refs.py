"""Refs: names of commits, moved by compare-and-swap while the repository's lock is held."""

import re
from collections.abc import Iterator
from pathlib import Path

from hublish.hub.server.files import fsync_directory, write_atomically

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|^\.|^/|^-|/$|\.$|\.lock(/|$)|^@$")


def is_valid_name(name: str) -> bool:
    """Tell whether `name` may be a branch or tag, by the rules of git-check-ref-format(1)."""
    return bool(name) and not _FORBIDDEN.search(name) and len(name.encode()) <= 250


class RefMovedError(Exception):
    """The ref is not where the caller believed it to be; nothing changed."""


class Refs:
    """The refs of one repository, read from disk on every call: other processes move them too."""

    def __init__(self, repository: Path, scratch: Path) -> None:
        self._repository = repository
        self._scratch = scratch

    def get(self, name: str) -> str | None:
        """Return the object id at the full name `name` (`refs/heads/main`), or None.

        Any text may be asked for; one that is no ref name is not looked up on disk.
        """
        if not name.startswith("refs/") or not is_valid_name(name):
            return None
        try:
            return (self._repository / name).read_text().strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return self._packed().get(name)

    def list(self, prefix: str) -> dict[str, str]:
        """Return object ids by full name, for names under `prefix` (`refs/heads/`), sorted."""
        found = {name: sha for name, sha in self._packed().items() if name.startswith(prefix)}
        found.update(self._loose(prefix))
        return dict(sorted(found.items()))

    def set(self, name: str, new: str, *, expected: str | None) -> None:
        """Move a ref, durably; the caller holds the repository's lock.

        Args:
            name: The full name.
            new: The object id it shall name; the object is on disk already.
            expected: Where it must be now; None: it must not exist.

        Raises:
            RefMovedError: It is somewhere else.
        """
        if self.get(name) != expected:
            raise RefMovedError(name)
        write_atomically(self._repository / name, f"{new}\n".encode(), scratch=self._scratch)

    def delete(self, name: str) -> None:
        """Remove a ref, packed or loose; the caller holds the repository's lock."""
        packed = self._repository / "packed-refs"
        if name in self._packed():
            kept = [line for line in packed.read_text().splitlines(True) if not line.rstrip().endswith(f" {name}")]
            write_atomically(packed, "".join(kept).encode(), scratch=self._scratch)
        loose = self._repository / name
        loose.unlink(missing_ok=True)
        if loose.parent.is_dir():
            fsync_directory(loose.parent)
        self._prune_empty_parents(loose.parent)

    def conflicting(self, name: str) -> str | None:
        """Return an existing ref that cannot stand beside `name` (`a` beside `a/b`), or None."""
        kind = "/".join(name.split("/", 2)[:2])
        for other in self.list(f"{kind}/"):
            if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
                return other
        return None

    def _loose(self, prefix: str) -> Iterator[tuple[str, str]]:
        for path in (self._repository / prefix).rglob("*"):
            name = path.relative_to(self._repository).as_posix()
            if path.is_file() and (sha := self.get(name)):
                yield name, sha

    def _packed(self) -> dict[str, str]:
        # Only `git gc` by hand makes this file; nothing here writes one.
        try:
            lines = (self._repository / "packed-refs").read_text().splitlines()
        except FileNotFoundError:
            return {}
        pairs = (line.split(" ", 1) for line in lines if line[:1] not in ("#", "^", ""))
        return {name: sha for sha, name in pairs}

    def _prune_empty_parents(self, directory: Path) -> None:
        top = {self._repository / "refs" / kind for kind in ("heads", "tags", "pr")}
        while directory not in top and directory.is_relative_to(self._repository / "refs"):
            try:
                directory.rmdir()
            except OSError:
                return
            directory = directory.parent
