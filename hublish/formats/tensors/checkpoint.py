"""Safetensors files that belong together: which are needed, and whether they agree."""

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.index import INDEX_SUFFIX, Index, read_index
from hublish.formats.tensors.safetensors_file import SafetensorsFile, read_safetensors

SUFFIX = ".safetensors"
_NUMBERED = re.compile(r"(.*)-([0-9]{5,})-of-([0-9]{5,})\.safetensors")


def read_checkpoint(files: Mapping[str, Path]) -> tuple[SafetensorsFile, ...]:
    """Read every safetensors file of `files`, and check it against the indexes among them.

    Args:
        files: by path in the repo; files of other formats are passed over.

    Raises:
        InvalidFileError: when a file is damaged or missing, an index and its shards disagree, or two files hold a
            tensor of the same name.
    """
    indexes = [read_index(files[name], name) for name in sorted(files) if name.endswith(INDEX_SUFFIX)]
    for index in indexes:
        _check_present(index, files)
    names = sorted(name for name in files if name.endswith(SUFFIX))
    if not names:
        msg = f"no {SUFFIX} file among {len(files)} files"
        raise InvalidFileError(msg, hint="do load.allow_patterns let the weights in?")
    _check_complete(names)
    read = {name: read_safetensors(files[name], name) for name in names}
    _check_disjoint(read.values())
    for index in indexes:
        check_index(index, read)
    return tuple(read.values())


def check_index(index: Index, files: Mapping[str, SafetensorsFile]) -> None:
    """Check that an index and its shards name the same tensors.

    Args:
        index: the index.
        files: by path in the repo.

    Raises:
        InvalidFileError: naming the first tensor they disagree about.
    """
    check_shards(
        index,
        {shard: {entry.name for entry in files[shard_path(index, shard)].header.entries} for shard in index.shards},
    )


def check_shards(index: Index, held: Mapping[str, Collection[str]]) -> None:
    """Check that an index names the tensors that its shards hold.

    Args:
        index: the index.
        held: the names in every shard, by the shard's name.

    Raises:
        InvalidFileError: naming the first tensor they disagree about.
    """
    for tensor, shard in index.weight_map.items():
        if tensor not in held[shard]:
            msg = f"{index.name}: tensor {ascii(tensor)[:80]} is not in {shard}"
            raise InvalidFileError(msg)
    for shard, tensors in held.items():
        for tensor in sorted(tensors):
            if index.weight_map.get(tensor) != shard:
                msg = f"{index.name}: does not list tensor {ascii(tensor)[:80]} of {shard}"
                raise InvalidFileError(msg, hint="the index and the shards come from different saves; save them again")


def shard_path(index: Index, shard: str) -> str:
    """Return a shard's path from where the index's own path begins."""
    return posixpath.join(posixpath.dirname(index.name), shard)


def _check_present(index: Index, files: Mapping[str, Path]) -> None:
    for shard in index.shards:
        if shard_path(index, shard) not in files:
            msg = f"{index.name}: its shard {shard} is missing"
            raise InvalidFileError(msg, hint="let every shard in, or leave the index out")


def _check_complete(names: Iterable[str]) -> None:
    """Refuse numbered shards with a gap, which no index need be there to show."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            numbers.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (stem, total), found in numbers.items():
        # Found numbers are few, whatever total the names claim.
        missing = next((number for number in range(1, int(total) + 1) if number not in found), None)
        if missing is not None:
            msg = f"{stem}-{missing:05d}-of-{total}{SUFFIX} is missing"
            raise InvalidFileError(msg, hint="let every shard in")


def _check_disjoint(files: Iterable[SafetensorsFile]) -> None:
    owners: dict[str, str] = {}
    for file in files:
        for entry in file.header.entries:
            if (owner := owners.setdefault(entry.name, file.name)) != file.name:
                msg = f"tensor {ascii(entry.name)[:80]} stands both in {owner} and in {file.name}"
                raise InvalidFileError(msg, hint="let load.allow_patterns choose one of them")
