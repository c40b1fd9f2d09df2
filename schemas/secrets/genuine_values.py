"""Decide whether a matched value is a credential rather than a placeholder, an example or a default."""

import math
import re
from collections import Counter
from typing import Final

# Words and patterns that documentation uses in place of a token.
_PLACEHOLDERS: Final = re.compile(
    r"x{4}|X{4}|0{6}|\*{3}|\.{3}|<|\$\{|(?i:your|example|placeholder|redacted|changeme|dummy|fake|sample|insert|"
    r"abcdefgh|12345678|deadbeef|test_?token|my_?token|token_?here|not_?a_?real|secret_?key|api_?key)"
    # The key of Azure's emulator of storage.
    r"|Eby8vdM02xNOcqFl"
)
_MIN_DISTINCT: Final = 8
# Characters of a body that are judged: a longer one is no less random.
_JUDGED: Final = 512
# Bits per character. Twenty random hex digits have about 3.4; words and runs have less.
_MIN_ENTROPY: Final = 3.0
# The signature of the example on jwt.io, which countless pages repeat.
_DOCUMENTED_SIGNATURES: Final = frozenset(["SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"])

# A variable, a format field or an ellipsis: the value is filled in elsewhere.
_TEMPLATE: Final = re.compile(r"[{}<>*\[\]()]|\$[A-Za-z_(]|%[A-Za-z_(]+%|%[sdr]\b|\.{3}|…|x{4}|X{4}|(.)\1{4}")
# Passwords of documentation, of test suites and of fresh installations; compared without the digits around them.
# `re` caches the compiled pattern, which few commands need.
_COMMON_PASSWORDS: Final = (
    r"(?i)[\W\d_]*(?:(?:my|your|the|some|user|db|database|test|root|admin|super|very|top|new|old|app|a|is|in|for|not|no)"
    r"?[\W_]*(?:passw(?:or)?ds?|passw0rd|p[a4@]ss(?:w[o0]rd)?|p[a@4]ssw[o0]rd|pwd?|secrets?|changeme|change[\W_]?me|"
    r"example|placeholder|default|admin|root|guest|user(?:name)?|test(?:ing)?|demo|sample|dummy|fake|token|apikey|key|"
    r"here|foo|bar|baz|foobar|hunter|letmein|qwerty|abc|abcdef|postgres(?:ql)?|mysql|redis|mongo(?:db)?|rabbitmq|"
    r"minio(?:admin)?|tiger|scott|airflow|mlflow|password|login|none|null|true|false|string|value|redacted|hidden|"
    r"masked|removed|secure|insecure|strong|wrong|bad|good|invalid|correct|url|host|hostname|port|x+|y+|z+))"
    r"{1,3}[\W\d_]*"
)
# The credentials of the examples in RFC 7617 and RFC 6749.
_DOCUMENTED_PASSWORDS: Final = frozenset(["open sesame", "gX1fBat3bV", "7Fjfp0ZBr1KtDRbnfVdmIw"])
# An attribute of an object: `self.password` is code.
_ATTRIBUTE: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+"
_MIN_PASSWORD: Final = 5
_PERCENT: Final = re.compile("%([2-7][0-9A-Fa-f])")
# From this length on, a password of one kind of character is a passphrase rather than a word.
_PASSPHRASE: Final = 16


def is_random(body: str) -> bool:
    """Return whether `body` is varied, mixes kinds of characters, and has none of the words of an example."""
    body = body[:_JUDGED]
    # Words have one case and no digits, and runs such as `abcd1234` have little entropy.
    return _kinds(body) > 1 and is_varied(body) and _entropy(body) >= _MIN_ENTROPY


def is_numbered(body: str) -> bool:
    """Return whether `body` is random and contains a digit: a long identifier in camel case does not."""
    return is_random(body) and any(map(str.isdigit, body))


def is_mixed(body: str) -> bool:
    """Return whether `body` is random and mixes digits and both cases, as a token with a common prefix must."""
    return _kinds(body) > 2 and is_random(body)


def is_varied(body: str) -> bool:
    """Return whether `body` has many different characters, and none of the words of an example."""
    body = body[:_JUDGED]
    return len(set(body)) >= _MIN_DISTINCT and not _PLACEHOLDERS.search(body)


def is_signed(body: str) -> bool:
    """Return whether `body` is a signed JSON Web Token (RFC 7515) rather than a string with two dots."""
    # Imported here and below, because few strings look like a token, and every command imports this module.
    import base64
    import json

    head, _, rest = body.partition(".")
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header and rest.rpartition(".")[2] not in _DOCUMENTED_SIGNATURES


def is_password(body: str) -> bool:
    """Return whether `body` is a password that a person or a generator chose, rather than a placeholder."""
    body = _PERCENT.sub(lambda found: chr(int(found[1], 16)), body)
    if len(body) < _MIN_PASSWORD or _TEMPLATE.search(body) or re.fullmatch(_COMMON_PASSWORDS, body):
        return False
    if _PLACEHOLDERS.search(body) or body in _DOCUMENTED_PASSWORDS or re.fullmatch(_ATTRIBUTE, body):
        return False
    return len(set(body)) >= _MIN_PASSWORD and (_kinds(body) > 1 or len(body) >= _PASSPHRASE)


def is_login(body: str) -> bool:
    """Return whether `body` is base64 of `user:password` (RFC 7617), with a genuine password."""
    import base64

    try:
        text = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode()
    except ValueError:
        return False
    user, colon, password = text.partition(":")
    return bool(colon and user) and text.isprintable() and user != password and is_password(password)


def is_snowflake(body: str) -> bool:
    """Return whether `body` begins with base64 of a number, as the tokens of Discord's bots do."""
    import base64

    first = body.partition(".")[0]
    try:
        return base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).isdigit() and is_random(body)
    except ValueError:
        return False


def _kinds(body: str) -> int:
    return sum(any(map(kind, body)) for kind in (str.isupper, str.islower, str.isdigit))


def _entropy(body: str) -> float:
    return -sum(count / len(body) * math.log2(count / len(body)) for count in Counter(body).values())
