"""Check the keys in the card of a dataset that describe its data: subsets, splits, features and sizes.

All findings are warnings: the Hub accepts the values, and `datasets` or the viewer fails on them, or ignores them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hublish.schemas.diagnose.suggestions import misspelled, nearest
from hublish.schemas.documents.card_values import Finding, advice, items, key_findings
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.vocabulary import vocabulary

_CONFIG_KEYS: Final = ("config_name", "data_files", "data_dir", "default", "drop_labels", "drop_metadata", "features")
_SPLIT: Final = re.compile(r"\w+(?:\.\w+)*")
_COUNTS: Final = ("num_bytes", "num_examples")
_SIZES: Final = ("download_size", "dataset_size")
# The types that `datasets` 5 reads: those of Arrow with its short names, and features of its own.
_NAMED_TYPES: Final = (
    *("null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32"),
    *("float64", "float", "double", "date32", "date64", "binary", "large_binary", "string", "large_string"),
    *("string_view", "binary_view", "image", "audio", "video", "pdf", "nifti", "mesh", "json"),
)
_TYPE: Final = re.compile(
    rf"{'|'.join(_NAMED_TYPES)}|(?:time32|time64|duration)\[(?:s|ms|us|ns)\]"
    r"|timestamp\[(?:s|ms|us|ns)(?:, ?tz=[^\]]+)?\]|decimal(?:32|64|128|256)\(\d+, ?-?\d+\)"
)
_KINDS: Final = ("dtype", "list", "sequence", "struct", "large_list")
_DEEPEST: Final = 12
_BCP_47: Final = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|\d{3}))?(?:-[a-zA-Z0-9]{4,8}|-x-\w+)*")
# Words that the documentation and the tagger of `datasets` propose; others are accepted.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "annotations_creators": ("crowdsourced", "found", "expert-generated", "machine-generated", "no-annotation"),
    "language_creators": ("crowdsourced", "found", "expert-generated", "machine-generated"),
    "multilinguality": ("monolingual", "multilingual", "translation"),
}
_BOUNDS: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


def dataset_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the values in a dataset's card that the Hub or `datasets` cannot use."""
    yield from _subtasks(metadata)
    yield from _sources(metadata)
    for key, usual in _USUAL.items():
        for place, value in items(key, metadata.get(key)):
            if isinstance(value, str) and value not in usual and (near := misspelled(value, usual)):
                yield advice(place, "not one of the usual words", f"did you mean '{near}'?")
    for place, value in items("language_details", metadata.get("language_details")):
        if isinstance(value, str) and not all(map(_BCP_47.fullmatch, re.split(r"[,;\s]+", value.strip()))):
            yield advice(place, "not a language tag of BCP 47", "write a tag such as `en-US`")
    yield from _configs(metadata.get("configs"))
    if (given := metadata.get("dataset_info")) is not None and not isinstance(given, Mapping | list | tuple):
        yield advice(
            "dataset_info", "expected a mapping", "write `features:` and `splits:` lines below it, or remove it"
        )
    infos = _infos(given)
    for place, info in infos:
        yield from _info(place, info)
    yield from _names(metadata, infos)
    yield from _size(metadata, infos)


def size_category(rows: int) -> str:
    """Return the Hub's word for a number of rows: `1K<n<10K`."""
    number = sum(rows >= 10**power for power in range(3, 13))
    return f"n<{_BOUNDS[0]}" if not number else f"n>{_BOUNDS[-1]}" if number == 10 else _between(number)


def _between(number: int) -> str:
    return f"{_BOUNDS[number - 1]}<n<{_BOUNDS[number]}"


def _subtasks(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    known = vocabulary("subtasks").ids
    for place, value in items("task_ids", metadata.get("task_ids")):
        if isinstance(value, str) and value not in known:
            near = nearest(value, sorted(known), cutoff=0.75)
            if value in vocabulary("tasks").ids:
                hint = "move it to `task_categories`"
            else:
                hint = f"did you mean '{near}'?" if near else "choose one of the Hub's subtasks, or remove it"
            yield advice(place, "not one of the subtasks that the Hub knows", hint)


def _sources(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for place, value in items("source_datasets", metadata.get("source_datasets")):
        if isinstance(value, str) and value not in ("original", "extended"):
            try:
                check_repo_id(value.removeprefix("extended|").removeprefix("other-"))
            except ValueError:
                yield advice(place, "not a dataset on the Hub", "write `original`, or ids such as `acme/street-signs`")


def _configs(configs: object) -> Iterator[Finding]:
    defaults: list[str] = []
    for index, config in enumerate(configs if isinstance(configs, list | tuple) else ()):
        if not isinstance(config, Mapping):
            continue
        place = f"configs[{index}]"
        if "data_files" not in config and "data_dir" not in config and "config_name" in config:
            yield advice(place, "a config without data", "add `data_files: data/*.parquet`, or `data_dir: data`")
        if config.get("default") is True:
            defaults.append(f"{place}.default")
        elif config.get("default") not in (None, False):
            yield advice(f"{place}.default", "expected true or false", "write `true` or `false`, without quotes")
        # Other keys are parameters of the builder, such as `sep`.
        yield from key_findings(("configs", index), config, _CONFIG_KEYS)
    for place in defaults[1:]:
        yield advice(place, "another config is the default already", "keep one `default: true`")


def _infos(given: object) -> list[tuple[str, Mapping[str, Any]]]:
    if isinstance(given, Mapping):
        return [("dataset_info", given)]
    entries = enumerate(given if isinstance(given, list | tuple) else ())
    return [(f"dataset_info[{index}]", info) for index, info in entries if isinstance(info, Mapping)]


def _info(place: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    for key in _SIZES:
        yield from _count(f"{place}.{key}", info.get(key))
    if "features" in info:
        yield from _features(f"{place}.features", info["features"], 0)
    splits = info.get("splits")
    if splits is not None and not isinstance(splits, list | tuple):
        yield advice(f"{place}.splits", "expected a list of splits", "begin each with `- name: train`")
        return
    names: list[str] = []
    for index, split in enumerate(splits or ()):
        here = f"{place}.splits[{index}]"
        name = split.get("name") if isinstance(split, Mapping) else None
        if not isinstance(name, str):
            yield advice(here, "a split without a name", "add `name: train`")
            continue
        if not _SPLIT.fullmatch(name):
            yield advice(f"{here}.name", f"'{name[:40]}' cannot be the name of a split", "use letters, digits and `_`")
        elif name in names:
            yield advice(f"{here}.name", f"two splits are named '{name}'", "rename or remove one of them")
        names.append(name)
        for key in _COUNTS:
            yield from _count(f"{here}.{key}", split.get(key))


def _count(place: str, value: object) -> Iterator[Finding]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        yield advice(place, "expected a whole number", "write digits, without quotes, separators or a unit")


def _features(place: str, features: object, depth: int) -> Iterator[Finding]:
    if not isinstance(features, list | tuple):
        yield advice(place, "expected a list of features", "begin each with `- name: text`")
        return
    names: list[object] = []
    for index, feature in enumerate(features):
        here = f"{place}[{index}]"
        name = feature.get("name") if isinstance(feature, Mapping) else None
        if not isinstance(feature, Mapping) or not isinstance(name, str | int | float):
            yield advice(here, "a feature without a name", "add `name: text`")
            continue
        if name in names:
            yield advice(f"{here}.name", f"two features are named '{name}'", "rename or remove one of them")
        names.append(name)
        yield from _feature(here, feature, depth)


def _feature(place: str, feature: Mapping[str, Any], depth: int) -> Iterator[Finding]:
    kinds = [kind for kind in _KINDS if kind in feature]
    if not kinds:
        # A misspelled key is the usual reason.
        near = next((key for key in feature if key != "name" and misspelled(str(key), _KINDS)), None)
        hint = f"rename `{near}`" if near else "add `dtype: string`, or `list`, or `struct` with features"
        yield advice(place, "a feature without a type", hint)
    for kind in kinds if depth < _DEEPEST else ():
        value, here = feature[kind], f"{place}.{kind}"
        if isinstance(value, str):
            yield from _type(here, value)
        elif kind == "struct" or isinstance(value, list | tuple):
            yield from _features(here, value, depth + 1)
        elif isinstance(value, Mapping) and kind != "dtype" and not {*_KINDS}.isdisjoint(value):
            yield from _feature(here, value, depth + 1)
        elif isinstance(value, Mapping) and isinstance(label := value.get("class_label"), Mapping):
            yield from _labels(f"{here}.class_label", label)


def _type(place: str, name: str) -> Iterator[Finding]:
    if not _TYPE.fullmatch(name):
        usual = {"str": "string", "text": "string", "int": "int64", "integer": "int64", "boolean": "bool"}
        near = usual.get(name.casefold()) or nearest(name, _NAMED_TYPES, cutoff=0.7)
        hint = f"did you mean '{near}'?" if near else "write a type such as `string`, `int64` or `image`"
        yield advice(place, "not a type of `datasets`", hint)


def _labels(place: str, label: Mapping[str, Any]) -> Iterator[Finding]:
    names = label.get("names")
    if not isinstance(names, Mapping | list | tuple):
        yield advice(f"{place}.names", "expected the names of the labels", "write `'0': cat` lines, or a list")
    elif isinstance(names, Mapping) and sorted(map(str, names)) != sorted(map(str, range(len(names)))):
        yield advice(f"{place}.names", "labels are numbered from 0 without gaps", "number them '0', '1', '2'")


def _names(metadata: Mapping[str, Any], infos: list[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    configs = metadata.get("configs")
    declared = (
        [one.get("config_name") for one in configs if isinstance(one, Mapping)] if isinstance(configs, list) else []
    )
    names: list[object] = []
    for place, info in infos:
        name = info.get("config_name")
        if name is None and len(infos) > 1:
            yield advice(place, "an entry without a config", "add `config_name`, as in `configs`")
        elif name is not None and name in names:
            yield advice(f"{place}.config_name", f"'{name}' is described twice", "keep one of the entries")
        elif name is not None and declared and name not in declared:
            near = nearest(str(name), [one for one in declared if isinstance(one, str)], cutoff=0.6)
            hint = f"did you mean '{near}'?" if near else "write the name of one of them"
            yield advice(f"{place}.config_name", f"'{name}' is not among the `configs`", hint)
        names.append(name)


def _size(metadata: Mapping[str, Any], infos: list[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    """Yield a finding if the number of rows contradicts the size that readers search by."""
    given = [value for _, value in items("size_categories", metadata.get("size_categories"))]
    listed = [splits for _, info in infos if isinstance(splits := info.get("splits"), list | tuple)]
    splits = [split for each in listed for split in each if isinstance(split, Mapping)]
    rows = [split.get("num_examples") for split in splits]
    counted = [number for number in rows if isinstance(number, int) and not isinstance(number, bool) and number >= 0]
    if not given or not counted or len(counted) != len(rows):
        return
    right = size_category(sum(counted))
    if right not in given and len(given) == 1:
        message = f"dataset_info has {sum(counted):,} rows"
        yield advice(
            "size_categories" if isinstance(metadata["size_categories"], str) else "size_categories[0]",
            message,
            f"write `{right}`",
        )
