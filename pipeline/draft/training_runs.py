"""Draft how a card shows the training of a model: its logs and its parameters, in and beside the release."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename
from re import compile as compiled
from typing import Any, Final

from hublish.base.content import Content, OnDisk
from hublish.cards.facts.derive_facts import derive_facts
from hublish.cards.facts.fact import Fact
from hublish.cards.facts.training_log import HISTORY, LOG, describes_run
from hublish.cards.named_data import DATA_LIMIT, read_data
from hublish.pipeline.draft.commented_yaml import Expression, Field
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Part
from hublish.pipeline.draft.stated_values import StatedValues
from hublish.pipeline.render_card.training_logs import run_files_beside
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.secrets.masking import holds_token

# The log of a run as text. A larger one is not worth its download, and the card draws its curves either way.
_LARGEST_LOG: Final = 1 << 20
_KEY: Final = compiled(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
# Parameters that readers ask for first.
_ASKED: Final = ("learning_rate", "lr", "epochs", "num_train_epochs", "batch_size")
# The facts of a file and their use in the card, the most visible first.
_USES: Final = {
    "training.log": "the card draws its curves",
    "training.hyperparameters": "the card lists its parameters",
    "training.energy": "the card shows the energy that it measured",
    "training.emissions": "the card shows the emissions that it measured",
    "training.seconds": "the card shows the time of the training",
    "training.steps": "the card shows the steps of the training",
}


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """The parts of a draft that come from the files of a run."""

    parts: tuple[Part, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Files that the card uses and the release does not contain."""
    detected: tuple[Detected, ...] = ()


def training_run(listing: Listing, released: Collection[str], own: Collection[str]) -> TrainingRun:
    """Return the logs of a model's training.

    A text log in the model's folder is released, so that readers can compute the curves again. The state of a Trainer
    and event files stay out: they name folders and hosts of the author.

    Args:
        listing: the files of the folder.
        released: those that are part of the release.
        own: those that may be released from the model's folder.
    """
    if listing.folder is None:
        return TrainingRun()
    known = tuple(_on_disk(listing, released))
    facts = derive_facts(known, beside=run_files_beside(listing.folder, released))
    uses = _uses(facts)
    log = next((fact.file for fact in facts if fact.name == "training.log"), None)
    parts: tuple[Part, ...] = ()
    is_small = log is not None and listing.sizes.get(log, _LARGEST_LOG + 1) <= _LARGEST_LOG
    if log is not None and log in own and log not in released and _is_text_log(log) and is_small:
        parts = (Part((log,), "the log of the training; the card draws its curves"),)
        uses.pop(log, None)
    detected = (Detected("a training log", log),) if log is not None else ()
    beside = ((file, use) for file, use in uses.items() if file not in released)
    return TrainingRun(parts, tuple(_left_out(listing, file, use) for file, use in beside), detected)


def _on_disk(listing: Listing, paths: Collection[str]) -> Iterator[tuple[str, Content]]:
    assert listing.folder is not None
    for path in paths:
        if describes_run(basename(path)):
            yield path, OnDisk.at(listing.folder / path)


def _uses(facts: tuple[Fact, ...]) -> dict[str, str]:
    """Return how a card uses each file; the most visible use counts."""
    found: dict[str, str] = {}
    for name, use in _USES.items():
        for fact in facts:
            if fact.name == name or fact.name.startswith(f"{name}."):
                found.setdefault(fact.file, use)
    return found


def _is_text_log(path: str) -> bool:
    return any(pattern.fullmatch(basename(path)) for pattern in (LOG, HISTORY))


def _left_out(listing: Listing, file: str, use: str) -> LeftOut:
    # Folders of logs are not entered by the listing, and are reported as a whole.
    folder = next((folder for folder in listing.skipped if file.startswith(f"{folder}/")), None)
    if folder is None:
        return LeftOut(file, f"not uploaded; {use}")
    return LeftOut(f"{folder}/", f"{listing.skipped[folder]}; of {file}, {use}")


def quoted_data(
    listing: Listing, values: StatedValues, metric: tuple[str, str, str] | None
) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Return `card.data` for the parameters and metrics that a text may quote, and hints that show how.

    Args:
        listing: the files of the folder.
        values: the files with parameters.
        metric: a file of metrics, the name of one in it, and its name for readers.
    """
    named: dict[str, str] = {}
    hints: list[Field] = []
    for path in values.parameters:
        key = _quotable(_data(listing, path), "data.params")
        if key is not None and "params" not in named:
            named["params"] = path
            name = key.rpartition(".")[2]
            text = Expression(f"Trained with a `{name}` of {{{{ {key} }}}}.")
            hints.append(Field("description", text, "an example that quotes `data`", hint=True))
    if metric is not None and isinstance(_data(listing, metric[0]), Mapping):
        named["metrics"] = metric[0]
        text = Expression(f"Its {metric[2]} is {{{{ data.metrics.{metric[1]} | score }}}}.")
        hints.append(
            Field("results_summary", text, "another one" if hints else "an example that quotes `data`", hint=True)
        )
    why = "files whose values the texts of the card can quote"
    return ((Field("data", named, why),) if named else ()), tuple(hints)


def _data(listing: Listing, path: str) -> Any:
    if listing.sizes[path] > DATA_LIMIT:
        return None
    try:
        return read_data(listing.head(path, DATA_LIMIT), path)
    except InvalidDocumentError:
        return None


def _quotable(value: Any, place: str, depth: int = 2) -> str | None:
    """Return the place of a number in parameters that a text can quote."""
    if not isinstance(value, Mapping):
        return None
    keys = [key for key in value if isinstance(key, str) and _KEY.fullmatch(key) and not holds_token(key)]
    order = sorted(keys, key=lambda key: _ASKED.index(key) if key in _ASKED else len(_ASKED))
    for key in order:
        if isinstance(value[key], int | float) and not isinstance(value[key], bool):
            return f"{place}.{key}"
    nested = (_quotable(value[key], f"{place}.{key}", depth - 1) for key in order) if depth else ()
    return next((found for found in nested if found), None)
