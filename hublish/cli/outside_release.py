"""Write the file of a command beside a manifest, unless it would become part of the release that it describes."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base import durable
from hublish.base.errors import UsageError

if TYPE_CHECKING:
    from hublish.base.values import Candidate, Release, ReleaseFile


def write_outside(release: "Release", path: Path, pieces: Callable[[], Iterable[bytes]]) -> None:
    """Write a file that a plan or a page is kept in: as a part of the release, it would change its own plan.

    Args:
        release: the release.
        path: the file.
        pieces: gives the bytes of the file.

    Raises:
        UsageError: a source of the manifest matches the file; it is not kept.
    """
    from hublish.pipeline.collect.collect import Collect

    msg = f"{path} would become part of the release: a source matches it"
    refusal = UsageError(msg, hint="write it to another folder, or add it to patterns.ignore_patterns")
    if _holds(release.files, path):
        raise refusal
    durable.write(path, pieces)
    # A new file can be tested only once it exists.
    if _holds(Collect().run(release.project).included, path):
        path.unlink()
        raise refusal


def _holds(files: "Iterable[ReleaseFile | Candidate]", path: Path) -> bool:
    own = path.resolve()
    paths = (file.content.local_path for file in files if file.content is not None)
    # A source is never a link itself, so that only one of the same name can be this file. Resolving 100,000 paths takes
    # many seconds.
    return any(path is not None and path.name == own.name and path.resolve() == own for path in paths)
