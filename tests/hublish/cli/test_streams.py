"""A reader that leaves, a disk that is full: no reason to crash, and none to complain."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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
