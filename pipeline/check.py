"""How far `hublish check` goes, one stage a line: nothing is converted, hashed or sent.

It stands by itself so that a check, which runs before every commit, imports no serializer and no Hub.
"""

from hublish.base.values import Project, Staged
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.collect.outline import Outline
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.screen.screen import Screen


def checking() -> Pipeline[Project, Staged]:
    """Return what can be checked without reading a weight. No network."""
    return (
        Pipeline.of(Collect())  # every file the manifest speaks of, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(Screen())  # against the policy and the Hub's limits, unread
        .then(RenderCard())  # README.md, from the card
    )
