"""Choose the weights of a model to release: each set once, and never as a pickle if it can be converted."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from posixpath import basename, dirname, join
from typing import Any, Final

from hublish.base.errors import MissingDependencyError
from hublish.formats import catalogue
from hublish.formats.frameworks import is_installed
from hublish.formats.input_files import InvalidFileError
from hublish.pipeline.draft.file_roles import is_pickle
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import LeftOut, Part, Selection

ESTIMATOR_REASON: Final = "a pickle, which policy.pickle forbids: save it with skops.io.dump as .skops"

_INDEX: Final = f".bin{catalogue.SHARD_INDEX_SUFFIX}"
# Pickles other than checkpoints, which cannot be converted without running their code.
_ESTIMATORS: Final = tuple(
    suffix for suffix in catalogue.PICKLE_SUFFIXES if suffix not in catalogue.CHECKPOINT_SUFFIXES
)
# Names under which libraries look for their weights. transformers calls the same file differently once it is converted.
_SAFE_NAMES: Final = {"pytorch_model": "model"}
_OWN_NAMES: Final = re.compile(r"adapter_model|diffusion_pytorch_model|pytorch_lora_weights|open_clip_pytorch_model")
# Names of checkpoints that are saved during training, such as `epoch=3.ckpt`, and of the one with the best result.
_IN_TRAINING: Final = re.compile(r"(?:^|[-_.])(?:epoch|ep|step|iter|ckpt|checkpoint)s?[-_=.]*\d+", re.IGNORECASE)
_BEST: Final = re.compile(r"(?:^|[-_.])best(?:$|[-_.])", re.IGNORECASE)
# The keys under which training scripts store the state dict, most common first.
_STATE_DICT_KEYS: Final = ("state_dict", "model_state_dict", "model", "net", "module", "generator", "model_ema", "ema")
# A checkpoint with more entries that are not tensors is probably not a state dict.
_MOST_EXCLUDED: Final = 8
# An ONNX model that keeps its data in other files is far smaller than this, in bytes.
_LARGEST_ONNX_READ: Final = 256 << 20


def weights(listing: Listing, files: Iterable[str]) -> Selection:
    """Return the weights to release and to leave out, folder by folder; other files are ignored."""
    by_folder: dict[str, list[str]] = {}
    for path in files:
        by_folder.setdefault(dirname(path), []).append(path)
    found = Selection()
    for _, here in sorted(by_folder.items()):
        found += _unconverted(listing, here) + _onnx(listing, here) + _tensors(listing, here)
    return found


def _unconverted(listing: Listing, here: list[str]) -> Selection:
    parts = [
        Part(found, kind.description, catalogue.LOADED_BY.get(kind.suffix, "copy"))
        for kind in catalogue.FILE_TYPES
        if kind.is_kept and (found := _with_suffix(here, kind.suffix))
    ]
    # OpenVINO keeps binary weights beside an XML description of the model.
    plain = [path for path in _with_suffix(here, ".bin") if not is_pickle(listing, path)]
    if plain:
        parts.append(Part((*plain, *_with_suffix(here, ".xml")), "weights in the format of a runtime"))
    return Selection(tuple(parts))


def _onnx(listing: Listing, here: list[str]) -> Selection:
    models = _with_suffix(here, ".onnx")
    if not models:
        return Selection()
    data = tuple(sorted({path for model in models for path in _external_data(listing, model, here)}))
    why = f"ONNX, with {', '.join(map(basename, data))}" if data else "ONNX; its structure is checked"
    if not is_installed("onnx"):
        why += f"; to publish it: {catalogue.REQUIREMENTS['onnx'].command}"
    return Selection((Part(models, why, "onnx", brings=data),))


def _external_data(listing: Listing, model: str, here: Iterable[str]) -> tuple[str, ...]:
    """Return the files with the data of an ONNX model: as the model names them, or by their usual names.

    Usual names are the best guess for a model on a Hub, and where the package onnx is not installed.
    """
    if listing.folder is None or listing.sizes[model] > _LARGEST_ONNX_READ or not is_installed("onnx"):
        stem = basename(model)
        return tuple(path for path in here if basename(path).startswith((f"{stem}_data", f"{stem}.data")))
    from hublish.formats.onnx import read_onnx  # imports numpy

    try:
        named = read_onnx(listing.folder / model, model).locations
    except (InvalidFileError, MissingDependencyError, OSError):
        named = ()
    return tuple(path for name in named if (path := join(dirname(model), name)) in listing)


def _tensors(listing: Listing, here: list[str]) -> Selection:
    """Select safetensors if there are any, else the files to convert to it."""
    # Libraries prefer safetensors, so that other files beside it are redundant.
    safe, pickled = _with_suffix(here, ".safetensors"), [path for path in here if is_pickle(listing, path)]
    indexes = _with_suffix(here, _INDEX)
    numpy = _with_suffix(here, ".npz")
    if safe:
        rest = [LeftOut(path, f"a pickle beside {basename(safe[0])}") for path in (*pickled, *indexes)]
        # In a Hub repo, arrays beside weights were released on purpose.
        rest += [LeftOut(path, f"arrays beside {basename(safe[0])}") for path in numpy if not listing.from_hub]
        return Selection((Part(safe, "weights"),), tuple(rest))
    kept = _with_suffix(here, catalogue.suffixes_of("sklearn"))
    beside = next((f"a pickle beside {basename(path)}" for path in kept if path not in pickled), ESTIMATOR_REASON)
    estimators = tuple(LeftOut(path, beside) for path in _with_suffix(pickled, _ESTIMATORS))
    torch = [path for path in pickled if not path.lower().endswith(_ESTIMATORS)]
    if indexes:
        return Selection((_sharded(listing, indexes[0], torch),), estimators)
    if torch:
        return _checkpoints(listing, torch) + Selection((), estimators)
    return Selection(tuple(_converted({path: {} for path in numpy}, "NumPy arrays, converted")), estimators)


def _sharded(listing: Listing, index: str, torch: list[str]) -> Part:
    weight_map = listing.json_object(index).get("weight_map")
    names = weight_map.values() if isinstance(weight_map, dict) else ()
    shards = {join(dirname(index), str(name)) for name in names}
    target = f"{_safe_name(basename(index).removesuffix(_INDEX))}.safetensors"
    why = f"{len(shards)} shards, converted: no pickle is uploaded"
    brings = tuple(path for path in torch if path in shards)
    return Part((index,), why, "safetensors", path_in_repo=target, brings=brings)


def _checkpoints(listing: Listing, torch: list[str]) -> Selection:
    """Convert the checkpoint to release, or each of several that are parts of one model."""
    kept, left = _final(torch)
    read = {path: _options(listing, path) for path in kept}
    left += [LeftOut(path, found) for path, found in read.items() if isinstance(found, str)]
    options = {path: found for path, found in read.items() if not isinstance(found, str)}
    parts = _converted(options, "a PyTorch checkpoint, converted: no pickle is uploaded")
    return Selection(tuple(parts), tuple(left))


def _final(torch: list[str]) -> tuple[list[str], list[LeftOut]]:
    """Return the checkpoints with the result of the training, and the other ones."""
    final = [path for path in torch if not _IN_TRAINING.search(basename(path))]
    if not final:  # all are states of one training run: the last is the result
        final = [max(torch, key=lambda path: tuple(map(int, re.findall(r"\d+", basename(path)))))]
    # Without a best one, several final checkpoints are parts of one model, such as encoder and decoder.
    best = [path for path in final if _BEST.search(basename(path).rpartition(".")[0])]
    kept = best[:1] or final
    why = f"another state of the training; {basename(kept[0])} is released"
    return kept, [LeftOut(path, why) for path in torch if path not in kept]


def _options(listing: Listing, path: str) -> dict[str, Any] | str:
    """Return the options to convert a checkpoint, or the reason that it cannot be converted.

    Nothing is unpickled. A file on a Hub is not read; the assumption is that it is a state dict.
    """
    if listing.folder is None:
        return {}
    try:
        return _options_with_key(listing.folder / path, None)
    except InvalidFileError as error:
        # The draft names the file already, by its path in the folder.
        reason = error.message.removeprefix(f"{listing.folder / path}: ")
        reason = f"{reason}; {error.hint}" if error.hint else reason
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    for key in _STATE_DICT_KEYS:
        with suppress(InvalidFileError, OSError):
            return _options_with_key(listing.folder / path, key)
    return f"cannot be converted: {reason}"


def _options_with_key(path: Path, key: str | None) -> dict[str, Any]:
    # Both import numpy.
    from hublish.formats.tensors.pytorch.torch_file import read_state_dict
    from hublish.formats.tensors.tensor_options import exclusion

    found = read_state_dict(path, key)
    if not found.tensors or len(found.others) > _MOST_EXCLUDED:
        raise InvalidFileError(f"{len(found.others)} of its entries are not tensors")
    # An entry with tensors may be the weights, which a draft must not leave out.
    for entry in found.others.values():
        if entry.hint:
            raise InvalidFileError(entry.message, hint=entry.hint)
    options: dict[str, Any] = {} if key is None else {"key": key}
    return {**options, "exclude": exclusion(sorted(found.others))} if found.others else options


def _converted(options_of: Mapping[str, Mapping[str, Any]], why: str) -> Iterator[Part]:
    for path, options in options_of.items():
        stem = _safe_name(basename(path).rpartition(".")[0])
        target = stem if _OWN_NAMES.match(stem) or len(options_of) > 1 else "model"
        yield Part((path,), why, "safetensors", options, f"{target}.safetensors")


def _safe_name(stem: str) -> str:
    """Return the name of converted weights; a variant follows a dot, as in `pytorch_model.fp16`."""
    name, dot, variant = stem.partition(".")
    return f"{_SAFE_NAMES.get(name, name)}{dot}{variant}"


def _with_suffix(paths: Iterable[str], suffix: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in paths if path.lower().endswith(suffix))
