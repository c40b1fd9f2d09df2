"""Serializers by name: the built-in ones and those of other distributions come through the same door.

What a manifest can say of a built-in one stands apart, in `formats/`, so that `hublish check` loads no arrays.

Another distribution offers one with an entry point, whose name is the serializer's own:

    [project.entry-points."hublish.serializers"]
    acme = "acme_formats:Acme"
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from hublish.base.errors import SerializationError
from hublish.formats.interface import Format, Serializer
from hublish.schemas.documents.document import Document

GROUP = "hublish.serializers"
"""The entry-point group."""

BUILT_IN = tuple(
    EntryPoint(name, f"hublish.formats.{name}:{name.capitalize()}", GROUP)
    for name in ("copy", "fastai", "flax", "gguf", "jax", "keras", "numpy", "onnx", "safetensors", "sklearn", "torch")
)
_SHOWN = 60


class UnknownSerializerError(SerializationError):
    """No serializer has that name."""

    code = "serializer.unknown"


class InvalidSerializerError(SerializationError):
    """A distribution offers something that cannot be used as a serializer, or under a name that is taken."""

    code = "serializer.invalid"


def get(name: str) -> Serializer:
    """Return the serializer called `name`; a built-in one without looking at other distributions.

    Raises:
        UnknownSerializerError: naming the known ones.
        InvalidSerializerError: when entry points claim one name twice, or what they offer is no serializer.
    """
    for entry in BUILT_IN:
        if entry.name == name:
            return _load(entry)
    known = _known()
    if name not in known:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=1)
        guess = f"did you mean '{close[0]}'? " if close else ""
        msg = f"unknown serializer '{name[:_SHOWN]}'"
        raise UnknownSerializerError(msg, hint=f"{guess}known serializers: {', '.join(sorted(known))}")
    return _load(known[name])


def declared(name: str) -> Format:
    """Return what a manifest can say of the serializer called `name`; of a built-in one without loading it.

    Raises:
        UnknownSerializerError, InvalidSerializerError: as `get` does.
    """
    for entry in BUILT_IN:
        if entry.name == name:
            module = import_module(f"hublish.formats.declared.{name}")
            return cast("Format", getattr(module, f"{name.capitalize()}Format")())
    return get(name)


def names() -> tuple[str, ...]:
    """Return the name of every serializer, sorted; none is loaded.

    Raises:
        InvalidSerializerError: when two have the same name.
    """
    return tuple(sorted(_known()))


def _known() -> Mapping[str, EntryPoint]:
    return _by_name((*BUILT_IN, *entry_points(group=GROUP)))


def _by_name(entries: Iterable[EntryPoint]) -> Mapping[str, EntryPoint]:
    known: dict[str, EntryPoint] = {}
    for entry in entries:
        if not entry.name.strip():
            msg = f"{_origin(entry)} offers a serializer without a name"
            raise InvalidSerializerError(msg, hint="name it in the distribution's entry points")
        other = known.setdefault(entry.name, entry)
        # An editable install can list the same entry point twice.
        if other.value != entry.value:
            msg = f"two serializers are named '{entry.name}': {_origin(other)} and {_origin(entry)}"
            raise InvalidSerializerError(msg, hint="uninstall one of them")
    return known


def _load(entry: EntryPoint) -> Serializer:
    try:
        found = entry.load()
        serializer = found() if isinstance(found, type) else found
    except Exception as error:
        msg = f"serializer '{entry.name}' of {_origin(entry)} cannot be imported: {type(error).__name__}: {error}"
        raise InvalidSerializerError(msg, hint="update or uninstall the distribution") from error
    if problem := _problem(serializer, entry.name):
        msg = f"serializer '{entry.name}' of {_origin(entry)}: {problem}"
        raise InvalidSerializerError(msg, hint="update or uninstall the distribution")
    checked: Serializer = serializer
    return checked


def _problem(serializer: Any, name: str) -> str:
    own = getattr(serializer, "name", None)
    options = getattr(serializer, "options", None)
    if not isinstance(own, str) or not own:
        return "it has no name"
    if own != name:
        return f"it calls itself '{own}'"
    if not isinstance(getattr(serializer, "version", None), int):
        return "its version is not a whole number"
    if not isinstance(getattr(serializer, "suffix", None), str):
        return "its suffix is not a text"
    if not (isinstance(options, type) and issubclass(options, Document)):
        return "its options are not a Document"
    missing = [verb for verb in ("dump", "load") if not callable(getattr(serializer, verb, None))]
    return f"it has no {' and no '.join(missing)}" if missing else ""


def _origin(entry: EntryPoint) -> str:
    distribution = entry.dist.name if entry.dist else "hublish"
    return f"{entry.value} (from {distribution})"
