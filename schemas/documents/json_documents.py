"""Read JSON documents as strictly as YAML: one object, no duplicate key, no number that JSON does not know."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem, SourceText, shortened
from hublish.schemas.documents.field_types import Document

AnyDocument = TypeVar("AnyDocument", bound=Document)
# Converts the data of one version to the current document; the second argument is the family of its problems.
Reader = Callable[[Mapping[str, Any], str], AnyDocument]

# A lock of 100,000 files has about 40 MB.
MAX_BYTES = 128 * 1024 * 1024

_HOW_TO_WRITE = "JSON uses double quotes, no comma before a closing bracket, and no comments"


def read_json(data: bytes, source: str, *, family: str, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Read a JSON document whose top level is an object.

    Args:
        data: the bytes of the document, UTF-8.
        source: its name in diagnostics: `hub.lock`.
        family: the first part of the problem codes: `lock`, `plan`, `receipt`.
        max_bytes: the size of the largest document to parse.

    Raises:
        InvalidDocumentError: for anything else, with the place of a syntax error.
    """
    value = read_json_value(data, source, family=family, max_bytes=max_bytes)
    if not isinstance(value, dict):
        _refuse(family, f"{source} is not a JSON object")
    return value


def read_json_value(data: bytes, source: str, *, family: str, max_bytes: int = MAX_BYTES, finite: bool = True) -> Any:
    """Read JSON with any value at its top level; arguments and errors are those of `read_json`.

    Unless the numbers must be `finite`, NaN and Infinity are read, which Python's json writes.
    """
    if len(data) > max_bytes:
        _refuse(family, f"{source} is larger than {max_bytes // 1024} KiB; not parsed")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(family, f"{source} is not UTF-8 at byte {error.start}")
    return _parse(text, source, family, finite=finite)


def read_versioned(text: bytes, source: str, family: str, readers: "Mapping[int, Reader[AnyDocument]]") -> AnyDocument:
    """Read a JSON document with the reader for its version.

    A new version gets a reader of its own, and the reader of the old one then converts its data to the current model:
    a lock stays readable for ever.

    Args:
        text: the document, UTF-8.
        source: its name in diagnostics: `hub.lock`.
        family: the first part of the problem codes, and of the key that holds the version: `lock`.
        readers: the reader for each version.

    Raises:
        InvalidDocumentError: when the document is damaged, or of an unknown version.
    """
    data = read_json(text, source, family=family)
    key = f"{family}_version"
    version = data.get(key)
    if type(version) is not int or version not in readers:
        found = f"{key} {version}" if type(version) is int else f"no {key}"
        known = ", ".join(map(str, sorted(readers)))
        message = f"{source} has {found}; this hublish reads {known}"
        hint = f"update hublish, or check that the file is a {family}"
        raise InvalidDocumentError((Problem(f"{family}.version", message, hint, key),))
    return readers[version](data, family)


def reader_of(model: type[AnyDocument]) -> "Reader[AnyDocument]":
    """Return the reader of a version whose data the current model accepts as it is."""

    def read(data: Mapping[str, Any], family: str) -> AnyDocument:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            from hublish.schemas.diagnose.diagnosis import diagnose  # only needed when the document is invalid

            raise InvalidDocumentError(diagnose(error, model, data, family=family)) from None

    return read


def _parse(text: str, source: str, family: str, *, finite: bool) -> Any:
    try:
        constant = _no_constant if finite else float
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=constant)
        if "\\u" in text:  # "\ud800" is valid JSON, but no file could be written with this string
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        place = SourceText(text, source).location(error.pos)
        message = f"not JSON: {error.msg[0].lower()}{error.msg[1:]}"
        raise InvalidDocumentError((Problem(f"{family}.syntax", message, _HOW_TO_WRITE, location=place),)) from None
    except RecursionError:
        _refuse(family, f"{source} is nested too deep")
    except UnicodeEncodeError:
        _refuse(family, f"{source} contains invalid Unicode: a lone surrogate")
    except ValueError as error:  # ours, or a number of more than 4,300 digits
        ours = isinstance(error, _RejectedError)
        _refuse(family, f"{source}: {error}" if ours else f"{source} contains a number that is too large")
    return value


class _RejectedError(ValueError):
    """`json.loads` accepts this, but hublish does not."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # `json.loads` keeps the last of duplicate keys, and other readers keep the first.
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _RejectedError(f"duplicate key '{shortened(twice, 60)}'")
    return value


def _no_constant(name: str) -> NoReturn:
    raise _RejectedError(f"{name} is not a JSON number")


def _refuse(family: str, message: str) -> NoReturn:
    raise InvalidDocumentError((Problem(f"{family}.syntax", message),))


def without_credentials(document: AnyDocument) -> AnyDocument:
    """Return a document for a file, with every credential in its strings masked: a name on a remote may be a token."""
    # Imported here: `check` writes no document.
    from hublish.schemas.secrets.masking import redact

    # One search for the whole document: nearly every one has nothing to mask, and may list 100,000 files.
    text = document.model_dump_json()
    if redact(text) == text:
        return document
    return type(document).model_validate(_masked(document.model_dump(mode="json"), redact))


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, mask) for key, item in value.items()}
    return value
