"""List the releases of a repo, and whether each is as it was locked."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.recorded_releases import RecordedReleases
from hublish.api.session import Session
from hublish.api.verify import differences
from hublish.base.values import RemoteFile, Target
from hublish.base.values.moving_ref import MovingNames, MovingRef, moving_refs
from hublish.hub.client.commit_summaries import CommitSummary, summaries, trees
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Lock


class ReleaseState(StrEnum):
    """The result of comparing a tag with the lock that records it. The values are part of the JSON."""

    VERIFIED = "verified"
    """Every locked file is at the tag, with the locked bytes."""
    DIFFERENT = "different"
    """A locked file is missing, or has other bytes."""
    MOVED = "moved"
    """The tag is at another commit than the lock records."""
    GONE = "gone"
    """A lock records the tag, and the Hub does not have it."""
    UNKNOWN = "no lock"
    """No lock here records it."""


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A tag, and its commit."""

    tag: str
    commit: str | None
    """None for a tag that is gone."""
    state: ReleaseState
    title: str = ""
    """The first line of the commit's message."""
    date: datetime | None = None
    """The date of the commit, in UTC; None where the Hub lists none."""
    locked_commit: str | None = None
    """The commit that the lock records; None without one."""
    different: tuple[str, ...] = ()
    """The locked files that the commit lacks, or has with other bytes."""
    at_head: bool = False
    """Whether the branch is at this commit."""

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts a lock; a deleted tag is often a correction."""
        return self.state not in (ReleaseState.DIFFERENT, ReleaseState.MOVED)


@dataclass(frozen=True)
class Releases:
    """The tags of a repo, the newest first, without those that follow the releases."""

    target: Target
    """The repo, the branch and the Hub."""
    head: str | None
    """The commit of the branch; None when there is no such branch."""
    releases: tuple[PublishedRelease, ...]
    records: RecordedReleases
    """The locks that they are compared with."""
    moving: tuple[MovingRef, ...] = ()
    """The tags and branches that follow the releases, with their commits, as far as a manifest or lock names them."""

    @property
    def ok(self) -> bool:
        """Whether no tag contradicts its lock."""
        return all(release.ok for release in self.releases)


@takes(HubOptions)
def releases(
    repo_id: str | None = None,
    *,
    repo_type: RepoType | None = None,
    manifest: AnyManifest = MANIFEST_FILE,
    lock: str | Path | None = None,
    **options: Unpack[HubOptions],
) -> Releases:
    """List every tag with its commit, and compare each with the lock that records it.

    These locks are the current one and its former versions in the git history around it. Proposals in pull requests
    are not releases, and neither are branches. Tags and branches that follow the releases are listed apart: those that
    the manifest declares, or with `repo_id` the lock. It only reads listings, and downloads no file.

    Args:
        repo_id: a repo by its id or a URL, with an optional revision, the branch. Default: that of the manifest.
        repo_type: its type. Default: the one in its address, else model.
        manifest: the manifest, which names the repo and the lock; not read with `repo_id`.
        lock: the path of the lock. Default: the one beside the manifest, or hub.lock with `repo_id`.
        **options: see `HubOptions`.

    Raises:
        UsageError: `repo_id` does not name a repo on this Hub.
        NotFoundError: the repo does not exist, or the token may not see it.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    project = None if repo_id is not None else read_project(manifest, lock=lock)
    with Session(project, **options) as session:
        if repo_id is not None:
            address = session.addressed(repo_id, repo_type)
            kind, branch = address.repo_type or "model", address.revision or "main"
            target = Target(address.repo_id, kind, branch, session.endpoint)
        else:
            session.complete_repo_id()
            target = session.target
        path = session.project.lock_path if repo_id is None else Path(lock or LOCK_FILE).absolute()
        session.progress.begin("reading the repo on the Hub")
        return _listed(session, target, RecordedReleases.of(path, target))


def _listed(session: Session, target: Target, records: RecordedReleases) -> Releases:
    hub, executor = session.hub, session.executor
    tags, branches = hub.tags(target), hub.branches(target)
    head = branches.get(target.revision)
    moving = tuple(moving_refs(_following(target, records), tags, branches))
    following = {ref.name for ref in moving if ref.kind == "tag"}
    tags = {tag: commit for tag, commit in tags.items() if tag not in following}
    known = {tag: record for tag, commit in tags.items() if (record := records.find(tag, commit))}
    # A tag at another commit is moved, whatever the files there are.
    compared = [tags[tag] for tag, lock in known.items() if tags[tag] == lock.commit]
    at = trees(hub, target, compared, executor)
    # The tags of a branch that is missing are probably in the history of main.
    about = summaries(hub, target, target.revision if head else "main", list(tags.values()), executor)
    found = [
        replace(_release(tag, commit, known.get(tag), at, about), at_head=commit == head)
        for tag, commit in tags.items()
    ]
    # A former release may have had the name of a tag that moves now.
    found += _gone(records, tags.keys() | following)
    return Releases(target, head, tuple(sorted(found, key=_by_age)), records, moving)


def _following(target: Target, records: RecordedReleases) -> MovingNames:
    """Return the names that the manifest declares; without any, those of the newest lock."""
    declares = target.moving_tags or target.moving_branches
    return target if declares or not records.locks else records.locks[0]


def _release(
    tag: str,
    commit: str,
    lock: Lock | None,
    trees_at: Mapping[str, Mapping[str, RemoteFile]],
    about: Mapping[str, CommitSummary],
) -> PublishedRelease:
    summary = about.get(commit, CommitSummary("", None))
    state, different = _compared(commit, lock, trees_at)
    locked = lock.commit if lock else None
    return PublishedRelease(tag, commit, state, summary.title, summary.date, locked, different)


def _compared(
    commit: str, lock: Lock | None, trees_at: Mapping[str, Mapping[str, RemoteFile]]
) -> tuple[ReleaseState, tuple[str, ...]]:
    if lock is None:
        return ReleaseState.UNKNOWN, ()
    if lock.commit != commit:
        return ReleaseState.MOVED, ()
    missing, different = differences(lock, trees_at[commit])
    paths = tuple(sorted((*missing, *different)))
    return (ReleaseState.DIFFERENT if paths else ReleaseState.VERIFIED), paths


def _gone(records: RecordedReleases, tags: Collection[str]) -> Iterator[PublishedRelease]:
    for tag in dict.fromkeys(lock.tag for lock in records.locks if lock.tag and lock.tag not in tags):
        if lock := records.named(tag):
            yield PublishedRelease(tag, None, ReleaseState.GONE, locked_commit=lock.commit)


def _by_age(release: PublishedRelease) -> tuple[bool, float, str]:
    # The newest first, and those without a date last; the tags of one commit by name.
    return release.date is None, -release.date.timestamp() if release.date else 0.0, release.tag
