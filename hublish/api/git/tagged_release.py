"""Compare a release with the git tag or commit that its tag is named after, as GoReleaser and cargo do.

Files are compared as `git diff` compares them, also those in submodules.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from hublish.api.git.git_command import GitOutput, run_git
from hublish.api.git.repository_state import checked, without_repository_filters
from hublish.base.errors import PolicyError
from hublish.base.values import Candidate, Project
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.collect.uncollected import missing_files
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, counted, errors_in
from hublish.schemas.documents.card_evaluation import evaluation_files
from hublish.schemas.variables.lookup import NoValueError

_CODE: Final = "policy.dirty"
_PLACE: Final = "repo.tag"
_HINT: Final = "commit it and tag that commit, or set policy.dirty: allow"
_NAMES: Final = ("git.tag", "git.commit", "git.short_commit")
_SHOWN: Final = 5

# git may have to hash large files, and it lists every file of the repository.
_TIMEOUT: Final = 600.0
_MOST_OUTPUT: Final = 256 << 20
_LARGEST_POINTER: Final = 1024
_POINTER: Final = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?s:.*)^oid sha256:([0-9a-f]{64})$", re.M)
_SUBMODULE: Final = b"160000"
# A changed mode is not a difference: the Hub does not store modes.
_DIFF: Final = (
    *("-c", "core.fileMode=false", "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"),
    *("--relative", "--ignore-submodules=all"),
)


def dirty_problems(project: Project) -> tuple[Problem, ...]:
    """Return an error for each file of the release that differs from the tag's tree, and a warning for untracked ones.

    Files that git ignores do not count: generated weights are not in the tree of any tag.
    """
    names = [name for name in _NAMES if name in project.named_after]
    if not names or project.manifest.policy.dirty == "allow":
        return ()
    shown, revision = _revision(project, names[0])
    try:
        found = CommittedTree(project.folder, os.environ, revision).differences(_files(project))
    except NoValueError as error:
        return (Problem(_CODE, f"the release cannot be compared with {shown}: {error.reason}", error.hint, _PLACE),)
    problems = [_problem(f"'{path}' differs from {shown}") for path in found.changed]
    problems += [_problem(f"'{path}' was deleted since {shown}") for path in missing_files(project, found.gone)]
    return (*problems[:MAX_PROBLEMS], *_untracked(found.untracked, shown))


def refuse_dirty(project: Project) -> tuple[Problem, ...]:
    """Return the warnings of `dirty_problems`.

    Raises:
        PolicyError: with its errors.
    """
    problems = dirty_problems(project)
    if errors := errors_in(problems):
        raise PolicyError(f"{counted(errors)} with the state of the files in git", problems=problems)
    return problems


def _revision(project: Project, name: str) -> tuple[str, str]:
    """Return the words for the tag or commit, and its name for git."""
    value = project.environment[name]
    # Of two names that mean the same commit, the tag: HEAD may have moved since the manifest was read.
    if name == "git.tag":
        return f"the git tag {value}", f"refs/tags/{value}^{{commit}}"
    return f"the git commit {value}", f"{value}^{{commit}}"


def _files(project: Project) -> Iterator[str]:
    """Yield the files of the working tree that the release is made of, by their paths below the manifest's folder."""
    root = os.path.realpath(project.folder)
    paths = {path for one in survey(project).candidates if one.verdict.included for path in _sources(one, root)}
    if card := project.manifest.card:
        paths |= {card.template, *evaluation_files(card.evaluation)}
    # The names of built-in templates and of values in memory are not files.
    return (path for path in sorted(paths) if (project.folder / path).is_file())


def _sources(candidate: Candidate, root: str) -> Iterable[str]:
    yield candidate.source
    # A link that is followed is uploaded as the file that it leads to.
    path = candidate.content.local_path if candidate.content else None
    if path is not None and (real := Path(os.path.realpath(path))).is_relative_to(root):
        yield real.relative_to(root).as_posix()


def _problem(message: str) -> Problem:
    return Problem(_CODE, message, _HINT, _PLACE)


def _untracked(paths: tuple[str, ...], shown: str) -> Iterator[Problem]:
    if paths:
        names = ", ".join(map(repr, paths[:_SHOWN])) + (f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else "")
        message = f"{shown} does not have {names}, which git neither tracks nor ignores"
        hint = "commit and tag, list generated files in .gitignore, or set policy.dirty: allow"
        yield Problem(_CODE, message, hint, _PLACE, severity="warning")


@dataclass(frozen=True)
class Differences:
    """The paths below a folder that differ from a commit."""

    changed: tuple[str, ...] = ()
    """Tracked files with other content than in the commit, and those that the commit lacks."""
    gone: tuple[str, ...] = ()
    """Files of the commit that were deleted from the working tree."""
    untracked: tuple[str, ...] = ()
    """Files that git neither tracks nor ignores."""

    def below(self, folder: str) -> "Differences":
        """Return the same differences, with the folder before each path."""
        return Differences(*(tuple(f"{folder}/{path}" for path in each) for each in self._all))

    def __add__(self, other: "Differences") -> "Differences":
        return Differences(*(one + two for one, two in zip(self._all, other._all, strict=True)))

    @property
    def _all(self) -> tuple[tuple[str, ...], ...]:
        return self.changed, self.gone, self.untracked


@dataclass(frozen=True)
class CommittedTree:
    """The part of a commit's tree that is below a folder of the repository.

    Args:
        folder: the folder.
        environ: the environment of git.
        revision: the commit, or a name of it.
    """

    folder: Path
    environ: Mapping[str, str]
    revision: str

    def differences(self, files: Iterable[str]) -> Differences:
        """Compare files below the folder; `gone` lists every deleted file, whichever are given.

        Raises:
            NoValueError: git or the commit is missing, or git fails.
        """
        by_submodule = defaultdict[str, list[str]](list)
        for path in files:
            submodule = self._submodule_of(path)
            by_submodule[submodule].append(path.removeprefix(f"{submodule}/"))
        found = self._own_differences(by_submodule.pop("", []))
        # Those without a file in the list as well: all of their files may be gone.
        for name in sorted(self._submodules):
            found += self._submodule_differences(name, by_submodule[name]).below(name)
        return found

    def _own_differences(self, files: list[str]) -> Differences:
        differ = self._differ
        changed = [path for path in files if path in self._blobs and self._is_changed(path)]
        changed += [path for path in files if path in self._index and path not in self._blobs]
        others = [path for path in files if path not in self._index and path not in self._blobs]
        ignored = self._ignored(others) if others else frozenset()
        return Differences(
            changed=tuple(changed),
            gone=tuple(path for path in sorted(differ & self._blobs.keys()) if not os.path.lexists(self.folder / path)),
            untracked=tuple(path for path in others if path not in ignored),
        )

    def _submodule_differences(self, name: str, paths: list[str]) -> Differences:
        commit = self._submodules[name]
        try:
            # Without a repository of its own, git would search the folders above and find this one.
            if commit and (self.folder / name / ".git").exists():
                return CommittedTree(self.folder / name, self.environ, commit).differences(paths)
        except NoValueError:  # the commit was never fetched
            pass
        return Differences(changed=tuple(paths))

    def _is_changed(self, path: str) -> bool:
        # git skips files that are no longer tracked, and those marked as assume-unchanged.
        is_compared = self._index.get(path) == b"H"
        if is_compared and path not in self._differ:
            return False
        if _holds(self.folder / path, self._blobs[path], self._lfs_digest):
            return False
        return is_compared or self._hashed(path) != self._blobs[path]

    def _hashed(self, path: str) -> str:
        """Return the id that git would give to a file, after it has converted the line endings."""
        output = run_git(self.folder, self._filtering, "hash-object", "--", path, timeout=_TIMEOUT)
        return checked(output).out.decode().strip()

    def _lfs_digest(self, blob: str) -> str | None:
        """Return the digest in a pointer of Git LFS, whose filter may not be configured; None for another file."""
        if int(self._run("cat-file", "-s", blob).out) > _LARGEST_POINTER:
            return None
        found = _POINTER.match(self._run("cat-file", "blob", blob).out)
        return found[1].decode() if found else None

    @cached_property
    def _differ(self) -> frozenset[str]:
        output = run_git(
            self.folder, self._filtering, *_DIFF, self.revision, "--", ".", timeout=_TIMEOUT, limit=_MOST_OUTPUT
        )
        return frozenset(map(os.fsdecode, _fields(checked(output))))

    @cached_property
    def _filtering(self) -> Mapping[str, str]:
        """The environment for commands that may run filters."""
        return without_repository_filters(self.folder, self.environ)

    @cached_property
    def _entries(self) -> Mapping[str, tuple[bytes, str]]:
        """The mode and the id of every entry of the commit."""
        entries = {}
        for line in _fields(self._run("ls-tree", "-r", "-z", self.revision)):
            facts, _, path = line.partition(b"\t")
            mode, _, blob = facts.split(b" ")
            entries[os.fsdecode(path)] = mode, blob.decode()
        return entries

    @cached_property
    def _blobs(self) -> Mapping[str, str]:
        return {path: blob for path, (mode, blob) in self._entries.items() if mode != _SUBMODULE}

    @cached_property
    def _tracked(self) -> Mapping[str, tuple[bytes, bytes]]:
        """The status and the mode of every entry of the index."""
        entries = {}
        for line in _fields(self._run("ls-files", "-v", "--stage", "-z")):
            facts, _, path = line.partition(b"\t")
            status, mode, *_ = facts.split(b" ")
            entries[os.fsdecode(path)] = status, mode
        return entries

    @cached_property
    def _index(self) -> Mapping[str, bytes]:
        return {path: status for path, (status, mode) in self._tracked.items() if mode != _SUBMODULE}

    @cached_property
    def _submodules(self) -> Mapping[str, str]:
        """The commit of every submodule; empty for one that the commit does not have."""
        added = {path: "" for path, (_, mode) in self._tracked.items() if mode == _SUBMODULE}
        return added | {path: commit for path, (mode, commit) in self._entries.items() if mode == _SUBMODULE}

    def _submodule_of(self, path: str) -> str:
        if not self._submodules:
            return ""
        folders = path.split("/")[:-1]
        ways = ("/".join(folders[: count + 1]) for count in range(len(folders)))
        return next((way for way in ways if way in self._submodules), "")

    def _ignored(self, paths: Iterable[str]) -> frozenset[str]:
        stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
        output = self._run("check-ignore", "-z", "--stdin", stdin=stdin, allowed=(0, 1))
        return frozenset(map(os.fsdecode, _fields(output)))

    def _run(self, *arguments: str, stdin: bytes = b"", allowed: tuple[int, ...] = (0,)) -> GitOutput:
        output = run_git(self.folder, self.environ, *arguments, timeout=_TIMEOUT, stdin=stdin, limit=_MOST_OUTPUT)
        return checked(output, allowed)


def _fields(output: GitOutput) -> Iterator[bytes]:
    return (field for field in output.out.split(b"\0") if field)


def _holds(path: Path, blob: str, lfs_digest: Callable[[str], str | None]) -> bool:
    """Return whether a file has the bytes of a blob, or those that the blob points to."""
    try:
        size = path.stat().st_size
        # The two lengths of git's ids.
        name = "sha1" if len(blob) == 40 else "sha256"
        if _digest(path, hashlib.new(name, b"blob %d\0" % size, usedforsecurity=False)) == blob:
            return True
        expected = lfs_digest(blob)
        return expected is not None and _digest(path, hashlib.sha256()) == expected
    except OSError:
        return False


def _digest(path: Path, hasher: "hashlib._Hash") -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hasher).hexdigest()
