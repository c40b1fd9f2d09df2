"""Statements of in-toto, and the file that holds those about a release: claims.jsonl, one signed statement a line.

Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. Equal statements have equal bytes:
sorted keys, no spaces, UTF-8.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.attestation import bundles
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.strict import files_of, list_of, object_with, read_object, shown, text_of

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

BOM_TYPE: Final = "https://cyclonedx.org/bom"
"""The type of the claim that repeats the bill of materials, here for those who only read it."""

MOST_CLAIMS: Final = 32
"""The most statements about a release that are written or read."""

MOST_CLAIMS_BYTES: Final = 4 * bundles.MOST_BYTES
"""The size of the largest claims.jsonl, in bytes."""

canonical: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
"""Returns a value as JSON; equal values give equal texts."""

_FIELDS: Final = frozenset({"_type", "predicate", "predicateType", "subject"})
_SUBJECT_FIELDS: Final = frozenset({"digest", "name"})
_DIGEST_FIELDS: Final = frozenset({"sha256"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim about files."""

    predicate_type: str
    """A URI: `https://slsa.dev/provenance/v1`."""
    subjects: Mapping[str, str]
    """The sha256, in hexadecimal, of each file, by its path in the repo."""
    predicate: Mapping[str, Any]
    """The claim, as values of JSON."""


def statement_bytes(statement: Statement) -> bytes:
    """Return a statement as JSON; its subjects are sorted.

    Raises:
        ValueError: the predicate has a value that JSON does not know.
    """
    return assembled(statement.predicate_type, statement.subjects, canonical(statement.predicate))


def assembled(predicate_type: str, subjects: Mapping[str, str], predicate: str) -> bytes:
    """Return a statement as JSON whose predicate is JSON already, in a form that equal predicates have in common."""
    # There may be 100,000 subjects, and all have the same form: a general encoder takes three times as long.
    listed = ",".join(
        [f'{{"digest":{{"sha256":"{sha256}"}},"name":{canonical(name)}}}' for name, sha256 in sorted(subjects.items())]
    )
    return (
        f'{{"_type":"{STATEMENT_TYPE}","predicate":{predicate},"predicateType":{canonical(predicate_type)},'
        f'"subject":[{listed}]}}'
    ).encode()


def read_statement(data: bytes) -> Statement:
    """Return a statement whose signature has been verified.

    Raises:
        InvalidSignatureError: it is not a statement about files with their sha256, or has a field that is not known.
    """
    fields = object_with(read_object(data, "the statement", max_bytes=bundles.MOST_BYTES), "the statement", _FIELDS)
    if (kind := text_of(fields, "_type")) != STATEMENT_TYPE:
        raise InvalidSignatureError(f"a statement of type {shown(kind)}; hublish reads {STATEMENT_TYPE}")
    if not isinstance(predicate := fields["predicate"], dict):
        raise InvalidSignatureError("the predicate is not an object")
    return Statement(text_of(fields, "predicateType"), _subjects(list_of(fields, "subject")), predicate)


def claims_text(signed: Iterable[bytes]) -> bytes:
    """Return the content of claims.jsonl.

    Args:
        signed: a bundle for each statement, as JSON on one line.

    Raises:
        ValueError: a bundle has several lines, or there are none or too many of them.
    """
    lines = tuple(signed)
    if not 1 <= len(lines) <= MOST_CLAIMS:
        raise ValueError(f"{len(lines)} claims; a release has 1 to {MOST_CLAIMS}")
    if any(not line or b"\n" in line or b"\r" in line for line in lines):
        raise ValueError("a bundle is not one line")
    return b"".join(line + b"\n" for line in lines)


def read_claims(data: bytes) -> tuple[bytes, ...]:
    """Return the bundles of claims.jsonl; neither their form nor their signatures are verified.

    Raises:
        InvalidSignatureError: the file is too large, has too many lines, an empty line, or a line twice.
    """
    if len(data) > MOST_CLAIMS_BYTES:
        raise InvalidSignatureError(f"{len(data)} bytes of claims; hublish reads up to {MOST_CLAIMS_BYTES}")
    if not data.endswith(b"\n"):
        raise InvalidSignatureError("the last line does not end: the file is empty or truncated")
    lines = tuple(data[:-1].split(b"\n", MOST_CLAIMS))
    if len(lines) > MOST_CLAIMS:
        raise InvalidSignatureError(f"more than {MOST_CLAIMS} claims")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            raise InvalidSignatureError(f"line {number} is empty")
    if len(set(lines)) != len(lines):
        raise InvalidSignatureError("a line is there twice")
    return lines


def _subjects(entries: list[Any]) -> dict[str, str]:
    if not entries:
        raise InvalidSignatureError("a statement without a subject")
    return files_of(map(_name_and_sha256, entries), "subject")


def _name_and_sha256(entry: Any) -> tuple[Any, Any]:
    fields = object_with(entry, "a subject", _SUBJECT_FIELDS)
    return fields["name"], object_with(fields["digest"], "the digest of a subject", _DIGEST_FIELDS)["sha256"]
