"""Each file's fate: a release held against the files of one remote commit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.gitignore import GitIgnore
from hublish.base.patterns import matching
from hublish.base.values import Action, Change, Head, Release, ReleaseFile, Target
from hublish.hub.client.hub import Hub
from hublish.hub.client.transfer import SAMPLE_BYTES, UploadMode, upload_modes
from hublish.pipeline.compare.ignored import remote_rules
from hublish.schemas.documents.file_names import GITATTRIBUTES, GITIGNORE
from hublish.schemas.documents.manifest import Patterns

_LEFT = "not part of the release"


def of(release: Release, head: Head) -> tuple[Change, ...]:
    """Return the fate of every file of the release and of the remote, sorted by path."""
    ours = {file.path_in_repo: file for file in release.files}
    theirs = [path for path in head.files if path not in ours]
    going = deletions(theirs, release.project.manifest.patterns)
    changes = [_ours(file, head) for file in ours.values()]
    changes += [going.get(path) or Change(Action.LEAVE, path, reason=_LEFT) for path in theirs]
    with_remotes = (replace(change, remote=head.files.get(change.path_in_repo)) for change in changes)
    return tuple(sorted(with_remotes, key=lambda change: change.path_in_repo))


def with_upload_modes(
    changes: tuple[Change, ...], release: Release, target: Target, head: Head, hub: Hub
) -> tuple[Change, ...]:
    """Ask the Hub how it takes what would be sent, and show what a .gitignore there or here would drop.

    Raises:
        SourceChangedError: when a file is not what was sealed.
        RemoteError: when the Hub cannot be asked.
    """
    sent = [change.file for change in changes if change.action in (Action.ADD, Action.CHANGE) and change.file]
    if not sent or head.default_commit is None:
        return changes
    revision = target.revision if head.commit else "main"
    samples = each_sealed(sent, _sample)
    own = each_sealed((file for file in release.files if file.path_in_repo == GITIGNORE), sealed_bytes)
    gitignore = own[0].decode("utf-8", "replace") if own else None
    modes = upload_modes(hub, target, revision, tuple(zip(sent, samples, strict=True)), gitignore)
    if not any(mode.ignored for mode in modes.values()):
        return tuple(_with_mode(change, modes) for change in changes)
    rules = GitIgnore.read(own[0]) if own else remote_rules(hub, target, head)
    return tuple(_dropped(_with_mode(change, modes), rules) for change in changes)


def deletions(paths: Sequence[str], patterns: Patterns) -> Mapping[str, Change]:
    """Return the remote files that may go, each with the first pattern that says so."""
    found: dict[str, Change] = {}
    for index, pattern in enumerate(patterns.delete_patterns):
        place = f"patterns.delete_patterns[{index}]"
        for path in matching(paths, [pattern], None):
            found.setdefault(path, Change(Action.DELETE, path, reason=f"{place}: {pattern}", rule=place))
    return {path: change for path, change in found.items() if path != GITATTRIBUTES}


def _sample(file: ReleaseFile) -> bytes:
    with file.content.open() as stream:
        return stream.read(SAMPLE_BYTES)


def _ours(file: ReleaseFile, head: Head) -> Change:
    remote, verdict = head.files.get(file.path_in_repo), file.origin.verdict
    action = Action.ADD if remote is None else Action.KEEP if remote.holds(file) else Action.CHANGE
    return Change(action, file.path_in_repo, file, reason=verdict.rule, rule=verdict.path)


def _with_mode(change: Change, modes: Mapping[str, UploadMode]) -> Change:
    mode = modes.get(change.path_in_repo)
    if mode is None or change.action not in (Action.ADD, Action.CHANGE):
        return change
    if mode.ignored:
        return replace(change, action=Action.IGNORE, reason="a .gitignore makes the Hub drop it", rule="")
    return replace(change, upload_mode=mode.mode)


def _dropped(change: Change, rules: GitIgnore | None) -> Change:
    """Return a file that the Hub drops with the line that makes it do so, where git reads the rules alike."""
    rule = rules.rule_for(change.path_in_repo) if rules and change.action is Action.IGNORE else None
    if rule is None:
        return change
    return replace(change, reason=f"{rule} makes the Hub drop it", location=rule.location)
