"""`datasets.load_dataset` returns, for each config that `init` drafts, the rows that the author wrote."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.formats.dataset_builders import builder_of
from hublish.hub.server import EmbeddedHub
from tests.frameworks.data_folders import FOLDERS

ROOT = Path(__file__).parents[2]


def read(reader: str, repos: list[str], hub: EmbeddedHub, folder: Path) -> dict[str, Any]:
    """Return what a library finds in published repos, in a process that imports it."""
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HOME": str(folder / "hf")}
    environment |= {"PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}
    (folder / "wanted.json").write_text(json.dumps(repos))
    command = [sys.executable, "-m", "tests.frameworks.reading", reader, "wanted.json", "found.json"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found


def repo_of(title: str) -> str:
    return f"acme/{title.replace('_', '-')}"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Publish the draft of every folder, and read all of them."""
    folder = tmp_path_factory.mktemp("datasets")
    with EmbeddedHub(folder / "hub") as hub, warnings.catch_warnings():
        # A card without license and configs has no metadata.
        warnings.filterwarnings("ignore", "Warnings while validating metadata")
        for title, data in FOLDERS.items():
            data.write(folder / title)
            hublish.init(folder / title, repo_id=repo_of(title), **data.more)
            hublish.publish(folder / title / "hub.yaml", endpoint=hub.endpoint, token=hub.token)
        return read("datasets", [repo_of(title) for title in FOLDERS], hub, folder)


@pytest.mark.parametrize("title", FOLDERS)
def test_a_drafted_dataset_loads_the_rows_of_its_files(title: str, rows: dict[str, Any]) -> None:
    assert rows[repo_of(title)] == FOLDERS[title].rows


def test_a_builder_is_known_for_every_extension_that_datasets_reads() -> None:
    from datasets import packaged_modules

    known = dict(packaged_modules._EXTENSION_TO_MODULE)
    variants = {("csv", ".tsv"): "tsv", ("conll", ".conllu"): "conllu"}
    expected = {extension: variants.get((name, extension), name) for extension, (name, _) in known.items()}
    # Files that usually describe the data rather than hold it.
    assert (expected.pop(".md"), expected.pop(".toml")) == ("harbor", "harbor")
    assert {extension: builder_of(f"data/train{extension}") for extension in expected} == expected
    assert builder_of("train.CSV") is None
