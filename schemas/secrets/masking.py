"""Find credentials in short strings, and keep them out of messages, hints and quoted lines."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hublish.schemas.secrets.disguises import Span, find_in_every_form
from hublish.schemas.secrets.rule import Rule
from hublish.schemas.secrets.token_rules import (
    BOUNDARY,
    CREDENTIAL_KEY,
    HUB_TOKEN,
    RULES,
    SHORTEST_TOKEN,
    is_probable,
)
from hublish.schemas.secrets.unsafe_characters import line_around

# Replaces a known secret: neither its length nor its first letters are shown.
MASK = "***"
# Replaces the random part of a token. The public prefix before it remains, to help find the token.
CUT = "…"

# `token: value` in YAML or JSON, and `TOKEN=value` in a shell. In the place of a variable's name, as in `password_env`,
# people write its value.
_NAMED = re.compile(
    rf"""{CREDENTIAL_KEY}(?:_env)?["']?(?:\s*[:=]\s*|\s+)"""
    r"""(?P<value>"[^"]*"?|'[^']*'?|[^\s,}\]#:=][^,}\]#]*)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?<=Bearer )[\w.~+/=-]+")
# RFC 7617: base64 of `user:password`.
_BASIC = re.compile(r"(?<=Basic )[A-Za-z0-9+/_-]{4,}={0,2}")
# A URL up to the next one, also with one slash, as a path is normalized; and the part that names the user and the host.
_URL = re.compile(r"""(?:(?<=//)|(?<=\w\w:/)(?!/))(?!\[)(?:(?!://)[^\s"'<>`])+""")
_AUTHORITY = re.compile(r"[^/?#]*")
# `user:password`, but not `host:port/`.
_USER_AND_PASSWORD = re.compile(r"[^:/?#]*:(?![0-9]{1,5}(?:[/?#]|$)).+", re.DOTALL)
# A token of an unknown kind: a long word with digits and letters of both cases. The search is anchored at word starts,
# because a match inside a word also matches from its start.
_RANDOM = re.compile(r"\b(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])\w{20,}", re.ASCII)
# The key of many issuers, whatever comes before it: a hint may change that part, as in `sk_or_v1_` for `sk-or-v1-`.
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{32,}")
_WORDS = re.compile(r"[a-z]+(?:[_.-][a-z]+)+")
_NOT_SPACE = re.compile(r"\S")
_LINE = re.compile(r"[^\n]+")
# Every token with a prefix contains such a run, and its prefix is a part of the run or ends shortly before it.
_RUN = re.compile(r"[A-Za-z0-9_+/%-]{20,}+")
_LONGEST_PREFIX = 32
_WORD = re.compile(r"[A-Za-z0-9]++", re.ASCII)
# The rules by the first characters of their prefixes.
_HEAD = 2
_PREFIXED: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _literal in {literal[:_HEAD] for literal in _rule.literals if _rule.place == "start"}:
        _PREFIXED.setdefault(_literal, []).append(_rule)
# The other rules by their names, in lower case.
_NAMED_RULES: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _literal in {literal.lower() for literal in _rule.literals if _rule.place != "start"}:
        _NAMED_RULES.setdefault(_literal, []).append(_rule)

# Longer lines and hints are machine-made: quoting them helps no reader, and searching them takes time.
_LONGEST_LINE = 2000
_LONGEST_QUOTE = 60
# Characters of a known secret that identify it.
_PART = 8


def find_tokens(text: str) -> Iterator[Span]:
    """Yield the offsets `(start, end)` of every token in a document, in order and without overlap.

    Hub tokens count even inside of a word and with the words of an example. Tokens of other kinds must begin at a word
    boundary and must not be placeholders. Escapes and base64 do not hide a token.
    """
    if len(text) >= SHORTEST_TOKEN:
        yield from _merged(find_in_every_form(text, _genuine, _genuine))


def holds_token(text: str) -> bool:
    """Return whether `text` contains a token of any kind."""
    return next(find_tokens(text), None) is not None


def texts_in(data: Any) -> list[str]:
    """Return every string in plain data, keys as well, in any order."""
    # Without recursion, which takes three times as long: a lock has 20 strings for each of 100,000 files.
    texts, waiting = [], [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, Mapping):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item
    return texts


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` for output: without the known secrets, possible tokens and passwords in URLs.

    Of a token, the public prefix remains. The known secrets come longest first: one that contains another would leave a
    rest otherwise.
    """
    if secrets := tuple(known):
        search = partial(_known, secrets=secrets)
        text = _replaced(text, find_in_every_form(text, search, search), MASK)
    return _replaced(text, _possible(text), CUT)


def redact_lines(lines: Sequence[str]) -> list[str]:
    """Return lines of a document for output, as `redact` does; a token over several lines leaves as many lines."""
    parts, last, text = [], 0, "\n".join(lines)
    for start, end in _merged(_possible(text)):
        parts += [text[last:start], _LINE.sub(CUT, text[start:end])]
        last = end
    return "".join([*parts, text[last:]]).split("\n") if lines else []


def mask(line: str, known: Iterable[str] = ()) -> str:
    """Return a line of a document with every character of a credential replaced by `*`, so that columns stay right."""
    search = partial(_known, secrets=tuple(known))
    named = (found.span("value") for found in _NAMED.finditer(line))
    whole = (found.span() for _, found in _matches(line))
    # All searches run on the original line: a mask in between would break the next pattern.
    for start, end in (*find_in_every_form(line, search, search), *_possible(line), *whole, *named):
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
    unsafe = len(hint) > _LONGEST_LINE or _RANDOM.search(hint) or _HEXADECIMAL.search(hint)
    return "write another value" if unsafe else redact(hint)


def _replaced(text: str, spans: Iterable[Span], sign: str) -> str:
    parts, last = [], 0
    # Kinds overlap: a JSON Web Token follows `hf_jwt_`, and any token may follow `Bearer `.
    for start, end in _merged(spans):
        parts += [text[last:start], sign]
        last = end
    return "".join([*parts, text[last:]])


def _genuine(text: str) -> Iterator[Span]:
    # Two strictness levels: a Hub token is never wanted in a document, while a string that merely looks like another
    # issuer's token may be the name of a file.
    yield from (found.span() for found in _hub_tokens(text) if is_probable(found))
    yield from (found.span() for rule, found in _matches(text) if rule.genuine(found["body"]))


def _possible(text: str) -> Iterator[Span]:
    """Yield the secret part of everything that may be a credential by its form, placeholders included."""
    # In base64, which may be of any content, only a certain token counts.
    return find_in_every_form(text, _credentials, _genuine)


def _credentials(text: str) -> Iterator[Span]:
    for found in (*_hub_tokens(text), *(found for _, found in _matches(text))):
        start = _body(found)
        # Of a placeholder, only words are certainly none: `hf_oauth_expiration_minutes`.
        if not _WORDS.fullmatch(text, start, found.end()):
            yield start, found.end()
    yield from (found.span() for found in _BEARER.finditer(text))
    yield from (found.span() for found in _BASIC.finditer(text) if _names_a_password(found[0]))
    yield from _passwords_in_urls(text)


def _known(text: str, secrets: Iterable[str]) -> Iterator[Span]:
    """Yield every place of a known secret, and of any part of it that is long enough to be recognized as random."""
    for secret in secrets:
        # A short secret may be a part of an ordinary word.
        pattern = re.escape(secret) if len(secret) >= _PART else rf"(?<!\w){re.escape(secret)}(?!\w)"
        if secret in text:
            yield from (found.span() for found in re.finditer(pattern, text))
        # Servers and libraries shorten a token that they echo.
        for start in range(len(secret) - _PART + 1):
            part = secret[start : start + _PART]
            if part in text and _is_random(part):
                yield from (found.span() for found in re.finditer(re.escape(part), text))


def _is_random(part: str) -> bool:
    kinds = sum(any(map(kind, part)) for kind in (str.isupper, str.islower, str.isdigit))
    # A word has one kind of character, and so have the digits of a number.
    return (kinds > 1 or part.isdigit()) and len(set(part)) > _PART // 2


def _hub_tokens(text: str) -> Iterator[re.Match[str]]:
    # The literals are in few texts, and a substring search is much faster than the pattern.
    if "hf_" in text or "api_org_" in text:
        yield from HUB_TOKEN.finditer(text)


def _passwords_in_urls(text: str) -> Iterator[Span]:
    """Yield the user and password of every URL that has both, and a user that looks like a token."""
    if "@" not in text:
        return
    for found in _URL.finditer(text):
        url = found[0]
        # Passwords are pasted into URLs unescaped: `/` and `@` in them end the authority for a strict parser only.
        if not _USER_AND_PASSWORD.match(url):
            url = _AUTHORITY.match(url)[0]  # type: ignore[index]  # matches the empty string, too
        user = url.rpartition("@")[0]
        if _USER_AND_PASSWORD.fullmatch(user) or _RANDOM.fullmatch(user):
            yield found.start(), found.start() + len(user)


def _names_a_password(encoded: str) -> bool:
    # Imported here, because few texts have the header of such a login.
    import base64

    try:
        return b":" in base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_")
    except ValueError:
        return False


def _matches(text: str) -> Iterator[tuple[Rule, re.Match[str]]]:
    # `re` caches the compiled patterns; compiling the whole table at import would slow every start.
    for run in _RUN.finditer(text):
        for word in _WORD.finditer(text, max(0, run.start() - _LONGEST_PREFIX), run.end()):
            for rule in _PREFIXED.get(text[word.start() : word.start() + _HEAD], ()):
                # At this place only: a search of the rest of the text would find the next words once more.
                if found := re.compile(BOUNDARY + rule.pattern + rule.rest, re.ASCII).match(text, word.start()):
                    yield rule, found
    lowered = text.lower()
    # A dictionary, because a rule with two names in the text is tried once.
    named = {rule.name: rule for literal, rules in _NAMED_RULES.items() if literal in lowered for rule in rules}
    for rule in named.values():
        for found in re.finditer(BOUNDARY + rule.pattern + rule.rest, text, re.ASCII):
            yield rule, found


def _body(found: re.Match[str]) -> int:
    """Return where the random part of a match begins."""
    return min((found.start(name) for name, part in found.groupdict().items() if part), default=found.start())


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in order, with those that overlap joined."""
    pending: Span | None = None
    for start, end in sorted(spans):
        if pending is not None and start < pending[1]:
            pending = (pending[0], max(pending[1], end))
            continue
        if pending is not None:
            yield pending
        pending = (start, end)
    if pending is not None:
        yield pending
