"""A card, made: README.md out of the manifest's `card`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.pipeline.cards.context import template_context
from hublish.pipeline.cards.evaluation import Results, model_index, read_evaluation
from hublish.pipeline.cards.front_matter import with_front_matter
from hublish.pipeline.cards.rendering import render
from hublish.pipeline.cards.templates import CardTemplate, find_template
from hublish.pipeline.errors import CardError
from hublish.pipeline.values import Project, StagedFile
from hublish.schemas.card_metadata import metadata_problems
from hublish.schemas.manifest import Card
from hublish.schemas.problems import Problem

_INDEX = "model-index"


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
    repo = project.manifest.repo
    template = find_template(card.template, project.folder)
    evaluation = _evaluation(project, card)
    metadata = _metadata(repo.repo_id, card, evaluation)
    problems = metadata_problems(metadata, repo.repo_type)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        msg = "the Hub would refuse the card's metadata"
        raise CardError(msg, problems=errors)
    body = render(template, template_context(repo, card, metadata, evaluation, files))
    return RenderedCard(with_front_matter(metadata, body), template, problems)


def _evaluation(project: Project, card: Card) -> Results:
    if card.evaluation is None:
        return []
    if project.manifest.repo.repo_type != "model":
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
