"""Write the file of a command beside a manifest, unless it is a file of the project, or would become one."""

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hublish.base import durable
from hublish.base.errors import UsageError

if TYPE_CHECKING:
    from hublish.base.values import Project, Release


def write_outside(release: "Release", path: Path, pieces: Callable[[], Iterable[bytes]]) -> None:
    """Write a file that a plan or a page is kept in: as a part of the release, it would change its own plan.

    Args:
        release: the release.
        path: the file.
        pieces: gives the bytes of the file.

    Raises:
        UsageError: it is the manifest or the lock, or a source matches it. An existing file is not changed then, and a
            new one is not kept.
    """
    project = release.project
    for own in (project.folder / PurePosixPath(project.name).name, project.lock_path):
        if own.resolve() == path.resolve():
            raise UsageError(f"{path} is the {own.name} of this release", hint="write it to another file")
    msg = f"{path} would become part of the release: a source matches it"
    refusal = UsageError(msg, hint="write it to another folder, or add it to patterns.ignore_patterns")
    # A new file can be tested only once it exists.
    exists = path.exists()
    if exists and _collects(project, path):
        raise refusal
    durable.write(path, pieces)
    if not exists and _collects(project, path):
        path.unlink()
        raise refusal


def _collects(project: "Project", path: Path) -> bool:
    from hublish.pipeline.collect.collect import Collect

    own = path.resolve()
    paths = (file.content.local_path for file in Collect().run(project).included if file.content is not None)
    # A source is never a link itself, so that only one of the same name can be this file. Resolving 100,000 paths takes
    # many seconds.
    return any(path is not None and path.name == own.name and path.resolve() == own for path in paths)
