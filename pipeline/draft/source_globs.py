"""Express a list of files as sources of the manifest: names, globs and folders that match exactly these files.

A short list is easy to review. A glob is written only if it matches the same files as the list of names would.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, takewhile
from posixpath import basename, dirname, join
from typing import Final

from hublish.audit.path_audit import default_denied
from hublish.base.patterns import glob_expression
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import Part

_MAGIC: Final = re.compile(r"[*?\[]")
_NUMBER: Final = re.compile(r"\d+")
_SHARD: Final = re.compile(r"(?<=-)\d+-of-\d+(?=\.)")
# Two names are as short as a glob, and clearer.
_MOST_NAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """A `source` of the manifest, with the files that it matches."""

    source: str
    path_in_repo: str | None
    files: tuple[str, ...]


@dataclass(frozen=True)
class Neighbors:
    """Every path that a folder or a glob would collect, files that are left out included."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, listing: Listing) -> "Neighbors":
        """Return the paths of a listing, except for those that are denied by default and never collected."""
        found = (*(item.path for item in listing.items), *listing.skipped)
        return cls(tuple(path for path in found if not default_denied(path)))

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """The number of paths below each folder, at any depth."""
        return Counter(folder for path in self.paths for folder in _folders(path))

    @cached_property
    def by_folder(self) -> Mapping[str, list[str]]:
        """The paths directly in each folder."""
        return _by(self.paths, dirname)


def sources(part: Part, root: str, around: Neighbors) -> tuple[Source, ...]:
    """Return the sources of a part: files below `root` keep their path from there, others go to the top of the repo."""
    # A renamed file cannot share a source with others.
    if part.path_in_repo is not None:
        target = join(inside(dirname(part.files[0]), root), part.path_in_repo)
        return (Source(part.files[0], target, part.files),)
    whole = _whole_folders(part.files, root, around) if part.serializer == "copy" else {}
    found = [Source(f"{folder}/", f"{inside(folder, root)}/", tuple(files)) for folder, files in whole.items()]
    covered = {path for files in whole.values() for path in files}
    for folder, paths in _by((path for path in part.files if path not in covered), dirname).items():
        found += _in_folder(folder, paths, root, around.by_folder.get(folder, []))
    return tuple(sorted(found, key=lambda source: (source.files[0].count("/"), source.files[0])))


def in_folders(parts: Iterable[Part], root: str) -> tuple[Part, ...]:
    """Return the parts with all copies from subfolders merged into one, so that a whole folder becomes one source."""
    kept: list[Part] = []
    deeper: dict[str, str] = {}
    place = None
    for part in parts:
        is_copy = part.serializer == "copy" and part.path_in_repo is None
        found = [path for path in part.files if is_copy and inside(dirname(path), root)]
        if found and place is None:
            place = len(kept)
        deeper.update(dict.fromkeys(found, part.why))
        if len(found) < len(part.files):
            kept.append(replace(part, files=tuple(path for path in part.files if path not in deeper)))
    if place is not None:
        reasons = set(deeper.values())
        kept.insert(place, Part(tuple(sorted(deeper)), reasons.pop() if len(reasons) == 1 else "in subfolders"))
    return tuple(kept)


def _whole_folders(files: Iterable[str], root: str, around: Neighbors) -> dict[str, list[str]]:
    """Return the outermost folders below the root that contain two or more of these files, and no other."""
    wanted = Counter(folder for path in files for folder in _folders(path) if inside(folder, root))
    full = {
        folder
        for folder, count in wanted.items()
        # The reader of `source` takes magic characters in a folder's name as a pattern.
        if count > 1 and count == around.counts.get(folder) and not _MAGIC.search(folder)
    }
    whole: dict[str, list[str]] = {}
    for path in files:
        if outermost := next((folder for folder in _folders(path) if folder in full), None):
            whole.setdefault(outermost, []).append(path)
    return whole


def _folders(path: str) -> list[str]:
    """Return the folders that contain a path, the outermost first."""
    return list(accumulate(path.split("/")[:-1], join))


def _in_folder(folder: str, paths: list[str], root: str, around: Iterable[str]) -> Iterator[Source]:
    into = inside(folder, root)
    target = f"{into}/" if into else None
    for group in _by(sorted(paths), _suffix).values():
        whole = _glob(folder, group, around)
        # If no glob matches all files with a suffix, one may match the shards among them.
        for part in [group] if whole else _by(group, _without_numbers).values():
            pattern = whole or _glob(folder, part, around)
            if pattern is not None:
                yield Source(pattern, target, tuple(part))
            else:
                yield from (Source(path, target, (path,)) for path in part)


def _by(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return groups


def _glob(folder: str, group: list[str], around: Iterable[str]) -> str | None:
    """Return a pattern that matches the group and no other file in its folder; None if names are clearer."""
    if _MAGIC.search("".join(group)):  # a name with magic characters would be read as a pattern
        return None
    for pattern in _patterns([basename(path) for path in group]):
        whole = join(folder, pattern)
        expression = glob_expression(whole)
        if {path for path in around if expression.fullmatch(path)} == set(group):
            return whole
    return None


def _patterns(names: list[str]) -> Iterator[str]:
    """Yield candidate patterns: of names that differ in numbers only, such as shards; then of their suffix."""
    # Shards first: the next release may have another number of them, and the pattern still matches.
    suffix = _suffix(names[0])
    if _SHARD.search(names[0]) or (len(names) > 1 and len(set(map(_without_numbers, names))) == 1):
        start = _common_start([_SHARD.split(name)[0] for name in names]).rstrip("0123456789")
        if start and suffix:
            yield f"{start}*{suffix}"
    if len(names) > _MOST_NAMES and suffix:
        yield f"*{suffix}"


def _without_numbers(name: str) -> str:
    return _NUMBER.sub("0", name)


def _common_start(names: Iterable[str]) -> str:
    same = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    return "".join(column[0] for column in same)


def _suffix(path: str) -> str:
    name = basename(path)
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def inside(folder: str, root: str) -> str:
    """Return the folder in the repo that receives a folder's files; '' is the top."""
    if not root:
        return folder
    return folder[len(root) + 1 :] if folder.startswith(f"{root}/") else ""
