"""Every format: results on stdout, everything else on stderr."""

import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hublish.base.errors import HublishError, ManifestInvalidError
from hublish.cli import main
from hublish.cli.exit_codes import report_failure
from hublish.cli.report import FORMATS, Format, View, report_for
from hublish.cli.report.human import HumanReport
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.streams import Terminal, write_json, write_text
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import MakeDesk

TOKEN = "hf_" + "canary" * 6

INVALID = ManifestInvalidError(
    "hub.yaml has 2 problems",
    hint="fix both",
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


class Result:
    def human(self, paint: Paint) -> Iterable[str]:
        return [paint("green", "done"), "a\x1b[2J"]

    def document(self) -> Any:
        return {"done": "数据"}

    def quiet(self) -> Iterable[str]:
        return ["done"]


def test_every_format_has_a_module_of_its_name(make_desk: MakeDesk) -> None:
    modules = {name: type(make_desk(format=name).report).__module__ for name in FORMATS}
    assert modules == {name: f"hublish.cli.report.{name}" for name in FORMATS}


class CountReport(HumanReport):
    def show(self, view: View) -> None:
        write_text(self.terminal.stdout, f"{len(list(view.quiet()))} values\n")


def test_a_new_format_is_one_module_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    module = ModuleType("hublish.cli.report.count")
    module.CountReport = CountReport  # type: ignore[attr-defined]  # as in a file of that name
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(FORMATS, "count", Format("CountReport", "the number of values"))
    assert main(["files", "-f", str(project / "hub.yaml"), "--format", "count"]) == 0
    assert capsys.readouterr().out == "3 values\n"
    assert main(["files", "--help"]) == 0
    assert "count: the number of values" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        ("human", "done\na\\x1b[2J\n"),
        ("json", '{\n  "done": "数据"\n}\n'),
        ("quiet", "done\n"),
        ("github", "done\na\\x1b[2J\n"),
    ],
)
def test_a_result_goes_to_stdout_in_one_format(make_desk: MakeDesk, format_: str, shown: str) -> None:
    desk = make_desk(format=format_)
    desk.report.show(Result())
    assert desk.out.getvalue() == shown
    assert desk.err.getvalue() == ""


@pytest.mark.parametrize(
    ("format_", "one_line", "shown"),
    [
        ("human", False, "a text\n"),
        ("quiet", False, "a text\n"),
        ("github", True, "a text\n"),
        ("json", False, '{\n  "text": "a text"\n}\n'),
        ("json", True, '{"text": "a text"}\n'),
    ],
)
def test_a_text_is_shown_unchanged_and_as_data_in_json(
    make_desk: MakeDesk, format_: str, one_line: bool, shown: str
) -> None:
    desk = make_desk(format=format_)
    desk.report.show_text("a text\n", {"text": "a text"}, one_line=one_line)
    assert desk.out.getvalue() == shown


@pytest.mark.parametrize("format_", FORMATS)
def test_a_text_without_data_is_the_same_in_every_format(make_desk: MakeDesk, format_: str) -> None:
    desk = make_desk(format=format_)
    desk.report.show_text("usage\n")
    assert desk.out.getvalue() == "usage\n"


@pytest.mark.parametrize(
    ("tty", "environ", "colored"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colors_need_a_terminal_and_can_be_turned_off(
    make_desk: MakeDesk, tty: bool, environ: dict[str, str], colored: bool
) -> None:
    desk = make_desk(tty=tty, environ=environ)
    desk.report.show(Result())
    assert ("\x1b[32mdone\x1b[0m" in desk.out.getvalue()) is colored


@pytest.mark.parametrize(
    ("encoding", "text"), [("ascii", "数据"), ("utf-8", "\udcff")], ids=["a poor encoding", "not Unicode"]
)
def test_json_is_valid_in_any_encoding(encoding: str, text: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace")
    terminal = Terminal(io.StringIO(), out, io.StringIO(), {})
    report_for("json", terminal).show_text("", {"a": text})
    assert json.loads(raw.getvalue()) == {"a": text}


@pytest.mark.parametrize(("format_", "shown"), [("human", True), ("json", True), ("quiet", False)])
def test_warnings_go_to_stderr_unless_quiet(make_desk: MakeDesk, format_: str, shown: bool) -> None:
    desk = make_desk(format=format_)
    desk.report.warn([Problem("a.b", f"look at {TOKEN}", "fix it", "card", Location("hub.yaml", 1, 2))])
    expected = "warning: hub.yaml:1:2 card: look at hf_…\n  hint: fix it\n" if shown else ""
    assert desk.err.getvalue() == expected
    assert desk.out.getvalue() == ""


@pytest.mark.parametrize("format_", FORMATS)
def test_no_warnings_make_no_output(make_desk: MakeDesk, format_: str) -> None:
    desk = make_desk(format=format_)
    desk.report.warn(iter(()))
    assert desk.err.getvalue() == desk.out.getvalue() == ""


def test_an_error_in_json_has_stable_keys(make_desk: MakeDesk) -> None:
    desk = make_desk(format="json")
    assert report_failure(INVALID, desk.report) == 1
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


def test_documents_are_masked_in_depth_and_remain_json() -> None:
    document = {"error": {TOKEN: "code", "problems": [{"hint": f'"x" {TOKEN}\\', "line": 3}], "code": "a-known-one"}}
    out = io.StringIO()
    write_json(Terminal(io.StringIO(), out, io.StringIO(), {}, ("a-known-one", "code")).stdout, document)
    assert json.loads(out.getvalue()) == {
        "error": {"hf_…": "***", "problems": [{"hint": '"x" hf_…\\', "line": 3}], "code": "***"}
    }


def test_quiet_shows_errors(make_desk: MakeDesk) -> None:
    desk = make_desk(format="quiet")
    report_failure(INVALID, desk.report)
    assert "artefacts" in desk.err.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
def test_an_error_beside_a_result_is_written_once(make_desk: MakeDesk, format_: str) -> None:
    desk = make_desk(format=format_)
    desk.report.incomplete(HublishError("the Hub cannot be reached"))
    assert desk.out.getvalue() == ""
    assert ("the Hub cannot be reached" in desk.err.getvalue()) is (format_ != "json")


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)]
)
def test_only_yes_confirms(make_desk: MakeDesk, answer: str, agreed: bool) -> None:
    desk = make_desk(answer, tty=True, environ={"NO_COLOR": "1"})
    assert desk.report.confirm(Result(), "Publish this?") is agreed
    assert desk.err.getvalue() == "done\na\\x1b[2J\nPublish this? [y/N] "
    assert desk.out.getvalue() == ""


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [("acme/digits\n", True), (" acme/digits \n", True), ("y\n", False), ("\n", False), ("", False), ("acme\n", False)],
)
def test_a_name_confirms_what_a_habit_must_not(make_desk: MakeDesk, answer: str, agreed: bool) -> None:
    desk = make_desk(answer, tty=True, environ={"NO_COLOR": "1"})
    assert desk.report.confirm(Result(), "12 deleted.", name="acme/digits") is agreed
    assert desk.err.getvalue().endswith("\n12 deleted. Type acme/digits to go on: ")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("tty", [False, True])
def test_only_people_on_a_terminal_are_asked(make_desk: MakeDesk, tty: bool, format_: str) -> None:
    assert make_desk(tty=tty, format=format_).report.can_ask is (tty and format_ == "human")
