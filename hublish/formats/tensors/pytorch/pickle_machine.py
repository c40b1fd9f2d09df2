"""Run a checkpoint's pickle on a machine that builds plain containers and calls only the functions it is given.

A call of any other name gives a placeholder. It knows the instructions that torch.save and TorchScript write, in
protocols 2 to 5; their meaning is described in the standard library's `pickletools`. It refuses every other by name:
those of protocols 0 and 1 that newer ones replace, and those that reach beyond the pickle, which are the extension
registry, out-of-band buffers, and classes by INST and OBJ. The machine does not recurse, and limits the objects that
one pickle can create.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.pickle_reader import MAX_PROTOCOL, CutShortError, Operation, PickleReader, UnknownOpcodeError
from hublish.formats.tensors.pytorch.torch_objects import (
    REFUSED,
    ElementType,
    Function,
    Name,
    Ordered,
    OtherKey,
    Placeholder,
    ScriptModule,
    StorageType,
    placeholder,
)

# Opcodes in one pickle; a tensor takes about 40. So many take about two seconds and 150 MB.
MAX_OPERATIONS: Final = 1_000_000
# Bytes of the longest string.
_MAX_DATA: Final = 4 << 20
# Bytes of the longest integer; LONG1 cannot hold a longer one.
_MAX_INTEGER: Final = 255
# Bytes of the longest module or class name.
_MAX_NAME: Final = 1000
# Unfinished containers within each other.
_MAX_MARKS: Final = 1000
_MAX_COPIED: Final = 1_000_000
# Types of keys whose hashes an attacker cannot make collide: string hashes are randomized, and small integers differ.
_KEYS: Final = (str, int, float, bool, bytes, type(None))
_MAX_KEY: Final = 2**60
# Parts of a tuple in a message.
_MAX_SHOWN: Final = 8
# Calling one of these gives a placeholder.
_INERT: Final = (Name, Placeholder, ElementType, StorageType)


def run(reader: PickleReader, names: Callable[[str], object], persistent: Callable[[object], object]) -> object:
    """Follow a pickle to its end and return the object it builds; `reader` is after it then.

    Args:
        reader: at the beginning of the pickle.
        names: returns the object for a dotted name, or refuses it.
        persistent: returns the object for a persistent id, or refuses it.

    Raises:
        InvalidFileError: at the first instruction that is damaged, unknown or beyond a limit; nothing was executed.
    """
    machine = _Machine(reader, names, persistent)
    try:
        for _ in range(MAX_OPERATIONS):
            operation = reader.operation()
            action = _ACTIONS.get(operation.name)
            if action is not None:
                action(machine, operation)
            elif operation.name == "STOP":
                return machine.result()
            else:
                msg = f"the pickle has opcode {operation.name}, which torch.save does not write"
                raise InvalidFileError(msg, hint=REFUSED)
    except CutShortError:
        raise InvalidFileError("the pickle is cut short", hint="copy or download the file again") from None
    except UnknownOpcodeError as error:
        raise InvalidFileError(f"not a pickle, or damaged: {error}") from None
    msg = f"the pickle has more than {MAX_OPERATIONS} operations"
    raise InvalidFileError(msg, hint="save the weights in parts, each its own file")


class _Machine:
    """The stack and the memo, with a method for each kind of instruction; every method refuses a wrong operand."""

    def __init__(
        self, reader: PickleReader, names: Callable[[str], object], persistent: Callable[[object], object]
    ) -> None:
        self._stack: list[Any] = []
        # The stacks under the marks, which instructions cannot reach until the mark is removed.
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._reader = reader
        self._names, self._persistent = names, persistent
        self._copied = 0

    def result(self) -> object:
        if len(self._stack) != 1 or self._below:
            raise InvalidFileError("the pickle is damaged: it does not end with one value")
        return self._stack[0]

    # ------------------------------------------------------------------------------------ values

    def protocol(self, operation: Operation) -> None:
        if (version := self._reader.number(operation.fixed)) > MAX_PROTOCOL:
            raise InvalidFileError(f"pickle protocol {version} is not known")

    def ignore_argument(self, operation: Operation) -> None:
        # The length of a frame only helps the buffering of an unpickler.
        self._reader.data(operation.fixed)

    def push_fixed(self, operation: Operation) -> None:
        raw = self._reader.data(operation.fixed)
        # Floats are the only big-endian arguments.
        if operation.argument == "float8":
            self._stack.append(struct.unpack(">d", raw)[0])
        else:
            self._stack.append(int.from_bytes(raw, "little", signed=operation.argument == "int4"))

    def push_integer(self, operation: Operation) -> None:
        self._stack.append(int.from_bytes(self._limited(operation, "an integer", _MAX_INTEGER), "little", signed=True))

    def push_bytes(self, operation: Operation) -> None:
        self._stack.append(self._limited(operation, "a string", _MAX_DATA))

    def push_string(self, operation: Operation) -> None:
        self._stack.append(_decoded(self._limited(operation, "a string", _MAX_DATA)))

    def _limited(self, operation: Operation, kind: str, limit: int) -> bytes:
        length = self._reader.number(operation.prefix)
        if length > limit:
            raise InvalidFileError(f"the pickle has {kind} of {length} bytes; the limit is {limit}")
        return self._reader.data(length)

    def push(self, value: object) -> None:
        self._stack.append(value)

    # ------------------------------------------------------------------------------------- stack

    def _pop(self) -> Any:
        if not self._stack:
            raise InvalidFileError("the pickle is damaged: its stack is empty too early")
        return self._stack.pop()

    def _top(self, kind: type, expected: str) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            found = type(self._stack[-1]).__name__ if self._stack else "nothing"
            raise InvalidFileError(f"the pickle is damaged: {found} in place of {expected}")
        return self._stack[-1]

    def _pop_to_mark(self) -> list[Any]:
        if not self._below:
            raise InvalidFileError("the pickle is damaged: a mark is missing")
        items, self._stack = self._stack, self._below.pop()
        return items

    # A mark starts a new stack, so that no instruction can pop below it.
    def mark(self, _: Operation) -> None:
        if len(self._below) == _MAX_MARKS:
            raise InvalidFileError(f"the pickle is nested more than {_MAX_MARKS} deep")
        self._below.append(self._stack)
        self._stack = []

    def pop(self, operation: Operation) -> None:
        if self._stack and operation.name == "POP":
            self._stack.pop()
        else:
            self._pop_to_mark()

    # -------------------------------------------------------------------------------- containers

    def make_tuple(self, operation: Operation) -> None:
        # TUPLE1, TUPLE2 and TUPLE3 differ only in the number of values they pop.
        items = self._pop_to_mark() if operation.marked else [self._pop() for _ in operation.before][::-1]
        self._stack.append(tuple(items))

    def append(self, _: Operation) -> None:
        item = self._pop()
        self._items().append(item)

    def appends(self, _: Operation) -> None:
        items = self._pop_to_mark()
        self._items().extend(items)

    def _items(self) -> list[Any]:
        target = self._top(object, "a list")
        items = target.parts if isinstance(target, Placeholder) else self._top(list, "a list")
        assert isinstance(items, list)
        return items

    def set_item(self, _: Operation) -> None:
        value, key = self._pop(), self._pop()
        self._top(dict, "a dictionary")[_key(key)] = value

    def set_items(self, _: Operation) -> None:
        items = self._pop_to_mark()
        if len(items) % 2:
            raise InvalidFileError("the pickle is damaged: a key without a value")
        target = self._top(dict, "a dictionary")
        for index in range(0, len(items), 2):
            target[_key(items[index])] = items[index + 1]

    # -------------------------------------------------------------------------------------- memo

    def put(self, operation: Operation) -> None:
        self._memo[self._reader.number(operation.fixed)] = self._top(object, "a value")

    def memoize(self, _: Operation) -> None:
        self._memo[len(self._memo)] = self._top(object, "a value")

    def get(self, operation: Operation) -> None:
        index = self._reader.number(operation.fixed)
        if index not in self._memo:
            raise InvalidFileError(f"the pickle is damaged: its memo has no entry {index}")
        self._stack.append(self._memo[index])

    # --------------------------------------------------------------------------- names and calls

    def name(self, _: Operation) -> None:
        module, name = self._line(), self._line()
        self._stack.append(self._names(f"{module}.{name}"))

    def _line(self) -> str:
        line = self._reader.line()
        if len(line) > _MAX_NAME:
            raise InvalidFileError(f"the pickle has a name of more than {_MAX_NAME} bytes")
        return _decoded(line)

    def name_from_stack(self, _: Operation) -> None:
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise InvalidFileError("the pickle is damaged: a name is not a string")
        self._stack.append(self._names(f"{module}.{name}"))

    def call(self, _: Operation) -> None:
        arguments, function = self._pop(), self._pop()
        if not isinstance(arguments, tuple):
            raise InvalidFileError(f"it calls {_described(function)} with {_described(arguments)}", hint=REFUSED)
        if isinstance(function, _INERT):
            self._stack.append(placeholder(function.name, arguments))
            return
        if not isinstance(function, Function):
            raise InvalidFileError(f"it calls {_described(function)} with {_described(arguments)}", hint=REFUSED)
        # A call may copy a list argument, so a memoized list that is passed repeatedly could fill the memory.
        self._copied += sum(len(argument) for argument in arguments if isinstance(argument, list))
        if self._copied > _MAX_COPIED:
            raise InvalidFileError(f"the pickle's calls copy more than {_MAX_COPIED} values")
        self._stack.append(function.call(arguments))

    def call_by_keyword(self, operation: Operation) -> None:
        keywords, arguments, function = self._pop(), self._pop(), self._pop()
        if not isinstance(function, _INERT):
            raise InvalidFileError(f"the pickle has opcode {operation.name}, which torch.save does not write")
        self._stack.append(Placeholder(function.name, (arguments, keywords)))

    def set_state(self, _: Operation) -> None:
        # torch itself sets `_metadata` on the ordered dictionaries of state dicts; weights do not need it.
        state = self._pop()
        target = self._top(object, "a value")
        if isinstance(target, Placeholder):
            target.parts.append(state)
        elif isinstance(target, ScriptModule) and isinstance(state, dict):
            target.attributes = state
        elif not isinstance(target, Ordered) or not isinstance(state, dict):
            raise InvalidFileError(f"it changes the state of {_described(target)}", hint=REFUSED)

    def persistent(self, _: Operation) -> None:
        self._stack.append(self._persistent(self._pop()))


_ACTIONS: Final[Mapping[str, Callable[[_Machine, Operation], object]]] = {
    "PROTO": _Machine.protocol,
    "FRAME": _Machine.ignore_argument,
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    # Sets do not contain tensors, so their elements need not be hashed.
    "EMPTY_SET": lambda machine, _: machine.push([]),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "BINFLOAT"), _Machine.push_fixed),
    **dict.fromkeys(("LONG1", "LONG4"), _Machine.push_integer),
    # BINSTRING is Python 2's str, which held the names of tensors.
    **dict.fromkeys(
        ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"), _Machine.push_string
    ),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"), _Machine.push_bytes),
    "MARK": _Machine.mark,
    **dict.fromkeys(("POP", "POP_MARK"), _Machine.pop),
    **dict.fromkeys(("TUPLE1", "TUPLE2", "TUPLE3", "TUPLE", "FROZENSET"), _Machine.make_tuple),
    "APPEND": _Machine.append,
    **dict.fromkeys(("APPENDS", "ADDITEMS"), _Machine.appends),
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Machine.put),
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.get),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_from_stack,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.call),
    "NEWOBJ_EX": _Machine.call_by_keyword,
    "BUILD": _Machine.set_state,
    "BINPERSID": _Machine.persistent,
}


def _decoded(data: bytes) -> str:
    try:
        # As the pickle module does: lone surrogates pass here, and are refused where a name is used.
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise InvalidFileError("the pickle has a string that is not UTF-8") from None


def _key(key: Any) -> Any:
    if isinstance(key, _KEYS) and not (type(key) is int and abs(key) > _MAX_KEY):
        return key
    # Not the whole of a key: tuples may be nested deeper than Python recurses.
    flat = isinstance(key, tuple) and len(key) <= _MAX_SHOWN and all(isinstance(part, _KEYS) for part in key)
    return OtherKey(ascii(key)[:80] if flat else f"<{_described(key)}>")


def _described(value: object) -> str:
    name = getattr(value, "name", None)
    return ascii(name)[1:81] if isinstance(name, str) else f"a {type(value).__name__}"
