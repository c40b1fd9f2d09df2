"""Refs: names of commits, moved by compare-and-swap under the repository's lock."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import write_atomically

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|^\.|^/|^-|/$|\.$|\.lock(/|$)|^@$")


# Bytes of the name of a branch or tag: each part becomes a file name, and git adds `.lock` to it.
_LONGEST = 250


def is_valid_ref(name: str) -> bool:
    """Return whether `name` may be a branch or tag, by the rules of git-check-ref-format(1) and git-branch(1)."""
    return bool(name) and name != HEAD and not _FORBIDDEN.search(name) and len(name.encode()) <= _LONGEST


# The revision that means the default branch, as in git.
HEAD = "HEAD"

# Refs that have files of their own; when there are more, all of them move to the file `packed-refs`, as in git.
MAX_LOOSE = 64

_PACKED = re.compile(rb"^([0-9a-f]{40}) (refs/[^\n]+)$", re.MULTILINE)


class RefMovedError(Exception):
    """The ref does not name the commit that the caller expected; nothing changed."""


class Refs:
    """The refs of one repository, read from disk on every call: other processes move them too."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    @property
    def _scratch(self) -> Path:
        return self._repository / "hub" / "scratch"

    def get(self, name: str) -> str | None:
        """Return the object id at the full name `name` (`refs/heads/main`), or None."""
        # `name` may come from a request: one that is not a ref name could point at any file.
        kind, _, short = name.removeprefix("refs/").partition("/")
        if not name.startswith("refs/") or not is_valid_ref(kind) or (short and not is_valid_ref(short)):
            return None
        try:
            with open(f"{self._repository}/{name}", "rb", 0) as file:
                return file.read().decode().strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # packed, or a folder of other refs
            packed = self._read_packed()
            end = packed.find(b" %s\n" % name.encode())
            return packed[end - 40 : end].decode() if end >= 0 else None

    def head(self) -> str:
        """Return the full name of the default branch: `refs/heads/main`."""
        return (self._repository / HEAD).read_text().strip().removeprefix("ref: ")

    def list(self, prefix: str) -> dict[str, str]:
        """Return object ids by full name, for names under `prefix` (`refs/heads/`), sorted."""
        # The loose ones first: `pack` removes them only after they are packed.
        loose = {name: sha for name in self._loose(prefix) if (sha := self.get(name))}
        packed = {name: sha for name, sha in self._packed().items() if name.startswith(prefix)}
        return dict(sorted((packed | loose).items()))  # a loose ref overrides a packed one

    def _loose(self, prefix: str) -> Iterator[str]:
        pending = [prefix.rstrip("/")]
        while pending:
            folder = pending.pop()
            try:
                found = list(os.scandir(self._repository / folder))
            except (FileNotFoundError, NotADirectoryError):
                continue
            pending += [f"{folder}/{item.name}" for item in found if item.is_dir()]
            yield from (f"{folder}/{item.name}" for item in found if item.is_file())

    def set(self, name: str, new: str, *, expected: str | None) -> None:
        """Move the ref with this full name to an object on disk, durably; the caller holds the repository's lock.

        Raise RefMovedError when the current object id is not `expected`: None for a ref that must not exist.
        """
        if self.get(name) != expected:
            raise RefMovedError(name)
        write_atomically(self._repository / name, f"{new}\n".encode(), scratch=self._scratch)
        if expected is None and len(list(islice(self._loose("refs/"), MAX_LOOSE + 1))) > MAX_LOOSE:
            self.pack()

    def pack(self) -> None:
        """Move all refs to `packed-refs`; the caller holds the repository's lock.

        A listing then reads one file instead of one for each ref. A crash leaves both, with the same value.
        """
        loose = list(self._loose("refs/"))
        self._write_packed(self.list("refs/"))
        for name in loose:
            path = self._repository / name
            path.unlink(missing_ok=True)
            self._prune_empty_parents(path.parent)

    def delete(self, name: str) -> None:
        """Remove a ref, packed or loose; the caller holds the repository's lock."""
        # The packed one first: otherwise, a crash in between would bring back an older packed value.
        packed = self._packed()
        if packed.pop(name, None):
            self._write_packed(packed)
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
        return {name.decode(): sha.decode() for sha, name in _PACKED.findall(self._read_packed())}

    def _write_packed(self, refs: dict[str, str]) -> None:
        # Without the commits of annotated tags, which git then reads from the tags.
        lines = ["# pack-refs with: sorted \n", *(f"{sha} {name}\n" for name, sha in sorted(refs.items()))]
        write_atomically(self._repository / "packed-refs", "".join(lines).encode(), scratch=self._scratch)

    def _read_packed(self) -> bytes:
        try:
            return (self._repository / "packed-refs").read_bytes()
        except FileNotFoundError:
            return b""

    def _prune_empty_parents(self, directory: Path) -> None:
        # An empty folder `refs/heads/a` would block a branch named `a`.
        top = {self._repository / "refs" / kind for kind in ("heads", "tags", "pr")}
        while directory not in top and directory.is_relative_to(self._repository / "refs"):
            try:
                directory.rmdir()
            except OSError:
                return
            directory = directory.parent
