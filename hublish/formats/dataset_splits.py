"""The splits that `datasets` and the Hub's viewer infer from the names of files and folders.

The rules are those of `datasets` 5.2 (data_files.py); a test compares both. The first of four ways that finds a file
decides for all files: names such as `data/train-00000-of-00001.parquet`, a word in a folder, a word in a file's name,
and everything as `train`.
"""

import re
from collections.abc import Iterable, Sequence
from posixpath import basename
from typing import Final

_WORDS: Final = {
    "train": "train|training",
    "validation": "validation|valid|dev|val",
    "test": "test|testing|eval|evaluation",
}
SPLITS: Final = tuple(_WORDS)
"""The splits with words of their own, in the order in which they are listed."""
_SEPARATOR: Final = "[-._ 0-9]"
_SHARD: Final = re.compile(r"data/(?P<split>[^/]+)-\d{5}-of-\d{5}[^/]*\.[^/]*", re.ASCII)
_NAME: Final = re.compile(r"\w+(?:\.\w+)*")
_IN_FOLDER: Final = {
    split: re.compile(rf"(?:.*{_SEPARATOR})?(?:{words})(?:{_SEPARATOR}.*)?") for split, words in _WORDS.items()
}
_IN_FILE: Final = {
    split: re.compile(rf"(?:.*{_SEPARATOR})?(?:{words}){_SEPARATOR}.*") for split, words in _WORDS.items()
}
_NEVER_DATA: Final = frozenset(
    ["README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dummy_data.zip", "dataset_dict.json"]
)


def is_considered(path: str) -> bool:
    """Return whether `datasets` looks at a file: not if it is hidden, or in a folder such as `__pycache__`."""
    *folders, name = path.split("/")
    hidden = any(part.startswith(".") for part in (*folders, name))
    return not hidden and name not in _NEVER_DATA and not any(folder.startswith("__") for folder in folders)


def infer_splits(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the files of each split, of the paths in a repo or in a folder of it; empty for names that are refused."""
    considered = [path for path in paths if is_considered(path)]
    shards = [(found["split"], path) for path in considered if (found := _SHARD.fullmatch(path))]
    if shards:
        names = {split for split, _ in shards}
        if not all(_NAME.fullmatch(name) for name in names):
            return {}
        return {name: [path for split, path in shards if split == name] for name in in_order(names)}
    return _by_folder(considered) or _by_name(considered) or ({"train": considered} if considered else {})


def name_splits(paths: Sequence[str]) -> bool:
    """Return whether the name of a file, or of a folder above one, contains a split."""
    return any(map(_SHARD.fullmatch, paths)) or bool(_by_folder(paths) or _by_name(paths))


def in_order(names: Iterable[str]) -> Sequence[str]:
    """Return names of splits as they are listed: the usual ones first, then the others by name."""
    given = set(names)
    return [*(name for name in SPLITS if name in given), *sorted(given - set(SPLITS))]


def _by_folder(paths: Sequence[str]) -> dict[str, list[str]]:
    # Thousands of files share few folders.
    folders = {folder for path in paths for folder in path.split("/")[:-1]}
    splits: dict[str, list[str]] = {}
    for split, named in _IN_FOLDER.items():
        names = {folder for folder in folders if named.fullmatch(folder)}
        splits[split] = [path for path in paths if names and not names.isdisjoint(path.split("/")[:-1])]
    return {split: found for split, found in splits.items() if found}


def _by_name(paths: Sequence[str]) -> dict[str, list[str]]:
    splits = {split: [path for path in paths if named.fullmatch(basename(path))] for split, named in _IN_FILE.items()}
    return {split: found for split, found in splits.items() if found}
