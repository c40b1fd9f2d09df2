"""List exactly what would be uploaded."""

from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Release
from hublish.pipeline.attest.attest import UNSIGNED, Attest
from hublish.pipeline.build import building
from hublish.schemas.documents.file_names import MANIFEST_FILE


def files(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT, digest_cache: bool = True) -> Release:
    """Return every file that would be uploaded, with size and sha256, and every file that is excluded, with the rule.

    Converted files are not for the caller: they are in a temporary folder that is removed when this returns, or in a
    cache below HF_HOME. `build` writes them to a folder.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.
        digest_cache: see `HubOptions`.
    """
    # The release keeps the digests of the converted files, so that their bytes are not needed afterwards.
    with Session(read_project(manifest), progress=progress, digest_cache=digest_cache) as session:
        return sealed(session)


# Also the beginning of `build` and `status`.
def sealed(session: Session) -> Release:
    """Seal the release of a session's project."""
    stages = building(
        session.workspace,
        session.progress,
        session.executor,
        session.fingerprints,
        session.conversions,
        _attesting(session),
    )
    with session.with_warnings():
        release = stages.run(session.project, session.progress)
    return session.placed(release)


def _attesting(session: Session) -> Attest:
    if session.project.manifest.sign is None:
        return UNSIGNED
    # Imported here, with the client: few manifests sign.
    from hublish.api.attesting import attesting

    return attesting(session)
