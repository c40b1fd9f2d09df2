"""Adapt the manifest's JSON Schema to editors: one piece, with descriptions, suggestions and conditional rules.

It is draft-07, because the yaml-language-server, which most editors use, supports "JSON Schema 7 and below". There,
`$ref` disables its siblings, so definitions are inlined. The server prefers `markdownDescription` to `description`, and
does not escape backticks in it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from hublish.schemas.documents.card_metadata import SHORT_DESCRIPTION
from hublish.schemas.documents.hub_names import REPO_ID_PATTERN, RepoType
from hublish.schemas.documents.manifest import TEMPLATE_NAMES
from hublish.schemas.vocabulary import card_fields, table, vocabulary

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
# The descriptions of the built-in serializers; `hublish.formats.describe_formats` writes the file.
SERIALIZERS = Path(__file__).parents[1] / "vocabulary" / "serializers.json"

Schema = dict[str, Any]

_OWN_NAME = r"(?!git\b|env\b|source_date\b)[A-Za-z_][A-Za-z0-9_]*"
_ANY_NAME = rf"(?:{_OWN_NAME}|source_date|git\.(?:branch|commit|dirty|short_commit|tag)|env\.[A-Za-z_][A-Za-z0-9_]*)"
# A string with a variable; it is validated once expanded.
_VARIABLE = {"type": "string", "pattern": r"\{\{"}
_WITHOUT_VARIABLES = ("variables", "schema_version", "env", "policy.max_file_size")
_DATA = ("default", "examples", "enum", "const")
_ABOUT = ("description", "markdownDescription", "default", "examples")


def _braces(name: str) -> str:
    """Return the pattern of strings in which two braces always mention a variable or are escaped."""
    both = r"(?:\{\{|\}\})"
    mention = rf"""\{{\{{\s*(?:{name}|'{both}'|"{both}")\s*\}}\}}"""
    return rf"^(?:{mention}|\{{(?={mention})|(?!\{{\{{)[\s\S])*$"


_BRACES = _braces(_ANY_NAME)
# Readers of the published file only know the variables that it declares.
_BRACES_IN_LOAD = _braces(_OWN_NAME)


def schema_for_editors(body: Schema) -> Schema:
    """Return pydantic's schema of the manifest in the form for editors."""
    definitions = body.pop("$defs")
    # Variables last: the steps before them look for the plain forms of the fields.
    whole: Schema = _inlined(body, definitions)
    for place, descriptions in table("choices")["entries"].items():
        _describe_choices(_at(whole, place), descriptions)
    whole = _with_variables(whole, "")
    _add_serializers(_at(whole, "artifacts[]"))
    _add_card_rules(_at(whole, "card"))
    whole["allOf"] = [_of_type(kind, values) for kind, values in validated_keys().items()]
    described: Schema = _with_markdown(whole)
    return described


def in_one_piece(body: Schema) -> Schema:
    """Return pydantic's schema of another document that people write, with its definitions in their places."""
    definitions = body.pop("$defs", {})
    described: Schema = _with_markdown(_inlined(body, definitions))
    return described


def _inlined(part: Any, definitions: Mapping[str, Schema]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = definitions[part["$ref"].rpartition("/")[2]]
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return _in_one_piece({key: _inlined(value, definitions) for key, value in part.items()})


def _in_one_piece(part: Schema) -> Schema:
    """Return a nullable mapping, or forms of different types, as one schema.

    Validators then report the invalid field and not the whole value: each keyword concerns values of one type only.
    """
    if forms := part.get("oneOf"):
        merged = {key: value for form in forms for key, value in form.items()}
        beside = {key: value for key, value in part.items() if key != "oneOf"}
        return {**merged, "type": [form["type"] for form in forms], **beside}
    beside = {key: value for key, value in part.items() if key != "anyOf"}
    match part.get("anyOf"):
        case [{"properties": _} as mapping, {"type": "null"}]:
            return {**mapping, "type": ["object", "null"], **beside}
        case [{"type": [*types]} as form, {"type": "null"}]:
            return {**form, "type": [*types, "null"], **beside}
    return part


def _at(whole: Schema, place: str) -> Schema:
    """Return the schema of a field: `repo.visibility`, `artifacts[]`."""
    here: Schema = whole
    for step in place.split("."):
        here = here["properties"][step.removesuffix("[]")]
        here = here["items"] if step.endswith("[]") else here
    return here


def _describe_choices(field: Schema, descriptions: Mapping[str, str]) -> None:
    """Describe each choice; editors show the texts in completions."""
    # An optional field has its choices in a member of `anyOf`.
    choices = field if "enum" in field else next(each for each in field["anyOf"] if "enum" in each)
    names = [str(value).lower() if isinstance(value, bool) else value for value in choices["enum"]]
    choices["enumDescriptions"] = [descriptions[name] for name in names]


def _with_variables(part: Any, place: str) -> Any:
    """Allow a variable in each string with a form, except where variables are not expanded."""
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
        key: _with_variables(value, place) if key in ("items", "anyOf", "oneOf", "additionalProperties") else value
        for key, value in part.items()
    }


def _text(part: Schema, place: str) -> Schema:
    about = {key: value for key, value in part.items() if key in _ABOUT}
    form = {key: value for key, value in part.items() if key not in _ABOUT}
    has_form = form.keys() & {"enum", "pattern", "anyOf"}
    if place.startswith("card"):  # here, braces may belong to a template
        return {**about, "anyOf": [form, dict(_VARIABLE)]} if has_form else part
    braces = _BRACES_IN_LOAD if place.startswith("load") else _BRACES
    alternatives: Schema = {"anyOf": [form, dict(_VARIABLE)]} if has_form else form
    return {**about, **alternatives, "pattern": braces}


def _add_serializers(artifact: Schema) -> None:
    """Suggest the built-in serializers, and validate the options of each; any other name is accepted."""
    known: Mapping[str, Schema] = json.loads(SERIALIZERS.read_text(encoding="utf-8"))
    names = [{"const": name, "description": about["description"]} for name, about in known.items()]
    field = artifact["properties"]["serializer"]
    form = {key: field.pop(key) for key in ("type", "minLength")}
    field["anyOf"] = [*names, form]
    artifact["allOf"] = [_options_of(name, about["options"]) for name, about in known.items()]


def _options_of(name: str, options: Schema) -> Schema:
    chosen: Schema = {"properties": {"serializer": {"const": name}}}
    if name != "copy":  # the default
        chosen["required"] = ["serializer"]
    return {"if": chosen, "then": {"properties": {"options": _with_variables(options, "options")}}}


def _add_card_rules(card: Schema) -> None:
    """Describe the keys of the front matter, and exclude keys that conflict."""
    card["properties"]["metadata"]["properties"] = metadata_fields()
    card["properties"]["variables"]["properties"] = dict.fromkeys(TEMPLATE_NAMES, False)
    given: Schema = {"properties": {"evaluation": {"type": ["string", "array"]}}, "required": ["evaluation"]}
    card["if"] = given
    card["then"] = {"properties": {"metadata": {"properties": {"model-index": False}}}}


def _of_type(kind: str, values: Mapping[str, Schema]) -> Schema:
    repo: Schema = {"properties": {"repo_type": {"const": kind}}}
    if kind != "model":  # the default
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


# The keys with an id from one of the Hub's lists.
_LISTED: Mapping[str, Literal["licenses", "libraries", "tasks"]] = {
    "license": "licenses",
    "library_name": "libraries",
    "pipeline_tag": "tasks",
}


def metadata_fields() -> dict[str, Schema]:
    """Return the documented keys with a description and the usual values; other keys and values are accepted too."""
    suggestions = {key: _suggested(field.values) for key, field in card_fields().items() if field.values}
    for key, name in _LISTED.items():
        suggestions[key] = _suggested(sorted(vocabulary(name).ids))
    return {
        key: {"description": field.description, "examples": [field.example], **suggestions.get(key, {})}
        for key, field in card_fields().items()
    }


def validated_keys() -> Mapping[RepoType, Mapping[str, Schema]]:
    """Return the schemas of the keys that the Hub validates, for each type of repo; it validates no kernel cards."""
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
    """Return a schema that suggests `words` and accepts anything."""
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
