"""The index of a sharded checkpoint: `model.safetensors.index.json`, which tells the shard of every tensor.

PyTorch's own, `pytorch_model.bin.index.json`, differs in the names of the shards alone.
"""

import json
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from hublish.formats.input_files import InvalidFileError, named, opened

INDEX_SUFFIX = ".safetensors.index.json"
_MAX_SIZE = 10 << 20  # what huggingface_hub reads at most


@dataclass(frozen=True, slots=True)
class Index:
    """Which shard holds which tensor."""

    name: str
    """How errors call it."""
    metadata: Mapping[str, Any]
    """`total_size`, and whatever the writer added."""
    weight_map: Mapping[str, str]
    """Shard by tensor name; shards are relative to the index's folder."""

    @property
    def shards(self) -> tuple[str, ...]:
        """The shards' names, sorted."""
        return tuple(sorted(set(self.weight_map.values())))


def read_index(path: Path, name: str, suffix: str = ".safetensors") -> Index:
    """Read the index at `path`.

    Args:
        path: the file.
        name: how errors call it.
        suffix: the ending of its shards.

    Raises:
        InvalidFileError: naming the file, when it is none, or points outside its folder.
    """
    with named(name), opened(path) as (descriptor, identity):
        if identity.size > _MAX_SIZE:
            msg = f"an index of {identity.size} bytes; the limit is {_MAX_SIZE}"
            raise InvalidFileError(msg)
        return _parse(os.pread(descriptor, identity.size, 0), name, suffix)


def render_index(metadata: Mapping[str, Any], weight_map: Mapping[str, str]) -> bytes:
    """Return the index's text, as huggingface_hub writes it."""
    return json.dumps({"metadata": dict(metadata), "weight_map": dict(weight_map)}, indent=2).encode()


def _parse(data: bytes, name: str, suffix: str) -> Index:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique)
    except InvalidFileError:
        raise
    except (ValueError, RecursionError):
        msg = "not JSON"
        raise InvalidFileError(msg) from None
    weight_map = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(weight_map, dict) or not all(isinstance(shard, str) for shard in weight_map.values()):
        msg = "not an index: it has no 'weight_map' of tensor names to files"
        raise InvalidFileError(msg)
    for shard in set(weight_map.values()):
        _check_inside(shard, suffix)
    metadata = value.get("metadata")
    return Index(name, metadata if isinstance(metadata, dict) else {}, weight_map)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "a key stands twice"
        raise InvalidFileError(msg)
    return members


def _check_inside(shard: str, suffix: str) -> None:
    # Read as Windows would: it knows both separators, drives and shares, whatever system this is.
    path = PureWindowsPath(shard)
    inside = not (path.drive or path.root or "\\" in shard) and posixpath.normpath(shard) == shard
    if not inside or ".." in path.parts or not shard.isprintable():
        msg = f"shard {ascii(shard)[:80]} points outside the index's folder"
        raise InvalidFileError(msg)
    if not shard.endswith(suffix):
        msg = f"shard {ascii(shard)[:80]} is not a {suffix} file"
        raise InvalidFileError(msg)
