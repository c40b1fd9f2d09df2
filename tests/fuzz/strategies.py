"""Manifests built from the schema, with some wrong values, which mutations of a document rarely reach."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.json_schema.generate import DescribedJsonSchema
from tests.fuzz import hostile

# A fixed list: to choose among all of Unicode, hypothesis takes 250 MB for its table.
_LETTERS = (
    "abcxyzABC019 _-./\\*?[]{}()<>|&!%@#$^~`'\",:;=+\t\n\r\0\x7f\x85\xa0\xad\u00e9\u0301\u0430\u2028\u200b\u202e\ufeff"
    "\u4e00\U0001f600\U0010ffff"
)
# Random bytes for the choices of one manifest.
_CHOICES = 1_500


def manifests() -> st.SearchStrategy[bytes]:
    """Return a strategy for manifests as bytes: mostly of the right form, with hostile values, in one style of YAML."""
    schema = Manifest.model_json_schema(schema_generator=DescribedJsonSchema)
    return st.builds(_written, _value(schema, schema, ""), st.sampled_from(sorted(_WRITERS)))


def from_strategy(rng: Random) -> bytes:
    """Return one manifest of the strategy, chosen by random bytes; empty if hypothesis rejects them."""
    made: list[bytes] = []
    _fuzz_one(made)(rng.randbytes(_CHOICES))
    return made[-1] if made else b""


def _fuzz_one(made: list[bytes]) -> Any:
    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_manifests())
    def keep(text: bytes) -> None:
        made.append(text)

    return keep.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # hypothesis adds it to the function


@cache
def _manifests() -> st.SearchStrategy[bytes]:
    return manifests()


def _value(schema: Mapping[str, Any] | bool, whole: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    """Return a strategy for a place in the schema: mostly valid values, and some that are not."""
    return st.integers(0, 15).flatmap(lambda odds: _anything(key) if odds == 0 else _valid(schema, whole, key))


def _valid(schema: Mapping[str, Any] | bool, whole: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    if not isinstance(schema, Mapping):  # true or false: any value is valid, or none
        return _anything(key)
    if "$ref" in schema:
        return _valid(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, key)
    if "properties" in schema:
        return _mapping(schema, whole)
    for keyword in ("enum", "examples"):
        if keyword in schema:
            return st.sampled_from([*schema[keyword], *schema[keyword], *hostile.values_for(key)[:3]])
    if "const" in schema:
        return st.just(schema["const"])
    if "type" not in schema and "anyOf" in schema:
        return st.one_of([_valid(each, whole, key) for each in schema["anyOf"]])
    return _of_type(schema, whole, key)


def _of_type(schema: Mapping[str, Any], whole: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "array":
            return st.lists(_value(schema.get("items", {}), whole, key), min_size=1, max_size=4)
        case "object":
            return st.dictionaries(st.sampled_from(_KEYS), _anything(key), max_size=4)
        case "string":
            return st.sampled_from(hostile.values_for(key)) | st.sampled_from(["A.bin", "*", "acme/digits", "mit"])
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers()
        case "null":
            return st.none()
    return _anything(key)


def _mapping(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: _value(field, whole, name) for name, field in schema["properties"].items()}
    required = {name: fields[name] for name in schema.get("required", ())}
    optional = {name: field for name, field in fields.items() if name not in required}
    valid = st.fixed_dictionaries(required, optional=optional)
    return st.integers(0, 15).flatmap(lambda odds: valid if odds else _with_unknown_key(valid))


def _with_unknown_key(valid: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(_KEYS) | st.text(_LETTERS, max_size=8)
    return st.builds(lambda fields, key: {**fields, key: 1}, valid, keys)


def _anything(key: str) -> st.SearchStrategy[Any]:
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(_LETTERS, max_size=20)
        | st.sampled_from(hostile.values_for(key))
        | st.sampled_from(hostile.ALL)
    )
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(_LETTERS, max_size=5), inner)
    )


_KEYS = (
    *("license", "tags", "language", "base_model", "datasets", "metrics", "model-index", "pipeline_tag", "configs"),
    *("version", "repo", "files", "title", "summary", "usage", "token", "artefacts", "repo_id", "max_shard_size"),
    *("dtype", "include", "rename", "key", "", "<<", "1", "no", "a.b", 'a"]', "\u0430", "\u202e", "x" * 300),
)


def _block(data: Any) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


def _flow(data: Any) -> str:
    return str(yaml.safe_dump(data, default_flow_style=True, width=60))


def _quoted(data: Any) -> str:
    return str(yaml.safe_dump(data, default_style='"', allow_unicode=True))


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "block": _block,
    "flow": _flow,
    "json": lambda data: json.dumps(data, ensure_ascii=False, indent=1),
    "json-escaped": json.dumps,
    "quoted": _quoted,
}


def _written(data: Any, writer: str) -> bytes:
    return _WRITERS[writer](data).encode("utf-8", "surrogatepass")
