"""Planted tokens, the ways to plant one in a manifest, and the search for a trace of one in an output."""

import base64
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, unquote

import yaml
from pydantic import BaseModel

from hublish.schemas.documents.manifest import Manifest
from tests.planted_tokens import TOKENS, random_part

# A shorter part of a token tells nothing.
PART = 8
# The kind of every token that was drawn.
_KINDS: dict[str, str] = {}
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\x([0-9a-f]{2})")


def tokens(count: int) -> Iterator[str]:
    """Yield tokens of every kind in turn, each one new."""
    for index in range(count):
        yield of_kind([*TOKENS][index % len(TOKENS)], 1000 + index)


def of_kind(kind: str, seed: int = 7) -> str:
    token = TOKENS[kind](random.Random(seed))
    _KINDS[token] = kind
    return token


@cache
def secret_parts(token: str) -> frozenset[str]:
    """Return every part of the random text of a token, and of its encodings, that must not be shown."""
    body = random_part(_KINDS[token], token)
    parts = {body[start : start + PART] for start in range(max(1, len(body) - PART + 1))}
    encodings = (base64.b64encode(b"x" * shift + body.encode()).decode()[4:40] for shift in range(3))
    return frozenset(parts | {*encodings} | {quote(body, safe="")} - {body})


def leaked(token: str, text: str) -> str | None:
    """Return a part of a token that a text contains, directly or behind escapes; None when it contains none."""
    forms = {text, unquote(text), _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)}
    return next((part for part in secret_parts(token) for form in forms if part in form), None)


def leaked_in(drawn: Iterable[str], folder: Path, but: set[Path]) -> list[Path]:
    """Return the files in a folder, other than the planted ones, whose name or content shows a token."""
    known, found = tuple(drawn), []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in but:
            text = f"{path.relative_to(folder)}\n{path.read_bytes().decode('utf-8', 'replace')}"
            found += [path] if any(leaked(token, text) for token in known) else []
    return found


def fields(model: type[BaseModel] = Manifest, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field and section of a manifest, from the models: a new field is covered at once."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for inner in _models_in(field.annotation):
            yield from fields(inner, (*path, name))


def planted(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a manifest, valid but for one field with this value."""
    manifest: dict[str, Any] = {
        "repo": {"repo_id": "acme/x"},
        "artifacts": [{"source": "config.json"}],
        "card": {"metadata": {"license": "mit"}},
    }
    here: Any = manifest
    for step in path[:-1]:
        here = here.setdefault(step, {})
        here = here[0] if isinstance(here, list) else here
    here[path[-1]] = value
    return manifest


def shapes(token: str) -> Mapping[str, Any]:
    """Return the values by which a token can be planted in a field, most of them of a wrong type."""
    return {
        "a string": token,
        "in a string": f"see ({token}), please",
        "a list": [token],
        "a key": {token: 1},
        "a nested key": {"a": [{token: {"b": token}}]},
        "a value": {"version": token},
    }


def as_yaml(manifest: Mapping[str, Any], style: int) -> str:
    """Return a manifest as YAML, in one of four styles: blocks, one line, folded lines, JSON with escapes."""
    match style % 4:
        case 0:
            return yaml.safe_dump(dict(manifest), sort_keys=False, width=10_000)
        case 1:
            return yaml.safe_dump(dict(manifest), default_flow_style=True, width=10_000)
        case 2:
            return yaml.safe_dump(dict(manifest), sort_keys=False, default_style='"', width=40)
    return json.dumps(manifest).replace("_", "\\u005f").replace("http", "\\u0068ttp")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
