"""The reverse order, one stage per line: `hublish pull` and `hublish load`."""

from concurrent.futures import Executor
from typing import TYPE_CHECKING

from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Loaded, LocalRelease, Reference, Restored
from hublish.base.workers import workers
from hublish.hub.client.hub import Hub
from hublish.pipeline.authenticate.authenticate import Authenticate
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.fetch.fetch import Destination, Fetch
from hublish.pipeline.fetch.integrity import Check
from hublish.pipeline.fetch.local_folder import CompareFolder
from hublish.pipeline.fetch.resolve import Resolve
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.fetch.small_file import SmallFiles
from hublish.pipeline.restore.filling import Wanted
from hublish.pipeline.restore.restore import Rebuild, Restore

if TYPE_CHECKING:
    from hublish.attestation.trusted_signers import TrustedSigners


def pulling(
    hub: Hub,
    destination: Destination,
    select: Select,
    progress: Progress = SILENT,
    executor: Executor | None = None,
    *,
    allow_pickle: bool = False,
    as_data: bool = False,
    cache: FingerprintCache = FORGETFUL,
    policy: "TrustedSigners | None" = None,
) -> Pipeline[Reference, LocalRelease]:
    """Return the stages that bring checked files to this machine."""
    executor = executor or workers()
    return (
        Pipeline.of(Resolve(hub, destination))  # one commit, with every digest
        .then(Authenticate(policy, SmallFiles(hub, destination).read))  # signed by those the reader trusts
        .then(select)  # only the files that the load plan needs
        .then(CompareFolder(destination, progress, executor, cache))  # nothing of the caller's own is overwritten
        .then(Fetch(hub, destination, progress, executor, cache.now))  # from the Hub, each read as it arrives
        .then(Check(progress, executor, allow_pickle, as_data, cache))  # every byte, before anything is loaded
    )


def opening(wanted: Wanted = Wanted()) -> Pipeline[LocalRelease, Loaded]:  # noqa: B008 - frozen
    """Return the stage from checked files to arrays."""
    return Pipeline.of(Restore(wanted))  # mapped from the files, read on access


def restoring(wanted: Wanted) -> Pipeline[LocalRelease, Restored]:
    """Return the stage from checked files to an object."""
    return Pipeline.of(Rebuild(wanted))  # in the way the object takes weights
