"""From a manifest, however it is given, to a project; and every later problem back to its line in it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hublish.api.git.environment import Here
from hublish.base.errors import HublishError, ManifestInvalidError, UsageError
from hublish.base.values import Project
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem, counted
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import dump_manifest, locate, resolve_manifest
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO
from hublish.schemas.variables.lookup import Setting, setting_problem

AnyManifest = str | Path | Manifest | Project
"""A path to hub.yaml, a manifest built in Python, or a project."""


def read_project(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    text: bytes | None = None,
    folder: str | Path | None = None,
    objects: Mapping[str, Any] | None = None,
    variables: Mapping[str, Setting] | None = None,
) -> Project:
    """Read and validate a manifest, with its variables replaced.

    What it mentions of git, the environment and the date is asked of this machine: git in the manifest's folder,
    `os.environ`, SOURCE_DATE_EPOCH.

    Args:
        manifest: a path, a `Manifest` built in Python, or a project, which is returned as it is unless variables are
            given: then its text is read again.
        text: the manifest's bytes, when they do not lie at the path (standard input).
        folder: what sources are relative to; default: the manifest's folder, else the current one.
        objects: in-memory values (dicts of arrays) by an artifact's path_in_repo, standing in for its source.
        variables: values by name that stand in for those under `variables`, or add to them: `{"version": "1.2.0"}`.

    Raises:
        ManifestInvalidError: with every problem, each with its line and column.
        UsageError: when a variable may not be set, or the manifest has no text that could mention one.
    """
    settings = dict(variables or {})
    _refuse_settings(settings, manifest)
    if isinstance(manifest, Project):
        return _read_again(manifest, settings) if settings else manifest
    if isinstance(manifest, Manifest):
        home = Path(folder or ".").absolute()
        return Project(manifest, dump_manifest(manifest), home, objects=dict(objects or {}))
    path = Path(manifest)
    data = _bytes_of(path) if text is None else text
    home = Path(folder or path.parent).absolute()
    try:
        read = resolve_manifest(data, str(path), settings=settings, surroundings=Here(home, os.environ))
    except InvalidDocumentError as error:
        msg = f"{path} has {counted(error.problems)}"
        raise ManifestInvalidError(msg, problems=error.problems) from None
    return Project(read.manifest, data, home, str(path), dict(objects or {}), settings, read.surroundings)


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
    problems = tuple(problems)
    ours = tuple(filter(_speaks_of_manifest, problems))
    found = iter(locate(ours, project.text, project.name) if ours else ())
    placed = (next(found) if _speaks_of_manifest(problem) else problem for problem in problems)
    return tuple(sorted(map(_without_secret, placed), key=_by_line))


def _read_again(project: Project, settings: Mapping[str, Setting]) -> Project:
    return read_project(
        Path(project.name),
        text=project.text,
        folder=project.folder,
        objects=project.objects,
        variables={**project.settings, **settings},
    )


def _refuse_settings(settings: Mapping[str, Setting], manifest: AnyManifest) -> None:
    for name, value in settings.items():
        if refused := setting_problem(name, value) or _secret(name, value):
            raise UsageError(refused[0], hint=refused[1])
    if settings and isinstance(manifest, Manifest):
        msg = "variables are for a manifest that is read, and this one is built already"
        raise UsageError(msg, hint="put their values into its fields")


def _secret(name: str, value: Setting) -> tuple[str, str] | None:
    return (f"the value of '{name}' is a secret", WHERE_CREDENTIALS_GO) if holds_token(str(value)) else None


def _speaks_of_manifest(problem: Problem) -> bool:
    # Others carry the path of a file in the repo.
    paths = (problem.path, *(each.path for each in problem.related))
    return any(re.split(r"[.\[]", path)[0] in Manifest.model_fields for path in paths if path)


def _without_secret(problem: Problem) -> Problem:
    """Star out a secret in the manifest: the excerpt would show one of a kind that the schemas do not know."""
    place = problem.location
    if problem.code != "policy.secret" or place is None or place.text is None:
        return problem
    before = place.text[: place.column - 1]
    starred = before + re.sub(r"\S", "*", place.text[len(before) :])
    return replace(problem, location=replace(place, text=starred))


def _by_line(problem: Problem) -> tuple[bool, Location]:
    return problem.location is None, problem.location or Location("", 0, 0)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        msg = f"there is no {path}"
        hint = "go to the folder that holds it, name it with -f, or let `hublish init` draft one"
        raise ManifestInvalidError(msg, hint=hint) from None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ManifestInvalidError(msg) from None
