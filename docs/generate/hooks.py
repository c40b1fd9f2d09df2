"""The hooks of mkdocs: they add the generated pages to the site and to its menu, and the generated parts to pages."""

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.generate.pages import PARTS, whole_pages

_PLACE = re.compile(r"^<!-- generate: (.+) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> None:
    """Replace each folder in the menu by its pages: the index, then the generated ones."""
    paths = [page.path for page in whole_pages() if page.path.endswith(".md")]
    config.nav = _expanded(config.nav, paths)


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the generated pages."""
    for page in whole_pages():
        files.append(File.generated(config, page.path, content=page.text))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:  # noqa: ARG001 - mkdocs' signature
    """Replace the places of generated parts."""
    return _PLACE.sub(lambda place: PARTS[place[1]](), markdown)


def _expanded(entry: Any, paths: list[str]) -> Any:
    if isinstance(entry, list):
        return [_expanded(each, paths) for each in entry]
    if isinstance(entry, dict):
        return {title: _expanded(each, paths) for title, each in entry.items()}
    if isinstance(entry, str) and entry.endswith("/"):
        return [f"{entry}index.md", *(path for path in paths if path.startswith(entry))]
    return entry
