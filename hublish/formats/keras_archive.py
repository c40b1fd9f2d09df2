"""A `.keras` archive: `config.json`, `metadata.json` and `model.weights.h5` in a zip.

The format: https://keras.io/guides/serialization_and_saving/. Its configuration is data but for lambdas, which are
Python bytecode in base64: safe mode refuses them, and several ways around safe mode were found. They are looked for
here as well.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hublish.base.errors import LoadError
from hublish.formats.archives import opened_archive, read_member, write_reproducibly
from hublish.formats.input_files import InvalidFileError, invalid_file_as
from hublish.formats.interface import TensorInfo

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_JSON = 64 << 20
_MAX_NODES = 2_000_000
# An HDF5 weight of a few bytes may claim terabytes that were never written.
_FLOOR = 64 << 20
_MOST_EXPANSION = 100


def code_in(path: Path, name: str) -> str:
    """Return where the model's configuration carries bytecode; empty when it carries none.

    Args:
        path: the archive.
        name: how errors call it.

    Raises:
        InvalidFileError: when it is no `.keras` archive, or damaged.
    """
    with opened_archive(path, name) as archive:
        config = _json(archive, CONFIG)
        if WEIGHTS not in archive.namelist():
            msg = f"it has no member {WEIGHTS}"
            raise InvalidFileError(msg, hint="is it a Keras 3 archive, saved whole?")
    return next((place for place, node in _nodes(config) if _is_code(node)), "")


def write_canonical(draft: Path, target: Path) -> None:
    """Copy an archive without the time it was saved at.

    Raises:
        InvalidFileError: when it is no `.keras` archive.
    """
    with opened_archive(draft, target.name) as archive:
        metadata = _json(archive, METADATA)
    kept = {key: value for key, value in metadata.items() if key != "date_saved"}
    write_reproducibly(draft, target, {METADATA: json.dumps(kept).encode()})


class KerasArrays(Mapping[str, Any]):
    """The weights of an archive, read when they are touched."""

    def __init__(self, h5py: Any, path: Path, stored: Mapping[str, TensorInfo]) -> None:
        self._h5py = h5py
        self._path = path
        self._stored = stored

    @classmethod
    def of(cls, h5py: Any, name: str, path: Path) -> "KerasArrays":
        """Describe the weights of the archive at `path`, which errors call `name`.

        Raises:
            InvalidFileError: when it is damaged, or its weights lie in other files.
        """
        stored: dict[str, TensorInfo] = {}

        def add(place: str, node: Any) -> None:
            if not isinstance(node, h5py.Dataset):
                return
            if node.external or node.is_virtual:
                msg = f"{name}: weight {ascii(place)[:80]} lies in another file"
                raise InvalidFileError(msg)
            nbytes, held = int(node.nbytes), int(node.id.get_storage_size())
            if nbytes > max(_FLOOR, held * _MOST_EXPANSION):
                msg = f"{name}: weight {ascii(place)[:80]} expands to {nbytes} bytes, from {held}"
                raise InvalidFileError(msg)
            stored[place] = TensorInfo(place, tuple(map(int, node.shape or ())), str(node.dtype), nbytes, name)

        with opened_archive(path, name) as archive, archive.open(WEIGHTS) as member, h5py.File(member) as weights:
            weights.visititems(add)  # never follows a link out of the file
        return cls(h5py, path, stored)

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """What the archive holds."""
        return tuple(self._stored.values())

    def __getitem__(self, name: str) -> Any:
        place = self._stored[name].name
        with (
            invalid_file_as(LoadError),
            opened_archive(self._path, self._path.name) as archive,
            archive.open(WEIGHTS) as member,
            self._h5py.File(member) as weights,
        ):
            return weights[place][()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __contains__(self, name: object) -> bool:
        return name in self._stored


def _json(archive: zipfile.ZipFile, member: str) -> dict[str, Any]:
    text = read_member(archive, member, _MAX_JSON)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        msg = f"its member {member} is not JSON"
        raise InvalidFileError(msg) from None
    if not isinstance(value, dict):
        msg = f"its member {member} is not a JSON object"
        raise InvalidFileError(msg)
    return value


def _nodes(config: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object of the configuration with the names that lead to it."""
    waiting: list[tuple[str, Any]] = [("", config)]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        place, node = waiting.pop()
        if isinstance(node, dict):
            yield place or CONFIG, node
            waiting += [(f"{place}.{key}".lstrip("."), value) for key, value in node.items()]
        elif isinstance(node, list):
            waiting += [(f"{place}[{index}]", value) for index, value in enumerate(node)]
    msg = f"its configuration has more than {_MAX_NODES} parts"
    raise InvalidFileError(msg)


def _is_code(node: Mapping[str, Any]) -> bool:
    if node.get("class_name") == "__lambda__":
        return True
    # Keras 2.12 to 2.15 wrote the bytecode into the layer's own configuration.
    config = node.get("config")
    is_layer = node.get("class_name") == "Lambda" and isinstance(config, dict)
    return is_layer and (config.get("function_type") == "lambda" or isinstance(config.get("function"), list))  # type: ignore[union-attr]  # a dict, as is_layer says
