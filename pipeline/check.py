"""The stages of `hublish check`, one per line: nothing is converted, hashed or sent.

A module of its own, so that a check, which runs before every commit, imports neither a serializer nor the Hub client.
"""

from collections.abc import Iterable

from hublish.base.errors import CardError
from hublish.base.values import Collection, Kind, Project, Staged
from hublish.pipeline.collect.collect import Collect, survey
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.screen.completeness import ScreenParts, incomplete_parts
from hublish.pipeline.screen.data_files import ScreenDataFiles, data_file_problems
from hublish.pipeline.screen.placeholders import ScreenPlaceholders, placeholders
from hublish.pipeline.screen.screen import Outline, Screen, ScreenCard, screen_problems
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, errors_in, warnings_in


def checking() -> Pipeline[Project, Staged]:
    """Return the stages that need neither the weights nor a network."""
    return (
        Pipeline.of(Collect())  # every file that the manifest names, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(Screen())  # against the policy and the Hub's limits
        .then(ScreenParts())  # weights, card, SDK: what its readers need
        .then(ScreenDataFiles())  # of a dataset's configs
        .then(RenderCard())  # README.md, from the card
        .then(ScreenCard())  # for secrets
        .then(ScreenPlaceholders())  # in the manifest and the card
    )


def all_problems(project: Project, found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that stopped a check, and those of every other stage: errors first, then warnings.

    The stages run again on the files that can be released: one mistake must not hide the others from its author.
    """
    sources = survey(project)
    usable = tuple(one for one in sources.candidates if one.kind is Kind.FILE)
    outline = Outline().run(Collection(project, usable))
    screened, parts = screen_problems(outline), (*incomplete_parts(outline), *data_file_problems(outline))
    found = tuple(found)
    reported = (*found, *sources.problems)
    if any(problem.code.startswith(("source.", "serializer.", "policy.")) for problem in errors_in(reported)):
        # Parts and patterns for which a refused source should have provided a file: that source is reported alone.
        screened, parts = tuple(one for one in screened if not one.path.startswith("load.")), ()
    # The same file may be refused by its source, and then by its name.
    refused = {problem.path for problem in errors_in(reported) if problem.path}
    screened = tuple(one for one in screened if one in reported or one.path not in refused)
    later = (*sources.problems, *screened, *parts, *_of_card(outline), *placeholders(project))
    every = tuple(dict.fromkeys((*found, *later)))
    return (*errors_in(every)[:MAX_PROBLEMS], *warnings_in(every)[:MAX_PROBLEMS])


def _of_card(outline: Staged) -> tuple[Problem, ...]:
    try:
        return RenderCard().run(outline).warnings
    except CardError as error:
        return error.problems
