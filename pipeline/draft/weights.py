"""Which weights of a folder are released, and in which format: never twice the same, never as a pickle."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hublish.formats.catalogue import CHECKPOINT_SUFFIXES, FILE_TYPES, LOADED_BY, PICKLE_SUFFIXES, SHARD_INDEX_SUFFIX
from hublish.pipeline.draft.checkpoints import Checkpoint, look_at
from hublish.pipeline.draft.onnx_data import external_data
from hublish.pipeline.draft.parts import LeftOut, Part, Sorted
from hublish.pipeline.draft.tree import Tree, folder_of, joined, name_of

# Pickles that are not checkpoints: estimators, which only unpickling could convert.
_PICKLES: Final = tuple(suffix for suffix in PICKLE_SUFFIXES if suffix not in CHECKPOINT_SUFFIXES)
# Made of a checkpoint that a library looks for under a name of its own.
_SAFE_NAMES: Final = {"pytorch_model": "model"}
_OWN_NAMES: Final = re.compile(r"adapter_model|diffusion_pytorch_model|pytorch_lora_weights|open_clip_pytorch_model")
_IN_TRAINING: Final = re.compile(r"(?:^|[-_.])(?:epoch|ep|step|iter|ckpt|checkpoint)s?[-_=.]*\d+", re.IGNORECASE)
_BEST: Final = re.compile(r"(?:^|[-_.])best(?:$|[-_.])", re.IGNORECASE)
_BEGINS_AS_PICKLE: Final = (b"\x80", b"PK\x03\x04")


def weights(tree: Tree, files: Iterable[str]) -> Sorted:
    """Sort the weights of a model, folder by folder.

    Args:
        tree: where they lie.
        files: those that may be released; what holds no weights is passed over.
    """
    by_folder: dict[str, list[str]] = {}
    for path in files:
        by_folder.setdefault(folder_of(path), []).append(path)
    found = Sorted()
    for _, here in sorted(by_folder.items()):
        found += _kept_as_they_are(tree, here) + _onnx(tree, here) + _arrays(tree, here)
    return found


def is_pickle(tree: Tree, path: str) -> bool:
    """Whether a file is a pickle, by its content where it lies on this machine, by its name on a Hub."""
    name = name_of(path).lower()
    if name.endswith(PICKLE_SUFFIXES):
        return True
    if not name.endswith(".bin"):
        return False
    if tree.folder is None:
        return name.startswith(("pytorch_", "adapter_", "diffusion_", "model", "open_clip_", "training_"))
    return tree.head(path, 4).startswith(_BEGINS_AS_PICKLE)


def _kept_as_they_are(tree: Tree, here: Iterable[str]) -> Sorted:
    here = tuple(here)
    parts = [
        Part(found, kind.description, LOADED_BY.get(kind.suffix, "copy"))
        for kind in FILE_TYPES
        if kind.is_kept and (found := _ending(here, kind.suffix))
    ]
    # Runtimes keep their own binary beside a description of the model.
    plain = [path for path in _ending(here, ".bin") if not is_pickle(tree, path)]
    if plain:
        parts.append(Part((*plain, *_ending(here, ".xml")), "weights in a runtime's own format"))
    return Sorted(tuple(parts))


def _onnx(tree: Tree, here: Iterable[str]) -> Sorted:
    here = tuple(here)
    models = _ending(here, ".onnx")
    if not models:
        return Sorted()
    data = tuple(sorted({path for model in models for path in external_data(tree, model, here)}))
    why = f"ONNX, bringing {', '.join(map(name_of, data))}" if data else "ONNX, its structure checked"
    return Sorted((Part(models, why, "onnx", brings=data),))


def _arrays(tree: Tree, here: Iterable[str]) -> Sorted:
    here = tuple(here)
    safe, pickled = _ending(here, ".safetensors"), [path for path in here if is_pickle(tree, path)]
    indexes = [path for path in here if path.endswith(f".bin{SHARD_INDEX_SUFFIX}")]
    numpy = _ending(here, ".npz")
    if safe:
        rest = [LeftOut(path, f"a pickle beside {name_of(safe[0])}") for path in (*pickled, *indexes)]
        rest += [LeftOut(path, f"arrays beside {name_of(safe[0])}") for path in numpy if not tree.curated]
        return Sorted((Part(safe, "weights"),), tuple(rest))
    estimators = tuple(LeftOut(path, ESTIMATOR) for path in pickled if path.lower().endswith(_PICKLES))
    torch = [path for path in pickled if not path.lower().endswith(_PICKLES)]
    if indexes:
        return Sorted((_of_index(tree, indexes[0], torch),), estimators)
    if torch:
        return _checkpoints(tree, torch) + Sorted((), estimators)
    return Sorted(tuple(_converted(numpy, "numpy's arrays, converted")), estimators)


ESTIMATOR: Final = "a pickle, which policy.pickle forbids: save it with skops.io.dump as .skops"


def _of_index(tree: Tree, index: str, torch: list[str]) -> Part:
    listed = tree.table(index).get("weight_map")
    shards = {joined(folder_of(index), str(name)) for name in listed.values()} if isinstance(listed, dict) else set()
    stem = name_of(index).removesuffix(f".bin{SHARD_INDEX_SUFFIX}")
    target = f"{_SAFE_NAMES.get(stem, stem)}.safetensors"
    why = f"{len(shards)} shards, converted: no pickle goes up"
    brings = tuple(path for path in torch if path in shards)
    return Part((index,), why, "safetensors", path_in_repo=target, brings=brings)


def _checkpoints(tree: Tree, torch: list[str]) -> Sorted:
    """Convert the checkpoint that counts, or each of several that are parts of one model."""
    kept, left = _chosen(torch)
    read = {path: look_at(tree, path) for path in kept}
    left += [LeftOut(path, found.refused) for path, found in read.items() if found.refused]
    good = [path for path in kept if not read[path].refused]
    return Sorted(tuple(_converted(good, "PyTorch's checkpoint, converted: no pickle goes up", read)), tuple(left))


def _chosen(torch: list[str]) -> tuple[list[str], list[LeftOut]]:
    final = [path for path in torch if not _IN_TRAINING.search(name_of(path))]
    if not final:  # nothing else was kept: the last one of a run
        final = [max(torch, key=_number)]
    best = [path for path in final if _BEST.search(name_of(path).rpartition(".")[0])]
    kept = best[:1] or final
    why = f"another state of the training; {name_of(kept[0])} is released"
    return kept, [LeftOut(path, why) for path in torch if path not in kept]


def _number(path: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", name_of(path))))


def _converted(paths: Iterable[str], what: str, read: Mapping[str, Checkpoint] | None = None) -> Iterator[Part]:
    paths = tuple(paths)
    for path in paths:
        stem = name_of(path).rpartition(".")[0]
        own = _OWN_NAMES.match(stem) or len(paths) > 1
        target = f"{stem if own else 'model'}.safetensors"
        options: Mapping[str, Any] = read[path].options if read else {}
        yield Part((path,), what, "safetensors", options, target)


def _ending(paths: Iterable[str], suffix: str) -> tuple[str, ...]:
    return tuple(path for path in paths if path.lower().endswith(suffix))
