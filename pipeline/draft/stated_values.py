"""Read from parameters and results which task and dataset they are about."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname
from typing import Any, Final

from hublish.cards.facts.training_log import PARAMETERS
from hublish.pipeline.draft.listing import SMALL, Listing
from hublish.pipeline.draft.model_facts import is_on_hub
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.vocabulary import vocabulary

# The names of arguments in the examples of transformers, TRL and lighteval, and those that authors choose.
_DATASET: Final = ("dataset", "dataset_name", "dataset_id", "hf_dataset", "eval_dataset", "test_dataset")
_TYPE: Final = ("type", "path", "id", "repo_id", "name")
_CONFIG: Final = ("dataset_config_name", "dataset_config", "dataset_subset", "subset")
_SPLIT: Final = ("test_split", "eval_split", "evaluation_split", "dataset_test_split")
_TASK: Final = ("task", "task_type", "pipeline_tag", "task_name")
# Sections of parameters, for example of DVC.
_SECTIONS: Final = ("data", "dataset", "eval", "evaluation", "training", "train")
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,79}(?:/[A-Za-z0-9][\w.-]{0,79})?", re.ASCII)
_FILE: Final = re.compile(r".*\.(?:csv|tsv|jsonl?|parquet|txt|npz|npy|arrow|ya?ml|zip|gz|tar|pt|pkl|h5)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatedDataset:
    """A dataset that a file names."""

    keys: Mapping[str, str]
    """`type`, `name`, `config` and `split`, as in `card.evaluation`."""
    evidence: str
    """The file and the key: `params.yaml: dataset_name`."""


@dataclass(frozen=True, slots=True)
class StatedValues:
    """Files with values, those that count most first."""

    listing: Listing
    files: tuple[str, ...]
    _read: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The content of files that were read, which each file of results is compared with."""

    @classmethod
    def of(cls, listing: Listing, root: str) -> "StatedValues":
        """Return the parameters and the configuration beside a model."""
        found = (path for path in listing.sizes if dirname(path) in ("", root))
        chosen = [path for path in found if PARAMETERS.fullmatch(basename(path)) or basename(path) == "config.json"]
        return cls(listing, tuple(sorted(chosen, key=lambda path: (basename(path) == "config.json", -len(path)))))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The files of parameters."""
        return tuple(path for path in self.files if PARAMETERS.fullmatch(basename(path)))

    def with_first(self, file: str) -> "StatedValues":
        """Return the values with those of a file that counts more."""
        return replace(self, files=(file, *self.files))

    def dataset(self) -> StatedDataset | None:
        """Return the first dataset that is named."""
        return next((found for place, values in self._mappings() if (found := _dataset(values, place))), None)

    def task(self) -> str | None:
        """Return the first task that is named."""
        tasks = vocabulary("tasks").ids
        named = (values.get(key) for _, values in self._mappings() for key in _TASK)
        return next((one for one in named if isinstance(one, str) and one in tasks), None)

    def _mappings(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for path in self.files:
            if path not in self._read:
                self._read[path] = _mapping(self.listing, path)
            values = self._read[path]
            yield path, values
            for section in _SECTIONS:
                if isinstance(inner := values.get(section), Mapping):
                    yield path, inner


def _mapping(listing: Listing, path: str) -> Mapping[str, Any]:
    """Return the mapping in a small JSON or YAML file; empty if it has another content."""
    if path.endswith(".json"):
        return listing.json_object(path)
    if not path.endswith((".yaml", ".yml")) or listing.sizes.get(path, SMALL + 1) > SMALL:
        return {}
    from hublish.schemas.yaml.reader import read_yaml

    try:
        reading = read_yaml(listing.head(path, SMALL), path)
    except InvalidDocumentError:
        return {}
    return {} if reading.problems else reading.data


def _dataset(values: Mapping[str, Any], path: str) -> StatedDataset | None:
    for key in _DATASET:
        named = values.get(key)
        if isinstance(named, Mapping):
            keys = {"type": next((found for one in _TYPE if (found := _name(named.get(one)))), None)}
            keys |= {one: _name(named.get(one)) for one in ("name", "config", "split")}
        else:
            keys = {"type": _name(named), "config": _first(values, _CONFIG), "split": _first(values, _SPLIT)}
        if keys["type"]:
            known = {name: value for name, value in keys.items() if value is not None}
            return StatedDataset(
                known if known.get("name") != known["type"] else _without_name(known), f"{path}: {key}"
            )
    return None


def _without_name(keys: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in keys.items() if key != "name"}


def _first(values: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((found for key in keys if (found := _name(values.get(key)))), None)


def _name(value: object) -> str | None:
    """Return a value that can name a dataset; None for paths and other values."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None or _FILE.fullmatch(value) or holds_token(value):
        return None
    return value if "/" not in value or is_on_hub(value) else None
