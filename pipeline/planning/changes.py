"""Each file's fate: a release held against the files of one remote commit."""

from collections.abc import Mapping
from dataclasses import replace

from hublish.pipeline import sealed
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.hub.patterns import matching
from hublish.pipeline.hub.preupload import SAMPLE_BYTES, UploadMode, upload_modes
from hublish.pipeline.values import Action, Change, Head, Release, ReleaseFile

SERVERS_OWN = ".gitattributes"
"""The Hub writes this file itself: it is never deleted, and its changing is never a difference."""


def of(release: Release, head: Head) -> tuple[Change, ...]:
    """Return the fate of every file of the release and of the remote, sorted by path."""
    ours = {file.path_in_repo: file for file in release.files}
    theirs = [path for path in head.files if path not in ours]
    deletable = set(matching(theirs, release.project.manifest.patterns.delete_patterns, None))
    changes = [_ours(file, head) for file in ours.values()]
    changes += [_theirs(path, head, deletable=path in deletable and path != SERVERS_OWN) for path in theirs]
    return tuple(sorted(changes, key=lambda change: change.path_in_repo))


def with_upload_modes(changes: tuple[Change, ...], release: Release, head: Head, hub: Hub) -> tuple[Change, ...]:
    """Ask the Hub how it takes what would be sent, and show what a .gitignore there or here would drop.

    Raises:
        SourceChangedError: when a file is not what was sealed.
        RemoteError: when the Hub cannot be asked.
    """
    sent = [change.file for change in changes if change.action in (Action.ADD, Action.CHANGE) and change.file]
    if not sent or head.default_commit is None:
        return changes
    revision = head.revision if head.commit else "main"
    samples = sealed.each(sent, lambda file: sealed.first_bytes(file, SAMPLE_BYTES))
    rules = sealed.each((file for file in release.files if file.path_in_repo == ".gitignore"), sealed.content)
    gitignore = rules[0].decode("utf-8", "replace") if rules else None
    asked = tuple(zip(sent, samples, strict=True))
    modes = upload_modes(hub, release.project.manifest.repo, revision, asked, gitignore)
    return tuple(_with_mode(change, modes) for change in changes)


def _ours(file: ReleaseFile, head: Head) -> Change:
    remote = head.files.get(file.path_in_repo)
    if remote is None:
        return Change(Action.ADD, file.path_in_repo, file, reason=file.origin.verdict.rule)
    action = Action.KEEP if remote.holds(file) else Action.CHANGE
    return Change(action, file.path_in_repo, file, remote, reason=file.origin.verdict.rule)


def _theirs(path: str, head: Head, *, deletable: bool) -> Change:
    if deletable:
        return Change(Action.DELETE, path, remote=head.files[path], reason="patterns.delete_patterns")
    return Change(Action.LEAVE, path, remote=head.files[path], reason="not part of the release")


def _with_mode(change: Change, modes: Mapping[str, UploadMode]) -> Change:
    mode = modes.get(change.path_in_repo)
    if mode is None or change.action not in (Action.ADD, Action.CHANGE):
        return change
    if mode.ignored:
        return replace(change, action=Action.IGNORE, reason="a .gitignore makes the Hub drop it")
    return replace(change, upload_mode=mode.mode)
