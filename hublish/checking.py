"""The verb that runs before every commit: check."""

from hublish.pipeline.check import checking
from hublish.pipeline.progress import SILENT, Progress
from hublish.projects import AnyManifest, located, read_project, with_locations
from hublish.schemas.problems import Problem


def check(manifest: AnyManifest = "hub.yaml", *, progress: Progress = SILENT) -> tuple[Problem, ...]:
    """Check manifest, sources, patterns, options and card without a network and without reading a weight.

    Returns:
        The warnings.

    Raises:
        ManifestInvalidError, SourceError, CardError: each with every problem, its line and its column.
    """
    project = read_project(manifest)
    with located(project):
        staged = checking().run(project, progress)
    return with_locations(staged.warnings, project)
