"""From the words a person types to what they name: a file, a folder, a path in the repo, or nothing."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from hublish.base.values import Effect, Step
from hublish.base.values.explanation import Explanation, Fate, Taken
from hublish.pipeline.collect.walking import pruned_folder, walk
from hublish.pipeline.explain.book import Book

_LONGEST: Final = 20_000
"""Names that are compared in search of one that was perhaps meant."""
_NEAR: Final = 3


def explain(book: Book, asked: str, current: Path) -> Explanation:
    """Return what becomes of a path.

    A path is looked for below the current folder, below the manifest's, and in the repo; when it names a file and
    another one's path in the repo too, both are told.

    Args:
        book: what the rules say.
        asked: the path as it was typed.
        current: the folder that it was typed in.
    """
    folder = book.project.folder
    relative = _in_tree(folder, asked, current)
    path = asked.removeprefix("./").rstrip("/") or "/"
    if relative is None:
        found = Explanation(asked, Taken.NOTHING) if path.startswith("/") else _in_repo(book, asked, path)
        outside = _outside(folder, asked, current) if found.taken is Taken.NOTHING else None
        return Explanation(asked, Taken.FILE, asked, (outside,)) if outside else found
    if (folder / relative).is_dir() and not (folder / relative).is_symlink():
        return _of_folder(book, asked, relative)
    own = book.of_file(relative)
    told = {(fate.source, fate.artifact) for fate in own}
    others = [fate for fate in book.of_path(path) if (fate.source, fate.artifact) not in told]
    return Explanation(asked, Taken.FILE, relative, (*own, *others))


def _in_tree(folder: Path, asked: str, current: Path) -> str | None:
    """Return what is there below the manifest's folder; of a path that leads through a link, the link."""
    for base in (current, folder):
        inside = _inside(folder, base, asked)
        if inside is not None and os.path.lexists(folder / inside):
            return _up_to_a_link(folder, inside)
    return None


def _inside(folder: Path, base: Path, asked: str) -> str | None:
    for root, start in ((folder, base), (Path(os.path.realpath(folder)), Path(os.path.realpath(base)))):
        found = os.path.relpath(os.path.normpath(start / asked), root)
        if found == ".":
            return ""
        if found.partition(os.sep)[0] != os.pardir:
            return Path(found).as_posix()
    return None


def _up_to_a_link(folder: Path, relative: str) -> str:
    way = ""
    for name in relative.split("/"):
        way = f"{way}/{name}" if way else name
        if (folder / way).is_symlink():
            return way
    return relative


def _outside(folder: Path, asked: str, current: Path) -> Fate | None:
    if not os.path.lexists(current / asked):
        return None
    words = f"it lies outside {folder}, and sources lie inside the folder of the manifest"
    return Fate(Taken.FILE, asked, None, (Step("outside", Effect.EXCLUDES, words),))


def _of_folder(book: Book, asked: str, relative: str) -> Explanation:
    if relative and pruned_folder(relative):
        return Explanation(asked, Taken.FOLDER, relative, book.of_file(relative))
    found = {entry.relative for entry in walk(book.project.folder, relative)}
    found |= {
        source for source in book.by_source if _below(source, relative) and (book.project.folder / source).exists()
    }
    files = tuple(Explanation(name, Taken.FILE, name, book.of_file(name)) for name in sorted(found))
    return Explanation(asked, Taken.FOLDER, relative or ".", files=files)


def _in_repo(book: Book, asked: str, path: str) -> Explanation:
    fates = book.of_path(path)
    if fates:
        return Explanation(asked, Taken.PATH_IN_REPO, path, fates)
    if (standing := book.of_remote(path)) is not None:
        return Explanation(asked, Taken.PATH_IN_REPO, path, (standing,))
    inside = sorted(name for name in book.by_path if _below(name, path))
    if inside:
        files = tuple(Explanation(name, Taken.PATH_IN_REPO, name, book.of_path(name)) for name in inside)
        return Explanation(asked, Taken.FOLDER, path, files=files)
    return Explanation(asked, Taken.NOTHING, path, near=_near(path, _names(book)))


def _below(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _names(book: Book) -> Iterator[str]:
    yield from book.released
    yield from book.standing
    yield from (entry.relative for entry in walk(book.project.folder))


def _near(path: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return names that end alike or look alike."""
    known = list(dict.fromkeys(names))[:_LONGEST]
    last = path.rpartition("/")[2]
    same = sorted(name for name in known if name.rpartition("/")[2] == last)
    return tuple(dict.fromkeys([*same, *get_close_matches(path, known, n=_NEAR, cutoff=0.5)]))[:_NEAR]
