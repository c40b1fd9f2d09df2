"""The splits of files, by the rules of `datasets`; tests/frameworks compares them with its own."""

import pytest

from hublish.formats.dataset_splits import infer_splits

CASES: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    "shards": (
        ["data/test-00000-of-00001.parquet", "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
        {
            "train": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
            "test": ["data/test-00000-of-00001.parquet"],
        },
    ),
    "shards of any split": (["data/extra-00000-of-00001.csv"], {"extra": ["data/extra-00000-of-00001.csv"]}),
    "shards with a hash": (
        ["data/train-00000-of-00001-ab12.parquet"],
        {"train": ["data/train-00000-of-00001-ab12.parquet"]},
    ),
    "shards elsewhere": (["train-00000-of-00001.parquet"], {"train": ["train-00000-of-00001.parquet"]}),
    "shards decide": (["data/train-00000-of-00001.csv", "test.csv"], {"train": ["data/train-00000-of-00001.csv"]}),
    "a bad name of a split": (["data/a-b c-00000-of-00001.csv"], {}),
    "names": (
        ["train.csv", "my_dev.csv", "eval-1.csv"],
        {"train": ["train.csv"], "validation": ["my_dev.csv"], "test": ["eval-1.csv"]},
    ),
    "a number is a separator": (["train1.csv", "2test.csv"], {"train": ["train1.csv"], "test": ["2test.csv"]}),
    "words within others": (["trainer.csv", "latest.csv"], {"train": ["trainer.csv", "latest.csv"]}),
    "upper case": (["Train.csv", "TEST.csv"], {"train": ["Train.csv", "TEST.csv"]}),
    "folders": (["train/a.png", "test/b.png"], {"train": ["train/a.png"], "test": ["test/b.png"]}),
    "a folder with more than a word": (["x/my_val_2/a.png"], {"validation": ["x/my_val_2/a.png"]}),
    "folders decide": (["train/a.csv", "test.csv"], {"train": ["train/a.csv"]}),
    "a folder of both": (["train/test/a.csv"], {"train": ["train/test/a.csv"], "test": ["train/test/a.csv"]}),
    "names without a split are left out": (["train.csv", "other.csv"], {"train": ["train.csv"]}),
    "no split": (["a.csv", "b.csv"], {"train": ["a.csv", "b.csv"]}),
    "hidden": ([".train/a.csv", "__pycache__/train.csv", ".a.csv", "README.md", "config.json"], {}),
    "nothing": ([], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_infers_the_splits(case: str) -> None:
    paths, splits = CASES[case]
    found = infer_splits(paths)
    assert found == splits
    assert list(found) == list(splits)
