"""Compare the contents of two releases, of a release and the working tree, or of a plan and the Hub."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

from hublish.api.files import sealed
from hublish.api.lock_target import lock_of
from hublish.api.options import HubOptions, takes
from hublish.api.plan import planned
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.content import OnDisk
from hublish.base.errors import NotFoundError, RemoteError, UsageError
from hublish.base.values import Action, Change, Plan, Reference, RemoteFile
from hublish.base.workers import SharedTask, run_each
from hublish.diffs.compare_trees import Tree, Version, changed_paths, diff_trees, with_values
from hublish.diffs.differences import FileDiff
from hublish.hub.client import transfer
from hublish.hub.client.remote_content import OnHub, ReadBudget
from hublish.pipeline.compare.advice import with_advice
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import CLAIMS_FILE, GITATTRIBUTES, MANIFEST_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import RepoType

if TYPE_CHECKING:
    from hublish.hub.client.hub import Hub

# Names that an unknown revision is compared with.
_MOST_NAMES: Final = 5000
_COMMITTED: Final = (Action.ADD, Action.CHANGE, Action.DELETE)


@dataclass(frozen=True)
class ComparedRelease:
    """One side of a comparison."""

    repo_id: str
    repo_type: RepoType
    revision: str | None
    """The branch, tag or commit that was named; None for the working tree."""
    commit: str | None
    """The commit it is at; None for the working tree."""


@dataclass(frozen=True)
class ReleaseDiff:
    """The differences between two releases."""

    before: ComparedRelease
    after: ComparedRelease
    files: tuple[FileDiff, ...]
    """The files that were added, changed or deleted, in the order of their paths."""
    unchanged: int = 0
    """The number of files that both have with the same bytes."""
    has_values: bool = False
    """Whether the values of tensors were compared."""

    @property
    def changed(self) -> bool:
        """Whether any file differs."""
        return bool(self.files)


@takes(HubOptions)
def diff(
    a: str,
    b: str | None = None,
    *,
    manifest: AnyManifest = MANIFEST_FILE,
    tensors: bool = False,
    **options: Unpack[HubOptions],
) -> ReleaseDiff:
    """Compare two releases by content: lines of texts, keys of JSON, tensors, columns and rows, members of archives.

    Only headers and small files are read from the Hub. The card of the working tree is the one that is rendered here;
    `plan_with_diffs` compares the one that publishing would send, with people's edits.

    Args:
        a: the earlier release: a branch, tag or commit of the manifest's repo, or `REPO@REVISION`.
        b: the later one: a revision of the repo of `a`, or `REPO@REVISION`. Default: the working tree.
        manifest: the manifest; not read when it is not needed.
        tensors: also download changed weights, and compare the values of tensors.
        **options: see `HubOptions`.

    Raises:
        UsageError: an argument does not name a release.
        NotFoundError: there is no such repo or revision, or the token may not see it.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    with _session(a, b, manifest, options) as session:
        before = _resolved(session, a, None)
        old = _remote_tree(session, before)
        if b is None:
            after = ComparedRelease(session.target.repo_id, session.target.repo_type, None, None)
            new, pending = _local_tree(session)
            # The Hub writes it, and few releases contain it; others are made when the release is published.
            outside = {GITATTRIBUTES, *pending} - new.keys()
            old = {path: one for path, one in old.items() if path not in outside}
        else:
            after = _resolved(session, b, before)
            new = _remote_tree(session, after)
        paths = changed_paths(old, new)
        files = _diffed(session, old, new, paths, (before, after), values=tensors)
        return ReleaseDiff(before, after, files, len((old.keys() & new.keys()).difference(paths)), tensors)


@takes(HubOptions)
def plan_with_diffs(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: str | Path | None = None,
    card: CardDecision = MERGE,
    tensors: bool = False,
    **options: Unpack[HubOptions],
) -> tuple[Plan, tuple[FileDiff, ...]]:
    """Compare the release with the remote, as `plan` does, and the contents of the files that change.

    Args:
        manifest: the manifest.
        lock: the path of the lock; see `plan`.
        card: what becomes of the card on the Hub; see `plan`.
        tensors: also download changed weights, and compare the values of tensors.
        **options: see `HubOptions`.

    Returns:
        The plan, and a difference for each file that it adds, changes or deletes, in its order.
    """
    with Session(read_project(manifest, lock=lock), **options) as session:
        plan = with_advice(planned(session, card=card), session.hub)
        return plan, changed_contents(session, plan, values=tensors)


def changed_contents(session: Session, plan: Plan, *, values: bool = False) -> tuple[FileDiff, ...]:
    """Return the changes inside of the files that a plan adds, changes or deletes, in the order of the plan.

    Args:
        session: the session that made the plan, as converted files exist no longer than that.
        plan: the plan.
        values: also download changed weights, and compare the values of tensors.
    """
    target = plan.target
    actions = (*_COMMITTED, Action.KEEP)
    compared = [change for change in plan.changes if change.action in actions and not _is_signed(change)]
    commit = plan.head.commit or plan.head.default_commit or ""
    side = ComparedRelease(target.repo_id, target.repo_type, target.revision, commit)
    remote = {change.path_in_repo: change.remote for change in compared if change.remote}
    after = {
        change.path_in_repo: Version(change.file.content, (change.file.sha256, change.file.blob_id))
        for change in compared
        if change.file
    }
    paths = [change.path_in_repo for change in compared if change.action is not Action.KEEP]
    return _diffed(session, _on_hub(session, side, remote), after, paths, (side, None), values=values)


def _is_signed(change: Change) -> bool:
    """Return whether a file is not made yet, or has only signatures over what the other files show."""
    return change.made_at_publish or (change.rule == "sign" and change.path_in_repo in (SIGNATURE_FILE, CLAIMS_FILE))


def _diffed(
    session: Session,
    before: Tree,
    after: Tree,
    paths: tuple[str, ...] | list[str],
    sides: "tuple[ComparedRelease, ComparedRelease | None]",
    *,
    values: bool,
) -> tuple[FileDiff, ...]:
    session.progress.begin("comparing contents")
    if values:
        names = with_values(before, after, paths)
        before = _downloaded(session, sides[0], before, names[0])
        after = _downloaded(session, sides[1], after, names[1])
    return diff_trees(before, after, paths, session.executor, values=values)


def _downloaded(session: Session, side: ComparedRelease | None, tree: Tree, paths: set[str]) -> Tree:
    """Return the files with some of them on this machine, in the cache of the client."""
    files = [one.content.file for path, one in tree.items() if path in paths and isinstance(one.content, OnHub)]
    if side is None or not files:
        return tree
    hub, repo_id = session.hub, side.repo_id
    with session.progress.task("downloading", sum(file.size for file in files)) as task, hub.bounded():
        advance = SharedTask(task).advance

        def fetch(file: RemoteFile) -> OnDisk:
            blob_id = None if file.sha256 else file.blob_id
            options = {"repo_type": side.repo_type, "revision": side.commit}
            path = file.path_in_repo
            return OnDisk.at(
                transfer.download(
                    hub, repo_id, path, size=file.size, advance=advance, blob_id=blob_id, **options
                ).resolve()
            )

        found = zip(files, run_each(session.executor, fetch, files), strict=True)
        contents = {file.path_in_repo: content for file, content in found}
    return {path: one._replace(content=contents.get(path, one.content)) for path, one in tree.items()}


# ---------------------------------------------------------------------------------------------------------- the sides


def _is_repo(text: str) -> bool:
    # No name of a branch or tag that is shown as `a@b` is more likely than a repo with its revision.
    return "@" in text or "://" in text


def _session(a: str, b: str | None, manifest: AnyManifest, options: HubOptions) -> Session:
    """Return a session with the project, unless both sides name their repos."""
    if _is_repo(a) and b is not None:
        return Session(**options)
    if isinstance(manifest, str | Path) and not Path(manifest).exists() and not _is_repo(a):
        example = f"{a}@main" if "/" in a else f"acme/digits-mlp@{a}"
        msg = f"'{a}' is a revision of the repo in {manifest}, and there is no such file"
        raise UsageError(msg, hint=f"name the repo, as in {example}; or run this in the folder of the manifest")
    project = read_project(manifest)
    return Session(project, lock=lock_of(project), **options)


def _resolved(session: Session, text: str, other: ComparedRelease | None) -> ComparedRelease:
    """Return the release that an argument names.

    Args:
        session: the session.
        text: the argument.
        other: the release before it, to whose repo a revision belongs; None for the manifest's repo.
    """
    if _is_repo(text):
        address = session.addressed(text)
        repo = Reference(address.repo_id, address.repo_type or "model", address.revision or "main")
    elif other is not None:
        repo = Reference(other.repo_id, other.repo_type, text)
    else:
        session.complete_repo_id()
        repo = Reference(session.target.repo_id, session.target.repo_type, text)
    if not repo.revision.strip():
        raise UsageError("the revision is empty", hint="name a branch, tag or commit, such as v1.2.0 or main")
    session.progress.begin("reading the repo on the Hub")
    return ComparedRelease(repo.repo_id, repo.repo_type, repo.revision, _commit(session.hub, repo))


def _commit(hub: "Hub", repo: Reference) -> str:
    try:
        return hub.commit_of(repo, repo.revision)
    except NotFoundError as error:
        names: list[str] = []
        # Without permission to read the repo, it has no names either.
        with suppress(RemoteError):
            names = [*hub.tags(repo), *hub.branches(repo)]
        if not names:
            raise
        near = nearest(repo.revision, names[:_MOST_NAMES])
        listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        hint = f"did you mean '{near}'?" if near else f"it has {listed}; write REPO@REVISION for another repo"
        raise NotFoundError(f"{repo.repo_id} has no revision '{repo.revision}'", hint=hint) from error


def _remote_tree(session: Session, side: ComparedRelease) -> Tree:
    repo = Reference(side.repo_id, side.repo_type)
    return _on_hub(session, side, session.hub.tree(repo, side.commit or ""))


def _on_hub(session: Session, side: ComparedRelease, files: Mapping[str, RemoteFile]) -> Tree:
    repo, budget = Reference(side.repo_id, side.repo_type), ReadBudget()
    return {
        path: Version(
            OnHub(session.hub, repo, side.commit or "", file, budget),
            # The blob id of an LFS file is that of its pointer.
            (file.sha256 or file.blob_id,),
        )
        for path, file in files.items()
    }


def _local_tree(session: Session) -> tuple[Tree, tuple[str, ...]]:
    """Return the files of the working tree's release, and the paths of those that are made when it is published."""
    release = sealed(session)
    tree = {file.path_in_repo: Version(file.content, (file.sha256, file.blob_id)) for file in release.files}
    return tree, release.attestation.pending if release.attestation else ()
