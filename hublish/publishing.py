"""The forward verbs: check, files, build, card, plan, publish."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from hublish.connecting import connected
from hublish.pipeline import durable, sealed
from hublish.pipeline.errors import DeclinedError, UsageError
from hublish.pipeline.hub.caller import Caller
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.hub.library import require_publishing
from hublish.pipeline.planning import stale
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.publish import checking, planning, publishing, releasing, rendering
from hublish.pipeline.records import plan_document
from hublish.pipeline.values import InMemory, Plan, Project, Receipt, Release, ReleaseFile, StagedFile
from hublish.projects import AnyManifest, located, read_project, with_locations
from hublish.reading import read_plan_file
from hublish.schemas.plan import PlanDocument
from hublish.schemas.problems import Problem

CARD_PATH = "README.md"


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


def card(manifest: AnyManifest = "hub.yaml", *, progress: Progress = SILENT) -> str:
    """Return the README as it would be published.

    Raises:
        UsageError: when the manifest declares no card and no artifact is a README.md.
    """
    project = read_project(manifest)
    with _workspace() as workspace, located(project):
        staged = rendering(workspace, progress).run(project, progress)
        found = next((file for file in staged.files if file.path_in_repo == CARD_PATH), None)
        if found is None:
            msg = f"{project.name} declares no card"
            raise UsageError(msg, hint="add `card:` with a template and metadata")
        return _bytes_of(found).decode()


def files(manifest: AnyManifest = "hub.yaml", *, progress: Progress = SILENT) -> Release:
    """Return exactly what would be uploaded: every file with size and sha256, and what stays out and why.

    Converted files lie in a temporary folder that is gone when this returns; `build` keeps them.
    """
    project = read_project(manifest)
    with _workspace() as workspace, located(project):
        return releasing(workspace, progress).run(project, progress)


def build(manifest: AnyManifest = "hub.yaml", out: str | Path = "build", *, progress: Progress = SILENT) -> Release:
    """Write the release as a folder.

    Args:
        manifest: the manifest.
        out: a folder that does not exist yet, or is empty; it appears whole or not at all.
        progress: told about stages and bytes.

    Raises:
        UsageError: when `out` holds anything.
    """
    out = Path(out).absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"{out} is not empty"
        raise UsageError(msg, hint="remove it, or name another folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    project = read_project(manifest)
    with _workspace() as workspace, located(project):
        release = releasing(workspace, progress).run(project, progress)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
            folder = Path(temporary) / "release"
            folder.mkdir()
            for file in release.files:
                _write(folder / file.path_in_repo, file)
            # What was copied is what was sealed: a file that changed meanwhile leaves no folder behind.
            sealed.each(release.files, sealed.require_identity)
            folder.replace(out)
        durable.sync_folder(out.parent)
    return release


def plan(
    manifest: AnyManifest = "hub.yaml",
    *,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> Plan:
    """Compare the release with the remote; nothing is written anywhere.

    Args:
        manifest: the manifest.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        PolicyError: the release breaks the policy.
        RemoteConflictError: the tag stands elsewhere.
        RemoteError: the Hub refuses or cannot be reached.
    """
    project = read_project(manifest)
    with _publishing_to(project, endpoint, token, progress) as hub, _workspace() as workspace, located(project):
        return _planned(project, hub, workspace, progress)


def publish(
    manifest: AnyManifest = "hub.yaml",
    *,
    plan: Plan | PlanDocument | str | Path | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    lock: str | Path | None = None,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> Receipt:
    """Publish in one commit; verify, tag and lock.

    Running it again converges: what stands there already is not sent and not committed again.

    Args:
        manifest: the manifest.
        plan: what was reviewed, as `plan` returned it or as a plan.json; anything else is refused.
        confirm: shown the plan before anything is written; False stops.
        lock: where the lock is written; default: hub.lock beside the manifest.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        PlanStaleError: a byte, the manifest or the remote moved since the plan was reviewed.
        DeclinedError: `confirm` said no.
        SourceChangedError: a file changed after it was sealed; nothing was committed.
        RemoteConflictError: somebody else's commit came first; nothing was overwritten.
        VerificationError: what stands on the Hub is not what was planned.
    """
    project = read_project(manifest)
    reviewed = _reviewed(plan)
    with _publishing_to(project, endpoint, token, progress) as hub, _workspace() as workspace, located(project):
        fresh = _planned(project, hub, workspace, progress)
        if reviewed is not None:
            stale.refuse(reviewed, plan_document(fresh))
        if confirm is not None and not confirm(fresh):
            msg = "not published: the plan was not agreed to"
            raise DeclinedError(msg)
        return publishing(hub, Path(lock or project.folder / "hub.lock")).run(fresh, progress)


def released(
    project: Project,
    *,
    hubs: Path,
    lock: Path | None,
    endpoint: str | None,
    token: str | bool | None,
    caller: Caller,
    progress: Progress,
) -> Receipt:
    """Publish a project that was made in Python, in the same way.

    Args:
        project: the manifest with its values.
        hubs: the folder that the embedded Hub lies in, when it is the endpoint.
        lock: where the lock is written; None writes none.
        endpoint: as for `publish`.
        token: as for `publish`.
        caller: the library that publishes, for the user agent.
        progress: told about stages and bytes.
    """
    endpoint = endpoint or project.manifest.repo.endpoint
    with connected(endpoint, token, hubs, progress, caller) as hub, _workspace() as workspace, located(project):
        return publishing(hub, lock or workspace / "hub.lock").run(
            _planned(project, hub, workspace, progress), progress
        )


def _planned(project: Project, hub: Hub, workspace: Path, progress: Progress) -> Plan:
    # The head first, then the files: what is compared is never newer than what is read.
    require_publishing(project.manifest.repo.repo_type)
    head = hub.head(project.manifest.repo)
    return planning(workspace, hub, head, progress).run(project, progress)


def _reviewed(plan: Plan | PlanDocument | str | Path | None) -> PlanDocument | None:
    if isinstance(plan, Plan):
        return plan_document(plan)
    if isinstance(plan, str | Path):
        return read_plan_file(Path(plan))
    return plan


def _publishing_to(
    project: Project, endpoint: str | None, token: str | bool | None, progress: Progress
) -> AbstractContextManager[Hub]:
    return connected(endpoint or project.manifest.repo.endpoint, token, project.folder, progress)


@contextmanager
def _workspace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hublish-") as folder:
        yield Path(folder)


def _bytes_of(file: StagedFile) -> bytes:
    return file.content.data if isinstance(file.content, InMemory) else file.content.path.read_bytes()


def _write(target: Path, file: ReleaseFile) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(file.content, InMemory):
        target.write_bytes(file.content.data)
    else:
        shutil.copyfile(file.content.path, target, follow_symlinks=False)
