"""Publish in one visible step; verify, tag and lock."""

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from hublish.api.attesting import publishing_signer
from hublish.api.options import HubOptions, takes
from hublish.api.plan import KEPT, planned
from hublish.api.preflight import preflight
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.reviewed_plan import AnyPlan, Reviewed, as_reviewed, read_reviewed
from hublish.api.session import Session
from hublish.base.errors import DeclinedError, HublishError, UsageError
from hublish.base.values import Plan, Receipt
from hublish.pipeline.compare.advice import with_advice
from hublish.pipeline.compare.stale import refuse_stale
from hublish.pipeline.lock.lock import require_writable
from hublish.pipeline.lock.plan_digest import plan_digest, with_digest
from hublish.pipeline.lock.records import plan_document
from hublish.pipeline.publish import publishing
from hublish.pipeline.upload.prepare import refuse_impossible
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType


@takes(HubOptions)
def publish(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    plan: AnyPlan | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    lock: str | Path | None = None,
    card: CardDecision | None = None,
    repo_id: str | None = None,
    repo_type: RepoType | None = None,
    private: bool | None = None,
    tag: str | None = None,
    **options: Unpack[HubOptions],
) -> Receipt:
    """Publish in one commit; verify, tag and lock.

    A release of more files than `repo.files_per_commit` is sent in parts to a draft pull request, and merged at once. A
    second run converges: files that are on the Hub already are neither sent nor committed again.

    Args:
        manifest: the manifest; or a folder or a file to release, with a `repo_id`.
        plan: the plan that was reviewed, as `plan` returned it or as a plan.json; any other release is rejected. The
            variables that were set for the plan are set again.
        confirm: receives the plan before anything is written; False stops.
        lock: the path of the lock to write. Default: the one beside the manifest, `priv.lock` for `priv.yaml`.
        card: `merge` keeps the edits that people made to the card on the Hub, `theirs` keeps that whole card, and
            `ours` replaces it. Default: as in the plan, else `merge`.
        repo_id: the repo of a folder without hub.yaml, whose manifest is drafted in memory as by `init`. If there is a
            hub.yaml, this and the next three must agree with it.
        repo_type: the type of that repo. Default: inferred from the files.
        private: whether that repo is private. Default: a new repo is public.
        tag: the tag of the release. Default: none.
        **options: see `HubOptions`.

    Raises:
        DraftError: the folder has nothing to release.
        CardError: the card conflicts with the one on the Hub.
        AuthenticationError: the token may not write there.
        DiskFullError: converted files have no room on the disk.
        PreflightError: several such reasons at once, or with a lock that cannot be written; all are found before a file
            is read.
        PlanStaleError: a byte, the manifest, a variable or the remote changed since the plan was reviewed.
        DeclinedError: `confirm` returned False.
        SourceChangedError: a file changed after it was sealed; nothing was committed.
        RemoteConflictError: another commit came first; nothing was overwritten.
        VerificationError: the files on the Hub differ from the plan.
    """
    if (repo_id, repo_type, private, tag) != (None,) * 4:
        # Imported here: most releases have a manifest, and need no draft.
        from hublish.api.read_folder import read_folder

        manifest = read_folder(_folder(manifest), repo_id, repo_type=repo_type, private=private, tag=tag)
    given = read_reviewed(plan)
    reviewed = given.document if given else None
    with Session(read_project(as_reviewed(manifest, reviewed), lock=lock), **options) as session:
        path = session.project.lock_path
        # A reviewed plan is only compared. The release is always planned anew, against the head as it is now.
        fresh = planned(
            session,
            kept=KEPT,
            card=card or (reviewed.card if reviewed else MERGE),
            before=lambda head: preflight(session, head, path),
        )
        return carried_out(session, fresh, given, confirm)


# Also the end of a rollback.
def carried_out(
    session: Session, plan: Plan, reviewed: Reviewed | None, confirm: Callable[[Plan], bool] | None
) -> Receipt:
    """Publish a plan that was made in this session, after the preflight, once it was compared and confirmed."""
    _refuse_impossible(plan)
    path = session.project.lock_path
    require_writable(path, None if plan.nothing_to_do else len(plan.release.files))
    if reviewed is not None:
        refuse_stale(reviewed.document, plan_document(plan))
    plan = with_digest(plan, reviewed.sha256 if reviewed else plan_digest(plan))
    if confirm is not None and not confirm(with_advice(plan, session.hub, permitted=True)):
        raise DeclinedError("not published: the plan was not confirmed")
    return publishing(session.hub, path, publishing_signer(session)).run(plan, session.progress)


def published(session: Session, lock: Path | None, card: CardDecision, *, generated: bool) -> Receipt:
    """Plan and publish the project of a session, without a review.

    Args:
        session: the session.
        lock: the path of the lock to write; None for none.
        card: what becomes of the card on the Hub.
        generated: whether README.md was generated although the manifest declares no card.
    """
    # The stage always writes: without a place for the lock, it goes to a folder that is removed with the session.
    path = lock or session.workspace / LOCK_FILE
    plan = planned(
        session, kept=KEPT, card=card, generated=generated, before=lambda head: preflight(session, head, path)
    )
    require_writable(path, None if plan.nothing_to_do else len(plan.release.files))
    if plan.release.attestation is not None:
        plan = with_digest(plan, plan_digest(plan))  # part of the claims
    return publishing(session.hub, path, publishing_signer(session)).run(plan, session.progress)


def _folder(manifest: AnyManifest) -> str | Path:
    if isinstance(manifest, str | Path) and not str(manifest).endswith((".yaml", ".yml")):
        return manifest
    msg = "repo_id, repo_type, private and tag are for a folder without hub.yaml: a manifest declares them itself"
    raise UsageError(msg, hint="name the folder as the first argument, or leave them out")


def _refuse_impossible(plan: Plan) -> None:
    try:
        refuse_impossible(plan)
    except HublishError as error:
        # Nothing was confirmed, so that the warnings were not shown before.
        error.problems = (*error.problems, *plan.release.warnings)
        raise
