"""The stages of `hublish check`, one per line: nothing is converted, hashed or sent.

A module of its own, so that a check, which runs before every commit, imports neither a serializer nor the Hub client.
"""

from collections.abc import Iterable, Iterator

from hublish.base.errors import CardError
from hublish.base.values import Collection, Kind, Project, Staged
from hublish.pipeline.collect.collect import Collect, survey
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.screen.completeness import ScreenParts, incomplete_parts
from hublish.pipeline.screen.data_files import ScreenDataFiles, data_file_problems
from hublish.pipeline.screen.eval_results import ScreenResults, result_problems
from hublish.pipeline.screen.kernel_builds import ScreenKernel, kernel_problems
from hublish.pipeline.screen.placeholders import ScreenPlaceholders, placeholders
from hublish.pipeline.screen.screen import Outline, Recall, Screen, ScreenCard, screen_problems
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, errors_in, warnings_in


def checking(recall: Recall | None = None) -> Pipeline[Project, Staged]:
    """Return the stages that need neither the weights nor a network.

    Args:
        recall: see `Screen`.
    """
    return (
        Pipeline.of(Collect())  # every file that the manifest names, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(Screen(recall))  # against the policy and the Hub's limits
        .then(ScreenParts())  # weights, card, SDK: what its readers need
        .then(ScreenDataFiles())  # of a dataset's configs
        .then(ScreenResults())  # of a model, for leaderboards
        .then(ScreenKernel())  # builds of a kernel
        .then(RenderCard())  # README.md, from the card
        .then(ScreenCard())  # for secrets
        .then(ScreenPlaceholders())  # in the manifest and the card
    )


def all_problems(project: Project, found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that stopped a check, and those of every other stage: errors first, then warnings.

    The stages run again on the files that can be released: one mistake must not hide the others from its author.
    """
    sources, outline = _releasable(project)
    reported = (*found, *sources)
    screened = screen_problems(outline)
    if _lacks_sources(reported):
        # Patterns for which a refused source should have provided a file: that source is reported alone.
        screened = tuple(one for one in screened if not one.path.startswith("load."))
    # The same file may be refused by its source, and then by its name.
    refused = {problem.path for problem in errors_in(reported) if problem.path}
    screened = tuple(one for one in screened if one in reported or one.path not in refused)
    every = tuple(dict.fromkeys((*found, *sources, *screened, *_later(outline, reported))))
    return (*errors_in(every)[:MAX_PROBLEMS], *warnings_in(every)[:MAX_PROBLEMS])


def with_warnings(project: Project, found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that stopped a release, and the warnings of every stage, which read no large file."""
    sources, outline = _releasable(project)
    reported = (*found, *sources)
    warnings = warnings_in((*reported, *_later(outline, reported)))
    return tuple(dict.fromkeys((*errors_in(reported), *warnings)))[: 2 * MAX_PROBLEMS]


def _releasable(project: Project) -> tuple[tuple[Problem, ...], Staged]:
    sources = survey(project)
    usable = tuple(one for one in sources.candidates if one.kind is Kind.FILE)
    return tuple(sources.problems), Outline().run(Collection(project, usable))


def _lacks_sources(reported: Iterable[Problem]) -> bool:
    return any(problem.code.startswith(("source.", "serializer.", "policy.")) for problem in errors_in(reported))


def _later(outline: Staged, reported: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems of the stages after the names of the files."""
    # Refused sources would provide the missing parts.
    if not _lacks_sources(reported):
        yield from incomplete_parts(outline)
        yield from data_file_problems(outline)
        yield from result_problems(outline)
        yield from kernel_problems(outline)
    yield from _of_card(outline)
    yield from placeholders(outline.collection.project)


def _of_card(outline: Staged) -> tuple[Problem, ...]:
    try:
        return RenderCard().run(outline).warnings
    except CardError as error:
        return error.problems
