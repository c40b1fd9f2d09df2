"""Read the evaluation results of a card from the files that the manifest names.

`hublish.cards.results` knows the formats of the files, and the forms in which the Hub reads results.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from hublish.base.errors import CardError
from hublish.cards.results.leaderboards import leaderboard_problems
from hublish.cards.results.recognition import CODE, FORMS, LARGEST, LOG_START, log_header, read_results
from hublish.cards.results.result import Result, Selected
from hublish.cards.results.selection import duplicates, select, too_many
from hublish.formats.blob import StreamBlob
from hublish.pipeline.render_card.card_files import opened_inside, read_inside
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, InvalidDocumentError, Problem
from hublish.schemas.documents.card_evaluation import Evaluation, EvaluationFile

# The largest file that is named without a list, in bytes: all its results go into the front matter of the card.
EVALUATION_LIMIT: Final = 1 << 20

_PATH: Final = "card.evaluation"
_HINT: Final = "name a JSON file with evaluation results"
_UNREADABLE: Final = "the evaluation results cannot be read"
_LISTED: Final = (
    "write a list of {task, dataset, metrics}, as in a card's model-index; or name the task and the dataset of the "
    "file: `evaluation: [{file: ..., task: ..., dataset: {type: ...}}]`"
)
_Found = TypeVar("_Found")


def read_evaluation(evaluation: Evaluation, folder: Path) -> Selected:
    """Return the results in the files that `card.evaluation` names.

    Args:
        evaluation: the value of the field.
        folder: the manifest's folder.

    Raises:
        CardError: with every problem of every file.
    """
    if isinstance(evaluation, str):
        return _checked(lambda: _of_path(evaluation, folder))
    problems: list[Problem] = []
    warnings: list[Problem] = []
    chosen: list[Result] = []
    read = _Files(folder, {})
    for index, entry in enumerate(evaluation):
        place = f"{_PATH}[{index}]"
        try:
            selected = _checked(lambda entry=entry, place=place: read.selected(entry, place))  # type: ignore[misc]
        except CardError as error:
            problems += error.problems
            continue
        chosen += selected.results
        warnings += selected.warnings
    problems += [*islice(duplicates(chosen), MAX_PROBLEMS), *too_many(chosen), *leaderboard_problems(chosen)]
    if problems:
        raise CardError(_UNREADABLE, problems=problems + warnings)
    return Selected(tuple(chosen), tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Files:
    """The results of every file, which several entries may name."""

    folder: Path
    known: dict[str, tuple[Result, ...]]

    def selected(self, entry: EvaluationFile, place: str) -> Selected:
        path = f"{place}.file"
        if entry.file not in self.known:
            found = read_results(content_of(entry.file, self.folder, path), entry.file, path)
            if found is None:
                raise _refusal(f"{entry.file} contains no results", FORMS, path)
            self.known[entry.file] = found
        return select(self.known[entry.file], entry, place)


def content_of(file: str, folder: Path, path: str) -> bytes:
    """Return the bytes of a file of results; of a log of inspect-ai, only its header.

    Raises:
        CardError, InvalidDocumentError: when it cannot be read.
    """
    with opened_inside(folder, file, path, _HINT) as (stream, size):
        # A log of inspect-ai may have gigabytes of samples, which are not read.
        if stream.read(len(LOG_START)) == LOG_START:
            return log_header(StreamBlob(stream, size), file, path)
    return read_inside(folder, file, path, LARGEST, "keep the results in a file of their own, without samples")


def _of_path(file: str, folder: Path) -> Selected:
    """Return the results in a file that names the task and the dataset of each."""
    data = read_inside(folder, file, _PATH, EVALUATION_LIMIT, _HINT)
    found = read_results(data, file, _PATH, max_bytes=EVALUATION_LIMIT)
    if found is None or not all((result.task and result.dataset) or result.written is not None for result in found):
        raise _refusal(f"{file} contains no list of results", _LISTED, _PATH)
    # The rules for the metadata check a model-index as it is written.
    if all(result.written is not None for result in found):
        return Selected(found)
    return select(found, EvaluationFile(file=file), _PATH)


def _checked(read: Callable[[], _Found]) -> _Found:
    try:
        return read()
    except InvalidDocumentError as error:
        raise CardError(_UNREADABLE, problems=error.problems) from None


def _refusal(message: str, hint: str, path: str) -> InvalidDocumentError:
    return InvalidDocumentError((Problem(CODE, message, hint, path),))
