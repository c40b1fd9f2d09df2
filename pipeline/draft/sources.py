"""Files -> the sources that stand for exactly them: a name, a glob that matches nothing else, or a whole folder.

A person can audit a short list, and a glob is written only when it means today what the list of names would.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Final

from hublish.audit.denied import default_denied
from hublish.base.globs import glob_expression
from hublish.pipeline.draft.parts import Part
from hublish.pipeline.draft.tree import Tree, folder_of, joined, name_of

_MAGIC: Final = re.compile(r"[*?\[]")
_NUMBER: Final = re.compile(r"\d+")
_SHARD: Final = re.compile(r"(?<=-)\d+-of-\d+(?=\.)")
_MOST_NAMES: Final = 2
"""More files of one kind than this are written as a glob, where one means exactly them."""


@dataclass(frozen=True, slots=True)
class Source:
    """One `source` of the manifest with its target, and what it stands for."""

    source: str
    path_in_repo: str | None
    files: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """Everything that a folder or a glob would collect, what stays out among it."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, tree: Tree) -> "Surroundings":
        """Return those of a tree; what is denied by default is never collected so."""
        found = (*(item.path for item in tree.items), *tree.closed)
        return cls(tuple(path for path in found if not default_denied(path)))

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many files a folder holds, however deep."""
        return Counter(folder for path in self.paths for folder in _folders(path))

    @cached_property
    def by_folder(self) -> Mapping[str, list[str]]:
        """The files that lie in a folder itself."""
        return _grouped(self.paths)


def sources(part: Part, root: str, around: Surroundings) -> tuple[Source, ...]:
    """Return the sources of a part.

    Args:
        part: the files; those below `root` keep their path from there, others go to the top of the repo.
        root: the folder whose content becomes the repo.
        around: what else lies there.
    """
    if part.path_in_repo is not None:
        return (Source(part.files[0], part.path_in_repo, part.files),)
    whole = _whole_folders(part.files, root, around) if part.serializer == "copy" else {}
    found = [Source(f"{folder}/", f"{_inside(folder, root)}/", tuple(files)) for folder, files in whole.items()]
    covered = {path for files in whole.values() for path in files}
    for folder, paths in _grouped(path for path in part.files if path not in covered).items():
        found += _in_folder(folder, paths, root, around.by_folder.get(folder, []))
    return tuple(sorted(found, key=lambda source: (source.files[0].count("/"), source.files[0])))


def in_folders(parts: Iterable[Part], root: str) -> tuple[Part, ...]:
    """Return the parts with what is copied from subfolders as one part, so that a whole folder is one source."""
    kept: list[Part] = []
    deeper: dict[str, str] = {}
    place = None
    for part in parts:
        plain = part.serializer == "copy" and part.path_in_repo is None
        found = [path for path in part.files if plain and _inside(folder_of(path), root)]
        if found and place is None:
            place = len(kept)
        deeper.update(dict.fromkeys(found, part.why))
        if len(found) < len(part.files):
            kept.append(replace(part, files=tuple(path for path in part.files if path not in deeper)))
    if place is not None:
        reasons = set(deeper.values())
        kept.insert(place, Part(tuple(sorted(deeper)), reasons.pop() if len(reasons) == 1 else "folder by folder"))
    return tuple(kept)


def _whole_folders(files: Iterable[str], root: str, around: Surroundings) -> dict[str, list[str]]:
    """Return the outermost folders below the root that hold these files, two or more, and nothing else."""
    wanted = Counter(folder for path in files for folder in _folders(path) if _inside(folder, root))
    full = {
        folder
        for folder, count in wanted.items()
        if count > 1 and count == around.counts.get(folder) and not _MAGIC.search(folder)
    }
    whole: dict[str, list[str]] = {}
    for path in files:
        if outermost := next((folder for folder in _folders(path) if folder in full), None):
            whole.setdefault(outermost, []).append(path)
    return whole


def _folders(path: str) -> list[str]:
    """Return the folders a path lies in, the outermost first."""
    return list(accumulate(path.split("/")[:-1], joined))


def _grouped(paths: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[folder_of(path)].append(path)
    return groups


def _in_folder(folder: str, paths: list[str], root: str, around: Iterable[str]) -> Iterator[Source]:
    into = _inside(folder, root)
    target = f"{into}/" if into else None
    for group in _by(paths, _ending):
        whole = _glob(folder, group, around)
        for part in [group] if whole else _by(group, lambda path: _NUMBER.sub("0", path)):
            pattern = whole or _glob(folder, part, around)
            if pattern is not None:
                yield Source(pattern, target, tuple(part))
            else:
                yield from (Source(path, target, (path,)) for path in part)


def _by(paths: Iterable[str], key: Callable[[str], str]) -> list[list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        groups[key(path)].append(path)
    return list(groups.values())


def _glob(folder: str, group: list[str], around: Iterable[str]) -> str | None:
    """Return a pattern that matches the group and nothing else beside it; None when names say it better."""
    if _MAGIC.search("".join(group)):
        return None
    for pattern in _patterns([name_of(path) for path in group]):
        whole = joined(folder, pattern)
        expression = glob_expression(whole)
        if {path for path in around if expression.fullmatch(path)} == set(group):
            return whole
    return None


def _patterns(names: list[str]) -> Iterator[str]:
    """Yield patterns, the most telling first: of names that differ in numbers alone, such as shards; of an ending."""
    ending = _ending(names[0])
    if _SHARD.search(names[0]) or (len(names) > 1 and len({_NUMBER.sub("0", name) for name in names}) == 1):
        start = _same_start([_SHARD.split(name)[0] for name in names]).rstrip("0123456789")
        if start and ending:
            yield f"{start}*{ending}"
    if len(names) > _MOST_NAMES and ending:
        yield f"*{ending}"


def _same_start(texts: Iterable[str]) -> str:
    same = takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False))
    return "".join(column[0] for column in same)


def _ending(path: str) -> str:
    name = name_of(path)
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def _inside(folder: str, root: str) -> str:
    """Return where a folder's files go: their place below the root; the top for what lies elsewhere."""
    if folder == root:
        return ""
    if root and not folder.startswith(f"{root}/"):
        return ""
    return folder[len(root) + 1 :] if root else folder
