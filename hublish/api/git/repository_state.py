"""The git repository that contains a manifest: its commit, tag, branch and state."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

from hublish.api.git.git_command import GitOutput, run_git
from hublish.schemas.diagnose.problems import shortened
from hublish.schemas.documents.file_names import LOCK_FILE, STATE_FOLDER, lock_names
from hublish.schemas.variables.lookup import NoValueError

SHORT: Final = 7
"""Digits of a short commit id: a fixed number, where git's own abbreviation grows with the clone."""

# hublish writes these beside the manifest: recording a release does not make the tree dirty.
_OWN_FILES = (LOCK_FILE, STATE_FOLDER)
_COMMIT = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_TIMESTAMP = re.compile(rb"(-?[0-9]{1,18}) [0-9a-f]{40,64}")
_NO_REPOSITORY = "not a git repository"
_NOT_TRUSTED = ("dubious ownership", "unsafe repository")
_LONGEST_ERROR = 200

_FILTER_KEYS = (".clean", ".process", ".required")
_SCOPES_OF_REPOSITORY = ("local", "worktree")

_VERSION = re.compile(r"(?:.*/)?v?(?P<numbers>[0-9]{1,18}(?:\.[0-9]{1,18})*)(?P<rest>.*)", re.DOTALL | re.ASCII)
_PIECES = re.compile(r"[0-9]{1,18}|[^0-9]+", re.ASCII)
_DIGITS = "0123456789"
# The rest of a version begins so unless it is a pre-release (SemVer 2.0 §10, PEP 440).
_AFTER_RELEASE = ("+", ".post", "-post", "post")

_Key = tuple[bool, bool, tuple[int, ...], bool, tuple[tuple[bool, int, str], ...], str]


@dataclass(frozen=True)
class Git:
    """The repository that contains a folder, read with the git command.

    HEAD is resolved once, so that all values belong to one commit. Each method raises `NoValueError` when git, the
    repository, the commit or the value is missing.
    """

    folder: Path
    environ: Mapping[str, str]

    @cached_property
    def _head(self) -> str:
        output = self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=(0, 1))
        if output.status:
            raise NoValueError("the git repository has no commit yet", "commit first")
        return _matching(_COMMIT, output).group().decode()

    def commit(self) -> str:
        """Return the id of HEAD's commit, 40 or 64 hexadecimal digits."""
        return self._head

    def short_commit(self) -> str:
        """Return its first seven digits."""
        return self._head[:SHORT]

    def tag(self) -> str:
        """Return the tag at HEAD; of several the highest version, see `highest_version`."""
        output = self._run("for-each-ref", f"--points-at={self._head}", "--format=%(refname:strip=2)", "refs/tags")
        # git allows names that are not UTF-8; the manifest's rules for tags refuse such a name later, with its place.
        names = [name.decode("utf-8", "surrogateescape") for name in output.out.splitlines()]
        if not names:
            self._refuse_no_tag()
        return highest_version(names)

    def branch(self) -> str:
        """Return the branch that is checked out."""
        # Not `rev-parse --abbrev-ref`: that prints a longer name when a tag has the name of the branch.
        output = self._run("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1))
        if output.status:
            msg = "HEAD is detached: no branch is checked out"
            raise NoValueError(msg, "check out a branch, as CI does on request, or pass it with --set")
        return output.out.strip().decode("utf-8", "surrogateescape").removeprefix("refs/heads/")

    def dirty(self) -> bool:
        """Return whether a tracked file differs from HEAD, as `git describe --dirty` determines it.

        Untracked files do not count, nor do files inside submodules, nor .hublish and the locks of manifests in the
        folder: hublish writes those itself.
        """
        self.commit()  # without a commit, every file would be new
        others = [f":(exclude,literal){name}" for name in (*_OWN_FILES, *lock_names(self.folder))]
        status = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames")
        environ = without_repository_filters(self.folder, self.environ)
        return bool(checked(run_git(self.folder, environ, *status, "--", ":(top)", *others)).out)

    def committed_at(self) -> int:
        """Return the time of HEAD's commit, in seconds since 1970, UTC."""
        output = self._run("rev-list", "--max-count=1", "--timestamp", self._head, "--")
        return int(_matching(_TIMESTAMP, output)[1])

    def _run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> GitOutput:
        return checked(run_git(self.folder, self.environ, *arguments), allowed)

    def _refuse_no_tag(self) -> NoReturn:
        msg = f"there is no tag at HEAD, {self.short_commit()}"
        if self._run("rev-parse", "--is-shallow-repository").out.strip() == b"true":
            raise NoValueError(msg, "this clone is shallow and may lack its tags: `git fetch --tags`, or tag HEAD")
        raise NoValueError(msg, "`git tag v1.2.0`, or check out the tag")


def without_repository_filters(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which git runs no filter that the repository itself configures.

    git runs filters to compare files with the index. An unpacked archive may contain a `.git/config` with any command,
    and `hublish check` must not run it. Filters of the user's own configuration, such as Git LFS, stay.

    Raises:
        NoValueError: git cannot be run.
    """
    # An empty value switches a filter off. Where the user has configured the same filter, the user's value is restored.
    users: dict[str, str] = {}
    own: dict[str, str] = {}
    for scope, key, value in _configured_filters(folder, environ):
        (own if scope in _SCOPES_OF_REPOSITORY else users)[key] = value
    count = environ.get("GIT_CONFIG_COUNT", "0")
    first = int(count) if count.isascii() and count.isdigit() else 0
    changed = {"GIT_CONFIG_COUNT": str(first + len(own))}
    for number, key in enumerate(own, first):
        changed |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": users.get(key, "")}
    return {**environ, **changed} if own else dict(environ)


def highest_version(names: Iterable[str]) -> str:
    """Return the highest version among the tags of one commit: `v1.2.0` of `v1.2.0-rc.1`, `v1.2.0` and `latest`.

    Versions rank above other names, releases above their pre-releases, and a name that is not UTF-8 below all. The
    result does not depend on the order, on git's configuration, or on when the tags were created.
    """
    return max(names, key=_rank)


def _configured_filters(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield scope, key and value of every filter setting, in git's order: later ones override."""
    query = ("config", "--null", "--show-scope", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
    # Each is `scope NUL key LF value NUL`; a key without a value has no line feed.
    fields = iter(run_git(folder, environ, *query).out.decode("utf-8", "surrogateescape").split("\0"))
    for scope, entry in zip(fields, fields, strict=False):
        key, _, value = entry.partition("\n")
        if key.endswith(_FILTER_KEYS):
            yield scope, key, value


def _rank(name: str) -> _Key:
    readable = not any("\ud800" <= char <= "\udfff" for char in name)
    found = _VERSION.fullmatch(name)
    if found is None:
        return readable, False, (), False, _natural(name), name
    numbers = [int(part) for part in found["numbers"].split(".")]
    while numbers and numbers[-1] == 0:  # 1.2 and 1.2.0 are the same version
        del numbers[-1]
    is_release = not found["rest"] or found["rest"].startswith(_AFTER_RELEASE)
    return readable, True, tuple(numbers), is_release, _natural(found["rest"]), name


def _natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sort key by which runs of digits compare as numbers: rc.10 after rc.9."""
    pieces = _PIECES.findall(text)
    return tuple((piece[0] in _DIGITS, int(piece) if piece[0] in _DIGITS else 0, piece) for piece in pieces)


def _matching(form: re.Pattern[bytes], output: GitOutput) -> re.Match[bytes]:
    found = form.fullmatch(output.out.strip())
    if found is None:
        raise NoValueError("the output of git cannot be parsed", "is the first `git` on PATH the real one?")
    return found


def checked(output: GitOutput, allowed: tuple[int, ...] = (0,)) -> GitOutput:
    """Return the output of git if its exit code is allowed.

    Raises:
        NoValueError: with the reason that git gives.
    """
    if output.status in allowed:
        return output
    if _NO_REPOSITORY in output.err:
        msg = "the manifest is not in a git repository"
        raise NoValueError(msg, "run in a checkout, or use a name of 'variables' and pass it with --set")
    if any(sign in output.err for sign in _NOT_TRUSTED):
        msg = "git does not trust the repository: its folder belongs to another user"
        raise NoValueError(msg, "`git config --global --add safe.directory FOLDER`, with the repository's own folder")
    # Only git's own line: other output may contain control characters, or the content of a file.
    line = next((line for line in output.err.splitlines() if line.startswith("fatal: ")), "")
    detail = f": {shortened(line.removeprefix('fatal: '), _LONGEST_ERROR)}" if line.isprintable() and line else ""
    raise NoValueError(f"git failed with exit code {output.status}{detail}")
