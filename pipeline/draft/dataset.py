"""Outline the release of a folder with rows, images or sounds."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from glob import escape
from itertools import takewhile
from posixpath import basename, dirname
from typing import Any, Final

from hublish.base.content import OnDisk
from hublish.cards.facts.derive_facts import derive_facts
from hublish.formats.dataset_builders import MEDIA_BUILDERS, NOT_IN_CONFIG_NAMES, builder_of, is_upper_case
from hublish.pipeline.draft import file_roles
from hublish.pipeline.draft.card_facts import Readme, license_fields
from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.figures import figures_of, in_figure_folder
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Outline, Part
from hublish.pipeline.draft.source_globs import Neighbors, Source, sources
from hublish.schemas.documents.dataset_metadata import size_category

# The words in names of files and folders from which the Hub's viewer infers splits:
# https://huggingface.co/docs/datasets/repository_structure
_SPLITS: Final = {
    "train": r"train|training",
    "validation": r"validation|valid|val|dev",
    "test": r"test|testing|eval|evaluation",
}
# Folders that hold data of any configuration, so that their names are not names of configurations.
_PLAIN_FOLDERS: Final = frozenset(["data", "dataset", "datasets"])
# With more configurations the folders are probably labels.
_MOST_CONFIGS: Final = 50
# Descriptions of the data, and data in formats that the Hub's viewer does not show.
_BESIDE: Final = re.compile(r".*\.(?:json|ya?ml|txt|zip|gz|zst|h5|npy|npz|bib)")
_HINTS: Final = (
    Field("pretty_name", "Example", "the name to display", hint=True),
    Field("language", "en", "if it contains text", hint=True),
    Field("task_categories", ["text-classification"], "tasks, by their names on the Hub", hint=True),
)
_SIZE: Final = Field("size_categories", "1K<n<10K", "rows: n<1K, 1K<n<10K, 10K<n<100K, ... n>1T", hint=True)
# Files whose rows are counted. The footer of a Parquet file has their number; text is read.
_MOST_COUNTED: Final = 5_000
_LARGEST_TEXT: Final = 64 << 20
_ARROW: Final = "The Hub's viewer does not show Arrow files written by `save_to_disk`; it shows Parquet files."


def dataset(listing: Listing, files: Iterable[str], readme: Readme | None) -> Outline:
    """Return the outline of a dataset's release, from the same arguments as that of a model."""
    files = tuple(files)
    # A folder without other data was declared to be a dataset: its texts are the data.
    found = file_roles.data_files(files)
    data = [path for path in found if not in_figure_folder(path)] or found or file_roles.text_data(files)
    licenses = file_roles.license_files(files, ("",))
    card = [readme.path] if readme else []
    known = frozenset(files)
    shown = [path for one in card for path in file_roles.shown_on_card(listing, one) if path in known]
    others = frozenset(files).difference(data)
    rest = () if readme or listing.from_hub else (path for path in files if path in others)
    figures = figures_of(listing, rest, "", of_dataset=True)
    named = {*data, *licenses, *card, *shown, *figures.paths}
    beside = [path for path in files if path not in named and _is_beside(listing, path)]
    media = sum(path.lower().endswith(file_roles.MEDIA) for path in data)
    loaded = _of_one_format(data)
    by_config, without_split = _by_config(loaded)
    groups = (
        (data, "images or sounds" if media > len(data) / 2 else "the data"),
        (beside, "part of the repo" if listing.from_hub else "describes the data, or is used by it"),
        (licenses, "the license"),
        (shown, "shown on the card"),
    )
    parts = (*(Part(tuple(dict.fromkeys(paths)), why) for paths, why in groups if paths), *figures.parts())
    configs = _configs(by_config, Neighbors.of(listing))
    released = {*card, *(path for part in parts for path in part.files)}
    return Outline(
        template="dataset",
        parts=parts,
        left_out=tuple(LeftOut(path, _reason(listing, path)) for path in files if path not in released),
        detected=(Detected("a dataset", _first(data)),) if data else (),
        metadata=(*license_fields(listing, licenses), *configs, *_HINTS, _size(listing, loaded, configs)),
        variables=figures.variables,
        advice=tuple(_advice(data, loaded, without_split)),
    )


def _size(listing: Listing, data: list[str], configs: tuple[Field, ...]) -> Field:
    """Return the size by which readers search, from the rows of all splits; a hint if they cannot be counted."""
    text = sum(listing.sizes[path] for path in data if not path.endswith((".parquet", *file_roles.MEDIA)))
    if listing.folder is None or listing.from_hub or len(data) > _MOST_COUNTED or text > _LARGEST_TEXT:
        return _SIZE
    files = [(path, OnDisk.at(listing.folder / path)) for path in data]
    facts = derive_facts(files, metadata={field.key: field.value for field in configs}, repo_type="dataset")
    counted: list[Mapping[str, Any]] = next((fact.value for fact in facts if fact.name == "data.configs"), [])
    rows = [split.get("rows") for config in counted for split in config["splits"]]
    if not rows or None in rows:
        return _SIZE
    return Field("size_categories", size_category(sum(rows)), f"{sum(rows):,} rows")


def _of_one_format(data: list[str]) -> list[str]:
    """Return the files that `datasets` would read: those of the most frequent format, or of the preferred one."""
    counts = Counter(builder for path in data if (builder := builder_of(path)))
    if not counts:
        return []
    chosen = max(counts, key=lambda builder: (counts[builder], builder == "parquet", builder))
    kept = {chosen, None} if chosen in MEDIA_BUILDERS else {chosen}
    return [path for path in data if builder_of(path) in kept and not is_upper_case(path)]


def _advice(data: list[str], loaded: list[str], without_split: list[str]) -> Iterator[str]:
    """Yield a paragraph for each group of files that are uploaded and that `datasets` or the viewer does not read."""
    if any(path.endswith(".arrow") for path in data):
        yield _ARROW
    known = frozenset(loaded)
    other = [path for path in data if path not in known and builder_of(path)]
    if other:
        yield (
            f"`datasets` reads one format per repo, here that of {loaded[0]}. {_first(other)} are uploaded and not "
            "loaded: convert them to that format, or publish them as another dataset."
        )
    # In `configs`, a table that describes the images of all splits would give its rows to each of them.
    tables = [path for path in without_split if builder_of(path) is None]
    if tables:
        yield f"`datasets` reads no {_first(tables)} for several splits: write one into the folder of each split."
    elif without_split:
        yield f"Other files name a split: add {_first(without_split)} to one in `configs`, or `datasets` skips them."
    upper = [path for path in data if is_upper_case(path)]
    if upper:
        yield f"`datasets` finds only extensions in lower case: rename {_first(upper)}."


def _first(paths: list[str]) -> str:
    return f"{paths[0]} and {len(paths) - 1:,} more" if len(paths) > 1 else paths[0]


def _by_config(data: list[str]) -> tuple[Mapping[str, Mapping[str, list[str]]], list[str]]:
    """Return the files by configuration and split, and those without a split in a configuration that has splits.

    A folder with splits of its own is a configuration. `datasets` does not load a file without a split beside others.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in data:
        media = path.lower().endswith(file_roles.MEDIA)
        config, split = _place(dirname(path), "" if media else basename(path))
        found[config][split].append(path)
    without_split = [path for splits in found.values() if len(splits) > 1 for path in splits.pop("", ())]
    return found, without_split


def _configs(by_config: Mapping[str, Mapping[str, list[str]]], around: Neighbors) -> tuple[Field, ...]:
    """Return `configs`: the files of each split of each configuration."""
    configs = [
        {"config_name": NOT_IN_CONFIG_NAMES.sub("-", name) or "default", "data_files": _data_files(splits, around)}
        for name, splits in sorted(by_config.items())
    ]
    names = {config["config_name"] for config in configs}
    if not configs or len(configs) > _MOST_CONFIGS or len(names) < len(configs):
        return ()
    return (Field("configs", configs, "splits, inferred from file names"),)


# All images in a folder have the same place, and there may be very many.
@lru_cache(maxsize=1024)
def _place(folder: str, name: str) -> tuple[str, str]:
    """Return the configuration and the split in a path, empty if it names none; the name of an image is left out."""
    folders = folder.split("/")
    split = next((found for segment in (name, *reversed(folders)) if (found := _split(segment))), "")
    if not name:  # the viewer reads the folders of images as splits and labels, never as configurations
        return "", split
    # A folder below the split is a label.
    above = takewhile(lambda folder: not _split(folder), folders)
    return "/".join(folder for folder in above if folder.lower() not in _PLAIN_FOLDERS), split


def _split(segment: str) -> str:
    words = re.split(r"[^a-z]+", segment.lower())
    return next((name for name, known in _SPLITS.items() if any(re.fullmatch(known, word) for word in words)), "")


def _data_files(splits: Mapping[str, list[str]], around: Neighbors) -> Any:
    if set(splits) == {""}:  # without splits, the Hub takes all files as "train"
        return _patterns(splits[""], around)
    order = [*_SPLITS, *sorted(set(splits) - set(_SPLITS))]
    return [
        {"split": split, "path": patterns}
        for split in order
        if split in splits and (patterns := _patterns(splits[split], around))
    ]


def _patterns(paths: list[str], around: Neighbors) -> str | list[str]:
    """Return the glob patterns for files; a single one as a string."""
    found = sources(Part(tuple(paths), ""), "", around)
    patterns = [_pattern(source) for source in found]
    return patterns[0] if len(patterns) == 1 else patterns


def _pattern(source: Source) -> str:
    # A card's patterns name files; a manifest's sources may name folders, and files whose names look like globs.
    if source.source.endswith("/"):
        return f"{source.source}**"
    return escape(source.source) if source.source in source.files else source.source


def _is_beside(listing: Listing, path: str) -> bool:
    if file_roles.is_pickle(listing, path):
        return False
    if listing.from_hub:
        return True
    fits = _BESIDE.fullmatch(basename(path)) is not None and not file_roles.TOOLS.fullmatch(basename(path))
    # Further down, such files usually belong to code.
    return fits and dirname(path).count("/") <= 1


def _reason(listing: Listing, path: str) -> str:
    if file_roles.is_pickle(listing, path):
        return file_roles.PICKLE_REASON
    if file_roles.is_code(path) or file_roles.TOOLS.fullmatch(basename(path)):
        return "code; the Hub runs no scripts to load a dataset"
    return "not recognized as data"
