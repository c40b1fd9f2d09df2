"""The table of credentials: every kind of token and key hublish knows, and the names that announce one.

The audit, the rejection in manifests, and the redaction of terminal output and of the Hub's errors derive from this
table, so a kind that is added here is found, rejected and masked everywhere. The rules follow the formats that the
issuers document. Each rule needs a fixed prefix or key name: without one, it would flag hashes and vocabularies.

The Hub's own tokens have three levels, from certain to possible:

1. `RULES`: certain. The audit reports it in any file, so a placeholder must not match.
2. `HUB_TOKEN`: probable. Rejected in documents, names and settings, which have no reason to contain an example token.
3. `HUB_TOKEN_PART`: possible. Masked in output, where a server or a library may have truncated the token.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Words and patterns that documentation uses in place of a token.
_PLACEHOLDERS = re.compile(
    r"x{4}|X{4}|0{6}|\*{3}|\.{3}|<|\$\{|(?i:your|example|placeholder|redacted|changeme|dummy|fake|sample|insert|"
    r"abcdefgh|12345678|deadbeef|test_?token|my_?token|token_?here)"
)
_MIN_DISTINCT = 8
# Bits per character. Twenty random hex digits have about 3.4; words and runs have less.
_MIN_ENTROPY = 3.0
# The signature of the example on jwt.io, which countless pages repeat.
_DOCUMENTED_SIGNATURES = frozenset(["SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"])
# A random token of 34 letters and digits has about 27 different ones; `hf_xxxxxxxx...` has one.
_MIN_DISTINCT_IN_HUB_TOKEN = 10

# A token may follow an underscore, as in `token_hf_...`, but not a letter or digit: that would be base64 data.
BOUNDARY: Final = "(?<![A-Za-z0-9])"
# Characters of the shortest match of any rule, `hf_jwt_` and its body.
SHORTEST_TOKEN: Final = 15

# The end of the name of an environment variable or key with a credential; compare it case-insensitively.
CREDENTIAL_NAME: Final = r"(?:^|_)(?:TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY)$"
# The end of a key in YAML, JSON or a shell line whose value is masked without further evidence.
CREDENTIAL_KEY: Final = r"(?:token|password|passwd|secret|credentials?|api[_-]?key|access[_-]?key|private[_-]?key)"
# The hint for every rejected credential.
WHERE_CREDENTIALS_GO: Final = "remove it, since hub.yaml is published; to log in, use HF_TOKEN or OIDC"

# `hf_` and 34 letters and digits is a user token, `api_org_` an old organization token. CI jobs and OAuth apps get
# `hf_jwt_` and `hf_oauth_` with a longer body.
_LETTER_PREFIXES = ("hf", "api_org")
_CLAIM_PREFIXES = ("hf_jwt", "hf_oauth")
_CLAIMS, _LETTERS = (f"(?:{'|'.join(prefixes)})_" for prefixes in (_CLAIM_PREFIXES, _LETTER_PREFIXES))
# A Hub token anywhere in a string, even without a boundary before it; check it with `is_probable`.
HUB_TOKEN: Final = re.compile(rf"{_CLAIMS}(?P<claims>[A-Za-z0-9_.\-]{{20,}})|{_LETTERS}(?P<letters>[A-Za-z0-9]{{30,}})")
# A string that may be a part of a Hub token; it spares names such as `hf_hub_download` and `hf_tokenizer.py`.
HUB_TOKEN_PART: Final = re.compile(
    rf"\b(?:{_CLAIMS}(?P<claims>[\w.~+/-]{{8,}})"
    rf"|{_LETTERS}(?P<letters>(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{{8,}}|[a-z]{{20,}}))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of credential."""

    # Stable and shown in messages: `huggingface-token`.
    name: str
    # Every match contains one of these; a substring search is much faster than the pattern.
    literals: tuple[str, ...]
    # A regular expression over ASCII; the group `body` is the random part.
    pattern: str
    # Returns whether the random part is more than a placeholder.
    genuine: Callable[[str], bool]
    # The text that may follow a match and is equally secret, such as the other lines of a key.
    rest: str = ""


def names_credential(name: str) -> bool:
    """Return whether the name of a variable or key is that of a credential."""
    return re.search(CREDENTIAL_NAME, name, re.IGNORECASE) is not None


def is_probable(found: re.Match[str]) -> bool:
    """Return whether a match of `HUB_TOKEN` is varied enough for a token."""
    return len(set(found["claims"] or found["letters"])) >= _MIN_DISTINCT_IN_HUB_TOKEN


def _random(body: str) -> bool:
    """Return whether `body` is varied, mixes kinds of characters, and has none of the words of an example."""
    # Words have one case and no digits, and runs such as `abcd1234` have little entropy.
    kinds = sum(any(map(kind, body)) for kind in (str.isupper, str.islower, str.isdigit))
    return kinds > 1 and _varied(body) and _entropy(body) >= _MIN_ENTROPY


def _varied(body: str) -> bool:
    return len(set(body)) >= _MIN_DISTINCT and not _PLACEHOLDERS.search(body)


def _entropy(body: str) -> float:
    return -sum(count / len(body) * math.log2(count / len(body)) for count in Counter(body).values())


def _signed(body: str) -> bool:
    """Return whether `body` is a signed JSON Web Token (RFC 7515) rather than a string with two dots."""
    # Imported here, because few strings look like a token, and every command imports this module.
    import base64
    import json

    head, _, rest = body.partition(".")
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, UnicodeDecodeError):
        return False
    return isinstance(header, dict) and "alg" in header and rest.rpartition(".")[2] not in _DOCUMENTED_SIGNATURES


_WORD = "[A-Za-z0-9_-]"
# Bounded: every `eyJ` in a long run of letters starts a search of that run anew.
_JWT = rf"eyJ{_WORD}{{8,2048}}\.eyJ{_WORD}{{8,4096}}\.{_WORD}{{16,}}"

RULES: Final[tuple[Rule, ...]] = (
    # The Hub's own, from the tokens it issues; the others from the prefixes that each issuer documents.
    Rule("huggingface-jwt", ("hf_jwt_",), rf"hf_jwt_(?P<body>{_WORD}{{8,}}[\w.-]*)", _random),
    Rule("huggingface-oauth-token", ("hf_oauth_",), rf"hf_oauth_(?P<body>{_WORD}{{16,}}[\w.-]*)", _random),
    Rule("huggingface-token", ("hf_",), r"hf_(?P<body>[A-Za-z0-9]{30,})(?!\w)", _random),
    Rule("huggingface-organization-token", ("api_org_",), r"api_org_(?P<body>[A-Za-z0-9]{30,})(?!\w)", _random),
    Rule(
        "aws-access-key-id",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        r"(?:AKIA|ASIA|ABIA|ACCA)(?P<body>[A-Z2-7]{16})(?!\w)",
        _varied,
    ),
    Rule(
        "aws-secret-access-key",
        ("ecret", "ECRET"),
        r"(?i:aws_?secret_?access_?key)[\"'\s:=\\>]{1,8}(?P<body>[A-Za-z0-9/+]{40})(?![\w/+])",
        _random,
    ),
    Rule(
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"gh[pousr]_(?P<body>[A-Za-z0-9]{36,251})(?!\w)",
        _random,
    ),
    Rule("github-fine-grained-token", ("github_pat_",), r"github_pat_(?P<body>\w{60,90})(?!\w)", _random),
    Rule(
        "gitlab-token",
        ("glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glsoat-"),
        rf"gl(?:pat|ptt|dt|rt|cbt|soat)-(?P<body>{_WORD}{{20,}})",
        _random,
    ),
    Rule("anthropic-key", ("sk-ant-",), rf"sk-ant-(?P<body>{_WORD}{{32,}})", _random),
    Rule("openrouter-key", ("sk-or-v1-",), r"sk-or-v1-(?P<body>[0-9a-f]{64})", _random),
    Rule(
        "openai-project-key",
        ("sk-proj-", "sk-svcacct-", "sk-admin-"),
        rf"sk-(?:proj|svcacct|admin)-(?P<body>{_WORD}{{32,}})",
        _random,
    ),
    Rule("openai-key", ("sk-",), r"sk-(?P<body>[A-Za-z0-9]{32,})(?!\w)", _random),
    Rule("google-api-key", ("AIza",), rf"AIza(?P<body>{_WORD}{{35}})(?!{_WORD})", _random),
    Rule("google-oauth-secret", ("GOCSPX-",), rf"GOCSPX-(?P<body>{_WORD}{{28}})", _random),
    Rule("slack-token", ("xox",), r"xox[abeoprs]-(?P<body>[A-Za-z0-9-]{20,})", _random),
    Rule("slack-app-token", ("xapp-",), r"xapp-(?P<body>\d-[A-Z0-9]+-\d+-[a-f0-9]{32,})", _random),
    Rule(
        "slack-webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/services/(?P<body>T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
        _random,
    ),
    Rule("npm-token", ("npm_",), r"npm_(?P<body>[A-Za-z0-9]{36})(?!\w)", _random),
    Rule("pypi-token", ("pypi-AgE",), rf"pypi-(?P<body>AgE{_WORD}{{50,}})", _random),
    Rule("stripe-key", ("k_live_", "k_test_"), r"[rs]k_(?:live|test)_(?P<body>[A-Za-z0-9]{24,})(?!\w)", _random),
    Rule("sendgrid-key", ("SG.",), rf"SG\.(?P<body>{_WORD}{{22}}\.{_WORD}{{43}})", _random),
    Rule("groq-key", ("gsk_",), r"gsk_(?P<body>[A-Za-z0-9]{48,})(?!\w)", _random),
    Rule("replicate-token", ("r8_",), r"r8_(?P<body>[A-Za-z0-9]{37})(?!\w)", _random),
    Rule("xai-key", ("xai-",), r"xai-(?P<body>[A-Za-z0-9]{70,})(?!\w)", _random),
    Rule("perplexity-key", ("pplx-",), r"pplx-(?P<body>[A-Za-z0-9]{40,})(?!\w)", _random),
    Rule("wandb-key", ("andb", "ANDB"), r"(?i:wandb_?api_?key)[\"'\s:=\\]{1,8}(?P<body>[0-9a-f]{40})(?!\w)", _random),
    Rule("databricks-token", ("dapi",), r"dapi(?P<body>[0-9a-f]{32})(?!\w)", _random),
    Rule("digitalocean-token", ("_v1_",), r"do[opr]_v1_(?P<body>[0-9a-f]{64})", _random),
    Rule("docker-token", ("dckr_",), rf"dckr_(?:pat|oat)_(?P<body>{_WORD}{{24,}})", _random),
    Rule("vault-token", ("hvs.", "hvb."), rf"hv[sb]\.(?P<body>{_WORD}{{24,}})", _random),
    Rule("azure-storage-key", ("AccountKey=",), r"AccountKey=(?P<body>[A-Za-z0-9+/]{86}==)", _random),
    Rule("telegram-bot-token", (":AA",), rf"\d{{8,10}}:(?P<body>AA{_WORD}{{33}})(?!{_WORD})", _random),
    Rule("json-web-token", ("eyJ",), rf"(?P<body>{_JWT})", _signed),
    Rule(
        "private-key",
        ("PRIVATE KEY",),
        # Documentation and parsers quote the header alone; in a key, base64 follows it.
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\\[nrt]|[\s\"'+,\\]|(?:Proc-Type|DEK-Info|Version|Comment|Hash): ?[^\n\\]{0,80})*"
        r"(?P<body>[A-Za-z0-9+/]{16,})",
        _varied,
        rest=r"(?:(?:\\[nrt]|[\s\"'+,\\])+[A-Za-z0-9+/=]{2,})*",
    ),
)
