"""repo_id, branch and tag names, endpoints, classes: names of things elsewhere, checked before anything is sent."""

import re
from urllib.parse import urlsplit

from hublish.schemas.names import text_problems

EMBEDDED = "embedded"
"""The endpoint that means: the Hub in the folder beside hub.yaml."""

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_REPO_ID = re.compile(rf"(?:{_PART}/)?{_PART}")
REPO_ID_PATTERN = rf"^(?!.*(?:--|\.\.))(?!.*\.git$)(?:{_PART}/)?{_PART}$"
"""The rules of `check_repo_id` as one expression, for the JSON Schema."""
_NAME = r"(?!__)[A-Za-z_][A-Za-z0-9_]*"
TARGET_PATTERN = rf"^{_NAME}(?:\.{_NAME})*:{_NAME}(?:\.{_NAME})*$"
"""The form of a class to load into, for the JSON Schema too."""
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$")
# A loose ref is a file, and git locks it as `<name>.lock`.
_REF_SEGMENT_BYTES = 250


def check_repo_id(repo_id: str) -> str:
    """Return `repo_id` when the Hub would take it.

    The rules are huggingface_hub's `validate_repo_id`: one optional namespace, 96 characters a part,
    letters, digits, `-`, `_`, `.`, no `--` or `..`, no `-` or `.` at either end, not ending in `.git`.

    Raises:
        ValueError: saying which rule is broken.
    """
    parts = repo_id.split("/")
    if len(parts) > 2:
        msg = "repo_id must be `name` or `namespace/name`; the kind of repo goes to repo_type"
    elif any(part[:1] in ("-", ".") or part[-1:] in ("-", ".") for part in parts if part):
        msg = "repo_id may not begin or end with '-' or '.'"
    elif not _REPO_ID.fullmatch(repo_id):
        msg = "repo_id may hold letters, digits, '-', '_' and '.', 1 to 96 characters a part"
    elif "--" in repo_id or ".." in repo_id:
        msg = "repo_id may not hold '--' or '..'"
    elif repo_id.endswith(".git"):
        msg = "repo_id may not end in '.git'"
    else:
        return repo_id
    raise ValueError(msg)


def check_ref(name: str) -> str:
    """Return `name` when git accepts it as a branch or tag (git-check-ref-format), and it shows what it is.

    Raises:
        ValueError: saying that git would refuse it.
    """
    if not name or name.startswith(("-", "/", ".")) or name in ("@", "HEAD") or _BAD_IN_REF.search(name):
        msg = "not a name git accepts for a branch or tag"
        raise ValueError(msg)
    if found := text_problems(name):
        raise ValueError("; ".join(found))
    if any(len(segment.encode()) > _REF_SEGMENT_BYTES for segment in name.split("/")):
        msg = f"too long for a branch or tag: the limit is {_REF_SEGMENT_BYTES} bytes between slashes"
        raise ValueError(msg)
    return name


def check_endpoint(endpoint: str) -> str:
    """Return `endpoint` when it is `embedded` or the URL of a Hub, without a trailing slash.

    Raises:
        ValueError: for anything else, and for a URL that carries a password.
    """
    if endpoint == EMBEDDED:
        return endpoint
    try:
        url = urlsplit(endpoint)
        host = url.hostname if url.port != 0 else None
    except ValueError:
        url, host = urlsplit(""), None
    if url.scheme not in ("http", "https") or not host or text_problems(endpoint) or " " in endpoint:
        msg = f"expected a URL that begins with https:// or http://, or `{EMBEDDED}`"
        raise ValueError(msg)
    if "@" in url.netloc or url.query or url.fragment:
        msg = "an endpoint holds no user, password, query or fragment; use HF_TOKEN or OIDC"
        raise ValueError(msg)
    return endpoint.rstrip("/")


def check_target(target: str) -> str:
    """Return `target` when it names a class as `module:Class`, both possibly dotted.

    The names are plain ones in ASCII, so that what is imported is what is read; none is private to Python.

    Raises:
        ValueError: for anything else.
    """
    if not re.fullmatch(TARGET_PATTERN, target):
        msg = "expected `module:Class`, such as digits_mlp:DigitsMLP"
        raise ValueError(msg)
    return target
