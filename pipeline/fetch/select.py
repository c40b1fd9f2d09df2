"""RemoteRelease -> DownloadPlan: only what the load plan needs, and no name that could lead astray."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.base.errors import LoadError
from hublish.base.values import DownloadPlan, RemoteRelease
from hublish.pipeline.fetch.selection import selected
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.names import collisions, path_problems


@dataclass(frozen=True)
class Select:
    """Apply the load plan's patterns, or the caller's instead.

    Args:
        allow_patterns: instead of the load plan's.
        ignore_patterns: instead of the load plan's.
        to_load: the files are for loading: where neither says which, only what loading reads is needed.
        with_target: the module of the load plan's target is needed too, when the release holds it.

    Raises (from `run`):
        LoadError: names that could leave the folder or fall together, before the first byte; or nothing selected.
    """

    allow_patterns: tuple[str, ...] | None = None
    ignore_patterns: tuple[str, ...] | None = None
    to_load: bool = False
    with_target: bool = False
    title: ClassVar[str] = "selecting the files"

    def run(self, release: RemoteRelease) -> DownloadPlan:
        """Return the files to have."""
        load = release.load
        allow = load.allow_patterns if self.allow_patterns is None else self.allow_patterns
        ignore = load.ignore_patterns if self.ignore_patterns is None else self.ignore_patterns
        names = selected(
            tuple(file.path_in_repo for file in release.files),
            load.model_copy(update={"allow_patterns": allow, "ignore_patterns": ignore}),
            weights_only=self.to_load and self.allow_patterns is None and load == Load(),
            with_target=self.with_target,
        )
        _refuse_names(release, names)
        if not names:
            msg = f"nothing at {release.reference.repo_id} matches {', '.join(allow)}"
            raise LoadError(msg, hint="look at the load plan in hub.yaml, or give other patterns")
        wanted = set(names)
        return DownloadPlan(release, tuple(file for file in release.files if file.path_in_repo in wanted))


def _refuse_names(release: RemoteRelease, names: tuple[str, ...]) -> None:
    problems = [
        Problem("load.name", f"{name!r}: {'; '.join(found)}") for name in names if (found := path_problems(name))
    ]
    problems += [Problem("load.collision", f"'{one}' and '{other}': {why}") for one, other, why in collisions(names)]
    if problems:
        msg = f"{release.reference.repo_id} holds names that are not safe here; nothing was downloaded"
        raise LoadError(msg, problems=problems)
