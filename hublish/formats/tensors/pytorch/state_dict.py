"""Find the state dict in a checkpoint: a dictionary whose values are tensors and whose keys are strings."""

import difflib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.torch_objects import (
    QUANTIZED,
    ElementType,
    ForeignTensor,
    Name,
    Ordered,
    OtherKey,
    Placeholder,
    Storage,
    StorageType,
    StoredTensor,
)
from hublish.formats.tensors.tensor import BEFORE_QUANTIZED, Unwritable, packed_weights
from hublish.formats.tensors.tensor_options import in_yaml

# Levels of nested dictionaries that the search enters.
_MAX_DEPTH: Final = 8
# Entries of dictionaries.
_MAX_SEEN: Final = 1_000_000
# State dicts, and names, in a message.
_MAX_NAMED: Final = 8
_SAVE: Final = "save the state dict: torch.save(model.state_dict(), path)"
_ARRAY: Final = "a numpy array"
# Names of numpy's arrays: those that a pickle has for their class, and for the function that makes one of a buffer.
_ARRAYS: Final = ("numpy.ndarray", "numpy._core.numeric._frombuffer", "numpy.core.numeric._frombuffer")


def find_state_dict(value: object, key: str | None) -> Mapping[object, object]:
    """Return the state dict of a checkpoint.

    Args:
        value: the saved object.
        key: the place of the state dict: keys of nested dictionaries, joined by dots; a key may contain dots itself.
            None takes the saved object, or else the only state dict within it.

    Raises:
        InvalidFileError: when the checkpoint has none, or several without a key, or an object with tensors beside it.
    """
    return locate(value, key)[1]


def other_entries(place: str, state: Mapping[object, object]) -> dict[str, Unwritable]:
    """Return the entries of the state dict at `place` that are not tensors with a name.

    Raises:
        InvalidFileError: when two entries have one name, once all names are strings.
    """
    nested = [f"{place}.{name}" if place else name for name, _ in _Candidates(state).found]
    contents, others = _Contents(), dict[str, Unwritable]()
    for name, entry in state.items():
        if isinstance(name, str) and isinstance(entry, StoredTensor):
            continue
        shown = name if isinstance(name, str) else name.shown if isinstance(name, OtherKey) else str(name)
        if shown in others or (shown in state and not isinstance(name, str)):
            raise InvalidFileError(f"two entries of the state dict are named {ascii(shown)[:80]}")
        others[shown] = _unwritable(shown, name, entry, nested, contents)
    return others


def _unwritable(shown: str, name: object, entry: object, nested: list[str], contents: "_Contents") -> Unwritable:
    place = f"entry {ascii(shown)[:80]} of the state dict"
    if isinstance(entry, ForeignTensor):
        return Unwritable(f"{place} is {entry.kind}, which safetensors cannot hold", entry.hint)
    if (packed := packed_weights(shown)) is not None:
        return packed
    held = contents.kind(entry)
    if held == QUANTIZED:
        return Unwritable(f"{place} is {_described(entry)} that holds {held}", BEFORE_QUANTIZED)
    if isinstance(entry, StoredTensor):
        kind = "tuple" if isinstance(name, OtherKey) else type(name).__name__
        return Unwritable(f"an entry of the state dict has a name of type {kind}: {shown[:40]}", "use strings as names")
    if not held:
        return Unwritable(f"{place} is {_described(entry)}, not a tensor")
    if isinstance(entry, Placeholder) and entry.name in _ARRAYS:
        hint = "save it as a tensor, torch.from_numpy(array), or exclude it if it is unused"
        return Unwritable(f"{place} is {_described(entry)}, not a tensor", hint)
    message = f"{place} is {_described(entry)} that holds {held}"
    if isinstance(entry, dict) and nested:
        hint = f"{_choice(nested)}{_more(nested)}; or save one flat state dict"
        return Unwritable(f"{message}: a nested dictionary", hint)
    return Unwritable(f"{message}, not a tensor", "save its tensors by names of their own, or exclude it if unused")


def locate(value: object, key: str | None) -> tuple[str, Mapping[object, object]]:
    """Return the place of the state dict, empty for the saved object itself, and the dictionary.

    Raises:
        InvalidFileError: as `find_state_dict` does.
    """
    if not isinstance(value, dict) or (isinstance(value, Placeholder) and not value):
        raise _without_dictionary(value)
    if key is not None:
        return key, _at(value, key)
    # A state dict may have dictionaries among its entries, which are not searched then.
    if _is_state_dict(value):
        return "", value
    candidates = _Candidates(value)
    names = [name for name, _ in candidates.found]
    if not names:
        raise _without_tensors(value)
    if len(names) > 1:
        raise InvalidFileError(f"it holds {len(names)} state dicts: {_listed(names)}", hint=_choice(names))
    # A module that was saved as a whole is not read, and the only state dict may be that of something else.
    contents = _Contents()
    for name, item in candidates.objects:
        # Arrays beside the weights are random states and statistics.
        if (held := contents.kind(item)) not in ("", _ARRAY):
            msg = f"beside the state dict {ascii(names[0])[:80]}, its entry {ascii(name)[:80]} is {_described(item)}"
            hint = f"if {names[0]} has the weights, choose it: options: {{key: {in_yaml(names)}}}; else {_SAVE}"
            raise InvalidFileError(f"{msg} that holds {held}", hint=hint)
    return candidates.found[0]


def _at(value: dict[object, object], key: str) -> Mapping[object, object]:
    found = _step(value, key)
    if isinstance(found, dict) and any(isinstance(part, StoredTensor | ForeignTensor) for part in found.values()):
        return found
    inner = [f"{key}.{name}" for name, _ in _Candidates(found).found] if isinstance(found, dict) else []
    if inner:
        raise InvalidFileError(
            f"at key {key!r} there are state dicts one level down", hint=_choice(inner) + _more(inner)
        )
    known = [name for name, _ in _Candidates(value).found]
    close = difflib.get_close_matches(key, islice(known, _MAX_NAMED * 100), n=1, cutoff=0.4)
    guess = f"did you mean '{close[0]}'? " if close else ""
    kind = "nothing" if found is None else f"{_described(found)}, not a dictionary"
    if isinstance(found, dict) and not (isinstance(found, Placeholder) and not found):
        held = _Contents().kind(found)
        kind = f"a dictionary without tensors by name{f', which holds {held}' if held else ''}"
    hint = f"{guess}it holds {', '.join(known[:_MAX_NAMED]) or 'no state dict'}"
    raise InvalidFileError(f"at key {key!r} there is {kind}", hint=hint)


def _step(value: object, key: str) -> object:
    """Follow `key`; of the parts that its dots allow, the longest that exists wins."""
    while key:
        if not isinstance(value, dict):
            return None
        part = key
        while part not in value:
            part, dot, _ = part.rpartition(".")
            if not dot:
                return None
        value, key = value[part], key[len(part) + 1 :]
    return value


class _Candidates:
    """The state dicts within a dictionary, and the objects that are neither searched nor read."""

    def __init__(self, value: Mapping[object, object]) -> None:
        self.found: list[tuple[str, dict[object, object]]] = []
        self.objects: list[tuple[str, Placeholder]] = []
        # Without recursion and within limits: memoized dictionaries may contain each other.
        waiting: list[tuple[str, Mapping[object, object], int]] = [("", value, _MAX_DEPTH)]
        seen = 0
        while waiting and seen < _MAX_SEEN:
            # Entries count and not dictionaries: one large dictionary may be in many. So do characters of their names.
            seen += 1 + len(waiting[-1][1]) * (1 + len(waiting[-1][0]) // 64)
            name, current, depth = waiting.pop()
            if name and isinstance(current, dict) and _is_state_dict(current):
                self.found.append((name, current))
            elif depth:
                inner = self._inner(name, current, depth - 1)
                waiting += reversed(inner)

    def _inner(
        self, place: str, value: Mapping[object, object], depth: int
    ) -> list[tuple[str, Mapping[object, object], int]]:
        """Return the dictionaries among the entries of one, which are searched next."""
        inner: list[tuple[str, Mapping[object, object], int]] = []
        for key, part in value.items():
            name = f"{place}.{key}" if place else str(key)
            if isinstance(part, Placeholder) and not part:
                self.objects.append((name, part))
            elif isinstance(key, str) and key and isinstance(part, dict):
                inner.append((name, part, depth))
        return inner


class _Contents:
    """Looks for tensors at any depth of values.

    All searches share a limit, as one large list may be in many entries.
    """

    def __init__(self) -> None:
        self._left = _MAX_SEEN
        self.names: dict[str, None] = {}
        """The names of the objects seen."""

    def kind(self, value: object) -> str:
        """Return the kind of tensor within a value, one that safetensors cannot hold first; empty for none."""
        waiting, seen, found = [value], set[int](), ""
        while waiting:
            current = waiting.pop()
            self._left -= 1
            # What was not seen may hold tensors.
            if self._left < 0:
                return found or "more than can be searched"
            if isinstance(current, ForeignTensor):
                return current.kind
            if isinstance(current, StoredTensor | Storage):
                found = found or "a tensor"
            elif isinstance(current, Name | Placeholder):
                self.names[current.name] = None
                is_array = isinstance(current, Placeholder) and current.name in _ARRAYS
                found = found or (_ARRAY if is_array else "")
            # Containers may contain themselves.
            if isinstance(current, dict | list | tuple) and id(current) not in seen:
                seen.add(id(current))
                waiting += _parts(current)
        return found


def _parts(value: dict[object, object] | list[object] | tuple[object, ...]) -> Iterable[object]:
    if isinstance(value, Placeholder):
        return (*value.parts, *value.values())
    return value.values() if isinstance(value, dict) else value


def _without_dictionary(value: object) -> InvalidFileError:
    if isinstance(value, ForeignTensor):
        return InvalidFileError(f"it holds {value.kind}, which safetensors cannot hold", hint=value.hint)
    if isinstance(value, Placeholder | Name):
        return InvalidFileError(f"it names {ascii(value.name)[1:-1][:200]}, which no state dict needs", hint=_SAVE)
    msg = f"it holds {_described(value)}, not a dictionary of tensors"
    return InvalidFileError(msg, hint="save a state dict: torch.save(model.state_dict(), path)")


def _without_tensors(value: object) -> InvalidFileError:
    contents = _Contents()
    held = contents.kind(value)
    msg = "no dictionary in it holds tensors by name"
    names = ", ".join(ascii(name)[1:-1][:200] for name in islice(contents.names, _MAX_NAMED))
    if held:
        msg += f", and it holds {held}"
    if names:
        msg += f"; it names {names}, which no state dict needs"
    return InvalidFileError(msg, hint=_SAVE if held or names else "")


def _listed(names: list[str]) -> str:
    return ", ".join(ascii(name)[:80] for name in names[:_MAX_NAMED]) + (", ..." if len(names) > _MAX_NAMED else "")


def _more(names: list[str]) -> str:
    return f" (it holds {_listed(names)})" if len(names) > 1 else ""


def _choice(names: list[str]) -> str:
    """Return the hint that names the key of a state dict."""
    chosen = f"options: {{key: {in_yaml(names[:1])}}}"
    return f"choose the state dict: {chosen}" if len(names) == 1 else f"choose one, for example {chosen}"


def _described(value: object) -> str:
    """Return a value's type with an article; the own name of a placeholder."""
    if isinstance(value, Name | ElementType | StorageType):
        return ascii(value.name)[1:-1][:200]
    if isinstance(value, Placeholder):
        return f"a {ascii(value.name)[1:-1][:200]}"
    return f"a {'dict' if isinstance(value, Ordered) else type(value).__name__}"


def _is_state_dict(value: dict[object, object]) -> bool:
    return any(isinstance(part, StoredTensor | ForeignTensor) and isinstance(name, str) for name, part in value.items())
