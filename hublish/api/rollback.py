"""Publish the tree of an earlier release again, in one commit; verify and lock it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.plan import with_card_record
from hublish.api.preflight import preflight
from hublish.api.publish import carried_out
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.recorded_releases import RecordedReleases
from hublish.api.reviewed_plan import AnyPlan, read_reviewed
from hublish.api.session import Session
from hublish.api.verify import differences
from hublish.audit.policy import text_problems
from hublish.audit.read_files import FileReader
from hublish.base.errors import NotFoundError, PolicyError, RemoteConflictError, UsageError
from hublish.base.values import Head, Plan, Receipt, Target
from hublish.base.values.remote_tree import FormerRelease
from hublish.pipeline.compare.remote_edits import with_last_release
from hublish.pipeline.publish import rolling_back
from hublish.pipeline.reseal.reseal import Reseal
from hublish.schemas.diagnose.problems import InvalidValueError, Problem, errors_in
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import check_ref
from hublish.schemas.documents.lock import Lock

if TYPE_CHECKING:
    from hublish.hub.client.hub import Hub

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_SHORT_COMMIT: Final = re.compile(r"[0-9a-f]{7,63}", re.ASCII)
_SHORT: Final = 12
# Names that an unknown tag is compared with.
_MOST_NAMES: Final = 5_000
_SHOWN: Final = 5
_MOST_DIFFERENCES: Final = 20


@takes(HubOptions)
def rollback(
    revision: str,
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    tag: str | None = None,
    commit_message: str | None = None,
    plan: AnyPlan | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    lock: str | Path | None = None,
    **options: Unpack[HubOptions],
) -> Receipt:
    """Make one commit whose tree is exactly that of an earlier release; verify it, and record it in the lock.

    Every file comes back as it was, the card and `.gitattributes` included, and files that were added since are
    deleted. The history keeps them: a rollback does not remove a secret. Large files are on the Hub already, and are
    neither downloaded nor sent where a lock records them.

    The lock of that release, the current one or a former version in the git history, decides what is trusted: the tree
    must equal it, `visibility` and `gated` become what it records, and its files are restored as the policy of that
    release permitted them. Without one the settings stay, and every file is downloaded and audited by the policy of
    the manifest. A second run converges: it makes no second commit.

    Args:
        revision: the tag of the release, or the whole id of a commit.
        manifest: the manifest, which names the repo, the branch and the lock.
        tag: a new tag for the commit. Default: none.
        commit_message: its first line. Default: `Roll back to` and the tag.
        plan: the plan that was reviewed, as `plan_rollback` returned it or as a plan.json; any other is rejected. Its
            tag and its message are the defaults.
        confirm: receives the plan before anything is written; False stops.
        lock: the path of the lock to write. Default: the one beside the manifest, `priv.lock` for `priv.yaml`.
        **options: see `HubOptions`.

    Raises:
        NotFoundError: the repo has no such tag or commit.
        RemoteConflictError: the tag is not at the files that its lock records, or another commit came first.
        PolicyError: a file that no lock records violates the policy.
        PlanStaleError: the remote changed since the plan was reviewed.
        DeclinedError: `confirm` returned False.
        VerificationError: the files on the Hub differ from the plan.
    """
    given = read_reviewed(plan)
    if given is not None:
        tag, commit_message = tag or given.document.tag, commit_message or given.document.commit_message
    with Session(read_project(manifest, lock=lock), **options) as session:
        path = session.project.lock_path

        def before(head: Head) -> None:
            preflight(session, head, path, converts=False)

        return carried_out(session, planned_rollback(session, revision, tag, commit_message, before), given, confirm)


@takes(HubOptions)
def plan_rollback(
    revision: str,
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    tag: str | None = None,
    commit_message: str | None = None,
    lock: str | Path | None = None,
    **options: Unpack[HubOptions],
) -> Plan:
    """Return the changes that `rollback` would make; nothing is written anywhere.

    Args:
        revision: the tag of the release, or the whole id of a commit.
        manifest: the manifest.
        tag: a new tag for the commit.
        commit_message: its first line.
        lock: the path of the lock.
        **options: see `HubOptions`.

    Raises:
        NotFoundError, RemoteConflictError, PolicyError: as `rollback` does.
    """
    with Session(read_project(manifest, lock=lock), **options) as session:
        return planned_rollback(session, revision, tag, commit_message)


def planned_rollback(
    session: Session,
    revision: str,
    tag: str | None,
    message: str | None,
    before: Callable[[Head], None] | None = None,
) -> Plan:
    """Return the plan of a rollback in a session.

    Args:
        session: the session.
        revision: the tag of the release, or the whole id of a commit.
        tag: a new tag for the commit.
        message: its first line.
        before: receives the head of the branch before a file is read.

    Raises:
        NotFoundError, RemoteConflictError, PolicyError: as `rollback` does.
    """
    _check_texts(session, tag, message)
    session.complete_repo_id()
    hub, target = session.hub, session.target
    session.progress.begin("reading the repo on the Hub")
    head = hub.head(target)
    if not head.repo_exists:
        raise NotFoundError(f"{target.repo_id} does not exist, or the token may not see it")
    if before is not None:
        before(head)
    records = RecordedReleases.of(session.project.lock_path, target)
    former = _former(hub, target, head, records, revision)
    target = _destination(target, head, former, tag, message)
    executor, progress = session.executor, session.progress
    reader = FileReader(progress, executor, session.fingerprints)
    reseal = Reseal(session.project, hub, target, head, records.files, reader, executor, progress)
    plan = rolling_back(reseal).run(former, progress)
    last = records.locks[0] if records.locks else None
    # Of the card on the Hub, as of every other file, nothing is kept.
    plan = replace(plan, card="ours", warnings=(*plan.warnings, *_warnings(former, records)))
    return with_card_record(with_last_release(plan, last, last))


def _check_texts(session: Session, tag: str | None, message: str | None) -> None:
    try:
        if tag is not None:
            check_ref(tag)
    except InvalidValueError as error:
        raise UsageError(f"the new tag: {error}", hint=error.hint) from None
    if message is not None and (not message.strip() or "\n" in message):
        raise UsageError("the commit message is not one line of text", hint="leave it out for the default one")
    problems = tuple(text_problems("commit_message", message or "", session.project.manifest.policy))
    if errors_in(problems):
        raise PolicyError("the commit message contains a secret; nothing was changed", problems=problems)


def _former(hub: "Hub", target: Target, head: Head, records: RecordedReleases, revision: str) -> FormerRelease:
    """Return the release that is named, compared with the lock that records it."""
    commit = head.tags.get(revision)
    lock = records.at(revision) if commit is None else records.find(revision, commit)
    if commit is None:
        commit = _commit(hub, target, head, records, revision)
    former = FormerRelease(revision, commit, hub.tree(target, commit), lock)
    if lock is not None:
        _refuse_other_files(former, lock)
    return former


def _commit(hub: "Hub", target: Target, head: Head, records: RecordedReleases, revision: str) -> str:
    if _COMMIT.fullmatch(revision):
        return hub.commit_of(target, revision)
    if (lock := records.named(revision)) is not None:
        msg = f"{target.repo_id} has no tag {revision} any more; a lock records it at {lock.commit}"
        raise NotFoundError(msg, hint=f"name that commit: hublish rollback {lock.commit}")
    msg = f"'{revision}' is neither a tag of {target.repo_id} nor the whole id of a commit"
    raise NotFoundError(msg, hint=_hint(hub.branches(target), [*head.tags], revision))


def _hint(branches: "Iterable[str]", tags: list[str], revision: str) -> str:
    if revision in branches:
        return "it is a branch, which moves: name the commit that it should be at, with all of its digits"
    if _SHORT_COMMIT.fullmatch(revision):
        return "write all digits of the commit; `hublish releases --json` lists those of the tags"
    if near := nearest(revision, tags[:_MOST_NAMES]):
        return f"did you mean '{near}'?"
    if not tags:
        return "the repo has no tag: name a commit"
    listed = ", ".join(tags[:_SHOWN]) + (", ..." if len(tags) > _SHOWN else "")
    return f"it has {listed}; `hublish releases` lists the tags"


def _refuse_other_files(former: FormerRelease, lock: Lock) -> None:
    missing, different = differences(lock, former.files)
    if not (missing or different):
        return
    problems = [Problem("verify.missing", f"'{path}' is missing") for path in missing]
    problems += [Problem("verify.different", f"'{path}' has other bytes") for path in different]
    msg = f"{former.name} is at {former.commit}, which is not the release that its lock records"
    hint = f"the tag was moved; the lock records {lock.commit}: `hublish rollback {lock.commit}`"
    if lock.commit == former.commit:
        hint = "the lock was edited, or the Hub has lost files: compare both with a copy of the release"
    raise RemoteConflictError(msg, hint=hint, problems=problems[:_MOST_DIFFERENCES])


def _destination(target: Target, head: Head, former: FormerRelease, tag: str | None, message: str | None) -> Target:
    shown = former.name[:_SHORT] if _COMMIT.fullmatch(former.name) else former.name
    # The branch may be at the release itself: then it is that release, with its tag.
    own = former.name if former.name in head.tags and head.commit == former.commit else None
    lock = former.lock
    return replace(
        target,
        tag=tag or own,
        visibility=lock.visibility if lock else None,
        gated=lock.gated if lock else None,
        commit_message=message or f"Roll back to {shown}",
        # That of the manifest describes the next release.
        commit_description="",
    )


def _warnings(former: FormerRelease, records: RecordedReleases) -> Iterable[Problem]:
    if former.lock is not None:
        return
    message = f"no lock records {former.name}: nothing shows that its files are those that were released"
    hint = "its files were audited by the policy of the manifest here; the settings of the repo stay as they are"
    if not records.is_complete:
        hint = f"git does not have the whole history of the lock here: `git fetch --unshallow` may add it; {hint}"
    yield Problem("plan.no_lock", message, hint, severity="warning")
