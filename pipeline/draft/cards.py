"""The README of a release: one that lies in the folder, or the metadata of one that is rendered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.pipeline.draft.fields import Field
from hublish.pipeline.draft.licenses import licence_of
from hublish.pipeline.draft.tree import Tree, joined, name_of
from hublish.pipeline.render_card.front_matter import read_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError, errors_in
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import RepoType

NO_LICENCE: Final = "no LICENSE was found, and nobody may use what has none"
_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Readme:
    """A README that lies in the folder."""

    path: str
    metadata: Mapping[str, Any] | None
    """Its front matter; None when it has none."""
    broken: str = ""
    """Why its front matter cannot be read."""


def readme_in(tree: Tree, folders: Iterable[str]) -> Readme | None:
    """Return the README of the first of these folders that has one, one with metadata before one without."""
    found = [_read(tree, path) for folder in dict.fromkeys(folders) if (path := joined(folder, CARD_FILE)) in tree]
    return next((readme for readme in found if readme.metadata is not None), None) or next(iter(found), None)


def refused(readme: Readme, repo_type: RepoType) -> tuple[str, ...]:
    """Return why the Hub would refuse a README's metadata."""
    if readme.broken:
        return (readme.broken,)
    problems = metadata_problems(readme.metadata or {}, repo_type, path="metadata")
    return tuple(map(str, errors_in(problems)))


def licence_fields(tree: Tree, licences: Iterable[str]) -> tuple[Field, ...]:
    """Return what a card says of the licence."""
    files = sorted(licences, key=lambda path: (path.count("/"), not name_of(path).lower().startswith("licen"), path))
    if not files:
        return (Field("license", "apache-2.0", f"fill in: {NO_LICENCE}", hint=True, open=True),)
    name = next((known for path in files if (known := licence_of(tree.text(path)))), None)
    if name is not None:
        return (Field("license", name, f"from the text of {files[0]}"),)
    return (
        Field("license", "other", f"{files[0]} is none of the licences that are known by their text"),
        Field("license_name", "my-licence", "fill in: its name", hint=True, open=True),
        Field("license_link", name_of(files[0])),
    )


def _read(tree: Tree, path: str) -> Readme:
    try:
        reading = read_front_matter(tree.head(path, _LIMIT), path)
    except InvalidDocumentError as error:
        return Readme(path, {}, str(error.problems[0]))
    if reading is None:
        return Readme(path, None)
    errors = errors_in(reading.problems)
    return Readme(path, reading.data, str(errors[0]) if errors else "")
