"""Text of strangers made visible: escapes for characters that would hide, reorder or control other text."""

import unicodedata
from typing import Final

# Control characters, lone surrogates, the line and paragraph separators that some terminals obey, and format
# characters: those that change the direction of text could show a false extension of a file name, and the others are
# invisible.
_HIDDEN: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
# The joiners of emoji and of scripts that need them.
_JOINERS: Final = "\u200c\u200d"


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with a Python escape, such as `\x1b`, in place of every character that is not visible.

    Args:
        text: any text.
        keep: characters that stay, such as a tab in the lines of a file.
    """
    # Nearly every text is printable: this check avoids a walk over its characters.
    if text.isprintable():
        return text
    hidden = {char for char in set(text) - {*keep, *_JOINERS} if unicodedata.category(char) in _HIDDEN}
    return "".join(escaped_char(char) if char in hidden else char for char in text) if hidden else text


def escaped_char(char: str) -> str:
    r"""Return a character as a Python escape, such as `\x1b`."""
    return char.encode("unicode_escape").decode("ascii")
