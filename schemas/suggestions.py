"""Did you mean: the nearest known word, and where a field belongs."""

import typing
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import BaseModel

from hublish.schemas.positions import Path

# difflib is quadratic in the length of a word; no name of ours is longer.
_LONGEST = 60
_CLOSE_ENOUGH = 0.6


def nearest(word: str, known: Iterable[str], *, cutoff: float = _CLOSE_ENOUGH) -> str | None:
    """Return the known word that `word` most likely stands for, or None.

    Args:
        word: what was written.
        known: what could have been meant.
        cutoff: how alike the two must be, from 0 to 1.
    """
    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(_folded(word[:_LONGEST]), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None


def fields_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the keys a document of `model` may have at `path`; none where keys are free or there is no mapping."""
    here = _model_at(model, path)
    return tuple(here.model_fields) if here else ()


def home_of(field: str, model: type[BaseModel]) -> str | None:
    """Return the path of the one field with that name: `repo.tag` for `tag`."""
    homes = [path for path, name in _all_fields(model, "") if name == field]
    return homes[0] if len(homes) == 1 else None


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for step in path:
        if here is None:
            return None
        if isinstance(step, str):
            field = here.model_fields.get(step)
            here = _model_in(field.annotation) if field else None
    return here


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
