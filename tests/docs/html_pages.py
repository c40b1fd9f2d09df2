"""The parts of a built page that refer to something: links, anchors, and the files that a browser loads."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

# The attribute by which each element makes a browser load a file.
_LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "srcset", "video": "src", "audio": "src"}
# Of a `<link>`: other relations, such as `canonical`, load nothing.
_LOADING_RELATIONS = {"stylesheet", "icon", "preload", "preconnect", "prefetch", "modulepreload", "manifest"}


class Html(NamedTuple):
    """A page as a browser reads it."""

    anchors: frozenset[str]
    links: tuple[str, ...]
    loaded: tuple[str, ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and _LOADING_RELATIONS & set(values.get("rel", "").split()):
            self.loaded.append(values["href"])
        if tag in _LOADING and _LOADING[tag] in values:
            self.loaded.append(values[_LOADING[tag]])


@cache
def read(path: Path) -> Html:
    """Return the references of a page."""
    reader = _Reader()
    reader.feed(path.read_text("utf-8"))
    return Html(frozenset(reader.anchors), tuple(reader.links), tuple(reader.loaded))


def target(page: Path, reference: str) -> tuple[Path, str]:
    """Return the file and the anchor that a reference inside of the site leads to."""
    path, _, anchor = reference.partition("#")
    return (page.parent / unquote(path)).resolve() if path else page, unquote(anchor)
