"""The table of credentials: every kind of token and key hublish knows, and the names that announce one.

The audit, the rejection in manifests, and the redaction of terminal output and of the Hub's errors derive from this
table, so a kind that is added here is found, rejected and masked everywhere. Each rule needs a fixed prefix or key
name: without one, it would flag hashes and vocabularies. `issued_tokens` and `named_credentials` list them.

The Hub's own tokens have three levels, from certain to possible:

1. `RULES`: certain. The audit reports it in any file, so a placeholder must not match.
2. `HUB_TOKEN`: probable. Rejected in documents, names and settings, which have no reason to contain an example token.
3. `HUB_TOKEN_PART`: possible. Masked in output, where a server or a library may have truncated the token.
"""

import re
from typing import Final

from hublish.schemas.secrets.issued_tokens import issued_tokens
from hublish.schemas.secrets.named_credentials import named_credentials
from hublish.schemas.secrets.rule import Rule

# A random token of 34 letters and digits has about 27 different ones; `hf_xxxxxxxx...` has one.
_MIN_DISTINCT_IN_HUB_TOKEN = 10

# A token may follow an underscore, as in `token_hf_...`, but not a letter or digit: that would be base64 data.
BOUNDARY: Final = "(?<![A-Za-z0-9])"
# Characters of the shortest match of any rule: `;pwd=` and a password.
SHORTEST_TOKEN: Final = 9

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
HUB_TOKEN_PREFIXES: Final = tuple(f"{prefix}_".encode() for prefix in _LETTER_PREFIXES)
"""Every Hub token begins with one of them; those with claims too."""
# A Hub token anywhere in a string, even without a boundary before it; check it with `is_probable`.
HUB_TOKEN: Final = re.compile(rf"{_CLAIMS}(?P<claims>[A-Za-z0-9_.\-]{{20,}})|{_LETTERS}(?P<letters>[A-Za-z0-9]{{30,}})")
# A string that may be a part of a Hub token; it spares names such as `hf_hub_download` and `hf_tokenizer.py`.
HUB_TOKEN_PART: Final = re.compile(
    rf"\b(?:{_CLAIMS}(?P<claims>[\w.~+/-]{{8,}})"
    rf"|{_LETTERS}(?P<letters>(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{{8,}}|[a-z]{{20,}}))",
    re.ASCII,
)


def names_credential(name: str) -> bool:
    """Return whether the name of a variable or key is that of a credential."""
    return re.search(CREDENTIAL_NAME, name, re.IGNORECASE) is not None


def is_probable(found: re.Match[str]) -> bool:
    """Return whether a match of `HUB_TOKEN` is varied enough for a token."""
    return len(set(found["claims"] or found["letters"])) >= _MIN_DISTINCT_IN_HUB_TOKEN


RULES: Final[tuple[Rule, ...]] = (*issued_tokens(), *named_credentials())
