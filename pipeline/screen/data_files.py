"""Staged -> Staged: check the data files that a dataset's card names in `configs` against the files of the release.

The rules are those of `datasets`: patterns of fsspec relative to `data_dir`, and one builder for a repo.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Project, Staged, StagedFile
from hublish.formats.dataset_builders import NOT_IN_CONFIG_NAMES, builder_of, is_upper_case
from hublish.formats.dataset_splits import infer_splits, is_considered, name_splits
from hublish.formats.front_matter import read_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Path, Problem, format_path
from hublish.schemas.yaml.reader import Reading

# Another host, or a member of an archive.
_ELSEWHERE: Final = re.compile(r"[a-z0-9+.-]+://|.*::", re.IGNORECASE)
_PIECES: Final = re.compile(r"(\*\*/|\*+|\?|\[[^\]]+\])")
# The names that `datasets` accepts for a split.
_SPLIT: Final = re.compile(r"\w+(?:\.\w+)*")
_README_LIMIT: Final = 1 << 20
_MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class DataPattern:
    """One pattern of `configs`, with the place of its text."""

    config: str
    pattern: str
    """Relative to the root of the repo."""
    place: Path
    """Below the metadata: `configs[0].data_files[1].path`."""


@dataclass(frozen=True, slots=True)
class _Card:
    """The `configs` of a card, and the means to report a place in it."""

    configs: Sequence[Any]
    prefix: Path
    reading: Reading | None = None

    def problem(self, place: Path, message: str, hint: str) -> Problem:
        location: Location | None = self.reading.positions.value(place) if self.reading else None
        path = format_path((*self.prefix, *place))
        return Problem("card.data_files", message, hint, path, location, severity="warning")


@dataclass(frozen=True)
class ScreenDataFiles:
    """Warn about data files that the release does not hold, and about formats that one repo cannot mix."""

    title: ClassVar[str] = "matching the card's data files"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        return replace(staged, warnings=(*staged.warnings, *data_file_problems(staged)))

    def works_on(self, staged: Staged) -> bool:
        """Return whether the release is a dataset."""
        return staged.collection.project.target.repo_type == "dataset"


def data_file_problems(staged: Staged) -> Iterator[Problem]:
    """Yield a warning for each pattern that matches no file, for other files that decide on the splits, and for data
    files of several formats."""
    card = _card_of(staged)
    if card is None or staged.collection.project.target.repo_type != "dataset":
        return
    yield from _unreadable(card)
    paths = tuple(file.path_in_repo for file in staged.files)
    if not card.configs and (found := _split_by_name(paths)):
        message = f"'{found[0]}' decides on the splits, and `datasets` then skips {found[1]}"
        hint = "rename the first file so that its name contains no split, or list the data in card.metadata.configs"
        yield card.problem(("configs",), message, hint)
    formats: dict[str, tuple[DataPattern, str]] = {}
    for pattern in _patterns(card.configs):
        expression = pattern_expression(pattern.pattern)
        matched = [path for path in paths if expression.fullmatch(path)]
        if not matched:
            message = f"'{pattern.pattern}' of config '{pattern.config}' matches no file of the release"
            yield card.problem(pattern.place, message, _near(pattern.pattern, paths))
        elif upper := next((path for path in matched if is_upper_case(path)), None):
            message = (
                f"'{pattern.pattern}' of config '{pattern.config}' matches '{upper}', which `datasets` does not find"
            )
            yield card.problem(pattern.place, message, "rename the file: its extension must be in lower case")
        if found := _builder_of(matched):
            formats.setdefault(found[0], (pattern, found[1]))
    if len(formats) > 1:
        yield _mixed(card, formats)


def _split_by_name(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return a file that is not data and whose name has a split, with a data file that therefore has none."""
    known = set(max(_by_builder(paths).values(), key=len, default=()))
    # Most releases have no such file, which is known sooner than the splits of thousands of data files.
    if not name_splits([path for path in paths if path not in known and is_considered(path)]):
        return None
    data = [path for path in paths if path in known and is_considered(path)]
    found = {path for files in infer_splits(paths).values() for path in files}
    skipped = next((path for path in data if path not in found), None)
    if skipped is None or skipped not in {path for files in infer_splits(data).values() for path in files}:
        return None
    return next(((path, skipped) for path in sorted(found) if path not in known), None)


def pattern_expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of fsspec as an expression: `*` stays within a folder, and `**` crosses folders."""
    parts = []
    for piece in _PIECES.split(pattern):
        if piece == "**/":
            parts.append("(?:[^/]+/)*")
        elif piece.startswith("*"):
            parts.append(".*" if len(piece) > 1 else "[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
            members = re.escape(piece[1:-1].lstrip("!^")).replace(r"\-", "-")
            parts.append(f"[{'^' if piece[1] in '!^' else ''}{members}]")
        else:
            parts.append(re.escape(piece))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:  # a range that runs backwards
        return re.compile(re.escape(pattern))


def _card_of(staged: Staged) -> _Card | None:
    """Return the configs of the manifest's card, or of a README in the release."""
    card = staged.collection.project.manifest.card
    if card is not None:
        return _Card(_listed(card.metadata.get("configs")), ("card", "metadata"))
    readme = staged.readme
    reading = _read(readme, staged.collection.project) if readme else None
    return None if reading is None else _Card(_listed(reading.data.get("configs")), (), reading)


def _read(readme: StagedFile, project: Project) -> Reading | None:
    try:
        return read_front_matter(readme.content.read_at(0, _README_LIMIT), project.shown(readme.origin.source))
    except (InvalidDocumentError, ContentChangedError, OSError):  # rendering the card reports it
        return None


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _unreadable(card: _Card) -> Iterator[Problem]:
    """Yield the entries of `configs` for which `datasets` raises an error, whatever files there are."""
    names: list[str] = []
    for index, config in enumerate(card.configs):
        place: Path = ("configs", index)
        if not isinstance(config, Mapping) or not isinstance(config.get("config_name"), str):
            yield card.problem(place, "a config without a name", "add `config_name: default`")
            continue
        if (name := config["config_name"]) in names:
            yield card.problem((*place, "config_name"), f"two configs are named '{name}'", "rename one of them")
        names.append(name)
        if rejected := NOT_IN_CONFIG_NAMES.search(name):
            message = f"'{name}' cannot be the name of a config: it contains '{rejected[0]}'"
            yield card.problem((*place, "config_name"), message, f"for example '{NOT_IN_CONFIG_NAMES.sub('-', name)}'")
        yield from (card.problem(where, *mistake) for where, mistake in _forms(config, place))
        splits: list[str] = []
        for where, split in _splits(config.get("data_files"), (*place, "data_files")):
            if not _SPLIT.fullmatch(split):
                hint = "use letters, digits, underscores and dots, for example `train`"
                yield card.problem(where, f"'{split}' of config '{name}' cannot be the name of a split", hint)
            if split in splits:
                hint = "write its patterns as one list under `path`"
                yield card.problem(where, f"split '{split}' of config '{name}' occurs twice", hint)
            splits.append(split)


def _forms(config: Mapping[str, Any], place: Path) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Yield the values of `data_files` that `datasets` refuses, with what is wrong and how to fix it."""
    data_files, path = config.get("data_files"), (*place, "data_files")
    name = config["config_name"]
    if isinstance(data_files, Mapping):
        pairs = ", ".join(f"{{split: {split}, path: ...}}" for split in list(data_files)[:_MOST_SHOWN])
        yield path, (f"config '{name}' has a mapping, which `datasets` refuses", f"write a list: [{pairs}]")
    elif data_files is not None and not isinstance(data_files, str | list | tuple):
        yield path, (f"config '{name}' has no pattern", "for example `data_files: data/*.parquet`")
    for index, one in enumerate(_listed(data_files)):
        right = isinstance(one, str) or (isinstance(one, Mapping) and one.keys() == {"split", "path"})
        if not right:
            hint = "write a pattern, or both of them: `{split: train, path: data/train-*}`"
            yield (*path, index), (f"an item of config '{name}' is not a pattern, or a split with its path", hint)


def _splits(data_files: object, place: Path) -> Iterator[tuple[Path, str]]:
    for index, one in enumerate(_listed(data_files)):
        if isinstance(one, Mapping) and isinstance(one.get("split"), str):
            yield (*place, index, "split"), one["split"]


def _patterns(configs: Sequence[Any]) -> Iterator[DataPattern]:
    for index, config in enumerate(configs):
        if isinstance(config, Mapping):
            name, place = str(config.get("config_name", "default")), ("configs", index)
            folder = config.get("data_dir")
            inside = folder.removeprefix("./").strip("/") if isinstance(folder, str) else ""
            root = f"{inside}/" if inside not in ("", ".") else ""
            if "data_files" in config:
                for where, pattern in _texts(config["data_files"], (*place, "data_files")):
                    if not _ELSEWHERE.match(pattern):
                        yield DataPattern(name, root + pattern.removeprefix("./"), where)
            elif root:
                yield DataPattern(name, f"{root}**", (*place, "data_dir"))


def _texts(value: object, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the patterns of `data_files`: a string, a list, `{split: pattern}`, or a list of `{split, path}`."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        keys = ("path",) if "path" in value else tuple(value)
        for key in keys:
            yield from _texts(value[key], (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _texts(one, (*place, index))


def _builder_of(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return the most frequent builder of some files, with one of them; `datasets` decides in the same way."""
    found = _by_builder(paths)
    if not found:
        return None
    best = max(found, key=lambda builder: len(found[builder]))
    return best, found[best][0]


def _by_builder(paths: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        if builder := builder_of(path):
            found.setdefault(builder, []).append(path)
    return found


def _mixed(card: _Card, formats: Mapping[str, tuple[DataPattern, str]]) -> Problem:
    pattern, _ = list(formats.values())[1]
    shown = [f"{one.config} is {builder} ({path})" for builder, (one, path) in list(formats.items())[:_MOST_SHOWN]]
    message = f"data files of several formats: {', '.join(shown)}; `datasets` reads one format per repo"
    hint = "convert the data to one format, or publish the others as another dataset"
    return card.problem(pattern.place, message, hint)


def _near(pattern: str, paths: Sequence[str]) -> str:
    from difflib import get_close_matches  # only needed for a problem

    near = get_close_matches(pattern, paths[:2_000], n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else "patterns are relative to the root of the repo, as path_in_repo is"
