"""The files of a release by suffix: which format they are in, and which of them a format reads."""

import glob
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from hublish.base.errors import LoadError, SerializationError
from hublish.formats.catalogue import COMPANIONS, FORMATS, LOADED_BY, SHARD_INDEX_SUFFIX

CONFIG: Final = "config.json"
"""The arguments of a class, as huggingface_hub's mixins write them."""
CHECKPOINT: Final = "pytorch_model.bin"
CHECKPOINT_INDEX: Final = f"{CHECKPOINT}{SHARD_INDEX_SUFFIX}"
"""The weights of repos from before safetensors, as huggingface_hub and transformers name them."""
_CHECKPOINT_FILE: Final = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin|" + re.escape(CHECKPOINT_INDEX))
# An ONNX model refers to its data by file names of any form, so no suffix selects the files that it needs.
_WITH_DATA_OF_ANY_NAME: Final = FORMATS["onnx"].suffixes
# The format whose files may be shards, and the names of weights in transformers, diffusers, peft and huggingface_hub.
_SHARDED: Final = FORMATS["safetensors"].suffix
_SHARD_NUMBER: Final = re.compile(r"-\d{5,}-of-\d{5,}\Z", re.ASCII)
_MAIN_NAMES: Final = ("model", "diffusion_pytorch_model", "pytorch_model", "adapter_model")
_MOST_SHOWN = 5  # paths in an error


def serializer_for(paths: Iterable[str]) -> str:
    """Return the name of the serializer that loads one of the files, the preferred one when there are several.

    Raises:
        LoadError: no suffix belongs to a format that hublish loads.
    """
    suffix = _loaded_suffix(tuple(paths))
    if suffix is None:
        msg = "no weights in a format hublish can load"
        raise LoadError(msg, hint="`hublish pull` downloads the files as they are")
    return LOADED_BY[suffix]


def loadable(paths: Collection[str]) -> tuple[str, ...]:
    """Return the files that loading needs when the load plan selects none: weights of one format, and config.json.

    A repo often holds the same weights in five formats, and only one of them is worth the download. Returns all paths
    when no format is known: opening the weights then raises an error that explains it.
    """
    suffix = _loaded_suffix(paths)
    if suffix is None and (checkpoint := checkpoint_files(paths)):
        return tuple(path for path in paths if path in checkpoint or path == CONFIG)
    if suffix is None or suffix in _WITH_DATA_OF_ANY_NAME:
        return tuple(paths)
    weights = [path for path in paths if path.endswith((suffix, f"{suffix}{SHARD_INDEX_SUFFIX}"))]
    chosen = _main_weights(weights) if suffix == _SHARDED else frozenset(weights)
    return tuple(path for path in paths if path in chosen or path == CONFIG)


def loads_arrays(paths: Collection[str], declared: str | None = None) -> bool:
    """Return whether `hublish.load` opens arrays from files of these names.

    Args:
        paths: the files that loading selects.
        declared: the serializer of the load plan; None when the names imply one.
    """
    suffix = _loaded_suffix(paths)
    name = declared or (LOADED_BY[suffix] if suffix else None)
    if name is None:
        return bool(checkpoint_files(paths))
    entry = FORMATS.get(name)
    # The serializer of another distribution is not imported to find that out.
    return entry is None or (entry.loads_arrays and any(has_suffix(path, entry.suffixes) for path in paths))


def load_patterns(path: str) -> tuple[str, ...]:
    """Return the patterns of the files that a dump to `path` may write: that one, and its shards or companions."""
    exact = glob.escape(path)
    if not path.endswith(_SHARDED):
        return (exact, *COMPANIONS.get(PurePosixPath(path).suffix, ()))
    # Not all of the suffix: the repo may hold other weights already.
    return (exact, f"{exact.removesuffix(_SHARDED)}-*-of-*{_SHARDED}", f"{exact}{SHARD_INDEX_SUFFIX}")


def _main_weights(paths: Iterable[str]) -> frozenset[str]:
    """Return the weights of the model itself, without copies of them in another precision and other models' weights.

    All of them when no name shows which those are.
    """
    # By the name of the whole: that of its shards without their numbers.
    groups: dict[str, list[str]] = {}
    for path in paths:
        stem = path.removesuffix(SHARD_INDEX_SUFFIX).removesuffix(_SHARDED)
        groups.setdefault(_SHARD_NUMBER.sub("", stem), []).append(path)
    main = next((groups[name] for name in _MAIN_NAMES if name in groups), None)
    # `model.fp16` is a variant of `model`, as transformers and diffusers name them.
    kept = [main] if main else [found for name, found in groups.items() if name.rpartition(".")[0] not in groups]
    return frozenset(path for found in kept for path in _one_form(found))


def _one_form(paths: list[str]) -> list[str]:
    """Leave out the shards of weights that are there as one file, which other loaders prefer too."""
    whole = [
        path for path in paths if path.endswith(_SHARDED) and not _SHARD_NUMBER.search(path.removesuffix(_SHARDED))
    ]
    return whole or paths


def checkpoint_files(paths: Iterable[str]) -> frozenset[str]:
    """Return the files of `pytorch_model.bin`, which are loaded only where no other weights are; else none."""
    paths = tuple(paths)
    return frozenset() if _loaded_suffix(paths) else frozenset(filter(_CHECKPOINT_FILE.fullmatch, paths))


def has_suffix(path: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether the file's name has one of the suffixes, and a stem before it."""
    # A file called `.onnx` is hidden, and has no suffix.
    name = path.rpartition("/")[2]
    return any(name.endswith(suffix) and len(name) > len(suffix) for suffix in suffixes)


def check_suffix(path_in_repo: str, suffixes: tuple[str, ...]) -> None:
    """Raise an error for a path in the repo that readers of the format would not recognize.

    Raises:
        SerializationError: it has none of the suffixes; the hint is a path that works.
    """
    if not has_suffix(path_in_repo, suffixes):
        msg = f"path_in_repo {path_in_repo!r} does not end with {' or '.join(suffixes)}"
        raise SerializationError(msg, hint=f"write for instance path_in_repo: model{suffixes[0]}")


def with_suffix(files: Mapping[str, Path], suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Return the files with one of the suffixes, sorted by path.

    Raises:
        LoadError: no file has one.
    """
    # Sorted, so that errors and arrays do not depend on the order of a download.
    found = {path: files[path] for path in sorted(files) if has_suffix(path, suffixes)}
    if not found:
        msg = f"no {' or '.join(suffixes)} file among {len(files)} files"
        raise LoadError(msg, hint="check that load.allow_patterns selects it")
    return found


def only(files: Mapping[str, Path], suffixes: tuple[str, ...], serializer: str) -> tuple[str, Path]:
    """Return the path in the repo and the local path of the one file with such a suffix.

    Raises:
        LoadError: no file has one, or several do.
    """
    found = with_suffix(files, suffixes)
    # Loading one of several at random would depend on their names; the load plan has to select.
    if len(found) > 1:
        msg = f"serializer {serializer} loads one file, and there are {len(found)}: "
        raise LoadError(msg + ", ".join([*found][:_MOST_SHOWN]), hint="select one of them with load.allow_patterns")
    return next(iter(found.items()))


def output_path(workspace: Path, path_in_repo: str) -> Path:
    """Return the local path to write a file for the repo to, and create its folder."""
    # A dump's workspace is its own, so the file's name alone cannot collide.
    workspace.mkdir(parents=True, exist_ok=True)
    return workspace / path_in_repo.rpartition("/")[2]


def _loaded_suffix(paths: Collection[str]) -> str | None:
    return next((suffix for suffix in LOADED_BY if any(path.endswith(suffix) for path in paths)), None)
