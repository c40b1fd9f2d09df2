"""From a manifest, however it is given, to a project; and every later problem back to its line in it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hublish.pipeline.errors import HublishError, ManifestInvalidError
from hublish.pipeline.values import Project
from hublish.schemas.documents import locate, read_manifest
from hublish.schemas.manifest import Manifest
from hublish.schemas.problems import InvalidDocumentError, Problem
from hublish.schemas.writing import dump_manifest

AnyManifest = str | Path | Manifest | Project
"""A path to hub.yaml, a manifest built in Python, or a project."""


def read_project(
    manifest: AnyManifest = "hub.yaml",
    *,
    text: bytes | None = None,
    folder: str | Path | None = None,
    objects: Mapping[str, Any] | None = None,
) -> Project:
    """Read and validate a manifest.

    Args:
        manifest: a path, a `Manifest` built in Python, or a project, which is returned as it is.
        text: the manifest's bytes, when they do not lie at the path (standard input).
        folder: what sources are relative to; default: the manifest's folder, else the current one.
        objects: in-memory values (dicts of arrays) by an artifact's path_in_repo, standing in for its source.

    Raises:
        ManifestInvalidError: with every problem, each with its line and column.
    """
    if isinstance(manifest, Project):
        return manifest
    if isinstance(manifest, Manifest):
        return _project(manifest, dump_manifest(manifest), Path(folder or "."), "hub.yaml", objects)
    path = Path(manifest)
    data = _bytes_of(path) if text is None else text
    try:
        read = read_manifest(data, str(path))
    except InvalidDocumentError as error:
        count = len(error.problems)
        msg = f"{path} has {'a problem' if count == 1 else f'{count} problems'}"
        raise ManifestInvalidError(msg, problems=error.problems) from None
    return _project(read, data, Path(folder or path.parent), str(path), objects)


@contextmanager
def located(project: Project) -> Iterator[None]:
    """Give the problems of any error raised inside their line and column in the manifest."""
    try:
        yield
    except HublishError as error:
        error.problems = with_locations(error.problems, project)
        raise


def with_locations(problems: Iterable[Problem], project: Project) -> tuple[Problem, ...]:
    """Return the problems, those that speak of the manifest with their line and column in it."""
    return tuple(
        locate([problem], project.text, project.name)[0] if _speaks_of_manifest(problem) else problem
        for problem in problems
    )


def _speaks_of_manifest(problem: Problem) -> bool:
    # Others carry the path of a file in the repo.
    return bool(problem.path) and re.split(r"[.\[]", problem.path)[0] in Manifest.model_fields


def _project(manifest: Manifest, text: bytes, folder: Path, name: str, objects: Mapping[str, Any] | None) -> Project:
    return Project(manifest, text, folder.absolute(), name, dict(objects or {}))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        msg = f"there is no {path}"
        hint = "go to the folder that holds it, or name it with -f; hub.yaml.example shows every field"
        raise ManifestInvalidError(msg, hint=hint) from None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ManifestInvalidError(msg) from None
