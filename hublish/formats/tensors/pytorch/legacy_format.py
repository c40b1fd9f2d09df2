"""torch.save's format before 1.6: pickles in a row, then every storage behind its length.

The format: torch/serialization.py, `_legacy_save`: a magic number, the protocol, facts about the machine, the object,
the storages' keys; then for each of these the number of its elements, in 8 bytes, and the elements.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.checkpoint import MAX_PICKLE, Checkpoint, Place, element_width, read_storage
from hublish.formats.tensors.pytorch.names import look_up
from hublish.formats.tensors.pytorch.opcodes import run
from hublish.formats.tensors.pytorch.pickle_bytes import PickleBytes
from hublish.formats.tensors.pytorch.values import Storage, StorageType

_MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
MAGIC: Final = b"\x80\x02\x8a\n" + _MAGIC_NUMBER.to_bytes(10, "little")
"""How such a file begins, after the protocol's two bytes have been set to 2, as torch always did."""
_PROTOCOL: Final = 1001
_COUNT: Final = 8


def read_legacy(descriptor: int, path: Path, identity: Identity) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        InvalidFileError: when it is none, damaged, or asks for more than weights need.
    """
    data = PickleBytes(os.pread(descriptor, MAX_PICKLE, 0))
    if _plain(data) != _MAGIC_NUMBER or _plain(data) != _PROTOCOL:
        msg = "no PyTorch checkpoint of protocol 1001"
        raise InvalidFileError(msg)
    facts = _plain(data)
    types: dict[str, StorageType] = {}

    def storage(identifier: object) -> Storage:
        found = read_storage(identifier)
        if types.setdefault(found.key, found.type) != found.type:
            msg = f"storage {ascii(found.key)[:80]} has two types"
            raise InvalidFileError(msg)
        return found

    value = run(data, look_up, storage)
    keys = _plain(data)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        msg = "the list of storages is damaged"
        raise InvalidFileError(msg)
    places = _places(descriptor, data.position, identity.size, keys, types)
    big_endian = isinstance(facts, dict) and facts.get("little_endian") is False
    return Checkpoint(path, identity, value, places, big_endian)


def _plain(data: PickleBytes) -> object:
    """Read a pickle of plain values."""

    def refuse(what: object) -> object:
        msg = f"the checkpoint's preamble holds {ascii(what)[:80]}"
        raise InvalidFileError(msg)

    return run(data, refuse, refuse)


def _places(
    descriptor: int, position: int, end: int, keys: Sequence[str], types: dict[str, StorageType]
) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for key in keys:
        if key not in types:
            msg = f"storage {ascii(key)[:80]} belongs to no tensor, so that its length is not known"
            raise InvalidFileError(msg)
        count = int.from_bytes(os.pread(descriptor, _COUNT, position), "little")
        place = Place(position + _COUNT, count * element_width(types[key]))
        position = place.offset + place.size
        if position > end:
            msg = f"storage {ascii(key)[:80]} runs past the end of the file"
            raise InvalidFileError(msg, hint="copy or download the file again")
        places[key] = place
    if position != end:
        msg = f"{end - position} bytes follow the last storage"
        raise InvalidFileError(msg)
    return places
