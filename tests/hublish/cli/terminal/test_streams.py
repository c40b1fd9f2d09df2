"""A reader that leaves, a disk that is full: no reason to crash, and none to complain."""

import io
import os
import pty
import shlex
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hublish.cli.terminal.streams import width_of
from tests.hublish.cli.running import Start


@pytest.mark.parametrize("line", ["schema", "plan --help"])
def test_a_reader_that_left_is_met_with_silence(start: Start, line: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = start(line, stdout=closed, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("streams", "code"), [("<&- >&- 2>&-", 0), (">/dev/full", 1), (">/dev/full 2>/dev/full", 1)])
def test_closed_and_full_streams_are_no_reason_to_crash(
    project: Path, environ: dict[str, str], streams: str, code: int
) -> None:
    line = f"{shlex.quote(sys.executable)} -m hublish --help {streams}"
    ended = subprocess.run(line, shell=True, cwd=project, env=environ, capture_output=True, text=True)
    assert ended.returncode == code
    assert ended.stderr in ("", "error[system.failed]: No space left on device\n")


@pytest.mark.parametrize(
    ("columns", "width"), [(None, 100), ("60", 60), ("0", 100), ("", 100), ("-5", 100), ("wide", 100), ("\u00b2", 100)]
)
def test_a_line_is_as_wide_as_is_asked_for_or_as_reads_well_in_a_log(columns: str | None, width: int) -> None:
    assert width_of(io.StringIO(), {} if columns is None else {"COLUMNS": columns}) == width


@pytest.mark.parametrize(("sized", "width"), [((24, 72), 72), ((0, 0), 100)])
def test_a_line_is_as_wide_as_the_terminal(sized: tuple[int, int], width: int) -> None:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, sized)
    with os.fdopen(controller, "rb"), os.fdopen(terminal, "w") as stream:
        assert width_of(stream, {}) == width
