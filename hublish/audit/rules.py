"""The kinds of secrets that are looked for: each is known by the prefix its issuer gives it.

Rules follow the formats the issuers document. A rule without a prefix would flag hashes and vocabularies, so
there is none. What looks like a token but is a placeholder is told by what it is made of.
"""

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PLACEHOLDERS = re.compile(
    r"x{4}|X{4}|0{6}|\*{3}|\.{3}|<|\$\{|(?i:your|example|placeholder|redacted|changeme|dummy|fake|sample|insert|"
    r"abcdefgh|12345678|deadbeef|test_?token|my_?token|token_?here)"
)
_FEWEST_DISTINCT = 8
_LEAST_ENTROPY = 3.0
"""Bits a character: 20 random hex digits have about 3.4, words and runs less."""
_DOCUMENTED = frozenset(["SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"])
"""The signature of the token that every page on JSON Web Tokens shows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret."""

    name: str
    """Stable, shown in messages: `huggingface-token`."""
    literals: tuple[bytes, ...]
    """One of these is in every match, which is quicker to see than the pattern."""
    pattern: str
    """A regular expression over ASCII; the group `body` is the random part."""
    genuine: Callable[[str], bool]
    """Whether the random part is more than a placeholder."""


def _random(body: str) -> bool:
    """Whether `body` was drawn by chance: varied, of mixed kinds, and without the words of an example."""
    kinds = sum(any(map(kind, body)) for kind in (str.isupper, str.islower, str.isdigit))
    return (
        kinds > 1
        and len(set(body)) >= _FEWEST_DISTINCT
        and _entropy(body) >= _LEAST_ENTROPY
        and not _PLACEHOLDERS.search(body)
    )


def _entropy(body: str) -> float:
    return -sum(count / len(body) * math.log2(count / len(body)) for count in Counter(body).values())


def _signed(body: str) -> bool:
    """Whether `body` is a signed JSON Web Token (RFC 7515) rather than text with two dots."""
    head, _, rest = body.partition(".")
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, UnicodeDecodeError):
        return False
    return isinstance(header, dict) and "alg" in header and rest.rpartition(".")[2] not in _DOCUMENTED


def _key(body: str) -> bool:
    """Whether `body` is varied; its alphabet is too small to ask for more."""
    return not _PLACEHOLDERS.search(body) and len(set(body)) >= _FEWEST_DISTINCT


_WORD = "[A-Za-z0-9_-]"
_JWT = rf"eyJ{_WORD}{{8,}}\.eyJ{_WORD}{{8,}}\.{_WORD}{{16,}}"

RULES: Final[tuple[Rule, ...]] = (
    Rule("huggingface-jwt", (b"hf_jwt_",), rf"hf_jwt_(?P<body>{_WORD}{{8,}}[\w.-]*)", _random),
    Rule("huggingface-oauth-token", (b"hf_oauth_",), rf"hf_oauth_(?P<body>{_WORD}{{16,}}[\w.-]*)", _random),
    Rule("huggingface-token", (b"hf_",), r"hf_(?P<body>[A-Za-z0-9]{30,})(?!\w)", _random),
    Rule("huggingface-organization-token", (b"api_org_",), r"api_org_(?P<body>[A-Za-z0-9]{30,})(?!\w)", _random),
    Rule(
        "aws-access-key-id",
        (b"AKIA", b"ASIA", b"ABIA", b"ACCA"),
        r"(?:AKIA|ASIA|ABIA|ACCA)(?P<body>[A-Z2-7]{16})(?!\w)",
        _key,
    ),
    Rule(
        "aws-secret-access-key",
        (b"ecret", b"ECRET"),
        r"(?i:aws_?secret_?access_?key)[\"'\s:=\\>]{1,8}(?P<body>[A-Za-z0-9/+]{40})(?![\w/+])",
        _random,
    ),
    Rule(
        "github-token",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
        r"gh[pousr]_(?P<body>[A-Za-z0-9]{36,251})(?!\w)",
        _random,
    ),
    Rule("github-fine-grained-token", (b"github_pat_",), r"github_pat_(?P<body>\w{60,90})(?!\w)", _random),
    Rule(
        "gitlab-token",
        (b"glpat-", b"glptt-", b"gldt-", b"glrt-", b"glcbt-", b"glsoat-"),
        rf"gl(?:pat|ptt|dt|rt|cbt|soat)-(?P<body>{_WORD}{{20,}})",
        _random,
    ),
    Rule("anthropic-key", (b"sk-ant-",), rf"sk-ant-(?P<body>{_WORD}{{32,}})", _random),
    Rule("openrouter-key", (b"sk-or-v1-",), r"sk-or-v1-(?P<body>[0-9a-f]{64})", _random),
    Rule(
        "openai-project-key",
        (b"sk-proj-", b"sk-svcacct-", b"sk-admin-"),
        rf"sk-(?:proj|svcacct|admin)-(?P<body>{_WORD}{{32,}})",
        _random,
    ),
    Rule("openai-key", (b"sk-",), r"sk-(?P<body>[A-Za-z0-9]{32,})(?!\w)", _random),
    Rule("google-api-key", (b"AIza",), rf"AIza(?P<body>{_WORD}{{35}})(?!{_WORD})", _random),
    Rule("google-oauth-secret", (b"GOCSPX-",), rf"GOCSPX-(?P<body>{_WORD}{{28}})", _random),
    Rule("slack-token", (b"xox",), r"xox[abeoprs]-(?P<body>[A-Za-z0-9-]{20,})", _random),
    Rule("slack-app-token", (b"xapp-",), r"xapp-(?P<body>\d-[A-Z0-9]+-\d+-[a-f0-9]{32,})", _random),
    Rule(
        "slack-webhook",
        (b"hooks.slack.com/",),
        r"hooks\.slack\.com/services/(?P<body>T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
        _random,
    ),
    Rule("npm-token", (b"npm_",), r"npm_(?P<body>[A-Za-z0-9]{36})(?!\w)", _random),
    Rule("pypi-token", (b"pypi-AgE",), rf"pypi-(?P<body>AgE{_WORD}{{50,}})", _random),
    Rule("stripe-key", (b"k_live_", b"k_test_"), r"[rs]k_(?:live|test)_(?P<body>[A-Za-z0-9]{24,})(?!\w)", _random),
    Rule("sendgrid-key", (b"SG.",), rf"SG\.(?P<body>{_WORD}{{22}}\.{_WORD}{{43}})", _random),
    Rule("groq-key", (b"gsk_",), r"gsk_(?P<body>[A-Za-z0-9]{48,})(?!\w)", _random),
    Rule("replicate-token", (b"r8_",), r"r8_(?P<body>[A-Za-z0-9]{37})(?!\w)", _random),
    Rule("xai-key", (b"xai-",), r"xai-(?P<body>[A-Za-z0-9]{70,})(?!\w)", _random),
    Rule("perplexity-key", (b"pplx-",), r"pplx-(?P<body>[A-Za-z0-9]{40,})(?!\w)", _random),
    Rule("wandb-key", (b"andb", b"ANDB"), r"(?i:wandb_?api_?key)[\"'\s:=\\]{1,8}(?P<body>[0-9a-f]{40})(?!\w)", _random),
    Rule("databricks-token", (b"dapi",), r"dapi(?P<body>[0-9a-f]{32})(?!\w)", _random),
    Rule("digitalocean-token", (b"_v1_",), r"do[opr]_v1_(?P<body>[0-9a-f]{64})", _random),
    Rule("docker-token", (b"dckr_",), rf"dckr_(?:pat|oat)_(?P<body>{_WORD}{{24,}})", _random),
    Rule("vault-token", (b"hvs.", b"hvb."), rf"hv[sb]\.(?P<body>{_WORD}{{24,}})", _random),
    Rule("azure-storage-key", (b"AccountKey=",), r"AccountKey=(?P<body>[A-Za-z0-9+/]{86}==)", _random),
    Rule("telegram-bot-token", (b":AA",), rf"\d{{8,10}}:(?P<body>AA{_WORD}{{33}})(?!{_WORD})", _random),
    Rule("json-web-token", (b"eyJ",), rf"(?P<body>{_JWT})", _signed),
    Rule(
        "private-key",
        (b"PRIVATE KEY",),
        # The header alone is what documentation and parsers quote; a key has its text right behind it.
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\\[nrt]|[\s\"'+,\\]|(?:Proc-Type|DEK-Info|Version|Comment|Hash): ?[^\n\\]{0,80})*"
        r"(?P<body>[A-Za-z0-9+/]{16,})",
        _key,
    ),
)
