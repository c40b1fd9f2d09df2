"""What to do about a value of the wrong shape: hints that can be followed as they stand."""

import json
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hublish.schemas.diagnose.positions import Path
from hublish.schemas.diagnose.suggestions import field_at, model_at
from hublish.schemas.secrets.masking import quotable

_ONLY_TWO = "in YAML 1.2 only true and false are booleans"
_BOOLEANS_OF_YAML_1_1 = {
    **dict.fromkeys(("yes", "on", "y"), f"write true: {_ONLY_TWO}"),
    **dict.fromkeys(("no", "off", "n"), f"write false: {_ONLY_TWO}"),
}
_MAIN_KEYS = {"Card": "template"}
"""The key whose value is most likely meant, of models that require none."""


def for_missing(model: type[BaseModel], path: Path) -> str:
    """Return the line to add for a required key: `add `repo: {repo_id: acme/digits-mlp}``."""
    shown = _sketch(model, path)
    return f"add `{path[-1]}: {shown}`" if shown else ""


def for_type(model: type[BaseModel], path: Path, expected: str, value: object, written: str | None) -> str:
    """Return how to make of a value what belongs at `path`.

    Args:
        model: the document's model.
        path: of the value.
        expected: what belongs there, as messages call it.
        value: what stands there.
        written: the value as it was written, when it has no quotes.
    """
    match expected:
        case "text":
            return _for_text(model, path, value, written)
        case "true or false":
            return _for_boolean(value)
        case "a list":
            return _for_list(model, path, value)
        case "a mapping":
            return _for_mapping(model, path, value)
    return f"write {expected}"


def for_choice(model: type[BaseModel], path: Path, value: object) -> str:
    """Return what to do about a value that is none of several, and like none of them."""
    field = field_at(model, path)
    if meant := _meant_boolean(value, field):
        return meant
    if field is None or field.is_required():
        return "write one of them"
    default = f": without it, {field.default} holds" if isinstance(field.default, str) else ""
    return f"write one of them, or remove the line{default}"


def for_emptiness(model: type[BaseModel], path: Path) -> str:
    """Return what to do about an empty text or list that may not be empty."""
    field = field_at(model, path)
    if field is not None and get_origin(field.annotation) is tuple:
        return for_missing(model, path).replace("add", "list at least one:", 1)
    shown = _sketch(model, path)
    return f"write a value, such as `{shown}`" if shown else _or_remove("write a value", model, path)


def _for_text(model: type[BaseModel], path: Path, value: object, written: str | None) -> str:
    if isinstance(value, bool | int | float):
        return f'quote it: "{written}"' if written else "quote it"
    if isinstance(value, list) and isinstance(path[-1], str) and len(path) > 1 and isinstance(path[-2], int):
        return f"give every one an item of its own: `- {path[-1]}: ...`"
    return _or_remove("write a text" if value is None else "write a single text", model, path)


def _for_boolean(value: object) -> str:
    word = str(value).casefold()
    if word in ("true", "false"):
        return "remove the quotes"
    return _BOOLEANS_OF_YAML_1_1.get(word, "write true or false")


def _meant_boolean(value: object, field: FieldInfo | None) -> str:
    """Return what to write for a `no` that was meant as false, where false is one of the choices."""
    if field is None or not isinstance(value, str):
        return ""
    choices = [choice for part in get_args(field.annotation) for choice in get_args(part)]
    return _BOOLEANS_OF_YAML_1_1.get(value.casefold(), "") if False in choices else ""


def _for_list(model: type[BaseModel], path: Path, value: object) -> str:
    if isinstance(value, str):
        return f"write it as a list: `[{json.dumps(_shown(value), ensure_ascii=False)}]`"
    if isinstance(value, dict):
        return "begin every item with `- `"
    return _or_remove("write its items below it, each after `- `", model, path)


def _for_mapping(model: type[BaseModel], path: Path, value: object) -> str:
    here = model_at(model, path)
    if isinstance(value, list):
        return "write its keys without `- ` before them"
    if here is None:
        return _or_remove("write `key: value` lines below it", model, path)
    required = next((name for name, field in here.model_fields.items() if field.is_required()), None)
    item = "- " if path and isinstance(path[-1], int) else ""
    if isinstance(value, str) and (main := required or _MAIN_KEYS.get(here.__name__)):
        return f"write `{item}{main}: {_shown(value)}` {'here' if item else 'below it'}"
    if required:
        return f"write `{item}{required}: {_sketch(model, (*path, required))}` {'here' if item else 'below it'}"
    return _or_remove(f"write one of its keys below it: {', '.join(here.model_fields)}", model, path)


def _shown(value: str) -> str:
    return quotable(value, 0, len(value)) or "..."


def _or_remove(advice: str, model: type[BaseModel], path: Path) -> str:
    field = field_at(model, path)
    if path and isinstance(path[-1], int):
        return f"{advice}, or remove the item"
    return f"{advice}, or remove the line" if field is not None and not field.is_required() else advice


def _sketch(model: type[BaseModel], path: Path) -> str:
    """Return an example for a field, in one line: of a mapping its required keys, of a list one element."""
    field = field_at(model, path)
    if field is None:
        return ""
    if examples := field.examples:
        return _plain(examples[0])
    listed = get_origin(field.annotation) is tuple
    inner = model_at(model, (*path, 0) if listed else path)
    if inner is None:
        return "" if field.default in (None, PydanticUndefined) else _plain(field.default)
    keys = [name for name, each in inner.model_fields.items() if each.is_required()]
    shown = ", ".join(f"{key}: {_sketch(inner, (key,))}" for key in keys)
    return f"[{{{shown}}}]" if listed else f"{{{shown}}}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""
