"""Staged -> Staged with README.md: the card, rendered from the manifest's metadata, variables and evaluation."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeVar

from hublish.base.content import ContentChangedError, InMemory
from hublish.base.errors import CardError
from hublish.base.values import Effect, Origin, Project, Staged, StagedFile, Step, Verdict
from hublish.formats.front_matter import read_front_matter, with_front_matter
from hublish.pipeline.render_card.card_template import CardTemplate, find_template, template_context, variable_problems
from hublish.pipeline.render_card.evaluation import Results, model_index, read_evaluation
from hublish.pipeline.render_card.renderer import current_renderer
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem, errors_in, parse_path
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest import Card
from hublish.schemas.yaml.reader import Reading

RENDERED: Final = Verdict.of([Step("card", Effect.COLLECTS, "card: rendered", "card")])
"""The verdict on the rendered card."""

# The Hub reads front matter from the start of a README, however long the README is.
_FRONT_MATTER_LIMIT: Final = 1 << 20
_METADATA: Final = "metadata"
_INDEX: Final = "model-index"
_NOT_RENDERED: Final = "the card cannot be rendered"
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class RenderCard:
    """Add README.md if the manifest has a card; else check the metadata of an existing README."""

    title: ClassVar[str] = "rendering the card"

    def run(self, staged: Staged) -> Staged:
        """Return the release with its card.

        Raises:
            CardError: when the card cannot be rendered, when the Hub would reject its metadata, or when an artifact
                provides README.md too.
        """
        project = staged.collection.project
        card = project.manifest.card
        own = next((file for file in staged.files if file.path_in_repo == CARD_FILE), None)
        if card is None:
            found = () if own is None else _checked(own, project.target.repo_type)
            return replace(staged, warnings=(*staged.warnings, *found))
        if own is not None:
            msg = f"two sources for {CARD_FILE}"
            raise CardError(msg, problems=[two_cards(own.origin.source, own.origin.artifact)])
        return _with_card(staged, project, card)

    def works_on(self, staged: Staged) -> bool:
        """Return whether the manifest declares a card."""
        return staged.collection.project.manifest.card is not None


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """A rendered README."""

    text: str
    template: CardTemplate
    warnings: tuple[Problem, ...] = ()


def render_card(project: Project, card: Card, files: Iterable[StagedFile]) -> RenderedCard:
    """Render the README of a release.

    Args:
        project: the manifest and its folder.
        card: the manifest's card.
        files: all other files of the release.

    Raises:
        CardError: with every problem of the card's fields, or the template's error.
    """
    parts = _parts(project, card)
    if parts.problems or parts.template is None:
        rejected = all(problem.code == "card.refused" for problem in parts.problems)
        headline = "the Hub would reject the card's metadata" if rejected else _NOT_RENDERED
        raise CardError(headline, problems=parts.problems)
    context = template_context(project.target, card, parts.metadata, parts.evaluation, files)
    body = current_renderer().render(parts.template, context)
    return RenderedCard(with_front_matter(parts.metadata, body), parts.template, parts.warnings)


def card_problems(project: Project) -> tuple[Problem, ...]:
    """Return the problems of the manifest's card that can be detected without the files of the release."""
    card = project.manifest.card
    return () if card is None else _parts(project, card).problems


def two_cards(source: str, artifact: int | None) -> Problem:
    """Return the problem that a file has the same path as the rendered card.

    Args:
        source: the file.
        artifact: index of the artifact that collects it.
    """
    path = f"artifacts[{artifact}].source" if artifact is not None else ""
    message = f"'{source}' and the rendered card have the same path, {CARD_FILE}"
    return Problem("card.twice", message, "remove `card`, or exclude the file with patterns.ignore_patterns", path)


def _with_card(staged: Staged, project: Project, card: Card) -> Staged:
    rendered = render_card(project, card, staged.files)
    try:
        data = rendered.text.encode("utf-8")
    except UnicodeEncodeError:
        msg = "the card contains a lone surrogate, which UTF-8 cannot encode"
        raise CardError(msg) from None
    template = rendered.template
    # Recorded in the lock, so that a changed template explains a changed card.
    parameters = {"template": template.name, "template_sha256": template.sha256}
    origin = Origin(None, f"template {template.name}", "card", parameters, RENDERED)
    readme = StagedFile(CARD_FILE, InMemory(data), origin)
    return replace(staged, files=(*staged.files, readme), warnings=(*staged.warnings, *rendered.warnings))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The inputs of a card, and all their problems."""

    template: CardTemplate | None
    """None if it cannot be read, which is one of the problems."""
    evaluation: Results
    metadata: Mapping[str, Any]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def _parts(project: Project, card: Card) -> _Parts:
    # All problems of the card are collected, so that one run reports them all.
    problems = [*variable_problems(card)]
    template = _tried(lambda: find_template(card.template, project.folder), problems)
    evaluation = _tried(lambda: _evaluation(project, card), problems) or []
    metadata = _tried(lambda: _metadata(project.target.repo_id, card, evaluation), problems) or card.metadata
    found = metadata_problems(metadata, project.target.repo_type)
    problems += errors_in(found)
    warnings = tuple(problem for problem in found if problem.severity == "warning")
    return _Parts(template, evaluation, metadata, tuple(problems), warnings)


def _tried(make: Callable[[], _Part], problems: list[Problem]) -> _Part | None:
    """Return the result of a call; if it fails, add its problems to `problems`."""
    try:
        return make()
    except CardError as error:
        problems += error.problems
        return None


def _evaluation(project: Project, card: Card) -> Results:
    if card.evaluation is None:
        return []
    if project.target.repo_type != "model":
        problem = Problem("card.evaluation", "only models have evaluation results", "remove it", "card.evaluation")
        raise CardError(_NOT_RENDERED, problems=[problem])
    return read_evaluation(card.evaluation, project.folder)


def _metadata(repo_id: str, card: Card, evaluation: Results) -> dict[str, Any]:
    if not evaluation:
        return card.metadata
    if _INDEX in card.metadata:
        hint = "keep one: card.evaluation, or metadata.model-index"
        problem = Problem("card.evaluation", "evaluation results are given twice", hint, f"card.metadata.{_INDEX}")
        raise CardError(_NOT_RENDERED, problems=[problem])
    return {**card.metadata, _INDEX: model_index(repo_id.rpartition("/")[2], evaluation)}


def _checked(readme: StagedFile, repo_type: RepoType) -> tuple[Problem, ...]:
    """Return the warnings about a README that is published unchanged."""
    source = readme.origin.source
    try:
        reading = read_front_matter(readme.content.read_at(0, _FRONT_MATTER_LIMIT), source)
    except InvalidDocumentError as error:
        msg = f"the metadata of {source} cannot be read"
        raise CardError(msg, problems=error.problems) from None
    except (ContentChangedError, OSError) as error:
        msg = f"{source} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise CardError(msg) from None
    if reading is None:
        hint = "begin it with metadata between two `---` lines"
        return (Problem("card.advice", f"{source} has no metadata", hint, severity="warning"),)
    found = [*reading.problems, *_lint(reading, repo_type)]
    if errors := errors_in(found):
        msg = f"the Hub would reject the metadata of {source}"
        raise CardError(msg, problems=errors)
    return tuple(found)


def _lint(reading: Reading, repo_type: RepoType) -> Iterator[Problem]:
    for problem in metadata_problems(reading.data, repo_type, path=_METADATA):
        place = problem.path.removeprefix(f"{_METADATA}.")
        yield replace(problem, path=place, location=reading.positions.value(parse_path(place)))
