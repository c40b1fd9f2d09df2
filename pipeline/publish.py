"""The forward order, one stage per line: `hublish publish`, after `build.py` has sealed the release."""

from concurrent.futures import Executor
from pathlib import Path

from hublish.audit import fingerprint_cache
from hublish.audit.fingerprint_cache import FingerprintCache
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Head, Plan, Project, Receipt, Release, Target
from hublish.base.values.remote_tree import FormerRelease
from hublish.base.workers import workers
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.attest import UNSIGNED, Attest
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.attest.sign import Sign
from hublish.pipeline.build import releasing
from hublish.pipeline.compare.compare import Compare, compared_again, completed
from hublish.pipeline.compare.released_manifest import KeepManifest
from hublish.pipeline.engine import Pipeline, Stage
from hublish.pipeline.lock.lock import WriteLock
from hublish.pipeline.render_card.merge_card import MergeCard, PublishedCard
from hublish.pipeline.reseal.reseal import Reseal
from hublish.pipeline.serialize.conversion_cache import FORGETFUL, ConversionCache
from hublish.pipeline.upload.finish import Move, Reveal, Tag
from hublish.pipeline.upload.prepare import Prepare
from hublish.pipeline.upload.upload import Upload
from hublish.pipeline.verify.verify import Verify


def planning(
    workspace: Path,
    hub: Hub,
    target: Target,
    head: Head,
    progress: Progress = SILENT,
    executor: Executor | None = None,
    released: frozenset[str] = frozenset(),
    fingerprints: FingerprintCache = fingerprint_cache.FORGETFUL,
    conversions: ConversionCache = FORGETFUL,
    kept: int = 0,
    published: PublishedCard | None = None,
    attest: Attest = UNSIGNED,
) -> Pipeline[Project, Plan]:
    """Return the stages that only read the remote.

    `head` was read before any file; `released` are the last paths. `kept` bytes of small files stay in memory: such a
    plan is published, and its lock records the facts that the card states. `attest` signs the release.
    """
    executor = executor or workers()
    sealing = releasing(
        workspace, progress, executor, fingerprints, conversions, kept, recorded=kept > 0, merging=MergeCard(published)
    )
    return (
        sealing.then(KeepManifest(hub, target, head))  # hub.yaml as it was released, where nothing else changed
        .then(attest)  # its bill of materials, its signature
        .then(Compare(hub, target, head, released, executor))  # every change that publishing would make
    )


def rolling_back(reseal: Reseal) -> Pipeline[FormerRelease, Plan]:
    """Return the stages that plan a rollback, in the place of `planning`."""
    former = Pipeline.of(reseal)  # the files of the former release
    return former.then(_against_head(reseal))  # every change that publishing them would make


def signing_published(reseal: Reseal, attest: Stage[Release, Release]) -> Pipeline[FormerRelease, Plan]:
    """Return the stages that plan the signature of a release on the Hub, in the place of `planning`."""
    return (
        Pipeline.of(reseal)  # the files as they are, by their digests
        .then(attest)  # a bill of materials, a signature
        .then(_against_head(reseal))  # the files to add
    )


def _against_head(reseal: Reseal) -> Compare:
    return Compare(reseal.hub, reseal.target, reseal.head, executor=reseal.executor)


def publishing(hub: Hub, lock: Path, own: OwnSigner | None = None) -> Pipeline[Plan, Receipt]:
    """Return the stages that write: to the remote, and at the very end the lock; `own` signs what is pending."""
    # Verified before readers are admitted, and tagged and locked last: a failure leaves no name for a bad release.
    return (
        Pipeline.of(Sign(hub, own, completed))  # the files that a reviewer could not have
        .then(Prepare(hub, compared_again))  # the repo and the branch exist
        .then(Upload(hub))  # one commit on top of the planned parent
        .then(Verify(hub))  # the commit on the Hub equals the plan
        .then(Reveal(hub))  # readers are admitted
        .then(Tag(hub))  # the name of the version
        .then(Move(hub))  # the names that follow the releases
        .then(WriteLock(lock))  # the durable record
    )
