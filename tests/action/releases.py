"""Shared by the tests of the Action: a release, and the commits on its Hub."""

from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from tests.action.composite import Ran

ACTION = Path(__file__).parents[2] / "action.yml"
REPO = "acme/digits"
MANIFEST = """\
schema_version: 1
repo: {repo_id: acme/digits, tag: "v{{ version }}"}
variables: {version: "1"}
artifacts: [{source: data/*}]
card: {metadata: {license: mit, pipeline_tag: tabular-classification}}
"""
LONG_LIVED = "hf_" + "longlived" * 4
PULL_REQUEST = {"number": 7, "head": {"sha": "c0ffee", "ref": "$(touch pwned)", "repo": {"full_name": "acme/training"}}}
EVIL = "$(touch pwned)`touch pwned`;touch pwned\"'\n::set-output name=x::y"

Run = Callable[..., Ran]


def commits(hub: EmbeddedHub) -> list[str]:
    found = HfApi(endpoint=hub.endpoint, token=hub.token).list_repo_commits(REPO)
    return [commit.title for commit in found]
