"""A plan, on the embedded Hub with the real client."""

from pathlib import Path

from huggingface_hub import HfApi

import hublish
from hublish.base.values import Action

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_a_plan_shows_every_file_and_writes_nothing(manifest: Path, api: HfApi) -> None:
    plan = hublish.plan(manifest, endpoint="embedded")
    assert [(change.action, change.path_in_repo) for change in plan.changes] == [
        (Action.ADD, path) for path in RELEASED
    ]
    assert [setting.name for setting in plan.settings] == ["repo"]
    assert plan.tag == "v1.2.0"
    assert not api.repo_exists("acme/digits")
    assert not (manifest.parent / "hub.lock").exists()
