"""The values of config.json: written as JSON, and read back by the annotations of the class that takes them.

JSON has fewer types than Python: a tuple becomes an array, and a dataclass an object. A value is therefore described
with its types when it is written, and compared with what reading returns. The file names no type, so reading builds
only types that the annotations of the caller's own class mention.
"""

import dataclasses
import math
import sys
import types
import typing
from collections import OrderedDict, abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

# A type, with the functions that write and read its values, as the `coders` of huggingface_hub's mixins.
Coders = Mapping[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]]

PLAIN: Final = (str, int, float, bool, type(None))
# Python itself converts no longer numbers to decimal digits, nor back.
_MOST_BITS: Final = 13_280
# Types whose values have one form in JSON, by full name so that none of them is imported: how to write and to read
# one. Reading gets the annotation, which may be a subclass.
_SCALARS: Final[Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]]] = {
    "pathlib.PurePath": (str, lambda kind, text: kind(text)),
    "builtins.bytes": (lambda value: value.hex(), lambda kind, text: kind.fromhex(text)),
    "builtins.complex": (str, lambda kind, text: kind(text)),
    "decimal.Decimal": (str, lambda kind, text: kind(text)),
    "fractions.Fraction": (str, lambda kind, text: kind(text)),
    "uuid.UUID": (str, lambda kind, text: kind(text)),
    "datetime.date": (lambda value: value.isoformat(), lambda kind, text: kind.fromisoformat(text)),
    "datetime.time": (lambda value: value.isoformat(), lambda kind, text: kind.fromisoformat(text)),
    "datetime.timedelta": (lambda value: [value.days, value.seconds, value.microseconds], lambda kind, v: kind(*v)),
    "numpy.generic": (lambda value: value.item(), lambda kind, value: kind(value)),
    "numpy.dtype": (lambda value: value.str if value.isbuiltin == 1 else value.name, lambda kind, text: kind(text)),
    "torch.device": (str, lambda kind, text: kind(text)),
    "torch.dtype": (
        lambda value: str(value).removeprefix("torch."),
        lambda _, text: getattr(sys.modules["torch"], text),
    ),
}
NAMESPACES: Final = ("argparse.Namespace", "types.SimpleNamespace")
LISTS: Final = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
SETS: Final[Mapping[Any, type]] = {set: set, frozenset: frozenset, abc.Set: set, abc.MutableSet: set}
MAPPINGS: Final[Mapping[Any, type]] = {
    dict: dict,
    OrderedDict: OrderedDict,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
}


class UnwritableError(Exception):
    """A value has no form in JSON.

    Args:
        kind: the value in a few words: `a function`.
        place: the path to it within the argument: `.layers[0]`.
    """

    def __init__(self, kind: str, place: str) -> None:
        super().__init__(kind, place)
        self.kind, self.place = kind, place


@dataclass(frozen=True, slots=True)
class Described:
    """A value as it was when it was described: equal descriptions mean equal values of equal types."""

    kind: type
    parts: Any
    """A plain value, or descriptions: a tuple of them, or pairs of key and description."""
    plain: Any = field(compare=False)
    """The form in JSON, which shares nothing with the value."""


def describe(value: Any, coders: Coders = types.MappingProxyType({}), place: str = "") -> Described:
    """Describe a value.

    Raises:
        UnwritableError: it, or a part of it, has no form in JSON.
    """
    try:
        return _describe(value, coders, place)
    except RecursionError:
        raise UnwritableError("nested too deep, or contains itself", place) from None


def _describe(value: Any, coders: Coders, place: str) -> Described:
    kind = type(value)
    if kind in PLAIN:
        return _plain(value, place)
    if kind in (list, tuple, set, frozenset) or (isinstance(value, tuple) and _is_tuple_class(kind)):
        return _described_items(value, coders, place)
    if kind in MAPPINGS:
        return _described_mapping(value, coders, place)
    if (attributes := record_fields(kind)) is not None:
        return _described_record(value, attributes, coders, place)
    for coded, (write, _) in coders.items():
        if isinstance(value, coded):
            written = _describe(write(value), coders, place)
            return Described(kind, written.plain, written.plain)
    if _name(kind) in NAMESPACES:
        inner = _describe(dict(vars(value)), coders, place)
        return Described(kind, inner, inner.plain)
    if isinstance(value, Enum):
        written = _describe(value.value, coders, place)
        return Described(kind, written, written.plain)
    return _described_scalar(value, place)


def _plain(value: Any, place: str) -> Described:
    if isinstance(value, float) and not math.isfinite(value):
        raise UnwritableError(f"{value}, which JSON does not have", place)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise UnwritableError("a number of more than 4,000 digits", place)
    # The sign of a zero counts, although 0.0 == -0.0.
    return Described(type(value), repr(value) if isinstance(value, float) else value, value)


@dataclass(frozen=True, slots=True)
class _Run:
    """Many values of one plain type: a description of each would take seconds for a vocabulary."""

    kind: type
    values: tuple[Any, ...]


def _described_run(value: Any) -> Described | None:
    kinds = set(map(type, value))
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is str or kind is bool:
        return Described(type(value), _Run(kind, tuple(value)), list(value))
    if kind is int and max(map(int.bit_length, value)) <= _MOST_BITS:
        return Described(type(value), _Run(kind, tuple(value)), list(value))
    if kind is float and all(map(math.isfinite, value)):
        return Described(type(value), _Run(kind, tuple(map(repr, value))), list(value))
    return None


def _described_items(value: Any, coders: Coders, place: str) -> Described:
    if isinstance(value, list | tuple) and (run := _described_run(value)) is not None:
        return run
    items = [_describe(item, coders, f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        # A set has no order: equal sets are described alike, and their files have the same bytes.
        items.sort(key=lambda item: (str(item.kind), repr(item.parts)))
    return Described(type(value), tuple(items), [item.plain for item in items])


def _described_mapping(value: Mapping[Any, Any], coders: Coders, place: str) -> Described:
    pairs, plain = [], {}
    for key, item in value.items():
        known = _describe(key, coders, f"{place} (a key)")
        text = key_text(known.plain)
        if text is None or text in plain:
            raise UnwritableError(f"a mapping with the key {key!r:.60}", place)
        # A key of the caller's may be long, and a place is part of a message.
        inner = _describe(item, coders, f"{place}[{key!r:.60}]")
        pairs.append((known, inner))
        plain[text] = inner.plain
    return Described(type(value), tuple(pairs), plain)


def key_text(plain: Any) -> str | None:
    """Return a key of a mapping as JSON has it, a string; None for a value that is not a plain one."""
    if isinstance(plain, str):
        return plain
    # As `json.dumps` writes keys: 1, 0.5, true, null.
    spelled = {True: "true", False: "false", None: "null"}
    if isinstance(plain, bool) or plain is None:
        return spelled[plain]
    return repr(plain) if isinstance(plain, int | float) else None


def _described_record(value: Any, attributes: "tuple[RecordField, ...]", coders: Coders, place: str) -> Described:
    pairs, plain = [], {}
    # Sorted, as huggingface_hub's mixins write the fields.
    for known in sorted(attributes, key=lambda known: known.key):
        inner_place = f"{place}.{known.attribute}"
        try:
            inner = _describe(getattr(value, known.attribute), coders, inner_place)
        except AttributeError:
            raise UnwritableError("not set", inner_place) from None
        except UnwritableError:
            if known.is_argument:
                raise
            # Computed from the arguments, such as a module: only its presence can be compared.
            continue
        pairs.append((known.key, inner))
        if known.is_argument:
            plain[known.key] = inner.plain
    return Described(type(value), tuple(pairs), plain)


def _described_scalar(value: Any, place: str) -> Described:
    kind = type(value)
    if is_model(kind):
        # In Python's form for the comparison: it keeps the types that JSON loses.
        own = _describe(value.model_dump(mode="python"), {}, place)
        return Described(kind, own, value.model_dump(mode="json"))
    if (row := _scalar(kind)) is None:
        raise UnwritableError(_in_words(value), place)
    try:
        written = _describe(row[0](value), {}, place)
    except (TypeError, ValueError, OverflowError):
        raise UnwritableError(_in_words(value), place) from None
    return Described(kind, repr(value), written.plain)


def _in_words(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        return f"the function {value.__qualname__}"
    return f"a value of type {_name(type(value)).removeprefix('builtins.')}"


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of a dataclass, or of a class made by attrs."""

    key: str
    """The argument of `__init__`, and the key in JSON."""
    attribute: str
    is_argument: bool
    """Whether `__init__` takes it; other fields are computed."""
    is_required: bool


def record_fields(kind: Any) -> tuple[RecordField, ...] | None:
    """Return the fields of a dataclass, or of a class made by attrs; None for any other type."""
    if not isinstance(kind, type):
        return None
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return tuple(
            RecordField(own.name, own.name, own.init, own.default is missing and own.default_factory is missing)
            for own in dataclasses.fields(kind)
        )
    if (own_fields := getattr(kind, "__attrs_attrs__", None)) is None:
        return None
    return tuple(
        # Releases of attrs before 22.2 have no alias.
        RecordField(
            getattr(own, "alias", None) or own.name.lstrip("_"),
            own.name,
            own.init,
            own.default is sys.modules["attr"].NOTHING,
        )
        for own in own_fields
    )


def bare(annotation: Any) -> Any:
    """Return an annotation without its wrappers: `Annotated`, `Final`, `InitVar`, `NewType`, a type alias."""
    while True:
        origin = typing.get_origin(annotation)
        if origin in (typing.Annotated, typing.Final, typing.ClassVar, typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, dataclasses.InitVar):
            annotation = annotation.type
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # of Python 3.12
            annotation = annotation.__value__
        else:
            return annotation


def has_name(kind: Any, *names: str) -> bool:
    """Return whether a type or one of its bases has one of these full names."""
    return isinstance(kind, type) and any(_name(each) in names for each in kind.__mro__)


def scalar_reader(kind: type) -> Callable[[Any, Any], Any] | None:
    """Return the function that reads a scalar of this type, given the type and its form in JSON."""
    row = _scalar(kind)
    return None if row is None else row[1]


def _scalar(kind: type) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]] | None:
    return next((_SCALARS[name] for each in kind.__mro__ if (name := _name(each)) in _SCALARS), None)


def _is_tuple_class(kind: type) -> bool:
    return hasattr(kind, "_fields") or _name(kind) == "torch.Size"


def is_model(kind: type) -> bool:
    """Return whether it is a model of pydantic."""
    return has_name(kind, "pydantic.main.BaseModel")


def _name(kind: type) -> str:
    # pathlib is a package from Python 3.13 on.
    module = kind.__module__.removesuffix("._local")
    return f"{module}.{kind.__qualname__}"
