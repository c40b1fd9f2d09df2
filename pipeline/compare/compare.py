"""Release -> Plan: what publishing would change on the remote."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.base.values import Head, Plan, Release, Target
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare import plan


@dataclass(frozen=True)
class Compare:
    """Hold the sealed release against the head that was read before any file was.

    Args:
        hub: asked how it takes each file.
        target: where the release goes.
        head: the target's branch.
    """

    hub: Hub
    target: Target
    head: Head
    title: ClassVar[str] = "comparing with the remote"

    def run(self, release: Release) -> Plan:
        """Return the plan."""
        return plan.make(release, self.target, self.head, self.hub)
