"""Find credentials in short strings, and keep them out of messages, hints and quoted lines."""

import re
from collections.abc import Iterable, Iterator

from hublish.schemas.secrets.token_rules import (
    BOUNDARY,
    CREDENTIAL_KEY,
    HUB_TOKEN,
    HUB_TOKEN_PART,
    RULES,
    SHORTEST_TOKEN,
    Rule,
    is_probable,
)
from hublish.schemas.secrets.unsafe_characters import line_around

# Replaces a known secret: neither its length nor its first letters are shown.
MASK = "***"
# Replaces the random part of a token. The public prefix before it remains, to help find the token.
CUT = "…"

# `token: value` in YAML or JSON, `TOKEN=value` in a shell, and the user and password in a URL.
_NAMED = re.compile(
    rf"""{CREDENTIAL_KEY}["']?(?:\s*[:=]\s*|\s+)"""
    r"""(?P<value>"[^"]*"?|'[^']*'?|[^\s,}\]#:=][^,}\]#]*)|://(?P<user>[^/\s@]+)@""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?<=Bearer )[\w.~+/=-]+")
# A token of an unknown kind: a long word with digits and letters of both cases. The search is anchored at word starts,
# because a match inside a word also matches from its start.
_RANDOM = re.compile(r"\b(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])\w{20,}", re.ASCII)
_NOT_SPACE = re.compile(r"\S")

# Longer lines and hints are machine-made: quoting them helps no reader, and searching them takes time.
_LONGEST_LINE = 2000
_LONGEST_QUOTE = 60


def find_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets `(start, end)` of every token in a document, in order and without overlap.

    Hub tokens count even inside of a word and with the words of an example. Tokens of other kinds must begin at a word
    boundary and must not be placeholders.
    """
    if len(text) < SHORTEST_TOKEN:
        return
    # Two strictness levels: a Hub token is never wanted in a document, while a string that merely looks like another
    # issuer's token may be the name of a file.
    spans = [found.span() for found in HUB_TOKEN.finditer(text) if is_probable(found)]
    spans += [found.span() for rule, found in _matches(text) if rule.genuine(found["body"])]
    yield from _merged(spans)


def holds_token(text: str) -> bool:
    """Return whether `text` contains a token of any kind."""
    return next(find_tokens(text), None) is not None


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` for output: without the known secrets, and with every possible token cut to its public prefix.

    The known secrets come longest first: one that contains another would leave a rest otherwise.
    """
    for secret in known:
        text = text.replace(secret, MASK)
    parts, last = [], 0
    # Kinds overlap: a JSON Web Token follows `hf_jwt_`, and any token may follow `Bearer `.
    for start, end in _merged((_body(found), found.end()) for found in _possible(text)):
        parts += [text[last:start], CUT]
        last = end
    return "".join([*parts, text[last:]])


def mask(line: str, known: Iterable[str] = ()) -> str:
    """Return a line of a document with every character of a credential replaced by `*`, so that columns stay right."""
    for secret in known:
        line = line.replace(secret, "*" * len(secret))
    named = (found.span(found.lastgroup or 0) for found in _NAMED.finditer(line))
    possible = (found.span() for found in _possible(line))
    # Both searches ran on the original line: a mask in between would break the second pattern.
    for start, end in (*possible, *named):
        line = line[:start] + _NOT_SPACE.sub("*", line[start:end]) + line[end:]
    return line


def quotable(text: str, start: int, end: int) -> str:
    """Return a piece of one line for a hint to quote; empty when it is long, unprintable, or may be a credential."""
    first, last = line_around(text, start)
    piece = text[start:end]
    # Invisible characters in a hint could reorder the terminal line around it.
    if last - first > _LONGEST_LINE or end > last or not piece.isprintable():
        return ""
    masked = mask(text[first:last])[start - first : end - first]
    # The whole line is masked first, because `token: ` before the piece makes it a credential.
    return piece if piece == masked and len(piece) <= _LONGEST_QUOTE and not _RANDOM.search(piece) else ""


def safe_hint(hint: str) -> str:
    """Return a hint that quotes the document, or a general one when it is long or would echo a possible token."""
    # A general hint is better than a redacted one, which would suggest to write the redacted text.
    return "write another value" if len(hint) > _LONGEST_LINE or _RANDOM.search(hint) else redact(hint)


def _possible(text: str) -> Iterator[re.Match[str]]:
    """Yield everything that may be a credential by its form, placeholders included."""
    for pattern in (HUB_TOKEN, HUB_TOKEN_PART, _BEARER):
        yield from pattern.finditer(text)
    yield from (found for _, found in _matches(text))


def _matches(text: str) -> Iterator[tuple[Rule, re.Match[str]]]:
    for rule in RULES:
        if any(literal in text for literal in rule.literals):
            # `re` caches the compiled pattern; compiling the whole table at import would slow every start.
            for found in re.finditer(BOUNDARY + rule.pattern + rule.rest, text, re.ASCII):
                yield rule, found


def _body(found: re.Match[str]) -> int:
    """Return where the random part of a match begins."""
    return min((found.start(name) for name, part in found.groupdict().items() if part), default=found.start())


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans in order, with those that overlap joined."""
    pending: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if pending is not None and start < pending[1]:
            pending = (pending[0], max(pending[1], end))
            continue
        if pending is not None:
            yield pending
        pending = (start, end)
    if pending is not None:
        yield pending
