"""Serializers by name, and by the value they hold: built-in ones from the catalogue, others from entry points.

Another distribution adds one with an entry point, whose name is the serializer's own:

    [project.entry-points."hublish.serializers"]
    acme = "acme_formats:Acme"
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hublish.base.errors import SerializationError
from hublish.formats.catalogue import FORMATS
from hublish.formats.frameworks import has_arrays, is_array
from hublish.formats.interface import Format, Recognizing, Serializer
from hublish.schemas.documents.field_types import Document

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "hublish.serializers"
"""The entry-point group."""

# Characters of an unknown name in an error: the manifest may hold a name of any length.
_MOST_SHOWN = 60
# Keys in an error.
_MOST_NAMED = 8


class UnknownSerializerError(SerializationError):
    """No serializer has that name."""

    code = "serializer.unknown"


class InvalidSerializerError(SerializationError):
    """An entry point cannot be used as a serializer, or another serializer has its name."""

    code = "serializer.invalid"


def get(name: str) -> Serializer:
    """Return the serializer called `name`; a built-in one without reading entry points.

    Raises:
        UnknownSerializerError: with the known names.
        InvalidSerializerError: entry points claim one name twice, or the object is not a serializer.
    """
    # A broken or greedy distribution cannot disable or replace a built-in format.
    if name in FORMATS:
        return _load(_built_in(name))
    known = _known()
    if name not in known:
        from hublish.schemas.diagnose.suggestions import misspelled  # only needed for a typo

        near = misspelled(name, known)
        guess = f"did you mean '{near}'? " if near else ""
        msg = f"unknown serializer '{name[:_MOST_SHOWN]}'"
        raise UnknownSerializerError(msg, hint=f"{guess}known serializers: {', '.join(sorted(known))}")
    return _load(known[name])


def declared(name: str) -> Format:
    """Return the name, suffix and options of the serializer called `name`; of a built-in one without importing it.

    Raises:
        UnknownSerializerError, InvalidSerializerError: as `get` does.
    """
    return FORMATS.get(name) or get(name)


def names() -> tuple[str, ...]:
    """Return the name of every serializer, sorted; imports none of them.

    Raises:
        InvalidSerializerError: two have the same name.
    """
    return tuple(sorted(_known()))


def recognize(value: Any) -> str | None:
    """Return the name of the first serializer that holds a value in memory; None when no serializer does.

    Serializers compare names of types, so this imports no framework.
    """
    # All serializers are imported here. They import their frameworks on use, so this stays cheap.
    found = ((name, get(name)) for name in names())
    return next((name for name, each in found if isinstance(each, Recognizing) and each.holds(value)), None)


def unrecognized(value: Any) -> SerializationError:
    """Return the error for a value in memory that no serializer holds, naming the entries that are the reason."""
    if isinstance(value, Mapping):
        nested = [key for key, item in value.items() if isinstance(item, Mapping | list | tuple) and has_arrays(item)]
        arrays = any(is_array(item) for item in value.values())
        other = next((key for key, item in value.items() if not is_array(item)), None)
        if nested:
            names = ", ".join(ascii(key)[:_MOST_SHOWN] for key in nested[:_MOST_NAMED])
            kind = "dictionary" if isinstance(value[nested[0]], Mapping) else type(value[nested[0]]).__name__
            hint = (
                f"give the one that has the weights, such as value[{ascii(nested[0])[:_MOST_SHOWN]}], or a flat mapping"
            )
            return SerializationError(f"the arrays are not at the top of it: {names} is a nested {kind}", hint=hint)
        if arrays:
            msg = f"{ascii(other)[:_MOST_SHOWN]} is a {type(value[other]).__name__}, not an array"
            return SerializationError(msg, hint="give the arrays alone; keep the rest as JSON")
    msg = f"no serializer is known for a {type(value).__module__}.{type(value).__qualname__}"
    hint = "give its arrays by name, a method state_dict() that returns them, or the name of a serializer"
    return SerializationError(msg, hint=hint)


def _built_in(name: str) -> "EntryPoint":
    """Return a built-in format in the form of an entry point: both kinds are loaded and checked by the same code."""
    # Imported on use: a check needs the names and options of formats, and loads none.
    from importlib.metadata import EntryPoint

    return EntryPoint(name, FORMATS[name].serializer, GROUP)


def _known() -> Mapping[str, "EntryPoint"]:
    from importlib.metadata import entry_points

    known: dict[str, EntryPoint] = {}
    for entry in (*map(_built_in, FORMATS), *entry_points(group=GROUP)):
        if not entry.name.strip():
            msg = f"{_origin(entry)} registers a serializer without a name"
            raise InvalidSerializerError(msg, hint="name it in the distribution's entry points")
        other = known.setdefault(entry.name, entry)
        # An editable install can list the same entry point twice.
        if other.value != entry.value:
            msg = f"two serializers are named '{entry.name}': {_origin(other)} and {_origin(entry)}"
            raise InvalidSerializerError(msg, hint="uninstall one of them")
    return known


def _load(entry: "EntryPoint") -> Serializer:
    # Any code may run on import, so any exception can come out of it.
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
    # A lock records the serializer's own name, and loading looks it up again.
    if own != name:
        return f"its own name is '{own}'"
    if not isinstance(getattr(serializer, "version", None), int):
        return "its version is not a whole number"
    if not isinstance(getattr(serializer, "suffix", None), str):
        return "its suffix is not a string"
    if not (isinstance(options, type) and issubclass(options, Document)):
        return "its options are not a Document"
    # `rebuild` and `holds` are optional: see `Rebuilding` and `Recognizing`.
    missing = [verb for verb in ("dump", "load") if not callable(getattr(serializer, verb, None))]
    return f"it has no {' and no '.join(missing)}" if missing else ""


def _origin(entry: "EntryPoint") -> str:
    distribution = entry.dist.name if entry.dist else "hublish"
    return f"{entry.value} (from {distribution})"
