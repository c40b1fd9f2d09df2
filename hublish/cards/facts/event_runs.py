"""The runs that TensorBoard shows: the event files of one folder, and which of several runs is the latest."""

from dataclasses import dataclass
from posixpath import basename
from typing import Any, Final

from hublish.base.content import ContentChangedError
from hublish.cards.facts.run_files import EVENTS
from hublish.cards.facts.source_files import SourceFiles, folder_of, parsed_json
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensorboard_events import MAX_FILE, LoggedValue, logged_values

# Folders into which Keras splits a run.
_PARTS: Final = ("train", "validation")
# Bytes of all files of one run that are read.
_BUDGET: Final = MAX_FILE
# The tag under which transformers logs the arguments of a Trainer.
_ARGUMENTS: Final = "args/text_summary"


@dataclass(frozen=True, slots=True)
class EventRun:
    """The values of a run."""

    file: str
    """The largest file, which is named as the source."""
    entries: tuple[dict[str, Any], ...]
    """Each with a step or an epoch, and one value."""
    arguments: tuple[str, dict[str, Any]] | None
    """The arguments of a Trainer, and the file with them."""


def latest_run(sources: SourceFiles) -> EventRun | None:
    """Return the run whose files were begun last, by the time in their names; None without a readable one."""
    found: EventRun | None = sources.once("the latest run", lambda: _latest(sources))
    return found


def _latest(sources: SourceFiles) -> EventRun | None:
    runs: dict[str, list[str]] = {}
    begun: dict[str, int] = {}
    for path in sources.matching(EVENTS):
        folder = _run_of(path)
        runs.setdefault(folder, []).append(path)
        begun[folder] = max(begun.get(folder, 0), int(basename(path).split(".")[3]))
    for folder in sorted(runs, key=lambda name: (begun[name], name), reverse=True)[:10]:
        run = _read(sources, runs[folder])
        if run is not None:
            return run
    return None


def _run_of(path: str) -> str:
    folder = folder_of(path)
    return folder_of(folder) if basename(folder) in _PARTS else folder


def _read(sources: SourceFiles, paths: list[str]) -> EventRun | None:
    entries: list[dict[str, Any]] = []
    arguments: tuple[str, dict[str, Any]] | None = None
    budget = _BUDGET
    for path in paths:
        budget -= sources.size(path)
        if budget < 0:
            break
        part = basename(folder_of(path))
        prefix = f"{part}/" if part in _PARTS else ""
        for logged in _values(sources, path):
            if isinstance(logged.value, str):
                found = parsed_json(logged.value.encode()) if logged.tag == _ARGUMENTS else None
                arguments = (path, found) if isinstance(found, dict) else arguments
            else:
                # Keras counts epochs, under tags of this form.
                axis = "epoch" if logged.tag.startswith("epoch_") else "step"
                entries.append({axis: logged.step, f"{prefix}{logged.tag}": logged.value})
    if not entries and arguments is None:
        return None
    largest = max(paths, key=lambda path: (sources.size(path), path))
    return EventRun(largest, tuple(entries), arguments)


def _values(sources: SourceFiles, path: str) -> list[LoggedValue]:
    """Return the values of a file; none of a damaged one."""
    try:
        return list(logged_values(sources.contents[path], sources.size(path)))
    except (OSError, ContentChangedError, InvalidFileError):
        return []
