"""The forward order, one stage a line: what `hublish publish` does, and how far every other command goes."""

from pathlib import Path

from hublish.pipeline.engine import Pipeline
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.stages.collect import Collect
from hublish.pipeline.stages.compare import Compare
from hublish.pipeline.stages.lock import WriteLock
from hublish.pipeline.stages.outline import Outline
from hublish.pipeline.stages.prepare import Prepare
from hublish.pipeline.stages.render_card import RenderCard
from hublish.pipeline.stages.reveal import Reveal
from hublish.pipeline.stages.seal import Seal
from hublish.pipeline.stages.serialize import Serialize
from hublish.pipeline.stages.tag import Tag
from hublish.pipeline.stages.upload import Upload
from hublish.pipeline.stages.verify import Verify
from hublish.pipeline.values import Head, Plan, Project, Receipt, Release, Staged


def checking() -> Pipeline[Project, Staged]:
    """Return what can be checked without reading a weight. No network."""
    return (
        Pipeline.of(Collect())  # every file the manifest speaks of, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(RenderCard())  # README.md, from the card
    )


def rendering(workspace: Path, progress: Progress = SILENT) -> Pipeline[Project, Staged]:
    """Return the part up to the card, exactly as it would be published. No network."""
    return (
        Pipeline.of(Collect())  # every file the manifest speaks of, with its verdict
        .then(Serialize(workspace, progress))  # in the format the manifest asks for
        .then(RenderCard())  # README.md, from the card
    )


def releasing(workspace: Path, progress: Progress = SILENT) -> Pipeline[Project, Release]:
    """Return the local part: from a manifest to sealed files. No network."""
    return rendering(workspace, progress).then(Seal(progress))  # hashed, and audited against the policy


def planning(workspace: Path, hub: Hub, head: Head, progress: Progress = SILENT) -> Pipeline[Project, Plan]:
    """Return the part that reads the remote: `head` was read before any file is."""
    return releasing(workspace, progress).then(Compare(hub, head))


def publishing(hub: Hub, lock: Path) -> Pipeline[Plan, Receipt]:
    """Return the part that writes: to the remote, and at the very end the lock."""
    return (
        Pipeline.of(Prepare(hub))  # the repo and the branch exist
        .then(Upload(hub))  # one commit on top of the planned parent
        .then(Verify(hub))  # what stands there is what was planned
        .then(Reveal(hub))  # readers are let in
        .then(Tag(hub))  # the name of the version
        .then(WriteLock(lock))  # the durable record
    )
