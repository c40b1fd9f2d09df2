"""The pickle instructions that torch.save and TorchScript write, for protocols 2 to 5; every other is refused by name.

What they mean: the standard library's `pickletools`. Left out are those of protocols 0 and 1 that newer ones replace,
and whatever reaches beyond the pickle: the extension registry, out-of-band buffers, classes by INST and OBJ.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.machine import REFUSED, Machine
from hublish.formats.tensors.pytorch.pickle_bytes import PickleBytes

MAX_OPERATIONS: Final = 1_000_000
"""Opcodes in one pickle; a tensor takes about 40. They take at most a second, and 150 MB."""
_MAX_PROTOCOL: Final = 5
_T = TypeVar("_T")


def run(data: PickleBytes, names: Callable[[str], object], persistent: Callable[[object], object]) -> object:
    """Follow a pickle to its end and return what it makes; `data` then stands behind it.

    Args:
        data: at the beginning of the pickle.
        names: returns what a dotted name stands for, or refuses it.
        persistent: returns what a persistent id stands for, or refuses it.

    Raises:
        InvalidFileError: at the first thing that is damaged, unknown or too much; nothing was executed.
    """
    machine = Machine(data, names, persistent)
    for _ in range(MAX_OPERATIONS):
        code = data.code()
        if constant := _CONSTANTS.get(code):
            machine.stack.append(constant(data))
        elif action := _ACTIONS.get(code):
            action(machine)
        elif code == _STOP:
            return machine.result()
        else:
            raise _unknown(code)
    msg = f"the pickle has more than {MAX_OPERATIONS} operations"
    raise InvalidFileError(msg, hint="save the weights in parts, each its own file")


def _by_code(table: Mapping[str, _T]) -> dict[int, _T]:
    return {ord(info.code): table[info.name] for info in pickletools.opcodes if info.name in table}


_STOP: Final = ord(".")
_CONSTANTS: Final[Mapping[int, Callable[[PickleBytes], object]]] = _by_code(
    {
        "NONE": lambda _: None,
        "NEWTRUE": lambda _: True,
        "NEWFALSE": lambda _: False,
        "BININT": lambda data: data.signed(4),
        "BININT1": PickleBytes.code,
        "BININT2": lambda data: data.unsigned(2),
        "LONG1": lambda data: data.integer(1),
        "LONG4": lambda data: data.integer(4),
        "BINFLOAT": PickleBytes.double,
        "SHORT_BINUNICODE": lambda data: data.text(1),
        "BINUNICODE": lambda data: data.text(4),
        "BINUNICODE8": lambda data: data.text(8),
        # Python 2's str, which held the names of tensors.
        "SHORT_BINSTRING": lambda data: data.text(1),
        "BINSTRING": lambda data: data.text(4),
        "SHORT_BINBYTES": lambda data: data.data(1),
        "BINBYTES": lambda data: data.data(4),
        "BINBYTES8": lambda data: data.data(8),
        "BYTEARRAY8": lambda data: data.data(8),
        "EMPTY_TUPLE": lambda _: (),
        "EMPTY_LIST": lambda _: [],
        "EMPTY_DICT": lambda _: {},
        # No tensor is in a set, so what it holds need not be hashed.
        "EMPTY_SET": lambda _: [],
    }
)


def _protocol(machine: Machine) -> None:
    if (version := machine.data.code()) > _MAX_PROTOCOL:
        msg = f"pickle protocol {version} is not known"
        raise InvalidFileError(msg)


_ACTIONS: Final[Mapping[int, Callable[[Machine], object]]] = _by_code(
    {
        "PROTO": _protocol,
        "FRAME": lambda machine: machine.data.take(8),
        "MARK": Machine.mark,
        "POP": Machine.pop,
        "POP_MARK": Machine.pop_mark,
        "TUPLE": Machine.tuple_to_mark,
        "TUPLE1": lambda machine: machine.tuple_of(1),
        "TUPLE2": lambda machine: machine.tuple_of(2),
        "TUPLE3": lambda machine: machine.tuple_of(3),
        "FROZENSET": Machine.tuple_to_mark,
        "APPEND": Machine.append,
        "APPENDS": Machine.appends,
        "ADDITEMS": Machine.appends,
        "SETITEM": Machine.set_item,
        "SETITEMS": Machine.set_items,
        "BINPUT": lambda machine: machine.put(machine.data.code()),
        "LONG_BINPUT": lambda machine: machine.put(machine.data.unsigned(4)),
        "MEMOIZE": Machine.memoize,
        "BINGET": lambda machine: machine.get(machine.data.code()),
        "LONG_BINGET": lambda machine: machine.get(machine.data.unsigned(4)),
        "GLOBAL": Machine.name,
        "STACK_GLOBAL": Machine.name_from_stack,
        "REDUCE": Machine.call,
        "NEWOBJ": Machine.call,
        "BUILD": Machine.set_state,
        "BINPERSID": Machine.persistent,
    }
)


def _unknown(code: int) -> InvalidFileError:
    for info in pickletools.opcodes:
        if ord(info.code) == code:
            return InvalidFileError(f"the pickle has opcode {info.name}, which torch.save does not write", hint=REFUSED)
    return InvalidFileError(f"not a pickle, or damaged: there is no opcode 0x{code:02x}")
