"""Folders and files of a revision, and the bytes of a file for a browser."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hublish.base.content import Content, InMemory, OnDisk
from hublish.formats.front_matter import body_start
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.git.last_changes import last_commits
from hublish.hub.server.http import Request, Response, content_response, page_after
from hublish.hub.server.pages.file_summaries import Summary, summary_of
from hublish.hub.server.pages.repo_lists import next_page
from hublish.hub.server.pages.repo_visit import MOST_MARKDOWN, Visit, visiting
from hublish.hub.server.pages.web_page import for_people
from hublish.hub.server.refusals import entry_not_found
from hublish.hub.server.routes.browse import cursor_of, disposition, stored_file
from hublish.hub.server.snapshots import Snapshot
from hublish.hub.server.stores import Hub
from hublish.pages.markdown_html import PICTURES

# Entries of a folder in one page.
PAGE: Final = 100
# Bytes and lines of a text that is shown.
MOST_TEXT: Final = 512 << 10
MOST_LINES: Final = 10_000

_MARKDOWN: Final = (".md", ".markdown")
# As an answer of its own, a picture may neither run nor load anything: SVG can contain both.
_MEDIA: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@for_people
def tree(hub: Hub, request: Request) -> Response:
    """`GET /R/tree/V[/path]`: one folder."""
    with visiting(hub, request) as visit:
        entry = visit.require_entry()
        if not entry.is_folder:
            return _elsewhere(visit.url("blob", visit.path))

        def read(after: str | None) -> Iterator[tuple[str, Entry]]:
            return visit.snapshot.walk(visit.path, recursive=False, after=after)

        page, headers = page_after(request, read, cursor_of, PAGE)
        above = visit.path.rpartition("/")[0] if visit.path else None
        return visit.render(
            "tree",
            "files",
            rows=list(_rows(visit, page)),
            above=None if above is None else visit.url("tree", above),
            is_first=not request.first("cursor"),
            next=next_page(request, headers),
        )


def _elsewhere(place: str) -> Response:
    return Response(302, {"location": place, "cache-control": "no-store"})


def _rows(visit: Visit, page: list[tuple[str, Entry]]) -> Iterator[dict[str, Any]]:
    snapshot = visit.snapshot
    nodes = visit.hub.references.nodes(snapshot.git, snapshot.commit.sha)
    paths = [path for path, _ in page]
    changed = last_commits(nodes, snapshot.load, visit.hub.changed_paths, snapshot.commit.sha, paths)
    for path, entry in page:
        sha = changed.get(path)
        row = {
            "name": path.rpartition("/")[2],
            "is_folder": entry.is_folder,
            "href": visit.url("tree" if entry.is_folder else "blob", path),
            "commit": visit.hub.commits.load(snapshot.git, sha) if sha else None,
            "mark": "",
        }
        yield row | ({} if entry.is_folder else _of_file(visit, path, entry))


def _of_file(visit: Visit, path: str, entry: Entry) -> dict[str, Any]:
    facts = visit.snapshot.facts(entry)
    mark = "" if facts.pointer is None else "xet" if visit.hub.xet_hash(facts.pointer.sha256) else "LFS"
    return {"size": facts.size, "mark": mark, "download": visit.download(path) if visit.may_read else ""}


@for_people
def blob(hub: Hub, request: Request) -> Response:
    """`GET /R/blob/V/path`: one file."""
    with visiting(hub, request) as visit:
        entry = visit.require_entry()
        if entry.is_folder:
            return _elsewhere(visit.url("tree", visit.path))
        visit.require_content()
        facts = visit.snapshot.facts(entry)
        is_public = not visit.settings.private and not visit.settings.gated
        [row] = _rows(visit, [(visit.path, entry)])
        return visit.render(
            "blob",
            "files",
            row=row,
            facts=facts,
            xet_hash=hub.xet_hash(facts.digest) if facts.digest else None,
            blob_id=entry.sha,
            raw=visit.url("raw", visit.path) if is_public and not facts.pointer else "",
            **_shown(visit, entry),
        )


def _shown(visit: Visit, entry: Entry) -> dict[str, Any]:
    """Return the parts of the page that depend on the type of the file."""
    shown: dict[str, Any] = {"picture": "", "summary": None, "lines": None, "rendered": None, "reason": ""}
    suffix = PurePosixPath(visit.path).suffix.lower()
    content = content_of(visit.snapshot, entry)
    if content is None:
        return shown | {"reason": "The bytes of this file are not stored on this Hub."}
    if suffix in PICTURES:
        return shown | {"picture": visit.url("media", visit.path)}
    summary = summary_of(visit.path, content)
    if isinstance(summary, Summary):
        return shown | {"summary": summary}
    if content.size > MOST_TEXT:
        return shown | {"reason": summary or "This file is too large to show."}
    text = _text(content.read())
    if text is None:
        return shown | {"reason": summary or "This file is not a text."}
    if text.count("\n") > MOST_LINES:
        return shown | {"reason": "This file has too many lines to show."}
    if suffix in _MARKDOWN and len(text) <= MOST_MARKDOWN:
        shown["rendered"] = visit.markdown(text[body_start(text) :], visit.path.rpartition("/")[0])
    return shown | {"lines": text.removesuffix("\n").split("\n") if text else []}


def _text(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def content_of(snapshot: Snapshot, entry: Entry) -> Content | None:
    """Return the bytes of a file, or None when a large one is not stored."""
    pointer = snapshot.facts(entry).pointer
    if pointer is None:
        return InMemory(snapshot.git.blob(entry.sha))
    try:
        return OnDisk.at(snapshot.hub.objects.path(pointer.sha256))
    except FileNotFoundError:
        return None


@for_people
def media(hub: Hub, request: Request) -> Response:
    """`GET /R/media/V/path`: a picture for a page, or a download by a browser, which has a cookie and no token."""
    with visiting(hub, request) as visit:
        visit.require_content()
        path, entry = visit.path, visit.snapshot.find_file(visit.path)
        if entry is None:
            raise entry_not_found(path)
        digest = visit.snapshot.facts(entry).digest
        source: Path | bytes = hub.objects.path(digest) if digest else stored_file(visit.snapshot, entry)
        if isinstance(source, Path) and not source.is_file():
            raise entry_not_found(path)
        kind = PICTURES.get(PurePosixPath(path).suffix.lower())
        is_shown = kind is not None and not request.flag("download")
        return content_response(
            request,
            source,
            {
                **_MEDIA,
                "content-type": kind if kind and is_shown else "application/octet-stream",
                **disposition("inline" if is_shown else "attachment", path),
                "cache-control": "no-store" if visit.settings.private or visit.settings.gated else "no-cache",
            },
        )
