"""The splits of files are those that `datasets` infers."""

import random
from pathlib import Path

import pytest

from hublish.formats.dataset_splits import infer_splits
from tests.hublish.formats.test_dataset_splits import CASES

_PARTS = ["train", "test", "my_val", "dev-1", "Train", "trainer", "data", "x", "__x", ".x", "eval.2", "training set"]
_NAMES = ["train.csv", "a.csv", "test_1.csv", "train-00000-of-00001.csv", "x.dev.csv", "validation", "config.json"]


def _of_datasets(folder: Path, paths: list[str]) -> dict[str, set[str]]:
    from datasets.data_files import DataFilesDict, EmptyDatasetError, get_data_patterns

    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("a\n1\n")
    try:
        patterns = get_data_patterns(str(folder))
    except (EmptyDatasetError, ValueError):
        return {}
    found = DataFilesDict.from_patterns(patterns, base_path=str(folder))
    return {str(split): {str(Path(file).relative_to(folder)) for file in files} for split, files in found.items()}


def _as_sets(splits: dict[str, list[str]]) -> dict[str, set[str]]:
    return {split: set(paths) for split, paths in splits.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_cases_are_those_of_datasets(case: str, tmp_path: Path) -> None:
    paths, splits = CASES[case]
    assert _of_datasets(tmp_path, paths) == _as_sets(splits)


@pytest.mark.parametrize("seed", range(60))
def test_random_folders_have_the_splits_of_datasets(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(seed)
    paths = set()
    for index in range(chosen.randrange(1, 6)):
        folders = chosen.choices(_PARTS, k=chosen.randrange(3))
        paths.add("/".join([*folders, chosen.choice(["", f"{index}_"]) + chosen.choice(_NAMES)]))
    assert _of_datasets(tmp_path, sorted(paths)) == _as_sets(infer_splits(sorted(paths)))
