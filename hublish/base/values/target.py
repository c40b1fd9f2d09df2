"""The place a release is published to: a repo on one Hub, its branch and tag, and the settings of the repo."""

from dataclasses import dataclass
from typing import Literal, Protocol

from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest import Manifest


class RepoRef(Protocol):
    """Names a repo on a Hub: a target, a reference, a lock."""

    @property
    def repo_id(self) -> str:
        """`namespace/name`."""

    @property
    def repo_type(self) -> RepoType:
        """Its kind."""


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a release is compared with, sent to and verified at."""

    repo_id: str
    repo_type: RepoType = "model"
    revision: str = "main"
    """The branch that receives the commit."""
    endpoint: str = ""
    """The Hub as plans and locks record it: a URL or `embedded`; empty until a session has resolved the default."""
    tag: str | None = None
    """The tag to create after verification."""
    moving_tags: tuple[str, ...] = ()
    """Tags that are set to the commit after verification, wherever they were."""
    moving_branches: tuple[str, ...] = ()
    """Branches that are set to the commit in the same way."""
    visibility: Literal["public", "private", "protected"] | None = None
    """None makes a new repo public and does not change an existing one."""
    gated: Literal["auto", "manual", False] | None = None
    """None does not change the setting."""
    create_pr: bool = False
    """Propose the release as a pull request instead of committing to the branch."""
    space_sdk: str | None = None
    """The SDK of a Space, which creating one needs."""
    region: Literal["us", "eu"] | None = None
    """Where the Hub stores a new repo."""
    resource_group_id: str | None = None
    """The resource group of a new repo."""
    commit_message: str = ""
    """First line of the commit."""
    commit_description: str = ""
    """The rest of the commit message."""
    files_per_commit: int = 1000
    """The most files of one commit; a larger release is sent in parts, and merged in one step."""

    def __str__(self) -> str:
        kind = "" if self.repo_type == "model" else f"{self.repo_type} "
        return f"{kind}{self.repo_id}@{self.revision}"


def targets_of(manifest: Manifest) -> tuple[Target, ...]:
    """Return the targets that a manifest declares; it has one `repo`, so there is one."""
    # Only this function reads `repo` as a place: with several repos in a manifest, it returns several targets.
    repo = manifest.repo
    return (
        Target(
            repo_id=repo.repo_id,
            repo_type=repo.repo_type,
            revision=repo.revision,
            endpoint=repo.endpoint or "",
            tag=repo.tag,
            moving_tags=repo.moving_tags,
            moving_branches=repo.moving_branches,
            visibility=repo.visibility,
            gated=repo.gated,
            create_pr=repo.create_pr,
            space_sdk=repo.space_sdk,
            region=repo.region,
            resource_group_id=repo.resource_group_id,
            commit_message=repo.commit_message or f"Release {repo.tag or repo.repo_id}",
            commit_description=repo.commit_description,
            files_per_commit=repo.files_per_commit,
        ),
    )
