"""RemoteRelease -> DownloadPlan: select the files that a load needs, and refuse unsafe names."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Final

from hublish.audit.path_audit import download_problems
from hublish.base.errors import LoadError
from hublish.base.patterns import matching
from hublish.base.values import DownloadPlan, RemoteRelease
from hublish.base.values.downloads import module_path
from hublish.formats.release_files import loadable, loads_arrays
from hublish.schemas.documents.file_names import ATTESTATION_FILES
from hublish.schemas.documents.manifest import Load

# A comparison takes about a microsecond. 100 patterns for 200,000 files are more than any release has.
_MAX_COMPARISONS: Final = 20_000_000


@dataclass(frozen=True)
class Select:
    """Apply the load plan's patterns, or the caller's instead.

    Args:
        allow_patterns: instead of the load plan's.
        ignore_patterns: instead of the load plan's.
        to_load: the files are for loading: without patterns from either side, only the weights are selected.
        with_target: select the module of the load plan's target too, when the release contains it.

    Raises (from `run`):
        LoadError: names that could leave the folder, or collide, before the first byte; or nothing is selected.
    """

    allow_patterns: tuple[str, ...] | None = None
    ignore_patterns: tuple[str, ...] | None = None
    to_load: bool = False
    with_target: bool = False
    title: ClassVar[str] = "selecting the files"

    def run(self, release: RemoteRelease) -> DownloadPlan:
        """Return the files to download."""
        load = release.load
        allow = load.allow_patterns if self.allow_patterns is None else self.allow_patterns
        ignore = load.ignore_patterns if self.ignore_patterns is None else self.ignore_patterns
        _refuse_endless(len(allow) + len(ignore), len(release.files))
        names = selected(
            tuple(file.path_in_repo for file in release.files),
            load.model_copy(update={"allow_patterns": allow, "ignore_patterns": ignore}),
            weights_only=self.to_load and self.allow_patterns is None and load == Load(),
            with_target=self.with_target,
        )
        # The publisher chose the names, and the listing may come from a hostile Hub: none may be written unchecked.
        if problems := [*download_problems(names)]:
            msg = f"{release.reference.repo_id} contains names that are not safe here; nothing was downloaded"
            raise LoadError(msg, problems=problems)
        if not names:
            msg = f"nothing at {release.reference.repo_id} matches {', '.join(allow)}"
            raise LoadError(msg, hint="check the load plan in hub.yaml, or give other patterns")
        # In the order of the listing, which a load plan does not change. What proves the files stays beside them.
        wanted = {*names, *(ATTESTATION_FILES if release.examination is not None else ())}
        return DownloadPlan(release, tuple(file for file in release.files if file.path_in_repo in wanted))


def has_arrays(release: RemoteRelease) -> bool:
    """Return whether `hublish load` opens arrays of a release: by the names of the files that its load plan selects."""
    load = release.load
    # Datasets and Spaces have other readers, also where their files are arrays.
    if release.reference.repo_type not in ("model", "kernel"):
        return False
    paths = selected(tuple(file.path_in_repo for file in release.files), load, weights_only=load == Load())
    return loads_arrays(paths, load.serializer)


def _refuse_endless(patterns: int, files: int) -> None:
    # The publisher wrote the patterns, and the Hub lists the files: together they could take days.
    if patterns * files > _MAX_COMPARISONS:
        msg = f"the load plan has {patterns:,} patterns for {files:,} files; nothing was downloaded"
        raise LoadError(msg, hint="give patterns of your own: allow_patterns, ignore_patterns, or --include, --exclude")


def selected(
    paths: Collection[str], load: Load, *, weights_only: bool = False, with_target: bool = False
) -> tuple[str, ...]:
    """Return the paths of a release that a load plan selects.

    Args:
        weights_only: select only the files that loading reads, as the release has no load plan.
        with_target: select the module of the load plan's target too, when the release contains it.
    """
    names = matching(paths, load.allow_patterns, load.ignore_patterns)
    if weights_only:
        names = loadable(names)
    if with_target and load.target is not None:
        names += tuple({module_path(load.target)} & set(paths) - set(names))
    return names
