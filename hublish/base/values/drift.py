"""How a release on this machine differs from the one a lock recorded."""

from dataclasses import dataclass

from hublish.base.values.plan import Setting


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A locked file that would have other bytes now."""

    path_in_repo: str
    why: str
    """What changed: the file, the serializer, one of its parameters."""


@dataclass(frozen=True, slots=True)
class LocalDrift:
    """A release held against a lock."""

    files: int
    """Files of the release."""
    added: tuple[str, ...] = ()
    """Files that the lock does not know."""
    changed: tuple[ChangedFile, ...] = ()
    removed: tuple[str, ...] = ()
    """Locked files that are part of the release no more."""
    settings: tuple[Setting, ...] = ()
    """What the manifest says otherwise than the lock: the repo, the branch, the tag."""

    @property
    def any(self) -> bool:
        """Whether publishing now would make another release."""
        return bool(self.added or self.changed or self.removed or self.settings)

    @property
    def keeps_the_tag(self) -> bool:
        """Whether the files moved on while the version did not: publishing refuses to move a tag."""
        moved = {setting.name for setting in self.settings}
        return bool(self.added or self.changed or self.removed) and not moved & {"tag", "repo_id", "repo_type"}
