"""From a sealed release to a verified commit: Head, Plan and Receipt, and the comparisons between them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from hublish.base.values.moving_ref import MovingRef
from hublish.base.values.notebook_table import markdown_table
from hublish.base.values.remote_tree import RemoteFile
from hublish.base.values.sealed_release import Release, ReleaseFile
from hublish.base.values.target import Target
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import GITATTRIBUTES
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.schemas.documents.manifest import Policy
    from hublish.schemas.documents.plan import LastRelease

# How far each value restricts readers; None is the state of a repo without the setting.
_RESTRICTION: Final[Mapping[str | Literal[False] | None, int]] = {
    "public": 0,
    "protected": 1,
    "private": 2,
    None: 0,
    False: 0,
    "auto": 1,
    "manual": 2,
}


RELEASED_BEFORE: Final = "part of the last release, no longer of this one; patterns.delete_patterns can delete it"
"""The reason of a LEAVE for a file that the author of the release probably expects to be gone."""


# Read once, before any file: planning, uploading and verifying all refer to this state and never to a newer one.
@dataclass(frozen=True)
class Head:
    """A target's branch on the Hub at the time it was read."""

    repo_exists: bool
    commit: str | None
    """None when the repo, or the branch, does not exist."""
    files: Mapping[str, RemoteFile] = field(default_factory=dict)
    visibility: str | None = None
    gated: str | Literal[False] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """The commit of each tag."""
    branches: Mapping[str, str] = field(default_factory=dict)
    """The commit of each branch; empty when no branch follows the releases of the target."""
    default_commit: str | None = None
    """The head of main, from which a missing branch is created."""


class Action(StrEnum):
    """The effect of publishing on one file."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"
    DELETE = "delete"
    IGNORE = "ignore"
    """A .gitignore makes the Hub drop it silently: shown in the plan, and refused when publishing."""
    LEAVE = "leave"
    """A remote file that is not part of the release, and that it may not delete."""


@dataclass(frozen=True, slots=True)
class Change:
    """The action for one file, and the rule that decided it."""

    action: Action
    path_in_repo: str
    file: ReleaseFile | None = None
    """The sealed file; None for DELETE and LEAVE."""
    remote: RemoteFile | None = None
    """The file on the Hub at the moment; None for ADD."""
    upload_mode: Literal["lfs", "regular"] | None = None
    """The Hub's upload mode; None when it was not requested: the repo does not exist yet, or nothing is sent."""
    reason: str = ""
    """The rule that decided, for people."""
    rule: str = ""
    """The rule's field in hub.yaml: `patterns.delete_patterns[0]`; empty for a rule from elsewhere."""
    location: Location | None = None
    """The place of a rule in another file: the line of a `.gitignore`."""
    made_at_publish: bool = False
    """Whether the file is made when the release is published, such as a signature without a key: `file` is None."""

    @property
    def was_released(self) -> bool:
        """Whether the last release had the file, and this one leaves it on the Hub."""
        return self.action is Action.LEAVE and self.reason == RELEASED_BEFORE

    @property
    def size(self) -> int:
        """Size in bytes of the sealed file, or of the remote one without it; 0 for a file that is not made yet."""
        if self.made_at_publish:
            return 0
        return self.file.size if self.file else self.remote.size if self.remote else 0


@dataclass(frozen=True, slots=True)
class Setting:
    """A change to the repo itself."""

    name: str
    before: str | Literal[False] | None
    """None for a setting that did not exist."""
    after: str | Literal[False]


@dataclass(frozen=True, repr=False)
class Plan:
    """A release compared with one remote commit of a target."""

    release: Release
    target: Target
    head: Head
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...] = ()
    open_pull_request: int | None = None
    """A pull request that proposes exactly this release already."""
    tag: str | None = None
    """The tag to create after verification; None without one, or when it exists already."""
    moves: tuple[MovingRef, ...] = ()
    """The tags and branches to set to the release after verification, as they are now."""
    existing_commit: str | None = None
    """The commit that contains this release already: its tag's, else the head; None without one."""
    refusals: tuple[Problem, ...] = ()
    """Why the release cannot be published, although its changes are known: the tag is at another release."""
    warnings: tuple[Problem, ...] = ()
    """Facts about the Hub that the author of the manifest probably does not know."""
    card: CardDecision = MERGE
    """The decision about the card on the Hub."""
    last: "LastRelease | None" = None
    """The last release from the same manifest, wherever it went; None without a lock."""
    edited: frozenset[str] = frozenset()
    """The remote files that differ from the last release, and whose differences this release does not keep."""
    released_policy: "Policy | None" = None
    """The policy of the hub.yaml that this release changes; None when it stays, or cannot be read."""
    sha256: str | None = None
    """The digest of the plan.json that is published; None until then."""
    created: Literal["repo", "branch"] | None = None
    """Created by this run, at the planned parent: it is deleted again when the release is refused."""

    def __repr__(self) -> str:
        # The generated repr would print every file of the release: tens of kilobytes in a debugger or a log.
        return f"Plan({self.target}, {self._summary})"

    def _repr_markdown_(self) -> str:
        """Return the changes as a table, for notebooks."""
        shown = self.of(Action.ADD, Action.CHANGE, Action.DELETE, Action.IGNORE)
        rows = [(change.action.value, change.path_in_repo, format_size(change.size), change.reason) for change in shown]
        rows += [("set", setting.name, "", str(setting.after)) for setting in self.settings]
        rows += [("move", str(ref), "", f"from {ref.at}" if ref.at else "new") for ref in self.moves]
        return markdown_table(f"{self.target}: {self._summary}", ("action", "file", "size", "rule"), rows)

    @property
    def _summary(self) -> str:
        if self.nothing_to_do:
            return "nothing to do"
        counts = (f"{len(self.of(action))} to {action}" for action in (Action.ADD, Action.CHANGE, Action.DELETE))
        return f"{', '.join(counts)}, {format_size(self.bytes_to_send)}"

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """Return the changes with the given actions."""
        return tuple(change for change in self.changes if change.action in actions)

    @property
    def commits(self) -> bool:
        """Whether a commit is needed."""
        # An open pull request with the same files is the commit already: a second one would be a duplicate.
        return self.open_pull_request is None and bool(self.of(Action.ADD, Action.CHANGE, Action.DELETE))

    @property
    def is_read_only(self) -> bool:
        """Whether the Hub did not say how it would take the files, because the token may only read."""
        sent = self.of(Action.ADD, Action.CHANGE) if self.commits and self.head.default_commit else ()
        return any(change.upload_mode is None and not change.made_at_publish for change in sent)

    @property
    def nothing_to_do(self) -> bool:
        """Whether the remote matches the manifest already."""
        return not (self.commits or self.settings or self.tag or self.moves)

    @property
    def bytes_to_send(self) -> int:
        """Size of all new and changed files in bytes, before any deduplication; not of those that the Hub has."""
        sent, former = self.of(Action.ADD, Action.CHANGE), self.release.former
        return sum(
            change.file.size
            for change in sent
            if change.file and not (former and former.is_stored(change.path_in_repo))
        )


@dataclass(frozen=True, repr=False)
class Receipt:
    """The Hub's response, and the results of verification."""

    plan: Plan
    commit: str
    """The commit that contains the release."""
    created: bool
    """Whether this run made the commit; False when it existed already."""
    url: str = ""
    pull_request: int | None = None
    parts_in: int | None = None
    """The pull request that received the parts of a large release."""
    verified: bool = False
    tag: str | None = None
    """The tag that points to the commit."""
    moving_tags: tuple[str, ...] = ()
    """The tags that follow the releases, and point to the commit."""
    moving_branches: tuple[str, ...] = ()
    """The branches that do so."""

    def __repr__(self) -> str:
        return f"Receipt({self.plan.target}, {', '.join(self._facts)})"

    def _repr_markdown_(self) -> str:
        """Return the facts of the commit as a table, for notebooks."""
        rows = [
            ("commit", f"{self.commit}, {'created now' if self.created else 'existed already'}"),
            *([("url", self.url)] if self.url else []),
            *([("pull request", str(self.pull_request))] if self.pull_request else []),
            *([("tag", self.tag)] if self.tag else []),
            *([("moving tags", ", ".join(self.moving_tags))] if self.moving_tags else []),
            *([("moving branches", ", ".join(self.moving_branches))] if self.moving_branches else []),
            ("verified", "yes" if self.verified else "no"),
            ("files", str(len(self.plan.release.files))),
        ]
        return markdown_table(f"{self.plan.target}", ("", ""), rows)

    @property
    def _facts(self) -> Iterator[str]:
        yield f"commit {self.commit[:12]}, {'created' if self.created else 'existed'}"
        if self.pull_request:
            yield f"pull request {self.pull_request}"
        yield "verified" if self.verified else "not verified"
        if self.tag:
            yield f"tag {self.tag}"

    @property
    def revision(self) -> str:
        """The branch or pull request ref that contains the release."""
        return f"refs/pr/{self.pull_request}" if self.pull_request else self.plan.target.revision


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A locked file that would have other bytes now."""

    path_in_repo: str
    why: str
    """The reason: the file, the serializer or one of its parameters changed."""


@dataclass(frozen=True, slots=True)
class LocalDrift:
    """A release on this machine compared with a lock."""

    files: int
    """Number of files of the release."""
    added: tuple[str, ...] = ()
    """Files that are not in the lock."""
    changed: tuple[ChangedFile, ...] = ()
    removed: tuple[str, ...] = ()
    """Locked files that are not part of the release any more."""
    settings: tuple[Setting, ...] = ()
    """Differences between manifest and lock: the branch, the tag, and what follows the releases."""

    @property
    def any(self) -> bool:
        """Whether publishing now would make another release."""
        return bool(self.added or self.changed or self.removed or self.settings)

    @property
    def keeps_the_tag(self) -> bool:
        """Whether the files changed while the version did not: publishing refuses to move a tag."""
        # With another tag in the manifest, the new files get a tag of their own.
        has_tag = any(setting.name == "tag" for setting in self.settings)
        return bool(self.added or self.changed or self.removed) and not has_tag


def plan_differences(plan: Plan, files: Mapping[str, RemoteFile]) -> tuple[Problem, ...]:
    """Return all differences between a remote tree and the planned one; upload and verify share this comparison."""
    expected = {change.path_in_repo: change for change in plan.changes}
    found = list(file_differences(plan.release.files, files))
    # Extra files are differences as well: a commit that another client made on top would contain them.
    for path in sorted(files):
        change = expected.get(path)
        # The Hub may write .gitattributes in the same commit, for the large files in it.
        if path != GITATTRIBUTES and (change is None or change.action is Action.DELETE):
            reason = "should have been deleted" if change else "was not planned"
            found.append(Problem("verify.extra", f"'{path}' exists on the Hub and {reason}"))
    return tuple(found)


def file_differences(release: Iterable[ReleaseFile], files: Mapping[str, RemoteFile]) -> Iterator[Problem]:
    """Yield the files of a release that a remote tree lacks, or has with other bytes."""
    for file in release:
        remote = files.get(file.path_in_repo)
        if remote is None:
            yield Problem("verify.missing", f"'{file.path_in_repo}' is missing")
        elif not remote.holds(file):
            yield Problem("verify.different", f"'{file.path_in_repo}' has other bytes")


def setting_changes(target: Target, head: Head) -> tuple[Setting, ...]:
    """Return the settings that publishing to a target changes; one that the target leaves open stays as it is."""
    # A new repo is created with its visibility, so that it is never public for a moment.
    if not head.repo_exists:
        found = [Setting("repo", None, f"created, {target.visibility or 'public'}")]
        found += [Setting("gated", None, target.gated)] if target.gated else []
        # Chosen once: the Hub has no call that moves an existing repo.
        placed = {"region": target.region, "resource_group_id": target.resource_group_id}
        found += [Setting(name, None, value) for name, value in placed.items() if value]
    else:
        found = []
        if target.visibility not in (None, head.visibility):
            found.append(Setting("visibility", head.visibility, target.visibility))
        if target.gated not in (None, head.gated or False):
            found.append(Setting("gated", head.gated or False, target.gated))
    if head.commit is None and target.revision != "main":
        found.append(Setting("branch", None, f"{target.revision}, created from main"))
    return tuple(found)


# Restrictions apply first and openings last, so that new readers are admitted only to a verified release.
def restricting_settings(plan: Plan) -> Mapping[str, str | bool]:
    """Return the settings that restrict readers: they apply before any byte is sent."""
    return _access_settings(plan, restricting=True)


def opening_settings(plan: Plan) -> Mapping[str, str | bool]:
    """Return the settings that admit readers: they apply once the release is verified."""
    return _access_settings(plan, restricting=False)


def _access_settings(plan: Plan, *, restricting: bool) -> Mapping[str, str | bool]:
    found = [setting for setting in plan.settings if setting.name in ("visibility", "gated")]
    # A value that a newer Hub invents counts as open: the change to ours then applies before the upload.
    restricts = [_RESTRICTION[setting.after] >= _RESTRICTION.get(setting.before, 0) for setting in found]
    return {each.name: each.after for each, kind in zip(found, restricts, strict=True) if kind is restricting}
