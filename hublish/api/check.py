"""Check a manifest, its sources and its card before every commit."""

from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.errors import CardError, PolicyError, SourceError
from hublish.base.progress import SILENT, Progress
from hublish.pipeline.check import all_problems, checking
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.file_names import MANIFEST_FILE


def check(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> tuple[Problem, ...]:
    """Check manifest, sources, patterns, options and card without a network, and search the files for secrets.

    Args:
        manifest: the manifest.
        progress: receives the stages.

    Returns:
        The warnings.

    Raises:
        ManifestInvalidError, SourceError, PolicyError, CardError: each with every problem, its line and its column.
    """
    with Session(read_project(manifest), progress=progress) as session:
        try:
            staged = checking().run(session.project, progress)
        except (SourceError, PolicyError, CardError) as error:
            before = errors_in(error.problems)
            error.problems = all_problems(session.project, error.problems)
            if len(errors := errors_in(error.problems)) > len(before):
                error.message = f"{len(errors)} problems, with the files and with the card"
            raise
        return session.located(staged.warnings)
