"""Read a file of results: its content decides on its format, whatever its name."""

import codecs
import re
from collections.abc import Mapping
from typing import Any, Final

from hublish.cards.results.harnesses import read_harness
from hublish.cards.results.model_index import listed_results, read_index
from hublish.cards.results.plain_metrics import read_plain, read_report, read_table
from hublish.cards.results.result import MOST_VALUES, Result, Score
from hublish.formats.blob import Blob, TooLargeError
from hublish.formats.front_matter import front_matter, read_front_matter
from hublish.formats.input_files import InvalidFileError
from hublish.formats.zip_reader import read_zip
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.json_documents import read_json_value
from hublish.schemas.yaml.reader import read_yaml

CODE: Final = "card.evaluation"
LARGEST: Final = 8 << 20
"""Bytes of a file of results."""
LOG_START: Final = b"PK\x03\x04"
"""The first bytes of an inspect-ai log, a zip."""
HEADER: Final = "header.json"
"""The member of an inspect-ai log with everything but the samples."""

_SMALL: Final = 64 << 10
# Reading YAML is slow.
_LARGEST_YAML: Final = 1 << 20
_YAML: Final = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*(?:---[ \t]*\r?\n|- |[\"']?[\w.-]+[\"']?[ \t]*:(?:[ \t\r\n]|\Z))")
FORMS: Final = (
    "results are metrics as JSON or csv, the output of transformers' Trainer, lm-evaluation-harness, lighteval, "
    "inspect-ai or classification_report(output_dict=True), or a model-index"
)


def read_results(data: bytes, file: str, path: str, *, max_bytes: int = LARGEST) -> tuple[Result, ...] | None:
    """Return the results in a file, which may have no task and no dataset yet; None if its format is unknown.

    Args:
        data: the bytes of the file.
        file: its name in problems, and in the results.
        path: the field of the manifest that names it.
        max_bytes: the size of the largest file to parse.

    Raises:
        InvalidDocumentError: when it is damaged, too large, or without results.
    """
    text = _decoded(data)
    if text is not None and front_matter(text) is not None:
        return _from_front_matter(data, file, path)
    if text is not None and _YAML.match(text[:_SMALL]):
        return _from_value(read_yaml(data, file, max_bytes=min(max_bytes, _LARGEST_YAML)).data, file, path)
    if text is not None and _is_table(text):
        found = read_table(text, file)
        if isinstance(found, Result):
            return (found,)
        raise _refusal(f"{file}: {found}", FORMS, path)
    return _from_json(data, file, path, max_bytes) if _may_be_json(data) else None


def scores_by_key(blob: Blob, file: str) -> dict[str, Score]:
    """Return each score in a file by its place, `Score.key`; nothing if the file cannot be read."""
    try:
        is_log = blob.read_at(0, len(LOG_START)) == LOG_START
        data = log_header(blob, file, "") if is_log else blob.read_at(0, LARGEST + 1)
        found = read_results(data, file, "") or ()
    except InvalidDocumentError:
        return {}
    return {score.key: score for result in found for score in result.scores}


def _is_table(text: str) -> bool:
    """Return whether the first line is like the header of a csv, and another one follows."""
    header, end, _ = text.partition("\n")
    return bool(end) and header[:1] not in ("{", "[") and any(mark in header for mark in ",;\t")


def _decoded(data: bytes) -> str | None:
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _from_front_matter(data: bytes, file: str, path: str) -> tuple[Result, ...]:
    reading = read_front_matter(data.removeprefix(codecs.BOM_UTF8), file)
    found = read_index(dict(reading.data), file) if reading is not None else None
    if not found:
        raise _refusal(
            f"the metadata of {file} contains no list of results", "add a model-index, or name another file", path
        )
    return found


def _may_be_json(data: bytes) -> bool:
    """Return whether bytes begin like JSON; of few bytes, the parser explains best why they are not."""
    return len(data) < _SMALL or data[:_SMALL].lstrip()[:1] in (b"{", b"[")


def _from_json(data: bytes, file: str, path: str, max_bytes: int) -> tuple[Result, ...] | None:
    try:
        return _from_value(read_json_value(data, file, family="card", max_bytes=max_bytes), file, path)
    except InvalidDocumentError:
        if not _NOT_FINITE.search(data):
            raise
        # Python's json writes NaN and Infinity, as harnesses do for an error that is unknown.
        value = read_json_value(data, file, family="card", max_bytes=max_bytes, finite=False)
        # A model-index goes into the card as it is, and YAML readers differ on these values.
        found = None if listed_results(value) is not None else _from_value(value, file, path)
        if not found:
            raise
        return found


_NOT_FINITE: Final = re.compile(rb"\b(?:NaN|Infinity)\b")


def _from_value(value: object, file: str, path: str) -> tuple[Result, ...] | None:
    index = read_index(value, file)
    if index is not None:
        return index
    if isinstance(value, Mapping):
        found = read_harness(value, file)
        if found is not None:
            return _complete(found, value, file, path)
        flat = read_report(value, file) or read_plain(value, file)
        if flat.scores:
            return _within_limits((flat,), file, path)
    return None


def _complete(found: tuple[Result, ...], value: Mapping[str, Any], file: str, path: str) -> tuple[Result, ...]:
    if found:
        return _within_limits(found, file, path)
    status = value.get("status")
    why = f": the evaluation has the status {status}" if isinstance(status, str) else ""
    raise _refusal(f"{file} contains no results{why}", "run the evaluation to its end", path)


def _within_limits(found: tuple[Result, ...], file: str, path: str) -> tuple[Result, ...]:
    number = sum(len(result.scores) for result in found)
    if number > MOST_VALUES:
        message = f"{file} contains more than {MOST_VALUES:,} values"
        raise _refusal(message, "keep the results in a file of their own", path)
    return found


def log_header(blob: Blob, file: str, path: str) -> bytes:
    """Return the JSON in an inspect-ai log (`.eval`), a zip whose samples are not read.

    Raises:
        InvalidDocumentError: when it is damaged, or not such a log.
    """
    try:
        archive = read_zip(blob)
        member = archive.by_name.get(HEADER)
        if member is None:
            raise _refusal(
                f"{file} is an archive without {HEADER}", f"name a finished log of inspect-ai; {FORMS}", path
            )
        return archive.read(HEADER, LARGEST)
    except (InvalidFileError, TooLargeError) as error:
        raise _refusal(f"{file}: {error}", "write it as JSON: `inspect log dump --header-only`", path) from None


def _refusal(message: str, hint: str, path: str) -> InvalidDocumentError:
    return InvalidDocumentError((Problem(CODE, message, hint, path),))
