"""The verb that runs before every commit: check."""

from hublish.api.project import AnyManifest, located, read_project, with_locations
from hublish.base.errors import HublishError, PolicyError, SourceError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project
from hublish.pipeline.check import checking
from hublish.pipeline.render_card.render_card import card_problems
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE


def check(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> tuple[Problem, ...]:
    """Check manifest, sources, patterns, options and card without a network and without reading a weight.

    Args:
        manifest: the manifest.
        progress: told about stages.

    Returns:
        The warnings.

    Raises:
        ManifestInvalidError, SourceError, PolicyError, CardError: each with every problem, its line and its column.
    """
    project = read_project(manifest)
    with located(project):
        try:
            staged = checking().run(project, progress)
        except (SourceError, PolicyError) as error:
            _tell_the_card_too(error, project)
            raise
    return with_locations(staged.warnings, project)


def _tell_the_card_too(error: HublishError, project: Project) -> None:
    """Add what is wrong with the card: it does not depend on the files that stopped the check before it."""
    if found := card_problems(project):
        error.problems += found
        error.message = f"{len(error.problems)} problems, with the files and with the card"
