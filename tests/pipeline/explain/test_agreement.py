"""The explanation of every path agrees with the release, for any tree and manifest."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hublish.base.errors import HublishError
from hublish.base.values import Effect, Release
from hublish.base.values.explanation import Explanation, Fate, Outcome, Taken
from hublish.pipeline.build import releasing
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.explain.path_lookup import explain
from hublish.pipeline.explain.release_rules import ReleaseRules
from hublish.schemas.diagnose.problems import Problem, errors_in
from tests.faults.projects import rounds
from tests.pipeline.explain.trees import everything_in, files, links, made, manifests


@settings(max_examples=rounds(80), suppress_health_check=[HealthCheck.too_slow])
@given(tree=files, link=links, fields=manifests)
@example(
    tree={"README.md": b"{}", ".env": b"{}"},
    link="",
    fields={"artifacts": [{"source": "."}, {"source": ".env", "path_in_repo": "README.md"}]},
)
def test_every_explanation_agrees_with_the_release(tree: dict[str, bytes], link: str, fields: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "tree").resolve()
        folder.mkdir()
        project = made(folder, tree, link, fields)
        found = survey(project)
        rules = ReleaseRules(found)
        explained = [explain(rules, path, folder) for path in {*everything_in(folder), "hub.yaml"}]
        try:
            release = releasing(Path(name)).run(project)
        except HublishError as error:
            _refusal_was_explained(errors_in(error.problems), explained, found.problems)
        else:
            _release_agrees(release, explained)
            _explanations_agree(rules, release, folder)


def _fates(explained: list[Explanation]) -> list[Fate]:
    return [fate for explanation in explained for fate in explanation.fates]


def _released(fate: Fate) -> bool:
    """Return whether a file is in the release, or refused only because of a .gitignore, which the Hub applies."""
    refusing = {step.rule for step in fate.steps if step.effect is Effect.REFUSES}
    return fate.outcome is Outcome.IN or (fate.outcome is Outcome.REFUSED and refusing == {"gitignore"})


def _release_agrees(release: Release, explained: list[Explanation]) -> None:
    for fate in _fates(explained):
        assert fate.outcome is Outcome.OUT or _released(fate)
    paths = {path for fate in _fates(explained) if _released(fate) for path in fate.path_in_repo}
    assert paths == {file.path_in_repo for file in release.files}
    in_files = {fate.source for fate in _fates(explained) if _released(fate)}
    assert in_files == {file.origin.source for file in release.files}


def _explanations_agree(rules: ReleaseRules, release: Release, folder: Path) -> None:
    for file in release.files:
        fates = rules.of_path(file.path_in_repo)
        steps = [step for fate in fates for step in fate.steps if _released(fate)]
        assert file.origin.verdict.rule in [step.text for step in steps]
    for candidate in release.excluded:
        own = [fate for fate in rules.of_file(candidate.source) if fate.artifact == candidate.artifact]
        assert [(fate.outcome, fate.decisive.text) for fate in own] == [(Outcome.OUT, candidate.verdict.rule)]


def _refusal_was_explained(
    refused: tuple[Problem, ...], explained: list[Explanation], of_sources: tuple[Problem, ...]
) -> None:
    refusing = {
        path: fate for fate in _fates(explained) if fate.outcome is Outcome.REFUSED for path in fate.path_in_repo
    }
    refusals = (step for fate in _fates(explained) for step in fate.steps if step.effect is Effect.REFUSES)
    texts = "\n".join(step.text for step in refusals)
    assert refused
    for problem in refused:
        of_no_file = problem in of_sources and problem.code in ("source.missing", "source.pattern")
        assert of_no_file or problem.path in refusing or problem.message in texts


@settings(max_examples=rounds(40))
@given(tree=files, fields=manifests, asked=st.text(max_size=12).filter(lambda text: "\0" not in text))
def test_any_path_has_an_explanation(tree: dict[str, bytes], fields: dict[str, Any], asked: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        found = explain(ReleaseRules(survey(made(folder, tree, "", fields))), asked, folder)
        assert found.outcome in Outcome
        assert (found.taken is Taken.NOTHING) == (found.outcome is Outcome.ABSENT)
