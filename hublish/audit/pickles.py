"""Detect a pickle by its content, under any name and at any place in a file.

A pickle is a program. Lists of dangerous imports keep being evaded, so this module has none: bytes that an
unpickler would begin to execute are a pickle. That includes a pickle that breaks off, because its imports and calls
may have run by then. An import alone runs the code of a module.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hublish.audit.pickle_heads import led_pickle
from hublish.audit.pickle_walk import Budget, Ending, Walk, walk
from hublish.audit.standard_library import may_import
from hublish.formats.blob import Blob, SliceBlob, TailBlob
from hublish.formats.pickle_reader import is_opcode

# Shorter ones hold one small constant, and prose such as "K1." has the same bytes.
_SHORTEST_BARE: Final = 4
_PIECE: Final = 1 << 20
# Bytes that text may have: all but the control characters that are not white space, backspace, bell or escape.
_TEXT: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), *b"\a\b\t\n\v\f\r\x1b"})
# Bytes between consecutive pickles that are followed past: a text file may have one in each line.
_PADDING: Final = b"\0\t\n\r "


def pickle_in(blob: Blob) -> str | None:
    """Return a description of the pickle that `blob` is, begins with or has after leading bytes, or None.

    Containers are not opened here: see `containers.py`. A part of other bytes is searched only from its start,
    because they are searched as well.
    """
    if found := _Start(blob).chain():
        return found
    led = None if isinstance(blob, SliceBlob | TailBlob) else led_pickle(blob)
    return None if led is None else f"a pickle after {led} leading bytes"


@dataclass(frozen=True)
class _Start:
    """The pickles at the start of a file."""

    blob: Blob

    def chain(self) -> str | None:
        """Follow consecutive pickles from the first byte on, as one unpickler reads them."""
        # Most files end here, without a walk.
        if not is_opcode(self.blob.read_at(0, 1)):
            return None
        start, memo_writes, budget = 0, 0, Budget()
        while True:
            seen = walk(self.blob, start, budget, memo_writes)
            if seen.ending is Ending.LIMIT:
                return "a pickle, or many in a row, with too many instructions to follow"
            if self._is_pickle(seen, start, seen.memo_writes - memo_writes):
                kind = "a pickle" if seen.protocol is None else f"a pickle of protocol {seen.protocol}"
                return kind if seen.ending is Ending.STOPPED else f"{kind}, incomplete"
            if seen.ending is not Ending.STOPPED:
                return None
            start, memo_writes = self._after_padding(seen.end), seen.memo_writes

    def _is_pickle(self, seen: Walk, start: int, memo_writes: int) -> bool:
        if seen.calls or self._imports(seen):
            return True
        if seen.protocol is not None:
            # The header is two bytes, and one weight file in ten thousand begins with them by chance.
            return seen.operations >= {Ending.STOPPED: 3, Ending.CUT: 1, Ending.BROKEN: 8}[seen.ending]
        if seen.ending is Ending.STOPPED:
            # Without header and import, only bytes that are a pickle to the very end count: a part of them may be
            # prose. Behind a frame, the unpickler in Python continues elsewhere than the one in C.
            at_end = not self.blob.read_at(seen.end, 1)
            return bool(seen.frames) or (at_end and seen.end - start >= _SHORTEST_BARE)
        return seen.ending is Ending.CUT and memo_writes > 1

    def _imports(self, seen: Walk) -> bool:
        """Whether the first import may succeed: a word list that begins with `cat` imports `at`, and ends there."""
        first = seen.first
        if first is None or not seen.textual or not self._is_text:
            return first is not None
        # A whole program is not a word list, whichever packages its loader has, if it acts on the import or is all.
        stopped = seen.ending is Ending.STOPPED
        whole = seen.chained or (stopped and (seen.actions + seen.instances > 0 or self._ends(seen.end)))
        return first.module is not None and (whole or may_import(first.module, first.name))

    @cached_property
    def _is_text(self) -> bool:
        offset = 0
        while piece := self.blob.read_at(offset, _PIECE):
            if piece.translate(None, _TEXT):
                return False
            offset += len(piece)
        return True

    def _ends(self, offset: int) -> bool:
        """Whether only padding follows."""
        return not self.blob.read_at(self._after_padding(offset), 1)

    def _after_padding(self, offset: int) -> int:
        length = 1
        while piece := self.blob.read_at(offset, length):
            if rest := piece.lstrip(_PADDING):
                return offset + len(piece) - len(rest)
            offset, length = offset + len(piece), _PIECE
        return offset
