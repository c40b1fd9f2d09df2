"""Read JSON of unknown origin strictly: one object, with known fields of known types and safe file names."""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from hublish.attestation.interface import InvalidSignatureError
from hublish.schemas.diagnose.problems import InvalidDocumentError, shortened
from hublish.schemas.documents.json_documents import read_json
from hublish.schemas.documents.path_rules import path_problems, unusual_among

_is_sha256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch
_LONGEST_SHOWN: Final = 80


def read_object(data: bytes, name: str, *, max_bytes: int) -> dict[str, Any]:
    """Return the object of a JSON text; `name` begins the messages: `the bundle`.

    Raises:
        InvalidSignatureError: it is larger than `max_bytes`, is not an object of JSON, or has a key twice.
    """
    try:
        return read_json(data, name, family="trust", max_bytes=max_bytes)
    except InvalidDocumentError as error:
        raise InvalidSignatureError("; ".join(problem.message for problem in error.problems)) from None


def object_with(
    value: Any, place: str, required: AbstractSet[str], optional: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    """Return an object that has all of the required fields, and no others than these and the optional ones.

    Raises:
        InvalidSignatureError: otherwise.
    """
    if not isinstance(value, dict):
        raise InvalidSignatureError(f"{place} is not an object")
    if value.keys() == required:
        return value
    if missing := required - value.keys():
        raise InvalidSignatureError(f"{place} lacks {', '.join(sorted(missing))}")
    if unknown := value.keys() - required - optional:
        raise InvalidSignatureError(f"{place} has the unknown field {shown(min(unknown))}")
    return value


def text_of(fields: Mapping[str, Any], key: str) -> str:
    """Return a field that is a string.

    Raises:
        InvalidSignatureError: it is missing or of another type.
    """
    value = fields.get(key)
    if not isinstance(value, str):
        raise InvalidSignatureError(f"{key} is not a string")
    return value


def list_of(fields: Mapping[str, Any], key: str) -> list[Any]:
    """Return a field that is a list.

    Raises:
        InvalidSignatureError: it is missing or of another type.
    """
    value = fields.get(key)
    if not isinstance(value, list):
        raise InvalidSignatureError(f"{key} is not a list")
    return value


def files_of(entries: Iterable[tuple[Any, Any]], place: str) -> dict[str, str]:
    """Return files and their sha256 after checking names and digests.

    Args:
        entries: name and digest of each file, as they were parsed.
        place: begins the messages: `resources`.

    Raises:
        InvalidSignatureError: a name is not that of a file in a repo or is there twice, or a digest is not a sha256.
    """
    pairs = list(entries)
    for index, (name, digest) in enumerate(pairs):
        if not isinstance(name, str) or not isinstance(digest, str) or not _is_sha256(digest):
            raise InvalidSignatureError(f"{place}[{index}] is not a name with a sha256 of 64 hexadecimal digits")
    if len(files := dict(pairs)) != len(pairs):
        raise InvalidSignatureError(f"{place} has a name twice")
    for name in unusual_among(list(files)):
        if problems := path_problems(name):
            raise InvalidSignatureError(f"{place} has the name {shown(name)}: {'; '.join(problems)}")
    return files


def shown(text: str) -> str:
    """Return a string of unknown origin for a message: quoted, escaped and short."""
    return shortened(repr(text), _LONGEST_SHOWN)
