"""Suggest how to fix a document: the key that was meant, the place of a field, and a value of the right form."""

import json
import re
import typing
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hublish.schemas.diagnose.problems import Path
from hublish.schemas.secrets.masking import quotable
from hublish.schemas.vocabulary import synonyms

# difflib is quadratic in the length of a word; no key is longer.
_LONGEST = 60
_CLOSE_ENOUGH = 0.6
_SURELY = 0.8
# Most pairs of shorter names differ by one letter.
_SHORTEST = 5
_NUMBERS = re.compile(r"\d+")


def nearest(word: str, known: Iterable[str], *, cutoff: float = _CLOSE_ENOUGH) -> str | None:
    """Return the known word that is most similar to `word`, at least by `cutoff` (0 to 1), or None."""
    from difflib import get_close_matches  # only needed when something is wrong

    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(_folded(word[:_LONGEST]), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None


def misspelled(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` spells wrongly, or None; for lists that lack many names which do exist.

    Similarity is not enough there: `torch` is not a misspelled `torchgeo`. Only separators and case may differ, or one
    letter, or two that are swapped; never the first letter, and never a number, which distinguishes versions.
    """
    from difflib import SequenceMatcher  # only needed when something is wrong

    plain = plain_name(word[:_LONGEST])
    by_plain = {plain_name(name): name for name in sorted(known)}
    if plain in by_plain or len(plain) < _SHORTEST:
        return by_plain.get(plain)
    for other, name in by_plain.items():
        alike = other[0] == plain[0] and abs(len(other) - len(plain)) <= 1
        if alike and _NUMBERS.findall(other) == _NUMBERS.findall(plain):
            rest = max(len(plain), len(other)) - sum(
                block.size for block in SequenceMatcher(None, plain, other).get_matching_blocks()
            )
            if rest <= 1:
                return name
    return None


@lru_cache(maxsize=2_048)
def plain_name(word: str) -> str:
    """Return a name without case and separators; a `2` between letters is read as "to", as in `text2image`."""
    return re.sub(r"(?<=[a-z])2(?=[a-z])", "to", re.sub(r"[-_.\s]", "", word.casefold()))


def likely_key(word: str, model: type[BaseModel], path: Path) -> str | None:
    """Return the field that an unknown key of the mapping at `path` most likely means, or a hint to the right place."""
    here = model_at(model, path)
    if here is None:
        return None
    known = tuple(here.model_fields)
    # A clear misspelling wins over a synonym, and a synonym over a vague similarity.
    surely = nearest(word, known, cutoff=_SURELY)
    return surely or synonyms(here.__name__).get(_folded(word)) or nearest(word, known)


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """Return the field at `path`; None for an element of a list, a free key, or an unknown path."""
    here = model_at(model, path[:-1]) if path else None
    return here.model_fields.get(str(path[-1])) if here else None


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model of the mapping at `path`; None when its keys are free or the value is not a mapping."""
    here: type[BaseModel] | None = model
    names_free = False  # the next step is a key of a mapping from any name to a model
    for step in path:
        if here is None:
            return None
        if isinstance(step, str) and not names_free:
            field = here.model_fields.get(step)
            here = _model_in(field.annotation) if field else None
            names_free = field is not None and get_origin(field.annotation) is dict
        else:
            names_free = False
    return None if names_free else here


def fields_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the allowed keys at `path`; none when the keys are free or the value is not a mapping."""
    here = model_at(model, path)
    return tuple(here.model_fields) if here else ()


def home_of(field: str, model: type[BaseModel]) -> str | None:
    """Return the path of the only field with a name: `repo.tag` for `tag`; None when there are several."""
    # A name that occurs in several places would only confuse, unless all others are deeper.
    homes = sorted((path.count("."), path) for path, name in _all_fields(model, "") if name == field)
    alone = len(homes) == 1 or (homes and homes[0][0] < homes[1][0])
    return homes[0][1] if alone else None


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _all_fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield prefix + name, name
        if inner := _model_in(field.annotation):
            many = "[]" if _lists_models(field.annotation) else ""
            yield from _all_fields(inner, f"{prefix}{name}{many}.")


def _lists_models(annotation: object) -> bool:
    """Return whether a field has a list of mappings, perhaps among other forms."""
    if typing.get_origin(annotation) is tuple:
        return True
    return any(_lists_models(part) for part in typing.get_args(annotation) if _model_in(part))


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model in `Model`, `Model | None` or `tuple[Model, ...]`."""
    # `tuple[...]` is an instance of `type`, but `issubclass` rejects it.
    if parts := typing.get_args(annotation):
        return next((model for part in parts if (model := _model_in(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


_ONLY_TWO = "in YAML 1.2, only true and false are booleans"
_BOOLEANS_OF_YAML_1_1 = {
    **dict.fromkeys(("yes", "on", "y"), f"write true: {_ONLY_TWO}"),
    **dict.fromkeys(("no", "off", "n"), f"write false: {_ONLY_TWO}"),
}
# For models without a required key: the key whose value was most likely intended.
_MAIN_KEYS = {"Card": "template"}


def for_missing(model: type[BaseModel], path: Path) -> str:
    """Return the line to add for a required key: `add `repo: {repo_id: acme/digits-mlp}``."""
    shown = _sketch(model, path)
    return f"add `{path[-1]}: {shown}`" if shown else ""


def for_type(model: type[BaseModel], path: Path, expected: str, value: object, written: str | None) -> str:
    """Return how to turn a value, `written` without quotes, into one of the `expected` type: `a list`."""
    match expected:
        case "a string":
            return _for_text(model, path, value, written)
        case "true or false":
            return _for_boolean(value)
        case "a list":
            return _for_list(model, path, value)
        case "a mapping":
            return _for_mapping(model, path, value)
    return f"write {expected}"


def for_choice(model: type[BaseModel], path: Path, value: object) -> str:
    """Return how to fix a value that is not one of the choices, and not similar to one."""
    field = field_at(model, path)
    if meant := _meant_boolean(value, field):
        return meant
    if field is None or field.is_required():
        return "write one of them"
    default = f": the default is {field.default}" if isinstance(field.default, str) else ""
    return f"write one of them, or remove the line{default}"


def for_emptiness(model: type[BaseModel], path: Path) -> str:
    """Return how to fill an empty string or list."""
    field = field_at(model, path)
    if field is not None and get_origin(field.annotation) is tuple:
        return for_missing(model, path).replace("add", "list at least one:", 1)
    shown = _sketch(model, path)
    return f"write a value, such as `{shown}`" if shown else _or_remove("write a value", model, path)


def _for_text(model: type[BaseModel], path: Path, value: object, written: str | None) -> str:
    if isinstance(value, bool | int | float):
        return f'quote it: "{written}"' if written else "quote it"
    if isinstance(value, list) and isinstance(path[-1], str) and len(path) > 1 and isinstance(path[-2], int):
        return f"write one item for each: `- {path[-1]}: ...`"
    return _or_remove("write a string" if value is None else "write a single string", model, path)


def _for_boolean(value: object) -> str:
    word = str(value).casefold()
    if word in ("true", "false"):
        return "remove the quotes"
    return _BOOLEANS_OF_YAML_1_1.get(word, "write true or false")


def _meant_boolean(value: object, field: FieldInfo | None) -> str:
    """Return how to write a `no` as false, if false is one of the choices."""
    if field is None or not isinstance(value, str):
        return ""
    choices = [choice for part in get_args(field.annotation) for choice in get_args(part)]
    return _BOOLEANS_OF_YAML_1_1.get(value.casefold(), "") if False in choices else ""


def _for_list(model: type[BaseModel], path: Path, value: object) -> str:
    if isinstance(value, str):
        return f"write it as a list: `[{json.dumps(_shown(value), ensure_ascii=False)}]`"
    if isinstance(value, dict):
        return "begin each item with `- `"
    return _or_remove("write its items on the lines below, each after `- `", model, path)


def _for_mapping(model: type[BaseModel], path: Path, value: object) -> str:
    here = model_at(model, path)
    if isinstance(value, list):
        return "remove the `- ` before its keys"
    if here is None:
        return _or_remove("write `key: value` lines below", model, path)
    required = next((name for name, field in here.model_fields.items() if field.is_required()), None)
    item = "- " if path and isinstance(path[-1], int) else ""
    if isinstance(value, str) and (main := required or _MAIN_KEYS.get(here.__name__)):
        return f"write `{item}{main}: {_shown(value)}` {'here' if item else 'below'}"
    if required:
        return f"write `{item}{required}: {_sketch(model, (*path, required))}` {'here' if item else 'below'}"
    return _or_remove(f"write one of its keys below: {', '.join(here.model_fields)}", model, path)


def _shown(value: str) -> str:
    return quotable(value, 0, len(value)) or "..."


def _or_remove(advice: str, model: type[BaseModel], path: Path) -> str:
    field = field_at(model, path)
    if path and isinstance(path[-1], int):
        return f"{advice}, or remove the item"
    return f"{advice}, or remove the line" if field is not None and not field.is_required() else advice


def _sketch(model: type[BaseModel], path: Path) -> str:
    """Return an example for a field in one line: the required keys of a mapping, one element of a list."""
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
