"""Project -> Collection: every file the manifest speaks of, each with its verdict and the rule that decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from hublish.base.errors import SourceError
from hublish.base.values import Collection, Project
from hublish.pipeline.collect.surveying import survey
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, counted, errors_in


@dataclass(frozen=True)
class Collect:
    """Look at every source; refuse, all at once, what cannot be released.

    Raises (from `run`):
        SourceError: sources and patterns that match nothing, links, devices, two sources for one path.
    """

    title: ClassVar[str] = "collecting the files"

    def run(self, project: Project) -> Collection:
        """Return every candidate, sorted by path_in_repo."""
        found = survey(project)
        warnings = _refuse_errors(found.problems)
        return Collection(project, found.kept, warnings)


def _refuse_errors(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    errors = errors_in(problems)
    if errors:
        more = f"; the first {MAX_PROBLEMS} are told" if len(errors) > MAX_PROBLEMS else ""
        msg = f"{counted(errors)} with the sources{more}"
        raise SourceError(msg, problems=errors[:MAX_PROBLEMS])
    return tuple(problems)
