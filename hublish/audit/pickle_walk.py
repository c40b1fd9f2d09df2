"""Follow the stack of an unpickler through a pickle, without executing or importing anything.

Wherever the unpicklers of CPython in C and in Python differ, the walk accepts an input that either of them accepts. It
stops only where both stop, so a pickle cannot hide its instructions behind one that the walk alone rejects.
"""

import pickletools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hublish.formats.blob import Blob
from hublish.formats.pickle_reader import MAX_PROTOCOL, CutShortError, Kind, Operation, PickleReader, UnknownOpcodeError

# Opcodes that are followed in one file; so many valid ones in a row are not an accident.
OPERATION_LIMIT: Final = 200_000
# Longer strings are not compared with the form of a name: they may name anything.
_LONGEST_NAME: Final = 4096
# Bytes of a line that cost as much as an opcode; without a cost, many heads of one long line take quadratic time.
_LINE_COST: Final = 256

_CALLS: Final = frozenset(["REDUCE", "NEWOBJ", "BUILD"])
# The additions call a method of the object below: `append`, `extend`, `add` or `__setitem__`.
_ADDITIONS: Final = frozenset(["APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"])
_ACTIONS: Final = _CALLS | _ADDITIONS | {"INST", "OBJ", "NEWOBJ_EX"}
_ARGUMENTS: Final = frozenset(["tuple", "dict", "list"])
_EXTENSIONS: Final = frozenset(["EXT1", "EXT2", "EXT4"])
_MEMO_WRITES: Final = frozenset(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"])
_MEMO_READS: Final = frozenset(["GET", "BINGET", "LONG_BINGET"])
_COUNTED_STRINGS: Final = frozenset(
    ["SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"],
)
_NAMES: Final = _COUNTED_STRINGS | {"STRING", "UNICODE"}
# Values that no implementation of the unpickler can call, or accept as the arguments of a call.
_CONSTANTS: Final = frozenset(["None", "int", "int_or_bool", "bool", "float"])
_STRINGS: Final = frozenset(["str", "bytes", "bytes_or_str", "any"])

_NUMBER: Final = re.compile(r"\s*[-+]?(?:\w*\d[\w.+-]*|\.\d[\w+-]*|(?i:inf|nan|infinity))\s*")
# The form of an argument that is a line; with any other, every unpickler stops. It distinguishes pickles from prose.
_LINE_FORMS: Final = {
    "INT": _NUMBER,
    "LONG": _NUMBER,
    "FLOAT": _NUMBER,
    "GET": _NUMBER,
    "PUT": _NUMBER,
    "PERSID": re.compile(r"[\x00-\x7f]*"),
    "STRING": re.compile(r"['\"][^\n]*"),  # a long line is cut, so the closing quote may be missing
}
# The names of modules; a loader could only have others, such as `a b`, from an author who can run code there anyway.
_MODULE: Final = re.compile(r"[\w.-]+")
# An attribute with white space in its name does not exist, but the module is imported before that is noticed.
_NOT_A_NAME: Final = re.compile(r"[\s\x00-\x1f\x7f]")


class Ending(Enum):
    """How a walk ends."""

    STOPPED = "stopped"
    """At a STOP opcode with a value to return: a complete pickle."""
    CUT = "cut"
    """Where the bytes end within the pickle."""
    BROKEN = "broken"
    """At an opcode that does not exist or cannot work here."""
    LIMIT = "limit"
    """Where the budget is used up."""


@dataclass(slots=True)
class Budget:
    """The opcodes that may still be followed in one file."""

    left: int = OPERATION_LIMIT


@dataclass(frozen=True, slots=True)
class Import:
    """A name that a pickle imports."""

    module: str | None
    """None when it is only known to an unpickler, such as a string with escapes."""
    name: str


@dataclass(slots=True)
class Walk:
    """The result of following a pickle."""

    end: int
    """Offset after the last complete instruction."""
    reached: int = 0
    """Offset after the last byte that was read or skipped."""
    ending: Ending = Ending.CUT
    operations: int = 0
    protocol: int | None = None
    """Of the only PROTO opcode, at the start; None without one."""
    imports: int = 0
    """Those that an unpickler attempts. It runs the code of the module, whatever follows."""
    first: Import | None = None
    """The first of the imports."""
    textual: bool = True
    """Whether the instructions that import may be text: GLOBAL and INST, not STACK_GLOBAL."""
    extensions: int = 0
    """Imports by a number that the loading program has registered; there is hardly ever one."""
    calls: int = 0
    """Calls with a tuple of arguments, or of `__setstate__` with a container, that follow an import."""
    actions: int = 0
    """Other calls that follow an import, and additions to an object; lines of words may have the same bytes."""
    instances: int = 0
    """INST opcodes, each an import and a call."""
    chained: bool = False
    """Whether an import follows an action, which may have changed the module that is imported."""
    memo_writes: int = 0
    frames: int = 0
    headers: list[range] = field(default_factory=list)
    """Offsets of the PROTO opcodes."""
    strings: set[int] = field(default_factory=set)
    """Offsets of the opcodes of strings."""


def walk(
    blob: Blob, start: int = 0, budget: Budget | None = None, memo_writes: int = 0, *, marked: bool = False
) -> Walk:
    """Follow the opcodes from `start` until they end or break, or the budget is used up.

    Args:
        blob: the bytes.
        start: the offset of the first opcode.
        budget: shared by the walks in one file; by default, one of its own.
        memo_writes: those of the pickles before, which one unpickler remembers.
        marked: whether there is a mark on the stack already.
    """
    seen = Walk(start, memo_writes=memo_writes)
    stack: list[_Value | _Run] = [pickletools.markobject] if marked else []
    reader = PickleReader(blob, start)
    seen.ending = _Walker(reader, seen, budget or Budget(), stack).run()
    seen.reached = reader.position
    return seen


class _BrokenError(Exception):
    """The next opcode cannot work here."""


@dataclass(slots=True)
class _Run:
    """Equal values on the stack, which one of them would otherwise need a gigabyte for."""

    kind: Kind
    count: int


# A value on the stack is known by its kind, or is a string that may become a name.
_Value = Kind | bytes


@dataclass(slots=True)
class _Walker:
    reader: PickleReader
    seen: Walk
    budget: Budget
    stack: list[_Value | _Run]
    header: tuple[int, int, int] = (0, -2, 0)
    """Of the last PROTO: the offset after it, the number of operations, and the depth of the stack."""

    def run(self) -> Ending:
        try:
            while self.budget.left > 0:
                if self._step() == "STOP":
                    return Ending.STOPPED
        except (_BrokenError, UnknownOpcodeError):
            return Ending.BROKEN
        except CutShortError:
            return Ending.CUT
        return Ending.LIMIT

    def _step(self) -> str:
        seen, begin = self.seen, self.reader.position
        self.budget.left -= 1
        operation = self.reader.operation()
        name = operation.name
        if operation.lines == 2:
            # The unpickler in Python imports what INST names before it looks for the mark.
            self._import_lines()
        # The stack first: skipping an argument may expand gigabytes, and an impossible opcode is cheap to detect.
        popped = self._pop_operands(operation)
        if name == "STACK_GLOBAL":
            self._import_names(*popped)
        argument = self._argument(operation) if operation.lines != 2 else None
        if operation.name in _NAMES:
            seen.strings.add(begin)
        self._count(operation, popped)
        seen.operations += 1
        if name in _ADDITIONS:
            # The object below stays the same, whatever kind pickletools expects.
            self.stack.append(popped[0])
        else:
            self.stack += operation.after if argument is None else (argument,)
        if name == "PROTO":
            self._repeat_header(begin)
        elif operation.repeatable:
            self._repeat(self.reader.position - begin, operation.after)
        seen.end = self.reader.position
        return name

    def _count(self, operation: Operation, popped: list[_Value]) -> None:
        seen, name = self.seen, operation.name
        seen.memo_writes += name in _MEMO_WRITES
        seen.frames += name == "FRAME"
        seen.instances += name == "INST"
        # INST counts as an import; the name that it calls may not exist.
        if seen.imports - (name == "INST") + seen.extensions and name in _ACTIONS:
            # The last operand holds the arguments or the state.
            certain = name in _CALLS and _kind(popped[-1]).name in _ARGUMENTS
            seen.calls += certain
            seen.actions += not certain
        seen.extensions += name in _EXTENSIONS

    def _repeat(self, length: int, kinds: Sequence[Kind]) -> int:
        """Follow all repetitions of the last `length` bytes at once: constant weights have millions of them."""
        count = self.reader.skip_repeats(length)
        if count:
            self.stack += [_Run(kind, count) for kind in kinds]
            self.seen.operations += count
            self.budget.left -= count * length // _LINE_COST
        return count

    def _repeat_header(self, begin: int) -> None:
        """Follow a run of headers, each perhaps with a constant behind it: the weights 130.5 are `80 02 43 00`."""
        position, operations, depth = self.header
        length, count = self.reader.position - position, 0
        if self.seen.operations == operations + 1:
            count = self._repeat(length, ())
        elif self.seen.operations == operations + 2 and len(self.stack) == depth + 1:
            count = self._repeat(length, [_kind(self.stack[-1])])
        self.seen.headers.append(range(begin, begin + count * length + 1, length))
        self.header = (self.reader.position, self.seen.operations, len(self.stack))

    # -------------------------------------------------------------------------------------------- arguments

    def _argument(self, operation: Operation) -> bytes | None:
        """Read or skip the argument, and return the string that it is, if it may be a name."""
        if operation.lines:
            return self._line(operation.name)
        if operation.prefix:
            length = self.reader.number(operation.prefix)
            if operation.name in _COUNTED_STRINGS and length <= _LONGEST_NAME:
                text = self.reader.data(length)
                return text if "UNICODE" in operation.name or text.isascii() else None
            self.reader.skip(length)
        elif operation.fixed:
            number = self.reader.number(operation.fixed)
            if operation.name == "PROTO":
                self._read_protocol(number)
        return None

    def _line(self, name: str) -> bytes | None:
        begin = self.reader.position
        try:
            line = self.reader.line()
        finally:
            self.budget.left -= (self.reader.position - begin) // _LINE_COST
        form = _LINE_FORMS.get(name)
        # For the unpickler in C, a number ends at a NUL, whatever follows in the line; an integer may be empty then.
        number = line if name == "STRING" else line.partition(b"\0")[0]
        if name == "INT" and line.startswith(b"\0"):
            number = b"0"
        if form is not None and not form.fullmatch(number.decode("utf-8", "replace")):
            raise _BrokenError
        # Only an unpickler knows the string that escapes or another encoding make.
        if name not in ("UNICODE", "STRING") or b"\\" in line or not line.isascii() or len(line) > _LONGEST_NAME:
            return None
        return line if name == "UNICODE" else line[1:-1]

    def _read_protocol(self, number: int) -> None:
        if number > MAX_PROTOCOL:
            raise _BrokenError
        # Repeated, it is not a header, but the bytes of constant weights.
        self.seen.protocol = None if self.seen.operations else number

    # ---------------------------------------------------------------------------------------------- imports

    def _import_lines(self) -> None:
        """Read the two lines of GLOBAL or INST."""
        lines: list[bytes] = []
        begin = position = self.reader.position
        try:
            while len(lines) < 2:
                position = self.reader.position
                lines.append(self.reader.line())
        except CutShortError:
            # Unpicklers take the last character of a line for its line feed, also where the bytes end. The one in
            # Python imports the module even when nothing follows.
            self.reader.position = position
            lines += [self.reader.rest()[:-1], b""]
            self._record(lines[0], lines[1])
            raise
        finally:
            self.budget.left -= (self.reader.position - begin) // _LINE_COST
        self._record(lines[0], lines[1])

    def _import_names(self, module: _Value, name: _Value) -> None:
        self.seen.textual = False
        if isinstance(module, bytes):
            self._record(module, name.decode("utf-8", "replace") if isinstance(name, bytes) else "unknown")
        else:
            self._add(Import(None, ""))

    def _record(self, module: bytes, name: bytes | str) -> None:
        try:
            decoded = module.decode()
            attribute = name.decode() if isinstance(name, bytes) else name
        except UnicodeDecodeError:
            raise _BrokenError from None
        if not _MODULE.fullmatch(decoded):
            raise _BrokenError
        self._add(Import(decoded, attribute))
        if not attribute or _NOT_A_NAME.search(attribute):
            raise _BrokenError

    def _add(self, found: Import) -> None:
        self.seen.imports += 1
        self.seen.chained |= self.seen.actions > 0
        self.seen.first = self.seen.first or found

    # ------------------------------------------------------------------------------------------------ stack

    def _pop_operands(self, operation: Operation) -> list[_Value]:
        """Take the operands off the stack, and return those below the mark in their order."""
        if operation.name == "POP" and self.stack and _is_mark(self.stack[-1]):
            self._take()
            return []
        if operation.marked:
            self._pop_to_mark(operation)
        popped = [self._pop(operation) for _ in operation.before]
        if operation.name in _MEMO_WRITES and not (operation.before or self.stack):
            raise _BrokenError
        if operation.name in _MEMO_READS and not self.seen.memo_writes:
            raise _BrokenError
        return popped[::-1]

    def _pop_to_mark(self, operation: Operation) -> None:
        for index in range(len(self.stack) - 1, -1, -1):
            if _is_mark(self.stack[index]):
                if operation.name == "OBJ" and index == len(self.stack) - 1:
                    raise _BrokenError
                del self.stack[index + 1 :]
                self._take()
                return
        raise _BrokenError

    def _pop(self, operation: Operation) -> _Value:
        if not self.stack:
            raise _BrokenError
        found = self._take()
        if found is pickletools.markobject or not _fits(_kind(found), operation.name):
            raise _BrokenError
        return found

    def _take(self) -> _Value:
        top = self.stack[-1]
        if not isinstance(top, _Run):
            self.stack.pop()
            return top
        top.count -= 1
        if not top.count:
            self.stack.pop()
        return top.kind


def _is_mark(value: _Value | _Run) -> bool:
    return _kind(value) is pickletools.markobject


def _kind(value: _Value | _Run) -> Kind:
    if isinstance(value, _Run):
        return value.kind
    return pickletools.pyunicode if isinstance(value, bytes) else value


def _fits(found: Kind, operation: str) -> bool:
    if operation == "STACK_GLOBAL":
        return found.name in _STRINGS
    if operation in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
        return found.name not in _CONSTANTS
    # Unpicklers add to a list, a dict or a set by calling a method by its name, so any object passes, and nothing is
    # checked when there is nothing to add. READONLY_BUFFER accepts bytes.
    return True
