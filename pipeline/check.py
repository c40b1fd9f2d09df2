"""The stages of `hublish check`, one per line: nothing is converted, hashed or sent.

A module of its own, so that a check, which runs before every commit, imports neither a serializer nor the Hub client.
"""

from hublish.base.values import Project, Staged
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.screen.screen import Outline, Screen, ScreenCard


def checking() -> Pipeline[Project, Staged]:
    """Return the stages that need neither the weights nor a network."""
    return (
        Pipeline.of(Collect())  # every file that the manifest names, with its verdict
        .then(Outline())  # by name; nothing is converted
        .then(Screen())  # against the policy and the Hub's limits
        .then(RenderCard())  # README.md, from the card
        .then(ScreenCard())  # for secrets
    )
