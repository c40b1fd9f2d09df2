"""Which format a release is in, and which of its files loading needs when nobody says."""

from collections.abc import Collection, Iterable
from typing import Final

from hublish.base.errors import LoadError

CONFIG: Final = "config.json"
"""What a class is constructed from, as huggingface_hub's mixins write it."""
_BY_ENDING: Final = {
    ".safetensors": "safetensors",
    ".gguf": "gguf",
    ".keras": "keras",
    ".skops": "sklearn",
    ".onnx": "onnx",
    ".npz": "numpy",
    ".npy": "numpy",
}
"""Formats that are recognised when the load plan names none."""

_WITH_DATA_BESIDE: Final = (".onnx",)
"""Formats that keep data in files of any name beside the one with the ending."""


def recognised(paths: Iterable[str]) -> str:
    """Return the name of the serializer that reads one of the files.

    Raises:
        LoadError: when none is known to.
    """
    paths = tuple(paths)
    for ending, name in _BY_ENDING.items():
        if any(path.endswith(ending) for path in paths):
            return name
    msg = "no weights in a format hublish can load"
    raise LoadError(msg, hint="`hublish pull` gives the files themselves")


def loadable(paths: Collection[str]) -> tuple[str, ...]:
    """Return the files that loading reads when no load plan says: weights of a known format, and the configuration.

    A repo often holds the same weights in five formats; only one of them is worth the download. All of them are
    returned when none is known, so that what is wrong is said where the weights are opened.
    """
    ending = next((known for known in _BY_ENDING if any(path.endswith(known) for path in paths)), None)
    if ending is None or ending in _WITH_DATA_BESIDE:
        return tuple(paths)
    return tuple(path for path in paths if path.endswith((ending, f"{ending}.index.json")) or path == CONFIG)
