"""A card as one HTML file: metadata as chips, then the text with its pictures, as the Hub would show it.

The page loads nothing and runs nothing. Its policy forbids both, in case that the sanitizer ever misses something.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from hublish.formats.front_matter import body_start, read_front_matter
from hublish.formats.markdown_links import relative_path
from hublish.pages.frame import environment, with_policy
from hublish.pages.markdown_html import ABSOLUTE, EMBEDDED, PICTURES, PREFIX, Addresses, markdown_html
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.hub_names import RepoType

# The bytes of one file of the release, or None: a picture that is not part of the release.
ReadFile = Callable[[str], bytes | None]

# Bytes of one picture. The page is opened by a person, and base64 makes it a third larger.
MOST_PICTURE: Final = 8 << 20
_CHIPS: Final = ("pipeline_tag", "task_categories", "library_name", "language", "license", "sdk", "size_categories")
_LINKED: Final = {"base_model": "", "datasets": "datasets/", "models": "", "new_version": ""}
_MOST_TAGS: Final = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """The repo that a card is shown for."""

    repo_id: str
    repo_type: RepoType
    revision: str
    """The branch, or the tag that the release will have."""
    endpoint: str
    """The Hub whose pages relative links lead to."""

    @property
    def url(self) -> str:
        """The address of the repo's page on the Hub."""
        folder = "" if self.repo_type == "model" else f"{self.repo_type}s/"
        return f"{self.endpoint}/{folder}{self.repo_id}"


def card_page(card: str, shown: Shown, read: ReadFile) -> str:
    """Return a card as one HTML file, which needs neither a network nor scripts.

    Args:
        card: the README, front matter included. Metadata that cannot be read is left out.
        shown: the repo.
        read: returns the bytes of a file of the release by its `path_in_repo`; None if it has no such file.
    """
    page = environment().get_template("card.html.j2")
    return with_policy(page.render(shown=shown, body=card_body(card, shown, read), chips=card_chips(card, shown)))


def card_body(card: str, shown: Shown, read: ReadFile, *, prefix: str = PREFIX, level: int = 1) -> str:
    """Return the text of a card as HTML that is safe in any page.

    Args:
        card: the README, whose front matter is left out.
        shown: the repo.
        read: returns the bytes of a file by its `path_in_repo`; None leaves a picture out.
        prefix: keeps the ids of its headings apart from others in the page.
        level: the level of its first headings.
    """
    addresses = Addresses(_links(shown), _pictures(shown, read))
    return markdown_html(card[body_start(card) :], addresses, prefix=prefix, level=level)


def card_chips(card: str, shown: Shown) -> tuple["Chip", ...]:
    """Return the metadata that the Hub shows above a card, in its order."""
    return tuple(chips(_metadata(card), shown.endpoint))


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of the metadata, as the Hub shows it above a card."""

    key: str
    text: str
    href: str = ""


def chips(metadata: Mapping[str, Any], endpoint: str) -> Iterator[Chip]:
    """Yield the metadata that the Hub shows above a card, in its order."""
    for key in _CHIPS:
        yield from (Chip(key, text) for text in _texts(metadata.get(key)))
    for key, folder in _LINKED.items():
        for text in _texts(metadata.get(key)):
            yield Chip(key, text, f"{endpoint}/{folder}{quote(text)}")
    yield from (Chip("tag", text) for text in [*_texts(metadata.get("tags"))][:_MOST_TAGS])


def _texts(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and each:
            yield each


def _metadata(card: str) -> Mapping[str, Any]:
    try:
        reading = read_front_matter(card.encode("utf-8", "replace"), "README.md")
    except InvalidDocumentError:
        return {}
    return reading.data if reading is not None and isinstance(reading.data, Mapping) else {}


def _links(shown: Shown) -> Callable[[str], str | None]:
    def address(target: str) -> str:
        if ABSOLUTE.match(target):
            return target
        if target.startswith("/"):
            return shown.endpoint + target
        return f"{shown.url}/blob/{quote(shown.revision, safe='')}/{target}"

    return address


def _pictures(shown: Shown, read: ReadFile) -> Callable[[str], str | None]:
    """Return a function that puts pictures of the release into the page; others are never loaded."""
    own = shown.url.removeprefix(shown.endpoint)

    def address(target: str) -> str | None:
        if EMBEDDED.fullmatch(target):
            return target
        # A path on the Hub's website may lead to a file of this repo as well.
        path = relative_path(target.removeprefix(f"{own}/"))
        kind = PICTURES.get(Path(path).suffix.lower())
        data = read(path) if kind else None
        if data is None or len(data) > MOST_PICTURE:
            return None
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    return address
