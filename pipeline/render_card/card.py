"""A card, made: README.md out of the manifest's `card`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hublish.base.errors import CardError
from hublish.base.values import Project, StagedFile
from hublish.pipeline.render_card.context import template_context, variable_problems
from hublish.pipeline.render_card.evaluation import Results, model_index, read_evaluation
from hublish.pipeline.render_card.front_matter import with_front_matter
from hublish.pipeline.render_card.rendering import current_renderer
from hublish.pipeline.render_card.templates import CardTemplate, find_template
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.manifest import Card

_INDEX = "model-index"
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """A README and what it was made from."""

    text: str
    template: CardTemplate
    warnings: tuple[Problem, ...] = ()


def render_card(project: Project, card: Card, files: Iterable[StagedFile]) -> RenderedCard:
    """Render the README of a release.

    Args:
        project: the manifest and its folder.
        card: the manifest's card.
        files: everything else in the release.

    Raises:
        CardError: with every problem of the metadata, or the template's own.
    """
    parts = _parts(project, card)
    if parts.problems or parts.template is None:
        raise CardError(_headline(parts.problems), problems=parts.problems)
    context = template_context(project.target, card, parts.metadata, parts.evaluation, files)
    body = current_renderer().render(parts.template, context)
    return RenderedCard(with_front_matter(parts.metadata, body), parts.template, parts.warnings)


def card_problems(project: Project) -> tuple[Problem, ...]:
    """Return what is wrong with the manifest's card, as far as it shows without the files of the release."""
    card = project.manifest.card
    return () if card is None else _parts(project, card).problems


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a card is made from, and everything that is wrong with it."""

    template: CardTemplate | None
    """None when it cannot be read, which is among the problems."""
    evaluation: Results
    metadata: Mapping[str, Any]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def _parts(project: Project, card: Card) -> _Parts:
    problems = [*variable_problems(card)]
    template = _tried(lambda: find_template(card.template, project.folder), problems)
    evaluation = _tried(lambda: _evaluation(project, card), problems) or []
    metadata = _tried(lambda: _metadata(project.target.repo_id, card, evaluation), problems) or card.metadata
    found = metadata_problems(metadata, project.target.repo_type)
    problems += errors_in(found)
    warnings = tuple(problem for problem in found if problem.severity == "warning")
    return _Parts(template, evaluation, metadata, tuple(problems), warnings)


def _tried(make: Callable[[], Part], problems: list[Problem]) -> Part | None:
    try:
        return make()
    except CardError as error:
        problems += error.problems
        return None


def _headline(problems: Iterable[Problem]) -> str:
    refused = all(problem.code == "card.refused" for problem in problems)
    return "the Hub would refuse the card's metadata" if refused else "the card cannot be made"


def _evaluation(project: Project, card: Card) -> Results:
    if card.evaluation is None:
        return []
    if project.target.repo_type != "model":
        problem = Problem("card.evaluation", "evaluation results belong to models", "remove it", "card.evaluation")
        msg = "the card cannot be made"
        raise CardError(msg, problems=[problem])
    return read_evaluation(card.evaluation, project.folder)


def _metadata(repo_id: str, card: Card, evaluation: Results) -> dict[str, Any]:
    if not evaluation:
        return card.metadata
    if _INDEX in card.metadata:
        hint = "keep one: card.evaluation, or metadata.model-index"
        problem = Problem("card.evaluation", "evaluation results are given twice", hint, f"card.metadata.{_INDEX}")
        msg = "the card cannot be made"
        raise CardError(msg, problems=[problem])
    return {**card.metadata, _INDEX: model_index(repo_id.rpartition("/")[2], evaluation)}
