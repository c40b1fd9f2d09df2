"""Which tensors are written, and under which names."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.tensor import Tensor

_MAX_COMPARED: Final = 2000  # names among which a near miss is looked for


def chosen(names: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> frozenset[str]:
    """Return the names that a pattern of `include` matches and none of `exclude` does.

    Args:
        names: of all tensors.
        include: fnmatch patterns, case-sensitive, `*` matching dots as well; empty takes all.
        exclude: the same; they win.

    Raises:
        InvalidFileError: when a pattern matches nothing.
    """
    taken = _matching(names, include, "include") if include else frozenset(names)
    return taken - _matching(names, exclude, "exclude")


def renamed(tensors: Iterable[Tensor], rename: Mapping[str, str]) -> tuple[Tensor, ...]:
    """Return the tensors under their new names.

    Args:
        tensors: what is renamed.
        rename: new names by old ones. A key that is empty or ends with a dot is a prefix, and gives way to another
            prefix; every other key is a whole name. A whole name wins over prefixes, a longer prefix over a shorter.

    Raises:
        InvalidFileError: when a key matches nothing, or two tensors get one name.
    """
    found = tuple(tensors)
    names = {tensor.name: _new_name(tensor.name, rename) for tensor in found}
    _check_used(rename, names)
    owners: dict[str, str] = {}
    for old, (new, _) in names.items():
        if (owner := owners.setdefault(new, old)) != old:
            msg = f"rename gives both {ascii(owner)[:80]} and {ascii(old)[:80]} the name {ascii(new)[:80]}"
            raise InvalidFileError(msg)
    return tuple(replace(tensor, name=names[tensor.name][0]) for tensor in found)


def _matching(names: Sequence[str], patterns: Sequence[str], option: str) -> frozenset[str]:
    found: set[str] = set()
    for pattern in patterns:
        matched = {name for name in names if fnmatchcase(name, pattern)}
        if not matched:
            raise _unmatched(option, pattern, names)
        found |= matched
    return frozenset(found)


def _new_name(name: str, rename: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the new name, and the key that gave it."""
    if name in rename and not _is_prefix(name):
        return rename[name], name
    prefixes = [key for key in rename if _is_prefix(key) and name.startswith(key)]
    if not prefixes:
        return name, None
    longest = max(prefixes, key=len)
    return rename[longest] + name.removeprefix(longest), longest


def _is_prefix(key: str) -> bool:
    return not key or key.endswith(".")


def _check_used(rename: Mapping[str, str], names: Mapping[str, tuple[str, str | None]]) -> None:
    used = {key for _, key in names.values()}
    for key in rename:
        if key not in used:
            raise _unmatched("rename", key, tuple(names))


def _unmatched(option: str, pattern: str, names: Sequence[str]) -> InvalidFileError:
    close = difflib.get_close_matches(pattern, islice(names, _MAX_COMPARED), n=3, cutoff=0.4)
    some = ", ".join(ascii(name)[1:81].rstrip("'") for name in close or names[:3])
    hint = f"{'near misses' if close else 'the tensors'}: {some}" if names else "there are no tensors"
    return InvalidFileError(f"{option} {pattern!r} matches no tensor", hint=hint)
