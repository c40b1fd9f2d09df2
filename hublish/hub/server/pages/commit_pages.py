"""The history of a revision or of one path in it, and the changes of a commit."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from hublish.diffs.compare_files import diff_file
from hublish.diffs.differences import FileDiff
from hublish.hub.server.git.git_trees import Entry, Loader, find
from hublish.hub.server.http import Request, Response, page_of
from hublish.hub.server.pages.file_pages import content_of
from hublish.hub.server.pages.repo_lists import next_page
from hublish.hub.server.pages.repo_visit import Visit, visiting
from hublish.hub.server.pages.web_page import for_people
from hublish.hub.server.refusals import revision_not_found
from hublish.hub.server.stores import Hub
from hublish.pages.diff_html import shown_diff
from hublish.schemas.documents.sizes import format_size

# Commits in one page, and commits that one page of the history of a path looks at.
PAGE: Final = 50
MOST_COMPARED: Final = 5000
# Files of a change in one page, and bytes of all files that are compared for it.
FILES: Final = 40
_MOST_BYTES: Final = 8 << 20
# Seconds after which the files of a page are listed without their changes: each may be made to compare slowly.
MOST_SECONDS = 5.0
# Characters of the changed lines in one page.
_MOST_MARKUP: Final = 400_000


@for_people
def history(hub: Hub, request: Request) -> Response:
    """`GET /R/commits/V[/path]`, the latest first."""
    with visiting(hub, request) as visit:
        order = hub.references.order(visit.snapshot.git, visit.snapshot.commit.sha)
        if visit.path:
            shas, following = _of_path(visit, order, request.number("cursor", 0))
        else:
            page, headers = page_of(request, order, PAGE)
            shas, following = list(page), next_page(request, headers)
        commits = [hub.commits.load(visit.snapshot.git, sha) for sha in shas]
        return visit.render("commits", "commits", history=commits, next=following)


def _of_path(visit: Visit, order: Sequence[str], start: int) -> tuple[list[str], str]:
    """Return commits that changed the path, and the address of those after them."""
    git, load = visit.snapshot.git, visit.snapshot.load
    nodes = visit.hub.references.nodes(git, visit.snapshot.commit.sha)
    parts = visit.path.split("/")
    found: list[str] = []
    for index in range(start, len(order)):
        # Each comparison loads the trees of one path; a page of a rare change would load those of the whole history.
        if len(found) == PAGE or index - start == MOST_COMPARED:
            return found, f"{visit.request.path}?{urlencode({'cursor': index})}"
        node = nodes[order[index]]
        here = find(load, node.tree, parts)
        before = [find(load, nodes[parent].tree, parts) for parent in node.parents] or [None]
        # As in git, a merge that took the path from one side did not change it.
        if here not in before:
            found.append(order[index])
    return found, ""


class Change(NamedTuple):
    """A file that differs between two trees."""

    path: str
    before: Entry | None
    after: Entry | None


def changes(load: Loader, before: str | None, after: str | None, prefix: str = "") -> Iterator[Change]:
    """Yield the files that differ between two trees, by path; folders that are the same are not loaded."""
    old, new = (load(sha) if sha else {} for sha in (before, after))
    for name in sorted({name for name, _ in old.items() ^ new.items()}):
        entries = (old.get(name), new.get(name))
        files = [entry if entry and not entry.is_folder else None for entry in entries]
        if any(files):
            yield Change(prefix + name, *files)
        below = [entry.sha if entry and entry.is_folder else None for entry in entries]
        if any(below):
            yield from changes(load, below[0], below[1], f"{prefix}{name}/")


@for_people
def commit(hub: Hub, request: Request) -> Response:
    """`GET /R/commit/SHA`, compared with its first parent."""
    with visiting(hub, request) as visit:
        if visit.path:
            raise revision_not_found(f"{visit.revision}/{visit.path}")
        shown = visit.snapshot.commit
        parent = shown.parents[0] if shown.parents else None
        before = hub.commits.load(visit.snapshot.git, parent).tree if parent else None
        return visit.render("commit", "commits", **compared(visit, before, shown.tree))


def compared(visit: Visit, before: str | None, after: str) -> dict[str, Any]:
    """Return the changes between two trees for a page, in several pages if there are many."""
    found = list(changes(visit.snapshot.load, before, after))
    page, headers = page_of(visit.request, found, FILES)
    budget, room, end = _MOST_BYTES, _MOST_MARKUP, time.monotonic() + MOST_SECONDS
    rows = []
    for change in page:
        known = (visit.snapshot.facts(entry).size for entry in change[1:] if entry)
        sizes = " → ".join(map(format_size, known))
        diff, read = _diff(visit, change, budget) if time.monotonic() < end else (None, 0)
        budget -= read
        shown = None if diff is None else shown_diff(diff, room)
        room -= shown.cost if shown else 0
        rows.append({"path": change.path, "mark": _mark(change), "sizes": sizes, "diff": shown})
    start = visit.request.number("cursor", 0)
    return {"changes": rows, "changed": len(found), "start": start, "next": next_page(visit.request, headers)}


def _mark(change: Change) -> str:
    return "+" if change.before is None else "-" if change.after is None else "~"


def _diff(visit: Visit, change: Change, budget: int) -> tuple[FileDiff | None, int]:
    """Return the changes inside of a file and the bytes that were read; None if they are not for the person."""
    # Of a gated repository, anybody may see which files change.
    if not visit.may_read:
        return None, 0
    sides = [content_of(visit.snapshot, entry) if entry else None for entry in (change.before, change.after)]
    # The bytes of a large file may be gone, and of one that is on the disk, little more than a header is read.
    read = sum(side.size for side in sides if side is not None and side.local_path is None)
    if read > budget or any(side is None and entry is not None for side, entry in zip(sides, change[1:], strict=True)):
        return None, 0
    return diff_file(change.path, *sides), read
