"""Staged -> Staged: check the author's own files `.eval_results/*.yaml`, from which the Hub makes leaderboards.

The Hub accepts every commit, and shows an error in place of a file that it cannot read. The form is that of
https://github.com/huggingface/hub-docs/blob/main/eval_results.yaml, in 2026.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Staged, StagedFile
from hublish.schemas.diagnose.problems import InvalidDocumentError, Path, Positions, Problem
from hublish.schemas.diagnose.suggestions import misspelled
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.yaml.reader import read_yaml_list

_FILE: Final = re.compile(r"\.eval_results/[^/]+\.ya?ml")
_LARGEST: Final = 64 << 10
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_KEYS: Final = ("dataset", "value", "verifyToken", "date", "source", "notes")
_SOURCE_TEXTS: Final = ("name", "user", "org")

# The place in an entry, the mistake, and its fix.
_Mistake = tuple[Path, str, str]


@dataclass(frozen=True)
class ScreenResults:
    """Warn about results that the Hub would not show."""

    title: ClassVar[str] = "checking results for leaderboards"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        return replace(staged, warnings=(*staged.warnings, *result_problems(staged)))

    def works_on(self, staged: Staged) -> bool:
        """Return whether the release is a model with such files."""
        return bool(_files(staged))


def result_problems(staged: Staged) -> Iterator[Problem]:
    """Yield a warning for each mistake in the files of a model."""
    for file in _files(staged):
        yield from _of_file(file, staged.collection.project.shown(file.origin.source))


def _files(staged: Staged) -> tuple[StagedFile, ...]:
    # Those that the card adds are right by construction.
    own = (file for file in staged.files if file.origin.artifact is not None)
    is_model = staged.collection.project.target.repo_type == "model"
    return tuple(file for file in own if is_model and _FILE.fullmatch(file.path_in_repo))


def _of_file(file: StagedFile, shown: str) -> Iterator[Problem]:
    try:
        entries, positions = read_yaml_list(file.content.read_at(0, _LARGEST + 1), shown, max_bytes=_LARGEST)
    except InvalidDocumentError as error:
        yield from (replace(each, severity="warning") for each in error.problems)
        return
    except (ContentChangedError, OSError):  # sealing the release reports it
        return
    for index, entry in enumerate(entries):
        for place, message, hint in _mistakes(entry):
            path: Path = (index, *place)
            location = positions.value(path)
            yield Problem("card.eval_results", message, hint, location=location, severity="warning")
        if isinstance(entry, Mapping):
            yield from _unquoted_date(entry, (index, "date"), positions)


def _unquoted_date(entry: Mapping[str, Any], path: Path, positions: Positions) -> Iterator[Problem]:
    written = positions.plain_text(path) if isinstance(entry.get("date"), str) else None
    if written is not None:
        message, hint = "the Hub reads this as a date, and expects a string", f'quote it: "{written}"'
        yield Problem("card.eval_results", message, hint, location=positions.value(path), severity="warning")


def _mistakes(entry: object) -> Iterator[_Mistake]:
    if not isinstance(entry, Mapping):
        yield (), "expected a mapping", "write `dataset:` and `value:` lines"
        return
    yield from _dataset_mistakes(entry.get("dataset"))
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield ("value",), "a result needs a number as its value", "write `value: 0.412`, without a unit"
    date = entry.get("date")
    if date is not None and (not isinstance(date, str) or not _DATE.fullmatch(date)):
        yield ("date",), "not a date of ISO 8601", 'write a string such as "2026-08-22"'
    for key in ("verifyToken", "notes"):
        if entry.get(key) is not None and not isinstance(entry[key], str):
            yield (key,), "expected text", "write a string"
    yield from _source_mistakes(entry.get("source"))
    for key in entry:
        if key not in _KEYS and (near := misspelled(str(key), _KEYS)):
            yield (str(key),), f"unknown to the Hub; did you mean '{near}'?", f"rename it to '{near}'"


def _dataset_mistakes(dataset: object) -> Iterator[_Mistake]:
    if not isinstance(dataset, Mapping):
        yield ("dataset",), "a result needs a dataset", "write `id:` and `task_id:` below `dataset:`"
        return
    name = dataset.get("id")
    try:
        known = isinstance(name, str) and "/" in check_repo_id(name)
    except ValueError:
        known = False
    if not known:
        yield ("dataset", "id"), "not the id of a dataset on the Hub", "write `namespace/name`, such as `cais/hle`"
    if not isinstance(dataset.get("task_id"), str):
        yield ("dataset", "task_id"), "a result needs a task", "write a `task_id` of the eval.yaml of the dataset"
    if dataset.get("revision") is not None and not isinstance(dataset["revision"], str):
        yield ("dataset", "revision"), "expected text", "quote it"


def _source_mistakes(source: object) -> Iterator[_Mistake]:
    if source is None:
        return
    url = source.get("url") if isinstance(source, Mapping) else None
    if not isinstance(source, Mapping) or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        yield ("source",) if url is None else ("source", "url"), "a source needs a URL", "write `url: https://...`"
    elif any(source.get(key) is not None and not isinstance(source[key], str) for key in _SOURCE_TEXTS):
        yield ("source",), "name, user and org are texts", "write a string for each"
