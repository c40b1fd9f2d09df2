"""Files -> the sources that stand for exactly them: a name, a glob that matches nothing else, or a whole folder.

A person can audit a short list, and a glob is written only when it means today what the list of names would.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hublish.pipeline.audit.denied import default_denied
from hublish.pipeline.collecting.globs import glob_expression
from hublish.pipeline.drafting.parts import Part
from hublish.pipeline.drafting.tree import below, directly_in, folder_of, joined, name_of

_MAGIC: Final = re.compile(r"[*?\[]")
_NUMBER: Final = re.compile(r"\d+")
_MOST_NAMES: Final = 2
"""More files of one kind than this are written as a glob, where one means exactly them."""


@dataclass(frozen=True, slots=True)
class Source:
    """One `source` of the manifest with its target, and what it stands for."""

    source: str
    path_in_repo: str | None
    files: tuple[str, ...]


def sources(part: Part, root: str, everything: Collection[str]) -> tuple[Source, ...]:
    """Return the sources of a part.

    Args:
        part: the files; those below `root` keep their path from there, others go to the top of the repo.
        root: the folder whose content becomes the repo.
        everything: every path in the tree, links and what stays out among them.
    """
    if part.path_in_repo is not None:
        return (Source(part.files[0], part.path_in_repo, part.files),)
    others = [path for path in everything if not default_denied(path)]
    whole = tuple(_whole_folders(part.files, root, others)) if part.serializer == "copy" else ()
    found = [Source(folder, _inside(folder, root) or None, below(part.files, folder)) for folder in whole]
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in part.files:
        if not any(path.startswith(f"{folder}/") for folder in whole):
            by_folder[folder_of(path)].append(path)
    for folder, paths in by_folder.items():
        found += _in_folder(folder, paths, root, others)
    return tuple(sorted(found, key=lambda source: (source.files[0].count("/"), source.files[0])))


def _whole_folders(files: Iterable[str], root: str, others: Iterable[str]) -> Iterator[str]:
    """Yield the outermost folders below the root, each with two files or more, that hold nothing else."""
    held, wanted = _counts(others), _counts(files)
    full = [
        folder
        for folder, count in sorted(wanted.items())
        if count > 1 and count == held.get(folder) and folder in below([folder], root) and not _MAGIC.search(folder)
    ]
    outermost = ""
    for folder in full:
        if not outermost or not folder.startswith(f"{outermost}/"):
            outermost = folder
            yield folder


def _counts(paths: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for path in paths:
        folder = folder_of(path)
        while folder:
            counts[folder] += 1
            folder = folder_of(folder)
    return counts


def _in_folder(folder: str, paths: list[str], root: str, others: Collection[str]) -> Iterator[Source]:
    into = _inside(folder, root)
    target = f"{into}/" if into else None
    around = directly_in(others, folder)
    for group in _groups(paths):
        pattern = _glob(folder, group, around)
        if pattern is not None:
            yield Source(pattern, into or None, tuple(group))
        else:
            yield from (Source(path, target, (path,)) for path in group)


def _groups(paths: Iterable[str]) -> Iterator[list[str]]:
    """Yield files that differ in numbers alone, such as shards, then files that share an ending."""
    numbered: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        numbered[_NUMBER.sub("0", path)].append(path)
    ending: dict[str, list[str]] = defaultdict(list)
    for group in numbered.values():
        if len(group) > 1:
            yield group
        else:
            ending[_ending(group[0])].append(group[0])
    yield from ending.values()


def _glob(folder: str, group: list[str], around: Iterable[str]) -> str | None:
    """Return a pattern that matches the group and nothing else beside it; None when names say it better."""
    if _MAGIC.search("".join(group)):
        return None
    for pattern in _patterns(group):
        whole = joined(folder, pattern)
        expression = glob_expression(whole)
        if {path for path in around if expression.fullmatch(path)} == set(group):
            return whole
    return None


def _patterns(group: list[str]) -> Iterator[str]:
    names = [name_of(path) for path in group]
    shapes = {_NUMBER.sub("0", name) for name in names}
    if len(group) > 1 and len(shapes) == 1:
        yield _shape(names)
    if len(group) > _MOST_NAMES and _ending(names[0]):
        yield f"*{_ending(names[0])}"


def _shape(names: list[str]) -> str:
    """Return the first name with a star for every number in which the names differ."""
    numbers = list(zip(*(_NUMBER.findall(name) for name in names), strict=True))
    differing = iter(len(set(column)) > 1 for column in numbers)
    return _NUMBER.sub(lambda found: "*" if next(differing) else found.group(), names[0])


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
