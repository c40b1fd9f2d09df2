"""The reverse order, one stage a line: what `hublish pull` and `hublish load` do."""

from hublish.pipeline.downloading.destination import Destination
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.restoring.wanted import Wanted
from hublish.pipeline.stages.check import Check
from hublish.pipeline.stages.fetch import Fetch
from hublish.pipeline.stages.rebuild import Rebuild
from hublish.pipeline.stages.resolve import Resolve
from hublish.pipeline.stages.restore import Restore
from hublish.pipeline.stages.select import Select
from hublish.pipeline.values import Loaded, LocalRelease, Reference, Restored


def pulling(
    hub: Hub, destination: Destination, select: Select, progress: Progress = SILENT
) -> Pipeline[Reference, LocalRelease]:
    """Return the part that brings checked files to this machine."""
    return (
        Pipeline.of(Resolve(hub, destination))  # one commit, with every digest
        .then(select)  # only what the load plan needs
        .then(Fetch(hub, destination, progress))  # from the cache or the Hub
        .then(Check(progress))  # every byte, before anything is loaded
    )


def opening(wanted: Wanted = Wanted()) -> Pipeline[LocalRelease, Loaded]:  # noqa: B008 - frozen
    """Return the part from checked files to arrays."""
    return Pipeline.of(Restore(wanted))  # mapped from the files, read when touched


def restoring(wanted: Wanted) -> Pipeline[LocalRelease, Restored]:
    """Return the part from checked files to an object."""
    return Pipeline.of(Rebuild(wanted))  # by what the object offers to take weights with
