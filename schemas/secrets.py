"""Hub tokens: recognised so that they never reach a document, a message or a log."""

import re
from collections.abc import Iterator

# User and fine-grained tokens are `hf_` and 34 letters and digits; OAuth and CI tokens carry a longer body.
# What stands before does not matter: in the few texts this is for, nothing else looks like that.
_TOKEN = re.compile(r"hf_(?:jwt|oauth)_(?P<claims>[A-Za-z0-9_.\-]{20,})|(?:hf|api_org)_(?P<letters>[A-Za-z0-9]{30,})")
# `hf_xxxxxxxx...` in a text is a placeholder; a random token has about 27 different characters.
_FEWEST_DIFFERENT = 10

# Whatever stands behind such a key, in YAML or JSON, is nobody's business.
_NAMED = re.compile(
    r"""(?:token|password|passwd|secret|api[_-]?key)["']?\s*:\s+(?P<value>"[^"]*"?|'[^']*'?|[^\s,}\]#][^,}\]#]*)""",
    re.IGNORECASE,
)

_NOT_SPACE = re.compile(r"\S")

REDACTED = "hf_…"


def hub_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets `(start, end)` of everything in `text` that looks like a Hub token."""
    for found in _TOKEN.finditer(text):
        if len(set(found["claims"] or found["letters"])) >= _FEWEST_DIFFERENT:
            yield found.span()


def redact(text: str) -> str:
    """Return `text` with every Hub token replaced."""
    parts, last = [], 0
    for start, end in hub_tokens(text):
        parts += [text[last:start], REDACTED]
        last = end
    return "".join([*parts, text[last:]])


def mask(line: str) -> str:
    """Return a line of a document with every credential starred out, each character by one: columns stay right."""
    for start, end in (*hub_tokens(line), *(found.span("value") for found in _NAMED.finditer(line))):
        line = line[:start] + _NOT_SPACE.sub("*", line[start:end]) + line[end:]
    return line
