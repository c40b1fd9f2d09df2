"""Examine one input: read, check and show it, and require the invariants that hold for every input."""

import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import hublish
from hublish.api.read_project import read_project
from hublish.base.errors import CardError, HublishError, ManifestInvalidError, PolicyError, SourceError
from hublish.base.values import Project
from hublish.cards.results.model_index import model_index
from hublish.cli.exit_codes import report_failure
from hublish.cli.report import FORMATS, Report, report_for
from hublish.cli.terminal.streams import Terminal
from hublish.cli.views.check import CheckView
from hublish.pipeline.render_card.evaluation import read_evaluation
from hublish.pipeline.render_card.renderer import Renderer, rendered_by
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.lock import read_lock
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import dump_manifest, dump_resolved, read_manifest
from hublish.schemas.documents.plan import read_plan
from hublish.schemas.documents.receipt import read_receipt
from hublish.schemas.yaml.reader import MAX_BYTES
from tests.fuzz import hostile
from tests.fuzz.inputs import Input, Kind
from tests.fuzz.sample_tree import SampleTree

SOURCE = "hub.yaml"
_CODE = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")
# Characters of one message with its hint: enough for a few of the longest paths, but not for a whole document.
_LONGEST = 20_000
_READERS: dict[Kind, Callable[[bytes], Any]] = {Kind.LOCK: read_lock, Kind.PLAN: read_plan, Kind.RECEIPT: read_receipt}


class InvariantError(Exception):
    """A result violates an invariant."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one input."""

    outcome: str
    """`rejected` when it was read, `rejected by check`, or `valid`."""
    shown: tuple[str, ...]
    """All output about it, for users and for programs."""
    document: Document | None = None
    """The document that was read."""


def examine(given: Input, sample: SampleTree, renderer: Renderer) -> Result:
    """Read an input, check it as far as possible, and show all its problems in every output format.

    Raises:
        InvariantError: when the result violates an invariant.
        Exception: any other exception is a bug, since the user would see a traceback.
    """
    if given.kind is Kind.MANIFEST:
        result = _examined_manifest(given.text, sample, renderer)
    elif given.kind is Kind.EVALUATION:
        result = _examined_evaluation(given.text, sample)
    else:
        result = _examined_document(given.kind, given.text)
    for text in result.shown:
        _require(hostile.TOKEN not in text, "a token is shown")
    return result


def _examined_manifest(text: bytes, sample: SampleTree, renderer: Renderer) -> Result:
    try:
        project = read_project(SOURCE, text=text, folder=sample.tree)
    except ManifestInvalidError as error:
        _require_valid_problems(error.problems, text)
        return Result("rejected", _shown(error))
    manifest = project.manifest
    try:
        with rendered_by(renderer):
            warnings = hublish.check(project)
    except (SourceError, CardError, ManifestInvalidError, PolicyError) as error:
        _require(bool(error.message), "an error without a message")
        _require_valid_problems(error.problems, text)
        return Result("rejected by check", _shown(error), manifest)
    _require_valid_problems(warnings, text)
    _require(all(problem.severity == "warning" for problem in warnings), "an error among the warnings")
    return Result("valid", _shown_warnings(project, warnings), manifest)


def _examined_document(kind: Kind, text: bytes) -> Result:
    try:
        document = _READERS[kind](text)
    except InvalidDocumentError as error:
        _require_valid_problems(error.problems, text)
        return Result("rejected", (str(error),))
    return Result("valid", (), document)


def _examined_evaluation(text: bytes, sample: SampleTree) -> Result:
    (sample.evaluation / "results.json").write_bytes(text)
    try:
        results = read_evaluation("results.json", sample.evaluation).results
    except CardError as error:
        _require_valid_problems(error.problems, text)
        return Result("rejected", _shown(error))
    problems = metadata_problems({"license": "mit", "model-index": model_index("digits", results)}, "model")
    _require_valid_problems(problems, text)
    return Result("rejected by check" if problems else "valid", tuple(map(str, problems)))


def _require_valid_problems(problems: Iterable[Problem], text: bytes) -> None:
    lines = _lines(text)
    for problem in problems:
        _require(bool(_CODE.fullmatch(problem.code)), f"an odd code: {problem.code}")
        _require(bool(problem.message), f"{problem.code} without a message")
        _require(len(problem.message) + len(problem.hint) <= _LONGEST, f"{problem.code} with an endless message")
        place = problem.location
        if place is not None and place.source == SOURCE:
            _require(1 <= place.line <= len(lines), f"{problem.code} at line {place.line} of {len(lines)}")
            width = len(lines[place.line - 1])
            _require(1 <= place.column <= width + 1, f"{problem.code} at column {place.column} of {width}")


def _lines(text: bytes) -> list[str]:
    decoded = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return re.split(r"\r\n|\r|\n", decoded)


def _shown(error: HublishError) -> tuple[str, ...]:
    """Return the error in each output format of the command line."""
    return tuple(_shown_in(format_, error) for format_ in FORMATS)


def _shown_in(format_: str, error: HublishError) -> str:
    report = _report(format_)
    _require(report_failure(error, report) == error.exit_code, "another exit code")
    return _read(report, format_)


def _shown_warnings(project: Project, warnings: tuple[Problem, ...]) -> tuple[str, ...]:
    shown = []
    for format_ in FORMATS:
        report = _report(format_)
        report.warn(warnings)
        report.show(CheckView(project.name, warnings))
        shown.append(_read(report, format_))
    return tuple(shown)


def _report(format_: str) -> Report:
    return report_for(format_, Terminal(io.StringIO(), io.StringIO(), io.StringIO(), {}))


def _read(report: Report, format_: str) -> str:
    # The terminal masks both streams, and passes on the methods of the stream below.
    out, err = (cast(io.StringIO, stream).getvalue() for stream in (report.terminal.stdout, report.terminal.stderr))
    if format_ == "json":
        json.loads(out)
    text = out + err
    text.encode()
    _require("Traceback" not in text and "internal error" not in text, "a traceback is shown")
    return text


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise InvariantError(otherwise)


def require_read_back(given: Input, result: Result) -> None:
    """Write the document that was read, and read it again.

    Raises:
        InvariantError: when the two differ.
    """
    document = result.document
    if isinstance(document, Manifest):
        for written in (dump_manifest(document), dump_resolved(document)):
            # A list in brackets grows when it is written an item a line.
            if len(written) <= MAX_BYTES:
                _require(read_manifest(written) == document, "the written document is not read back equal")
    elif document is not None:
        again = _READERS[given.kind](document.model_dump_json().encode())
        _require(again == document, "the written document is not read back equal")


def require_same(one: Result, other: Result) -> None:
    """Compare two results for one input.

    Raises:
        InvariantError: when they differ.
    """
    _require(one == other, "the same input has two results")


def require_untouched(sample: SampleTree, before: object) -> None:
    """Compare the sample tree with its state at the start.

    Raises:
        InvariantError: when something was written, changed or removed.
    """
    _require(sample.state() == before, "something was written")
