"""Facts from the parameters of a training run, as its author or a library wrote them into a file.

Each parameter is a fact of its own. A dot in its name, or between the levels of a file, becomes a slash.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import SourceFiles, plain, text
from hublish.cards.facts.training_log import PARAMETERS, find_state, latest_run

_LIMIT: Final = 256 << 10
_MOST: Final = 200
_DEEPEST: Final = 4
# A name that belongs to a credential, whose value may have any form.
_SECRET: Final = re.compile(
    r"(?i)(?:token|password|passwd|secret|credential|(?:api|access|private|auth)[-_]?key)s?$|(?:^|[-_./])(?:auth|pwd)$"
)
# The arguments of a Trainer that a card lists; of more than a hundred, most are about logs and devices.
_ARGUMENTS: Final = frozenset(
    """
    adam_beta1 adam_beta2 adam_epsilon bf16 fp16 gradient_accumulation_steps label_smoothing_factor learning_rate
    lr_scheduler_type max_grad_norm max_steps num_train_epochs optim per_device_eval_batch_size
    per_device_train_batch_size seed warmup_ratio warmup_steps weight_decay
    """.split()  # noqa: SIM905 - a list of one word a line would be longer than the module
)
# Sections of a config.json of the author's own.
_SECTIONS: Final = ("hyperparameters", "training_args", "training", "train")
_STATE_KEYS: Final = ("num_train_epochs", "train_batch_size")


def hyperparameter_facts(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the parameters in files of the author, in the log of a Trainer, and in its state; the first one counts."""
    for path in sources.matching(PARAMETERS)[:_MOST]:
        yield from _of_file(sources, path)
    config = sources.mapping("config.json")
    for section in _SECTIONS:
        if isinstance(values := config.get(section), dict):
            yield from _facts(sources, "config.json", values, section)
    run = latest_run(sources)
    if run is not None and run.arguments is not None:
        file, arguments = run.arguments
        yield from _facts(sources, file, {key: arguments.get(key) for key in sorted(_ARGUMENTS)})
    state = find_state(sources)
    if state is not None:
        values = sources.mapping(state, 16 << 20)
        yield from _facts(sources, state, {key: values.get(key) for key in _STATE_KEYS})


def _of_file(sources: SourceFiles, path: str) -> Iterator[Fact]:
    values = sources.mapping(path, _LIMIT) if path.endswith(".json") else _yaml(sources.whole(path, _LIMIT), path)
    # A Trainer's arguments are recognized by a key that all versions have.
    if "per_device_train_batch_size" in values:
        values = {key: value for key, value in values.items() if key in _ARGUMENTS}
    yield from _facts(sources, path, values)


def _yaml(data: bytes | None, path: str) -> Mapping[str, Any]:
    """Return the mapping in a YAML file; an empty one if readers would differ on it."""
    from hublish.schemas.diagnose.problems import InvalidDocumentError, errors_in
    from hublish.schemas.yaml.reader import read_yaml

    if data is None:
        return {}
    try:
        reading = read_yaml(data, path)
    except InvalidDocumentError:
        return {}
    return {} if errors_in(reading.problems) else reading.data


def _facts(sources: SourceFiles, path: str, values: Mapping[str, Any], section: str = "") -> Iterator[Fact]:
    for count, (levels, value) in enumerate(_flat(values, ())):
        if count == _MOST:
            return
        name = "/".join(levels).replace(".", "/")
        key = ".".join((section, *levels) if section else levels)
        yield Fact(f"training.hyperparameters.{name}", value, path, key, sources.released)


def _flat(values: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        # Numbers are counts, such as `max_tokens`.
        if text(key) is None or (_SECRET.search(key) and not isinstance(value, int | float)):
            continue
        levels = (*above, key)
        if isinstance(value, dict) and len(levels) < _DEEPEST:
            yield from _flat(value, levels)
        elif (found := plain(value)) is not None:
            yield levels, found
