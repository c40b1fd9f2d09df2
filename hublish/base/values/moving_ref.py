"""Tags and branches that follow the releases, as they are on the Hub."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


class MovingNames(Protocol):
    """Declares refs that follow the releases: a target, a lock."""

    @property
    def moving_tags(self) -> tuple[str, ...]:
        """Names of tags."""

    @property
    def moving_branches(self) -> tuple[str, ...]:
        """Names of branches."""


@dataclass(frozen=True, slots=True)
class MovingRef:
    """A tag or branch that follows the releases."""

    kind: Literal["tag", "branch"]
    name: str
    at: str | None
    """Its commit; None when it does not exist."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def moving_refs(names: MovingNames, tags: Mapping[str, str], branches: Mapping[str, str]) -> Iterator[MovingRef]:
    """Yield the declared refs with their commits.

    Args:
        names: the declared names.
        tags: the commit of each tag on the Hub.
        branches: the commit of each branch there; those of other names are not needed.
    """
    yield from (MovingRef("tag", name, tags.get(name)) for name in names.moving_tags)
    yield from (MovingRef("branch", name, branches.get(name)) for name in names.moving_branches)
