"""What is asked of one input, and what every answer must be: the promises that the fuzz holds hublish to."""

import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import hublish
from hublish.api.read_project import read_project
from hublish.base.errors import CardError, HublishError, ManifestInvalidError, PolicyError, SourceError
from hublish.base.values import Project
from hublish.cli.exit_codes import report_failure
from hublish.cli.report import FORMATS, Report, report_for
from hublish.cli.terminal.streams import Terminal
from hublish.cli.views.check import CheckView
from hublish.pipeline.render_card.evaluation import model_index, read_evaluation
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
from tests.fuzz.ground import Ground
from tests.fuzz.inputs import Input, Kind

SOURCE = "hub.yaml"
_CODE = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")
_LONGEST = 20_000
"""Characters of one message with its hint: a few paths of the longest kind, and never a whole document."""
_READERS: dict[Kind, Callable[[bytes], Any]] = {Kind.LOCK: read_lock, Kind.PLAN: read_plan, Kind.RECEIPT: read_receipt}


class BrokenPromiseError(Exception):
    """An answer that no input may get."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one input was answered."""

    outcome: str
    """`refused` when it was read, `refused when checked`, or `stands`."""
    shown: tuple[str, ...]
    """Everything a person or a program is shown about it."""
    document: Document | None = None
    """What was read."""


def examine(given: Input, ground: Ground, renderer: Renderer) -> Answer:
    """Read an input, check it as far as it goes, and show everything that is wrong with it in every format.

    Raises:
        BrokenPromiseError: when an answer breaks a promise.
        Exception: whatever else comes out is a traceback, which is broken too.
    """
    if given.kind is Kind.MANIFEST:
        answer = _examined_manifest(given.text, ground, renderer)
    elif given.kind is Kind.EVALUATION:
        answer = _examined_evaluation(given.text, ground)
    else:
        answer = _examined_document(given.kind, given.text)
    for text in answer.shown:
        _require(hostile.TOKEN not in text, "a token is shown")
    return answer


def _examined_manifest(text: bytes, ground: Ground, renderer: Renderer) -> Answer:
    try:
        project = read_project(SOURCE, text=text, folder=ground.tree)
    except ManifestInvalidError as error:
        _hold_problems(error.problems, text)
        return Answer("refused", _shown(error))
    manifest = project.manifest
    try:
        with rendered_by(renderer):
            warnings = hublish.check(project)
    except (SourceError, CardError, ManifestInvalidError, PolicyError) as error:
        _require(bool(error.message), "an error without a message")
        _hold_problems(error.problems, text)
        return Answer("refused when checked", _shown(error), manifest)
    _hold_problems(warnings, text)
    _require(all(problem.severity == "warning" for problem in warnings), "an error among the warnings")
    return Answer("stands", _shown_warnings(project, warnings), manifest)


def _examined_document(kind: Kind, text: bytes) -> Answer:
    try:
        document = _READERS[kind](text)
    except InvalidDocumentError as error:
        _hold_problems(error.problems, text)
        return Answer("refused", (str(error),))
    return Answer("stands", (), document)


def _examined_evaluation(text: bytes, ground: Ground) -> Answer:
    (ground.evaluation / "results.json").write_bytes(text)
    try:
        results = read_evaluation("results.json", ground.evaluation)
    except CardError as error:
        _hold_problems(error.problems, text)
        return Answer("refused", _shown(error))
    problems = metadata_problems({"license": "mit", "model-index": model_index("digits", results)}, "model")
    _hold_problems(problems, text)
    return Answer("refused when checked" if problems else "stands", tuple(map(str, problems)))


def _hold_problems(problems: Iterable[Problem], text: bytes) -> None:
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
    """Return the error as each format of the command line tells it."""
    return tuple(_told(format_, error) for format_ in FORMATS)


def _told(format_: str, error: HublishError) -> str:
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
    out, err = report.terminal.stdout, report.terminal.stderr
    assert isinstance(out, io.StringIO)
    assert isinstance(err, io.StringIO)
    if format_ == "json":
        json.loads(out.getvalue())
    text = out.getvalue() + err.getvalue()
    text.encode()
    _require("Traceback" not in text and "internal error" not in text, "a traceback is shown")
    return text


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BrokenPromiseError(otherwise)


def reads_back(given: Input, answer: Answer) -> None:
    """Write what was read, and read it again.

    Raises:
        BrokenPromiseError: when it is not the same.
    """
    document = answer.document
    if isinstance(document, Manifest):
        for written in (dump_manifest(document), dump_resolved(document)):
            # A list in brackets grows when it is written an item a line.
            if len(written) <= MAX_BYTES:
                _require(read_manifest(written) == document, "what is written does not read back equal")
    elif document is not None:
        again = _READERS[given.kind](document.model_dump_json().encode())
        _require(again == document, "what is written does not read back equal")


def the_same(one: Answer, other: Answer) -> None:
    """Hold two answers to one input against each other.

    Raises:
        BrokenPromiseError: when they differ.
    """
    _require(one == other, "the same input is answered in two ways")


def untouched(ground: Ground, before: object) -> None:
    """Hold the tree against what it was.

    Raises:
        BrokenPromiseError: when something was written, changed or removed.
    """
    _require(ground.state() == before, "something was written")
