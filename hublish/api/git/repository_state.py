"""The git repository around a manifest: its commit, tag, branch and state."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from hublish.api.git.command import Answer, ask
from hublish.api.git.filters import without_own_filters
from hublish.api.git.tags import highest
from hublish.schemas.documents.file_names import LOCK_FILE, STATE_FOLDER
from hublish.schemas.variables.lookup import NoValueError

SHORT = 7
"""Digits of a short commit id: always so many, where git's own abbreviation grows with the clone."""
OWN_FILES = (LOCK_FILE, STATE_FOLDER)
"""What hublish writes beside a manifest; a release that was just recorded leaves no dirty tree."""

_COMMIT = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_TIMESTAMP = re.compile(rb"(-?[0-9]{1,18}) [0-9a-f]{40,64}")
_NO_REPOSITORY = "not a git repository"
_NOT_TRUSTED = ("dubious ownership", "unsafe repository")
_SHOWN = 200


@dataclass(frozen=True)
class Git:
    """Asks git about the repository that holds a folder.

    What HEAD is, is asked once: everything is said of one commit. Each method raises `NoValueError` where git has no
    answer: no git, no repository, no commit.
    """

    folder: Path
    environ: Mapping[str, str]

    @cached_property
    def _head(self) -> str:
        answer = self._asked("rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=(0, 1))
        if answer.status:
            self._refuse_no_commit()
        return _matching(_COMMIT, answer).group().decode()

    def commit(self) -> str:
        """Return the id of HEAD's commit, 40 or 64 hexadecimal digits."""
        return self._head

    def short_commit(self) -> str:
        """Return the first seven digits of it."""
        return self._head[:SHORT]

    def tag(self) -> str:
        """Return the tag at HEAD; of several the highest version, as `tags.highest` says."""
        answer = self._asked("for-each-ref", f"--points-at={self._head}", "--format=%(refname:strip=2)", "refs/tags")
        names = [name.decode("utf-8", "surrogateescape") for name in answer.out.splitlines()]
        if not names:
            self._refuse_no_tag()
        return highest(names)

    def branch(self) -> str:
        """Return the branch that is checked out."""
        answer = self._asked("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1))
        if answer.status:
            msg = "HEAD is detached: no branch is checked out"
            raise NoValueError(msg, "check out a branch, as CI does on request, or pass it with --set")
        return answer.out.strip().decode("utf-8", "surrogateescape").removeprefix("refs/heads/")

    def dirty(self) -> bool:
        """Return whether a tracked file differs from HEAD, as `git describe --dirty` sees it.

        Untracked files do not count, nor does what lies inside submodules, nor hub.lock and .hublish beside the
        manifest: hublish writes those itself.
        """
        self.commit()  # without one, everything would be new
        others = [f":(exclude,literal){name}" for name in OWN_FILES]
        status = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames")
        environ = without_own_filters(self.folder, self.environ)
        return bool(_answered(ask(self.folder, environ, *status, "--", ":(top)", *others)).out)

    def committed_at(self) -> int:
        """Return when HEAD was committed, in seconds since 1970, UTC."""
        answer = self._asked("rev-list", "--max-count=1", "--timestamp", self._head, "--")
        return int(_matching(_TIMESTAMP, answer)[1])

    def _asked(self, *words: str, allowed: tuple[int, ...] = (0,)) -> Answer:
        return _answered(ask(self.folder, self.environ, *words), allowed)

    def _refuse_no_commit(self) -> NoReturn:
        msg = "the git repository has no commit yet"
        raise NoValueError(msg, "commit first")

    def _refuse_no_tag(self) -> NoReturn:
        msg = f"no tag stands at HEAD, {self.short_commit()}"
        if self._asked("rev-parse", "--is-shallow-repository").out.strip() == b"true":
            raise NoValueError(msg, "this clone is shallow and may lack its tags: `git fetch --tags`, or tag HEAD")
        raise NoValueError(msg, "`git tag v1.2.0`, or check out the tag")


def _answered(answer: Answer, allowed: tuple[int, ...] = (0,)) -> Answer:
    if answer.status not in allowed:
        _refuse(answer)
    return answer


def _matching(form: re.Pattern[bytes], answer: Answer) -> re.Match[bytes]:
    found = form.fullmatch(answer.out.strip())
    if found is None:
        msg = "git gave an answer that cannot be understood"
        raise NoValueError(msg, "is the first `git` on PATH the real one?")
    return found


def _refuse(answer: Answer) -> NoReturn:
    if _NO_REPOSITORY in answer.err:
        msg = "the manifest lies in no git repository"
        raise NoValueError(msg, "run in a checkout, or use a name of 'variables' and pass it with --set")
    if any(sign in answer.err for sign in _NOT_TRUSTED):
        msg = "git does not trust the repository: its folder belongs to another user"
        raise NoValueError(msg, "`git config --global --add safe.directory FOLDER`, with the repository's own folder")
    line = next((line for line in answer.err.splitlines() if line.startswith("fatal: ")), "")
    said = f": {line.removeprefix('fatal: ')[:_SHOWN]}" if line.isprintable() and line else ""
    msg = f"git failed with exit code {answer.status}{said}"
    raise NoValueError(msg)
