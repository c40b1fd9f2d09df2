"""The instructions of pickle: how each reads its argument and what it does to the stack.

They are the standard library's own description, `pickletools.opcodes`; only the shape of the arguments and the
effect on the stack are used. `pickletools.genops` is not: it refuses arguments that real unpicklers accept, and
what it refuses would go unseen.
"""

import pickletools
import re
from dataclasses import dataclass
from typing import Final

Kind = pickletools.StackObject

_DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NUMBER = re.compile(r"\s*[-+]?(?:\w*\d[\w.+-]*|\.\d[\w+-]*|(?i:inf|nan|infinity))\s*")
# What an argument that is a line must look like for any unpickler to go on; it tells pickles from prose.
LINE_FORMS: Final = {
    "GLOBAL": _DOTTED_NAME,
    "INST": _DOTTED_NAME,
    "INT": _NUMBER,
    "LONG": _NUMBER,
    "FLOAT": _NUMBER,
    "GET": _NUMBER,
    "PUT": _NUMBER,
    "STRING": re.compile(r"['\"][^\n]*"),  # the closing quote may lie beyond the window
}
_LENGTH_PREFIXES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One opcode."""

    name: str
    fixed: int
    """Bytes of an argument of fixed size."""
    prefix: int
    """Bytes of the length that stands before an argument of any size."""
    lines: int
    """Lines the argument takes."""
    before: tuple[Kind, ...]
    """What it takes off the stack, below the mark if it takes everything down to one."""
    marked: bool
    """Whether it takes everything down to the last mark."""
    after: tuple[Kind, ...]
    """What it leaves on the stack."""


def _operation(info: pickletools.OpcodeInfo) -> Operation:
    size = info.arg.n if info.arg else 0
    pair = info.arg is not None and info.arg.name == "stringnl_noescape_pair"
    before = tuple(info.stack_before)
    marked = pickletools.markobject in before
    return Operation(
        name=info.name,
        fixed=max(size, 0),
        prefix=_LENGTH_PREFIXES.get(size, 0),
        lines=(2 if pair else 1) if size == pickletools.UP_TO_NEWLINE else 0,
        before=before[: before.index(pickletools.markobject)] if marked else before,
        marked=marked,
        after=tuple(info.stack_after),
    )


OPERATIONS: Final = {info.code.encode("latin-1"): _operation(info) for info in pickletools.opcodes}
