"""torch.save's format since 1.6: a zip with the pickle in `data.pkl` and each storage in a member of its own.

The format: torch/serialization.py, `_save` and `_load`; caffe2/serialize/inline_container.h.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hublish.base.content import Identity
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.checkpoint import MAX_PICKLE, Checkpoint, Place, read_storage
from hublish.formats.tensors.pytorch.names import look_up
from hublish.formats.tensors.pytorch.opcodes import run
from hublish.formats.tensors.pytorch.pickle_bytes import PickleBytes
from hublish.formats.tensors.pytorch.torchscript import ScriptCode, is_script, state_dict_of
from hublish.formats.tensors.zip_records import Record, read_records, read_small

MAGIC: Final = b"PK\x03\x04"
"""How such a file begins."""
_PICKLE: Final = "data.pkl"
_STORAGES: Final = "data/"
_BYTE_ORDERS: Final = {b"little": False, b"big": True}
_MAX_BYTE_ORDER: Final = 16


def read_zip(descriptor: int, path: Path, identity: Identity) -> Checkpoint:
    """Read a checkpoint, or the parameters of a TorchScript archive.

    Raises:
        InvalidFileError: when it is neither, damaged, or asks for more than weights need.
    """
    records = _rooted(read_records(descriptor))
    pickled = PickleBytes(read_small(descriptor, records[_PICKLE], MAX_PICKLE))
    if is_script(records):
        code = ScriptCode(descriptor, records)
        value: object = state_dict_of(run(pickled, code.look_up, read_storage), code)
    else:
        value = run(pickled, look_up, read_storage)
    storages = {
        name.removeprefix(_STORAGES): _place(record) for name, record in records.items() if name.startswith(_STORAGES)
    }
    return Checkpoint(path, identity, value, storages, _is_big_endian(descriptor, records))


def _rooted(records: Mapping[str, Record]) -> Mapping[str, Record]:
    """Return the members by their name below the one folder that holds `data.pkl`."""
    roots = [name.removesuffix(_PICKLE) for name in records if name.partition("/")[2] == _PICKLE]
    if len(roots) != 1:
        msg = f"no PyTorch checkpoint: {len(roots)} members of the archive are a {_PICKLE}"
        raise InvalidFileError(msg)
    return {name.removeprefix(roots[0]): record for name, record in records.items() if name.startswith(roots[0])}


def _place(record: Record) -> Place:
    if record.deflated:
        msg = f"member {ascii(record.name)[:80]} is compressed, which torch.save never does"
        raise InvalidFileError(msg, hint="the file was packed again; load it with torch and save it anew")
    return Place(record.offset, record.size)


def _is_big_endian(descriptor: int, records: Mapping[str, Record]) -> bool:
    if "byteorder" not in records:
        return False
    order = read_small(descriptor, records["byteorder"], _MAX_BYTE_ORDER)
    if order not in _BYTE_ORDERS:
        msg = f"the byte order {ascii(order)[:40]} is not known"
        raise InvalidFileError(msg)
    return _BYTE_ORDERS[order]
