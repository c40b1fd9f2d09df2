"""Check the README of a release that is published as it is written, or that would take the place of the card."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final

from hublish.base.content import ContentChangedError
from hublish.base.errors import CardError
from hublish.base.values import Project, Staged, StagedFile
from hublish.formats.front_matter import FrontMatterFault, body_start, front_matter_fault, read_front_matter
from hublish.pipeline.render_card.references import Present, broken_links, problems_of_files
from hublish.schemas.diagnose.problems import (
    InvalidDocumentError,
    Location,
    Problem,
    SourceText,
    errors_in,
    format_path,
    parse_path,
)
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.yaml.reader import Reading

# The Hub reads front matter from the start of a README, however long the README is.
_LIMIT: Final = 1 << 20
_METADATA: Final = "metadata"


def check_readme(readme: StagedFile, staged: Staged) -> tuple[Problem, ...]:
    """Return the warnings about a README.

    Raises:
        CardError: with all problems, when the README cannot be read or the Hub would reject its metadata.
    """
    project = staged.collection.project
    source = readme.origin.source
    try:
        data = readme.content.read_at(0, _LIMIT)
    except (ContentChangedError, OSError) as error:
        msg = f"{source} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise CardError(msg) from None
    written = SourceText(data.decode("utf-8", "replace"), project.shown(source))
    fault = front_matter_fault(written.text)
    found = [_fault(fault, written)] if fault else []
    headline = f"the Hub would reject the metadata of {source}"
    try:
        found += _metadata_problems(data, written.source, staged, missing_is_reported=fault is not None)
    except InvalidDocumentError as error:
        headline = f"the metadata of {source} cannot be read"
        found += error.problems
    if data.startswith(codecs.BOM_UTF8):
        # Readers do not find the metadata, so that they reject nothing; its mistakes show once the mark is gone.
        found = [replace(problem, severity="warning") for problem in found]
    found += _links(written, Present.of(staged))
    if errors_in(found):
        raise CardError(headline, problems=found)
    return tuple(found)


def two_cards(source: str, artifact: int | None) -> Problem:
    """Return the problem that a file has the same path as the rendered card.

    Args:
        source: the file.
        artifact: index of the artifact that collects it.
    """
    path = f"artifacts[{artifact}].source" if artifact is not None else ""
    message = f"'{source}' and the rendered card have the same path, {CARD_FILE}"
    moved = "" if source == CARD_FILE else f", with the file as {CARD_FILE} next to the manifest,"
    hint = (
        f"remove `card`; or exclude the file with patterns.ignore_patterns; or write `template: {CARD_FILE}` under "
        f"`card`{moved} to put the card's metadata above its text"
    )
    return Problem("card.twice", message, hint, path)


def sdk_conflict(metadata: Mapping[str, Any], project: Project, path: str) -> Iterator[Problem]:
    """Yield a warning when the card declares another SDK than the one that a new Space is created with."""
    declared, sdk = project.target.space_sdk, metadata.get("sdk")
    if project.target.repo_type == "space" and declared and isinstance(sdk, str) and sdk != declared:
        message = f"'{sdk}' conflicts with `repo.space_sdk: {declared}`; the Space runs with the SDK of its card"
        yield Problem("card.sdk", message, "write the same SDK in both places", path, severity="warning")


def _metadata_problems(data: bytes, shown: str, staged: Staged, *, missing_is_reported: bool) -> list[Problem]:
    """Return the problems of the metadata itself; raises InvalidDocumentError where it cannot be read."""
    reading = read_front_matter(data.removeprefix(codecs.BOM_UTF8), shown)
    if reading is not None:
        return [*reading.problems, *_lint(reading, staged)]
    if missing_is_reported:
        return []
    hint = "begin it with metadata between two `---` lines"
    message = f"{PurePosixPath(shown).name} has no metadata"
    return [Problem("card.advice", message, hint, location=Location(shown, 1, 1), severity="warning")]


def _fault(fault: FrontMatterFault, text: SourceText) -> Problem:
    place = Location(text.source, fault.line, 1)
    message = f"the Hub or other readers may not find the metadata: {fault.message}"
    return Problem("card.front_matter", message, fault.hint, location=place, severity="warning")


def _lint(reading: Reading, staged: Staged) -> Iterator[Problem]:
    project = staged.collection.project

    def written(place: str) -> str | None:
        return reading.positions.plain_text(parse_path(place))

    refused = {format_path(path) for path in reading.refused}
    for problem in (
        *metadata_problems(
            reading.data,
            project.target.repo_type,
            path=_METADATA,
            written=written,
            kept=True,
            repo_id=project.target.repo_id,
            gated=bool(project.target.gated),
        ),
        *sdk_conflict(reading.data, project, f"{_METADATA}.sdk"),
        *problems_of_files(reading.data, staged, Present.of(staged), f"{_METADATA}."),
    ):
        place = problem.path.removeprefix(f"{_METADATA}.")
        if place not in refused:
            find = reading.positions.key if problem.of_key else reading.positions.value
            yield replace(problem, path=place, location=find(parse_path(place)))


def _links(text: SourceText, present: Present) -> Iterator[Problem]:
    for link, problem in broken_links(text.text, body_start(text.text), present):
        yield replace(problem, location=text.location(link.start, link.end))
