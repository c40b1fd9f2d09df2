"""Release -> Plan: the changes that publishing would make on the remote, file by file."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.errors import AuthenticationError
from hublish.base.gitignore import GitIgnore
from hublish.base.patterns import matching
from hublish.base.values import Action, Change, Head, Plan, Release, ReleaseFile, RepoRef, Target
from hublish.base.values.publication import RELEASED_BEFORE, setting_changes
from hublish.base.values.remote_tree import FormerRelease
from hublish.base.workers import workers
from hublish.hub.client import existing_release as existing
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.transfer import SAMPLE_BYTES, UploadMode
from hublish.pipeline.compare.advice import with_checked_card
from hublish.pipeline.compare.moving_refs import with_moves
from hublish.pipeline.compare.released_manifest import released_policy
from hublish.pipeline.compare.unsigned_files import with_signed_tree
from hublish.schemas.documents.file_names import GITATTRIBUTES, GITIGNORE
from hublish.schemas.documents.manifest import Patterns

_NOT_OURS = "not part of the release"
_MADE_LATER = "sign: made at publish"
# A larger .gitignore was not written by a person, and is not worth a download.
_LARGEST_GITIGNORE: Final = 1 << 20


@dataclass(frozen=True)
class Compare:
    """Compare the sealed release with the head of the target's branch, which was read before any file."""

    hub: Hub
    target: Target
    head: Head
    released: frozenset[str] = frozenset()
    """The paths of the last release, from its lock."""
    executor: Executor = field(default_factory=workers)
    title: ClassVar[str] = "comparing with the remote"

    def run(self, release: Release) -> Plan:
        """Return the plan.

        Raises:
            CardError: the Hub rejects the metadata of README.md.
        """
        plan = _compared(Plan(release, self.target, self.head, ()), self.hub, self.released, self.executor)
        plan = with_checked_card(plan, self.hub)
        # A restored release brings the policy that it had.
        return plan if release.former else replace(plan, released_policy=released_policy(plan, self.hub))


def compared_again(plan: Plan, hub: Hub) -> Plan:
    """Compare the release of a plan with its head, which is newer than its changes; the rest of the plan stays.

    Raises:
        SourceChangedError: a file changed since it was sealed.
        RemoteError: the Hub cannot be read.
    """
    released = frozenset(change.path_in_repo for change in plan.changes if change.was_released)
    # Everything that an earlier head decided.
    blank = replace(plan, open_pull_request=None, tag=None, moves=(), existing_commit=None, refusals=())
    return _compared(blank, hub, released, workers())


def _compared(plan: Plan, hub: Hub, released: frozenset[str], executor: Executor) -> Plan:
    target, head, release = plan.target, plan.head, plan.release
    # Later steps compare the whole plan with a tree, so that the files come first, then the refs.
    changes = _with_upload_modes(_changes(release, head, released), release, target, head, hub, executor)
    changes = _with_dropped(changes, release, target, head, hub)
    plan = with_signed_tree(replace(plan, changes=changes, settings=setting_changes(target, head)))
    return with_moves(existing.with_tag(existing.with_pull_request(plan, hub), hub), hub)


def completed(plan: Plan, made: tuple[ReleaseFile, ...], hub: Hub) -> Plan:
    """Return a plan with files that were pending, and with their upload modes; the rest of the plan stays.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    release, head = plan.release.with_files(*made), plan.head
    changes = tuple(_change(file, head) for file in made)
    changes = _with_upload_modes(changes, release, plan.target, head, hub, workers())
    paths = {file.path_in_repo for file in made}
    others = (change for change in plan.changes if change.path_in_repo not in paths)
    ordered = tuple(sorted((*others, *changes), key=lambda change: change.path_in_repo))
    return replace(plan, release=release, changes=ordered)


def deletions(paths: Sequence[str], patterns: Patterns) -> Mapping[str, Change]:
    """Return the remote files that may be deleted, each with the first pattern that matches it."""
    # One pattern at a time: the plan names the pattern that matched, and the first one counts.
    found: dict[str, Change] = {}
    for index, pattern in enumerate(patterns.delete_patterns):
        place = f"patterns.delete_patterns[{index}]"
        for path in matching(paths, [pattern], None):
            found.setdefault(path, Change(Action.DELETE, path, reason=f"{place}: {pattern}", rule=place))
    return {path: change for path, change in found.items() if path != GITATTRIBUTES}


def remote_rules(hub: Hub, repo: RepoRef, head: Head) -> GitIgnore | None:
    """Return the .gitignore at the head, which the Hub applies to a release without one of its own; None without one.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    found = head.files.get(GITIGNORE)
    revision = head.commit or head.default_commit
    if found is None or revision is None or found.size > _LARGEST_GITIGNORE:
        return None
    return GitIgnore.read(transfer.read(hub, repo, GITIGNORE, revision), f"{repo.repo_id}/{GITIGNORE}")


def _changes(release: Release, head: Head, released: frozenset[str]) -> tuple[Change, ...]:
    """Return the action for every file of the release and of the remote, sorted by path."""
    ours = {file.path_in_repo: file for file in release.files}
    pending = release.attestation.pending if release.attestation else ()
    theirs = [path for path in head.files if path not in ours and path not in pending]
    if former := release.former:
        others = {path: _as_before(path, former) for path in theirs}
    else:
        deleted = deletions(theirs, release.project.manifest.patterns)
        others = {path: deleted.get(path) or _left(path, released) for path in theirs}
    changes = [_change(file, head) for file in ours.values()]
    changes += [_pending(path, head) for path in pending]
    changes += [replace(change, remote=head.files[path]) for path, change in others.items()]
    return tuple(sorted(changes, key=lambda change: change.path_in_repo))


def _as_before(path: str, former: FormerRelease) -> Change:
    if path in former.files:
        return Change(Action.LEAVE, path, reason=f"as it was beside {former.name}")
    return Change(Action.DELETE, path, reason=f"not there with {former.name}")


def _left(path: str, released: frozenset[str]) -> Change:
    return Change(Action.LEAVE, path, reason=RELEASED_BEFORE if path in released else _NOT_OURS)


def _change(file: ReleaseFile, head: Head) -> Change:
    remote, verdict = head.files.get(file.path_in_repo), file.origin.verdict
    action = Action.ADD if remote is None else Action.KEEP if remote.holds(file) else Action.CHANGE
    return Change(action, file.path_in_repo, file, remote, reason=verdict.rule, rule=verdict.path)


def _pending(path: str, head: Head) -> Change:
    remote = head.files.get(path)
    action = Action.ADD if remote is None else Action.CHANGE
    return Change(action, path, None, remote, reason=_MADE_LATER, rule="sign", made_at_publish=True)


def _with_upload_modes(
    changes: tuple[Change, ...], release: Release, target: Target, head: Head, hub: Hub, executor: Executor
) -> tuple[Change, ...]:
    """Return the changes with the Hub's upload modes, and with IGNORE for files that a .gitignore makes it drop."""
    if former := release.former:
        changes = tuple(_as_stored(change, former) for change in changes)
    sent = [
        change.file
        for change in changes
        if change.action in (Action.ADD, Action.CHANGE) and change.file and change.upload_mode is None
    ]
    if not sent:
        return changes
    own = each_sealed((file for file in release.files if file.path_in_repo == GITIGNORE), sealed_bytes)
    if head.default_commit is None:  # a repo that does not exist yet has no modes, and only this .gitignore
        return _ignored_by(GitIgnore.read(own[0]), changes) if own else changes
    # A branch that does not exist yet begins as main, with the .gitignore of main.
    revision = target.revision if head.commit else "main"
    # Not earlier, while files are hashed: samples are content, and the sample of a file that the policy refuses would
    # have left by then. The connection is open since the head was read, and all requests are made at once.
    samples = each_sealed(sent, _sample)
    # A .gitignore in the commit itself counts already for that commit.
    gitignore = own[0].decode("utf-8", "replace") if own else None
    files = tuple(zip(sent, samples, strict=True))
    try:
        modes = transfer.upload_modes(hub, target, revision, files, gitignore, executor)
    # Only writers may ask. Readers plan too: a pull request from a fork has no token. Publishing refuses such a plan.
    except AuthenticationError:
        rules = GitIgnore.read(own[0]) if own else remote_rules(hub, target, head)
        return _ignored_by(rules, changes) if rules else changes
    if not any(mode.ignored for mode in modes.values()):
        return tuple(_with_mode(change, modes) for change in changes)
    rules = GitIgnore.read(own[0]) if own else remote_rules(hub, target, head)
    return tuple(_with_rule(_with_mode(change, modes), rules) for change in changes)


def _with_dropped(
    changes: tuple[Change, ...], release: Release, target: Target, head: Head, hub: Hub
) -> tuple[Change, ...]:
    """Return the changes with IGNORE for files that are not made yet, about which the Hub cannot be asked."""
    if not any(change.made_at_publish for change in changes):
        return changes
    own = each_sealed((file for file in release.files if file.path_in_repo == GITIGNORE), sealed_bytes)
    rules = GitIgnore.read(own[0]) if own else remote_rules(hub, target, head)
    if rules is None:
        return changes
    ignored = {one.path_in_repo: one for one in _ignored_by(rules, changes) if one.made_at_publish}
    return tuple(ignored.get(change.path_in_repo, change) for change in changes)


def _as_stored(change: Change, former: FormerRelease) -> Change:
    """Return a change with its upload mode if the Hub has the bytes: nothing of them is sent, nor can be dropped."""
    is_stored = change.action in (Action.ADD, Action.CHANGE) and former.is_stored(change.path_in_repo)
    return replace(change, upload_mode="lfs") if is_stored else change


def _ignored_by(rules: GitIgnore, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    sent = (change for change in changes if change.action in (Action.ADD, Action.CHANGE))
    ignored = {change.path_in_repo for change in sent if rules.rule_for(change.path_in_repo)}
    marked = (replace(each, action=Action.IGNORE) if each.path_in_repo in ignored else each for each in changes)
    return tuple(_with_rule(each, rules) for each in marked)


def _sample(file: ReleaseFile) -> bytes:
    if file.data is not None:
        return file.data[:SAMPLE_BYTES]
    with file.content.open() as stream:
        return stream.read(SAMPLE_BYTES)


def _with_mode(change: Change, modes: Mapping[str, UploadMode]) -> Change:
    mode = modes.get(change.path_in_repo)
    if mode is None or change.action not in (Action.ADD, Action.CHANGE):
        return change
    if mode.ignored:
        return replace(change, action=Action.IGNORE, reason="a .gitignore makes the Hub drop it", rule="")
    # Not `replace`, which takes several times as long, for each file of a release.
    return Change(change.action, change.path_in_repo, change.file, change.remote, mode.mode, change.reason, change.rule)


def _with_rule(change: Change, rules: GitIgnore | None) -> Change:
    # The Hub reports that it drops a file, not why. The rules are evaluated here as git does it; where the two
    # disagree, the general reason stays.
    rule = rules.rule_for(change.path_in_repo) if rules and change.action is Action.IGNORE else None
    if rule is None:
        return change
    return replace(change, reason=f"{rule} makes the Hub drop it", location=rule.location)
