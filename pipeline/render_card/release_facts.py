"""Gather the facts of a release for its card, and the values of the files that `card.data` names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.base.values import Project
from hublish.cards.facts.fact import Fact
from hublish.cards.named_data import DATA_LIMIT, read_data
from hublish.pipeline.render_card.card_files import read_inside
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest import Card
from hublish.schemas.variables.lookup import NoValueError

# Each with the name of the value of the machine.
_OF_GIT: Final = {"commit": "git.commit", "short_commit": "git.short_commit", "tag": "git.tag", "date": "source_date"}
_GIT: Final = re.compile(r"""\.git\b|\[["']git["']\]""")


def git_facts(project: Project, texts: Iterable[str]) -> Iterator[Fact]:
    """Yield the facts of git and of the clock, if one of the texts mentions them: finding them starts a process.

    Args:
        project: the manifest, and the source of its values.
        texts: the templates and the texts of the manifest.
    """
    if not any(_GIT.search(text) for text in texts):
        return
    for name, variable in _OF_GIT.items():
        try:
            value = project.environment.get(variable) or project.machine.value(variable)
        except NoValueError:  # no repository, or no tag: templates test for it
            continue
        yield Fact(f"git.{name}", value, key=variable, released=False)


def read_named_data(project: Project, card: Card) -> Mapping[str, Any]:
    """Return the values of the files of `card.data`, by name.

    Raises:
        CardError: with the problems of every file that cannot be read.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, path in card.data.items():
        place = f"card.data.{name}"
        try:
            values[name] = read_data(read_inside(project.folder, path, place, DATA_LIMIT), project.shown(path))
        except CardError as error:
            problems += error.problems
        except InvalidDocumentError as error:
            # One without a place in the file gets that of the line that names the file.
            problems += (
                each if each.location else Problem(each.code, each.message, each.hint, place) for each in error.problems
            )
    if problems:
        msg = "the data of the card cannot be read"
        raise CardError(msg, problems=problems)
    return values
