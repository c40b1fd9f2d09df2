"""A reader that leaves, a full disk, closed streams, the width of a line, and the secrets of a run."""

import io
import os
import pty
import shlex
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.streams import secrets_in, width_of
from hublish.schemas.secrets.masking import redact
from tests.hublish.cli.running import Start


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


def test_a_token_in_the_environment_or_on_the_command_line_is_a_secret() -> None:
    secrets = secrets_in({"HF_TOKEN": "s3cr3t-value"}, "given-token", None)
    assert redact("the values s3cr3t-value and given-token", secrets) == "the values *** and ***"


def test_a_secret_inside_a_longer_one_is_masked_last() -> None:
    secrets = secrets_in({"HF_TOKEN": "abcdef", "HUGGING_FACE_HUB_TOKEN": "abcdefghij"})
    assert redact("abcdefghij", secrets) == "***"


def test_an_empty_or_tiny_value_is_not_a_secret() -> None:
    assert secrets_in({"HF_TOKEN": "a", "HF_OIDC_ID_TOKEN": ""}) == ()


@given(before=st.text(), after=st.text())
def test_a_known_secret_never_comes_through(before: str, after: str) -> None:
    assert "s3cr3t-value" not in redact(f"{before}s3cr3t-value{after}", ("s3cr3t-value",))
