"""The two orders, read as a list of titles."""

from pathlib import Path

from hublish.base.values import Head, Target
from hublish.hub.client.hub import Hub
from hublish.pipeline.build import building
from hublish.pipeline.check import checking
from hublish.pipeline.compare.released_manifest import KeepManifest
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.load import opening, pulling
from hublish.pipeline.publish import planning, publishing
from hublish.pipeline.render_card.merge_card import MergeCard

HUB = Hub("http://127.0.0.1:9")
TARGET = Target("acme/x", endpoint=HUB.endpoint)
HEAD = Head(repo_exists=False, commit=None)


def test_publishing_reads_as_the_product() -> None:
    forward = (*planning(Path(), HUB, TARGET, HEAD).stages, *publishing(HUB, Path("hub.lock")).stages)
    assert [stage.title for stage in forward] == [
        "collecting the files",
        "serializing the artifacts",
        "rendering the card",
        "merging the card with the one on the Hub",
        "looking for missing parts",
        "matching the card's data files",
        "checking results for leaderboards",
        "checking the builds of the kernel",
        "looking for placeholders",
        "sealing the release",
        "comparing hub.yaml with the released one",
        "describing and signing the release",
        "comparing with the remote",
        "signing the release",
        "preparing the repo",
        "uploading the release",
        "verifying the release on the Hub",
        "opening the repo to its readers",
        "tagging the release",
        "moving tags and branches to the release",
        "writing the lock",
    ]


def test_loading_reads_as_the_product() -> None:
    reverse = (*pulling(HUB, Destination(), Select()).stages, *opening().stages)
    assert [stage.title for stage in reverse] == [
        "resolving the revision",
        "verifying the signature",
        "selecting the files",
        "comparing with the folder",
        "downloading",
        "checking every digest",
        "opening the weights",
    ]


def test_a_dry_run_is_a_prefix() -> None:
    # Without a Hub, there is no card to merge with, and no released manifest.
    of_hub = MergeCard | KeepManifest
    whole = [type(stage) for stage in planning(Path(), HUB, TARGET, HEAD).stages if not isinstance(stage, of_hub)]
    assert [type(stage) for stage in building(Path()).stages] == whole[:-1]


def test_checking_converts_nothing() -> None:
    assert "serializing the artifacts" not in [stage.title for stage in checking().stages]
