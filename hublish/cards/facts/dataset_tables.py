"""Facts from the data of a dataset: its format, columns, configs, splits and rows.

The configs are those of the card's metadata, else the ones that `datasets` infers. Rows are counted in the footers of
Parquet files; files of text are read once, below a limit. Where one file cannot be counted, the sum is unknown.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.base.patterns import glob_expression
from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import UNREADABLE, SourceFiles, parsed_json, text
from hublish.formats.dataset_builders import MEDIA_BUILDERS, builder_of, is_upper_case
from hublish.formats.dataset_splits import in_order, infer_splits, is_considered
from hublish.schemas.documents.file_names import CARD_FILE

# Bytes of all files of text whose rows are counted.
_BUDGET: Final = 1 << 30
_TEXT: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_JSON_LIMIT: Final = 16 << 20
_MOST_CONFIGS: Final = 1000
_MOST_COLUMNS: Final = 1000
_MOST_LABELS: Final = 200
# Comparisons of patterns in the metadata with paths.
_MOST_COMPARISONS: Final = 2_000_000
_MEDIA_TYPES: Final = frozenset(["Image", "Audio", "Video", "Pdf", "Nifti", "Mesh", "ClassLabel", "Translation"])

_Columns = list[dict[str, Any]]
_Splits = dict[str, list[str]]


@dataclass(slots=True)
class _Counted:
    """The rows of files, each counted once."""

    sources: SourceFiles
    left: int = _BUDGET
    counters: Any = None
    known: dict[str, int | None] = field(default_factory=dict)

    def of(self, paths: Sequence[str]) -> int | None:
        """Return the rows of files together; None if one is unknown."""
        total = 0
        for path in paths:
            if path not in self.known:
                self.known[path] = self._count(path)
            rows = self.known[path]
            if rows is None:
                return None
            total += rows
        return total

    def _count(self, path: str) -> int | None:
        builder, content = builder_of(path), self.sources.contents[path]
        if builder in MEDIA_BUILDERS:
            return 1
        try:
            if builder == "parquet":
                from hublish.formats.parquet_table import RowCounter

                self.counters = self.counters or RowCounter()
                return int(self.counters.count(content, content.size))
            return self._count_text(path)
        except UNREADABLE:
            return None

    def _count_text(self, path: str) -> int | None:
        from hublish.formats.text_tables import count_rows

        content = self.sources.contents[path]
        self.left -= content.size
        if self.left < 0 or not path.endswith(_TEXT):
            return None
        if path.endswith(".json") and not _has_json_lines(self.sources, path):
            rows = _json_rows(self.sources, path)
            return len(rows) if rows else None
        return count_rows(path, content, content.size)


def dataset_facts(sources: SourceFiles, metadata: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the facts of the data in a release.

    Args:
        sources: the files of the release.
        metadata: the card's metadata, which may name `configs`.
    """
    loaded = _loaded(sources)
    if not loaded:
        return
    format_ = builder_of(loaded[0])
    yield Fact("data.format", format_, *_named(loaded))
    counted = _Counted(sources)
    declared = _declared_configs(metadata, loaded)
    place = (CARD_FILE, "configs") if declared else ("", "")
    configs = declared or {"default": _only(infer_splits(sources), loaded)}
    shapes = {name: _columns(sources, splits) for name, splits in configs.items()}
    first = next(iter(shapes.values()), None)
    same = first is not None and all(shape is not None and shape[0] == first[0] for shape in shapes.values())
    if same and first is not None:
        columns, file, key = first
        yield Fact("data.columns", columns, file, key)
    described = [
        {"config_name": name, "splits": [_split(counted, split, files) for split, files in splits.items()]}
        | ({"columns": shape[0]} if not same and (shape := shapes[name]) is not None else {})
        for name, splits in configs.items()
        if splits
    ]
    if described:
        yield Fact("data.configs", described, *place)
    used = list(dict.fromkeys(path for splits in configs.values() for files in splits.values() for path in files))
    if (rows := counted.of(used)) is not None and used:
        yield Fact("data.rows", rows, *_named(used))


def _named(paths: Sequence[str]) -> tuple[str, str]:
    return (paths[0] if len(paths) == 1 else "", "")


def _loaded(sources: SourceFiles) -> list[str]:
    """Return the files that `datasets` reads: those of the most frequent format, or of the preferred one."""
    builders = {path: builder for path in sources if is_considered(path) and (builder := builder_of(path))}
    counts = Counter(builders.values())
    if not counts:
        return []
    chosen = max(counts, key=lambda builder: (counts[builder], builder == "parquet", builder))
    return [path for path, builder in builders.items() if builder == chosen and not is_upper_case(path)]


def _only(splits: _Splits, loaded: Sequence[str]) -> _Splits:
    known = set(loaded)
    kept = {split: [path for path in paths if path in known] for split, paths in splits.items()}
    return {split: paths for split, paths in kept.items() if paths}


def _split(counted: _Counted, name: str, files: Sequence[str]) -> dict[str, Any]:
    rows = counted.of(files)
    size = sum(counted.sources.size(path) for path in files)
    return {"name": name, **({} if rows is None else {"rows": rows}), "size": size, "files": len(files)}


# --------------------------------------------------------------------------------------------- configs of the metadata


def _declared_configs(metadata: Mapping[str, Any], loaded: Sequence[str]) -> dict[str, _Splits]:
    """Return the splits of each config in the metadata; empty without any."""
    configs = metadata.get("configs")
    found: dict[str, _Splits] = {}
    left = _MOST_COMPARISONS
    for config in configs[:_MOST_CONFIGS] if isinstance(configs, list) else ():
        name = text(config.get("config_name", "default")) if isinstance(config, dict) else None
        if name is None or name in found:
            continue
        folder = config.get("data_dir")
        below = f"{folder.strip('/')}/" if isinstance(folder, str) and folder.strip("./") else ""
        patterns = _patterns(config.get("data_files"))
        left -= len(loaded) * (1 + sum(map(len, patterns.values())))
        if left < 0:
            return {}
        if patterns:
            found[name] = {split: _matching(loaded, below, globs) for split, globs in patterns.items()}
        else:
            inside = [path.removeprefix(below) for path in loaded if path.startswith(below)]
            found[name] = {split: [below + path for path in paths] for split, paths in infer_splits(inside).items()}
        found[name] = {split: found[name][split] for split in in_order(found[name]) if found[name][split]}
    return found


def _patterns(data_files: Any) -> dict[str, list[str]]:
    """Return the patterns of each split: without one, all files are those of `train`."""
    entries = data_files if isinstance(data_files, list) else [data_files]
    if all(isinstance(entry, str) for entry in entries):
        return {"train": entries} if entries else {}
    pairs = [(entry.get("split"), entry.get("path")) for entry in entries if isinstance(entry, dict)]
    lists = [(text(split), [path] if isinstance(path, str) else path) for split, path in pairs]
    return {
        split: [path for path in paths if isinstance(path, str)]
        for split, paths in lists
        if split is not None and isinstance(paths, list)
    }


def _matching(paths: Sequence[str], below: str, globs: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for glob in globs:
        matches = _matcher(below + glob.removeprefix("./"))
        found.update(dict.fromkeys(path for path in paths if matches(path)))
    return list(found)


def _matcher(glob: str) -> Callable[[str], Any]:
    if len(glob) > 1000:
        return lambda _path: False
    try:
        return glob_expression(glob).fullmatch
    except re.error:
        return lambda _path: False


# --------------------------------------------------------------------------------------------------------- the columns


def _columns(sources: SourceFiles, splits: _Splits) -> tuple[_Columns, str, str] | None:
    """Return the columns of the first file of a config, with the file and the place in it."""
    path = next((files[0] for files in splits.values() if files), None)
    if path is None:
        return None
    try:
        found = _columns_of(sources, path)
    except UNREADABLE:
        return None
    return found and (_safe(found[0]), path, found[1])


def _columns_of(sources: SourceFiles, path: str) -> tuple[_Columns, str] | None:
    content = sources.contents[path]
    if builder_of(path) == "parquet":
        from hublish.formats.parquet_table import read_table

        table = read_table(content, content.size)
        return [_described(name, kind, table.features.get(name)) for name, kind in table.columns], "schema"
    from hublish.formats.text_tables import json_columns, table_columns

    if path.endswith(".json") and not _has_json_lines(sources, path):
        pairs = json_columns(_json_rows(sources, path)[:1000])
    elif path.endswith(_TEXT):
        pairs = table_columns(path, content, content.size)
    else:
        pairs = ()
    return ([{"name": name, "type": kind} for name, kind in pairs], "line 1") if pairs else None


def _json_rows(sources: SourceFiles, path: str) -> list[Any]:
    """Return the list in a JSON file, which is not kept; an empty one if there is none."""
    value = parsed_json(sources.whole(path, _JSON_LIMIT) or b"")
    return value if isinstance(value, list) else []


def _has_json_lines(sources: SourceFiles, path: str) -> bool:
    """Return whether a .json file has an object in each line, as `datasets` accepts too."""
    return isinstance(parsed_json(sources.start(path, 1 << 16).partition(b"\n")[0]), dict)


def _safe(columns: _Columns) -> _Columns:
    """Return the columns that a card can show: those with names of one line."""
    kept = (column for column in columns if text(column["name"]) is not None)
    return [column for _, column in zip(range(_MOST_COLUMNS), kept, strict=False)]


def _described(name: str, kind: str, feature: Any) -> dict[str, Any]:
    """Return a column with the type of `datasets` where the file has one: an image is a struct of bytes to Parquet."""
    declared = feature.get("_type") if isinstance(feature, dict) else None
    if declared not in _MEDIA_TYPES:
        return {"name": name, "type": kind}
    labels = feature.get("names")
    shown = [label for one in labels[:_MOST_LABELS] if (label := text(one))] if isinstance(labels, list) else []
    return {"name": name, "type": declared} | ({"labels": shown} if shown else {})
