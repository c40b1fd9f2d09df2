"""What explaining says of every path is what releasing does with it, whatever the tree and the manifest."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hublish.base.errors import HublishError
from hublish.base.values import Effect, Release
from hublish.base.values.explanation import Explanation, Fate, Outcome, Taken
from hublish.pipeline.build import releasing
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.explain.book import Book
from hublish.pipeline.explain.finding import explain
from hublish.schemas.diagnose.problems import Problem
from tests.faults.projects import rounds
from tests.pipeline.explain.trees import everything_in, files, links, made, manifests


@settings(max_examples=rounds(80), suppress_health_check=[HealthCheck.too_slow])
@given(tree=files, link=links, fields=manifests)
def test_every_verdict_is_what_releasing_does(tree: dict[str, bytes], link: str, fields: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "tree").resolve()
        folder.mkdir()
        project = made(folder, tree, link, fields)
        found = survey(project)
        book = Book(found)
        told = [explain(book, path, folder) for path in {*everything_in(folder), "hub.yaml"}]
        try:
            release = releasing(Path(name)).run(project)
        except HublishError as error:
            _is_refused_for_what_was_told(error.problems, told, found.problems)
        else:
            _is_released_as_told(release, told)
            _is_told_as_released(book, release, folder)


def _fates(told: list[Explanation]) -> list[Fate]:
    return [fate for explanation in told for fate in explanation.fates]


def _released(fate: Fate) -> bool:
    """In; or refused for what only the Hub would do."""
    refusing = {step.rule for step in fate.steps if step.effect is Effect.REFUSES}
    return fate.outcome is Outcome.IN or (fate.outcome is Outcome.REFUSED and refusing == {"gitignore"})


def _is_released_as_told(release: Release, told: list[Explanation]) -> None:
    for fate in _fates(told):
        assert fate.outcome is Outcome.OUT or _released(fate)
    paths = {path for fate in _fates(told) if _released(fate) for path in fate.path_in_repo}
    assert paths == {file.path_in_repo for file in release.files}
    in_files = {fate.source for fate in _fates(told) if _released(fate)}
    assert in_files == {file.origin.source for file in release.files}


def _is_told_as_released(book: Book, release: Release, folder: Path) -> None:
    for file in release.files:
        fates = book.of_path(file.path_in_repo)
        rules = [step for fate in fates for step in fate.steps if _released(fate)]
        assert file.origin.verdict.rule in [step.text for step in rules]
    for candidate in release.excluded:
        own = [fate for fate in book.of_file(candidate.source) if fate.artifact == candidate.artifact]
        assert [(fate.outcome, fate.decisive.text) for fate in own] == [(Outcome.OUT, candidate.verdict.rule)]


def _is_refused_for_what_was_told(
    refused: tuple[Problem, ...], told: list[Explanation], of_sources: tuple[Problem, ...]
) -> None:
    refusing = {path: fate for fate in _fates(told) if fate.outcome is Outcome.REFUSED for path in fate.path_in_repo}
    words = "\n".join(step.text for fate in _fates(told) for step in fate.steps if step.effect is Effect.REFUSES)
    assert refused
    for problem in refused:
        of_no_file = problem in of_sources and problem.code in ("source.missing", "source.pattern")
        assert of_no_file or problem.path in refusing or problem.message in words


@settings(max_examples=rounds(40))
@given(tree=files, fields=manifests, asked=st.text(max_size=12).filter(lambda text: "\0" not in text))
def test_any_words_get_an_answer(tree: dict[str, bytes], fields: dict[str, Any], asked: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        found = explain(Book(survey(made(folder, tree, "", fields))), asked, folder)
        assert found.outcome in Outcome
        assert (found.taken is Taken.NOTHING) == (found.outcome is Outcome.ABSENT)
