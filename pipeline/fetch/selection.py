"""Which files of a release a load needs."""

from collections.abc import Collection

from hublish.base.patterns import matching
from hublish.base.values.load import target_path
from hublish.formats.release_files import loadable
from hublish.schemas.documents.manifest import Load


def selected(
    paths: Collection[str], load: Load, *, weights_only: bool = False, with_target: bool = False
) -> tuple[str, ...]:
    """Return the paths that a load plan selects.

    Args:
        paths: of the release.
        load: the load plan.
        weights_only: nobody said which files a load needs: what loading reads is enough.
        with_target: the module of the load plan's target is needed too, when the release holds it.
    """
    names = matching(paths, load.allow_patterns, load.ignore_patterns)
    if weights_only:
        names = loadable(names)
    if with_target and load.target is not None:
        names += tuple({target_path(load.target)} & set(paths) - set(names))
    return names
