"""Resolve a path that the user typed: to a file, a folder, a path in the repo, or nothing."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from hublish.base.values import Effect, Step
from hublish.base.values.explanation import Explanation, Fate, Taken
from hublish.pipeline.collect.walking import pruned_folder, walk
from hublish.pipeline.explain.release_rules import ReleaseRules

# Comparing more names for a suggestion would take seconds.
_MOST_NAMES: Final = 20_000
_MOST_SUGGESTIONS: Final = 3


def explain(rules: ReleaseRules, asked: str, current: Path) -> Explanation:
    """Return the result of the rules for a path.

    The path may be relative to the current folder, to the manifest's folder, or to the root of the repo. If it names a
    file and also the path in the repo of another file, both are explained.

    Args:
        rules: the rules of the release.
        asked: the path as the user typed it.
        current: the folder in which the user typed it.
    """
    folder = rules.project.folder
    relative = _in_tree(folder, asked, current)
    path = asked.removeprefix("./").rstrip("/") or "/"
    if relative is None:
        found = Explanation(asked, Taken.NOTHING) if path.startswith("/") else _in_repo(rules, asked, path)
        outside = _outside(folder, asked, current) if found.taken is Taken.NOTHING else None
        return Explanation(asked, Taken.FILE, asked, (outside,)) if outside else found
    if (folder / relative).is_dir() and not (folder / relative).is_symlink():
        return _of_folder(rules, asked, relative)
    own = rules.of_file(relative)
    known = {(fate.source, fate.artifact) for fate in own}
    others = [fate for fate in rules.of_path(path) if (fate.source, fate.artifact) not in known]
    return Explanation(asked, Taken.FILE, relative, (*own, *others))


def _in_tree(folder: Path, asked: str, current: Path) -> str | None:
    """Return an existing path below the manifest's folder; for a path through a link, the link."""
    # The current folder first, as in a shell; then the manifest's, whose paths hublish prints.
    for base in (current, folder):
        inside = _inside(folder, base, asked)
        if inside is not None and os.path.lexists(folder / inside):
            return _up_to_a_link(folder, inside)
    return None


def _inside(folder: Path, base: Path, asked: str) -> str | None:
    # Both as they were named and resolved: the current folder may have been reached through a link.
    for root, start in ((folder, base), (Path(os.path.realpath(folder)), Path(os.path.realpath(base)))):
        found = os.path.relpath(os.path.normpath(start / asked), root)
        if found == ".":
            return ""
        if found.partition(os.sep)[0] != os.pardir:
            return Path(found).as_posix()
    return None


def _up_to_a_link(folder: Path, relative: str) -> str:
    # A link is one file of the release.
    way = ""
    for name in relative.split("/"):
        way = f"{way}/{name}" if way else name
        if (folder / way).is_symlink():
            return way
    return relative


def _outside(folder: Path, asked: str, current: Path) -> Fate | None:
    if not os.path.lexists(current / asked):
        return None
    text = f"it is outside {folder}, and sources must be inside the manifest's folder"
    return Fate(Taken.FILE, asked, None, (Step("outside", Effect.EXCLUDES, text),))


def _of_folder(rules: ReleaseRules, asked: str, relative: str) -> Explanation:
    # A pruned folder such as .git is explained as a whole: its files are never listed.
    if relative and pruned_folder(relative):
        return Explanation(asked, Taken.FOLDER, relative, rules.of_file(relative))
    folder = rules.project.folder
    found = {entry.relative for entry in walk(folder, relative)}
    # Files behind a link that is followed are collected, but not walked.
    found |= {source for source in rules.by_source if _below(source, relative) and (folder / source).exists()}
    files = tuple(Explanation(name, Taken.FILE, name, rules.of_file(name)) for name in sorted(found))
    return Explanation(asked, Taken.FOLDER, relative or ".", files=files)


def _in_repo(rules: ReleaseRules, asked: str, path: str) -> Explanation:
    fates = rules.of_path(path)
    if fates:
        return Explanation(asked, Taken.PATH_IN_REPO, path, fates)
    if (existing := rules.of_remote(path)) is not None:
        return Explanation(asked, Taken.PATH_IN_REPO, path, (existing,))
    inside = sorted(name for name in rules.by_path if _below(name, path))
    if inside:
        files = tuple(Explanation(name, Taken.PATH_IN_REPO, name, rules.of_path(name)) for name in inside)
        return Explanation(asked, Taken.FOLDER, path, files=files)
    return Explanation(asked, Taken.NOTHING, path, near=_near(path, _names(rules)))


def _below(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _names(rules: ReleaseRules) -> Iterator[str]:
    yield from rules.released
    yield from rules.remote_paths
    yield from (entry.relative for entry in walk(rules.project.folder))


# A right name in a wrong folder is a more likely mistake than a misspelled one.
def _near(path: str, names: Iterable[str]) -> tuple[str, ...]:
    known = list(dict.fromkeys(names))[:_MOST_NAMES]
    last = path.rpartition("/")[2]
    same = sorted(name for name in known if name.rpartition("/")[2] == last)
    similar = get_close_matches(path, known, n=_MOST_SUGGESTIONS, cutoff=0.5)
    return tuple(dict.fromkeys([*same, *similar]))[:_MOST_SUGGESTIONS]
