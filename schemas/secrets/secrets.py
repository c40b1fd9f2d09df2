"""Hub tokens: recognised so that they never reach a document, a message or a log."""

import re
from collections.abc import Iterator

from hublish.schemas.secrets.characters import line_around

# User and fine-grained tokens are `hf_` and 34 letters and digits; OAuth and CI tokens carry a longer body.
# What stands before does not matter: in the few texts this is for, nothing else looks like that.
_TOKEN = re.compile(r"hf_(?:jwt|oauth)_(?P<claims>[A-Za-z0-9_.\-]{20,})|(?:hf|api_org)_(?P<letters>[A-Za-z0-9]{30,})")
# `hf_xxxxxxxx...` in a text is a placeholder; a random token has about 27 different characters.
_FEWEST_DIFFERENT = 10

# Whatever stands behind such a key, in YAML or JSON, is nobody's business.
_NAMED = re.compile(
    r"""(?:token|password|passwd|secret|api[_-]?key)["']?(?:\s*[:=]\s*|\s+)"""
    r"""(?P<value>"[^"]*"?|'[^']*'?|[^\s,}\]#:=][^,}\]#]*)|://(?P<user>[^/\s@]+)@""",
    re.IGNORECASE,
)

# What may be a token of another kind: letters of both cases and digits without a break. Whatever lies inside a word
# makes its beginning match too, so that is the one place to look from.
_RANDOM = re.compile(r"\b(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])\w{20,}", re.ASCII)
_LONGEST = 2000
_SHOWN = 60
_NOT_SPACE = re.compile(r"\S")

REDACTED = "hf_…"
WHERE_CREDENTIALS_GO = "tokens never stand in a document; use HF_TOKEN or OIDC"


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


def shown(text: str, start: int, end: int) -> str:
    """Return a piece of one line that a hint may repeat, or nothing when it is long, odd, or a credential."""
    first, last = line_around(text, start)
    piece = text[start:end]
    if last - first > _LONGEST or end > last or not piece.isprintable():
        return ""
    hidden = mask(text[first:last])[start - first : end - first]
    return piece if piece == hidden and len(piece) <= _SHOWN and not _RANDOM.search(piece) else ""


def may_repeat(advice: str) -> str:
    """Return advice that repeats what was written, or less when that is long or may be a token of any kind."""
    return "write another value" if len(advice) > _LONGEST or _RANDOM.search(advice) else redact(advice)


def mask(line: str) -> str:
    """Return a line of a document with every credential starred out, each character by one: columns stay right."""
    for start, end in (*hub_tokens(line), *(found.span(found.lastgroup or 0) for found in _NAMED.finditer(line))):
        line = line[:start] + _NOT_SPACE.sub("*", line[start:end]) + line[end:]
    return line
