"""Facts from the weights of a model: its parameters by type, its tensors, and the memory that they take.

The headers alone are read. If a configuration and a header differ, as in the type of the parameters, the header counts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname
from typing import Any, Final

from hublish.base.content import Content
from hublish.cards.facts.fact import Fact
from hublish.cards.facts.quantized_counts import count_by_dtype
from hublish.cards.facts.source_files import UNREADABLE, SourceFiles, in_folder
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.safetensors_header import Described, described_tensors, read_header

_SUFFIX: Final = ".safetensors"
_INDEX: Final = ".safetensors.index.json"
# Bytes of the first read: enough for the header of most models, and one request instead of two.
_MAX_INDEX: Final = 16 << 20
# Of one model: 500,000 tensors take three seconds to read.
_MAX_TENSORS: Final = 500_000
_MAX_HEADERS: Final = 64 << 20
_SHARD: Final = re.compile(r"(?P<stem>.+)-\d{5,6}-of-(?P<count>\d{5,6})")
# Names of files with all weights of a folder, those that libraries load first at the beginning.
_MAIN: Final = ("model", "diffusion_pytorch_model", "adapter_model", "open_clip_model", "pytorch_lora_weights")


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """The safetensors files of one model."""

    name: str
    """The file to name as the source: the only one, or the one that lists the others."""
    files: tuple[str, ...]


def weight_facts(sources: SourceFiles, config: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the facts of the safetensors files of a model; none if there are several models, or a file is damaged.

    Args:
        sources: the files of the release.
        config: its config.json, which describes how it was quantized.
    """
    weights = find_weights(sources)
    tensors = _described(sources, weights) if weights else []
    if weights is None or not tensors:
        return
    source, key, released = weights.name, "header", sources.released
    if dtypes := count_by_dtype(tensors, config):
        yield Fact("model.parameters", sum(dtypes.values()), source, key, released)
        yield Fact("model.dtypes", dtypes, source, key, released)
    yield Fact("model.memory", sum(tensor.nbytes for tensor in tensors), source, key, released)
    yield Fact("model.tensors", len(tensors), source, key, released)


def tensor_sizes(files: Iterable[tuple[str, Content]]) -> dict[str, int]:
    """Return the bytes of each tensor of the one model in a release, by its name; none if they are not known.

    Args:
        files: the path in the repo and the bytes of each file.
    """
    sources = SourceFiles.of(files)
    weights = find_weights(sources)
    return {tensor.name: tensor.nbytes for tensor in _described(sources, weights)} if weights else {}


def _described(sources: SourceFiles, weights: ModelWeights) -> list[Described]:
    """Return the tensors of a model; none if a file is damaged, or they are too many."""
    tensors: list[Described] = []
    budget = _MAX_HEADERS
    for path in weights.files:
        try:
            header, found = _tensors_of(sources.contents[path], budget)
        except UNREADABLE:
            return []
        budget -= header
        tensors += found
    return tensors if len(tensors) <= _MAX_TENSORS else []


def find_weights(sources: SourceFiles) -> ModelWeights | None:
    """Return the weights of the one model in a release; None if there is none, or several."""
    folders: dict[str, list[str]] = {}
    for path in sources:
        if path.endswith(_SUFFIX):
            folders.setdefault(dirname(path), []).append(basename(path))
    if not folders:
        return None
    name, parts = _parts(sources)
    if parts:
        found = [_in_folder(sources, folder, folders[folder]) for folder in sorted(parts) if folder in folders]
        whole = [weights for weights in found if weights is not None]
        # A component that is incomplete or ambiguous makes the whole unknown.
        if not whole or len(whole) < len(found):
            return None
        return whole[0] if len(whole) == 1 else ModelWeights(name, tuple(path for one in whole for path in one.files))
    folder = "" if "" in folders else next(iter(folders))
    return _in_folder(sources, folder, folders[folder]) if folder == "" or len(folders) == 1 else None


def _parts(sources: SourceFiles) -> tuple[str, set[str]]:
    """Return the file that lists the parts of a model, and their folders; none for a model in one folder."""
    pipeline = sources.mapping("model_index.json")
    if isinstance(pipeline.get("_class_name"), str):
        # A component is a pair of a library and a class, null if it is left out.
        return "model_index.json", {name for name, value in pipeline.items() if isinstance(value, list)}
    modules = sources.json("modules.json")
    if isinstance(modules, list):
        paths = (module.get("path") for module in modules if isinstance(module, dict))
        return "modules.json", {path for path in paths if isinstance(path, str)}
    return "", set()


def _in_folder(sources: SourceFiles, folder: str, names: list[str]) -> ModelWeights | None:
    """Return the weights that a library would load from a folder."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stem = name.removesuffix(_SUFFIX)
        shard = _SHARD.fullmatch(stem)
        stems.setdefault(shard["stem"] if shard else stem, []).append(name)
    stem = next((name for name in _MAIN if name in stems), "")
    if not stem and len(stems) > 1:
        return None
    stem = stem or next(iter(stems))
    whole = f"{stem}{_SUFFIX}"
    if whole in stems[stem]:
        return ModelWeights(in_folder(folder, whole), (in_folder(folder, whole),))
    index = in_folder(folder, f"{stem}{_INDEX}")
    shards = _indexed(sources, index) if index in sources else _numbered(stems[stem])
    files = tuple(in_folder(folder, name) for name in shards)
    if not files or not all(file in sources for file in files):
        return None
    return ModelWeights(index if index in sources else files[0], files)


def _indexed(sources: SourceFiles, index: str) -> list[str]:
    """Return the shards that an index names; none if it is damaged."""
    mapped = sources.mapping(index, _MAX_INDEX).get("weight_map")
    names = set(mapped.values()) if isinstance(mapped, dict) and _all_texts(mapped) else set()
    return sorted(names)


def _all_texts(mapped: Mapping[str, Any]) -> bool:
    return all(isinstance(name, str) for name in mapped.values())


def _numbered(names: list[str]) -> list[str]:
    """Return the shards of a set without an index; none if some are missing."""
    counts = {int(found["count"]) for name in names if (found := _SHARD.fullmatch(name.removesuffix(_SUFFIX)))}
    return sorted(names) if counts == {len(names)} else []


def _tensors_of(content: Content, budget: int) -> tuple[int, list[Described]]:
    """Return the size of a file's header, and its tensors.

    Raises:
        InvalidFileError: the file is damaged, or its header is larger than `budget`.
    """
    header = read_header(content, content.size, budget)
    tensors = list(described_tensors(header))
    # The tensors of a valid file cover its data without gaps.
    if sum(tensor.nbytes for tensor in tensors) != content.size - 8 - len(header):
        raise InvalidFileError("the header describes another number of bytes than the file has")
    return len(header), tensors
