"""A dataset's draft names files of one format, and finds texts where there are no tables."""

import time
from collections.abc import Iterable

import pytest

from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.draft import Drafted, draft
from hublish.pipeline.draft.listing import Item, Listing
from hublish.schemas.documents.hub_names import RepoType


def drafted(paths: Iterable[str], repo_type: RepoType = "dataset") -> Drafted:
    items = tuple(Item(path, 1) for path in sorted(paths))
    listing = Listing("rows", items, reader=lambda *_: b"")
    return draft(listing, Field("repo_id", "acme/rows"), Field("repo_type", repo_type), "a test")


def configured(made: Drafted) -> set[str]:
    assert made.manifest.card is not None
    patterns = set()
    for config in made.manifest.card.metadata.get("configs", []):
        files = config["data_files"]
        for one in [files] if isinstance(files, str) else files:
            path = one if isinstance(one, str) else one["path"]
            patterns |= {path} if isinstance(path, str) else set(path)
    return patterns


@pytest.mark.parametrize(
    ("paths", "patterns", "unread"),
    [
        (["a/train.csv", "a/test.csv", "b/train.parquet"], {"a/train.csv", "a/test.csv"}, "b/train.parquet"),
        (["train.csv", "test.parquet"], {"test.parquet"}, "train.csv"),
        (["train.csv", "train.tsv", "test.tsv"], {"train.tsv", "test.tsv"}, "train.csv"),
        (["train.csv.gz", "test.csv"], {"train.csv.gz", "test.csv"}, ""),
        (["reviews.train.csv", "reviews.test.csv"], {"reviews.train.csv", "reviews.test.csv"}, ""),
        (["train[1].csv", "test.csv"], {"train[[]1].csv", "test.csv"}, ""),
        (["train.csv", "test.csv", "more.CSV"], {"train.csv", "test.csv"}, ""),
        (["Train.CSV", "Test.CSV"], set(), ""),
        (["train/1.png", "train/2.png", "test/3.png", "labels/a.csv"], {"train/**", "test/3.png"}, "labels/a.csv"),
    ],
)
def test_configs_name_files_of_one_format(paths: list[str], patterns: set[str], unread: str) -> None:
    made = drafted(paths)
    text = " ".join(made.text.decode().replace("\n#", "").split())
    assert configured(made) == patterns
    assert (f"{unread} are uploaded and not loaded" in text) == bool(unread)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["v1/de/train.csv", "v1/fr/train.csv"], ["v1-de", "v1-fr"]),
        (["de: x/train.csv", "fr*/train.csv"], ["de- x", "fr-"]),
        (["a/b/train.csv", "a-b/train.csv"], []),
        (["train.csv", "small/train.csv"], ["default", "small"]),
    ],
)
def test_datasets_accepts_the_names_of_configs(paths: list[str], names: list[str]) -> None:
    card = drafted(paths).manifest.card
    assert card is not None
    assert [config["config_name"] for config in card.metadata.get("configs", [])] == names


@pytest.mark.parametrize(
    ("paths", "patterns", "skipped"),
    [
        (["train.csv", "test.csv", "more.csv"], {"train.csv", "test.csv"}, "more.csv to one"),
        (["train.csv", "a.csv", "b.csv", "x/train.csv"], {"train.csv", "x/train.csv"}, "a.csv and 1 more to one"),
        (["train.csv", "test.parquet", "more.csv"], {"train.csv"}, "more.csv to one"),
        (["train.csv", "extra/more.csv"], {"train.csv", "extra/more.csv"}, ""),
        (["a.csv", "b.csv"], {"a.csv", "b.csv"}, ""),
    ],
)
def test_files_without_a_split_beside_others_are_named(paths: list[str], patterns: set[str], skipped: str) -> None:
    made = drafted(paths)
    assert configured(made) == patterns
    assert (f"add {skipped} in `configs`" in " ".join(made.text.decode().split())) == bool(skipped)


def test_a_table_for_the_images_of_several_splits_is_named() -> None:
    made = drafted(["train/1.png", "train/2.png", "test/3.png", "metadata.csv"])
    assert configured(made) == {"train/**", "test/3.png"}
    assert "`datasets` reads no metadata.csv for several splits" in " ".join(made.text.decode().split())


@pytest.mark.parametrize("paths", [["Train.CSV"], ["train.csv", "Test.CSV"], ["1.parquet", "Test.CSV", "b.Jsonl"]])
def test_an_extension_in_upper_case_is_named(paths: list[str]) -> None:
    text = " ".join(drafted(paths).text.decode().split())
    assert "finds only extensions in lower case: rename T" in text


@pytest.mark.parametrize(
    ("paths", "released"),
    [
        (
            ["data/train/pos/a.txt", "data/val/neg/b.txt", "p.txt"],
            ["data/train/pos/a.txt", "data/val/neg/b.txt", "p.txt"],
        ),
        (["a.txt", "b.txt"], ["a.txt", "b.txt"]),
        (["data/train/1.json", "data/test/2.json"], ["data/test/2.json", "data/train/1.json"]),
    ],
)
def test_texts_are_data_where_there_are_no_tables(paths: list[str], released: list[str]) -> None:
    made = drafted(paths)
    assert not made.left_out
    assert made.detected[0].what == "a dataset"
    assert {artifact.source for artifact in made.manifest.artifacts} & {*released, "data/", "*.txt"}


def test_a_model_that_is_left_out_comes_first() -> None:
    made = drafted(["model.joblib", "metrics.json", "config.json"], "model")
    assert made.open[0].startswith("artifacts: the model, model.joblib, is left out")
    assert not any(line.startswith("artifacts:") for line in drafted(["model.safetensors", "x.joblib"], "model").open)


@pytest.mark.parametrize("there", [False, True])
def test_a_schema_is_only_named_where_it_exists(there: bool) -> None:
    made = drafted(["model.safetensors", *(["hub.schema.json"] if there else [])], "model")
    assert (b"$schema=hub.schema.json" in made.text) == there


def test_the_draft_of_a_folder_takes_time_in_proportion_to_its_files() -> None:
    begun = time.monotonic()
    made = drafted(f"{split}/{number}.png" for split in ("test", "train") for number in range(25_000))
    assert configured(made) == {"test/**", "train/**"}
    # Work for each pair of files takes minutes.
    assert time.monotonic() - begun < 60
