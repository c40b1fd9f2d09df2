"""Draft `card.evaluation`: find the files of results, and what they were measured on, as far as files state it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from posixpath import basename, dirname
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.cards.results.metric_names import is_known
from hublish.cards.results.recognition import LARGEST, read_results
from hublish.cards.results.result import Result
from hublish.cards.results.selection import MOST_SCORES, duplicates, select
from hublish.pipeline.draft.commented_yaml import Field, Items, Section
from hublish.pipeline.draft.file_roles import in_data_folder
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.stated_values import StatedDataset, StatedValues
from hublish.pipeline.render_card.evaluation import EVALUATION_LIMIT, content_of
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.card_evaluation import EvaluationFile
from hublish.schemas.documents.model_index import model_index_findings
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.vocabulary import vocabulary

_WORDS: Final = r"(?:metrics?|eval(?:uation)?s?|results?|scores?|reports?|benchmarks?)"
_FILES: Final = re.compile(
    rf"(?:.*[-_])?{_WORDS}(?:[-_.].*)?\.(?:json|csv|tsv|ya?ml)|.+\.eval",
    re.IGNORECASE,
)
# lm-evaluation-harness writes `results/<model>/results_<time>.json`, and lighteval adds a level.
_FOLDERS: Final = re.compile(rf"(?:.*[-_])?(?:{_WORDS}|lighteval)(?:[-_].*)?", re.IGNORECASE)
# lm-evaluation-harness names a folder after the path of the model, which hub.yaml must not publish.
_LOCAL: Final = re.compile(r"(?:^|/)__(?:home|root|users|mnt|data|scratch|tmp)__", re.IGNORECASE)
# The Hub reads these files itself.
_HUB_FOLDER: Final = ".eval_results"
# The files of a Trainer of transformers that repeat what others have, or are about the training.
_LAST: Final = ("all_results.json", "train_results.json")
_FIRST: Final = re.compile(r"(?:eval|test|predict)(?:uation)?[-_](?:results|metrics)\.", re.IGNORECASE)
_MOST_READ: Final = 20
_PLACE: Final = "card.evaluation"
_NAMED: Final = "results that name their tasks and datasets"
_UNNAMED: Final = "fill in: the task and the dataset that {} was measured on"
_PLACEHOLDER: Final = "owner/dataset"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The results that a card can show."""

    field: Field
    """`card.evaluation`."""
    files: tuple[str, ...]
    task: str | None = None
    """The task that the first file names."""
    quoted: tuple[str, str] | None = None
    """The first plain metric of the first file, as its name in the file and as readers call it."""


@dataclass(frozen=True, slots=True)
class _Found:
    file: str
    results: tuple[Result, ...]

    @property
    def is_index(self) -> bool:
        return any(result.written is not None for result in self.results)

    @property
    def is_complete(self) -> bool:
        return all(result.task and result.dataset for result in self.results) or self.is_index


def evaluated(
    listing: Listing, released: Iterable[str], root: str, task: Field, values: StatedValues, others: Iterable[str] = ()
) -> Evaluated | None:
    """Return the evaluation of a model's card; None without results.

    Args:
        listing: the files of the folder.
        released: those that are part of the release.
        root: the folder of the model.
        task: the task of the model, perhaps as a hint.
        values: the values that name a dataset.
        others: folders with other models, whose results are not about this one.
    """
    published = frozenset(released)
    paths = _candidates(listing, published, root, frozenset(others))
    read = [found for path in paths[:_MOST_READ] if (found := _read(listing, path)) is not None]
    # A model-index alone is named by its path, and then goes into the card as it is.
    if read and read[0].is_index and listing.sizes[read[0].file] <= EVALUATION_LIMIT:
        first = read[0]
        return Evaluated(Field("evaluation", first.file, _NAMED), (first.file,), _task(first))
    known = None if task.hint else str(task.value)
    chosen = _compatible(entry for found in read if (entry := _complete(found, known, values)))
    if chosen:
        files = tuple(file for _, file, _ in chosen)
        of_first = next(found for found in read if found.file == files[0])
        field = Field("evaluation", Items(tuple(section for section, _, _ in chosen)))
        return Evaluated(field, files, _task(of_first), _quoted(listing, of_first))
    incomplete = next((found for found in read if not found.is_complete), None)
    return None if incomplete is None else _unnamed(listing, incomplete, str(task.value), values)


def _candidates(listing: Listing, published: frozenset[str], root: str, others: frozenset[str]) -> list[str]:
    """Return files that may have results of the model, the most likely first."""

    def near(path: str) -> bool:
        folder = dirname(path)
        if path in published or folder in ("", root):
            return True
        levels = folder.removeprefix(f"{root}/" if root else "").split("/")
        return folder not in others and any(map(_FOLDERS.fullmatch, levels))

    def rank(path: str) -> tuple[bool, bool, bool, int]:
        name = basename(path)
        return name in _LAST, path not in published, _FIRST.match(name) is None, path.count("/")

    paths = [
        path
        for path, size in listing.sizes.items()
        if _FILES.fullmatch(basename(path))
        and (size <= LARGEST or path.endswith(".eval"))
        and basename(dirname(path)) != _HUB_FOLDER
        and (path in published or not in_data_folder(path))
        and near(path)
        and not holds_token(path)
        and not _LOCAL.search(path)
    ]
    # The names of harnesses end with the time: the latest results come first, and older ones repeat them.
    return sorted(sorted(paths, reverse=True), key=rank)


def _read(listing: Listing, path: str) -> _Found | None:
    try:
        if path.endswith(".eval"):
            data = content_of(path, listing.folder, _PLACE) if listing.folder else b""
        else:
            data = listing.head(path, LARGEST)
        results = read_results(data, path, _PLACE) or ()
    except (InvalidDocumentError, CardError, OSError):
        return None
    found = _Found(path, results)
    if found.is_index:
        # The draft must pass `hublish check`, which rejects invalid results.
        written = [result.written for result in results]
        return None if list(model_index_findings([{"name": "model", "results": written}])) else found
    # Many files have numbers; results have a metric that the Hub knows.
    scores = (score for result in results for score in result.scores)
    return found if any(is_known(score.type) and not score.optional for score in scores) else None


def _complete(found: _Found, task: str | None, values: StatedValues) -> tuple[Section, str, tuple[Result, ...]] | None:
    """Return an entry of `card.evaluation` and the results that it publishes; None if it needs to be filled in."""
    entry: dict[str, Any] = {"file": found.file}
    why = "names its tasks and datasets"
    if not found.is_complete:
        own = values.with_first(found.file)
        dataset, task = own.dataset(), own.task() or task
        if dataset is None or task is None:
            return None
        entry |= {"task": task, "dataset": _with_split(dataset, found)}
        why = f"the dataset is from {dataset.evidence}"
    try:
        selected = select(found.results, EvaluationFile.model_validate(entry), f"{_PLACE}[0]")
    except (InvalidDocumentError, ValueError):
        return None
    return Section(_fields(entry, why)), found.file, selected.results


def _fields(entry: Mapping[str, Any], why: str) -> tuple[Field, ...]:
    return tuple(Field(key, value, why if key == "file" else "") for key, value in entry.items())


def _with_split(dataset: StatedDataset, found: _Found) -> dict[str, str]:
    # The prefix of a name in the file, and the name of the file, tell tests from validations.
    parts = {score.part for result in found.results for score in result.scores if not score.optional}
    is_test = parts == {"test"} or re.match(r"(?:.*[-_])?test[-_.]", basename(found.file), re.IGNORECASE)
    return dict(dataset.keys) | ({"split": "test"} if is_test and "split" not in dataset.keys else {})


def _compatible(
    entries: Iterator[tuple[Section, str, tuple[Result, ...]]],
) -> list[tuple[Section, str, tuple[Result, ...]]]:
    """Return the entries that a card can show together: each value of a metric once, and not too many."""
    chosen: list[tuple[Section, str, tuple[Result, ...]]] = []
    results: list[Result] = []
    for section, file, found in entries:
        # A harness repeats its benchmarks in a file for each run, and the latest comes first.
        known = {result.benchmark for result in results} - {""}
        if all(result.benchmark in known for result in found):
            continue
        together = [*results, *found]
        if sum(len(result.scores) for result in together) <= MOST_SCORES and not any(duplicates(together)):
            chosen.append((section, file, found))
            results = together
    return chosen


def _task(found: _Found) -> str | None:
    named = str(found.results[0].task.get("type") or "")
    return named if named in vocabulary("tasks").ids else None


def _unnamed(listing: Listing, found: _Found, task: str, values: StatedValues) -> Evaluated | None:
    """Return the lines for results whose task or dataset only the user knows."""
    own = values.with_first(found.file)
    dataset = own.dataset()
    keys = _with_split(dataset, found) if dataset else {"type": _PLACEHOLDER, "split": "test"}
    entry = {"file": found.file, "task": own.task() or task, "dataset": keys}
    try:
        select(found.results, EvaluationFile.model_validate(entry), f"{_PLACE}[0]")
    except (InvalidDocumentError, ValueError):
        return None
    items = Items((Section(_fields(entry, "")),))
    field = Field("evaluation", items, _UNNAMED.format(found.file), hint=True, open=True)
    return Evaluated(field, (found.file,), quoted=_quoted(listing, found))


# A name that needs no quotes in `{{ data.metrics.<name> }}`.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def _quoted(listing: Listing, found: _Found) -> tuple[str, str] | None:
    if not found.file.endswith(".json"):
        return None
    top = listing.json_object(found.file)
    scores = (score for result in found.results for score in result.scores if not score.optional)
    fits: Callable[[str], object] = partial(_PLAIN_NAME.fullmatch)
    usable = (score for score in scores if fits(score.name) and isinstance(top.get(score.name), int | float))
    return next(((score.name, (score.also or (score.type,))[0]) for score in usable if is_known(score.type)), None)
