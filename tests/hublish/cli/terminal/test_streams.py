"""A reader that leaves, a full disk, closed streams, the width of a line, and the secrets of a run."""

import io
import logging
import os
import pty
import shlex
import subprocess
import sys
import termios
from pathlib import Path
from typing import TextIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.streams import MaskedStream, Terminal, width_of, write_text
from hublish.schemas.secrets.masking import redact
from tests.hublish.cli.running import Start

TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"


@pytest.mark.parametrize("line", ["schema", "plan --help"])
def test_a_reader_that_left_causes_no_error(start: Start, line: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = start(line, stdout=closed, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("streams", "code"), [("<&- >&- 2>&-", 0), (">/dev/full", 1), (">/dev/full 2>/dev/full", 1)])
def test_closed_and_full_streams_cause_no_traceback(
    project: Path, environ: dict[str, str], streams: str, code: int
) -> None:
    line = f"{shlex.quote(sys.executable)} -m hublish --help {streams}"
    ended = subprocess.run(line, shell=True, cwd=project, env=environ, capture_output=True, text=True)
    assert ended.returncode == code
    assert ended.stderr in ("", "error[system.failed]: No space left on device\n")


@pytest.mark.parametrize(
    ("columns", "width"), [(None, 100), ("60", 60), ("0", 100), ("", 100), ("-5", 100), ("wide", 100), ("\u00b2", 100)]
)
def test_a_line_is_as_wide_as_columns_or_the_default(columns: str | None, width: int) -> None:
    assert width_of(io.StringIO(), {} if columns is None else {"COLUMNS": columns}) == width


@pytest.mark.parametrize(("sized", "width"), [((24, 72), 72), ((0, 0), 100)])
def test_a_line_is_as_wide_as_the_terminal(sized: tuple[int, int], width: int) -> None:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, sized)
    with os.fdopen(controller, "rb"), os.fdopen(terminal, "w") as stream:
        assert width_of(stream, {}) == width


@given(before=st.text(), after=st.text())
def test_a_known_secret_never_comes_through(before: str, after: str) -> None:
    assert "s3cr3t-value" not in redact(f"{before}s3cr3t-value{after}", ("s3cr3t-value",))


@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize("flushed", [True, False])
def test_a_token_in_pieces_is_masked(size: int, flushed: bool) -> None:
    out = io.StringIO()
    stream = MaskedStream(out, ("s3cr3t-value",))
    text = f"a {TOKEN} b\n\rs3cr3t-value {TOKEN}"
    for start in range(0, len(text), size):
        stream.write(text[start : start + size])
        if flushed:
            stream.flush()
    stream.finish()
    assert out.getvalue() == "a hf_… b\n\r*** hf_…"


def test_a_bar_and_a_question_are_shown_at_once() -> None:
    out = io.StringIO()
    stream = MaskedStream(out)
    stream.write("\r 10 %|# | 1.2")
    stream.flush()
    assert out.getvalue() == "\r 10 %|# | "
    write_text(cast("TextIO", stream), "Publish this?")
    assert out.getvalue() == "\r 10 %|# | 1.2Publish this?"


def test_other_libraries_write_to_the_same_streams(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(sys.stdin, sys.stdout, sys.stderr, {}, ("s3cr3t-value",))
    with terminal.as_standard_streams():
        print("the value s3cr3t-value", end="")
        print("s3cr3t-value", file=sys.stderr)
        logging.StreamHandler().emit(logging.LogRecord("x", 40, "x.py", 1, "it is %s", ("s3cr3t-value",), None))
    out, err = capsys.readouterr()
    assert out == "the value ***"
    assert "it is ***\n" in err
    assert "s3cr3t" not in out + err
