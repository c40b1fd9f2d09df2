"""Read values of config.json by the annotations of the parameters that take them.

A value that does not fit its annotation is passed on as JSON has it, as huggingface_hub's mixins do: annotations are
often loose, and the class knows best.
"""

import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag
from typing import Any, Final

from hublish.base.errors import LoadError
from hublish.pipeline.restore.config_values import (
    LISTS,
    MAPPINGS,
    NAMESPACES,
    PLAIN,
    SETS,
    Coders,
    UnwritableError,
    bare,
    describe,
    has_name,
    is_model,
    key_text,
    record_fields,
    scalar_reader,
)

_NONE: Final = (None, type(None))


@dataclass(frozen=True)
class Reader:
    """Reads values for one class.

    Args:
        coders: the types that the class declares, with their functions.
    """

    coders: Coders = field(default_factory=dict)
    _hints: dict[type, Mapping[str, Any]] = field(default_factory=dict)  # resolving them takes longer than reading

    def read(self, annotation: Any, value: Any) -> Any:
        """Return a value of config.json as the annotation wants it; unchanged when it does not fit."""
        wanted = bare(annotation)
        if _members(wanted):
            return self._read_member(wanted, value)
        kind = typing.get_origin(wanted) or wanted
        # A type variable, a literal, a forward reference that nothing resolves: the value is passed on.
        if value is None or not isinstance(kind, type) or kind is object:
            return value
        if record_fields(kind) is not None:
            return self._read_record(kind, value)
        for coded, (_, read) in self.coders.items():
            if issubclass(kind, coded):
                return read(value)
        try:
            return self._read_builtin(kind, typing.get_args(wanted), value)
        except (TypeError, ValueError, ArithmeticError, AttributeError, KeyError):
            return value

    def fits(self, annotation: Any, value: Any) -> bool:
        """Return whether the value has the form in JSON of the annotated type: chooses a member of a union."""
        wanted = bare(annotation)
        if members := _members(wanted):
            return any(self.fits(member, value) for member in members)
        if typing.get_origin(wanted) is typing.Literal:
            return any(type(value) is type(each) and value == each for each in typing.get_args(wanted))
        kind = typing.get_origin(wanted) or wanted
        if kind in _NONE or value is None:
            return kind in _NONE and value is None
        if not isinstance(kind, type) or kind in (Any, object):
            return True
        return self._fits_kind(kind, typing.get_args(wanted), value)

    def _fits_kind(self, kind: type, given: tuple[Any, ...], value: Any) -> bool:
        if kind in PLAIN:
            return type(value) is kind
        if (own := record_fields(kind)) is not None:
            known = {each.key: each.is_required for each in own if each.is_argument}
            return (
                isinstance(value, dict)
                and set(value) <= set(known)
                and all(key in value for key, is_required in known.items() if is_required)
            )
        if kind in LISTS or kind in SETS or issubclass(kind, tuple):
            fixed = issubclass(kind, tuple) and bool(given) and given[-1] is not ...
            return isinstance(value, list) and (not fixed or len(given) == len(value))
        if kind in MAPPINGS or typing.is_typeddict(kind) or has_name(kind, *NAMESPACES) or is_model(kind):
            return isinstance(value, dict)
        if any(issubclass(kind, coded) for coded in self.coders):
            return True
        # An enumeration, a path, a date: the value fits when it can be read.
        return type(self.read(kind, value)) is not type(value)

    def _read_member(self, union: Any, value: Any) -> Any:
        members = _members(union)
        # JSON's own types first: `str | Path` is read as the string that it is.
        if any(bare(member) in PLAIN and type(value) is bare(member) for member in members):
            return value
        others = [member for member in members if bare(member) not in (*PLAIN, None)]
        fitting = next((member for member in others if self.fits(member, value)), None)
        # The one type of `X | None`, though the value lacks a field or has one more.
        wanted = others[0] if fitting is None and len(others) == 1 else fitting
        return value if wanted is None else self.read(wanted, value)

    def _read_record(self, kind: type, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        hints = self.hints(kind)
        # As huggingface_hub's mixins: fields that the class does not have are ignored.
        given = {
            own.key: self.read(hints.get(own.attribute), value[own.key])
            for own in record_fields(kind) or ()
            if own.is_argument and own.key in value
        }
        try:
            return kind(**given)
        except (TypeError, ValueError) as error:
            msg = f"config.json does not make a {kind.__name__}: {error}"
            raise LoadError(msg, hint="is it the class of this release?") from error

    def _read_builtin(self, kind: type, given: tuple[Any, ...], value: Any) -> Any:
        if isinstance(value, list) and (kind in LISTS or kind in SETS or issubclass(kind, tuple)):
            return self._read_items(kind, given, value)
        if isinstance(value, dict):
            return self._read_mapping(kind, given, value)
        if issubclass(kind, Enum):
            return _member(kind, value)
        reader = scalar_reader(kind)
        return value if reader is None else _checked(kind, reader(kind, value), value)

    def _read_items(self, kind: type, given: tuple[Any, ...], value: list[Any]) -> Any:
        if hasattr(kind, "_fields"):
            hints = self.hints(kind)
            names: tuple[str, ...] = kind._fields
            return kind(*(self.read(hints.get(name), item) for name, item in zip(names, value, strict=True)))
        if kind is tuple and given and given[-1] is not ...:
            return tuple(self.read(each, item) for each, item in zip(given, value, strict=True))
        inner = bare(given[0]) if given else Any
        items = list(value) if inner in (Any, *PLAIN) else [self.read(inner, item) for item in value]
        return items if kind in LISTS else SETS.get(kind, kind)(items)

    def _read_mapping(self, kind: type, given: tuple[Any, ...], value: dict[str, Any]) -> Any:
        if typing.is_typeddict(kind):
            hints = self.hints(kind)
            return {key: self.read(hints.get(key), item) for key, item in value.items()}
        if has_name(kind, *NAMESPACES):
            return kind(**value)
        if is_model(kind):
            return kind.model_validate_json(json.dumps(value))  # type: ignore[attr-defined]  # pydantic's
        if kind not in MAPPINGS:
            return value
        key_type, item_type = given or (Any, Any)
        return MAPPINGS[kind](
            (self._read_key(key_type, key), self.read(item_type, item)) for key, item in value.items()
        )

    def _read_key(self, annotation: Any, key: str) -> Any:
        # Every key is a string in JSON: it is one, or it spells a number, or another value.
        if self.fits(annotation, key):
            return self.read(annotation, key)
        try:
            spelled = json.loads(key)
        except ValueError:
            return key
        return self.read(annotation, spelled) if self.fits(annotation, spelled) and key_text(spelled) == key else key

    def hints(self, kind: type) -> Mapping[str, Any]:
        """Return the annotations of a class's attributes by name, resolved."""
        if kind not in self._hints:
            self._hints[kind] = resolved(_class_annotations(kind))
        return self._hints[kind]


def parameter_hints(initializer: Any, kind: type) -> Mapping[str, Any]:
    """Return the annotations of the parameters of `__init__` by name, resolved."""
    names = getattr(inspect.unwrap(initializer), "__globals__", {})
    # The generated `__init__` of a dataclass refers to the annotations of the classes that declare the fields.
    declared = resolved(_class_annotations(kind)) if record_fields(kind) is not None else {}
    own = {name: (each, names) for name, each in _annotations(initializer).items()}
    return {**resolved(own, {kind.__name__: kind}), **declared}


def resolved(
    annotations: Mapping[str, tuple[Any, Mapping[str, Any]]], local: Mapping[str, Any] = types.MappingProxyType({})
) -> dict[str, Any]:
    """Return annotations whose forward references are resolved, each on its own.

    A name that is imported for type checkers alone leaves out that annotation and no other.
    """
    found: dict[str, Any] = {}
    for name, (annotation, names) in annotations.items():
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            found |= typing.get_type_hints(holder, dict(names), dict(local), include_extras=True)
        except Exception:  # noqa: S112 - any expression may be an annotation, and raise anything
            continue
    return found


def _class_annotations(kind: type) -> dict[str, tuple[Any, Mapping[str, Any]]]:
    # Each class is resolved in its own module, where its annotations were written.
    return {
        name: (annotation, {**vars(sys.modules.get(each.__module__, types)), each.__name__: each, **vars(each)})
        for each in reversed(kind.__mro__)
        for name, annotation in _annotations(each).items()
    }


def _annotations(subject: Any) -> dict[str, Any]:
    try:
        return inspect.get_annotations(inspect.unwrap(subject) if callable(subject) else subject)
    except (TypeError, NameError, AttributeError):
        return {}


def _members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, those of nested unions too; empty for another annotation."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(_flattened(annotation))
    return ()


def _flattened(union: Any) -> Iterator[Any]:
    for member in typing.get_args(union):
        inner = bare(member)
        yield from _flattened(inner) if _members(inner) else (member,)


def _member(kind: type[Enum], value: Any) -> Any:
    for member in kind:
        if _same(member.value, value):
            return member
    return kind(value) if issubclass(kind, Flag) and type(value) is int else value


def _same(value: Any, plain: Any) -> bool:
    try:
        written = describe(value).plain
    except UnwritableError:
        return False
    return type(written) is type(plain) and bool(written == plain)


def _checked(kind: type, made: Any, value: Any) -> Any:
    # `getattr(torch, text)` finds functions as well, and a file must not choose one.
    return made if isinstance(made, kind) else value
