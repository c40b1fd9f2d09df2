"""Did you mean: the nearest known word, and where a field belongs."""

import typing
from collections.abc import Iterable, Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hublish.schemas.diagnose.positions import Path
from hublish.schemas.diagnose.synonyms import SYNONYMS

# difflib is quadratic in the length of a word; no name of ours is longer.
_LONGEST = 60
_CLOSE_ENOUGH = 0.6
_SURELY = 0.8


def nearest(word: str, known: Iterable[str], *, cutoff: float = _CLOSE_ENOUGH) -> str | None:
    """Return the known word that `word` most likely stands for, or None.

    Args:
        word: what was written.
        known: what could have been meant.
        cutoff: how alike the two must be, from 0 to 1.
    """
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(_folded(word[:_LONGEST]), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None


def word_for(word: str, model: type[BaseModel], path: Path) -> str | None:
    """Return what an unknown key was most likely meant as: a field at `path`, or a sentence that says where it goes.

    Args:
        word: the key as it was written.
        model: the document's model.
        path: of the mapping the key stands in.
    """
    here = model_at(model, path)
    if here is None:
        return None
    known = tuple(here.model_fields)
    surely = nearest(word, known, cutoff=_SURELY)
    return surely or SYNONYMS.get(here.__name__, {}).get(_folded(word)) or nearest(word, known)


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """Return the field that `path` names; None for an element of a list, a free key, or nothing."""
    here = model_at(model, path[:-1]) if path else None
    return here.model_fields.get(str(path[-1])) if here else None


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model of the mapping that belongs at `path`; None where keys are free or there is no mapping."""
    here: type[BaseModel] | None = model
    for step in path:
        if here is None:
            return None
        if isinstance(step, str):
            field = here.model_fields.get(step)
            here = _model_in(field.annotation) if field else None
    return here


def fields_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the keys a document of `model` may have at `path`; none where keys are free or there is no mapping."""
    here = model_at(model, path)
    return tuple(here.model_fields) if here else ()


def home_of(field: str, model: type[BaseModel]) -> str | None:
    """Return the path of the one field with that name: `repo.tag` for `tag`."""
    homes = [path for path, name in _all_fields(model, "") if name == field]
    return homes[0] if len(homes) == 1 else None


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _all_fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield prefix + name, name
        if inner := _model_in(field.annotation):
            many = "[]" if typing.get_origin(field.annotation) is tuple else ""
            yield from _all_fields(inner, f"{prefix}{name}{many}.")


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model in `Model`, `Model | None` or `tuple[Model, ...]`."""
    # `tuple[...]` calls itself a type, and is none that issubclass takes.
    if parts := typing.get_args(annotation):
        return next((model for part in parts if (model := _model_in(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
