"""Release -> Plan: what publishing would change on the remote."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.pipeline.hub.client import Hub
from hublish.pipeline.planning import plan
from hublish.pipeline.values import Head, Plan, Release


@dataclass(frozen=True)
class Compare:
    """Hold the sealed release against the head that was read before any file was.

    Args:
        hub: asked how it takes each file.
        head: the remote revision.
    """

    hub: Hub
    head: Head
    title: ClassVar[str] = "comparing with the remote"

    def run(self, release: Release) -> Plan:
        """Return the plan."""
        return plan.make(release, self.head, self.hub)
