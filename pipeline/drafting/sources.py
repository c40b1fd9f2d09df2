"""Files -> the sources that stand for exactly them: a name, a glob that matches nothing else, or a whole folder.

A person can audit a short list, and a glob is written only when it means today what the list of names would.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from hublish.pipeline.audit.denied import default_denied
from hublish.pipeline.collecting.globs import glob_expression
from hublish.pipeline.drafting.parts import Part
from hublish.pipeline.drafting.tree import below, directly_in, folder_of, joined, name_of

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
    found = [Source(f"{folder}/", f"{_inside(folder, root)}/", below(part.files, folder)) for folder in whole]
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in part.files:
        if not any(path.startswith(f"{folder}/") for folder in whole):
            by_folder[folder_of(path)].append(path)
    for folder, paths in by_folder.items():
        found += _in_folder(folder, paths, root, others)
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
