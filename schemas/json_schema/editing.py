"""The manifest's JSON Schema as editors want it: one piece, with meanings, suggestions and what depends on what.

It is draft-07: the yaml-language-server, which editors stand on, says it supports "JSON Schema 7 and below". There
`$ref` silences everything beside it, so that nothing is referred to; and `markdownDescription`, which it prefers to
`description`, keeps backticks from being escaped.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from hublish.schemas.documents.card_metadata import SHORT_DESCRIPTION
from hublish.schemas.documents.hub_names import REPO_ID_PATTERN, RepoType
from hublish.schemas.documents.manifest import TEMPLATE_NAMES
from hublish.schemas.vocabulary import card_fields, vocabulary

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
SERIALIZERS = Path(__file__).parents[1] / "vocabulary" / "serializers.json"
"""The built-in serializers as they describe themselves; `hublish.formats.describing` writes it."""

Schema = dict[str, Any]

_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "repo.repo_type": {
        "model": "weights, and what loads them",
        "dataset": "data files, shown in the viewer",
        "space": "an app that runs on the Hub",
        "kernel": "compute kernels that are loaded at run time",
    },
    "repo.visibility": {
        "public": "everybody can read it",
        "private": "only its owners can",
        "protected": "everybody can use the Space, only its owners can read its files",
    },
    "repo.gated": {
        "auto": "readers share who they are, and get in at once",
        "manual": "someone reviews every request",
        "false": "readers need not ask",
    },
    "repo.space_sdk": {
        "gradio": "a Python app with Gradio",
        "docker": "whatever its Dockerfile runs",
        "static": "HTML, CSS and JavaScript",
        "streamlit": "a Python app with Streamlit",
    },
    **{
        f"policy.{rule}": {
            "forbid": "such a file fails the release",
            "warn": "such a file is told and goes up",
            "allow": "such files are not looked for",
        }
        for rule in ("pickle", "secrets")
    },
    "policy.symlinks": {
        "forbid": "a link fails the release",
        "follow": "the file it leads to goes up, when that lies inside the folder",
    },
}
_OWN_NAME = r"(?!git\b|env\b|source_date\b)[A-Za-z_][A-Za-z0-9_]*"
_ANY_NAME = rf"(?:{_OWN_NAME}|source_date|git\.(?:branch|commit|dirty|short_commit|tag)|env\.[A-Za-z_][A-Za-z0-9_]*)"
_VARIABLE = {"type": "string", "pattern": r"\{\{"}
"""A text that mentions a variable: what it becomes is checked once it is replaced."""
_WITHOUT_VARIABLES = ("variables", "schema_version", "env", "policy.max_file_size")
_DATA = ("default", "examples", "enum", "const")
_ABOUT = ("description", "markdownDescription", "default", "examples")


def _braces(name: str) -> str:
    """Return the pattern of a text in which two braces always mention a variable, or stand for themselves."""
    both = r"(?:\{\{|\}\})"
    mention = rf"""\{{\{{\s*(?:{name}|'{both}'|"{both}")\s*\}}\}}"""
    return rf"^(?:{mention}|\{{(?={mention})|(?!\{{\{{)[\s\S])*$"


_BRACES = _braces(_ANY_NAME)
_BRACES_IN_LOAD = _braces(_OWN_NAME)
"""Readers of the published file know no more than the variables that stand in it."""


def for_editors(body: Schema) -> Schema:
    """Return the schema of the manifest, as pydantic makes it, in the form that helps whoever writes one."""
    definitions = body.pop("$defs")
    whole: Schema = _inlined(body, definitions)
    for place, meanings in _MEANINGS.items():
        _explain(_at(whole, place), meanings)
    whole = _with_variables(whole, "")
    _add_serializers(_at(whole, "artifacts[]"))
    _add_card_rules(_at(whole, "card"))
    whole["allOf"] = [_of_kind(kind, values) for kind, values in refused_values().items()]
    described: Schema = _with_markdown(whole)
    return described


def _inlined(part: Any, definitions: Mapping[str, Schema]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = definitions[part["$ref"].rpartition("/")[2]]
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return _or_null({key: _inlined(value, definitions) for key, value in part.items()})


def _or_null(part: Schema) -> Schema:
    """Return a mapping that may be null as one schema: what is wrong inside of it is then told inside of it."""
    match part.get("anyOf"):
        case [{"properties": _} as mapping, {"type": "null"}]:
            beside = {key: value for key, value in part.items() if key != "anyOf"}
            return {**mapping, "type": ["object", "null"], **beside}
    return part


def _at(whole: Schema, place: str) -> Schema:
    """Return the schema of a field: `repo.visibility`, `artifacts[]`."""
    here: Schema = whole
    for step in place.split("."):
        here = here["properties"][step.removesuffix("[]")]
        here = here["items"] if step.endswith("[]") else here
    return here


def _explain(field: Schema, meanings: Mapping[str, str]) -> None:
    """Say beside every choice what it means; editors show it while they complete."""
    choices = field if "enum" in field else next(each for each in field["anyOf"] if "enum" in each)
    names = [str(value).lower() if isinstance(value, bool) else value for value in choices["enum"]]
    choices["enumDescriptions"] = [meanings[name] for name in names]


def _with_variables(part: Any, place: str) -> Any:
    """Let every text that has a form hold a variable instead, except where none is replaced."""
    if isinstance(part, list):
        return [_with_variables(item, place) for item in part]
    if not isinstance(part, dict) or place in _WITHOUT_VARIABLES:
        return part
    if "properties" in part:
        fields = {
            name: _with_variables(field, f"{place}.{name}" if place else name)
            for name, field in part["properties"].items()
        }
        return {**part, "properties": fields}
    if part.get("type") == "string" or any(isinstance(value, str) for value in part.get("enum", ())):
        return _text(part, place)
    return {
        key: _with_variables(value, place) if key in ("items", "anyOf", "additionalProperties") else value
        for key, value in part.items()
    }


def _text(part: Schema, place: str) -> Schema:
    about = {key: value for key, value in part.items() if key in _ABOUT}
    form = {key: value for key, value in part.items() if key not in _ABOUT}
    has_form = form.keys() & {"enum", "pattern", "anyOf"}
    if place.startswith("card"):  # where braces may be a template's own
        return {**about, "anyOf": [form, dict(_VARIABLE)]} if has_form else part
    braces = _BRACES_IN_LOAD if place.startswith("load") else _BRACES
    alternatives: Schema = {"anyOf": [form, dict(_VARIABLE)]} if has_form else form
    return {**about, **alternatives, "pattern": braces}


def _add_serializers(artifact: Schema) -> None:
    """Name the built-in serializers, and check the options of each; others are taken as they are."""
    known: Mapping[str, Schema] = json.loads(SERIALIZERS.read_text(encoding="utf-8"))
    names = [{"const": name, "description": about["description"]} for name, about in known.items()]
    field = artifact["properties"]["serializer"]
    form = {key: field.pop(key) for key in ("type", "minLength")}
    field["anyOf"] = [*names, form]
    artifact["allOf"] = [_options_of(name, about["options"]) for name, about in known.items()]


def _options_of(name: str, options: Schema) -> Schema:
    asked: Schema = {"properties": {"serializer": {"const": name}}}
    if name != "copy":  # which also holds when none is named
        asked["required"] = ["serializer"]
    return {"if": asked, "then": {"properties": {"options": _with_variables(options, "options")}}}


def _add_card_rules(card: Schema) -> None:
    """Name the keys of the front matter, and say what does not go together."""
    card["properties"]["metadata"]["properties"] = metadata_fields()
    card["properties"]["variables"]["properties"] = dict.fromkeys(TEMPLATE_NAMES, False)
    given: Schema = {"properties": {"evaluation": {"type": "string"}}, "required": ["evaluation"]}
    card["if"] = given
    card["then"] = {"properties": {"metadata": {"properties": {"model-index": False}}}}


def _of_kind(kind: str, values: Mapping[str, Schema]) -> Schema:
    repo: Schema = {"properties": {"repo_type": {"const": kind}}}
    if kind != "model":  # which also holds when none is named
        repo["required"] = ["repo_type"]
    texts = {key: {"anyOf": [value, dict(_VARIABLE)]} for key, value in values.items() if value.get("type") != "array"}
    card: Schema = {"properties": {"metadata": {"properties": {**values, **texts}}}}
    if kind != "model":
        card["properties"]["evaluation"] = {"type": "null"}
    return {"if": {"properties": {"repo": repo}, "required": ["repo"]}, "then": {"properties": {"card": card}}}


def _with_markdown(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_markdown(item) for item in part]
    if not isinstance(part, dict):
        return part
    done = {key: value if key in _DATA else _with_markdown(value) for key, value in part.items()}
    text = part.get("description")
    if isinstance(text, str) and "`" in text:
        done["markdownDescription"] = text
    return done


_LISTED: Mapping[str, Literal["licenses", "libraries", "tasks"]] = {
    "license": "licenses",
    "library_name": "libraries",
    "pipeline_tag": "tasks",
}
"""The keys that take an id from one of the Hub's lists."""


def metadata_fields() -> dict[str, Schema]:
    """Return every documented key with its meaning and what it usually holds; nothing is ruled out."""
    suggestions = {key: _suggested(field.values) for key, field in card_fields().items() if field.values}
    for key, name in _LISTED.items():
        suggestions[key] = _suggested(sorted(vocabulary(name).ids))
    return {
        key: {"description": field.description, "examples": [field.example], **suggestions.get(key, {})}
        for key, field in card_fields().items()
    }


def refused_values() -> Mapping[RepoType, Mapping[str, Schema]]:
    """Return what the Hub demands of some keys, for each kind of repo; of kernels' cards it checks none."""
    licenses = _one_or_many({"enum": sorted(vocabulary("licenses").ids)})
    repo_ids = _one_or_many({"type": "string", "pattern": REPO_ID_PATTERN})
    color = {"enum": [*card_fields()["colorFrom"].values, None]}
    return {
        "model": {"license": licenses, "datasets": repo_ids, "base_model": repo_ids, "model-index": _MODEL_INDEX},
        "dataset": {"license": licenses},
        "space": {
            "colorFrom": color,
            "colorTo": color,
            "short_description": {"maxLength": SHORT_DESCRIPTION},
            "datasets": repo_ids,
            "models": repo_ids,
        },
        "kernel": {},
    }


def _suggested(words: Iterable[str]) -> Schema:
    """Return a schema that completes to `words` and takes anything."""
    return {"anyOf": [{"enum": list(words)}, {}]}


def _one_or_many(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]}


def _with(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


_TEXT: Schema = {"type": "string"}
_RESULT = _with(
    {
        "task": _with({"type": _TEXT}),
        "dataset": _with({"type": _TEXT, "name": _TEXT}, config=_TEXT, split=_TEXT, revision=_TEXT),
        "metrics": {"type": "array", "items": _with({"type": _TEXT, "value": {"not": {"type": "null"}}})},
    },
    source=_with({"url": _TEXT}),
)
_MODEL_INDEX: Schema = {
    "type": "array",
    "items": _with({"name": _TEXT, "results": {"type": "array", "items": _RESULT}}),
}
