"""repo_id, branch and tag names, endpoints, classes: names of things elsewhere, checked before anything is sent."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from hublish.schemas.diagnose.problems import Refusal
from hublish.schemas.documents.path_rules import text_problems
from hublish.schemas.secrets.unsafe_characters import shown

RepoType = Literal["model", "dataset", "space", "kernel"]
"""The kinds of repos on the Hub."""
REPO_TYPES: Final[tuple[RepoType, ...]] = get_args(RepoType)
URL_KINDS: Final[Mapping[str, RepoType]] = MappingProxyType({f"{kind}s": kind for kind in REPO_TYPES})
"""The first segment of a repo's URL in the API and, except for models, on the website: `datasets`."""

EMBEDDED: Final = "embedded"
"""The endpoint that means the Hub in the folder next to hub.yaml."""

_LONGEST_PART = 96
_EXAMPLE = "write it as the Hub shows it: `acme/digits-mlp`"
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
REPO_ID_PATTERN = rf"^(?!.*(?:--|\.\.))(?!.*\.git$)(?:{_PART}/)?{_PART}$"
"""The rules of `check_repo_id` as one expression, for the JSON Schema."""
_NAME = r"(?!__)[A-Za-z_][A-Za-z0-9_]*"
TARGET_PATTERN = rf"^{_NAME}(?:\.{_NAME})*:{_NAME}(?:\.{_NAME})*$"
"""The form of a class to load into, for the JSON Schema too."""
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$")
_NO_REF = "not a name git accepts for a branch or tag"
# A loose ref is a file, and git locks it as `<name>.lock`.
_REF_SEGMENT_BYTES = 250


def check_repo_id(repo_id: str) -> str:
    """Return `repo_id` when the Hub would take it.

    The rules are huggingface_hub's `validate_repo_id`: one optional namespace, 96 characters a part,
    letters, digits, `-`, `_`, `.`, no `--` or `..`, no `-` or `.` at either end, not ending in `.git`.

    Raises:
        Refusal: saying which rule is broken, with the id that was most likely meant.
    """
    if fault := _fault_of_repo_id(repo_id):
        raise Refusal(fault, _likely_repo_id(repo_id))
    return repo_id


def _fault_of_repo_id(repo_id: str) -> str:
    parts = repo_id.split("/")
    if "://" in repo_id:
        return "repo_id is no URL, but `name` or `namespace/name`"
    if len(parts) == 3 and parts[0] in URL_KINDS:
        return "repo_id must be `name` or `namespace/name`; the kind of repo goes to repo_type"
    if len(parts) > 2:
        return "repo_id must be `name` or `namespace/name`, with one '/' at most"
    if odd := re.search(r"[^A-Za-z0-9_./-]", repo_id):
        return f"repo_id may hold letters of a to z, digits, '-', '_' and '.', but not {shown(odd.group())}"
    if not all(1 <= len(part) <= _LONGEST_PART for part in parts):
        return f"repo_id must have 1 to {_LONGEST_PART} characters on each side of the '/'"
    if any(part[0] in "-." or part[-1] in "-." for part in parts):
        return "repo_id may not begin or end with '-' or '.', on either side of the '/'"
    if "--" in repo_id or ".." in repo_id:
        return "repo_id may not hold '--' or '..'"
    return "repo_id may not end in '.git'" if repo_id.endswith(".git") else ""


def _likely_repo_id(repo_id: str) -> str:
    """Return what to write instead: the id in a URL, without the kind, revision or characters it may not have."""
    if "$" in repo_id:
        return "the shell's variables are not replaced; list the name under `env`, and write `{{ env.NAME }}`"
    address = re.match(r"[a-z]+://[^/]*/?", repo_id)
    path = repo_id[address.end() :] if address else repo_id.strip()
    kind, _, rest = path.partition("/")
    suffix = ""
    if kind in URL_KINDS and "/" in rest:
        path, suffix = rest, f", and `repo_type: {URL_KINDS[kind]}`"
    parts = [_likely_part(part) for part in path.split("@")[0].split("/") if part]
    # Behind the id, a URL goes on: /tree/main.
    likely = "/".join(parts[:2] if address else parts)
    unfit = not likely or "<" in repo_id or _fault_of_repo_id(likely)
    if any(len(part) > _LONGEST_PART for part in parts):
        return f"shorten it to {_LONGEST_PART} characters on each side"
    return _EXAMPLE if unfit else f"write `{likely}`{suffix}"


def _likely_part(part: str) -> str:
    plain = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain.removesuffix(".git"))
    return re.sub(r"\.{2,}", ".", re.sub(r"-{2,}", "-", plain)).strip("-.")


def check_ref(name: str) -> str:
    """Return `name` when git accepts it as a branch or tag (git-check-ref-format), and it shows what it is.

    Raises:
        Refusal: saying what git would refuse, with the name that was most likely meant.
    """
    if fault := _fault_of_ref(name):
        likely = _likely_ref(name)
        otherwise = "shorten it" if "too long" in fault else "write one such as `main` or `v1.2.0`"
        raise Refusal(fault, f"write `{likely}`" if likely else otherwise)
    return name


def _fault_of_ref(name: str) -> str:
    if not name:
        return f"{_NO_REF}: it is empty"
    if name in ("@", "HEAD"):
        return f"{_NO_REF}: '{name}' stands for the branch that is checked out"
    if name.startswith(("-", "/", ".")):
        return f"{_NO_REF}: it begins with '{name[0]}'"
    if found := _BAD_IN_REF.search(name):
        told = shown(found.group()) if len(found.group()) == 1 else f"'{found.group()}'"
        return f"{_NO_REF}: it {'ends with' if found.end() == len(name) else 'holds'} {told}"
    if found_in_text := text_problems(name):
        return "; ".join(found_in_text)
    if any(len(segment.encode()) > _REF_SEGMENT_BYTES for segment in name.split("/")):
        return f"too long for a branch or tag: the limit is {_REF_SEGMENT_BYTES} bytes between slashes"
    return ""


def _likely_ref(name: str) -> str:
    visible = "".join(char for char in name if not text_problems(char))
    plain = re.sub(r"[\x00-\x20\x7f~^:?*\[\\{}]+|@\{", "-", visible)
    plain = re.sub(r"\.{2,}", ".", re.sub(r"/[/.]*", "/", plain))
    plain = re.sub(r"(?:\.lock)+(?=/|$)", "", plain).lstrip("-/.").rstrip("/.-")
    return "" if plain == name or _fault_of_ref(plain) else plain


def check_endpoint(endpoint: str) -> str:
    """Return `endpoint` when it is `embedded` or the URL of a Hub, without a trailing slash.

    Raises:
        Refusal: for anything else, and for a URL that carries a password.
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
        raise Refusal(msg, _likely_endpoint(endpoint))
    if "@" in url.netloc or url.query or url.fragment:
        msg = "an endpoint holds no user, password, query or fragment"
        raise Refusal(msg, f"write the address alone: {url.scheme}://{host}; credentials come from HF_TOKEN or OIDC")
    return endpoint.rstrip("/")


def _likely_endpoint(endpoint: str) -> str:
    from difflib import get_close_matches

    if get_close_matches(endpoint, [EMBEDDED], cutoff=0.7):
        return f"write `{EMBEDDED}`"
    if re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?/?", endpoint):
        return f"write https://{endpoint.rstrip('/')}"
    return "such as https://hub.example.com"


def check_target(target: str) -> str:
    """Return `target` when it names a class as `module:Class`, both possibly dotted.

    The names are plain ones in ASCII, so that what is imported is what is read; none is private to Python.

    Raises:
        Refusal: for anything else.
    """
    if not re.fullmatch(TARGET_PATTERN, target):
        msg = "expected `module:Class`"
        raise Refusal(msg, _likely_target(target))
    return target


def _likely_target(target: str) -> str:
    module, colon, name = target.strip().partition(":")
    if not colon:
        module, _, name = module.rpartition(".")
    likely = f"{module.removesuffix('.py').strip('./').replace('/', '.')}:{name}"
    return f"write `{likely}`" if re.fullmatch(TARGET_PATTERN, likely) else "such as `digits_mlp:DigitsMLP`"
