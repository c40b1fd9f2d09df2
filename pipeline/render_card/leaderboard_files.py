"""Add the files `.eval_results/*.yaml` to the release: results for the leaderboards of benchmarks on the Hub."""

from collections.abc import Iterable, Mapping

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Effect, Origin, StagedFile, Step, Verdict
from hublish.cards.results.leaderboards import leaderboard_path, leaderboard_texts
from hublish.cards.results.result import Result
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.card_evaluation import Evaluation


def leaderboard_verdicts(evaluation: Evaluation | None) -> Mapping[str, Verdict]:
    """Return why each file is part of the release, by its path in the repo, which the manifest alone decides."""
    steps: dict[str, list[Step]] = {}
    for index, entry in enumerate(evaluation if isinstance(evaluation, tuple) else ()):
        if entry.dataset is None or entry.dataset.task_id is None:
            continue
        place = f"card.evaluation[{index}].dataset.task_id"
        text = f"{place}: {entry.dataset.task_id}, a task of the benchmark {entry.dataset.type}"
        steps.setdefault(leaderboard_path(entry.dataset.type), []).append(Step("card", Effect.COLLECTS, text, place))
    return {path: Verdict.of(found) for path, found in steps.items()}


def leaderboard_files(
    results: Iterable[Result], evaluation: Evaluation | None, others: Iterable[StagedFile]
) -> tuple[StagedFile, ...]:
    """Return the files with the results.

    Args:
        results: the results of the card.
        evaluation: the field of the manifest.
        others: all other files of the release.

    Raises:
        CardError: when one of the others has the path of such a file.
    """
    texts = leaderboard_texts(results)
    problems = [_twice(file.origin, file.path_in_repo) for file in others if file.path_in_repo in texts]
    if problems:
        msg = "a file has the path of the card's results for a leaderboard"
        raise CardError(msg, problems=problems)
    verdicts = leaderboard_verdicts(evaluation)
    return tuple(_staged(path, text, verdicts[path]) for path, text in texts.items())


def _staged(path: str, text: str, verdict: Verdict) -> StagedFile:
    return StagedFile(path, InMemory(text.encode()), Origin(None, "card.evaluation", "card", {}, verdict))


def _twice(origin: Origin, path: str) -> Problem:
    place = f"artifacts[{origin.artifact}].source" if origin.artifact is not None else ""
    message = f"'{origin.source}' and results of the card have the same path, {path}"
    hint = "remove `task_id` under card.evaluation, or exclude the file with patterns.ignore_patterns"
    return Problem("card.twice", message, hint, place)
