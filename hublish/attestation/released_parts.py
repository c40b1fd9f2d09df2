"""The parts of a release that its bill of materials repeats: licenses, packages and facts, as short texts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.values import Release, Target
from hublish.cards.facts.source_files import text
from hublish.schemas.vocabulary import table

_REQUIREMENTS: Final = "requirements.txt"
# Bytes of a list of packages, and packages in it.
_LARGEST: Final = 256 << 10
_MOST: Final = 1_000
_LONGEST: Final = 2_000
# PEP 508, without the URL of a package. Possessive, so that no line takes long.
_REQUIREMENT: Final = re.compile(
    r"\s*+(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*+)\s*+(?:\[[^\]]*+\]\s*+)?\(?\s*+"
    r"(?P<specifier>(?:[=!<>~]=?=?\s*+[\w.*+!-]++\s*+(?:,\s*+[=!<>~]=?=?\s*+[\w.*+!-]++\s*+)*+)?)\)?\s*+(?:[;#].*)?",
    re.ASCII,
)
# The facts of a release that are properties of its component. Those of git and of changes are not about its files.
_DESCRIBED: Final = ("model.", "data.", "training.")
_KEPT_BACK: Final = ("training.log",)
_URL: Final = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Parts:
    """The inputs of a bill of materials."""

    release: Release
    target: Target
    metadata: Mapping[str, Any]
    """The front matter of the card."""
    facts: Mapping[str, Any]
    """The facts of the files, by name."""


def short_text(value: Any) -> str:
    """Return a text on one line, without what no card may repeat; empty if nothing is left."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return (text(" ".join(value.split()), _LONGEST) or "") if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """Return a text, or the texts in a list, as `short_text` returns each."""
    values = value if isinstance(value, list | tuple) else [value]
    return [found for one in values[:_MOST] if (found := short_text(one))]


def licenses_of(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the licenses of a card: by their ids in SPDX where they have one, else by their names."""
    ids = table("spdx_licenses")["entries"]
    name, link = short_text(metadata.get("license_name")), metadata.get("license_link")
    found = []
    for license_ in dict.fromkeys(texts(metadata.get("license"))):
        if license_ in ids:
            found.append({"license": {"id": ids[license_]}})
        else:
            is_other = license_ == "other"
            url = link if is_other and isinstance(link, str) and _URL.fullmatch(link) else None
            about = {"name": name or license_ if is_other else license_}
            found.append({"license": {**about, "url": url} if url else about})
    return found


def properties(parts: Parts) -> list[dict[str, str]]:
    """Return the facts of the files, each as a name and a text."""
    described = {
        name: value for name, value in parts.facts.items() if name.startswith(_DESCRIBED) and name not in _KEPT_BACK
    }
    if languages := texts(parts.metadata.get("language")):
        described["languages"] = languages
    return [{"name": f"hublish:{name}", "value": value} for name, value in _flat(described)]


def _flat(values: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    for name, value in sorted(values.items())[:_MOST]:
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", one) for key, one in _flat(value, depth + 1))
        elif isinstance(value, list | tuple):
            if joined := ", ".join(texts(list(value))):
                yield name, joined[:_LONGEST]
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif shown := short_text(value):
            yield name, shown


def required_packages(parts: Parts) -> dict[str, str]:
    """Return the packages of requirements.txt with their specifiers: `{"torch": "==2.8.0"}`.

    Raises:
        SourceChangedError: the file has other bytes by now.
    """
    files = (file for file in parts.release.files if file.path_in_repo == _REQUIREMENTS and file.size <= _LARGEST)
    found: dict[str, str] = {}
    for data in each_sealed(files, sealed_bytes):
        for line in data.decode("utf-8", "replace").splitlines():
            # Options, files and URLs are not packages with a version.
            is_short = len(line) <= _LONGEST and len(found) < _MOST
            if is_short and (match := _REQUIREMENT.fullmatch(line)):
                found.setdefault(match["name"].rstrip("._-"), re.sub(r"\s", "", match["specifier"]))
    return found


def writers(parts: Parts) -> dict[str, str]:
    """Return the libraries that wrote files of the release, with their versions, as its configuration names them."""
    prefix = "versions."
    return {name.removeprefix(prefix): str(one) for name, one in parts.facts.items() if name.startswith(prefix)}


def space_sdk(parts: Parts) -> dict[str, str]:
    """Return the SDK of a Space with its version; empty for one without a package."""
    sdk = short_text(parts.metadata.get("sdk"))
    is_package = parts.target.repo_type == "space" and sdk in ("gradio", "streamlit")
    return {sdk: short_text(parts.metadata.get("sdk_version"))} if is_package else {}
