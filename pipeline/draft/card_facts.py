"""Collect facts for the card: an existing README, and the license."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join
from typing import Any, Final

from hublish.formats.front_matter import read_front_matter
from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import LeftOut
from hublish.schemas.diagnose.problems import InvalidDocumentError, errors_in
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.vocabulary import table

_README_LIMIT: Final = 1 << 20
# A license names itself in its first characters; further down, texts often mention other licenses.
_TITLE: Final = 400
# A phrase with this many spaces is a sentence of the terms, which may be anywhere in the text.
_SENTENCE: Final = 7


@dataclass(frozen=True, slots=True)
class Readme:
    """A README that exists already."""

    path: str
    metadata: Mapping[str, Any] | None
    """Its front matter; None if it has none."""
    broken: str = ""
    """Why the front matter cannot be parsed."""


def readme_in(listing: Listing, folders: Iterable[str]) -> Readme | None:
    """Return the README in the first of these folders; one with metadata takes precedence."""
    # A README without metadata is often about the code.
    paths = (join(folder, CARD_FILE) for folder in dict.fromkeys(folders))
    found = [_read(listing, path) for path in paths if path in listing]
    return next((readme for readme in found if readme.metadata is not None), None) or next(iter(found), None)


def usable_readme(listing: Listing, root: str, repo_type: RepoType) -> tuple[Readme | None, tuple[LeftOut, ...]]:
    """Return the README to publish unchanged, and the one that a rendered card replaces."""
    readme = readme_in(listing, (root, ""))
    if readme is None:
        return None, ()
    if problem := _metadata_problem(readme, repo_type):
        why = f"the Hub would reject its metadata ({problem}); a card is rendered instead"
        return None, (LeftOut(readme.path, why),)
    if readme.metadata is None and dirname(readme.path) != root:
        return None, (LeftOut(readme.path, "describes the project and has no metadata; a card is rendered instead"),)
    return readme, ()


def _read(listing: Listing, path: str) -> Readme:
    try:
        reading = read_front_matter(listing.head(path, _README_LIMIT), path)
    except InvalidDocumentError as error:
        return Readme(path, {}, error.problems[0].message)
    if reading is None:
        return Readme(path, None)
    errors = errors_in(reading.problems)
    return Readme(path, reading.data, errors[0].message if errors else "")


def _metadata_problem(readme: Readme, repo_type: RepoType) -> str:
    errors = errors_in(metadata_problems(readme.metadata or {}, repo_type, path="metadata"))
    return readme.broken or (f"{errors[0].path}: {errors[0].message}" if errors else "")


def license_fields(listing: Listing, files: Iterable[str]) -> tuple[Field, ...]:
    """Return the license fields of a card, from the license files of the release."""

    def rank(path: str) -> tuple[int, bool, str]:
        return path.count("/"), not basename(path).lower().startswith("licen"), path

    paths = sorted(files, key=rank)
    if not paths:
        why = "fill in: no LICENSE was found, and without a license there is no permission to use the files"
        return (Field("license", "apache-2.0", why, hint=True, open=True),)
    # A NOTICE or a second license may have a known text where the first file has not.
    for path in paths:
        if name := license_of(listing.text(path)):
            return (Field("license", name, f"from the text of {path}"),)
    return (
        Field("license", "other", f"{paths[0]} does not match any known license text"),
        Field("license_name", "my-license", "fill in: its name", hint=True, open=True),
        Field("license_link", basename(paths[0])),
    )


def license_of(text: str) -> str | None:
    """Return the Hub's id of the license in a text, which may be cut off; None if it is not a known one."""
    words = " ".join(re.findall(r"[a-z0-9]+", text.lower()))
    rows = enumerate(table("license_texts")["licenses"])
    # The license that is named first is the license of the text, and others are only mentioned.
    found = [(place, order, str(row["id"])) for order, row in rows if (place := _place(row["phrases"], words)) >= 0]
    return min(found)[2] if found else None


def _place(phrases: list[str], words: str) -> int:
    """Return the position at which a license is named in a text, or -1."""
    # The first phrase is a title or a sentence of the terms; the others, such as a version, may be anywhere.
    first, *others = phrases
    end = _TITLE if first.count(" ") < _SENTENCE else len(words)
    return words.find(first, 0, end) if all(phrase in words for phrase in others) else -1
