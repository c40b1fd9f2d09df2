"""Staged -> Staged with README.md: the card, rendered from the manifest's metadata, variables and evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Effect, Origin, Project, Staged, StagedFile, Step, Verdict
from hublish.pipeline.render_card.card import render_card
from hublish.pipeline.render_card.front_matter import read_front_matter
from hublish.pipeline.render_card.reading import read_start
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem, errors_in, parse_path
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import Card, RepoType
from hublish.schemas.yaml.reader import Reading

_FRONT_MATTER_LIMIT = 1 << 20
_METADATA = "metadata"

RENDERED = Verdict.of([Step("card", Effect.COLLECTS, "card: rendered", "card")])
"""The verdict on the rendered card."""


@dataclass(frozen=True)
class RenderCard:
    """Add README.md when the manifest has a card; check the metadata of a README that is there already."""

    title: ClassVar[str] = "rendering the card"

    def run(self, staged: Staged) -> Staged:
        """Return the release with its card.

        Raises:
            CardError: when the card cannot be rendered, its metadata would be refused by the Hub, or an artifact
                is a README.md too.
        """
        project = staged.collection.project
        card = project.manifest.card
        own = next((file for file in staged.files if file.path_in_repo == CARD_FILE), None)
        if card is None:
            found = () if own is None else _checked(own, project.target.repo_type)
            return replace(staged, warnings=(*staged.warnings, *found))
        if own is not None:
            msg = "two sources for README.md"
            raise CardError(msg, problems=[two_cards(own.origin.source, own.origin.artifact)])
        return _with_card(staged, project, card)


def two_cards(source: str, artifact: int | None) -> Problem:
    """Return the problem that a file goes to the path of the rendered card.

    Args:
        source: the file.
        artifact: index of the artifact that collects it.
    """
    path = f"artifacts[{artifact}].source" if artifact is not None else ""
    message = f"'{source}' goes to README.md, and so does the rendered card"
    return Problem("card.twice", message, "remove `card`, or leave the file out with patterns.ignore_patterns", path)


def _with_card(staged: Staged, project: Project, card: Card) -> Staged:
    rendered = render_card(project, card, staged.files)
    try:
        data = rendered.text.encode("utf-8")
    except UnicodeEncodeError:
        msg = "the card holds a lone surrogate, which is no text"
        raise CardError(msg) from None
    template = rendered.template
    parameters = {"template": template.name, "template_sha256": template.sha256}
    origin = Origin(None, f"template {template.name}", "card", parameters, RENDERED)
    readme = StagedFile(CARD_FILE, InMemory(data), origin)
    return replace(staged, files=(*staged.files, readme), warnings=(*staged.warnings, *rendered.warnings))


def _checked(readme: StagedFile, repo_type: RepoType) -> tuple[Problem, ...]:
    """Return the warnings about a README that is published as it is."""
    source = readme.origin.source
    try:
        reading = read_front_matter(read_start(readme.content, source, _FRONT_MATTER_LIMIT), source)
    except InvalidDocumentError as error:
        msg = f"the metadata of {source} cannot be read"
        raise CardError(msg, problems=error.problems) from None
    if reading is None:
        hint = "begin it with metadata between two `---` lines"
        return (Problem("card.advice", f"{source} has no metadata", hint, severity="warning"),)
    found = [*reading.problems, *_lint(reading, repo_type)]
    if errors := errors_in(found):
        msg = f"the Hub would refuse the metadata of {source}"
        raise CardError(msg, problems=errors)
    return tuple(found)


def _lint(reading: Reading, repo_type: RepoType) -> Iterator[Problem]:
    for problem in metadata_problems(reading.data, repo_type, path=_METADATA):
        place = problem.path.removeprefix(f"{_METADATA}.")
        yield replace(problem, path=place, location=reading.positions.value(parse_path(place)))
