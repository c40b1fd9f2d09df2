"""The verbs that meet the Hub: plan and publish."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from hublish.api.build import new_workspace
from hublish.api.document_files import read_plan_file
from hublish.api.project import AnyManifest, located, read_project
from hublish.api.session import connected
from hublish.base.errors import DeclinedError, ManifestInvalidError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Plan, Project, Receipt
from hublish.hub.client.caller import Caller
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare import stale
from hublish.pipeline.lock.records import plan_document
from hublish.pipeline.publish import planning, publishing
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.plan import PlanDocument


def plan(
    manifest: AnyManifest = MANIFEST_FILE,
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
    with (
        _publishing_to(project, endpoint, token, progress) as hub,
        new_workspace() as workspace,
        located(project),
    ):
        return _planned(project, hub, workspace, progress)


def publish(
    manifest: AnyManifest = MANIFEST_FILE,
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
        plan: what was reviewed, as `plan` returned it or as a plan.json; anything else is refused. The variables that
            were set for it count here too.
        confirm: shown the plan before anything is written; False stops.
        lock: where the lock is written; default: hub.lock beside the manifest.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        PlanStaleError: a byte, the manifest, a variable or the remote moved since the plan was reviewed.
        DeclinedError: `confirm` said no.
        SourceChangedError: a file changed after it was sealed; nothing was committed.
        RemoteConflictError: somebody else's commit came first; nothing was overwritten.
        VerificationError: what stands on the Hub is not what was planned.
    """
    reviewed = _reviewed(plan)
    project = _as_reviewed(manifest, reviewed)
    with (
        _publishing_to(project, endpoint, token, progress) as hub,
        new_workspace() as workspace,
        located(project),
    ):
        fresh = _planned(project, hub, workspace, progress)
        if reviewed is not None:
            stale.refuse(reviewed, plan_document(fresh))
        if confirm is not None and not confirm(fresh):
            msg = "not published: the plan was not agreed to"
            raise DeclinedError(msg)
        return publishing(hub, Path(lock or project.folder / LOCK_FILE)).run(fresh, progress)


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
    endpoint = endpoint or project.target.endpoint
    with (
        connected(endpoint, token, hubs, progress, caller) as hub,
        new_workspace() as workspace,
        located(project),
    ):
        return publishing(hub, lock or workspace / LOCK_FILE).run(_planned(project, hub, workspace, progress), progress)


def _planned(project: Project, hub: Hub, workspace: Path, progress: Progress) -> Plan:
    # The head first, then the files: what is compared is never newer than what is read.
    target = hub.at(project.target)
    head = hub.head(target)
    return planning(workspace, hub, target, head, progress).run(project, progress)


def _reviewed(plan: Plan | PlanDocument | str | Path | None) -> PlanDocument | None:
    if isinstance(plan, Plan):
        return plan_document(plan)
    if isinstance(plan, str | Path):
        return read_plan_file(Path(plan))
    return plan


def _as_reviewed(manifest: AnyManifest, reviewed: PlanDocument | None) -> Project:
    """Read the manifest with the variables of its review; those of a project that has its own are compared instead."""
    built = isinstance(manifest, Manifest) or (isinstance(manifest, Project) and bool(manifest.settings))
    if reviewed is None or built:
        return read_project(manifest)
    try:
        return read_project(manifest, variables=reviewed.variables)
    except ManifestInvalidError as error:
        if reviewed.variables:
            error.hint = f"the plan was made with --set of {', '.join(sorted(reviewed.variables))}; make a new one"
        raise


def _publishing_to(
    project: Project, endpoint: str | None, token: str | bool | None, progress: Progress
) -> AbstractContextManager[Hub]:
    return connected(endpoint or project.target.endpoint, token, project.folder, progress)
