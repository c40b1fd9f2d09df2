"""The former versions of one file in the git history around it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hublish.api.git.git_command import run_git
from hublish.api.git.repository_state import checked
from hublish.schemas.variables.lookup import NoValueError

# Commits that changed the file, versions of it, and bytes of all of them together.
_MOST_COMMITS: Final = 5_000
_MOST_VERSIONS: Final = 1_000
_MOST_BYTES: Final = 128 << 20
# The file is looked for in every commit of every branch.
_TIMEOUT: Final = 30.0
# A line of `cat-file --batch-check` without the bytes of a path: an id, a type and a size.
_LINE: Final = 128


@dataclass(frozen=True)
class FormerVersions:
    """The versions of a file that were committed, newest first, each once."""

    texts: tuple[bytes, ...] = ()
    is_complete: bool = True
    """Whether these are all of them: a shallow clone lacks some, and so may a history that is long or large."""


def former_versions(path: Path, environ: Mapping[str, str]) -> FormerVersions:
    """Return the committed versions of a file, on all branches and tags; none outside of a repository.

    Only git's plumbing is called: no configuration of the repository runs a program.

    Args:
        path: the file, which need not exist any more.
        environ: the environment of git.
    """
    try:
        return _History(path, environ).versions()
    except (NoValueError, OSError):  # no git, no repository, no such folder
        return FormerVersions()


@dataclass(frozen=True)
class _History:
    path: Path
    environ: Mapping[str, str]

    def versions(self) -> FormerVersions:
        commits = self._run(
            "rev-list", "--all", f"--max-count={_MOST_COMMITS}", "--", f":(literal){self.path.name}"
        ).split()
        if not commits:
            return FormerVersions(is_complete=not self._is_shallow())
        found = list(self._blobs(commits))
        chosen = list(_first(found))
        is_complete = len(chosen) == len(found) and len(commits) < _MOST_COMMITS and not self._is_shallow()
        return FormerVersions(tuple(self._contents(chosen)), is_complete)

    def _is_shallow(self) -> bool:
        return self._run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def _blobs(self, commits: list[bytes]) -> Iterator[tuple[bytes, int]]:
        """Yield the id and the size of each version."""
        name = os.fsencode(self.path.name)
        stdin = b"".join(b"%s:./%s\n" % (commit, name) for commit in commits)
        seen = set()
        # A commit that deletes the file has a line as well, which ends with `missing`.
        for line in self._run("cat-file", "--batch-check", stdin=stdin).splitlines():
            blob, _, rest = line.partition(b" ")
            kind, _, size = rest.partition(b" ")
            if kind == b"blob" and blob not in seen:
                seen.add(blob)
                yield blob, int(size)

    def _contents(self, blobs: list[tuple[bytes, int]]) -> Iterator[bytes]:
        if not blobs:
            return
        stdin = b"".join(blob + b"\n" for blob, _ in blobs)
        output = self._run("cat-file", "--batch", stdin=stdin)
        start = 0
        # `<id> blob <size>`, the bytes and a newline, for each.
        for _, size in blobs:
            start = output.index(b"\n", start) + 1
            yield output[start : start + size]
            start += size + 1

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        limit = _MOST_BYTES + _MOST_COMMITS * _LINE
        output = run_git(self.path.parent, self.environ, *arguments, timeout=_TIMEOUT, stdin=stdin, limit=limit)
        return checked(output).out


def _first(blobs: list[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    left = _MOST_BYTES
    for blob, size in blobs[:_MOST_VERSIONS]:
        left -= size
        if left < 0:
            return
        yield blob, size
