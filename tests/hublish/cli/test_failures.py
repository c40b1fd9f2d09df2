"""One text for every failure, without a secret in it."""

import json

import pytest

from hublish.base.errors import HublishError, ManifestInvalidError
from hublish.cli.failures import as_error, report
from hublish.cli.report.excerpts import Page
from hublish.cli.report.human import error_lines
from hublish.cli.report.terminal import Format
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import Golden, MakeDesk

TOKEN = "hf_" + "canary" * 6

INVALID = ManifestInvalidError(
    "hub.yaml has 2 problems",
    hint="mend both",
    problems=(
        Problem(
            "manifest.unknown_key",
            "unknown key 'artefacts'",
            "did you mean 'artifacts'?",
            "artefacts",
            Location("hub.yaml", 3, 1),
        ),
        Problem("manifest.missing", "repo is missing"),
    ),
)


def test_every_problem_has_its_place_and_its_hint(golden: Golden) -> None:
    golden("error", "\n".join(error_lines(INVALID, Page(Paint()))) + "\n")


def test_the_place_of_the_error_itself_comes_first() -> None:
    error = HublishError("bad", location=Location("hub.yaml", 2, 5))
    assert error_lines(error, Page(Paint())) == ["error[hublish.failed]: hub.yaml:2:5: bad"]


def test_json_has_stable_keys(make_desk: MakeDesk) -> None:
    desk = make_desk(format=Format.JSON)
    assert report(INVALID, desk.terminal) == 1
    error = json.loads(desk.out.getvalue())["error"]
    assert list(error) == ["code", "message", "hint", "location", "problems"]
    assert error["problems"][0] == {
        "code": "manifest.unknown_key",
        "severity": "error",
        "message": "unknown key 'artefacts'",
        "hint": "did you mean 'artifacts'?",
        "path": "artefacts",
        "location": {"source": "hub.yaml", "line": 3, "column": 1, "end_line": None, "end_column": None},
        "related": [],
    }
    assert desk.err.getvalue() == ""


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (KeyboardInterrupt(), "run.interrupted", "interrupted"),
        (PermissionError(13, "Permission denied", "out/x"), "system.failed", "out/x: Permission denied"),
        (OSError(28, "No space left on device"), "system.failed", "No space left on device"),
        (ValueError("odd\nsecond line"), "internal.error", "internal error: ValueError: odd"),
        (AssertionError(), "internal.error", "internal error: AssertionError: no message"),
    ],
)
def test_what_is_not_ours_is_told_in_one_line(failure: BaseException, code: str, message: str) -> None:
    error = as_error(failure)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("debug", ["", "1"])
def test_no_token_is_ever_printed(make_desk: MakeDesk, format_: Format, debug: str) -> None:
    desk = make_desk(format=format_, environ={"HF_DEBUG": debug}, secrets=("s3cr3t-value",))
    problem = Problem("a", f"b {TOKEN}", f"c {TOKEN}", location=Location(f"/{TOKEN}/hub.yaml", 1, 1))
    report(HublishError(f"with {TOKEN} and s3cr3t-value", hint=TOKEN, problems=(problem,)), desk.terminal)
    report(ValueError(f"with {TOKEN} and s3cr3t-value"), desk.terminal)
    shown = desk.out.getvalue() + desk.err.getvalue()
    assert "***" in shown
    assert "hf_…" in shown
    assert "canary" not in shown
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(("debug", "traced"), [("", False), ("0", False), ("1", True), ("true", True)])
def test_a_traceback_is_shown_only_when_asked_for(make_desk: MakeDesk, debug: str, traced: bool) -> None:
    desk = make_desk(environ={"HF_DEBUG": debug})
    try:
        raise ValueError("odd")
    except ValueError as failure:
        report(failure, desk.terminal)
    assert ("Traceback" in desk.err.getvalue()) is traced
    assert "error[internal.error]: internal error: ValueError: odd" in desk.err.getvalue()


def test_quiet_still_says_what_went_wrong(make_desk: MakeDesk) -> None:
    desk = make_desk(format=Format.QUIET)
    report(INVALID, desk.terminal)
    assert "artefacts" in desk.err.getvalue()
