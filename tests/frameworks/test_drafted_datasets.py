"""`datasets.load_dataset` returns, for each config that `init` drafts, the rows that the author wrote."""

import warnings
from typing import Any

import pytest

import hublish
from hublish.formats.dataset_builders import builder_of
from hublish.hub.server import EmbeddedHub
from tests.frameworks.data_folders import FOLDERS
from tests.frameworks.reading import read


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Publish the draft of every folder, and read all of them."""
    folder = tmp_path_factory.mktemp("datasets")
    repos = {title: f"acme/{title}" for title in FOLDERS}
    with EmbeddedHub(folder / "hub") as hub, warnings.catch_warnings():
        # A card without license and configs has no metadata.
        warnings.filterwarnings("ignore", "Warnings while validating metadata")
        for title, data in FOLDERS.items():
            data.write(folder / title)
            hublish.init(folder / title, repo_id=repos[title], **data.more)
            hublish.publish(folder / title / "hub.yaml", endpoint=hub.endpoint, token=hub.token)
        return read("rows", repos, hub, folder)


@pytest.mark.parametrize("title", FOLDERS)
def test_a_drafted_dataset_loads_the_rows_of_its_files(title: str, rows: dict[str, Any]) -> None:
    assert rows[title] == FOLDERS[title].rows


def test_a_builder_is_known_for_every_extension_that_datasets_reads() -> None:
    from datasets import packaged_modules

    known = dict(packaged_modules._EXTENSION_TO_MODULE)
    variants = {("csv", ".tsv"): "tsv", ("conll", ".conllu"): "conllu"}
    expected = {extension: variants.get((name, extension), name) for extension, (name, _) in known.items()}
    # Files that usually describe the data rather than hold it.
    assert (expected.pop(".md"), expected.pop(".toml")) == ("harbor", "harbor")
    assert {extension: builder_of(f"data/train{extension}") for extension in expected} == expected
    assert builder_of("train.CSV") is None
