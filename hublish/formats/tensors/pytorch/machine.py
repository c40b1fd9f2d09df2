"""The stack and the memo of a pickle machine that builds plain containers and calls what it was given.

Which instructions there are stands in `opcodes.py`. Nothing here recurses, and what one pickle can make is bounded.
"""

from collections.abc import Callable
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.pickle_bytes import PickleBytes
from hublish.formats.tensors.pytorch.values import Function, Ordered, ScriptModule

REFUSED: Final = "nothing in it was executed; save the state dict alone: torch.save(model.state_dict(), path)"
"""What to do about a pickle that asks for more than weights need."""
_MAX_MARKS: Final = 1000  # unfinished containers within each other
_MAX_COPIED: Final = 1_000_000
# Keys that nobody can choose so that their hashes collide.
_KEYS: Final = (str, int, float, bool, bytes, type(None))
_MAX_KEY: Final = 2**60


class Machine:
    """A method for each instruction that does more than push a constant; every one refuses what does not fit.

    Args:
        data: where the arguments of instructions are read.
        names: returns what a dotted name stands for, or refuses it.
        persistent: returns what a persistent id stands for, or refuses it.
    """

    def __init__(
        self, data: PickleBytes, names: Callable[[str], object], persistent: Callable[[object], object]
    ) -> None:
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks under the marks, out of reach until the mark is taken back
        self._memo: dict[int, Any] = {}
        self.data = data
        self._names, self._persistent = names, persistent
        self._copied = 0

    def result(self) -> object:
        """Return the one value that is left at the end."""
        if len(self.stack) != 1 or self._below:
            msg = "the pickle is damaged: it ends with more or less than one value"
            raise InvalidFileError(msg)
        return self.stack[0]

    # ------------------------------------------------------------------------------------ the stack

    def _pop(self) -> Any:
        if not self.stack:
            msg = "the pickle is damaged: it takes what is not there"
            raise InvalidFileError(msg)
        return self.stack.pop()

    def _top(self, kind: type, what: str) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            found = type(self.stack[-1]).__name__ if self.stack else "nothing"
            msg = f"the pickle is damaged: {found} where {what} belongs"
            raise InvalidFileError(msg)
        return self.stack[-1]

    def _pop_to_mark(self) -> list[Any]:
        if not self._below:
            msg = "the pickle is damaged: it has no mark to go back to"
            raise InvalidFileError(msg)
        items, self.stack = self.stack, self._below.pop()
        return items

    def mark(self) -> None:
        """Begin a container."""
        if len(self._below) == _MAX_MARKS:
            msg = f"the pickle is nested more than {_MAX_MARKS} deep"
            raise InvalidFileError(msg)
        self._below.append(self.stack)
        self.stack = []

    def pop(self) -> None:
        """Drop the last value, or the mark."""
        if self.stack:
            self.stack.pop()
        else:
            self._pop_to_mark()

    def pop_mark(self) -> None:
        """Drop everything after the last mark."""
        self._pop_to_mark()

    # ----------------------------------------------------------------------------------- containers

    def tuple_of(self, length: int) -> None:
        """Make a tuple of the last `length` values."""
        items = [self._pop() for _ in range(length)]
        self.stack.append(tuple(reversed(items)))

    def tuple_to_mark(self) -> None:
        """Make a tuple of everything after the mark."""
        items = tuple(self._pop_to_mark())
        self.stack.append(items)

    def append(self) -> None:
        """Add the last value to the list before it."""
        item = self._pop()
        self._top(list, "a list").append(item)

    def appends(self) -> None:
        """Add everything after the mark to the list before it."""
        items = self._pop_to_mark()
        self._top(list, "a list").extend(items)

    def set_item(self) -> None:
        """Put the last two values, key and value, into the dictionary before them."""
        value, key = self._pop(), self._pop()
        self._top(dict, "a dictionary")[_key(key)] = value

    def set_items(self) -> None:
        """Put everything after the mark, keys and values, into the dictionary before it."""
        items = self._pop_to_mark()
        if len(items) % 2:
            msg = "the pickle is damaged: a key without a value"
            raise InvalidFileError(msg)
        target = self._top(dict, "a dictionary")
        for index in range(0, len(items), 2):
            target[_key(items[index])] = items[index + 1]

    # ----------------------------------------------------------------------------------------- memo

    def put(self, index: int) -> None:
        """Remember the last value."""
        self._memo[index] = self._top(object, "a value")

    def memoize(self) -> None:
        """Remember the last value under the next number."""
        self.put(len(self._memo))

    def get(self, index: int) -> None:
        """Push what is remembered."""
        if index not in self._memo:
            msg = f"the pickle is damaged: it remembers nothing under {index}"
            raise InvalidFileError(msg)
        self.stack.append(self._memo[index])

    # ------------------------------------------------------------------------------ names and calls

    def name(self) -> None:
        """Push what a name on two lines stands for: module and attribute."""
        module, name = self.data.line(), self.data.line()
        self.stack.append(self._names(f"{module}.{name}"))

    def name_from_stack(self) -> None:
        """Push what a name stands for whose parts are the last two values."""
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            msg = "the pickle is damaged: it names something by what is no text"
            raise InvalidFileError(msg)
        self.stack.append(self._names(f"{module}.{name}"))

    def call(self) -> None:
        """Call a function with a tuple of arguments, both on the stack."""
        arguments, function = self._pop(), self._pop()
        if not isinstance(function, Function) or not isinstance(arguments, tuple):
            msg = f"it calls {_described(function)} with {_described(arguments)}"
            raise InvalidFileError(msg, hint=REFUSED)
        # A call may copy a list it is given: a list that is given again and again must not multiply.
        self._copied += sum(len(argument) for argument in arguments if isinstance(argument, list))
        if self._copied > _MAX_COPIED:
            msg = f"the pickle's calls copy more than {_MAX_COPIED} values"
            raise InvalidFileError(msg)
        self.stack.append(function.call(arguments))

    def set_state(self) -> None:
        """Give a script module its attributes; drop those of an ordered dictionary."""
        state = self._pop()
        target = self._top(object, "a value")
        if isinstance(target, ScriptModule) and isinstance(state, dict):
            target.attributes = state
        elif not isinstance(target, Ordered) or not isinstance(state, dict):
            msg = f"it changes the state of {_described(target)}"
            raise InvalidFileError(msg, hint=REFUSED)

    def persistent(self) -> None:
        """Push what a persistent id stands for."""
        self.stack.append(self._persistent(self._pop()))


def _key(key: Any) -> Any:
    if not isinstance(key, _KEYS) or (type(key) is int and abs(key) > _MAX_KEY):
        msg = f"a dictionary has a key that is {_described(key)}"
        raise InvalidFileError(msg)
    return key


def _described(value: object) -> str:
    name = getattr(value, "name", None)
    return ascii(name)[1:81] if isinstance(name, str) else f"a {type(value).__name__}"
