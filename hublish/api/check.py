"""Check a manifest, its sources and its card before every commit."""

import os
from collections.abc import Iterator

from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session, without_namespace
from hublish.api.signing_files import missing_parts
from hublish.audit.fingerprint import Inspection, Interest
from hublish.base.content import Content
from hublish.base.errors import CardError, PolicyError, SourceError
from hublish.base.own_credentials import own_credentials
from hublish.base.progress import SILENT, Progress
from hublish.pipeline.check import all_problems, checking
from hublish.pipeline.screen.screen import Recall
from hublish.schemas.diagnose.problems import Problem, counted, errors_in
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED


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
            staged = checking(_recall(session)).run(session.project, progress)
        except (SourceError, PolicyError, CardError) as error:
            before = errors_in(error.problems)
            error.problems = (*all_problems(session.project, error.problems), *_more(session))
            if len(errors := errors_in(error.problems)) > len(before):
                error.message = f"{len(errors)} problems, with the files and with the card"
            raise
        found = (*staged.warnings, *_more(session))
        if errors := errors_in(found):
            raise PolicyError(f"{counted(errors)} with the state of the files in git", problems=found)
        return session.located(found)


def _recall(session: Session) -> Recall:
    """Return a function that looks for the findings of `plan` and `files` in unchanged files."""

    def recall(content: Content) -> Inspection | None:
        (found,) = session.fingerprints.fingerprints([content], Interest(pickles=False))
        return found.inspection if found else None

    return recall


def _more(session: Session) -> tuple[Problem, ...]:
    """Return the problems of no stage: those with the account, and with git."""
    found = (*_namespace(session), *_signer(session))
    if not session.project.named_after_git:
        return found
    # Imported here: most manifests do not mention git, and `check` runs before every commit.
    from hublish.api.git.tagged_release import dirty_problems

    return (*found, *dirty_problems(session.project))


def _signer(session: Session) -> Iterator[Problem]:
    if (sign := session.project.manifest.sign) is not None:
        yield from missing_parts(sign, session.project.folder)


def _namespace(session: Session) -> Iterator[Problem]:
    """Yield a warning when the repo_id needs the namespace of a token, and there is none."""
    target = session.project.target
    if "/" not in target.repo_id and target.endpoint != EMBEDDED and not own_credentials(os.environ):
        message = (
            f"repo_id '{target.repo_id}' has no namespace, and there is no token whose account would be the namespace"
        )
        yield Problem("repo.namespace", message, without_namespace(target.repo_id), "repo.repo_id", severity="warning")
