"""The bill of materials of a release, in the form of CycloneDX 1.6; https://cyclonedx.org/docs/1.6/json/.

It repeats facts that the release has already, and names every file with its digest. It has no time and no random
number: the same release gives the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from hublish._version import __version__
from hublish.attestation.model_card import model_card
from hublish.attestation.released_parts import (
    Parts,
    licenses_of,
    properties,
    required_packages,
    short_text,
    space_sdk,
    writers,
)
from hublish.attestation.statements import BOM_TYPE
from hublish.base.values import Release, ReleaseFile, Target
from hublish.base.values.attested import Dependency
from hublish.cards.released_facts import named_dependencies, released_metadata, with_facts
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import EMBEDDED, PUBLIC_HUB, repo_path

PREDICATE_TYPE: Final = BOM_TYPE
FILE_ROW: Final = '    {"bom-ref": "file:'
"""The beginning of each line that describes a file of the release."""

_TYPES: Final = {"model": "machine-learning-model", "dataset": "data", "space": "application", "kernel": "library"}
# Of our own, for the serial numbers; any fixed value will do.
_NAMESPACE: Final = UUID("6f1d2c1e-3a0b-5c55-9d7a-0c6b8e1f4a21")
_row: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_ABOUT: Final = frozenset([BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE])
_PLAIN_VERSION: Final = re.compile(r"[0-9][\w.!+-]*", re.ASCII)


def bill_of_materials(release: Release, target: Target) -> bytes:
    """Return bom.cdx.json for a sealed release, as JSON with one component a line.

    Args:
        release: the release; its own bill of materials, signature and claims are not listed.
        target: the place that it is published to, with its endpoint resolved.

    Raises:
        SourceChangedError: README.md or requirements.txt has other bytes by now.
    """
    metadata = released_metadata(release)
    release = with_facts(release, metadata)
    parts = Parts(release, target, metadata, release.facts or {})
    upstream = [_upstream(one) for one in named_dependencies(release, metadata, target.endpoint)]
    libraries = list(_libraries(parts))
    component = _component(parts, [one for one in upstream if one["type"] == _TYPES["model"]])
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": component,
            "tools": {"components": [{"type": "application", "name": "hublish", "version": __version__}]},
        },
        "dependencies": [
            {"ref": component["bom-ref"], "dependsOn": [one["bom-ref"] for one in (*upstream, *libraries)]},
            *({"ref": one["bom-ref"]} for one in (*upstream, *libraries)),
        ],
    }
    files = [_file_row(file) for file in release.files if file.path_in_repo not in _ABOUT]
    return _written(bom, [*map(_row, (*upstream, *libraries)), *files])


def _written(bom: Mapping[str, Any], components: Iterable[str]) -> bytes:
    """Return the JSON, with a serial number that is computed from all else; each component is JSON on one line."""
    # A release may have 100,000 files, and a diff lists those that changed.
    rows = ",\n    ".join(components)
    digest = hashlib.sha256(f"{_row(bom)}\n{rows}".encode()).hexdigest()
    numbered = {**bom, "serialNumber": uuid5(_NAMESPACE, digest).urn}
    head = json.dumps(numbered, ensure_ascii=False, sort_keys=True, indent=2).removesuffix("\n}")
    return f'{head},\n  "components": [\n    {rows}\n  ]\n}}\n'.encode()


def _component(parts: Parts, models: list[dict[str, Any]]) -> dict[str, Any]:
    target = parts.target
    group, _, name = target.repo_id.rpartition("/")
    found: dict[str, Any] = {
        "type": _TYPES[target.repo_type],
        "bom-ref": repo_path(target.repo_id, target.repo_type),
        "name": name,
        "group": group,
        "version": target.tag,
        "purl": _purl(target.repo_id, target.endpoint) if target.repo_type == "model" else None,
        "licenses": licenses_of(parts.metadata),
        "externalReferences": _references(target),
        "properties": properties(parts),
    }
    if target.repo_type == "model":
        found["modelCard"] = model_card(parts)
        found["pedigree"] = {"ancestors": [_without_ref(one) for one in models]} if models else None
    elif target.repo_type == "dataset":
        found["data"] = [_present({"type": "dataset", "name": name, "contents": _contents(target)})]
    return _present(found)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _without_ref(component: Mapping[str, Any]) -> dict[str, Any]:
    # A reference is unique in the document.
    return {name: value for name, value in component.items() if name != "bom-ref"}


def _references(target: Target) -> list[dict[str, str]]:
    address = _address(target.endpoint, target.repo_id, target.repo_type)
    return [{"type": "distribution", "url": address}] if address else []


def _contents(target: Target) -> dict[str, str]:
    address = _address(target.endpoint, target.repo_id, target.repo_type)
    return {"url": address} if address else {}


def _address(endpoint: str, repo_id: str, repo_type: str) -> str:
    # An embedded Hub has no permanent address.
    return "" if endpoint in ("", EMBEDDED) else f"{endpoint}/{repo_path(repo_id, repo_type)}"


def _purl(repo_id: str, endpoint: str, commit: str | None = None) -> str:
    """Return a package URL of type `huggingface`, whose version is a commit; empty for a Hub without an address."""
    if not _address(endpoint, repo_id, "model"):
        return ""
    version = f"@{commit}" if commit else ""
    return f"pkg:huggingface/{repo_id}{version}" + (
        "" if endpoint == PUBLIC_HUB else f"?repository_url={quote(endpoint, safe=':/')}"
    )


def _upstream(dependency: Dependency) -> dict[str, Any]:
    """Return the component of a base model or a dataset."""
    group, _, name = dependency.repo_id.rpartition("/")
    is_model = dependency.repo_type == "model"
    address = _address(dependency.endpoint, dependency.repo_id, dependency.repo_type)
    return _present(
        {
            "type": _TYPES[dependency.repo_type],
            "bom-ref": f"upstream:{repo_path(dependency.repo_id, dependency.repo_type)}",
            "name": name,
            "group": group,
            "version": dependency.commit,
            "purl": _purl(dependency.repo_id, dependency.endpoint, dependency.commit) if is_model else None,
            "data": None if is_model else [{"type": "dataset", "name": name}],
            "externalReferences": [{"type": "distribution", "url": address}] if address else None,
        }
    )


def _libraries(parts: Parts) -> Iterator[dict[str, Any]]:
    """Yield the packages of the environment: those that the release requires, and those that wrote its files."""
    packages_by_role = {"requirement": required_packages(parts), "sdk": space_sdk(parts), "writer": writers(parts)}
    for role, packages in packages_by_role.items():
        for name, version in sorted(packages.items()):
            plain = version.removeprefix("==").strip()
            is_pinned = bool(_PLAIN_VERSION.fullmatch(plain))
            about = [{"name": "hublish:role", "value": role}]
            about += [{"name": "hublish:specifier", "value": version}] if version and not is_pinned else []
            purl = f"pkg:pypi/{name.lower().replace('_', '-')}"
            yield _present(
                {
                    "type": "library",
                    "bom-ref": f"{role}:{name}",
                    "name": name,
                    "version": plain if is_pinned else None,
                    "purl": f"{purl}@{quote(plain)}" if is_pinned else purl,
                    "properties": about,
                }
            )


def _file_row(file: ReleaseFile) -> str:
    """Return a component, as `_row` writes it: an encoder takes ten times as long for each of many files."""
    name, version = _row(file.path_in_repo), short_text(file.origin.parameters.get("version"))
    about = {"size": str(file.size), "serializer": file.origin.serializer}
    about |= {"serializer_version": version} if version else {}
    properties = ", ".join([f'{{"name": "hublish:{key}", "value": {_row(value)}}}' for key, value in about.items()])
    return (
        f'{{"bom-ref": "file:{name[1:]}, "hashes": [{{"alg": "SHA-256", "content": "{file.sha256}"}}], '
        f'"name": {name}, "properties": [{properties}], "type": "file"}}'
    )


def with_other_file(bom: bytes, path: str, file: ReleaseFile | None) -> bytes:
    """Return a bill of materials that `bill_of_materials` has made, with one file changed; everything else stays.

    Args:
        bom: the JSON.
        path: the path of the file.
        file: the file; None for one that is deleted.

    Raises:
        ValueError: it was not made by hublish.
    """
    try:
        found = json.loads(bom)
        others = [one for one in found.pop("components") if one["bom-ref"] != f"file:{path}"]
        del found["serialNumber"]
    except (KeyError, TypeError) as error:
        raise ValueError("the bill of materials was not made by hublish") from error
    files = {str(one["name"]): _row(one) for one in others if one["type"] == "file"}
    files |= {path: _file_row(file)} if file else {}
    rest = [_row(one) for one in others if one["type"] != "file"]
    return _written(found, [*rest, *(files[name] for name in sorted(files))])
