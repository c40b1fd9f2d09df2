"""Render the card."""

from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.audit.file_audit import audit_secrets
from hublish.base.errors import PolicyError, UsageError
from hublish.base.progress import SILENT, Progress
from hublish.pipeline.build import rendering
from hublish.schemas.diagnose.problems import counted, errors_in
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE


def card(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> str:
    """Return the README as it would be published.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.

    Raises:
        UsageError: the manifest declares no card, and no artifact is a README.md.
        PolicyError: the card contains a secret.
    """
    with Session(read_project(manifest), progress=progress) as session:
        stages = rendering(session.workspace, progress, session.executor, session.fingerprints, session.conversions)
        staged = stages.run(session.project, progress)
        # An artifact may supply the README as well; the stage has refused two of them.
        found = next((file for file in staged.files if file.path_in_repo == CARD_FILE), None)
        if found is None:
            msg = f"{session.project.name} declares no card"
            raise UsageError(msg, hint="add `card:` with a template and metadata")
        project = session.project
        # Refused here as it is when the release is sealed: a card is printed, and redirected into files.
        secrets = errors_in(audit_secrets(CARD_FILE, found.origin.source, found.content, project.manifest.policy))
        if secrets:
            raise PolicyError(f"the card breaks the policy: {counted(secrets)}", problems=secrets)
        with found.content.open() as stream:
            return stream.read().decode()
