"""What a `source` in the manifest means: a file, a folder or a glob, and where its files go in the repo."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hublish.base.globs import glob_expression
from hublish.base.near_misses import near_glob
from hublish.base.values import Kind
from hublish.pipeline.collect.walking import Entry, look, walk
from hublish.schemas.documents.manifest import Artifact
from hublish.schemas.documents.names import source_problems

MAGIC = re.compile(r"[*?\[]")
"""What makes a source that names nothing a glob."""


class SourceProblemError(Exception):
    """A source that cannot be collected: a message and a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a source, and where it goes."""

    entry: Entry
    path_in_repo: str
    named: bool
    """Whether the manifest names exactly this file, rather than a folder or glob that holds it."""


def find(folder: Path, artifact: Artifact) -> tuple[Found, ...]:
    """Return what `artifact.source` stands for.

    Raises:
        SourceProblemError: when it matches nothing, or leads out of the folder.
    """
    source = normalised(artifact.source)
    if source != ".":
        _check_inside(source)
    entry = look(folder, source) if source != "." else None
    # A name that exists is that name, whatever characters it holds.
    if source == "." or (entry is not None and entry.kind is Kind.FOLDER):
        return _in_folder(folder, "" if source == "." else source, artifact)
    if entry is not None:
        return (Found(entry, _target_of_file(entry.relative, artifact.path_in_repo), named=True),)
    if MAGIC.search(source):
        return _by_glob(folder, source, artifact)
    msg = f"'{artifact.source}' does not exist"
    raise SourceProblemError(msg, _near_misses(source, (entry.relative for entry in walk(folder))))


def normalised(source: str) -> str:
    """Return a source as paths below the folder are written; `.` for the folder itself."""
    return source.removeprefix("./").rstrip("/") or "."


def _check_inside(source: str) -> None:
    if found := source_problems(source):
        msg = f"'{source}': {'; '.join(found)}"
        raise SourceProblemError(msg, "sources lie inside the folder of hub.yaml")


def _in_folder(folder: Path, source: str, artifact: Artifact) -> tuple[Found, ...]:
    entries = tuple(walk(folder, source))
    if not entries:
        msg = f"the folder '{artifact.source}' holds no files"
        raise SourceProblemError(msg, "name another folder, or run what writes its files first")
    return _below(entries, source, artifact)


def _by_glob(folder: Path, source: str, artifact: Artifact) -> tuple[Found, ...]:
    fixed = _fixed_prefix(source)
    start = look(folder, fixed) if fixed else None
    entries = tuple(walk(folder, fixed)) if not fixed or (start and start.kind is Kind.FOLDER) else ()
    expression = glob_expression(source)
    hits = [entry for entry in entries if expression.fullmatch(entry.relative)]
    if not hits:
        msg = f"'{artifact.source}' matches nothing"
        raise SourceProblemError(msg, _near_misses(source, (entry.relative for entry in entries or walk(folder))))
    return _below(hits, fixed, artifact)


def _fixed_prefix(pattern: str) -> str:
    """Return the folders before the first segment with a wildcard."""
    fixed = []
    for segment in pattern.split("/")[:-1]:
        if MAGIC.search(segment):
            break
        fixed.append(segment)
    return "/".join(fixed)


def _target_of_file(relative: str, path_in_repo: str | None) -> str:
    name = relative.rpartition("/")[2]
    if not path_in_repo:
        return name
    return path_in_repo + name if path_in_repo.endswith("/") else path_in_repo


def _below(entries: Iterable[Entry], prefix: str, artifact: Artifact) -> tuple[Found, ...]:
    into = (artifact.path_in_repo or "").rstrip("/")
    cut = len(prefix) + 1 if prefix else 0
    return tuple(
        Found(entry, f"{into}/{entry.relative[cut:]}" if into else entry.relative[cut:], named=False)
        for entry in entries
    )


def _near_misses(source: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    known = list(names)
    if MAGIC.search(source) and (glob := near_glob(source, known)):
        return f"did you mean '{glob}'?"
    near = get_close_matches(source, known[:20_000], n=3, cutoff=0.5)
    return (
        f"did you mean {' or '.join(repr(name) for name in near)}?" if near else "check the path and the working tree"
    )
