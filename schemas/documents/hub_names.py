"""Validate the names of things elsewhere: repos, branches and tags, endpoints, and classes to load into."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.path_rules import character_problems
from hublish.schemas.secrets.unsafe_characters import quoted_or_described

# The kinds of repos on the Hub.
RepoType = Literal["model", "dataset", "space", "kernel"]
REPO_TYPES: Final[tuple[RepoType, ...]] = get_args(RepoType)
# The first segment of a repo's URL in the API and, except for models, on the website: `datasets`.
URL_KINDS: Final[Mapping[str, RepoType]] = MappingProxyType({f"{kind}s": kind for kind in REPO_TYPES})


def repo_path(repo_id: str, repo_type: str) -> str:
    """Return `acme/digits-mlp`, or `datasets/acme/digits`: the name of a repo in commands, in CI and in signatures."""
    return repo_id if repo_type == "model" else f"{repo_type}s/{repo_id}"


# The endpoint that means the Hub in the folder next to hub.yaml.
EMBEDDED: Final = "embedded"

PUBLIC_HUB: Final = "https://huggingface.co"

_MAX_PART = 96
_EXAMPLE = "write the id as the Hub shows it: `acme/digits-mlp`"
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
# The rules of `check_repo_id` as one expression, for the JSON Schema.
REPO_ID_PATTERN = rf"^(?!.*(?:--|\.\.))(?!.*\.git$)(?:{_PART}/)?{_PART}$"
_NAME = r"(?!__)[A-Za-z_][A-Za-z0-9_]*"
# The form of a class to load into, also for the JSON Schema.
TARGET_PATTERN = rf"^{_NAME}(?:\.{_NAME})*:{_NAME}(?:\.{_NAME})*$"
# The Hub's own ids are those of its database.
RESOURCE_GROUP_PATTERN = "^[0-9a-f]{24}$"
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$")
_NO_REF = "not a valid name for a branch or tag in git"
# A ref is a file, and git locks it with a file `<name>.lock`: 255 bytes on common file systems.
_REF_SEGMENT_BYTES = 250


def check_repo_id(repo_id: str) -> str:
    """Return `repo_id` if it is valid on the Hub.

    The rules are those of huggingface_hub's `validate_repo_id`: an optional namespace; 96 characters per part; letters,
    digits, `-`, `_`, `.`; no `--` or `..`; no `-` or `.` at either end; no `.git` at the end.

    Raises:
        InvalidValueError: with the rule that is broken, and the id that was most likely intended.
    """
    if error := _repo_id_error(repo_id):
        raise InvalidValueError(error, _likely_repo_id(repo_id))
    return repo_id


def _repo_id_error(repo_id: str) -> str:
    parts = repo_id.split("/")
    # The first error that matches decides the hint, so common mistakes come first.
    if "://" in repo_id:
        return "repo_id must be `name` or `namespace/name`, not a URL"
    if len(parts) == 3 and parts[0] in URL_KINDS:
        return "repo_id must be `name` or `namespace/name`; the type of the repo belongs in repo_type"
    if len(parts) > 2:
        return "repo_id must be `name` or `namespace/name`, with at most one '/'"
    if odd := re.search(r"[^A-Za-z0-9_./-]", repo_id):
        return f"repo_id may contain a-z, A-Z, digits, '-', '_' and '.', but not {quoted_or_described(odd.group())}"
    if not all(1 <= len(part) <= _MAX_PART for part in parts):
        return f"repo_id must have 1 to {_MAX_PART} characters on each side of the '/'"
    if any(part[0] in "-." or part[-1] in "-." for part in parts):
        return "repo_id must not begin or end with '-' or '.' on either side of the '/'"
    if "--" in repo_id or ".." in repo_id:
        return "repo_id must not contain '--' or '..'"
    return "repo_id must not end with '.git'" if repo_id.endswith(".git") else ""


def _likely_repo_id(repo_id: str) -> str:
    """Return a hint: the id in a URL, without the type, the revision and invalid characters."""
    if "$" in repo_id:
        return "shell variables are not expanded; list the name under `env`, and write `{{ env.NAME }}`"
    address = re.match(r"[a-z]+://[^/]*/?", repo_id)
    path = repo_id[address.end() :] if address else repo_id.strip()
    kind, _, rest = path.partition("/")
    suffix = ""
    if kind in URL_KINDS and "/" in rest:
        path, suffix = rest, f", and `repo_type: {URL_KINDS[kind]}`"
    parts = [_likely_part(part) for part in path.split("@")[0].split("/") if part]
    # A URL continues after the id: /tree/main. One with a user may have a password, which no hint may repeat.
    likely = "/".join(parts[:2] if address else parts)
    unfit = not likely or "<" in repo_id or ":" in path or _repo_id_error(likely)
    if any(len(part) > _MAX_PART for part in parts):
        return f"shorten it to {_MAX_PART} characters on each side"
    return _EXAMPLE if unfit else f"write `{likely}`{suffix}"


def _likely_part(part: str) -> str:
    # Letters lose their accents instead of being replaced: `poèmes` becomes `poemes`.
    plain = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain.removesuffix(".git"))
    return re.sub(r"\.{2,}", ".", re.sub(r"-{2,}", "-", plain)).strip("-.")


def check_resource_group_id(group: str) -> str:
    """Return `group` if it is the id of a resource group: 24 hexadecimal digits.

    Raises:
        InvalidValueError: for anything else, such as the name of the group.
    """
    if not re.fullmatch(RESOURCE_GROUP_PATTERN, group):
        hint = "copy the id from the address of the group's page, such as 66670e5163145ca562cb1988"
        raise InvalidValueError("expected the id of a resource group: 24 digits from 0-9 and a-f", hint)
    return group


def check_ref(name: str) -> str:
    """Return `name` if git accepts it as a branch or tag (git-check-ref-format) and it has no invisible characters.

    Raises:
        InvalidValueError: with the rule that is broken, and the name that was most likely intended.
    """
    if error := _ref_error(name):
        likely = _likely_ref(name)
        otherwise = "shorten it" if "too long" in error else "write a name such as `main` or `v1.2.0`"
        raise InvalidValueError(error, f"write `{likely}`" if likely else otherwise)
    return name


def _ref_error(name: str) -> str:
    if not name:
        return f"{_NO_REF}: it is empty"
    if name in ("@", "HEAD"):
        return f"{_NO_REF}: '{name}' means the current branch"
    if name.startswith(("-", "/", ".")):
        return f"{_NO_REF}: it begins with '{name[0]}'"
    if found := _BAD_IN_REF.search(name):
        part = quoted_or_described(found.group()) if len(found.group()) == 1 else f"'{found.group()}'"
        return f"{_NO_REF}: it {'ends with' if found.end() == len(name) else 'contains'} {part}"
    if problems := character_problems(name):
        return "; ".join(problems)
    if any(len(segment.encode()) > _REF_SEGMENT_BYTES for segment in name.split("/")):
        return f"too long for a branch or tag: the limit is {_REF_SEGMENT_BYTES} bytes between slashes"
    return ""


def _likely_ref(name: str) -> str:
    visible = "".join(char for char in name if not character_problems(char))
    # Each step can create a sequence that the next one removes: `a/.lock` becomes `a/lock`, and `a..b` becomes `a.b`.
    plain = re.sub(r"[\x00-\x20\x7f~^:?*\[\\{}]+|@\{", "-", visible)
    plain = re.sub(r"\.{2,}", ".", re.sub(r"/[/.]*", "/", plain))
    plain = re.sub(r"(?:\.lock)+(?=/|$)", "", plain).lstrip("-/.").rstrip("/.-")
    return "" if plain == name or _ref_error(plain) else plain


def check_endpoint(endpoint: str) -> str:
    """Return `endpoint` without a trailing slash if it is `embedded` or the URL of a Hub.

    Raises:
        InvalidValueError: for anything else, and for a URL with a user, a password, a query or a fragment.
    """
    if endpoint == EMBEDDED:
        return endpoint
    # `urlsplit` accepts almost anything; a host, a port that is a number, and visible characters are checked here.
    try:
        url = urlsplit(endpoint)
        host = url.hostname if url.port != 0 else None
    except ValueError:
        url, host = urlsplit(""), None
    # Readers of URLs disagree about a backslash: for some it ends the host.
    odd = character_problems(endpoint) or re.search(r"[\s\\]", endpoint)
    if url.scheme not in ("http", "https") or not host or odd:
        msg = f"expected a URL that begins with https:// or http://, or `{EMBEDDED}`"
        raise InvalidValueError(msg, _likely_endpoint(endpoint))
    if "@" in url.netloc or url.query or url.fragment:
        msg = "an endpoint must not contain a user, password, query or fragment"
        raise InvalidValueError(msg, f"write only the address: {url.scheme}://{host}; to log in, use HF_TOKEN or OIDC")
    return endpoint.rstrip("/")


def _likely_endpoint(endpoint: str) -> str:
    from difflib import get_close_matches  # only needed for an invalid endpoint

    if get_close_matches(endpoint, [EMBEDDED], cutoff=0.7):
        return f"write `{EMBEDDED}`"
    if re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?/?", endpoint):
        return f"write https://{endpoint.rstrip('/')}"
    return "such as https://hub.example.com"


def check_target(target: str) -> str:
    """Return `target` if it names a class as `module:Class`; both parts may contain dots.

    Names are ASCII, so that a look-alike cannot be imported, and dunder names are rejected.

    Raises:
        InvalidValueError: for anything else.
    """
    if not re.fullmatch(TARGET_PATTERN, target):
        raise InvalidValueError("expected `module:Class`", _likely_target(target))
    return target


def _likely_target(target: str) -> str:
    # People write the dotted path of Python, or the path of the file.
    module, colon, name = target.strip().partition(":")
    if not colon:
        module, _, name = module.rpartition(".")
    likely = f"{module.removesuffix('.py').strip('./').replace('/', '.')}:{name}"
    return f"write `{likely}`" if re.fullmatch(TARGET_PATTERN, likely) else "such as `digits_mlp:DigitsMLP`"
