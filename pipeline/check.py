"""How far `hublish check` goes, one stage a line: nothing is converted, hashed or sent.

It stands by itself so that a check, which runs before every commit, imports no serializer and no Hub.
"""

from hublish.pipeline.cards.rendering import ON_DEMAND, Renderer
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.stages.collect import Collect
from hublish.pipeline.stages.outline import Outline
from hublish.pipeline.stages.render_card import RenderCard
from hublish.pipeline.stages.screen import Screen
from hublish.pipeline.values import Project, Staged


def checking(renderer: Renderer = ON_DEMAND) -> Pipeline[Project, Staged]:
    """Return what can be checked without reading a weight. No network."""
    return (
        Pipeline.of(Collect())  # every file the manifest speaks of, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(Screen())  # against the policy and the Hub's limits, unread
        .then(RenderCard(renderer))  # README.md, from the card
    )
