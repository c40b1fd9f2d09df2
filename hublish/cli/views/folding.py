"""Fold a long list of files by folder, as deep as a number of lines permits."""

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Final

from hublish.schemas.documents.plan import PlannedFile

# The character after `/`: no path in a folder is greater than the folder's name with it.
_AFTER_SLASH: Final = "0"


@dataclass(frozen=True, slots=True)
class Folded:
    """Files with the same action, shown as one line."""

    files: Sequence[PlannedFile]
    """At least one, sorted by path."""
    folder: str
    """The folder that contains them, with a slash at its end; empty for the root."""
    own: bool = False
    """Whether the files of its subfolders are in other lines."""
    suffix: str | None = None
    """The suffix that the files have in common; None when files of other suffixes are among them."""

    @property
    def path(self) -> str:
        """The path to show: that of a single file, `images/`, or `images/*.png` without its subfolders."""
        if len(self.files) == 1:
            return self.files[0].path_in_repo
        return f"{self.folder}*{self.suffix or ''}" if self.own else self.folder or "./"

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.size for file in self.files)

    @property
    def before_size(self) -> int | None:
        """Bytes that the files had; None when it is not known of all."""
        sizes = [file.before_size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def parts(self, most: int) -> list["Folded"]:
        """Return the lines of the next depth, or none if they are more than `most`.

        A folder has lines for its own files and its subfolders, the files of one folder for each suffix, and those of
        one suffix for each file: thousands of pictures do not hide the README beside them.
        """
        if self.own:
            return self._by_suffix(most)
        paths = [file.path_in_repo for file in self.files]
        own, found = list[PlannedFile](), list[Folded]()
        at, length = 0, len(self.folder)
        while at < len(paths) and len(found) <= most:
            name, slash, _ = paths[at][length:].partition("/")
            # Sorted by path, the files of a folder are next to each other.
            end = bisect_left(paths, f"{self.folder}{name}{_AFTER_SLASH}", at) if slash else at + 1
            if slash:
                found.append(_deepest(self.files[at:end]))
            else:
                own.append(self.files[at])
            at = end
        if not found:
            return Folded(own, self.folder, own=True).parts(most)
        listed = [*([Folded(own, self.folder, own=True)] if own else []), *found]
        return listed if len(listed) <= most else []

    def _by_suffix(self, most: int) -> list["Folded"]:
        groups: dict[str, list[PlannedFile]] = {}
        for file in self.files if self.suffix is None else ():
            name = file.path_in_repo[len(self.folder) :]
            groups.setdefault(name[name.rfind(".") :] if "." in name else "", []).append(file)
        if len(groups) > 1:
            found = [Folded(files, self.folder, own=True, suffix=suffix) for suffix, files in groups.items()]
        else:
            found = [Folded((file,), self.folder) for file in self.files] if len(self.files) <= most else []
        return found if len(found) <= most else []


def folded(files: Iterable[PlannedFile], most: int) -> list[Folded]:
    """Return files as at most `most` lines (or one for each action), sorted by path.

    The folder whose contents take the fewest lines is unfolded first, so that a folder of thousands of files does not
    hide the few files next to it.
    """
    by_action: dict[str, list[PlannedFile]] = {}
    for file in sorted(files, key=lambda file: file.path_in_repo):
        by_action.setdefault(file.action, []).append(file)
    shown, order, lines = dict[int, Folded](), count(), len(by_action)
    # The lines that it adds, its depth, its number among the lines shown, and the lines in its place.
    queue: list[tuple[int, int, int, list[Folded]]] = []

    def add(part: Folded) -> None:
        number = next(order)
        shown[number] = part
        if parts := part.parts(most) if len(part.files) > 1 else []:
            heapq.heappush(queue, (len(parts) - 1, part.folder.count("/"), number, parts))

    for group in by_action.values():
        add(_deepest(group))
    while queue and lines + queue[0][0] <= most:
        more, _, number, parts = heapq.heappop(queue)
        del shown[number]
        lines += more
        for part in parts:
            add(part)
    return sorted(shown.values(), key=lambda part: (part.path, part.files[0].action))


def _deepest(files: Sequence[PlannedFile]) -> Folded:
    """Return the files below the deepest folder that contains all of them."""
    # The first and the last of a sorted list have no longer beginning in common than all of them.
    first, last = files[0].path_in_repo.split("/"), files[-1].path_in_repo.split("/")
    shared = list(takewhile(lambda pair: pair[0] == pair[1], zip(first[:-1], last[:-1], strict=False)))
    return Folded(files, "".join(f"{name}/" for name, _ in shared))
