"""The local part of publishing, one stage per line: from a manifest to sealed files, without a network."""

from concurrent.futures import Executor
from pathlib import Path

from hublish.audit import fingerprint_cache
from hublish.audit.fingerprint_cache import FingerprintCache
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Release, Staged
from hublish.base.workers import workers
from hublish.pipeline.attest.attest import UNSIGNED, Attest
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.engine import Pipeline, Stage
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.screen.completeness import ScreenParts
from hublish.pipeline.screen.data_files import ScreenDataFiles
from hublish.pipeline.screen.eval_results import ScreenResults
from hublish.pipeline.screen.kernel_builds import ScreenKernel
from hublish.pipeline.screen.placeholders import ScreenPlaceholders
from hublish.pipeline.seal.seal import Seal
from hublish.pipeline.serialize.conversion_cache import FORGETFUL, ConversionCache
from hublish.pipeline.serialize.serialize import Serialize

# Given by the verbs that read the Hub; the others need not import it.
Merging = Stage[Staged, Staged]


def rendering(
    workspace: Path,
    progress: Progress = SILENT,
    executor: Executor | None = None,
    fingerprints: FingerprintCache = fingerprint_cache.FORGETFUL,
    conversions: ConversionCache = FORGETFUL,
    merging: Merging | None = None,
) -> Pipeline[Project, Staged]:
    """Return the stages up to the card, exactly as it would be published; `merging` adds the edits on the Hub."""
    seal = Seal(progress, executor or workers(), fingerprints)
    return _rendering(workspace, progress, conversions, RenderCard(seal.digests), merging)


def _rendering(
    workspace: Path, progress: Progress, conversions: ConversionCache, render: RenderCard, merging: Merging | None
) -> Pipeline[Project, Staged]:
    rendered = converting(workspace, progress, conversions).then(render)  # README.md, from the card
    # Offline, there is no other card to merge it with.
    return rendered if merging is None else rendered.then(merging)


def converting(
    workspace: Path, progress: Progress = SILENT, conversions: ConversionCache = FORGETFUL
) -> Pipeline[Project, Staged]:
    """Return the stages before the card."""
    collecting = Pipeline.of(Collect())  # every file that the manifest names, with its verdict
    return collecting.then(Serialize(workspace, progress, conversions))  # in the format that the manifest declares


def building(
    workspace: Path,
    progress: Progress = SILENT,
    executor: Executor | None = None,
    fingerprints: FingerprintCache = fingerprint_cache.FORGETFUL,
    conversions: ConversionCache = FORGETFUL,
    attest: Attest = UNSIGNED,
) -> Pipeline[Project, Release]:
    """Return all local stages."""
    sealing = releasing(workspace, progress, executor, fingerprints, conversions)  # collected, converted, sealed
    return sealing.then(attest)  # its bill of materials, its signature


def releasing(
    workspace: Path,
    progress: Progress = SILENT,
    executor: Executor | None = None,
    fingerprints: FingerprintCache = fingerprint_cache.FORGETFUL,
    conversions: ConversionCache = FORGETFUL,
    kept: int = 0,
    *,
    recorded: bool = False,
    merging: Merging | None = None,
) -> Pipeline[Project, Release]:
    """Return the local stages before the signature.

    Args:
        workspace: receives converted files.
        progress: receives stages and bytes.
        executor: runs the work on each file.
        fingerprints: knows files that earlier runs have read.
        conversions: knows files that earlier runs have converted.
        kept: bytes of small files that stay in memory, to be sent.
        recorded: whether the facts that the card states are recorded, for the lock.
        merging: adds the edits of the card on the Hub.
    """
    seal = Seal(progress, executor or workers(), fingerprints, kept)
    return (
        _rendering(workspace, progress, conversions, RenderCard(seal.digests, recorded), merging)
        .then(ScreenParts())  # weights, card, SDK: what its readers need
        .then(ScreenDataFiles())  # of a dataset's configs
        .then(ScreenResults())  # of a model, for leaderboards
        .then(ScreenKernel())  # builds of a kernel
        .then(ScreenPlaceholders())  # in the manifest and the card
        .then(seal)  # hashed, and audited against the policy
    )
