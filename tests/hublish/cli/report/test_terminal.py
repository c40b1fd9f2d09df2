"""Results on stdout, everything else on stderr, each in the format asked for."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from hublish.cli.report.terminal import Format, Terminal
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import MakeDesk

TOKEN = "hf_" + "canary" * 6


class Result:
    def human(self, paint: Paint) -> Iterable[str]:
        return [paint("green", "done"), "a\x1b[2J"]

    def document(self) -> Any:
        return {"done": "数据"}

    def quiet(self) -> Iterable[str]:
        return ["done"]


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        (Format.HUMAN, "done\na\\x1b[2J\n"),
        (Format.JSON, '{\n  "done": "数据"\n}\n'),
        (Format.QUIET, "done\n"),
        (Format.GITHUB, "done\na\\x1b[2J\n"),
    ],
)
def test_a_result_goes_to_stdout_in_one_format(make_desk: MakeDesk, format_: Format, shown: str) -> None:
    desk = make_desk(format=format_)
    desk.terminal.show(Result())
    assert desk.out.getvalue() == shown
    assert desk.err.getvalue() == ""


@pytest.mark.parametrize(
    ("tty", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_people_who_want_it(
    make_desk: MakeDesk, tty: bool, environ: dict[str, str], coloured: bool
) -> None:
    desk = make_desk(tty=tty, environ=environ)
    desk.terminal.show(Result())
    assert ("\x1b[32mdone\x1b[0m" in desk.out.getvalue()) is coloured


def test_json_stays_json_where_the_encoding_is_poor() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace")
    Terminal(io.StringIO(), out, io.StringIO(), {}, Format.JSON).show(Result())
    assert json.loads(raw.getvalue()) == {"done": "数据"}


def test_json_holds_names_that_are_no_text() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8")
    Terminal(io.StringIO(), out, io.StringIO(), {}).show_document({"a": "\udcff"})
    assert json.loads(raw.getvalue()) == {"a": "\udcff"}


@pytest.mark.parametrize(("format_", "shown"), [(Format.HUMAN, True), (Format.JSON, True), (Format.QUIET, False)])
def test_warnings_go_to_stderr_unless_quiet(make_desk: MakeDesk, format_: Format, shown: bool) -> None:
    desk = make_desk(format=format_)
    desk.terminal.warn([Problem("a.b", f"look at {TOKEN}", "mend it", "card", Location("hub.yaml", 1, 2))])
    expected = "warning: hub.yaml:1:2 card: look at hf_…\n  hint: mend it\n" if shown else ""
    assert desk.err.getvalue() == expected
    assert desk.out.getvalue() == ""


@pytest.mark.parametrize("format_", list(Format))
def test_no_warnings_are_no_output(make_desk: MakeDesk, format_: Format) -> None:
    desk = make_desk(format=format_)
    desk.terminal.warn(iter(()))
    assert desk.err.getvalue() == desk.out.getvalue() == ""


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)]
)
def test_only_yes_is_yes(make_desk: MakeDesk, answer: str, agreed: bool) -> None:
    desk = make_desk(answer, tty=True)
    assert desk.terminal.confirm("Publish this?") is agreed
    assert desk.err.getvalue() == "Publish this? [y/N] "


@pytest.mark.parametrize(
    ("tty", "format_", "interactive"),
    [
        (True, Format.HUMAN, True),
        (False, Format.HUMAN, False),
        (True, Format.JSON, False),
        (True, Format.QUIET, False),
        (True, Format.GITHUB, False),
    ],
)
def test_only_a_person_can_be_asked(make_desk: MakeDesk, tty: bool, format_: Format, interactive: bool) -> None:
    assert make_desk(tty=tty, format=format_).terminal.interactive is interactive


def test_an_aside_goes_to_stderr(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.terminal.show_aside(Result())
    assert desk.err.getvalue() == "done\na\\x1b[2J\n"
    assert desk.out.getvalue() == ""
