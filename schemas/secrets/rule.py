"""One kind of credential, as the audit, the rejection in manifests and the masking of output use it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

APART: Final = "\n\x01\n"
"""Put between texts that are searched at once: no rule matches across both a line break and this character."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of credential."""

    # Stable and shown in messages: `huggingface-token`.
    name: str
    # Every match contains one of these; a substring search is much faster than the pattern.
    literals: tuple[str, ...]
    # A regular expression over ASCII, of bounded work at each place; the group `body` is the random part.
    pattern: str
    # Returns whether the random part is more than a placeholder.
    genuine: Callable[[str], bool]
    # The text that may follow a match and is equally secret, such as the other lines of a key.
    rest: str = ""
    # The most characters of a match before its literal.
    lead: int = 0
    # Where a scan searches for the literals, in any case of letters: `anywhere`, or `near` a long run of characters of
    # base64, which every match contains. By default, a token begins with one of them.
    place: Literal["start", "near", "anywhere"] = "start"
