"""Find the state dict in a checkpoint: a dictionary whose values are tensors and whose keys are strings."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.torch_objects import StoredTensor

# Levels of nested dictionaries that the search enters.
_MAX_DEPTH: Final = 8
# Entries of dictionaries.
_MAX_SEEN: Final = 1_000_000
# State dicts that a message names.
_MAX_NAMED: Final = 8


def find_state_dict(value: object, key: str | None) -> Mapping[object, object]:
    """Return the state dict of a checkpoint.

    Args:
        value: the saved object.
        key: the place of the state dict: keys of nested dictionaries, joined by dots; a key may contain dots itself.
            None takes the saved object, or else the only state dict within it.

    Raises:
        InvalidFileError: when the checkpoint has none, or several without a key.
    """
    if not isinstance(value, dict):
        msg = f"it holds a {type(value).__name__}, not a dictionary of tensors"
        raise InvalidFileError(msg, hint="save a state dict: torch.save(model.state_dict(), path)")
    if key is not None:
        return _at(value, key)
    # A state dict may have dictionaries among its entries, which are not searched then.
    if _is_state_dict(value):
        return value
    found = list(_candidates(value))
    if len(found) == 1:
        return found[0][1]
    names = ", ".join(ascii(name)[:80] for name, _ in found[:_MAX_NAMED])
    if not found:
        raise InvalidFileError("no dictionary in it holds tensors by name")
    msg = f"it holds {len(found)} state dicts: {names}{', ...' if len(found) > _MAX_NAMED else ''}"
    raise InvalidFileError(msg, hint=f"choose one, for example options: {{key: {found[0][0]}}}")


def _at(value: dict[object, object], key: str) -> Mapping[object, object]:
    found = _step(value, key)
    if isinstance(found, dict):
        return found
    known = [name for name, _ in _candidates(value)]
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    guess = f"did you mean '{close[0]}'? " if close else ""
    kind = f"a {type(found).__name__}, not a dictionary" if found is not None else "nothing"
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


def _candidates(value: dict[object, object]) -> Iterator[tuple[str, dict[object, object]]]:
    """Yield every state dict within, by its key; those inside a state dict are entries of it."""
    # Without recursion and within limits: memoized dictionaries may contain each other.
    waiting: list[tuple[str, dict[object, object], int]] = [("", value, _MAX_DEPTH)]
    seen = 0
    while waiting and seen < _MAX_SEEN:
        # Entries count and not dictionaries: one large dictionary may be in many. So do characters of their names.
        seen += 1 + len(waiting[-1][1]) * (1 + len(waiting[-1][0]) // 64)
        name, current, depth = waiting.pop()
        if name and _is_state_dict(current):
            yield name, current
        elif depth:
            inner = [
                (f"{name}.{key}" if name else key, part, depth - 1)
                for key, part in current.items()
                if isinstance(key, str) and key and isinstance(part, dict)
            ]
            waiting += reversed(inner)


def _is_state_dict(value: dict[object, object]) -> bool:
    return any(isinstance(part, StoredTensor) and isinstance(name, str) for name, part in value.items())
