"""Refs: names of commits, moved by compare-and-swap under the repository's lock."""

import re
from pathlib import Path

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import write_atomically

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|^\.|^/|^-|/$|\.$|\.lock(/|$)|^@$")


def is_valid_ref(name: str) -> bool:
    """Return whether `name` may be a branch or tag, by the rules of git-check-ref-format(1) and git-branch(1)."""
    # 250 bytes: each part becomes a file name, and git adds `.lock` to it.
    return bool(name) and name != HEAD and not _FORBIDDEN.search(name) and len(name.encode()) <= 250


# The revision that means the default branch, as in git.
HEAD = "HEAD"


class RefMovedError(Exception):
    """The ref does not name the commit that the caller expected; nothing changed."""


class Refs:
    """The refs of one repository, read from disk on every call: other processes move them too."""

    def __init__(self, repository: Path, scratch: Path) -> None:
        self._repository = repository
        self._scratch = scratch

    def get(self, name: str) -> str | None:
        """Return the object id at the full name `name` (`refs/heads/main`), or None."""
        # `name` may come from a request: one that is not a ref name could point at any file.
        if not name.startswith("refs/") or not is_valid_ref(name):
            return None
        try:
            return (self._repository / name).read_text().strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # packed, or a folder of other refs
            return self._packed().get(name)

    def head(self) -> str:
        """Return the full name of the default branch: `refs/heads/main`."""
        return (self._repository / HEAD).read_text().strip().removeprefix("ref: ")

    def list(self, prefix: str) -> dict[str, str]:
        """Return object ids by full name, for names under `prefix` (`refs/heads/`), sorted."""
        found = {name: sha for name, sha in self._packed().items() if name.startswith(prefix)}
        for path in (self._repository / prefix).rglob("*"):
            name = path.relative_to(self._repository).as_posix()
            if path.is_file() and (sha := self.get(name)):
                found[name] = sha  # a loose ref overrides a packed one
        return dict(sorted(found.items()))

    def set(self, name: str, new: str, *, expected: str | None) -> None:
        """Move the ref with this full name to an object on disk, durably; the caller holds the repository's lock.

        Raise RefMovedError when the current object id is not `expected`: None for a ref that must not exist.
        """
        if self.get(name) != expected:
            raise RefMovedError(name)
        write_atomically(self._repository / name, f"{new}\n".encode(), scratch=self._scratch)

    def delete(self, name: str) -> None:
        """Remove a ref, packed or loose; the caller holds the repository's lock."""
        # The packed one first: otherwise, a crash in between would bring back an older packed value.
        packed = self._repository / "packed-refs"
        if name in self._packed():
            kept = [line for line in packed.read_text().splitlines(True) if not line.rstrip().endswith(f" {name}")]
            write_atomically(packed, "".join(kept).encode(), scratch=self._scratch)
        loose = self._repository / name
        loose.unlink(missing_ok=True)
        if loose.parent.is_dir():
            sync_folder(loose.parent)
        self._prune_empty_parents(loose.parent)

    def conflicting(self, name: str) -> str | None:
        """Return an existing ref that cannot coexist with `name` (`a` with `a/b`), or None."""
        # Not by a list of all refs, of which there may be thousands.
        parts = name.split("/")
        above = ("/".join(parts[:count]) for count in range(3, len(parts)))
        return next(filter(self.get, above), None) or next(iter(self.list(f"{name}/")), None)

    def _packed(self) -> dict[str, str]:
        # Only a manual `git gc` creates this file; this server does not.
        try:
            lines = (self._repository / "packed-refs").read_text().splitlines()
        except FileNotFoundError:
            return {}
        pairs = (line.split(" ", 1) for line in lines if line[:1] not in ("#", "^", ""))
        return {name: sha for sha, name in pairs}

    def _prune_empty_parents(self, directory: Path) -> None:
        # An empty folder `refs/heads/a` would block a branch named `a`.
        top = {self._repository / "refs" / kind for kind in ("heads", "tags", "pr")}
        while directory not in top and directory.is_relative_to(self._repository / "refs"):
            try:
                directory.rmdir()
            except OSError:
                return
            directory = directory.parent
