"""The local part of publishing, one stage a line: from a manifest to sealed files. No network."""

from pathlib import Path

from hublish.pipeline.cards.rendering import ON_DEMAND, Renderer
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.stages.collect import Collect
from hublish.pipeline.stages.render_card import RenderCard
from hublish.pipeline.stages.seal import Seal
from hublish.pipeline.stages.serialize import Serialize
from hublish.pipeline.values import Project, Release, Staged


def rendering(
    workspace: Path, progress: Progress = SILENT, renderer: Renderer = ON_DEMAND
) -> Pipeline[Project, Staged]:
    """Return the part up to the card, exactly as it would be published."""
    return (
        Pipeline.of(Collect())  # every file the manifest speaks of, with its verdict
        .then(Serialize(workspace, progress))  # in the format the manifest asks for
        .then(RenderCard(renderer))  # README.md, from the card
    )


def releasing(
    workspace: Path, progress: Progress = SILENT, renderer: Renderer = ON_DEMAND
) -> Pipeline[Project, Release]:
    """Return the whole of it."""
    return rendering(workspace, progress, renderer).then(Seal(progress))  # hashed, and audited against the policy
