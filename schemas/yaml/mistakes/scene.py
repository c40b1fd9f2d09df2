"""Where a parser gave up, and what is made of it."""

import re
from dataclasses import dataclass

from hublish.schemas.secrets.masking import quotable
from hublish.schemas.secrets.unsafe_characters import line_around

LONGEST_LINE = 2000
"""Characters of a line that is looked at; no pattern is tried on more."""

BEFORE_VALUE = re.compile(r" *(?:- +)*")
"""What may stand before a key or a value on its line."""
KEY_END = re.compile(r":(?=[ \t\r\n]|\Z)")
"""The colon that ends a key."""

_BLOCK_END = re.compile(r"[ \t]#|[\r\n]|\Z")
_INDENTED = re.compile(r"[\r\n]+(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*(?P<indent> *)")
_FLOW_END = re.compile(r"[,\]}]|[ \t]#|[\r\n]|\Z")


@dataclass(frozen=True, slots=True)
class Scene:
    """A parser's complaint, and what it had read before."""

    text: str
    complaint: str
    construct: str
    """What it was in the middle of: `while scanning an alias`."""
    offset: int
    """Where it gave up."""
    opened: int
    """Where that construct begins, or `offset` when it does not say."""
    last: tuple[int, int]
    """The span of the last key or value that was read."""
    in_flow: bool
    """Whether brackets or braces are open."""

    def line(self, offset: int) -> tuple[int, int]:
        """Return the span of the line around a character, without its end."""
        return line_around(self.text, offset)

    def is_long(self) -> bool:
        """Whether the place, or what was read before it, is on a line too long to look at."""
        places = (self.offset, self.opened, *self.last)
        return any(end - start > LONGEST_LINE for start, end in map(self.line, places))

    def value_end(self, start: int) -> int:
        """Return where an unquoted value ends on its line: before a comment, and in brackets before a comma."""
        found = (_FLOW_END if self.in_flow else _BLOCK_END).search(self.text, start + 1)
        end = found.start() if found else len(self.text)
        # The space before the end is taken off afterwards: a pattern for both looks at each of its spaces anew.
        return max(start + 1, start + len(self.text[start:end].rstrip(" \t")))

    def alone(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the span of a value that stands alone: it is no key, and nothing below belongs to it."""
        if KEY_END.search(self.text, start, end) and not KEY_END.search(self.before(start)):
            return None
        below = _INDENTED.match(self.text, self.line(start)[1])
        column = len((BEFORE_VALUE.match(self.before(start)) or [""])[0])
        return None if below and not self.in_flow and len(below["indent"]) > column else (start, end)

    def before(self, offset: int) -> str:
        """Return what stands before a character on its line."""
        return self.text[self.line(offset)[0] : offset]

    def shown(self, start: int, end: int) -> str:
        """Return a piece of one line that may be repeated in a hint, or nothing when it is long or not for showing."""
        return quotable(self.text, start, min(end, self.line(start)[1]))


@dataclass(frozen=True, slots=True)
class Mistake:
    """What someone did, told for that person."""

    message: str
    hint: str
    start: int
    end: int
    beside: tuple[str, int, int] | None = None
    """A word about a second place, and its span."""
    mendable: tuple[int, int] | None = None
    """A value that any other text of its length could stand for: reading then goes on."""
    code: str = "yaml.syntax"
