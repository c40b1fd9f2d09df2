"""PyTorch checkpoints on disk, in the format of torch.save since 1.6 (a zip), and in the one before (pickles in a row).

The formats: torch/serialization.py, `_save`, `_load` and `_legacy_save`; caffe2/serialize/inline_container.h. The
format is detected by the first bytes of the file: its name does not show it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hublish.base.content import Identity
from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.pickle_reader import PickleReader
from hublish.formats.tensors.pytorch.pickle_machine import run
from hublish.formats.tensors.pytorch.state_dict import locate, other_entries
from hublish.formats.tensors.pytorch.torch_objects import Name, Storage, StorageType, StoredTensor, look_up
from hublish.formats.tensors.pytorch.torch_storages import Checkpoint, Place, element_width, read_storage
from hublish.formats.tensors.pytorch.torchscript import ScriptCode, is_script, state_dict_of
from hublish.formats.tensors.safetensors_header import MAX_HEADER_SIZE
from hublish.formats.tensors.tensor import Tensor, Unwritable
from hublish.formats.zip_directory import LOCAL_HEADER, Member
from hublish.formats.zip_reader import ZipArchive, read_members

MAX_PICKLE: Final = MAX_HEADER_SIZE
"""Bytes of the pickle that describes the tensors: as many as in a header of safetensors."""
_HEAD: Final = 512
# Views may repeat data, as expanded masks do; they must not turn a small file into a huge one.
_MAX_REPEATS: Final = 16
_MAX_EXPANDED: Final = 256 << 20

# The zip format: the pickle in `data.pkl`, and each storage in a member of its own.
_PICKLE: Final = "data.pkl"
_STORAGES: Final = "data/"
_BYTE_ORDERS: Final = {b"little": False, b"big": True}
_MAX_BYTE_ORDER: Final = 16

# The legacy format: a magic number, the protocol, facts about the machine, the object, and the storages' keys; then,
# for each key, the number of its elements in 8 bytes, and the elements.
_MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
# torch has always pickled the number with protocol 2.
_MAGIC: Final = b"\x80\x02\x8a\n" + _MAGIC_NUMBER.to_bytes(10, "little")
_PROTOCOL: Final = 1001
_COUNT: Final = 8


@dataclass(frozen=True, slots=True)
class StateDict:
    """The state dict of a checkpoint."""

    tensors: tuple[Tensor, ...]
    """In its own order."""
    others: dict[str, Unwritable]
    """The entries that are not tensors, by name."""
    most_bytes: int
    """The most bytes that its tensors may take when they are written."""


def read_state_dict(path: Path, key: str | None) -> StateDict:
    """Read a checkpoint up to its tensors' bytes.

    Args:
        path: the file. A bare tensor is named after it.
        key: the place of the state dict in it, see `find_state_dict`.

    Raises:
        InvalidFileError: naming the file, when it is not a checkpoint, is damaged, or requires more than weights need.
    """
    with named(path):
        checkpoint = _read(path)
        if isinstance(checkpoint.value, StoredTensor):
            tensor = checkpoint.tensor(path.name.partition(".")[0], checkpoint.value)
            return StateDict((tensor,), {}, _most_bytes(checkpoint))
        return _state_dict(checkpoint, key)


def _read(path: Path) -> Checkpoint:
    with opened(path) as (descriptor, identity):
        head = os.pread(descriptor, _HEAD, 0)
        if head.startswith(LOCAL_HEADER):
            return _read_zip(descriptor, path, identity)
        if head.startswith(_MAGIC):
            return _read_legacy(descriptor, path, identity)
    # The signature of a tar, at its offset.
    if head.startswith(b"ustar", 257):
        msg = "a checkpoint in a tar, as PyTorch wrote them before 0.2, is not supported"
        raise InvalidFileError(msg, hint="load it with torch and save it again")
    hint = "torch.save writes them; is it cut short, or another format with this name?"
    raise InvalidFileError("not a PyTorch checkpoint", hint=hint)


def _state_dict(checkpoint: Checkpoint, key: str | None) -> StateDict:
    place, state = locate(checkpoint.value, key)
    tensors = tuple(
        checkpoint.tensor(name, value)
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, StoredTensor)
    )
    return StateDict(tensors, other_entries(place, state), _most_bytes(checkpoint))


def _most_bytes(checkpoint: Checkpoint) -> int:
    return _MAX_EXPANDED + _MAX_REPEATS * checkpoint.identity.size


# ---------------------------------------------------------------------------------------------- the zip format


def _read_zip(descriptor: int, path: Path, identity: Identity) -> Checkpoint:
    """Read a checkpoint, or the parameters of a TorchScript archive."""
    with read_members(descriptor, identity.size) as archive:
        members = _below_root(archive)
        reader = PickleReader(MemoryBlob(archive.read(members[_PICKLE].name, MAX_PICKLE)))
        code = ScriptCode(archive, members) if is_script(members) else None
        value = run(reader, code.look_up if code else look_up, read_storage)
        value = state_dict_of(value, code) if code else value
        stored = [(name, member) for name, member in members.items() if name.startswith(_STORAGES)]
        storages = {name.removeprefix(_STORAGES): _member_place(member) for name, member in stored}
        return Checkpoint(path, identity, value, storages, _is_big_endian(archive, members))


def _below_root(archive: ZipArchive) -> Mapping[str, Member]:
    """Return the members by their name below the one folder with a `data.pkl`."""
    if not archive.members:
        raise InvalidFileError("the archive is empty")
    # torch's reader requires this as well.
    if begin := min(member.begin for member in archive.members):
        raise InvalidFileError(f"{begin} bytes precede the archive")
    names = archive.by_name
    roots = [name.removesuffix(_PICKLE) for name in names if name.partition("/")[2] == _PICKLE]
    if len(roots) != 1:
        raise InvalidFileError(f"not a PyTorch checkpoint: {len(roots)} members of the archive are a {_PICKLE}")
    return {name.removeprefix(roots[0]): member for name, member in names.items() if name.startswith(roots[0])}


def _member_place(member: Member) -> Place:
    if member.compressed:
        msg = f"member {ascii(member.name)[:80]} is compressed, which torch.save never does"
        raise InvalidFileError(msg, hint="the file was packed again; load it with torch and save it again")
    return Place(member.offset, member.size)


def _is_big_endian(archive: ZipArchive, members: Mapping[str, Member]) -> bool:
    # Versions before 2.1 write no byte order, and run on little-endian machines.
    if "byteorder" not in members:
        return False
    order = archive.read(members["byteorder"].name, _MAX_BYTE_ORDER)
    if order not in _BYTE_ORDERS:
        raise InvalidFileError(f"the byte order {ascii(order)[:40]} is not known")
    return _BYTE_ORDERS[order]


# ------------------------------------------------------------------------------------------- the legacy format


def _read_legacy(descriptor: int, path: Path, identity: Identity) -> Checkpoint:
    reader = PickleReader(MemoryBlob(os.pread(descriptor, MAX_PICKLE, 0)))
    if _plain(reader) != _MAGIC_NUMBER or _plain(reader) != _PROTOCOL:
        raise InvalidFileError("not a PyTorch checkpoint of protocol 1001")
    facts = _plain(reader)
    types: dict[str, StorageType] = {}

    def storage(identifier: object) -> Storage | Name:
        found = read_storage(identifier)
        if isinstance(found, Name):
            return found
        # The size of a storage follows from its type, so two types would give two places for all that follow it.
        if types.setdefault(found.key, found.type) != found.type:
            raise InvalidFileError(f"storage {ascii(found.key)[:80]} has two types")
        return found

    value = run(reader, look_up, storage)
    keys = _plain(reader)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise InvalidFileError("the list of storages is damaged")
    places = _places(descriptor, reader.position, identity.size, keys, types)
    big_endian = isinstance(facts, dict) and facts.get("little_endian") is False
    return Checkpoint(path, identity, value, places, big_endian)


def _plain(reader: PickleReader) -> object:
    """Read a pickle of plain values."""

    def refuse(found: object) -> object:
        raise InvalidFileError(f"the checkpoint's preamble has {ascii(found)[:80]}")

    return run(reader, refuse, refuse)


def _places(
    descriptor: int, position: int, end: int, keys: Sequence[str], types: dict[str, StorageType]
) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for key in keys:
        if key not in types:
            raise InvalidFileError(f"storage {ascii(key)[:80]} belongs to no tensor, so its length is not known")
        count = int.from_bytes(os.pread(descriptor, _COUNT, position), "little")
        place = Place(position + _COUNT, count * element_width(types[key]))
        position = place.offset + place.size
        if position > end:
            msg = f"storage {ascii(key)[:80]} extends past the end of the file"
            raise InvalidFileError(msg, hint="copy or download the file again")
        places[key] = place
    if position != end:
        raise InvalidFileError(f"{end - position} bytes follow the last storage")
    return places
