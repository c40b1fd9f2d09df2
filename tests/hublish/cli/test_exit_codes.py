"""Every failure becomes one error report without a secret in it."""

import pytest

from hublish.base.errors import HublishError
from hublish.cli.exit_codes import as_error, report_failure
from hublish.cli.report import FORMATS
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import MakeDesk

TOKEN = "hf_" + "canary" * 6


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (KeyboardInterrupt(), "run.interrupted", "interrupted"),
        (PermissionError(13, "Permission denied", "out/x"), "system.failed", "out/x: Permission denied"),
        (OSError(28, "No space left on device"), "system.failed", "No space left on device"),
        (RuntimeError("I/O error: No space left (os error 28)"), "system.disk_full", "the disk is full"),
        (ValueError("odd\nsecond line"), "internal.error", "internal error: ValueError: odd"),
        (AssertionError(), "internal.error", "internal error: AssertionError: no message"),
    ],
)
def test_an_exception_that_is_not_ours_becomes_one_line(failure: BaseException, code: str, message: str) -> None:
    error = as_error(failure)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("debug", ["", "1"])
def test_no_token_is_ever_printed(make_desk: MakeDesk, format_: str, debug: str) -> None:
    desk = make_desk(format=format_, environ={"HF_DEBUG": debug}, secrets=("s3cr3t-value",))
    problem = Problem("a", f"b {TOKEN}", f"c {TOKEN}", location=Location(f"/{TOKEN}/hub.yaml", 1, 1))
    report_failure(HublishError(f"with {TOKEN} and s3cr3t-value", hint=TOKEN, problems=(problem,)), desk.report)
    report_failure(ValueError(f"with {TOKEN} and s3cr3t-value"), desk.report)
    shown = desk.out.getvalue() + desk.err.getvalue()
    assert "***" in shown
    assert "hf_…" in shown
    assert "canary" not in shown
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(("debug", "traced"), [("", False), ("0", False), ("1", True), ("true", True)])
def test_a_traceback_is_shown_only_on_request(make_desk: MakeDesk, debug: str, traced: bool) -> None:
    desk = make_desk(environ={"HF_DEBUG": debug})
    try:
        raise ValueError("odd")
    except ValueError as failure:
        report_failure(failure, desk.report)
    assert ("Traceback" in desk.err.getvalue()) is traced
    assert "error[internal.error]: internal error: ValueError: odd" in desk.err.getvalue()
