"""A folder with rows, pictures or sounds -> what a dataset's author would declare."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, Final

from hublish.pipeline.draft.cards import Readme, licence_fields
from hublish.pipeline.draft.companions import TOOLS, licences, shown_by
from hublish.pipeline.draft.fields import Field
from hublish.pipeline.draft.kinds import MEDIA, data_files
from hublish.pipeline.draft.outline import Outline
from hublish.pipeline.draft.parts import LeftOut, Part, Recognised
from hublish.pipeline.draft.sources import Source, Surroundings, sources
from hublish.pipeline.draft.tree import Tree, folder_of, name_of
from hublish.pipeline.draft.weights import is_pickle

_SPLITS: Final = {
    # As the Hub's own viewer tells them: words in the names of files and folders.
    "train": r"train|training",
    "validation": r"validation|valid|val|dev",
    "test": r"test|testing|eval|evaluation",
}
_BESIDE: Final = re.compile(r".*\.(?:json|ya?ml|txt|zip|gz|zst|h5|npy|npz|bib)")
"""Descriptions of the data, and data in forms that the Hub does not show."""


def dataset(tree: Tree, files: Iterable[str], readme: Readme | None) -> Outline:
    """Return what a dataset is made of; arguments as for a model."""
    files = tuple(files)
    data = data_files(files)
    papers = licences(files, ("",))
    card = [readme.path] if readme else []
    known = frozenset(files)
    shown = [path for one in card for path in shown_by(tree, one) if path in known]
    told = {*data, *papers, *card, *shown}
    beside = [path for path in files if path not in told and _is_beside(tree, path)]
    groups = (
        (data, _what(data)),
        (beside, "part of the repo" if tree.curated else "described or used by the data"),
        (papers, "the licence"),
        (shown, "shown on the card"),
    )
    parts = tuple(Part(tuple(dict.fromkeys(paths)), why) for paths, why in groups if paths)
    taken = {path for part in parts for path in part.files} | set(card)
    left = tuple(LeftOut(path, _why_not(tree, path)) for path in files if path not in taken)
    return Outline(
        template="dataset",
        parts=parts,
        left_out=left,
        recognised=(Recognised("a dataset", _shortly(data)),) if data else (),
        metadata=(*licence_fields(tree, papers), *_configs(data, Surroundings.of(tree)), *_ABOUT),
        advice=_ARROW if any(path.endswith(".arrow") for path in data) else (),
    )


_ABOUT: Final = (
    Field("pretty_name", "Example", "its name for people", hint=True),
    Field("language", "en", "where it holds text", hint=True),
    Field("task_categories", ["text-classification"], "tasks as the Hub names them", hint=True),
    Field("size_categories", "1K<n<10K", "rows: n<1K, 1K<n<10K, 10K<n<100K, ... n>1T", hint=True),
)
_ARROW: Final = ("Arrow files as `save_to_disk` writes them are not shown in the Hub's viewer; Parquet is.",)


def _what(data: list[str]) -> str:
    media = sum(path.lower().endswith(MEDIA) for path in data)
    return "pictures or sounds" if media > len(data) / 2 else "the data"


def _configs(data: list[str], around: Surroundings) -> tuple[Field, ...]:
    """Return `configs`: which files are which split, one configuration for each folder that holds splits of its own."""
    by_config: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    places: dict[str, tuple[str, str]] = {}
    for path in data:
        # Of pictures and sounds the folders tell, and there may be very many.
        key = folder_of(path) if path.lower().endswith(MEDIA) else path
        if key not in places:
            places[key] = _place(path)
        config, split = places[key]
        by_config[config][split].append(path)
    if any("" in splits and len(splits) > 1 for splits in by_config.values()) or len(by_config) > _MOST_CONFIGS:
        return ()
    configs = [
        {"config_name": name or "default", "data_files": _data_files(splits, around)}
        for name, splits in sorted(by_config.items())
    ]
    return (Field("configs", configs, "splits by the names of the files"),) if configs else ()


_MOST_CONFIGS: Final = 50


def _place(path: str) -> tuple[str, str]:
    """Return the configuration and the split that a path names; empty where it names none."""
    *folders, name = path.split("/")
    media = name.lower().endswith(MEDIA)
    telling = folders if media else [*folders, name]
    split = next((found for segment in reversed(telling) if (found := _split(segment))), "")
    # What lies below a split is a label, and pictures are configured by their folders alone.
    above = list(takewhile(lambda folder: not _split(folder), folders))
    return "" if media else "/".join(folder for folder in above if folder.lower() not in _PLAIN_FOLDERS), split


_PLAIN_FOLDERS: Final = frozenset(["data", "dataset", "datasets"])


def _split(segment: str) -> str:
    words = re.split(r"[^a-z]+", segment.lower().partition(".")[0])
    return next((name for name, words_of in _SPLITS.items() if any(re.fullmatch(words_of, word) for word in words)), "")


def _data_files(splits: Mapping[str, list[str]], around: Surroundings) -> Any:
    if set(splits) == {""}:
        patterns = _patterns(splits[""], around)
        return patterns[0] if len(patterns) == 1 else patterns
    order = [*_SPLITS, *sorted(set(splits) - set(_SPLITS))]
    return [
        {"split": split, "path": patterns[0] if len(patterns) == 1 else patterns}
        for split in order
        if split in splits and (patterns := _patterns(splits[split], around))
    ]


def _patterns(paths: list[str], around: Surroundings) -> list[str]:
    return [_in_repo(source) for source in sources(Part(tuple(paths), ""), "", around)]


def _in_repo(source: Source) -> str:
    return f"{source.source}**" if source.source.endswith("/") else source.source


def _is_beside(tree: Tree, path: str) -> bool:
    if is_pickle(tree, path):
        return False
    if tree.curated:
        return True
    fits = _BESIDE.fullmatch(name_of(path)) is not None and not TOOLS.fullmatch(name_of(path))
    return fits and folder_of(path).count("/") <= 1


def _why_not(tree: Tree, path: str) -> str:
    if is_pickle(tree, path):
        return "a pickle, which policy.pickle forbids"
    if path.endswith((".py", ".ipynb", ".sh", ".toml", ".cfg")) or TOOLS.fullmatch(name_of(path)):
        return "code; the Hub runs no script to load a dataset"
    return "not known to be data"


def _shortly(paths: list[str]) -> str:
    return f"{paths[0]} and {len(paths) - 1:,} more" if len(paths) > 1 else paths[0]
