"""Check the settings in the card of a Space, which the Hub reads when it builds and shows the app."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hublish.schemas.diagnose.problems import format_path
from hublish.schemas.documents.card_values import Finding, advice, items
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.vocabulary import table

_PYTHON: Final = re.compile(r"3\.\d{1,2}(?:\.\d{1,2})?")
_SDK_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)?(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)[-.]?\d+)*")
# One emoji: a keycap, a flag, or pictographs that are joined. Python's character database is older than some emoji, so
# that whole blocks are accepted.
_PICTOGRAPH: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
)
_EMOJI: Final = re.compile(f"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTOGRAPH}(?:\u200d{_PICTOGRAPH})*")
_UNITS: Final = "ms|s|sec|second|m|min|minute|h|hr|hour|d|day"
_DURATION: Final = re.compile(rf"(?:\d+(?:\.\d+)?\s*(?:{_UNITS})s?\s*)+", re.IGNORECASE)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PORTS: Final = 65_535
# The longest session of a visitor: 30 days.
_LONGEST_SESSION: Final = 43_200
# The values that browsers accept for the headers that a Space may send.
_HEADER_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "cross-origin-embedder-policy": ("unsafe-none", "require-corp", "credentialless"),
    "cross-origin-opener-policy": ("unsafe-none", "same-origin-allow-popups", "same-origin", "noopener-allow-popups"),
    "cross-origin-resource-policy": ("same-site", "same-origin", "cross-origin"),
}


def space_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the settings of a Space that the Hub documents otherwise."""
    emoji, duration = metadata.get("emoji"), metadata.get("startup_duration_timeout")
    if isinstance(emoji, str) and not _EMOJI.fullmatch(emoji):
        yield advice("emoji", "not an emoji", "write one emoji itself, such as 🚀, not its name")
    if isinstance(duration, str) and not _DURATION.fullmatch(duration):
        yield advice("startup_duration_timeout", "not a duration", "write a number and a unit, such as `30m` or `1h`")
    if metadata.get("suggested_storage") is not None:
        hint = "remove it: the Hub has no permanent storage for Spaces any more; use a bucket"
        yield advice("suggested_storage", "the Hub ignores it", hint)
    yield from _versions(metadata)
    yield from _addresses(metadata)
    yield from _headers(metadata.get("custom_headers"))
    yield from _sign_in(metadata)
    yield from _preloaded(metadata.get("preload_from_hub"))


def _versions(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    python, sdk = metadata.get("python_version"), metadata.get("sdk_version")
    if isinstance(python, str) and not _PYTHON.fullmatch(python):
        yield advice("python_version", "not a version of Python 3", 'write the version alone: "3.12"')
    if isinstance(sdk, str) and not _SDK_VERSION.fullmatch(sdk):
        yield advice("sdk_version", "not a version", 'write the version alone, without `==` or a range: "5.9.1"')


def _addresses(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    base, port, sdk = metadata.get("base_path"), metadata.get("app_port"), metadata.get("sdk")
    if isinstance(base, str) and not base.startswith("/"):
        yield advice("base_path", "must begin with '/'", f"write `/{base}`")
    elif base is not None and sdk == "static":
        yield advice("base_path", "has no effect for a static Space", "name the page in `app_file`")
    if isinstance(port, int) and port > _PORTS:
        yield advice("app_port", "not a port", f"write a number up to {_PORTS}")
    elif port is not None and isinstance(sdk, str) and sdk != "docker":
        yield advice("app_port", f"has no effect with `sdk: {sdk}`", "remove it: only Docker Spaces have a port")
    if metadata.get("app_build_command") is not None and isinstance(sdk, str) and sdk != "static":
        hint = "remove it: only static Spaces are built by a command"
        yield advice("app_build_command", f"has no effect with `sdk: {sdk}`", hint)


def _headers(headers: object) -> Iterator[Finding]:
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        known = table("space_settings")["headers"]
        place = format_path(("custom_headers", str(name)))
        values = _HEADER_VALUES.get(str(name).casefold(), ())
        if str(name).casefold() not in known:
            yield advice(place, f"the Hub sends only {', '.join(known)}", "remove it")
        elif str(name) != str(name).casefold():
            yield advice(place, "names of headers are in lower case", f"write `{str(name).casefold()}`")
        elif values and value not in values:
            yield advice(place, f"expected one of {', '.join(values)}", "write one of them, in lower case")


def _sign_in(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("hf_oauth_scopes", "hf_oauth_expiration_minutes", "hf_oauth_authorized_org"):
        if metadata.get(key) and not metadata.get("hf_oauth"):
            yield advice(key, "has no effect without hf_oauth", "add `hf_oauth: true`")
    minutes = metadata.get("hf_oauth_expiration_minutes")
    if isinstance(minutes, int) and minutes > _LONGEST_SESSION:
        message = f"the Hub accepts at most {_LONGEST_SESSION} minutes, which are 30 days"
        yield advice("hf_oauth_expiration_minutes", message, f"write a number up to {_LONGEST_SESSION}")
    for place, name in items("hf_oauth_authorized_org", metadata.get("hf_oauth_authorized_org")):
        if isinstance(name, str) and ("/" in name or not _is_repo_id(name)):
            yield advice(place, "not the name of an organization", "write its name as in its URL, such as `acme`")


def _preloaded(entries: object) -> Iterator[Finding]:
    example = "write `repo`, `repo file1,file2` or `repo file1,file2 commit`"
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        if not isinstance(entry, str):
            continue
        place, parts = f"preload_from_hub[{index}]", entry.split()
        if not 1 <= len(parts) <= 3 or not _is_repo_id(parts[0]):
            yield advice(place, "not a repo, its files and a commit", example)
        elif len(parts) > 1 and not all(parts[1].split(",")):
            yield advice(place, "the names of files are separated by one comma", example)
        elif len(parts) == 3 and not _COMMIT.fullmatch(parts[2]):
            yield advice(place, f"'{parts[2][:40]}' is not a full commit id", "write all 40 digits of the commit")


def _is_repo_id(name: str) -> bool:
    try:
        check_repo_id(name)
    except ValueError:
        return False
    return True
