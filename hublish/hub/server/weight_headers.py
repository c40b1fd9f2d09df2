"""The headers of weights: parameters and summaries. They are read one file after the other, and never as a whole."""

import math
import re
import struct
import threading
from collections.abc import Mapping
from typing import Any

from hublish.formats.input_files import InvalidFileError
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.http import parse_json
from hublish.hub.server.snapshots import Snapshot

# Bytes of one header of safetensors, of all headers of one model, and of the beginning of a GGUF file. Those of the
# largest published models have 9 MB and 12 MB.
MAX_HEADER = 16 << 20
MAX_HEADERS = 32 << 20

# Bytes of a chat template.
MAX_TEMPLATE = 64 << 10

# Files of one model.
MAX_SHARDS = 2000

# Tokens and merges of a tokenizer, at most; each takes 60 bytes in memory.
_MAX_STRINGS = 1_000_000

_SHARD = re.compile(r"model-\d{5}-of-(\d{5})\.safetensors")
_one_at_a_time = threading.Lock()


def safetensors_of(snapshot: Snapshot, root: Mapping[str, Entry]) -> dict[str, Any] | None:
    """Return the parameters of a model by type and their total; None when its weights are not safetensors.

    As on the Hub, those are `model.safetensors` or all of its shards, in the folder with the entries `root`.
    """
    from hublish.formats.tensors.safetensors_header import count_parameters  # numpy, which few calls need

    counted: dict[str, int] = {}
    budget = MAX_HEADERS
    with _one_at_a_time:
        for name in _weights(root):
            header = _header(snapshot, root[name], min(MAX_HEADER, budget))
            if header is None:
                return None
            budget -= len(header)
            try:
                for dtype, count in count_parameters(header).items():
                    counted[dtype] = counted.get(dtype, 0) + count
            except InvalidFileError:
                return None
    return {"parameters": counted, "total": sum(counted.values())} if counted else None


def _weights(root: Mapping[str, Entry]) -> list[str]:
    files = [name for name, entry in root.items() if name.endswith(".safetensors") and not entry.is_folder]
    if "model.safetensors" in files or len(files) == 1:
        return ["model.safetensors"] if "model.safetensors" in files else files
    shards = [(name, int(match.group(1))) for name in files if (match := _SHARD.fullmatch(name))]
    # An incomplete model has no total.
    complete = len(shards) <= MAX_SHARDS and all(count == len(shards) for _, count in shards)
    return sorted(name for name, _ in shards) if complete else []


def _header(snapshot: Snapshot, entry: Entry, limit: int) -> bytes | None:
    length = snapshot.beginning(entry, 8)
    if len(length) < 8 or (size := struct.unpack("<Q", length)[0]) > limit:
        return None
    return snapshot.beginning(entry, 8 + int(size))[8:]


def shard_headers(snapshot: Snapshot, path: str) -> dict[str, Any] | None:
    """Return the metadata of an index of shards and the header of each shard, or None for another file."""
    folder = path.rpartition("/")[0]
    budget = MAX_HEADERS
    headers: dict[str, Any] = {}
    with _one_at_a_time:
        try:
            index = parse_json(snapshot.read(path, MAX_HEADER) or b"")
            names = sorted(set(index["weight_map"].values()))
            for name in names[: MAX_SHARDS + 1]:
                entry = snapshot.find_file(f"{folder}/{name}" if folder else name)
                header = _header(snapshot, entry, min(MAX_HEADER, budget)) if entry else None
                if header is None or len(headers) == MAX_SHARDS:
                    return None
                budget -= len(header)
                headers[name] = parse_json(header)
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
    return {"index": {"metadata": index.get("metadata")}, "headers": headers}


def gguf_of(snapshot: Snapshot, entry: Entry) -> dict[str, Any] | None:
    """Return the Hub's summary of a GGUF file: parameters, architecture and prompts; None for another file."""
    from hublish.formats.gguf_header import parse_header

    size = snapshot.facts(entry).size
    with _one_at_a_time:
        try:
            header = parse_header(memoryview(snapshot.beginning(entry, MAX_HEADER)), size, _MAX_STRINGS)
        except InvalidFileError:
            return None
        known = header.metadata
        architecture = known.get("general.architecture")
        shown = {
            "total": sum(math.prod(tensor.shape) for tensor in header.tensors),
            "totalFileSize": size,
            "architecture": architecture,
            "context_length": known.get(f"{architecture}.context_length"),
            "chat_template": str(known.get("tokenizer.chat_template") or "")[:MAX_TEMPLATE] or None,
            "bos_token": _token(known, "bos"),
            "eos_token": _token(known, "eos"),
        }
    return {key: value for key, value in shown.items() if isinstance(value, (int, str))}


def _token(known: Mapping[str, Any], name: str) -> str | None:
    tokens, number = known.get("tokenizer.ggml.tokens"), known.get(f"tokenizer.ggml.{name}_token_id")
    if not isinstance(tokens, list) or not isinstance(number, int) or not 0 <= number < len(tokens):
        return None
    return tokens[number] if isinstance(tokens[number], str) and len(tokens[number]) <= 1000 else None
