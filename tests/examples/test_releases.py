"""The three examples are releases that pass every check, and arrive on the Hub with cards that it accepts."""

import json
import shutil
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard, ModelCard, RepoCard, SpaceCard, hf_hub_download

import hublish
from hublish.hub.server import EmbeddedHub

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["digits", "digits-dataset", "digits-space"]
CARDS: dict[str, type[RepoCard]] = {"model": ModelCard, "dataset": DatasetCard, "space": SpaceCard}


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


def test_a_check_finds_nothing_to_improve(folder: Path) -> None:
    assert hublish.check(folder / "hub.yaml") == ()


def test_the_release_arrives_and_the_hub_accepts_its_card(
    folder: Path, own_hub: EmbeddedHub, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", own_hub.token)
    receipt = hublish.publish(folder / "hub.yaml", endpoint=own_hub.endpoint)
    assert receipt.verified
    assert not hublish.status(folder / "hub.yaml", endpoint=own_hub.endpoint).changed
    target = receipt.plan.target
    readme = hf_hub_download(
        target.repo_id, "README.md", repo_type=target.repo_type, revision="v1.0.0", endpoint=own_hub.endpoint
    )
    content = Path(readme).read_text()
    question = json.dumps({"content": content, "repoType": target.repo_type}).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{own_hub.endpoint}/api/validate-yaml", question, headers)
    ) as answer:
        assert json.load(answer) == {"errors": [], "warnings": []}
    card = CARDS[target.repo_type].load(readme)
    assert card.text.lstrip().startswith("# Digits")
    assert card.data.license in ("apache-2.0", "cc-by-4.0")
