"""The files of a plan as folders, and in each folder the files that share an action and a rule."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from hublish.pages.frame import short
from hublish.schemas.documents.plan import PlannedFile

# A mark and a word for each action, in the order of the counts.
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "add": ("+", "added"),
    "change": ("~", "changed"),
    "delete": ("-", "deleted"),
    "ignore": ("!", "dropped by a .gitignore"),
    "keep": ("=", "unchanged"),
    "leave": (".", "left on the Hub"),
}
# A browser lays out one block of rows when a reader reaches it.
_BLOCK: Final = 500
# Browsers and readers of the page give up on folders that are nested deeper: names of files hold the rest of the path.
_DEEPEST: Final = 16
# A page with so few files shows all of them at once; in a larger one, so many folders open because of their files.
_FEW: Final = 40
_MOST_OPEN: Final = 12
_URGENT: Final = ("delete", "ignore")
_LONGEST_NAME: Final = 1000
# They come first within a folder.
_ORDER: Final = {action: index for index, action in enumerate(sorted(MARKS, key=lambda each: each not in _URGENT))}


class Row(NamedTuple):
    """One file."""

    name: str
    """Its path below the folder, with escapes for invisible characters."""
    size: int | None
    """Its size; None for a file that is made when the plan is published."""
    before: int | None
    """Its size before the change; None without a change."""
    note: str
    """How it was converted; empty for a copy."""


class Group(NamedTuple):
    """Files of one folder that share an action and the rule that decided it."""

    action: str
    number: int
    """Of its files."""
    why: str
    """The rule for people, with its place: `artifacts[0].source: runs/*, hub.yaml:12`."""
    blocks: tuple[tuple[Row, ...], ...]


@dataclass(slots=True)
class Folder:
    """A folder and everything below it; one that only holds another folder is joined with it: `a/b`."""

    name: str
    folders: list["Folder"] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    count: int = 0
    size: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    opened: bool = False


def file_tree(files: Iterable[PlannedFile]) -> Folder:
    """Return the root of the tree of files.

    Args:
        files: the files of a plan.
    """
    root = _Node()
    for file in files:
        *folders, name = file.path_in_repo.split("/", _DEEPEST)
        node = root
        for folder in folders:
            node = node.folders[folder]
        node.files.append((_ORDER[file.action], _why(file), name, file))
    tree = _folder("", root)
    _open(tree, room=_MOST_OPEN)
    return tree


@dataclass(slots=True)
class _Node:
    folders: defaultdict[str, "_Node"] = field(default_factory=lambda: defaultdict(_Node))
    files: list[tuple[int, str, str, PlannedFile]] = field(default_factory=list)


def _folder(name: str, node: _Node) -> Folder:
    while name and not node.files and len(node.folders) == 1:
        below, node = next(iter(node.folders.items()))
        name = f"{name}/{below}"
    found = Folder(short(name, _LONGEST_NAME), [_folder(below, each) for below, each in sorted(node.folders.items())])
    found.groups = list(_groups(node.files))
    for folder in found.folders:
        found.count += folder.count
        found.size += folder.size
        for action, count in folder.actions.items():
            found.actions[action] = found.actions.get(action, 0) + count
    for *_, file in node.files:
        found.count += 1
        found.size += file.size
        found.actions[file.action] = found.actions.get(file.action, 0) + 1
    found.actions = {action: found.actions[action] for action in MARKS if action in found.actions}
    return found


def _groups(files: list[tuple[int, str, str, PlannedFile]]) -> Iterator[Group]:
    # Sorting by action and rule keeps the order of names within a group.
    for (_, reason), group in groupby(sorted(files, key=itemgetter(0, 1)), key=itemgetter(0, 1)):
        found = [(name, file) for *_, name, file in group]
        action = found[0][1].action
        rows = [
            Row(
                short(name, _LONGEST_NAME),
                None if file.made_at_publish else file.size,
                file.before_size if action == "change" else None,
                _note(file),
            )
            for name, file in found
        ]
        blocks = tuple(tuple(rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK))
        yield Group(action, len(rows), reason, blocks)


def _why(file: PlannedFile) -> str:
    place = f"{file.location.source}:{file.location.line}" if file.location else ""
    return short(", ".join(part for part in (file.reason, place) if part))


def _note(file: PlannedFile) -> str:
    # The files of a signature are their own source, as their rule says.
    return f"{file.serializer} from {file.source}" if file.serializer not in ("", "copy", file.source) else ""


def _open(folder: Folder, room: int) -> int:
    """Open the folders with few files, and those with files that readers must not overlook; return the room left."""
    few = folder.count <= _FEW
    for below in folder.folders:
        urgent = any(action in below.actions for action in _URGENT)
        if few or (urgent and room > 0):
            below.opened = True
            room = _open(below, room if few else room - 1)
    return room
